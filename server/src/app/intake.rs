//! Taking answers in: the one place where evaluated answers become revisions, for one hospital from the API as for thousands from a workbook.
//!
//! Identical answers make no revision. The caller has the transaction and has evaluated; windows are asked here, under the lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use survey::answer::{Answers, EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::submission::{Step, SubmissionState};
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::drafts::Party;
use crate::app::times::Times;
use crate::app::{erasure, frames};
use crate::auth::actor::Actor;
use crate::db::frames::FrameRow;
use crate::db::revisions::{self, Act, NewRevision};
use crate::db::{drafts, submissions};
use crate::error::{AppError, Refusal};

/// Revisions that one statement adds: their arrays are in memory twice until it is done.
const AT_ONCE: usize = 1_000;

/// Number and version of a submission's first revision.
const FIRST: i32 = 1;

/// Where the respondent stands in answers.
const RESPONDENT: &str = "respondent";

/// Whether answers that are already there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace<'a> {
    /// A hospital's own answers, by itself.
    Own,
    /// Somebody else's answers: no.
    Never,
    /// Somebody else's answers, for a recorded reason.
    For(&'a str),
}

/// What the revisions of one act share.
#[derive(Debug)]
pub struct Intake<'a> {
    /// The survey.
    pub survey: &'a Survey,
    /// The edition answered.
    pub edition: &'a Edition,
    /// By which way.
    pub path: EntryPath,
    /// Whether earlier answers give way.
    pub replace: Replace<'a>,
    /// The import, if it is one.
    pub import: Option<Uuid>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// One hospital's evaluated answers without errors.
#[derive(Debug)]
pub struct Evaluated {
    /// The hospital.
    pub hospital: FrameRow,
    /// As the evaluator kept them.
    pub answers: Answers,
    /// One byte a slot.
    pub codes: Vec<u8>,
    /// Its warnings.
    pub warnings: Vec<Fault>,
    /// SHA-256 of what was received.
    pub received: [u8; 32],
}

/// What became of one hospital's answers.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A new revision.
    Recorded {
        /// 1, 2, 3 ...
        number: i32,
        /// The number on the receipt.
        receipt: Uuid,
    },
    /// The same answers were there.
    Unchanged {
        /// Their revision.
        number: i32,
        /// Their receipt.
        receipt: Uuid,
        /// When they were received.
        received_at: DateTime<Utc>,
        /// State of the submission.
        state: SubmissionState,
        /// The edition that was answered then.
        edition: String,
        /// By which way they came then.
        entry_path: String,
    },
    /// Not taken: closed, already answered, accepted.
    Refused(Refusal),
}

/// Records answers, in the order given.
///
/// # Errors
/// The database is away. What is refused for one hospital is an [`Outcome`].
pub async fn record(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    intake: &Intake<'_>,
    rows: Vec<Evaluated>,
) -> Result<Vec<Outcome>, AppError> {
    let times = Times::load(conn, intake.survey).await?;
    record_at(conn, actor, (intake, &times), rows).await
}

