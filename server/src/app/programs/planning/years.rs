//! A plan over years, made for the nation: each year's total is given to cells by what remains in them, until nothing does.

use analytics::planning::coverage::Coverage;
use analytics::planning::years::{self, MOST_YEARS, Matrix, PlanError, Start, Year, sum};
use analytics::quota::{MAX_SEATS, Rounding};
use serde::Serialize;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::effort::counted;
use super::sheet::{Rows, Sheet, sheet};
use super::terms::{Asked, Terms};
use super::{banding_of, coverage, invalid, is_shown, shown};
use crate::app::programs::quotas::proposal::{Method, apportioned};
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// What is planned.
#[derive(Debug, Clone)]
pub struct Question {
    /// Hospitals of the nation for each year from the programme's on: `2000,2000`.
    pub totals: String,
    /// How a year's total is given to cells.
    pub method: Method,
    /// Whose rows are shown; `None`: all that the asker may see.
    pub prefecture: Option<PrefectureCode>,
}

/// A plan as answered.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// The programme.
    pub program: String,
    /// How totals were given to cells.
    pub method: Method,
    /// By what work is counted.
    pub terms: Terms,
    /// With a health record and not supported in an earlier year, chosen now or not; with nominated ones that are chosen. Of the rows shown.
    pub open: u64,
    /// Of whom nobody knows whether they have a health record, on no list: no year plans for them. Of the rows shown.
    pub unknown: u64,
    /// One after the other.
    pub years: Vec<YearReport>,
    /// With a health record and planned for in no year, of the rows shown.
    pub uncovered: u64,
}

/// A year of a plan.
#[derive(Debug, Serialize)]
pub struct YearReport {
    /// Western year.
    pub fiscal_year: i32,
    /// The nation's total that was asked for.
    pub asked: u64,
    /// By how many that is more than what remained; only for who sees the nation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond_remaining: Option<u64>,
    /// By prefecture and band.
    pub cells: Vec<CellPlan>,
    /// With a health record and not yet planned for after this year, of the rows shown.
    pub remaining: u64,
    /// What the year takes.
    #[serde(flatten)]
    pub sheet: Sheet,
}

/// A cell in a year.
#[derive(Debug, Serialize)]
pub struct CellPlan {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: &'static str,
    /// Hospitals of this year.
    pub hospitals: u64,
    /// What remains afterwards.
    pub remaining: u64,
}

/// Plans from the programme's year on. The plan is the nation's, whoever asks; a prefecture sees its own rows of it.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `planning_invalid`; `quota_infeasible` where a year's total cannot be given out; or the database is away.
pub async fn read(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    question: &Question,
    asked: &Asked,
) -> Result<PlanReport, AppError> {
    let actor = permit.actor();
    let shown = shown(actor, question.prefecture)?;
    let totals = totals_of(&question.totals)?;
    // What remains in other prefectures decides what a prefecture has; only its own rows leave this function.
    let system = Actor::system();
    let (program, table) = as_actor(&state.pool, &system, Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        let table = coverage::table(state, &system, conn, (&program, banding_of(&program)?, None)).await?;
        Ok((program, table))
    })
    .await?;
    let banding = banding_of(&program)?;
    let terms = Terms::of(asked, &program, banding, actor)?;
    let all = |number: fn(&Coverage) -> u64| counted(&table, None, number).into_iter().map(|(_, row)| row).collect::<Matrix>();
    let start = Start {
        chosen: all(Coverage::chosen),
        remaining: all(|cell| cell.ehr.remaining),
    };
    let give =
        |weights: &Matrix, least: &Matrix, total: u64| apportioned(banding, question.method, Rounding::Standard, (weights, least), total);
    let planned = years::plan(&start, &totals, give).map_err(refused)?;
    let visible = |matrix: &Matrix| -> Rows {
        let rows = PrefectureCode::all().zip(matrix.iter().cloned());
        rows.filter(|(code, _)| is_shown(shown, *code)).collect()
    };
    let sees_nation = !matches!(actor.role(), Role::Prefecture(_));
    let mut reports = Vec::with_capacity(planned.len());
    for (place, year) in (0_u32..).zip(&planned) {
        let (hospitals, remaining) = (visible(&year.cells), visible(&year.remaining));
        reports.push(YearReport {
            fiscal_year: program.fiscal_year.saturating_add_unsigned(place),
            asked: year.asked,
            beyond_remaining: sees_nation.then(|| year.asked.saturating_sub(year.planned)),
            cells: cells(banding, &hospitals, &remaining),
            remaining: of(&remaining),
            sheet: sheet(&hospitals, banding, &terms, place)?,
        });
    }
    let now = |number: fn(&Coverage) -> u64| of(&counted(&table, shown, number));
    Ok(PlanReport {
        program: program.id,
        method: question.method,
        open: now(|cell| cell.chosen().saturating_add(cell.ehr.remaining)),
        unknown: now(Coverage::unknown),
        uncovered: planned.last().map_or(0, |year: &Year| of(&visible(&year.remaining))),
        years: reports,
        terms,
    })
}

fn of(rows: &Rows) -> u64 {
    rows.iter().map(|(_, row)| sum(&vec![row.clone()])).sum()
}

fn cells(banding: Banding, hospitals: &Rows, remaining: &Rows) -> Vec<CellPlan> {
    let mut cells = Vec::new();
    for ((prefecture, row), (_, after)) in hospitals.iter().zip(remaining) {
        for (band, (hospitals, remaining)) in banding.bands().iter().zip(row.iter().zip(after)) {
            cells.push(CellPlan {
                prefecture: *prefecture,
                band: band.key,
                hospitals: *hospitals,
                remaining: *remaining,
            });
        }
    }
    cells
}

fn totals_of(text: &str) -> Result<Vec<u64>, AppError> {
    let wrong = || {
        invalid(format!(
            "年度ごとの病院数には、初年度からの各年度の病院数を「2000,2000」のように「,」で区切って、1年度から{MOST_YEARS}年度まで指定してください。各年度は{MAX_SEATS}以下です。"
        ))
        .at("totals")
    };
    let number = |part: &str| part.trim().parse::<u64>().ok().filter(|total| *total <= MAX_SEATS);
    let totals = text.split(',').map(number).collect::<Option<Vec<u64>>>().ok_or_else(wrong)?;
    if totals.len() <= MOST_YEARS { Ok(totals) } else { Err(wrong()) }
}

fn refused(error: PlanError<AppError>) -> AppError {
    match error {
        PlanError::ChosenAlready { asked, chosen } => invalid(format!(
            "初年度の総数は{asked}ですが、既に{chosen}病院が選定リストにあります。初年度の総数を{chosen}以上にしてください。"
        ))
        .at("totals"),
        // Of a year, all of which come in one field.
        PlanError::Apportion { error, .. } => error.at("totals"),
    }
}
