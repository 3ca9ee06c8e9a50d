//! Whether a matrix is a biproportional apportionment, found without the solver: straight from the request, over the whole network of rows and
//! columns, and without divisors.

use super::exact::Ratio;
use super::problem::Request;

/// A cell with the bounds that hold for it.
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) weight: u64,
    pub(super) seats: u64,
    pub(super) lower: u64,
    pub(super) upper: u64,
}

/// The cells of a matrix that has the shape of the request.
pub(super) fn cells<'a>(request: &'a Request<'a>, seats: &'a [Vec<u64>]) -> impl Iterator<Item = Cell> + 'a {
    let at = |matrix: Option<&'a [Vec<u64>]>, row: usize, column: usize| matrix?.get(row)?.get(column).copied();
    request
        .weights
        .iter()
        .zip(seats)
        .enumerate()
        .flat_map(move |(row, (weights, seats))| {
            weights.iter().zip(seats).enumerate().map(move |(column, (weight, seats))| {
                let upper = if *weight == 0 {
                    0
                } else {
                    at(request.upper, row, column).unwrap_or(u64::MAX)
                };
                let lower = at(request.lower, row, column).unwrap_or(0).max(request.rounding.least().min(upper));
                Cell {
                    row,
                    column,
                    weight: *weight,
                    seats: *seats,
                    lower,
                    upper,
                }
            })
        })
}

pub(super) fn keeps_totals_and_bounds(request: &Request<'_>, seats: &[Vec<u64>]) -> bool {
    let columns = request.column_totals.len();
    let of_shape = |matrix: &[Vec<u64>]| matrix.len() == request.row_totals.len() && matrix.iter().all(|row| row.len() == columns);
    let sum = |seats: Vec<u64>| seats.into_iter().try_fold(0_u64, u64::checked_add);
    [Some(seats), Some(request.weights), request.lower, request.upper]
        .into_iter()
        .flatten()
        .all(of_shape)
        && seats
            .iter()
            .zip(request.row_totals)
            .all(|(row, total)| sum(row.clone()) == Some(*total))
        && request
            .column_totals
            .iter()
            .enumerate()
            .all(|(column, total)| sum(seats.iter().filter_map(|row| row.get(column)).copied().collect()) == Some(*total))
        && cells(request, seats).all(|cell| cell.lower <= cell.seats && cell.seats <= cell.upper)
}

/// Whether `seats` meets all totals and bounds and no other such matrix is nearer to proportionality in both directions: no seats can be moved
/// around a ring of cells so that the product of signpost over weight of all seats falls. Exact.
///
/// Nodes are rows and columns. A cell that may have one more seat leads from its row to its column at the price of that seat, one that may have one
/// less leads back at one over the price of its last seat. As long as the cheapest ways to all nodes go on falling after as many rounds as there are
/// nodes, some ring is worth going around for ever.
#[must_use]
pub fn is_optimal(request: &Request<'_>, seats: &[Vec<u64>]) -> bool {
    if !keeps_totals_and_bounds(request, seats) {
        return false;
    }
    let rows = request.row_totals.len();
    let mut arcs: Vec<(usize, usize, Ratio)> = Vec::new();
    for cell in cells(request, seats) {
        let column = rows + cell.column;
        if cell.seats < cell.upper {
            arcs.push((
                cell.row,
                column,
                Ratio::of([request.rounding.signpost(cell.seats + 1)], [cell.weight]),
            ));
        }
        if cell.seats > cell.lower {
            arcs.push((column, cell.row, Ratio::of([cell.weight], [request.rounding.signpost(cell.seats)])));
        }
    }
    let mut costs = vec![Ratio::default(); rows + request.column_totals.len()];
    for _ in 0..costs.len() {
        let mut fallen = false;
        for (from, to, price) in &arcs {
            let (Some(before), Some(known)) = (costs.get(*from), costs.get(*to)) else {
                continue;
            };
            if before.compare_times(price, known).is_lt() {
                let cost = before.times(price);
                if let Some(known) = costs.get_mut(*to) {
                    *known = cost;
                }
                fallen = true;
            }
        }
        if !fallen {
            return true;
        }
    }
    costs.is_empty()
}
