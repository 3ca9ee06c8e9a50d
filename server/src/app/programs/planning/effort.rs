//! What a programme takes: of its quotas, of the hospitals chosen, or of all that remain.

use analytics::planning::coverage::{Coverage, Table};
use analytics::planning::workload::{Work, work};
use analytics::program::Effort;
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use survey::band::{Band, Banding};
use survey::prefecture::PrefectureCode;

use super::sheet::{Rows, Sheet, sheet};
use super::terms::{Asked, Terms};
use super::{banding_of, coverage, is_shown, shown};
use crate::app::frames::prefecture_of;
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::db::quotas;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Whose effort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// As many as the quotas in force.
    #[default]
    Quota,
    /// Those on this programme's lists, however far they have come.
    Chosen,
    /// Those with a health record that stand on no list, of this year or an earlier one.
    Remaining,
}

/// Effort as answered.
#[derive(Debug, Serialize)]
pub struct EffortReport {
    /// The programme.
    pub program: String,
    /// Whose.
    pub of: Of,
    /// By what it is counted.
    pub terms: Terms,
    /// By prefecture and band.
    pub cells: Vec<CellWork>,
    /// Sums, with dates.
    #[serde(flatten)]
    pub sheet: Sheet,
}

/// A cell.
#[derive(Debug, Serialize)]
pub struct CellWork {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: &'static str,
    /// What it takes.
    #[serde(flatten)]
    pub work: Work,
}

/// Person-days and calendar of a programme: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `planning_invalid`; or the database is away.
pub async fn read(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    (of, prefecture): (Of, Option<PrefectureCode>),
    asked: &Asked,
) -> Result<EffortReport, AppError> {
    let actor = permit.actor();
    let shown = shown(actor, prefecture)?;
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        let banding = banding_of(&program)?;
        let terms = Terms::of(asked, &program, banding, actor)?;
        let rows = match of {
            Of::Quota => allotted(conn, &program, banding, shown).await?,
            Of::Chosen | Of::Remaining => {
                let table = coverage::table(state, actor, conn, (&program, banding, shown)).await?;
                let number = if of == Of::Chosen {
                    Coverage::chosen
                } else {
                    |cell: &Coverage| cell.ehr.remaining
                };
                counted(&table, shown, number)
            }
        };
        Ok(EffortReport {
            program: program.id,
            of,
            cells: cells(&rows, banding, &terms),
            sheet: sheet(&rows, banding, &terms, 0)?,
            terms,
        })
    })
    .await
}

/// The quotas in force; a cell without one has nothing to do.
async fn allotted(
    conn: &mut AsyncPgConnection,
    program: &ProgramRow,
    banding: Banding,
    shown: Option<PrefectureCode>,
) -> Result<Rows, AppError> {
    let nothing = || vec![0; banding.bands().len()];
    let mut rows: Rows = PrefectureCode::all()
        .filter(|code| is_shown(shown, *code))
        .map(|code| (code, nothing()))
        .collect();
    for quota in quotas::list(conn, &program.id, shown.map(|code| i16::from(code.number()))).await? {
        let prefecture = prefecture_of(quota.prefecture)?;
        let row = rows.iter_mut().find(|(code, _)| *code == prefecture);
        let place = banding.bands().iter().position(|band| band.key == quota.band);
        if let Some(cell) = row.zip(place).and_then(|((_, row), place)| row.get_mut(place)) {
            *cell = u64::try_from(quota.hospitals).map_err(AppError::internal)?;
        }
    }
    Ok(rows)
}

/// A number of each cell shown.
pub(super) fn counted(table: &Table, shown: Option<PrefectureCode>, number: impl Fn(&Coverage) -> u64) -> Rows {
    table
        .rows()
        .filter(|(code, _)| is_shown(shown, *code))
        .map(|(code, cells)| (code, cells.iter().map(&number).collect()))
        .collect()
}

fn cells(rows: &Rows, banding: Banding, terms: &Terms) -> Vec<CellWork> {
    let of_row = |(prefecture, row): &(PrefectureCode, Vec<u64>)| {
        let cell = |((band, hospitals), effort): ((&'static Band, &u64), &Effort)| CellWork {
            prefecture: *prefecture,
            band: band.key,
            work: work(&[*hospitals], std::slice::from_ref(effort)),
        };
        banding.bands().iter().zip(row).zip(&terms.effort).map(cell).collect::<Vec<_>>()
    };
    rows.iter().flat_map(of_row).collect()
}
