//! Answers of many hospitals from a machine, line by line: each line has its verdict, groups of lines are committed together, and a batch that is
//! sent again goes on where it stopped.
//!
//! A line is evaluated and recorded as a single submission is ([`intake::record`]); only the bookkeeping is another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use survey::answer::EntryPath;
use survey::edition::Edition;
use survey::evaluate::evaluate;
use survey::fault::Fault;
use survey::hospital::GmisId;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::idempotency::take_key;
use crate::app::intake::{self, Evaluated, Intake, Outcome, Replace};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, SubmitAnswers};
use crate::db::audit;
use crate::db::batches::{self, LineRow};
use crate::db::frames::{self, FrameRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Lines that are committed together: few enough that a lost connection costs little, enough that a commit is worth it.
pub const GROUP: usize = 200;
/// Longest line; the longest answers are a few kilobytes.
const LINE_BYTES: usize = 256 * 1024;

/// The verdict of a line that left nothing. It is not remembered: the line may be sent again, mended or not, with the same key.
const REJECTED: &str = "rejected";

/// One line of a batch as sent.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1, blank lines counted.
    pub number: i32,
    /// JSON, not looked at yet.
    pub text: Vec<u8>,
}

/// What a line says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    hospital: String,
    edition: Option<String>,
    answers: Value,
    reason: Option<String>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineVerdict {
    /// From 1.
    pub line: i32,
    /// G-MIS ID; `None` where the line could not be read.
    pub hospital: Option<String>,
    /// accepted, unchanged or rejected.
    pub verdict: String,
    /// Number of the revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i32>,
    /// Number of the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Uuid>,
    /// When the answers were received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// In Japanese, with what to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Errors of a rejected line, warnings of an accepted one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Whether this was answered to an earlier request with the same key.
    #[serde(default)]
    pub replayed: bool,
}

impl LineVerdict {
    fn rejected(line: i32, hospital: Option<&str>, code: &str, message: impl Into<String>, faults: Vec<Fault>) -> LineVerdict {
        LineVerdict {
            line,
            hospital: hospital.map(survey::fault::excerpt),
            verdict: REJECTED.to_owned(),
            revision: None,
            receipt: None,
            received_at: None,
            code: Some(code.to_owned()),
            message: Some(message.into()),
            faults,
            replayed: false,
        }
    }

    fn kept(
        line: i32,
        hospital: &str,
        verdict: &str,
        (revision, receipt, received_at): (i32, Uuid, DateTime<Utc>),
        faults: Vec<Fault>,
    ) -> LineVerdict {
        LineVerdict {
            line,
            hospital: Some(hospital.to_owned()),
            verdict: verdict.to_owned(),
            revision: Some(revision),
            receipt: Some(receipt),
            received_at: Some(received_at),
            code: None,
            message: None,
            faults,
            replayed: false,
        }
    }
}

/// The lines of a body, without the blank ones.
///
/// # Errors
/// `batch_empty`: there is none.
pub fn lines_of(body: &[u8]) -> Result<Vec<Line>, AppError> {
    let mut lines = Vec::new();
    for (index, text) in body.split(|byte| *byte == b'\n').enumerate() {
        let text = text.trim_ascii();
        if !text.is_empty() {
            let number = i32::try_from(index.saturating_add(1)).map_err(AppError::internal)?;
            lines.push(Line {
                number,
                text: text.to_vec(),
            });
        }
    }
    if lines.is_empty() {
        return Err(AppError::invalid(
            "batch_empty",
            "回答が1行もありません。1行に1病院の回答をJSONで書いて送ってください（NDJSON）。",
        ));
    }
    Ok(lines)
}

/// A line on its way to be recorded.
struct Ready<'a> {
    line: i32,
    hospital: FrameRow,
    edition: &'a Edition,
    answers: Value,
    reason: Option<String>,
    received: [u8; 32],
}

