//! The list of a prefecture: what it holds, how full its cells are, and what became of it. The steps have a module of their own.

pub mod files;
mod loaded;
pub mod steps;

use std::collections::BTreeMap;

use analytics::selection::list::{Inexact, ListState, Origin, Standing};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use survey::prefecture::PrefectureCode;

use self::loaded::Loaded;
use super::{require, require_prefecture};
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadOwnSupport, ReadPrograms};
use crate::db::lists::{self, AdjustmentRow, ListRow};
use crate::db::programs;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A hospital on a list as answered.
#[derive(Debug, Serialize)]
pub struct ListedHospital {
    /// G-MIS ID.
    pub gmis: String,
    /// 保険医療機関コード.
    pub institution_code: Option<String>,
    /// Name.
    pub name: String,
    /// Licensed beds.
    pub beds: i32,
    /// 順位.
    pub rank: Option<u32>,
    /// When it came on the list.
    pub score: u64,
    /// How it stands.
    pub standing: Standing,
    /// How it came to that.
    pub origin: Origin,
    /// Why, if by hand.
    pub reason: String,
}

/// A cell of a list.
#[derive(Debug, Serialize)]
pub struct ListCell {
    /// Key of the band.
    pub band: String,
    /// Hospitals to choose.
    pub quota: u32,
    /// In their order.
    pub chosen: Vec<ListedHospital>,
    /// In their order.
    pub reserves: Vec<ListedHospital>,
    /// Taken off by hand, or replaced after acceptance.
    pub off: Vec<ListedHospital>,
}

/// A list as answered.
#[derive(Debug, Serialize)]
pub struct ListReport {
    /// Two digits.
    pub prefecture: String,
    /// How far it has come.
    pub state: ListState,
    /// The ETag.
    pub version: i32,
    /// Whether it was changed by hand since the run.
    pub adjusted: bool,
    /// Last moment to hand it in, extensions included.
    pub deadline: DateTime<Utc>,
    /// When it was handed in last.
    pub handed_in_at: Option<DateTime<Utc>>,
    /// By band.
    pub cells: Vec<ListCell>,
    /// Cells that have not exactly their quota.
    pub inexact: Vec<Inexact>,
    /// The same in words; empty when it may be handed in.
    pub message: String,
}

/// How far a prefecture has come.
#[derive(Debug, Serialize)]
pub struct Progress {
    /// Two digits.
    pub prefecture: String,
    /// `None`: no run yet.
    pub state: Option<ListState>,
    /// Last moment to hand it in, extensions included.
    pub deadline: DateTime<Utc>,
    /// When it was handed in last.
    pub handed_in_at: Option<DateTime<Utc>>,
    /// By band.
    pub cells: Vec<CellProgress>,
}

/// How full a cell is.
#[derive(Debug, Serialize)]
pub struct CellProgress {
    /// Key of the band.
    pub band: String,
    /// Hospitals to choose; `None`: no quota was set.
    pub quota: Option<i32>,
    /// Hospitals chosen.
    pub chosen: i64,
}

/// A step as answered.
#[derive(Debug, Serialize)]
pub struct TakenStep {
    /// The version that the list had with it.
    pub version: i32,
    /// propose, add, drop, rank, `hand_in`, return, accept, replace.
    pub step: String,
    /// Key of the band, if it concerns a cell.
    pub band: Option<String>,
    /// G-MIS ID, if it concerns a hospital.
    pub hospital: Option<String>,
    /// G-MIS ID of who came in its place.
    pub successor: Option<String>,
    /// The rank that it gave.
    pub rank: Option<i32>,
    /// Why.
    pub reason: String,
    /// The role of who took it.
    pub actor: String,
    /// By the server's clock.
    pub happened_at: DateTime<Utc>,
}

/// A programme in which one's hospital was chosen.
#[derive(Debug, Serialize)]
pub struct ChosenProgram {
    /// Short name.
    pub program: String,
    /// Western year.
    pub fiscal_year: i32,
    /// Title.
    pub title: String,
}

/// The list of a prefecture.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `list_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadPrograms>, program: &str, prefecture: PrefectureCode) -> Result<ListReport, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        Loaded::load(conn, &program, prefecture).await?.report(conn, &program).await
    })
    .await
}

/// The steps of a list, the first one first.
///
/// # Errors
/// As [`read`].
pub async fn history(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: PrefectureCode,
) -> Result<Vec<TakenStep>, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    let number = i16::from(prefecture.number());
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(lists::history(conn, program, number).await?)
    })
    .await?;
    let step = |(row, hospital, successor): (AdjustmentRow, _, _)| TakenStep {
        version: row.version,
        step: row.step,
        band: row.band,
        hospital,
        successor,
        rank: row.rank,
        reason: row.reason,
        actor: row.actor,
        happened_at: row.happened_at,
    };
    Ok(rows.into_iter().map(step).collect())
}

/// How far every prefecture has come that the actor may see.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn progress(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<Progress>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        let lists: BTreeMap<i16, ListRow> = lists::all(conn, &program.id)
            .await?
            .into_iter()
            .map(|row| (row.prefecture, row))
            .collect();
        let extensions = programs::extensions(conn, &program.id).await?;
        let mut all: BTreeMap<i16, Progress> = BTreeMap::new();
        for row in lists::fill(conn, &program.id).await? {
            let list = lists.get(&row.prefecture);
            let extension = extensions.iter().find(|extension| extension.prefecture == row.prefecture);
            let of = all.entry(row.prefecture).or_insert_with(|| Progress {
                prefecture: format!("{:02}", row.prefecture),
                state: list.and_then(|list| known(&list.state).ok()),
                deadline: extension.map_or(program.deadline, |extension| extension.deadline),
                handed_in_at: list.and_then(|list| list.handed_in_at),
                cells: Vec::new(),
            });
            of.cells.push(CellProgress {
                band: row.band,
                quota: row.quota,
                chosen: row.chosen,
            });
        }
        Ok(all.into_values().collect())
    })
    .await
}

/// The programmes in which the asking hospital was chosen, known from acceptance on.
///
/// # Errors
/// The database is away.
pub async fn chosen_programs(state: &State, permit: &Permit<ReadOwnSupport>) -> Result<Vec<ChosenProgram>, AppError> {
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(lists::chosen_programs(conn).await?)
    })
    .await?;
    let chosen = |(program, fiscal_year, title)| ChosenProgram {
        program,
        fiscal_year,
        title,
    };
    Ok(rows.into_iter().map(chosen).collect())
}

/// A word as the tables keep it: the same as in JSON.
fn known<T: DeserializeOwned>(word: &str) -> Result<T, AppError> {
    serde_json::from_value(Value::from(word)).map_err(AppError::internal)
}

fn text(word: impl Serialize) -> Result<String, AppError> {
    match serde_json::to_value(word).map_err(AppError::internal)? {
        Value::String(word) => Ok(word),
        other => Err(AppError::internal(format!("no word: {other}"))),
    }
}
