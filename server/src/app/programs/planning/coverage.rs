//! Coverage per cell, prefecture, band and nation.

use std::collections::BTreeMap;
use std::sync::Arc;

use analytics::planning::coverage::{Coverage, Hospital, Table, sum};
use analytics::selection::list::ListState;
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::Value;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::kept::Key;
use super::{banding_of, is_shown, shown};
use crate::app::programs::candidates::of_rows;
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::coverage::chosen;
use crate::db::programs::ProgramRow;
use crate::db::snapshots;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Coverage as answered: of the cells that the asker may see, or of the prefecture that was asked for.
#[derive(Debug, Serialize)]
pub struct CoverageReport {
    /// The programme.
    pub program: String,
    /// Western year.
    pub fiscal_year: i32,
    /// By prefecture and band.
    pub cells: Vec<CellCoverage>,
    /// Sums of prefectures.
    pub prefectures: Vec<LineCoverage>,
    /// Sums of bands.
    pub bands: Vec<LineCoverage>,
    /// The sum of all cells shown.
    pub total: Coverage,
    /// Under 20 beds: clinics, in no cell.
    pub under_20_beds: u64,
}

/// A cell.
#[derive(Debug, Serialize)]
pub struct CellCoverage {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: &'static str,
    /// Its hospitals.
    #[serde(flatten)]
    pub coverage: Coverage,
}

/// A prefecture or a band.
#[derive(Debug, Serialize)]
pub struct LineCoverage {
    /// Two digits, or key of the band.
    pub key: String,
    /// In Japanese.
    pub name: &'static str,
    /// Its hospitals.
    #[serde(flatten)]
    pub coverage: Coverage,
}

/// Counts the hospitals that a programme froze: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn read(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: Option<PrefectureCode>,
) -> Result<CoverageReport, AppError> {
    let shown = shown(permit.actor(), prefecture)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        let banding = banding_of(&program)?;
        let table = table(state, permit.actor(), conn, (&program, banding, shown)).await?;
        Ok(report(program, banding, &table, shown))
    })
    .await
}

/// The coverage of all cells, with the hospitals of one prefecture or of all that the actor may see. For a transaction that sees one moment
/// ([`Mode::Snapshot`]).
pub(super) async fn table(
    state: &State,
    actor: &Actor,
    conn: &mut AsyncPgConnection,
    (program, banding, prefecture): (&ProgramRow, Banding, Option<PrefectureCode>),
) -> Result<Arc<Table>, AppError> {
    let number = prefecture.map(|code| i16::from(code.number()));
    let key = Key::now(conn, actor, program, number).await?;
    state.shared.coverages.table(key, count(conn, program, banding, number)).await
}

async fn count(conn: &mut AsyncPgConnection, program: &ProgramRow, banding: Banding, number: Option<i16>) -> Result<Table, AppError> {
    let mut states = BTreeMap::new();
    for row in chosen(conn, &program.id, number).await? {
        let state: ListState = serde_json::from_value(Value::String(row.state)).map_err(AppError::internal)?;
        states.insert(row.gmis_id, state);
    }
    let rows = snapshots::answered(conn, &program.id, &program.surveys, number).await?;
    let hospitals: Vec<Hospital> = of_rows(program, rows)?
        .into_iter()
        .map(|record| {
            let chosen = states.get(&record.gmis).copied();
            Hospital::of(record, banding, chosen)
        })
        .collect();
    Ok(Table::of(&hospitals, banding))
}

fn report(program: ProgramRow, banding: Banding, table: &Table, shown: Option<PrefectureCode>) -> CoverageReport {
    let rows: Vec<(PrefectureCode, &[Coverage])> = table.rows().filter(|(code, _)| is_shown(shown, *code)).collect();
    let cells = rows.iter().flat_map(|(prefecture, cells)| {
        banding.bands().iter().zip(cells.iter()).map(|(band, coverage)| CellCoverage {
            prefecture: *prefecture,
            band: band.key,
            coverage: *coverage,
        })
    });
    let prefectures = rows.iter().map(|(prefecture, cells)| LineCoverage {
        key: prefecture.code(),
        name: prefecture.name(),
        coverage: sum(cells.iter()),
    });
    let bands = banding.bands().iter().enumerate().map(|(place, band)| LineCoverage {
        key: band.key.to_owned(),
        name: band.label,
        coverage: sum(rows.iter().filter_map(|(_, cells)| cells.get(place))),
    });
    CoverageReport {
        cells: cells.collect(),
        prefectures: prefectures.collect(),
        bands: bands.collect(),
        total: sum(rows.iter().flat_map(|(_, cells)| cells.iter())),
        under_20_beds: table.under_20_beds,
        program: program.id,
        fiscal_year: program.fiscal_year,
    }
}
