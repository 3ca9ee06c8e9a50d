//! Importing a file: parsed in the limited child, examined, and recorded in one transaction with its verdicts; or, as a dry run, only examined.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use importer::{Decision, Examination, Request, Workbook};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::FrameHospital;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::intake::{self, Evaluated, Intake, Outcome, Replace};
use crate::app::jobs::{Claim, Phase, Progress};
use crate::app::state::State;
use crate::app::{erasure, frames, surveys};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{ImportAnswers, Permit};
use crate::db::frames::FrameRow;
use crate::db::imports::{ImportRow, VerdictRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, frames as frame_rows, imports};
use crate::error::AppError;

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
    /// Verdict of each hospital, in the order of the file.
    pub hospitals: Vec<HospitalVerdict>,
}

/// What became of one hospital.
#[derive(Debug, Clone, Serialize)]
pub struct HospitalVerdict {
    /// G-MIS ID or what was found.
    pub hospital: String,
    /// Sheet.
    pub sheet: String,
    /// Row, from 1.
    pub row: u32,
    /// accepted, unchanged or rejected.
    pub verdict: &'static str,
    /// Its faults, with cells.
    pub faults: Vec<Fault>,
}

/// Answers that may go in, with the place of their verdict.
type Placed = (usize, Evaluated);