/// As [`record`], with the survey's times as they were read before: for a part of many rows. So that two callers never wait for each other, the parts
/// come in the order of their hospitals' internal ids.
///
/// # Errors
/// As [`record`].
pub async fn record_at(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    (intake, times): (&Intake<'_>, &Times),
    rows: Vec<Evaluated>,
) -> Result<Vec<Outcome>, AppError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let survey_id = intake.survey.id().as_str();
    let hospitals: Vec<&FrameRow> = rows.iter().map(|row| &row.hospital).collect();
    // Made only where something may be kept: a submission that is left empty would look like a draft.
    let open: Vec<&FrameRow> = hospitals
        .iter()
        .copied()
        .filter(|hospital| times.require_open(hospital, None, intake.now).is_ok())
        .collect();
    // Who has no submission yet has nothing to compare with: it is made as it will be, and need not be locked, read or changed.
    let made = submissions::make_submitted(conn, survey_id, &open, intake.now).await?;
    let made: BTreeMap<Uuid, Uuid> = made.into_iter().map(|row| (row.hospital_id, row.id)).collect();
    let others: Vec<Uuid> = ids(&hospitals).into_iter().filter(|id| !made.contains_key(id)).collect();
    let locked = if others.is_empty() {
        Vec::new()
    } else {
        submissions::lock(conn, survey_id, &others).await?
    };
    let known = Known::load(conn, times, locked).await?;

    let mut outcomes = Vec::with_capacity(rows.len());
    let (mut new, mut taken, mut first) = (Vec::new(), Vec::new(), BTreeSet::new());
    for row in rows {
        let (answers, respondent) = apart(row.answers);
        let outcome = known.decide(intake, &row.hospital, (&answers, &respondent));
        if let Outcome::Recorded { number, receipt } = outcome {
            let made = made.get(&row.hospital.hospital_id).copied();
            let locked = known.submissions.get(&row.hospital.hospital_id);
            let (submission_id, version) = locked
                .map(|submission| (submission.id, submission.version.saturating_add(1)))
                .or(made.map(|id| (id, FIRST)))
                .ok_or_else(|| AppError::internal(format!("the submission of {} was not locked", row.hospital.gmis_id)))?;
            first.extend(made);
            new.push(NewRevision {
                submission_id,
                number,
                version,
                hospital_id: row.hospital.hospital_id,
                prefecture: row.hospital.prefecture,
                municipality: row.hospital.municipality,
                answers,
                respondent,
                codes: row.codes,
                warnings: serde_json::to_value(&row.warnings).map_err(AppError::internal)?,
                receipt,
                received: row.received,
            });
        }
        if !matches!(outcome, Outcome::Refused(_)) {
            taken.extend(known.submissions.get(&row.hospital.hospital_id).map(|submission| submission.id));
        }
        outcomes.push(outcome);
    }
    if first.len() != made.len() {
        return Err(AppError::internal("a submission was made for answers that were then not taken"));
    }
    write(conn, actor, intake, &new, &first).await?;
    if taken.is_empty() {
        return Ok(outcomes);
    }
    // What was being typed on this side is submitted now, or overtaken by what was.
    let party = Party::of(actor).as_str();
    drafts::empty(conn, &taken, party, (actor.role().name(), actor.account()), intake.now).await?;
    Ok(outcomes)
}

/// What [`record`] would do now, in the order given; writes and locks nothing. The receipts are nobody's.
///
/// # Errors
/// The database is away.
pub async fn foresee(
    conn: &mut AsyncPgConnection,
    (intake, times): (&Intake<'_>, &Times),
    rows: Vec<Evaluated>,
) -> Result<Vec<Outcome>, AppError> {
    let hospitals: Vec<&FrameRow> = rows.iter().map(|row| &row.hospital).collect();
    let submissions = submissions::of_hospitals(conn, intake.survey.id().as_str(), &ids(&hospitals)).await?;
    let known = Known::load(conn, times, submissions).await?;
    let outcome = |row: Evaluated| {
        let (answers, respondent) = apart(row.answers);
        known.decide(intake, &row.hospital, (&answers, &respondent))
    };
    Ok(rows.into_iter().map(outcome).collect())
}

fn ids(hospitals: &[&FrameRow]) -> Vec<Uuid> {
    hospitals.iter().map(|row| row.hospital_id).collect()
}

/// Adds revisions, and marks the submissions that were there before them; `made` are submitted already.
async fn write(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    intake: &Intake<'_>,
    new: &[NewRevision],
    made: &BTreeSet<Uuid>,
) -> Result<(), AppError> {
    if new.is_empty() {
        return Ok(());
    }
    let act = Act {
        survey_id: intake.survey.id().as_str(),
        edition: (intake.edition.id().as_str(), intake.edition.hash(), intake.edition.layout().hash()),
        entry_path: intake.path.as_str(),
        actor: actor.role().name(),
        account_id: actor.account(),
        import_id: intake.import,
        reason: match intake.replace {
            Replace::For(reason) => Some(reason),
            Replace::Own | Replace::Never => None,
        },
        received_at: intake.now,
        retain_until: erasure::last_day(intake.now),
    };
    for part in new.chunks(AT_ONCE) {
        revisions::insert_all(conn, &act, part).await?;
    }
    let steps = new.iter().filter(|row| !made.contains(&row.submission_id));
    let steps: Vec<(Uuid, i32)> = steps.map(|row| (row.submission_id, row.number)).collect();
    if !steps.is_empty() {
        submissions::mark_submitted(conn, &steps, intake.now).await?;
    }
    Ok(())
}

/// Why accepted answers stay as they are.
pub(super) fn accepted() -> Refusal {
    Refusal::new(
        "submission_accepted",
        "この回答は確認済みのため変更できません。訂正が必要な場合は、都道府県の担当者に差戻しを依頼してください。",
    )
}

/// Names and contacts are personal data and are stored apart.
fn apart(mut answers: Answers) -> (Value, Value) {
    let respondent = answers.remove(RESPONDENT).unwrap_or_else(|| json!({}));
    (Value::Object(answers), respondent)
}

/// Names and answers together again, for those who may see both.
pub fn together(answers: Value, respondent: Option<Value>) -> Value {
    match (answers, respondent) {
        (Value::Object(mut answers), Some(respondent)) if respondent.as_object().is_none_or(|fields| !fields.is_empty()) => {
            answers.insert(RESPONDENT.to_owned(), respondent);
            Value::Object(answers)
        }
        (answers, _) => answers,
    }
}

/// What decides over answers: the survey's times, and what the hospitals have answered so far.
struct Known<'t> {
    times: &'t Times,
    submissions: BTreeMap<Uuid, submissions::SubmissionRow>,
    latest: BTreeMap<Uuid, revisions::LatestAnswers>,
}

