//! A request for a biproportional apportionment, and the same checked, with the bounds that hold for each cell.

use super::error::{Cut, Line, LineFault, QuotaError};
use super::grid::Grid;
use super::limits::{MAX_SEATS, sum};
use super::rounding::Rounding;

/// The most cells of a matrix.
pub const MAX_CELLS: usize = 1_000_000;

/// The most that the fewer of rows and columns may be: the time grows with its third power.
pub const MAX_SMALLER_SIDE: usize = 200;

/// What a biproportional apportionment is asked of. Matrices are lists of rows.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What each cell's seats shall be proportional to; a cell of weight 0 gets none.
    pub weights: &'a [Vec<u64>],
    /// The seats of each row; they say how many rows there are.
    pub row_totals: &'a [u64],
    /// The seats of each column; they say how many columns there are.
    pub column_totals: &'a [u64],
    /// The least seats of each cell; `None` is 0.
    pub lower: Option<&'a [Vec<u64>]>,
    /// The most seats of each cell, such as its candidates; `None` is no limit.
    pub upper: Option<&'a [Vec<u64>]>,
    /// How quotients become whole.
    pub rounding: Rounding,
}

/// A request whose sizes and bounds fit and of which every row and column could have its total if it were alone.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) weights: Grid<u64>,
    pub(super) lower: Grid<u64>,
    /// Never more than one over all seats: that one can never be given, but a cell without a real limit is never full.
    pub(super) upper: Grid<u64>,
    pub(super) row_totals: Vec<u64>,
    pub(super) column_totals: Vec<u64>,
    pub(super) rounding: Rounding,
}

impl Problem {
    pub(super) fn new(request: &Request<'_>) -> Result<Self, QuotaError> {
        let (rows, columns) = (request.row_totals.len(), request.column_totals.len());
        if rows.saturating_mul(columns) > MAX_CELLS || rows.min(columns) > MAX_SMALLER_SIDE {
            return Err(QuotaError::TooLarge { rows, columns });
        }
        let grid = |what: &'static str, cells: &[Vec<u64>]| {
            Grid::from_rows(cells, columns)
                .filter(|_| cells.len() == rows)
                .ok_or(QuotaError::Shape { what, rows, columns })
        };
        let weights = grid("weights", request.weights)?;
        let lower = request
            .lower
            .map(|lower| grid("lower", lower))
            .transpose()?
            .unwrap_or_else(|| Grid::filled(rows, columns, 0));
        let upper = request
            .upper
            .map(|upper| grid("upper", upper))
            .transpose()?
            .unwrap_or_else(|| Grid::filled(rows, columns, u64::MAX));
        let seats = total_of(request)?;
        let mut problem = Self {
            weights,
            lower,
            upper,
            row_totals: request.row_totals.to_vec(),
            column_totals: request.column_totals.to_vec(),
            rounding: request.rounding,
        };
        problem.settle_bounds()?;
        problem.check_lines()?;
        for row in 0..rows {
            for column in 0..columns {
                problem.upper.set(row, column, problem.upper.at(row, column).min(seats + 1));
            }
        }
        Ok(problem)
    }

    /// A cell without weight holds nothing, and rounding up gives every other at least one.
    fn settle_bounds(&mut self) -> Result<(), QuotaError> {
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                let upper = if self.weights.at(row, column) == 0 {
                    0
                } else {
                    self.upper.at(row, column)
                };
                let lower = self.lower.at(row, column);
                if lower > upper {
                    return Err(QuotaError::BoundsCross { row, column, lower, upper });
                }
                self.upper.set(row, column, upper);
                self.lower.set(row, column, lower.max(self.rounding.least().min(upper)));
            }
        }
        Ok(())
    }

    fn check_lines(&self) -> Result<(), QuotaError> {
        let faults: Vec<LineFault> = faults(&self.row_totals, &self.lower, &self.upper, Line::Row)
            .chain(faults(
                &self.column_totals,
                &self.lower.transposed(),
                &self.upper.transposed(),
                Line::Column,
            ))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(QuotaError::Lines(faults))
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.row_totals.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.column_totals.len()
    }

    pub(super) fn transposed(&self) -> Self {
        Self {
            weights: self.weights.transposed(),
            lower: self.lower.transposed(),
            upper: self.upper.transposed(),
            row_totals: self.column_totals.clone(),
            column_totals: self.row_totals.clone(),
            rounding: self.rounding,
        }
    }

    /// The numbers of a cut between rows and columns that are marked.
    pub(super) fn cut(&self, in_rows: &[bool], in_columns: &[bool]) -> Cut {
        let marked = |marks: &[bool]| -> Vec<usize> { (0..marks.len()).filter(|place| marks.get(*place) == Some(&true)).collect() };
        let (rows, columns) = (marked(in_rows), marked(in_columns));
        let of = |totals: &[u64], places: &[usize]| places.iter().filter_map(|place| totals.get(*place)).sum();
        let is = |marks: &[bool], place: usize| marks.get(place) == Some(&true);
        let (mut kept_for_others, mut caps_elsewhere) = (0_u64, 0_u64);
        for row in 0..self.rows() {
            for column in 0..self.columns() {
                match (is(in_rows, row), is(in_columns, column)) {
                    (false, true) => kept_for_others += self.lower.at(row, column),
                    (true, false) => caps_elsewhere = caps_elsewhere.saturating_add(self.upper.at(row, column)),
                    _ => {}
                }
            }
        }
        let (asked, in_columns) = (of(&self.row_totals, &rows), of(&self.column_totals, &columns));
        Cut {
            rows,
            columns,
            asked,
            in_columns,
            kept_for_others,
            caps_elsewhere,
        }
    }
}

/// The sum of the totals, the same for rows and columns.
fn total_of(request: &Request<'_>) -> Result<u64, QuotaError> {
    let (rows, columns) = (sum(request.row_totals), sum(request.column_totals));
    if rows.max(columns) > MAX_SEATS {
        return Err(QuotaError::Seats {
            seats: rows.max(columns),
            most: MAX_SEATS,
        });
    }
    if rows == columns {
        Ok(rows)
    } else {
        Err(QuotaError::TotalsDiffer { rows, columns })
    }
}

fn faults<'a>(
    totals: &'a [u64],
    lower: &Grid<u64>,
    upper: &Grid<u64>,
    line: fn(usize) -> Line,
) -> impl Iterator<Item = LineFault> + use<'a> {
    let sums: Vec<(u64, u64)> = (0..totals.len())
        .map(|place| (sum(lower.row(place)), sum(upper.row(place))))
        .collect();
    totals
        .iter()
        .zip(sums)
        .enumerate()
        .map(move |(place, (total, (least, most)))| LineFault {
            line: line(place),
            total: *total,
            least,
            most,
        })
        .filter(|fault| fault.total < fault.least || fault.total > fault.most)
}
