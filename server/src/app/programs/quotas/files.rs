//! Quotas from a workbook or CSV file: what it would change, and changing it, all or nothing.

use analytics::selection::Quota;
use importer::quotas::examine_quotas;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use survey::fault::{Fault, excerpt};

use super::changes::{CellChange, Said, cells_of, changes, hash_of, require_hash, turn, write};
use crate::app::programs::planning::banding_of;
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::permit::{Permit, SetQuotas};
use crate::db::quotas;
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A file of quotas.
#[derive(Debug, Clone)]
pub struct QuotaFile {
    /// For people only.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// Needed where a cell that has a version changes.
    pub reason: Option<String>,
    /// The hash that a preview gave; then only those changes are made.
    pub expected: Option<String>,
}

/// What a file changes, or changed.
#[derive(Debug, Serialize)]
pub struct QuotaReport {
    /// Whether it was stored: not in a preview.
    pub stored: bool,
    /// SHA-256 of the changes; `None` if there are errors.
    pub hash: Option<String>,
    /// Cells that the file names.
    pub cells: usize,
    /// The sum of their numbers.
    pub hospitals: u64,
    /// Cells that change, with what was in force.
    pub changes: Vec<CellChange>,
    /// Whether a reason is needed to store it: a cell that has a version changes.
    pub reason_needed: bool,
    /// Errors and warnings with their cells.
    pub faults: Vec<Fault>,
}

/// Says what a file would change now, and stores nothing. Errors in it stand in the report, then without changes.
///
/// # Errors
/// `program_unknown`, `file_refused`; or the database or the parser is away.
pub async fn preview(state: &State, permit: &Permit<SetQuotas>, program: &str, file: &QuotaFile) -> Result<QuotaReport, AppError> {
    let (list, faults) = read(state, permit, program, file).await?;
    let faulty = faults.iter().any(Fault::is_error);
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        if faulty {
            return report(&[], Vec::new(), faults, None);
        }
        let changes = changes(&quotas::list(conn, program, None).await?, &cells_of(&list)?)?;
        let hash = hash_of(&changes)?;
        report(&list, changes, faults, Some(hash))
    })
    .await
}

/// Sets the quotas of a file. The same file again changes nothing.
///
/// # Errors
/// `program_unknown`, `file_refused`, `quotas_faulty`, `quota_invalid`, `reason_missing`, `quota_changed` (nothing stored); or the database or the
/// parser is away.
pub async fn apply(state: &State, permit: &Permit<SetQuotas>, program: &str, file: &QuotaFile) -> Result<QuotaReport, AppError> {
    let (list, faults) = read(state, permit, program, file).await?;
    if faults.iter().any(Fault::is_error) {
        return Err(AppError::faulty(
            "quotas_faulty",
            "支援枠のファイルに誤りがあるため設定しませんでした。何も保存されていません。直して送り直してください。",
            faults,
        ));
    }
    let cells = cells_of(&list)?;
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        require(conn, program).await?;
        take_turn(conn, &turn(program)).await?;
        let changes = changes(&quotas::list(conn, program, None).await?, &cells)?;
        let hash = hash_of(&changes)?;
        require_hash(file.expected.as_deref(), &hash)?;
        let said = Said {
            reason: file.reason.as_deref(),
            action: "import_quotas",
            details: json!({"file_name": excerpt(&file.file_name), "sha256": hex::encode(Sha256::digest(&file.bytes))}),
        };
        write(conn, permit.actor(), program, &changes, said, state.now()).await?;
        let report = report(&list, changes, faults, Some(hash))?;
        Ok(QuotaReport { stored: true, ..report })
    })
    .await
}

/// Parsed in the limited child, and examined by the programme's bands.
async fn read(state: &State, permit: &Permit<SetQuotas>, program: &str, file: &QuotaFile) -> Result<(Vec<Quota>, Vec<Fault>), AppError> {
    let banding = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        banding_of(&require(conn, program).await?)
    })
    .await?;
    let workbook = state.shared.parser.parse(&file.bytes).await?.map_err(|fault| {
        AppError::faulty(
            "file_refused",
            "ファイルを読み込めませんでした。何も保存されていません。理由を確認して送り直してください。",
            vec![fault],
        )
    })?;
    let (cells, faults) = tokio::task::spawn_blocking(move || examine_quotas(&workbook, banding))
        .await
        .map_err(AppError::internal)?;
    let quota = |(prefecture, band, hospitals)| Quota {
        prefecture,
        band,
        hospitals,
    };
    Ok((cells.into_iter().map(quota).collect(), faults))
}

fn report(list: &[Quota], changes: Vec<CellChange>, faults: Vec<Fault>, hash: Option<String>) -> Result<QuotaReport, AppError> {
    Ok(QuotaReport {
        stored: false,
        hash,
        cells: list.len(),
        hospitals: list.iter().map(|cell| u64::from(cell.hospitals)).sum(),
        reason_needed: changes.iter().any(|change| change.version > 0),
        changes,
        faults,
    })
}