/// Submits one group of lines in one transaction, each exactly once for (key, line); the verdicts are in the order of the lines.
///
/// # Errors
/// `idempotency_in_progress`; or the database is away. Nothing of this group was stored then; earlier groups stay.
pub async fn submit_group(
    state: &State,
    permit: &Permit<SubmitAnswers>,
    survey: &Survey,
    key: &str,
    lines: &[Line],
) -> Result<Vec<LineVerdict>, AppError> {
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let actor_key = take_key(conn, actor, key).await?;
        let numbers: Vec<i32> = lines.iter().map(|line| line.number).collect();
        let before: BTreeMap<i32, LineRow> = batches::answered(conn, &actor_key, key, &numbers)
            .await?
            .into_iter()
            .map(|row| (row.line, row))
            .collect();
        let mut verdicts = BTreeMap::new();
        let mut new = Vec::new();
        for line in lines {
            match before.get(&line.number) {
                Some(row) => drop(verdicts.insert(line.number, remembered(survey, line, row)?)),
                None => new.push(line),
            }
        }
        let fresh = take(conn, actor, survey, &new, now).await?;
        let rows = new
            .iter()
            .filter_map(|line| fresh.get(&line.number).map(|verdict| (line, verdict)))
            .filter(|(_, verdict)| verdict.verdict != REJECTED)
            .map(|(line, verdict)| {
                Ok(LineRow {
                    actor_key: actor_key.clone(),
                    key: key.to_owned(),
                    line: line.number,
                    request_hash: hash(survey, line).to_vec(),
                    verdict: serde_json::to_value(verdict).map_err(AppError::internal)?,
                    made_at: now,
                })
            })
            .collect::<Result<Vec<_>, AppError>>()?;
        if !rows.is_empty() {
            batches::insert_all(conn, &rows).await?;
            note(conn, actor, survey, &fresh, now).await?;
        }
        verdicts.extend(fresh);
        Ok(verdicts.into_values().collect())
    })
    .await
}

fn hash(survey: &Survey, line: &Line) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(survey.id().as_str().as_bytes());
    hash.update([0]);
    hash.update(&line.text);
    hash.finalize().into()
}

fn remembered(survey: &Survey, line: &Line, row: &LineRow) -> Result<LineVerdict, AppError> {
    if row.request_hash != hash(survey, line) {
        let message = "この行は、同じIdempotency-Keyで前に送られた行と内容が違います。直した行は、新しいキーを付けて送ってください。";
        return Ok(LineVerdict::rejected(
            line.number,
            None,
            "idempotency_mismatch",
            message,
            Vec::new(),
        ));
    }
    let mut verdict: LineVerdict = serde_json::from_value(row.verdict.clone()).map_err(AppError::internal)?;
    verdict.replayed = true;
    Ok(verdict)
}

/// Reads, evaluates and records lines that were not answered before.
async fn take(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    survey: &Survey,
    lines: &[&Line],
    now: DateTime<Utc>,
) -> Result<BTreeMap<i32, LineVerdict>, AppError> {
    let mut verdicts = BTreeMap::new();
    let mut said = Vec::new();
    for line in lines {
        match read(line) {
            Ok(read) => said.push((line, read)),
            Err(verdict) => drop(verdicts.insert(line.number, *verdict)),
        }
    }
    let ids: BTreeSet<String> = said
        .iter()
        .filter_map(|(_, said)| GmisId::parse(&said.hospital).ok())
        .map(|id| id.as_str().to_owned())
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let hospitals: BTreeMap<String, FrameRow> = frames::of_ids(conn, survey.id().as_str(), &ids)
        .await?
        .into_iter()
        .map(|row| (row.gmis_id.clone(), row))
        .collect();
    let mut ready = Vec::new();
    for (line, said) in said {
        match addressed(survey, &hospitals, line, said) {
            Ok(known) => ready.push(known),
            Err(verdict) => drop(verdicts.insert(line.number, *verdict)),
        }
    }
    // A run shares edition and reason, and has no hospital twice: its second answers have to see its first.
    let mut run: Vec<Ready<'_>> = Vec::new();
    for line in ready {
        let goes_on = run.iter().all(|before| {
            before.hospital.hospital_id != line.hospital.hospital_id
                && before.edition.id() == line.edition.id()
                && before.reason == line.reason
        });
        if !goes_on {
            verdicts.extend(record(conn, actor, survey, std::mem::take(&mut run), now).await?);
        }
        run.push(line);
    }
    verdicts.extend(record(conn, actor, survey, run, now).await?);
    Ok(verdicts)
}

/// Boxed, because a verdict is large and rare.
fn read(line: &Line) -> Result<Said, Box<LineVerdict>> {
    if line.text.len() > LINE_BYTES {
        let message = "この行は長すぎます。1行には1病院の回答だけを書いてください。";
        return Err(Box::new(LineVerdict::rejected(
            line.number,
            None,
            "line_too_long",
            message,
            Vec::new(),
        )));
    }
    serde_json::from_slice(&line.text).map_err(|error| {
        let message =
            "この行は正しいJSONではないか、知らない項目があります。hospital、answersと、必要ならedition、reasonを書いてください。";
        let fault = Fault::error("line_invalid", message).found(error.to_string());
        Box::new(LineVerdict::rejected(line.number, None, "line_invalid", message, vec![fault]))
    })
}

