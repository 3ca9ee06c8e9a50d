//! A first matrix for the flow: every row has its total, and no exchange within a row would improve it under some column multipliers.
//!
//! Such a matrix is optimal for the column sums that it happens to have, whatever the multipliers are. They are searched by scaling the columns in
//! turn (Pukelsheim's alternating scaling, with rough whole numbers) only so that few seats are left for the flow to move.

use super::divisor::fill;
use super::grid::Grid;
use super::problem::Problem;

/// The multiplier of a column at first, and so the fineness of all.
const ONE: u64 = 1 << 20;

/// The largest multiplier: a weight times it times a signpost stays under 2^128.
const MOST: u64 = 1 << 36;

/// Scaling stops here even if it still helps.
const ROUNDS: usize = 60;

/// Scaling stops after so many rounds without help: where it cycles, it does so around a tie, which the flow settles.
const PATIENCE: usize = 5;

pub(super) fn start(problem: &Problem) -> Grid<u64> {
    let mut multipliers = vec![ONE; problem.columns()];
    let mut seats = rows_alone(problem, &multipliers);
    let mut sums = column_sums(&seats);
    let mut best = (distance(&sums, &problem.column_totals), seats.clone());
    let mut patience = PATIENCE;
    for _ in 0..ROUNDS {
        if best.0 == 0 || patience == 0 {
            break;
        }
        for (multiplier, (has, wants)) in multipliers.iter_mut().zip(sums.iter().zip(&problem.column_totals)) {
            *multiplier = (*multiplier * (2 * wants + 1) / (2 * has + 1)).clamp(1, MOST);
        }
        seats = rows_alone(problem, &multipliers);
        sums = column_sums(&seats);
        let off = distance(&sums, &problem.column_totals);
        if off < best.0 {
            best = (off, seats.clone());
            patience = PATIENCE;
        } else {
            patience -= 1;
        }
    }
    best.1
}

/// Each row by the divisor method for itself, with its weights times the multipliers of the columns. Each row begins with another column, because
/// of equal claims the first is served: where many rows tie, all would otherwise fill the same columns, and the flow would have to move it all.
fn rows_alone(problem: &Problem, multipliers: &[u64]) -> Grid<u64> {
    let columns = problem.columns();
    let mut seats = Grid::filled(problem.rows(), columns, 0);
    for (row, total) in problem.row_totals.iter().enumerate() {
        let first = row.checked_rem(columns).unwrap_or(0);
        let turned = |cells: &[u64]| -> Vec<u64> { cells.iter().cycle().skip(first).take(columns).copied().collect() };
        let weights: Vec<u128> = turned(problem.weights.row(row))
            .iter()
            .zip(turned(multipliers))
            .map(|(weight, multiplier)| u128::from(*weight) * u128::from(multiplier))
            .collect();
        let mut filled = fill(
            &weights,
            *total,
            &turned(problem.lower.row(row)),
            &turned(problem.upper.row(row)),
            problem.rounding,
        );
        filled.rotate_right(first);
        seats.set_row(row, &filled);
    }
    seats
}

pub(super) fn column_sums(seats: &Grid<u64>) -> Vec<u64> {
    let mut sums = vec![0; seats.columns()];
    for row in 0..seats.rows() {
        for (sum, seats) in sums.iter_mut().zip(seats.row(row)) {
            *sum += seats;
        }
    }
    sums
}

fn distance(sums: &[u64], totals: &[u64]) -> u64 {
    sums.iter().zip(totals).map(|(sum, total)| sum.abs_diff(*total)).sum()
}
