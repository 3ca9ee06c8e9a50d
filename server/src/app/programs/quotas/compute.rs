//! Computing quotas from the candidates of all prefectures, and setting what was computed.

use analytics::selection::{self, Quota};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::band::Banding;

use super::changes::{CellChange, Said, cells_of, changes, hash_of, require_hash, turn, write};
use super::proposal::answer::Proposal;
use super::proposal::{Ask, Matrix, cell_mut, nothing, propose};
use crate::app::programs::candidates::records;
use crate::app::programs::planning::banding_of;
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::permit::{Permit, SetQuotas};
use crate::db::programs::ProgramRow;
use crate::db::quotas;
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A proposal with what setting it would change, or changed.
#[derive(Debug, Serialize)]
pub struct Computed {
    /// The numbers.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// Whether it was set.
    pub stored: bool,
    /// SHA-256 of the changes.
    pub hash: String,
    /// Cells that get another number than is in force.
    pub changes: Vec<CellChange>,
}

/// How a proposal is set.
#[derive(Debug, Clone, Default)]
pub struct Storing {
    /// Needed where a cell that has a version changes.
    pub reason: Option<String>,
    /// The hash of a proposal that was seen; then only those changes are made.
    pub expected: Option<String>,
}

/// Computes quotas from a total by the candidates of now. Stores nothing.
///
/// # Errors
/// `program_unknown`; those of [`propose`]; or the database is away.
pub async fn preview(state: &State, permit: &Permit<SetQuotas>, program: &str, ask: &Ask) -> Result<Computed, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        computed(conn, &program, ask).await
    })
    .await
}

/// Computes quotas and sets them: cells that change get a new version.
///
/// # Errors
/// As [`preview`]; `reason_missing`, `quota_changed`. Then nothing is stored.
pub async fn store(state: &State, permit: &Permit<SetQuotas>, program: &str, ask: &Ask, storing: &Storing) -> Result<Computed, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        take_turn(conn, &turn(&program.id)).await?;
        let computed = computed(conn, &program, ask).await?;
        require_hash(storing.expected.as_deref(), &computed.hash)?;
        let said = Said {
            reason: storing.reason.as_deref(),
            action: "compute_quotas",
            details: json!({"method": ask.method, "total": computed.proposal.total}),
        };
        write(conn, permit.actor(), &program.id, &computed.changes, said, state.now()).await?;
        Ok(Computed { stored: true, ..computed })
    })
    .await
}

async fn computed(conn: &mut AsyncPgConnection, program: &ProgramRow, ask: &Ask) -> Result<Computed, AppError> {
    let banding = banding_of(program)?;
    let proposal = propose(banding, &candidates(conn, program, banding).await?, ask)?;
    let quota = |cell: &super::proposal::answer::ProposedCell| {
        Ok(Quota {
            prefecture: cell.prefecture,
            band: cell.band.clone(),
            hospitals: u32::try_from(cell.hospitals).map_err(AppError::internal)?,
        })
    };
    let list = proposal.cells.iter().map(quota).collect::<Result<Vec<_>, AppError>>()?;
    let changes = changes(&quotas::list(conn, &program.id, None).await?, &cells_of(&list)?)?;
    Ok(Computed {
        hash: hash_of(&changes)?,
        proposal,
        stored: false,
        changes,
    })
}

/// How many candidates each cell has, by the rule of choosing itself: who may be chosen is decided in one place.
async fn candidates(conn: &mut AsyncPgConnection, program: &ProgramRow, banding: Banding) -> Result<Matrix, AppError> {
    let (records, _) = records(conn, program, None).await?;
    let mut counted = nothing(banding);
    for record in records {
        if selection::may_be_chosen(&record).is_ok()
            && let Some(band) = &record.band
            && let Some(number) = cell_mut(&mut counted, banding, record.prefecture, band)
        {
            *number += 1;
        }
    }
    Ok(counted)
}