fn addressed<'a>(
    survey: &'a Survey,
    hospitals: &BTreeMap<String, FrameRow>,
    line: &Line,
    said: Said,
) -> Result<Ready<'a>, Box<LineVerdict>> {
    let received = Sha256::digest(&line.text).into();
    let line = line.number;
    let hospital = GmisId::parse(&said.hospital).ok().and_then(|id| hospitals.get(id.as_str()));
    let Some(hospital) = hospital else {
        let message = format!(
            "{}年調査の調査対象名簿に、このG-MIS IDの病院がありません。IDを確認してください。",
            survey.id()
        );
        let verdict = LineVerdict::rejected(line, Some(&said.hospital), "hospital_unknown", message, Vec::new());
        return Err(Box::new(verdict));
    };
    let edition = surveys::edition(survey, said.edition.as_deref()).map_err(|_unknown| {
        let message = "この版の調査票はありません。editionを確認するか、省いてください。";
        Box::new(LineVerdict::rejected(
            line,
            Some(&hospital.gmis_id),
            "edition_unknown",
            message,
            Vec::new(),
        ))
    })?;
    let reason = said
        .reason
        .map(|reason| reason.trim().to_owned())
        .filter(|reason| !reason.is_empty());
    Ok(Ready {
        line,
        hospital: hospital.clone(),
        edition,
        answers: said.answers,
        reason,
        received,
    })
}

async fn record(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    survey: &Survey,
    run: Vec<Ready<'_>>,
    now: DateTime<Utc>,
) -> Result<Vec<(i32, LineVerdict)>, AppError> {
    let Some((edition, reason)) = run.first().map(|line| (line.edition, line.reason.clone())) else {
        return Ok(Vec::new());
    };
    let path = if matches!(actor.role(), Role::Hospital(_)) {
        EntryPath::Api
    } else {
        EntryPath::Proxy
    };
    let facts = intake::facts(conn, edition, &run.iter().map(|line| &line.hospital).collect::<Vec<_>>()).await?;
    let mut verdicts = Vec::new();
    let (mut places, mut rows) = (Vec::new(), Vec::new());
    for line in run {
        let known = facts.get(&line.hospital.hospital_id).cloned().unwrap_or_default();
        let evaluation = evaluate(edition, &known, &line.answers, path);
        if evaluation.has_errors() {
            let message = "回答に誤りがあるため受け付けませんでした。指摘を確認し、直して送り直してください。";
            let verdict = LineVerdict::rejected(
                line.line,
                Some(&line.hospital.gmis_id),
                "answers_faulty",
                message,
                evaluation.faults,
            );
            verdicts.push((line.line, verdict));
            continue;
        }
        places.push((line.line, line.hospital.gmis_id.clone(), evaluation.faults.clone()));
        rows.push(Evaluated {
            hospital: line.hospital,
            answers: evaluation.answers,
            codes: evaluation.codes,
            warnings: evaluation.faults,
            received: line.received,
        });
    }
    let intake = Intake {
        survey,
        edition,
        path,
        replace: match (path, reason.as_deref()) {
            (EntryPath::Proxy, Some(reason)) => Replace::For(reason),
            (EntryPath::Proxy, None) => Replace::Never,
            _ => Replace::Own,
        },
        import: None,
        now,
    };
    let outcomes = intake::record(conn, actor, &intake, rows).await?;
    for ((line, hospital, warnings), outcome) in places.into_iter().zip(outcomes) {
        let verdict = match outcome {
            Outcome::Recorded { number, receipt } => LineVerdict::kept(line, &hospital, "accepted", (number, receipt, now), warnings),
            Outcome::Unchanged {
                number,
                receipt,
                received_at,
                ..
            } => LineVerdict::kept(line, &hospital, "unchanged", (number, receipt, received_at), warnings),
            Outcome::Refused(refusal) => LineVerdict::rejected(line, Some(&hospital), &refusal.code, refusal.message, Vec::new()),
        };
        verdicts.push((line, verdict));
    }
    Ok(verdicts)
}

async fn note(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    survey: &Survey,
    verdicts: &BTreeMap<i32, LineVerdict>,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let count = |word: &str| verdicts.values().filter(|verdict| verdict.verdict == word).count();
    let details = json!({"accepted": count("accepted"), "unchanged": count("unchanged"), "rejected": count(REJECTED)});
    let entry = audit::Entry {
        action: "submit_batch",
        survey: Some(survey.id().as_str()),
        hospital: actor.hospital(),
        prefecture: match actor.role() {
            Role::Prefecture(code) => Some(i16::from(code.number())),
            _ => None,
        },
        details,
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}
