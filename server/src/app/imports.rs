//! Importing a file: parsed in the limited child, examined, and recorded in one transaction with its verdicts; or, as a dry run, only examined.
//!
//! Rows, answers and verdicts are in memory for a few hundred hospitals at a time, whatever the length of the file.

mod passes;
mod verdicts;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use importer::Decision;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::answer::EntryPath;
use survey::edition::Edition;
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::intake::{self, Evaluated, Intake, Outcome, Replace};
use crate::app::jobs::{Claim, Phase, Progress};
use crate::app::state::State;
use crate::app::times::Times;
use crate::app::{erasure, surveys};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{ImportAnswers, Permit};
use crate::db::imports::{ImportRow, VerdictRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, imports};
use crate::error::AppError;
use passes::{Judged, Looked, look};
use verdicts::{Complete, MOST, Verdicts};

/// Hospitals that are judged and recorded at a time.
const AT_ONCE: usize = 500;

/// A file and what its sender says of it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// For people only.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The printing whose numbers it uses.
    pub numbering: Option<String>,
    /// Why answers that are there are replaced.
    pub reason: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize)]
pub struct ImportReport {
    /// `None` for a dry run: nothing was stored.
    pub import: Option<Uuid>,
    /// The survey.
    pub survey: String,
    /// The edition it was read as.
    pub edition: String,
    /// Hospitals whose answers became a revision (dry run: would).
    pub accepted: usize,
    /// Hospitals whose identical answers were there.
    pub unchanged: usize,
    /// Hospitals left out.
    pub rejected: usize,
    /// Whether the same file had been imported before: then nothing was changed.
    pub repeated: bool,
    /// Faults of the file as a whole.
    pub faults: Vec<Fault>,
    /// Whether hospitals were left out of the following because there are more than 10,000: all of those without faults, and of an import those
    /// with faults beyond 10,000. They can be read page by page from the import.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub abridged: bool,
    /// Verdict of each hospital, in the order of the file.
    pub hospitals: Vec<HospitalVerdict>,
}

/// What became of one hospital.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HospitalVerdict {
    /// G-MIS ID or what was found.
    pub hospital: String,
    /// Sheet.
    pub sheet: String,
    /// Row, from 1.
    pub row: u32,
    /// accepted, unchanged or rejected.
    pub verdict: Cow<'static, str>,
    /// Its faults, with cells.
    pub faults: Vec<Fault>,
}

/// Says what importing a file would do now, and stores nothing.
///
/// # Errors
/// `file_refused` with the reason; or the database or the parser is away.
pub async fn dry_run(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &'static Survey,
    upload: &Upload,
) -> Result<ImportReport, AppError> {
    let actor = permit.actor();
    let edition = surveys::edition(survey, upload.numbering.as_deref())?;
    let mut looked = look(state, actor, survey, upload).await?;
    let intake = intake_of((survey, edition), looked.path, upload, None, state.now());
    let received = Sha256::digest(&upload.bytes).into();
    let verdicts = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let times = Times::load(conn, survey).await?;
        let mut verdicts = Verdicts::of(looked.hospitals())?;
        let order = looked.in_order();
        let mut parts = order.chunks(AT_ONCE);
        let mut begun = looked.begin(conn, edition, parts.next()).await?;
        while let Some(judging) = begun {
            let mut part = Part::of(looked.judged(judging).await?, received)?;
            begun = looked.begin(conn, edition, parts.next()).await?;
            let outcomes = intake::foresee(conn, (&intake, &times), part.take_rows()).await?;
            part.settle(outcomes, &mut verdicts)?;
        }
        verdicts.finish()
    })
    .await?;
    let answered = verdicts.answered(usize::MAX)?;
    Ok(report(None, (survey, edition), looked.faults(), &verdicts, answered))
}

