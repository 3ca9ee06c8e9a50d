//! Plans over years: worked by hand, and the rules that any plan keeps, by both methods.

use proptest::prelude::*;

use crate::planning::years::{Matrix, PlanError, Start, Year, plan, sum};
use crate::quota::{Bounds, ListError, QuotaError, Request, Rounding, biproportional, largest_remainder};

fn remainders(weights: &Matrix, least: &Matrix, total: u64) -> Result<Matrix, ListError> {
    let width = weights[0].len();
    let (weights, least) = (weights.concat(), least.concat());
    let bounds = Bounds {
        lower: Some(&least),
        upper: Some(&weights),
    };
    Ok(largest_remainder(&weights, total, bounds)?
        .seats
        .chunks(width)
        .map(<[u64]>::to_vec)
        .collect())
}

fn totals_of(matrix: &Matrix) -> Vec<u64> {
    matrix.iter().map(|row| row.iter().sum()).collect()
}

fn turned(matrix: &Matrix) -> Matrix {
    (0..matrix[0].len())
        .map(|column| matrix.iter().map(|row| row[column]).collect())
        .collect()
}

fn both_ways(weights: &Matrix, least: &Matrix, total: u64) -> Result<Matrix, QuotaError> {
    let of_lines = |weights: &Matrix, least: &Matrix| {
        let (weights, least) = (totals_of(weights), totals_of(least));
        let bounds = Bounds {
            lower: Some(&least),
            upper: Some(&weights),
        };
        largest_remainder(&weights, total, bounds).unwrap().seats
    };
    let request = Request {
        weights,
        row_totals: &of_lines(weights, least),
        column_totals: &of_lines(&turned(weights), &turned(least)),
        lower: Some(least),
        upper: Some(weights),
        rounding: Rounding::Standard,
    };
    Ok(biproportional(&request)?.seats)
}

#[test]
fn two_years_of_the_same_total_leave_what_the_notice_does_not_say() {
    // 12 open of 2 x 2, 4 a year: 4 remain, and a third year of 9 has more than that.
    let start = Start {
        chosen: vec![vec![0, 0], vec![0, 0]],
        remaining: vec![vec![6, 3], vec![3, 0]],
    };
    let years = plan(&start, &[4, 4, 9], remainders).unwrap();
    assert_eq!(years[0].cells, [[2, 1], [1, 0]]);
    assert_eq!(years[0].remaining, [[4, 2], [2, 0]]);
    assert_eq!((sum(&years[1].remaining), years[1].planned), (4, 4));
    assert_eq!((years[2].asked, years[2].planned, sum(&years[2].remaining)), (9, 4, 0));
    assert_eq!(plan(&start, &[4], both_ways).unwrap()[0].cells, [[2, 1], [1, 0]]);
}

#[test]
fn who_has_chosen_already_does_not_get_a_share_twice() {
    // The first cell chose 3 of its 6 and has no more in a year of 4 of 12; the nominated one of the last cell is part of the total.
    let start = Start {
        chosen: vec![vec![3, 0], vec![0, 1]],
        remaining: vec![vec![3, 3], vec![2, 0]],
    };
    let years = plan(&start, &[6, 2], remainders).unwrap();
    assert_eq!(years[0].cells, [[3, 1], [1, 1]]);
    assert_eq!(years[0].remaining, [[3, 2], [1, 0]]);
    assert_eq!(sum(&years[1].cells), 2);
    let refused = plan(&start, &[3], remainders);
    assert_eq!(refused, Err(PlanError::ChosenAlready { asked: 3, chosen: 4 }));
}

#[test]
fn what_cannot_be_apportioned_names_its_year() {
    let start = Start {
        chosen: vec![vec![0]],
        remaining: vec![vec![5]],
    };
    let refused = plan(&start, &[2, 2], |weights, least, total| {
        if total == 2 && weights[0][0] == 3 {
            Err("no")
        } else {
            Ok(remainders(weights, least, total).unwrap())
        }
    });
    assert_eq!(refused, Err(PlanError::Apportion { year: 1, error: "no" }));
}

/// That a plan meets its totals and keeps within what there is.
fn keeps(start: &Start, totals: &[u64], years: &[Year]) {
    assert_eq!(years.len(), totals.len());
    let pairs = |one: &Matrix, other: &Matrix| one.concat().into_iter().zip(other.concat()).collect::<Vec<_>>();
    let mut open = start.remaining.clone();
    let room = sum(&start.remaining) + sum(&start.chosen);
    let mut given = 0;
    for (year, total) in years.iter().zip(totals) {
        assert_eq!(
            (year.asked, year.planned),
            (*total, (*total).min(room - given)),
            "a total is met, or all there is"
        );
        assert_eq!(sum(&year.cells), year.planned);
        given += year.planned;
        assert!(
            pairs(&year.remaining, &open).iter().all(|(after, before)| after <= before),
            "nothing grows"
        );
        open = year.remaining.clone();
    }
    assert_eq!(sum(&open) + given, room, "what remains and what was given are all");
    for ((chosen, first), remaining) in start
        .chosen
        .concat()
        .into_iter()
        .zip(years[0].cells.concat())
        .zip(start.remaining.concat())
    {
        assert!(chosen <= first && first <= chosen + remaining);
    }
}

fn start() -> impl Strategy<Value = Start> {
    (1..8_usize, 1..5_usize).prop_flat_map(|(rows, columns)| {
        let matrix = |most: u64| proptest::collection::vec(proptest::collection::vec(0..most, columns), rows);
        (matrix(4), matrix(40)).prop_map(|(chosen, remaining)| Start { chosen, remaining })
    })
}

proptest! {
    #[test]
    fn every_plan_meets_its_totals_and_no_cell_more_than_it_has(start in start(), more in proptest::collection::vec(0..300_u64, 1..5)) {
        let mut totals = more;
        totals[0] += sum(&start.chosen);
        keeps(&start, &totals, &plan(&start, &totals, remainders).unwrap());
        // Both directions at once cannot always be met; what is met keeps the same rules.
        if let Ok(years) = plan(&start, &totals, both_ways) {
            keeps(&start, &totals, &years);
        }
    }

    #[test]
    fn a_larger_total_leaves_no_more(start in start(), total in 0..200_u64, more in 0..50_u64, later in 0..200_u64) {
        let first = total + sum(&start.chosen);
        let remains = |first: u64| sum(&plan(&start, &[first, later], remainders).unwrap()[1].remaining);
        prop_assert!(remains(first + more) <= remains(first));
    }
}
