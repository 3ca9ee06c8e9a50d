//! The quotas of a programme: versioned, set by the ministry, from a file, computed from a total, or moved as prefectures asked.

pub mod changes;
pub mod compute;
pub mod files;
pub mod moves;
pub mod proposal;

use std::collections::BTreeMap;

use analytics::selection::Quota;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use self::changes::{Said, cells_of, require_seen, turn, write};
use super::{require, require_prefecture};
use crate::app::frames::prefecture_of;
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadPrograms, SetQuotas};
use crate::db::quotas::{self, QuotaRow, VersionRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A cell as it shall be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The cell and its number.
    pub quota: Quota,
    /// The version that the caller saw, 0 where there was none; `None`: whatever it is.
    pub seen: Option<i32>,
}

/// What is to be set, and why.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Cells not named stay.
    pub cells: Vec<Wanted>,
    /// Needed where a cell that has a version changes.
    pub reason: Option<String>,
}

impl From<&[Quota]> for Change {
    fn from(cells: &[Quota]) -> Change {
        let wanted = |quota: &Quota| Wanted {
            quota: quota.clone(),
            seen: None,
        };
        Change {
            cells: cells.iter().map(wanted).collect(),
            reason: None,
        }
    }
}

/// A version of a cell, with where it came from.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: String,
    /// 1, 2, 3 ... within the cell; the highest is in force.
    pub version: i32,
    /// Exactly so many.
    pub hospitals: u32,
    /// Why; `None`: the first, or from before reasons were kept.
    pub reason: Option<String>,
    /// The account that set or granted it; `None`: the system.
    pub set_by: Option<Uuid>,
    /// By the server's clock.
    pub set_at: DateTime<Utc>,
    /// The request that it granted, with who asked and why.
    pub request: Option<moves::Asked>,
}

/// The quotas in force: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<QuotaRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(quotas::list(conn, program, None).await?)
    })
    .await
}

/// Every version of every cell, or of those of one prefecture, that the actor may see, with the requests that they granted.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn history(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: Option<PrefectureCode>,
) -> Result<Vec<Version>, AppError> {
    if let Some(prefecture) = prefecture {
        require_prefecture(permit.actor(), prefecture)?;
    }
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        let versions = quotas::versions(conn, program, prefecture.map(|code| i16::from(code.number()))).await?;
        let asked: BTreeMap<_, _> = moves::all(conn, program)
            .await?
            .into_iter()
            .map(|request| (request.id, request))
            .collect();
        versions.into_iter().map(|row| version(row, &asked)).collect()
    })
    .await
}

fn version(row: VersionRow, asked: &BTreeMap<Uuid, moves::Asked>) -> Result<Version, AppError> {
    Ok(Version {
        prefecture: prefecture_of(row.prefecture)?,
        band: row.band,
        version: row.version,
        hospitals: u32::try_from(row.hospitals).map_err(AppError::internal)?,
        reason: row.reason,
        set_by: row.account_id,
        set_at: row.set_at,
        request: row.request_id.and_then(|id| asked.get(&id)).cloned(),
    })
}

/// Sets quotas: each changed cell gets a new version. Cells that are not named stay as they are. Returns how many changed.
///
/// # Errors
/// `program_unknown`, `quota_invalid`, `reason_missing` where a cell that has a version would change, `quota_changed` where a cell is no longer
/// what the caller saw; or the database is away. Then nothing is stored.
pub async fn set(state: &State, permit: &Permit<SetQuotas>, program: &str, change: &Change) -> Result<usize, AppError> {
    let quotas: Vec<Quota> = change.cells.iter().map(|cell| cell.quota.clone()).collect();
    let cells = cells_of(&quotas)?;
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        require(conn, program).await?;
        take_turn(conn, &turn(program)).await?;
        let in_force = quotas::list(conn, program, None).await?;
        require_seen(&in_force, change)?;
        let changes = changes::changes(&in_force, &cells)?;
        let said = Said {
            reason: change.reason.as_deref(),
            action: "set_quotas",
            details: json!({}),
        };
        write(conn, permit.actor(), program, &changes, said, state.now()).await
    })
    .await
}
