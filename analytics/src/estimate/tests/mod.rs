//! Tests of the estimates: the merging rule, exact enumeration of all samples of small populations, and what R's `survey` says.

mod change;
mod designs;
mod enumeration;
mod intervals;
mod microdata;
mod panels;
mod questions;
mod reference;

use super::{Cell, real};
use std::collections::BTreeMap;

/// Within a billionth of the larger of the two: what two programs that reckon in double precision must agree on.
fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// Counts by cell from a list.
fn counts(list: &[(Cell, u64)]) -> BTreeMap<Cell, u64> {
    list.iter().copied().collect()
}

/// How many, as a count.
fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

/// How many, as a number to reckon with.
fn many(count: usize) -> f64 {
    real(number(count))
}

/// Every choice of `size` places out of `of`, each ascending.
fn choices(of: usize, size: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..size {
        all = all
            .into_iter()
            .flat_map(|chosen: Vec<usize>| {
                let first = chosen.last().map_or(0, |last| last + 1);
                (first..of)
                    .map(move |next| [chosen.as_slice(), &[next]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}