/// Imports a file: hospitals with errors are left out, the others go in, all in one transaction that also ends the job. A file that its sender imported
/// before, without anything left out, is known by its content and changes nothing, unless it is to be imported `again`.
///
/// # Errors
/// `file_refused`, `file_without_answers` (nothing stored); or the database or the parser is away, or the job was given to another worker.
pub async fn import(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &'static Survey,
    upload: &Upload,
    again: bool,
    claim: Option<&Claim>,
) -> Result<ImportReport, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let sha256: [u8; 32] = Sha256::digest(&upload.bytes).into();
    let edition = surveys::edition(survey, upload.numbering.as_deref())?;
    if !again
        && let Some(report) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
            let report = known(conn, actor, edition, upload, &sha256).await?;
            if let (Some(report), Some(claim)) = (&report, claim) {
                claim.done(conn, 200, &json(report)?, now).await?;
            }
            Ok(report)
        })
        .await?
    {
        return Ok(report);
    }
    let progress = claim.map(|claim| claim.progress.as_ref());
    begin(progress, Phase::Reading, 0);
    let mut looked = look(state, actor, survey, upload).await?;
    if looked.hospitals() == 0 {
        return Err(AppError::faulty(
            "file_without_answers",
            "取り込める回答がファイルにありません。指摘に沿って直し、もう一度送ってください。",
            looked.faults(),
        ));
    }
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let id = Uuid::now_v7();
        imports::insert_blob(conn, &sha256, &upload.bytes).await?;
        let intake = intake_of((survey, edition), looked.path, upload, Some(id), now);
        let verdicts = record(conn, actor, &intake, &mut looked, (sha256, progress)).await?;
        let answered = verdicts.answered(MOST)?;
        let report = report(Some(id), (survey, edition), looked.faults(), &verdicts, answered);
        begin(progress, Phase::Recording, looked.hospitals());
        store(conn, actor, now, upload, sha256, &report).await?;
        verdicts.store(conn, id).await?;
        if let Some(claim) = claim {
            claim.done(conn, 201, &json(&report)?, now).await?;
        }
        Ok(report)
    })
    .await
}

fn begin(progress: Option<&Progress>, phase: Phase, hospitals: usize) {
    if let Some(progress) = progress {
        progress.begin(phase, hospitals);
    }
}

/// Judges and records all hospitals of a file.
async fn record(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    intake: &Intake<'_>,
    looked: &mut Looked,
    (received, progress): ([u8; 32], Option<&Progress>),
) -> Result<Complete, AppError> {
    begin(progress, Phase::Checking, looked.hospitals());
    let times = Times::load(conn, intake.survey).await?;
    let mut verdicts = Verdicts::of(looked.hospitals())?;
    let order = looked.in_order();
    let mut parts = order.chunks(AT_ONCE);
    let mut begun = looked.begin(conn, intake.edition, parts.next()).await?;
    while let Some(judging) = begun {
        let mut part = Part::of(looked.judged(judging).await?, received)?;
        begun = looked.begin(conn, intake.edition, parts.next()).await?;
        let outcomes = intake::record_at(conn, actor, (intake, &times), part.take_rows()).await?;
        if let Some(progress) = progress {
            part.verdicts.iter().for_each(|_| progress.step());
        }
        part.settle(outcomes, &mut verdicts)?;
    }
    verdicts.finish()
}

fn json(report: &ImportReport) -> Result<Value, AppError> {
    serde_json::to_value(report).map_err(AppError::internal)
}

