//! A plan over years: each year's total is given to the cells by what remains in them, and what was given is gone in the years after it.

use serde::Serialize;

/// The most years of a plan.
pub const MOST_YEARS: usize = 20;

/// Numbers of cells: a list of rows.
pub type Matrix = Vec<Vec<u64>>;

/// What a plan begins with: matrices of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Hospitals that stand on the first year's lists already; they are part of its total.
    pub chosen: Matrix,
    /// Hospitals with a health record that stand on none.
    pub remaining: Matrix,
}

/// One year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Year {
    /// The total that was given for it.
    pub asked: u64,
    /// What its cells have: the total, or all that remained if that is less.
    pub planned: u64,
    /// The hospitals of each cell.
    pub cells: Matrix,
    /// What remains of each cell afterwards.
    pub remaining: Matrix,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError<E> {
    /// More are chosen already than the first year has.
    ChosenAlready {
        /// The first year's total.
        asked: u64,
        /// How many are chosen.
        chosen: u64,
    },
    /// A year could not be apportioned.
    Apportion {
        /// Which, from 0.
        year: usize,
        /// Why.
        error: E,
    },
}

/// Plans a year for each total. `apportion` gives a total to cells: in proportion to weights, which are also the most of each cell, and at least so many.
///
/// # Errors
/// [`PlanError`].
pub fn plan<E>(
    start: &Start,
    totals: &[u64],
    apportion: impl Fn(&Matrix, &Matrix, u64) -> Result<Matrix, E>,
) -> Result<Vec<Year>, PlanError<E>> {
    // Whoever is chosen already is open in the first year too, so that a cell which was quick to choose does not get its share twice.
    let mut open = of_both(&start.chosen, &start.remaining, u64::saturating_add);
    let mut least = start.chosen.clone();
    let mut years = Vec::with_capacity(totals.len());
    for (year, asked) in totals.iter().enumerate() {
        let (room, chosen) = (sum(&open), sum(&least));
        if *asked < chosen {
            return Err(PlanError::ChosenAlready { asked: *asked, chosen });
        }
        let planned = room.min(*asked);
        let cells = apportion(&open, &least, planned).map_err(|error| PlanError::Apportion { year, error })?;
        open = of_both(&open, &cells, u64::saturating_sub);
        least = of_both(&least, &least, |_, _| 0);
        years.push(Year {
            asked: *asked,
            planned,
            remaining: open.clone(),
            cells,
        });
    }
    Ok(years)
}

/// The sum of all cells.
pub fn sum(matrix: &Matrix) -> u64 {
    matrix.iter().flatten().fold(0, |sum, number| sum.saturating_add(*number))
}

fn of_both(one: &Matrix, other: &Matrix, of: impl Fn(u64, u64) -> u64) -> Matrix {
    let row = |(one, other): (&Vec<u64>, &Vec<u64>)| one.iter().zip(other).map(|(one, other)| of(*one, *other)).collect();
    one.iter().zip(other).map(row).collect()
}
