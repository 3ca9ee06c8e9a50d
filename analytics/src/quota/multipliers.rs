//! The divisors of rows and columns: with them everybody can check a biproportional apportionment cell by cell.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::exact::{Ratio, compare_products};
use super::flow::Flow;
use super::problem::Request;

/// An exact positive divisor: the product of `over` over the product of `under`, by common factors shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divisor {
    /// Factors of the numerator; none means 1.
    pub over: Vec<u64>,
    /// Factors of the denominator; none means 1.
    pub under: Vec<u64>,
}

impl Divisor {
    fn new(over: &[u64], under: &[u64]) -> Self {
        let (mut over, mut under) = (over.to_vec(), under.to_vec());
        for above in &mut over {
            for below in &mut under {
                let common = greatest_common(*above, *below);
                *above /= common;
                *below /= common;
            }
        }
        over.retain(|factor| *factor != 1);
        under.retain(|factor| *factor != 1);
        Self { over, under }
    }

    /// The divisor as a number to show; nothing is decided with it.
    #[must_use]
    pub fn approximate(&self) -> f64 {
        let logs = |factors: &[u64]| factors.iter().map(|factor| as_float(*factor).ln()).sum::<f64>();
        (logs(&self.over) - logs(&self.under)).exp()
    }
}

fn greatest_common(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// There is no lossless way from 64 bits to a float, and the two halves are exact.
fn as_float(number: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    half(number >> 32) * 4_294_967_296.0 + half(number & 0xffff_ffff)
}

/// The divisors of an optimal flow, rows first. A column's is one over its potential; a row's may lie anywhere between what the dearest of its last
/// and the cheapest of its next seats say, and is the upper end of that.
pub(super) fn divisors(flow: &Flow<'_>, potentials: &[Ratio]) -> (Vec<Divisor>, Vec<Divisor>) {
    let denominator = flow.problem.rounding.denominator();
    let rows = (0..flow.problem.rows())
        .map(|row| {
            let (dearest, cheapest) = price_range(flow, potentials, row);
            dearest.or(cheapest).map_or_else(Divisor::default, |price| {
                let over: Vec<u64> = price.under.iter().copied().chain([denominator]).collect();
                Divisor::new(&over, &price.over)
            })
        })
        .collect();
    let columns = potentials
        .iter()
        .map(|potential| Divisor::new(&potential.under, &potential.over))
        .collect();
    (rows, columns)
}

/// The dearest last seat and the cheapest next seat of a row; in an optimal flow the first is not dearer than the second.
pub(super) fn price_range(flow: &Flow<'_>, potentials: &[Ratio], row: usize) -> (Option<Ratio>, Option<Ratio>) {
    let columns = || potentials.iter().enumerate();
    let dearest = columns()
        .filter_map(|(column, potential)| flow.last_price(row, column, potential))
        .max_by(Ratio::compare);
    let cheapest = columns()
        .filter_map(|(column, potential)| flow.next_price(row, column, potential))
        .min_by(Ratio::compare);
    (dearest, cheapest)
}

/// Whether the divisors prove that `seats` is the biproportional apportionment asked for: the totals are met, the bounds kept, and every cell is its
/// weight over both its divisors, rounded, or the bound next to that. Exact, and in one pass over the cells.
#[must_use]
pub fn divisors_prove(request: &Request<'_>, seats: &[Vec<u64>], rows: &[Divisor], columns: &[Divisor]) -> bool {
    if !super::check::keeps_totals_and_bounds(request, seats) || rows.len() != seats.len() || columns.len() != request.column_totals.len() {
        return false;
    }
    let positive = rows
        .iter()
        .chain(columns)
        .all(|divisor| divisor.over.iter().chain(&divisor.under).all(|factor| *factor > 0));
    positive
        && super::check::cells(request, seats).all(|cell| {
            let (Some(row), Some(column)) = (rows.get(cell.row), columns.get(cell.column)) else {
                return false;
            };
            // How the weight compares to a signpost times both divisors.
            let compared = |signpost: u64| -> Ordering {
                let weight = [request.rounding.denominator(), cell.weight];
                compare_products(
                    weight.iter().chain(&row.under).chain(&column.under),
                    [signpost].iter().chain(&row.over).chain(&column.over),
                )
            };
            let not_less = cell.seats == cell.lower || compared(request.rounding.signpost(cell.seats)).is_ge();
            let not_more = cell.seats == cell.upper || compared(request.rounding.signpost(cell.seats.saturating_add(1))).is_le();
            not_less && not_more
        })
}
