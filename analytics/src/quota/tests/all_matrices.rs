//! Tiny requests against all matrices that meet them: the least product of signposts over weights, of equal ones the greatest in reading order.

use proptest::prelude::*;

use super::super::exact::compare_products;
use super::super::{QuotaError, Rounding, biproportional, is_optimal};
use super::{Country, rounding};

/// All rows of the total within the bounds.
fn rows(total: u64, bounds: &[(u64, u64)]) -> Vec<Vec<u64>> {
    let Some(((lower, upper), rest)) = bounds.split_first() else {
        return if total == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    (*lower..=total.min(*upper))
        .flat_map(|first| rows(total - first, rest).into_iter().map(move |rest| [vec![first], rest].concat()))
        .collect()
}

fn matrices(country: &Country) -> Vec<Vec<Vec<u64>>> {
    let least = u64::from(country.rounding == Rounding::Up);
    let mut made: Vec<Vec<Vec<u64>>> = vec![Vec::new()];
    for (row, total) in country.row_totals.iter().enumerate() {
        let bounds: Vec<(u64, u64)> = (0..country.column_totals.len())
            .map(|column| {
                let upper = if country.weights[row][column] == 0 {
                    0
                } else {
                    country.upper[row][column]
                };
                (country.lower[row][column].max(least.min(upper)), upper)
            })
            .collect();
        let rows = rows(*total, &bounds);
        made = made
            .iter()
            .flat_map(|before| rows.iter().map(|row| [before.clone(), vec![row.clone()]].concat()))
            .collect();
    }
    made.retain(|matrix| super::sums(matrix).1 == country.column_totals || matrix.is_empty());
    made
}

/// Signposts on one side, weights on the other; the first seat of rounding up costs nothing that could be compared, and all have it.
fn cost(country: &Country, matrix: &[Vec<u64>]) -> (Vec<u64>, Vec<u64>) {
    let (mut over, mut under) = (Vec::new(), Vec::new());
    for (weights, seats) in country.weights.iter().zip(matrix) {
        for (weight, seats) in weights.iter().zip(seats) {
            for seat in 1..=*seats {
                let signpost = country.rounding.signpost(seat);
                if signpost > 0 {
                    over.push(signpost);
                    under.push(*weight);
                }
            }
        }
    }
    (over, under)
}

/// Small weights, so that many are equal; totals of a matrix that is kept possible mostly, and elsewhere not: a cell in ten loses its weight or
/// room after it was counted in the totals.
fn tiny() -> impl Strategy<Value = Country> {
    (1_usize..=3, 1_usize..=3, rounding()).prop_flat_map(|(rows, columns, rounding)| {
        let weight = prop_oneof![6 => Just(1_u64), 2 => 2..4_u64, 1 => 1..30_u64];
        let cell = (weight, 0..3_u64, prop_oneof![4 => Just(9_u64), 1 => 0..3_u64], 0..20_u64);
        proptest::collection::vec(proptest::collection::vec(cell, columns), rows).prop_map(move |cells| {
            let least = u64::from(rounding == Rounding::Up);
            let made = super::map(&cells, |cell| cell.1.max(least));
            let (row_totals, column_totals) = super::sums(&made);
            Country {
                weights: super::map(&cells, |cell| if cell.3 == 0 { 0 } else { cell.0 }),
                row_totals,
                column_totals,
                lower: super::map(&cells, |cell| if cell.3 == 2 { cell.1 } else { 0 }),
                upper: super::map(&cells, |cell| if cell.3 == 1 { 0 } else { cell.1.max(least) + cell.2 }),
                rounding,
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_best_of_all_matrices_is_found_or_none_exists(country in tiny()) {
        let all = matrices(&country);
        let better = |a: &[Vec<u64>], b: &[Vec<u64>]| {
            let (a, b) = (cost(&country, a), cost(&country, b));
            compare_products(a.0.iter().chain(&b.1), b.0.iter().chain(&a.1))
        };
        let best = all.iter().min_by(|a, b| better(a, b).then_with(|| b.cmp(a)));
        match (biproportional(&country.request()), best) {
            (Ok(found), Some(best)) => {
                prop_assert_eq!(&found.seats, best);
                // The tied cells are exactly those in which two best matrices differ.
                let equal: Vec<_> = all.iter().filter(|matrix| better(matrix, best).is_eq()).collect();
                for (row, seats) in best.iter().enumerate() {
                    for (column, seats) in seats.iter().enumerate() {
                        let differs = equal.iter().any(|matrix| matrix[row][column] != *seats);
                        prop_assert_eq!(found.tied.contains(&(row, column)), differs);
                    }
                }
                for matrix in &all {
                    prop_assert_eq!(is_optimal(&country.request(), matrix), better(matrix, best).is_eq());
                }
            }
            (Err(QuotaError::Lines(_) | QuotaError::Cut(_)), None) => {}
            (found, best) => prop_assert!(false, "found {found:?}, best {best:?}"),
        }
    }
}
