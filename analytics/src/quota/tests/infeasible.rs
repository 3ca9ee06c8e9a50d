//! What cannot be met is explained, by a contradiction that anybody can add up.

use proptest::prelude::*;

use super::super::{Cut, Line, LineFault, QuotaError, Rounding, biproportional};
use super::{Country, weight};

fn country(weights: &[&[u64]], row_totals: &[u64], column_totals: &[u64], upper: &[&[u64]]) -> Country {
    let own = |matrix: &[&[u64]]| matrix.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
    let mut country = Country::unbounded(own(weights), &[]);
    country.row_totals = row_totals.to_vec();
    country.column_totals = column_totals.to_vec();
    country.upper = own(upper);
    country
}

fn error(country: &Country) -> QuotaError {
    biproportional(&country.request()).expect_err("infeasible")
}

fn japanese(error: &QuotaError) -> String {
    error.sentence(
        |row| format!("{}県", ["青森", "岩手", "宮城"][row]),
        |column| format!("{}床", ["20〜199", "200〜399", "400以上"][column]),
    )
}

#[test]
fn rows_and_columns_over_their_caps_are_all_named() {
    let error = error(&country(&[&[5, 5], &[5, 0]], &[7, 6], &[10, 3], &[&[3, 3], &[5, 9]]));
    assert_eq!(
        error,
        QuotaError::Lines(vec![
            LineFault {
                line: Line::Row(0),
                total: 7,
                least: 0,
                most: 6
            },
            LineFault {
                line: Line::Row(1),
                total: 6,
                least: 0,
                most: 5
            },
            LineFault {
                line: Line::Column(0),
                total: 10,
                least: 0,
                most: 8
            },
        ])
    );
    assert_eq!(
        japanese(&error),
        "青森県の枠は7ですが、上限（候補の数など）の合計は6で、1足りません。枠を減らすか、上限を増やしてください。\n\
         岩手県の枠は6ですが、上限（候補の数など）の合計は5で、1足りません。枠を減らすか、上限を増やしてください。\n\
         20〜199床の枠は10ですが、上限（候補の数など）の合計は8で、2足りません。枠を減らすか、上限を増やしてください。"
    );
}

/// The first two rows have candidates only in the first column, which has 3 seats for their 6.
#[test]
fn rows_that_only_one_column_can_serve_are_cut_off() {
    let error = error(&country(
        &[&[9, 0], &[9, 1], &[9, 9]],
        &[3, 3, 4],
        &[3, 7],
        &[&[9, 9], &[9, 1], &[9, 9]],
    ));
    let cut = Cut {
        rows: vec![0, 1],
        columns: vec![0],
        asked: 6,
        in_columns: 3,
        kept_for_others: 0,
        caps_elsewhere: 1,
    };
    assert_eq!(error, QuotaError::Cut(cut.clone()));
    assert_eq!((cut.room(), cut.shortage()), (4, 2));
    assert_eq!(
        japanese(&error),
        "青森県、岩手県の枠の合計は6ですが、入るのは最大4で（20〜199床の枠が3、それ以外の列での上限が1）、2入りません。この行の枠を減らして他に回すか、列の枠または上限を変えてください。"
    );
}

#[test]
fn totals_that_differ_and_bounds_that_cross_are_refused_with_their_numbers() {
    let differ = error(&country(&[&[1, 1]], &[5], &[2, 2], &[&[9, 9]]));
    assert_eq!(differ, QuotaError::TotalsDiffer { rows: 5, columns: 4 });
    assert_eq!(
        japanese(&differ),
        "行の合計は5、列の合計は4で、1の差があります。同じ数にしてください。"
    );
    let mut crossing = country(&[&[1, 0]], &[4], &[2, 2], &[&[9, 9]]);
    crossing.lower = vec![vec![0, 1]];
    assert_eq!(
        error(&crossing),
        QuotaError::BoundsCross {
            row: 0,
            column: 1,
            lower: 1,
            upper: 0
        }
    );
    let ragged = country(&[&[1, 0, 3]], &[4], &[2, 2], &[&[9, 9]]);
    assert_eq!(
        error(&ragged),
        QuotaError::Shape {
            what: "weights",
            rows: 1,
            columns: 2
        }
    );
    let many = country(&[&[1]], &[u64::MAX], &[u64::MAX], &[&[9]]);
    assert!(matches!(error(&many), QuotaError::Seats { .. }));
}

#[test]
fn rounding_up_cannot_leave_a_cell_empty() {
    let mut country = country(&[&[5, 5], &[5, 5]], &[1, 2], &[2, 1], &[&[9, 9], &[9, 9]]);
    assert!(biproportional(&country.request()).is_ok());
    country.rounding = Rounding::Up;
    assert!(matches!(error(&country), QuotaError::Lines(faults) if faults.len() == 2));
}

/// Totals of a matrix for which many cells then have no weight or little room: each line alone often fits, all together often do not.
fn any_country() -> impl Strategy<Value = Country> {
    (1_usize..=6, 1_usize..=5).prop_flat_map(|(rows, columns)| {
        let cell = (
            weight(),
            0..5_u64,
            prop_oneof![6 => Just(99_u64), 3 => Just(0_u64), 1 => 0..6_u64],
            0..9_u64,
        );
        proptest::collection::vec(proptest::collection::vec(cell, columns), rows).prop_map(|cells| {
            let (row_totals, column_totals) = super::sums(&super::map(&cells, |cell| cell.1));
            Country {
                weights: super::map(&cells, |cell| cell.0),
                row_totals,
                column_totals,
                lower: super::map(
                    &cells,
                    |(weight, _, upper, lower)| if *weight == 0 || *lower > 1 { 0 } else { (*lower).min(*upper) },
                ),
                upper: super::map(&cells, |cell| cell.2),
                rounding: Rounding::Standard,
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn every_infeasible_request_is_explained_by_a_true_contradiction(country in any_country()) {
        let cap = |row: usize, column: usize| if country.weights[row][column] == 0 { 0 } else { country.upper[row][column] };
        match biproportional(&country.request()) {
            Ok(found) => prop_assert_eq!(super::sums(&found.seats), (country.row_totals.clone(), country.column_totals.clone())),
            Err(QuotaError::Lines(faults)) => {
                prop_assert!(!faults.is_empty());
                prop_assert!(faults.iter().all(|fault| fault.total < fault.least || fault.total > fault.most));
            }
            Err(QuotaError::Cut(cut)) => {
                let asked: u64 = cut.rows.iter().map(|row| country.row_totals[*row]).sum();
                let in_columns: u64 = cut.columns.iter().map(|column| country.column_totals[*column]).sum();
                let (mut kept, mut caps) = (0, 0);
                for row in 0..country.row_totals.len() {
                    for column in 0..country.column_totals.len() {
                        match (cut.rows.contains(&row), cut.columns.contains(&column)) {
                            (false, true) => kept += country.lower[row][column],
                            (true, false) => caps += cap(row, column),
                            _ => {}
                        }
                    }
                }
                prop_assert_eq!((cut.asked, cut.in_columns, cut.kept_for_others, cut.caps_elsewhere), (asked, in_columns, kept, caps));
                prop_assert!(asked + kept > in_columns + caps, "no contradiction: {:?}", cut);
                prop_assert!(cut.shortage() > 0);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