impl<'t> Known<'t> {
    async fn load(
        conn: &mut AsyncPgConnection,
        times: &'t Times,
        submissions: Vec<submissions::SubmissionRow>,
    ) -> Result<Known<'t>, AppError> {
        let answered: Vec<Uuid> = submissions.iter().filter(|row| row.latest_revision > 0).map(|row| row.id).collect();
        let latest = if answered.is_empty() {
            Vec::new()
        } else {
            revisions::latest(conn, &answered).await?
        };
        Ok(Known {
            times,
            submissions: submissions.into_iter().map(|row| (row.hospital_id, row)).collect(),
            latest: latest.into_iter().map(|row| (row.submission_id, row)).collect(),
        })
    }

    fn decide(&self, intake: &Intake<'_>, hospital: &FrameRow, (answers, respondent): (&Value, &Value)) -> Outcome {
        let submission = self.submissions.get(&hospital.hospital_id);
        let number = submission.map_or(0, |row| row.latest_revision);
        let state = submission.map_or(SubmissionState::Draft, |row| row.state);
        let counted = submission.filter(|row| row.state.counts()).and_then(|row| self.latest.get(&row.id));
        if let Some(latest) = counted
            && latest.answers == *answers
            && latest.respondent.as_ref() == Some(respondent)
        {
            return Outcome::Unchanged {
                number,
                receipt: latest.receipt,
                received_at: latest.received_at,
                state,
                edition: latest.edition_id.clone(),
                entry_path: latest.entry_path.clone(),
            };
        }
        if let Err(AppError::Conflict(refusal)) =
            self.times
                .require_open(hospital, submission.and_then(|row| row.resubmit_until), intake.now)
        {
            return Outcome::Refused(refusal);
        }
        match intake.replace {
            Replace::Never if counted.is_some() => Outcome::Refused(Refusal::new(
                "already_answered",
                "この病院は既に別の内容で回答しています。置き換える場合は、置き換える理由を付けて送ってください。",
            )),
            // Who corrects for a recorded reason may do so after acceptance too: it could as well return them first.
            Replace::Own if state.after(Step::Submit).is_none() => Outcome::Refused(accepted()),
            Replace::Own | Replace::Never | Replace::For(_) => {
                let (number, receipt) = (number.saturating_add(1), Uuid::new_v4());
                Outcome::Recorded { number, receipt }
            }
        }
    }
}

/// What the evaluator has to know of hospitals beside their answers: beds, and answers to earlier surveys that the edition's conditions look at.
///
/// # Errors
/// The database is away, or a stored bed number is out of range.
pub async fn facts(
    conn: &mut AsyncPgConnection,
    edition: &Edition,
    hospitals: &[&FrameRow],
) -> Result<BTreeMap<Uuid, HospitalFacts>, AppError> {
    let ids: Vec<Uuid> = hospitals.iter().map(|row| row.hospital_id).collect();
    let mut facts = BTreeMap::new();
    for row in hospitals {
        facts.insert(
            row.hospital_id,
            HospitalFacts {
                beds: Some(frames::beds_of(row.beds)?),
                earlier: BTreeMap::new(),
            },
        );
    }
    for (survey, key) in edition.earlier_answers_used() {
        for (hospital, answer) in revisions::counted_answers(conn, &survey, &key, &ids).await? {
            if let Some(known) = facts.get_mut(&hospital) {
                known.earlier.insert(format!("{survey}.{key}"), answer);
            }
        }
    }
    Ok(facts)
}
