//! Random countries: totals, bounds, both proofs of optimality, and what biproportionality means.

use proptest::prelude::*;

use super::super::{Rounding, biproportional, divisors_prove, is_optimal};
use super::{Country, feasible, reversed, sums, transposed};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn totals_and_bounds_are_met_and_both_proofs_hold(country in feasible(12, 6, 9)) {
        let found = biproportional(&country.request()).expect("made to be feasible");
        prop_assert_eq!(sums(&found.seats), (country.row_totals.clone(), country.column_totals.clone()));
        for (row, seats) in found.seats.iter().enumerate() {
            for (column, seats) in seats.iter().enumerate() {
                prop_assert!(country.lower[row][column] <= *seats && *seats <= country.upper[row][column]);
                prop_assert!(country.weights[row][column] > 0 || *seats == 0);
            }
        }
        prop_assert!(is_optimal(&country.request(), &found.seats));
        prop_assert!(divisors_prove(&country.request(), &found.seats, &found.row_divisors, &found.column_divisors));
    }

    #[test]
    fn turning_the_matrix_turns_the_result(country in feasible(7, 7, 6)) {
        let found = biproportional(&country.request()).expect("feasible");
        let turned = biproportional(&country.transposed().request()).expect("feasible");
        if found.tied.is_empty() {
            prop_assert_eq!(transposed(&turned.seats), found.seats);
        } else {
            prop_assert!(is_optimal(&country.request(), &transposed(&turned.seats)));
            let mut tied: Vec<_> = turned.tied.iter().map(|(row, column)| (*column, *row)).collect();
            tied.sort_unstable();
            prop_assert_eq!(tied, found.tied);
        }
    }

    #[test]
    fn another_order_changes_nothing_but_ties(country in feasible(8, 5, 6)) {
        let found = biproportional(&country.request()).expect("feasible");
        let other = biproportional(&country.reversed().request()).expect("feasible");
        let back = reversed(&other.seats);
        for (row, seats) in found.seats.iter().enumerate() {
            for (column, seats) in seats.iter().enumerate() {
                prop_assert!(*seats == back[row][column] || found.tied.contains(&(row, column)));
            }
        }
        prop_assert!(is_optimal(&country.request(), &back));
    }

    #[test]
    fn only_proportions_within_rows_and_columns_count(
        country in feasible(8, 5, 6),
        rows in proptest::collection::vec(1_u64..40, 8),
        columns in proptest::collection::vec(1_u64..40, 5),
    ) {
        let mut country = country;
        country.weights = super::map(&country.weights, |weight| weight % 1_000_000);
        let weightless = country.weights.iter().flatten().zip(country.lower.iter().flatten()).any(|(weight, lower)| *weight == 0 && *lower > 0);
        prop_assume!(!weightless);
        let mut scaled = country.clone();
        for (row, weights) in scaled.weights.iter_mut().enumerate() {
            for (column, weight) in weights.iter_mut().enumerate() {
                *weight *= rows[row] * columns[column];
            }
        }
        match (biproportional(&country.request()), biproportional(&scaled.request())) {
            (Ok(found), Ok(scaled)) => prop_assert_eq!((found.seats, found.tied), (scaled.seats, scaled.tied)),
            (found, scaled) => prop_assert_eq!(found.err(), scaled.err()),
        }
    }

    #[test]
    fn a_wrong_matrix_has_no_proof(country in feasible(5, 4, 9), row in 0_usize..5, column in 0_usize..4) {
        let found = biproportional(&country.request()).expect("feasible");
        let (rows, columns) = (found.seats.len(), found.seats[0].len());
        if rows < 2 || columns < 2 {
            return Ok(());
        }
        let (row, column) = (row % rows, column % columns);
        let (other_row, other_column) = ((row + 1) % rows, (column + 1) % columns);
        let mut moved = found.seats.clone();
if moved[row][other_column] == 0 || moved[other_row][column] == 0 {
            return Ok(());
        }
        moved[row][column] += 1;
        moved[row][other_column] -= 1;
        moved[other_row][column] -= 1;
        moved[other_row][other_column] += 1;
        let proved = divisors_prove(&country.request(), &moved, &found.row_divisors, &found.column_divisors);
        // Two proofs made differently agree: under divisors of an optimum exactly the optima are roundings.
        prop_assert_eq!(proved, is_optimal(&country.request(), &moved));
    }
}

/// The size of the country, 47 x 3 and about 2,000 seats, capped by candidates, with weights that tie.
#[test]
fn forty_seven_prefectures_and_three_bands_are_apportioned() {
    let weights: Vec<Vec<u64>> = (0..47_u64)
        .map(|row| vec![40 + row * 7 % 90, 15 + row * 5 % 30, 3 + row % 6])
        .collect();
    let like: Vec<Vec<u64>> = weights
        .iter()
        .map(|row| row.iter().map(|weight| weight / 3 + weight % 2).collect())
        .collect();
    let mut country = Country::unbounded(weights.clone(), &like);
    country.upper = weights;
    country.rounding = Rounding::Standard;
    let found = biproportional(&country.request()).expect("feasible");
    assert_eq!(sums(&found.seats), (country.row_totals.clone(), country.column_totals.clone()));
    assert!(divisors_prove(
        &country.request(),
        &found.seats,
        &found.row_divisors,
        &found.column_divisors
    ));
    assert!(is_optimal(&country.request(), &found.seats));
    assert_eq!(biproportional(&country.request()).expect("feasible"), found);
}
