//! Biproportional apportionment (Balinski and Demange; Pukelsheim): whole numbers that meet the totals of rows and of columns and stay as near as
//! possible to proportionality in both directions.

use serde::{Deserialize, Serialize};

use super::error::QuotaError;
use super::flow::Flow;
use super::multipliers::{Divisor, divisors};
use super::problem::{Problem, Request};
use super::start::start;
use super::ties::settle;

/// A matrix of seats and what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Biproportional {
    /// A list of rows; every row and column sums to its total.
    pub seats: Vec<Vec<u64>>,
    /// One for each row. A cell's weight over the divisors of its row and column, rounded, is its seats, unless a bound keeps it from that.
    pub row_divisors: Vec<Divisor>,
    /// One for each column.
    pub column_divisors: Vec<Divisor>,
    /// The cells, as row and column, row by row, that have one seat more or less in another matrix which is just as good; the order of rows and
    /// columns decided between them. Empty where there is only one best matrix.
    pub tied: Vec<(usize, usize)>,
}

/// Apportions the totals to the cells.
///
/// There are divisors of rows and of columns such that every cell is its weight over both, rounded by the request's rule, or the bound next to that;
/// [`Biproportional`] carries them. Where several matrices are such roundings, the one is taken whose cells, read row by row in the given order, are
/// the greatest at the first difference: the earlier row, and in it the earlier column, gets the seat.
///
/// # Errors
/// [`QuotaError`] if sizes or bounds do not fit, or if no matrix meets all totals and bounds; then it says which rows and columns contradict each
/// other, and by how many seats.
pub fn biproportional(request: &Request<'_>) -> Result<Biproportional, QuotaError> {
    let problem = Problem::new(request)?;
    // Columns are the nodes of the flow, so the shorter side is made the columns.
    let turned = problem.columns() > problem.rows();
    let oriented = if turned { problem.transposed() } else { problem.clone() };
    let mut flow = Flow::new(&oriented, start(&oriented));
    if let Err(barrier) = flow.run() {
        let cut = if turned {
            // The same contradiction from the other side: the columns that nothing reaches ask for too much.
            let unreached: Vec<bool> = barrier.reached.iter().map(|reached| !reached).collect();
            let others: Vec<bool> = barrier.rows.iter().map(|row| !row).collect();
            problem.cut(&unreached, &others)
        } else {
            problem.cut(&barrier.rows, &barrier.reached)
        };
        return Err(QuotaError::Cut(cut));
    }
    let (seats, tied) = settle(&flow, turned);
    let flow = Flow::new(&oriented, seats);
    let (rows, columns) = divisors(&flow, &flow.potentials());
    let seats = if turned { flow.seats.transposed() } else { flow.seats };
    let (row_divisors, column_divisors) = if turned { (columns, rows) } else { (rows, columns) };
    Ok(Biproportional {
        seats: seats.to_rows(),
        row_divisors,
        column_divisors,
        tied,
    })
}