/// A file that was looked at, against the frame that the actor may see.
struct Examined {
    examination: Examination,
    edition: &'static Edition,
    hospitals: BTreeMap<String, FrameRow>,
    path: EntryPath,
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
    let mut examined = examine(state, actor, survey, upload, None).await?;
    let edition = examined.edition;
    let intake = intake_of(survey, &examined, upload, None, state.now());
    let (rows, mut verdicts) = sorted_out(&mut examined, Sha256::digest(&upload.bytes).into())?;
    let (places, rows): (Vec<usize>, Vec<Evaluated>) = rows.into_iter().unzip();
    let outcomes = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        intake::foresee(conn, &intake, rows).await
    })
    .await?;
    settle_all(&mut verdicts, places, outcomes);
    Ok(report(None, survey, edition, examined.examination.faults, verdicts))
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
    let mut examined = examine(state, actor, survey, upload, claim.map(|claim| Arc::clone(&claim.progress))).await?;
    if examined.examination.hospitals.is_empty() {
        let faults = examined.examination.faults;
        return Err(AppError::faulty(
            "file_without_answers",
            "取り込める回答がファイルにありません。指摘に沿って直し、もう一度送ってください。",
            faults,
        ));
    }
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let id = Uuid::now_v7();
        imports::insert_blob(conn, &sha256, &upload.bytes).await?;
        let intake = intake_of(survey, &examined, upload, Some(id), now);
        let (rows, mut verdicts) = sorted_out(&mut examined, sha256)?;
        let (places, rows): (Vec<usize>, Vec<Evaluated>) = rows.into_iter().unzip();
        if let Some(claim) = claim {
            claim.progress.begin(Phase::Recording, rows.len());
        }
        let outcomes = intake::record(conn, actor, &intake, rows).await?;
        settle_all(&mut verdicts, places, outcomes);
        let report = report(Some(id), survey, examined.edition, examined.examination.faults, verdicts);
        store(conn, actor, now, upload, sha256, &report).await?;
        if let Some(claim) = claim {
            claim.done(conn, 201, &json(&report)?, now).await?;
        }
        Ok(report)
    })
    .await
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
    let verdicts = imports::verdicts(conn, row.id, None, i64::MAX).await?;
    let hospitals = verdicts
        .into_iter()
        .map(|verdict| {
            Ok(HospitalVerdict {
                hospital: verdict.hospital,
                sheet: verdict.sheet,
                row: u32::try_from(verdict.sheet_row).map_err(AppError::internal)?,
                verdict: "unchanged",
                faults: serde_json::from_value(verdict.faults).map_err(AppError::internal)?,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    Ok(Some(ImportReport {
        import: Some(row.id),
        survey: row.survey_id,
        edition: row.edition_id,
        accepted: 0,
        unchanged: hospitals.len(),
        rejected: 0,
        repeated: true,
        faults: serde_json::from_value(row.faults).map_err(AppError::internal)?,
        hospitals,
    }))
}

fn prefecture_of(actor: &Actor) -> Option<i16> {
    match actor.role() {
        Role::Prefecture(code) => Some(i16::from(code.number())),
        _ => None,
    }
}

fn intake_of<'a>(survey: &'a Survey, examined: &Examined, upload: &'a Upload, import: Option<Uuid>, now: DateTime<Utc>) -> Intake<'a> {
    let reason = upload.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let replace = match (examined.path, reason) {
        (EntryPath::Proxy, Some(reason)) => Replace::For(reason),
        (EntryPath::Proxy, None) => Replace::Never,
        _ => Replace::Own,
    };
    Intake {
        survey,
        edition: examined.edition,
        path: examined.path,
        replace,
        import,
        now,
    }
}

fn settle_all(verdicts: &mut [HospitalVerdict], places: Vec<usize>, outcomes: Vec<Outcome>) {
    for (place, outcome) in places.into_iter().zip(outcomes) {
        if let Some(verdict) = verdicts.get_mut(place) {
            settle(verdict, outcome);
        }
    }
}

fn settle(verdict: &mut HospitalVerdict, outcome: Outcome) {
    match outcome {
        Outcome::Recorded { .. } => {}
        Outcome::Unchanged { .. } => verdict.verdict = "unchanged",
        Outcome::Refused(refusal) => {
            verdict.verdict = "rejected";
            let cell = importer::workbook::address(0, verdict.row);
            verdict.faults.push(
                Fault::error(refusal.code, refusal.message)
                    .at(verdict.sheet.clone(), cell)
                    .found(&verdict.hospital),
            );
        }
    }
}

/// Parses and examines; reads the frame and what is known of its hospitals in one moment.
async fn examine(
    state: &State,
    actor: &Actor,
    survey: &'static Survey,
    upload: &Upload,
    progress: Option<Arc<Progress>>,
) -> Result<Examined, AppError> {
    let progress = progress.unwrap_or_default();
    progress.begin(Phase::Reading, 0);
    let workbook = parse(state, upload).await?;
    progress.begin(Phase::Checking, workbook.sheets.iter().map(|sheet| sheet.rows.len()).sum());
    let path = if matches!(actor.role(), Role::Hospital(_)) {
        EntryPath::Workbook
    } else {
        EntryPath::Proxy
    };
    let edition = surveys::edition(survey, upload.numbering.as_deref())?;
    let (rows, facts) = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let rows = frame_rows::all(conn, survey.id().as_str()).await?;
        let facts = intake::facts(conn, edition, &rows.iter().collect::<Vec<_>>()).await?;
        Ok((rows, facts))
    })
    .await?;
    let request = Request {
        numbering: upload.numbering.clone(),
        path,
    };
    let key = state.shared.template_key;
    // Thousands of rows are evaluated: not on a worker's thread.
    tokio::task::spawn_blocking(move || {
        let hospitals: Vec<FrameHospital> = rows.iter().map(frames::hospital_of).collect::<Result<_, _>>()?;
        let frame = Frame::new(hospitals).map_err(AppError::internal)?;
        let rows: BTreeMap<String, FrameRow> = rows.into_iter().map(|row| (row.gmis_id.clone(), row)).collect();
        let known = |hospital: &FrameHospital| -> HospitalFacts {
            progress.step();
            rows.get(hospital.gmis.as_str())
                .and_then(|row| facts.get(&row.hospital_id))
                .cloned()
                .unwrap_or_default()
        };
        let mut examination = importer::examine(&workbook, survey, &request, &frame, &known);
        importer::stamp::check(&mut examination, &workbook, survey, &key);
        Ok(Examined {
            examination,
            edition,
            hospitals: rows,
            path,
        })
    })
    .await
    .map_err(AppError::internal)?
}

async fn parse(state: &State, upload: &Upload) -> Result<Workbook, AppError> {
    state
        .shared
        .parser
        .parse(&upload.bytes)
        .await?
        .map_err(|fault| refused(vec![fault]))
}

/// Verdicts of all hospitals, and the answers of those that may go in, each with the place of its verdict. Both are taken out of what was examined:
/// a nation's answers are in memory once.
fn sorted_out(examined: &mut Examined, received: [u8; 32]) -> Result<(Vec<Placed>, Vec<HospitalVerdict>), AppError> {
    let mut rows = Vec::new();
    let mut verdicts = Vec::with_capacity(examined.examination.hospitals.len());
    for (place, verdict) in std::mem::take(&mut examined.examination.hospitals).into_iter().enumerate() {
        let accepted = verdict.verdict == Decision::Accepted;
        if accepted {
            let hospital = examined
                .hospitals
                .remove(&verdict.hospital)
                .ok_or_else(|| AppError::internal(format!("an accepted hospital is not in the frame: {}", verdict.hospital)))?;
            rows.push((
                place,
                Evaluated {
                    hospital,
                    answers: verdict.answers,
                    codes: verdict.codes,
                    warnings: verdict.faults.clone(),
                    received,
                },
            ));
        }
        verdicts.push(HospitalVerdict {
            hospital: verdict.hospital,
            sheet: verdict.sheet,
            row: verdict.row,
            verdict: if accepted { "accepted" } else { "rejected" },
            faults: verdict.faults,
        });
    }
    Ok((rows, verdicts))
}

fn report(import: Option<Uuid>, survey: &Survey, edition: &Edition, faults: Vec<Fault>, hospitals: Vec<HospitalVerdict>) -> ImportReport {
    let count = |word: &str| hospitals.iter().filter(|verdict| verdict.verdict == word).count();
    ImportReport {
        import,
        survey: survey.id().to_string(),
        edition: edition.id().to_string(),
        accepted: count("accepted"),
        unchanged: count("unchanged"),
        rejected: count("rejected"),
        repeated: false,
        faults,
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
    let verdicts = report
        .hospitals
        .iter()
        .enumerate()
        .map(|(ordinal, verdict)| {
            Ok(VerdictRow {
                ordinal: number(ordinal)?,
                hospital: survey::fault::excerpt(&verdict.hospital),
                sheet: survey::fault::excerpt(&verdict.sheet),
                sheet_row: i32::try_from(verdict.row).map_err(AppError::internal)?,
                verdict: verdict.verdict.to_owned(),
                faults: serde_json::to_value(&verdict.faults).map_err(AppError::internal)?,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    imports::insert(conn, &row, &verdicts).await?;
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
