//! The hospital master (病院マスター): what a file would change, and changing it, by the same difference, in one transaction with its audit row.
//!
//! Frames that are drawn are never changed by a master: which of their rows might go out of scope is only said.

pub mod difference;

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::AsyncPgConnection;
use importer::master::{MasterRow, examine_master};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use survey::fault::{Fault, excerpt};
use uuid::Uuid;

use self::difference::{Change, Difference, Missing, Planned, identifiers};
use crate::app::frames::day_in_japan;
use crate::app::state::State;
use crate::auth::permit::{ImportMaster, Permit};
use crate::db::audit;
use crate::db::hospitals::{self, MasterImportRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A file of the master.
#[derive(Debug, Clone)]
pub struct MasterUpload {
    /// For people only.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The hash that a preview gave; then only those changes are made.
    pub expected: Option<String>,
}

/// What a file changes, or changed.
#[derive(Debug, Serialize)]
pub struct MasterReport {
    /// `None` if nothing was stored: a preview, or nothing to change.
    pub import: Option<Uuid>,
    /// SHA-256 of the changes; `None` if there are errors.
    pub hash: Option<String>,
    /// How many changes of each kind.
    pub summary: BTreeMap<String, usize>,
    /// Hospital by hospital.
    pub changes: Vec<Planned>,
    /// Known hospitals that the file does not name; they stay as they are.
    pub missing: Vec<Missing>,
    /// Rows of frames whose hospital the file closes: they may be taken out of scope.
    pub out_of_scope: Vec<OutOfScope>,
    /// Errors and warnings with their cells.
    pub faults: Vec<Fault>,
}

/// A frame's row whose hospital is closed by the file.
#[derive(Debug, Serialize)]
pub struct OutOfScope {
    /// The survey.
    pub survey: String,
    /// G-MIS ID in that frame.
    pub gmis_id: String,
}

/// Says what a file would change now, and stores nothing. Errors in it stand in the report, then without changes.
///
/// # Errors
/// `file_refused`; or the database or the parser is away.
pub async fn preview(state: &State, permit: &Permit<ImportMaster>, upload: &MasterUpload) -> Result<MasterReport, AppError> {
    let (rows, faults) = read(state, upload).await?;
    if faults.iter().any(Fault::is_error) {
        return report(Difference::default(), Vec::new(), faults, false);
    }
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        match found(conn, &rows).await? {
            Ok(difference) => {
                let frames = frames_of_closed(conn, &difference).await?;
                report(difference, frames, faults, true)
            }
            Err(more) => report(Difference::default(), Vec::new(), [faults, more].concat(), false),
        }
    })
    .await
}

/// Makes the changes of a file. The same file again changes nothing.
///
/// # Errors
/// `file_refused`, `master_faulty`, `master_changed` (nothing stored); or the database or the parser is away.
pub async fn apply(state: &State, permit: &Permit<ImportMaster>, upload: &MasterUpload) -> Result<MasterReport, AppError> {
    let faulty = |faults: Vec<Fault>| {
        AppError::faulty(
            "master_faulty",
            "病院マスターに誤りがあるため取り込みませんでした。何も保存されていません。直して送り直してください。",
            faults,
        )
    };
    let (rows, faults) = read(state, upload).await?;
    if faults.iter().any(Fault::is_error) {
        return Err(faulty(faults));
    }
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        // The turn of frames too: identities are shared between them.
        take_turn(conn, "frames").await?;
        let difference = found(conn, &rows).await?.map_err(faulty)?;
        let hash = difference.hash()?;
        if upload.expected.as_ref().is_some_and(|expected| *expected != hash) {
            return Err(AppError::conflict(
                "master_changed",
                "確認した後に病院の登録が変わったため、変更の内容が異なります。もう一度確認してから取り込んでください。",
            ));
        }
        let frames = frames_of_closed(conn, &difference).await?;
        let mut report = report(difference, frames, faults, true)?;
        if !report.changes.is_empty() {
            write(conn, state, &rows, &report.changes).await?;
            report.import = Some(note(conn, state, permit, upload, &report).await?);
        }
        Ok(report)
    })
    .await
}

/// Parsed in the limited child and examined.
async fn read(state: &State, upload: &MasterUpload) -> Result<(Vec<MasterRow>, Vec<Fault>), AppError> {
    let workbook = state.shared.parser.parse(&upload.bytes).await?.map_err(|fault| {
        AppError::faulty(
            "file_refused",
            "ファイルを読み込めませんでした。何も保存されていません。理由を確認して送り直してください。",
            vec![fault],
        )
    })?;
    tokio::task::spawn_blocking(move || examine_master(&workbook))
        .await
        .map_err(AppError::internal)
}

async fn found(conn: &mut AsyncPgConnection, rows: &[MasterRow]) -> Result<Result<Difference, Vec<Fault>>, AppError> {
    let known = hospitals::all(conn).await?;
    let aliases = hospitals::aliases(conn).await?;
    let attributes = difference::known_attributes(&known)?;
    Ok(difference::difference(rows, &known, &aliases, &attributes))
}

async fn frames_of_closed(conn: &mut AsyncPgConnection, difference: &Difference) -> Result<Vec<OutOfScope>, AppError> {
    let closes = |planned: &&Planned| {
        let closing = |change: &Change| matches!(change, Change::Closed { .. } | Change::Merged { .. });
        planned.changes.iter().any(closing)
    };
    let ids: BTreeSet<Uuid> = difference.planned.iter().filter(closes).map(|planned| planned.row.id).collect();
    let rows = hospitals::in_frames(conn, &ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(rows
        .into_iter()
        .map(|(survey, gmis_id, _)| OutOfScope { survey, gmis_id })
        .collect())
}

fn report(difference: Difference, out_of_scope: Vec<OutOfScope>, faults: Vec<Fault>, sound: bool) -> Result<MasterReport, AppError> {
    Ok(MasterReport {
        import: None,
        hash: sound.then(|| difference.hash()).transpose()?,
        summary: if sound { difference.summary()? } else { BTreeMap::new() },
        changes: difference.planned,
        missing: difference.missing,
        out_of_scope,
        faults,
    })
}

async fn write(conn: &mut AsyncPgConnection, state: &State, rows: &[MasterRow], planned: &[Planned]) -> Result<(), AppError> {
    let today = day_in_japan(state.now());
    let new: Vec<_> = planned.iter().map(|planned| planned.row.clone()).collect();
    hospitals::upsert(conn, &new).await?;
    for kind in ["gmis_id", "institution_code"] {
        hospitals::bear(conn, kind, &identifiers(rows, planned, kind, true), today).await?;
        hospitals::bore(conn, kind, &identifiers(rows, planned, kind, false), today).await?;
    }
    Ok(())
}

async fn note(
    conn: &mut AsyncPgConnection,
    state: &State,
    permit: &Permit<ImportMaster>,
    upload: &MasterUpload,
    report: &MasterReport,
) -> Result<Uuid, AppError> {
    let (actor, now, id) = (permit.actor(), state.now(), Uuid::now_v7());
    let row = MasterImportRow {
        id,
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        file_name: excerpt(&upload.file_name),
        sha256: Sha256::digest(&upload.bytes).to_vec(),
        difference_hash: report.hash.clone().unwrap_or_default(),
        summary: serde_json::to_value(&report.summary).map_err(AppError::internal)?,
        changes: serde_json::to_value(&report.changes).map_err(AppError::internal)?,
        imported_at: now,
    };
    hospitals::insert_import(conn, &row).await?;
    let entry = audit::Entry {
        action: "import_master",
        details: json!({"import": id, "summary": report.summary}),
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok(id)
}