/// What the sender was told of the same file before, if nothing of it was left out then: now it changes nothing.
async fn known(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    edition: &Edition,
    upload: &Upload,
    sha256: &[u8],
) -> Result<Option<ImportReport>, AppError> {
    let sender = (actor.role().name(), actor.hospital(), prefecture_of(actor));
    let said = (edition.id().as_str(), upload.numbering.as_deref(), upload.reason.as_deref());
    let Some(row) = imports::of_file(conn, sha256, sender, said).await? else {
        return Ok(None);
    };
    let unchanged = usize::try_from(row.accepted.saturating_add(row.unchanged)).map_err(AppError::internal)?;
    let abridged = unchanged > MOST;
    let most = i64::try_from(MOST).map_err(AppError::internal)?;
    let verdicts = if abridged {
        imports::verdicts_with_faults(conn, row.id, most).await?
    } else {
        imports::verdicts(conn, row.id, None, most).await?
    };
    let hospitals = verdicts
        .into_iter()
        .map(|verdict| {
            Ok(HospitalVerdict {
                hospital: verdict.hospital,
                sheet: verdict.sheet,
                row: u32::try_from(verdict.sheet_row).map_err(AppError::internal)?,
                verdict: "unchanged".into(),
                faults: serde_json::from_value(verdict.faults).map_err(AppError::internal)?,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    Ok(Some(ImportReport {
        import: Some(row.id),
        survey: row.survey_id,
        edition: row.edition_id,
        accepted: 0,
        unchanged,
        rejected: 0,
        repeated: true,
        faults: serde_json::from_value(row.faults).map_err(AppError::internal)?,
        abridged,
        hospitals,
    }))
}

fn prefecture_of(actor: &Actor) -> Option<i16> {
    match actor.role() {
        Role::Prefecture(code) => Some(i16::from(code.number())),
        _ => None,
    }
}

fn intake_of<'a>(
    (survey, edition): (&'a Survey, &'a Edition),
    path: EntryPath,
    upload: &'a Upload,
    import: Option<Uuid>,
    now: DateTime<Utc>,
) -> Intake<'a> {
    let reason = upload.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let replace = match (path, reason) {
        (EntryPath::Proxy, Some(reason)) => Replace::For(reason),
        (EntryPath::Proxy, None) => Replace::Never,
        _ => Replace::Own,
    };
    Intake {
        survey,
        edition,
        path,
        replace,
        import,
        now,
    }
}

/// Hospitals of a file that were judged together.
struct Part {
    /// Verdicts with their places in the file.
    verdicts: Vec<(usize, HospitalVerdict)>,
    /// The answers that may go in, each with the place of its verdict among these.
    rows: Vec<(usize, Evaluated)>,
    /// Those places, once the answers are taken.
    taken: Vec<usize>,
}

impl Part {
    fn of(judged: Vec<Judged>, received: [u8; 32]) -> Result<Part, AppError> {
        let mut part = Part {
            verdicts: Vec::with_capacity(judged.len()),
            rows: Vec::with_capacity(judged.len()),
            taken: Vec::new(),
        };
        for Judged {
            ordinal,
            hospital,
            verdict,
        } in judged
        {
            let accepted = verdict.verdict == Decision::Accepted;
            if accepted {
                let hospital = hospital
                    .ok_or_else(|| AppError::internal(format!("an accepted hospital is not in the frame: {}", verdict.hospital)))?;
                let evaluated = Evaluated {
                    hospital,
                    answers: verdict.answers,
                    codes: verdict.codes,
                    warnings: verdict.faults.clone(),
                    received,
                };
                part.rows.push((part.verdicts.len(), evaluated));
            }
            let verdict = HospitalVerdict {
                hospital: verdict.hospital,
                sheet: verdict.sheet,
                row: verdict.row,
                verdict: if accepted { "accepted" } else { "rejected" }.into(),
                faults: verdict.faults,
            };
            part.verdicts.push((ordinal, verdict));
        }
        Ok(part)
    }

    fn take_rows(&mut self) -> Vec<Evaluated> {
        let (taken, rows) = std::mem::take(&mut self.rows).into_iter().unzip();
        self.taken = taken;
        rows
    }

    /// Adds the verdicts, with what became of the answers that were taken.
    fn settle(mut self, outcomes: Vec<Outcome>, verdicts: &mut Verdicts) -> Result<(), AppError> {
        for (place, outcome) in self.taken.into_iter().zip(outcomes) {
            if let Some((_, verdict)) = self.verdicts.get_mut(place) {
                settle(verdict, outcome);
            }
        }
        self.verdicts
            .iter()
            .try_for_each(|(ordinal, verdict)| verdicts.add(*ordinal, verdict))
    }
}

fn settle(verdict: &mut HospitalVerdict, outcome: Outcome) {
    match outcome {
        Outcome::Recorded { .. } => {}
        Outcome::Unchanged { .. } => verdict.verdict = "unchanged".into(),
        Outcome::Refused(refusal) => {
            verdict.verdict = "rejected".into();
            let cell = importer::workbook::address(0, verdict.row);
            verdict.faults.push(
                Fault::error(refusal.code, refusal.message)
                    .at(verdict.sheet.clone(), cell)
                    .found(&verdict.hospital),
            );
        }
    }
}

fn report(
    import: Option<Uuid>,
    (survey, edition): (&Survey, &Edition),
    faults: Vec<Fault>,
    verdicts: &Complete,
    hospitals: Vec<HospitalVerdict>,
) -> ImportReport {
    ImportReport {
        import,
        survey: survey.id().to_string(),
        edition: edition.id().to_string(),
        accepted: verdicts.counts.accepted,
        unchanged: verdicts.counts.unchanged,
        rejected: verdicts.counts.rejected,
        repeated: false,
        faults,
        abridged: verdicts.is_abridged(),
        hospitals,
    }
}

async fn store(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    upload: &Upload,
    sha256: [u8; 32],
    report: &ImportReport,
) -> Result<(), AppError> {
    let number = |count: usize| i32::try_from(count).map_err(AppError::internal);
    let Some(id) = report.import else { return Ok(()) };
    let row = ImportRow {
        id,
        survey_id: report.survey.clone(),
        edition_id: report.edition.clone(),
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        hospital_id: actor.hospital(),
        prefecture: prefecture_of(actor),
        file_name: survey::fault::excerpt(&upload.file_name),
        blob_sha256: Some(sha256.to_vec()),
        numbering: upload.numbering.clone(),
        reason: upload.reason.clone(),
        accepted: number(report.accepted)?,
        rejected: number(report.rejected)?,
        unchanged: number(report.unchanged)?,
        faults: serde_json::to_value(&report.faults).map_err(AppError::internal)?,
        imported_at: now,
        file_sha256: sha256.to_vec(),
        retain_until: erasure::last_day(now),
        erased_at: None,
    };
    imports::insert(conn, &row).await?;
    let details =
        serde_json::json!({"import": id, "accepted": report.accepted, "rejected": report.rejected, "unchanged": report.unchanged});
    let entry = audit::Entry {
        action: "import_answers",
        survey: Some(&report.survey),
        hospital: actor.hospital(),
        prefecture: row.prefecture,
        details,
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// Why a file that cannot be read is not taken.
pub(super) fn refused(faults: Vec<Fault>) -> AppError {
    AppError::faulty(
        "file_refused",
        "ファイルを読み込めませんでした。何も保存されていません。理由を確認して送り直してください。",
        faults,
    )
}

/// An import that the actor may see, with a page of its verdicts.
///
/// # Errors
/// `import_unknown`; or the database is away.
pub async fn read(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &Survey,
    id: Uuid,
    after: Option<i32>,
    limit: i64,
) -> Result<(ImportRow, Vec<VerdictRow>), AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let row = imports::find(conn, survey.id().as_str(), id)
            .await?
            .ok_or_else(|| AppError::not_found("import_unknown", "この取込みはありません。番号を確認してください。"))?;
        let verdicts = imports::verdicts(conn, id, after, limit).await?;
        Ok((row, verdicts))
    })
    .await
}

/// A page of the imports that the actor may see, newest first.
///
/// # Errors
/// The database is away.
pub async fn list(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &Survey,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ImportRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(imports::page(conn, survey.id().as_str(), before, limit).await?)
    })
    .await
}
