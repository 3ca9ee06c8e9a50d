//! Quotas: examples of the literature, all small matrices by brute force, and random countries.

mod all_matrices;
mod countries;
mod infeasible;
mod lists;
mod literature;
mod numbers;

use proptest::prelude::*;

use super::{Request, Rounding};

/// A request with what it borrows.
#[derive(Clone, Debug)]
struct Country {
    weights: Vec<Vec<u64>>,
    row_totals: Vec<u64>,
    column_totals: Vec<u64>,
    lower: Vec<Vec<u64>>,
    upper: Vec<Vec<u64>>,
    rounding: Rounding,
}

impl Country {
    /// Without bounds and with the totals of `like`.
    fn unbounded(weights: Vec<Vec<u64>>, like: &[Vec<u64>]) -> Self {
        let lower = weights.iter().map(|row| vec![0; row.len()]).collect();
        let upper = weights.iter().map(|row| vec![u64::MAX; row.len()]).collect();
        let (row_totals, column_totals) = sums(like);
        Self {
            weights,
            row_totals,
            column_totals,
            lower,
            upper,
            rounding: Rounding::Standard,
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            weights: &self.weights,
            row_totals: &self.row_totals,
            column_totals: &self.column_totals,
            lower: Some(&self.lower),
            upper: Some(&self.upper),
            rounding: self.rounding,
        }
    }

    fn transposed(&self) -> Self {
        Self {
            weights: transposed(&self.weights),
            row_totals: self.column_totals.clone(),
            column_totals: self.row_totals.clone(),
            lower: transposed(&self.lower),
            upper: transposed(&self.upper),
            rounding: self.rounding,
        }
    }

    fn reversed(&self) -> Self {
        Self {
            weights: reversed(&self.weights),
            row_totals: self.row_totals.iter().rev().copied().collect(),
            column_totals: self.column_totals.iter().rev().copied().collect(),
            lower: reversed(&self.lower),
            upper: reversed(&self.upper),
            rounding: self.rounding,
        }
    }
}

fn sums(matrix: &[Vec<u64>]) -> (Vec<u64>, Vec<u64>) {
    (
        matrix.iter().map(|row| row.iter().sum()).collect(),
        transposed(matrix).iter().map(|column| column.iter().sum()).collect(),
    )
}

fn transposed(matrix: &[Vec<u64>]) -> Vec<Vec<u64>> {
    (0..matrix.first().map_or(0, Vec::len))
        .map(|column| matrix.iter().map(|row| row[column]).collect())
        .collect()
}

fn reversed(matrix: &[Vec<u64>]) -> Vec<Vec<u64>> {
    matrix.iter().rev().map(|row| row.iter().rev().copied().collect()).collect()
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![4 => Just(Rounding::Standard), 1 => Just(Rounding::Up), 1 => Just(Rounding::Down)]
}

/// Weights with zeros, with small ones that tie, and with large ones that need more than 128 bits in products.
fn weight() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0_u64), 4 => 1_u64..5, 4 => 1_u64..300, 1 => Just(u64::MAX), 1 => 1_u64..u64::MAX]
}

/// A country of up to `rows` x `columns` in which some matrix meets all totals and bounds: one is made first, and the totals and bounds around it.
fn feasible(rows: usize, columns: usize, most: u64) -> impl Strategy<Value = Country> {
    (1..=rows, 1..=columns, rounding()).prop_flat_map(move |(rows, columns, rounding)| {
        let cell = (weight(), 0..=most, 0..=most, prop_oneof![Just(0), 0..=most, Just(u64::MAX)]);
        proptest::collection::vec(proptest::collection::vec(cell, columns), rows).prop_map(move |cells| {
            let least = if rounding == Rounding::Up { 1 } else { 0 };
            let seats = |weight: u64, seats: u64| if weight == 0 { 0 } else { seats.max(least) };
            let made = map(&cells, |(weight, made, _, _)| seats(*weight, *made));
            let (row_totals, column_totals) = sums(&made);
            Country {
                weights: map(&cells, |cell| cell.0),
                row_totals,
                column_totals,
                lower: map(&cells, |(weight, made, less, _)| seats(*weight, *made).saturating_sub(*less)),
                upper: map(&cells, |(weight, made, _, more)| seats(*weight, *made).saturating_add(*more)),
                rounding,
            }
        })
    })
}

fn map<T>(matrix: &[Vec<T>], value: impl Fn(&T) -> u64) -> Vec<Vec<u64>> {
    matrix.iter().map(|row| row.iter().map(&value).collect()).collect()
}
