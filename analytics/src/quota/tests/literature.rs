//! Published examples, and a few by hand. Totals of the matrices are those published, so only the lower apportionment is tested by them.

use super::super::{biproportional, divisors_prove, is_optimal};
use super::Country;

/// The result, after both proofs of it.
fn proved(country: &Country) -> Vec<Vec<u64>> {
    let found = biproportional(&country.request()).expect("feasible");
    assert!(divisors_prove(
        &country.request(),
        &found.seats,
        &found.row_divisors,
        &found.column_divisors
    ));
    assert!(is_optimal(&country.request(), &found.seats));
    assert_eq!(found.tied, Vec::new());
    found.seats
}

#[track_caller]
fn published(weights: Vec<Vec<u64>>, seats: Vec<Vec<u64>>) {
    assert_eq!(proved(&Country::unbounded(weights, &seats)), seats);
}

/// The English Wikipedia's "Biproportional apportionment", also a test of R's proporz: 20 seats.
#[test]
fn the_example_of_the_english_wikipedia_comes_out() {
    published(
        vec![vec![123, 45, 815], vec![912, 714, 414], vec![312, 255, 215]],
        vec![vec![1, 0, 4], vec![4, 4, 3], vec![2, 1, 1]],
    );
}

/// The German Wikipedia's "Doppeltproportionales Zuteilungsverfahren", also a test of R's proporz: 15 seats.
#[test]
fn the_example_of_the_german_wikipedia_comes_out() {
    published(
        vec![vec![51, 98, 45], vec![60, 100, 120], vec![63, 102, 144]],
        vec![vec![1, 2, 1], vec![1, 2, 2], vec![2, 1, 3]],
    );
}

/// The cantonal council of Uri 2020, data set `uri2020` of R's proporz: CVP, SPGB, FDP, SVP by Altdorf, Bürglen, Erstfeld, Schattdorf.
#[test]
fn the_council_of_uri_of_2020_comes_out() {
    published(
        vec![
            vec![11471, 2822, 2309, 4794],
            vec![11908, 1606, 1705, 2600],
            vec![9213, 1567, 946, 2961],
            vec![7756, 2945, 1573, 3498],
        ],
        vec![vec![5, 2, 2, 3], vec![4, 1, 2, 2], vec![3, 1, 1, 2], vec![3, 3, 1, 2]],
    );
}

/// The cantonal council of Zug 2018, data set `zug2018` of R's proporz: the six lists that reached the quorum by the eleven municipalities.
#[test]
fn the_council_of_zug_of_2018_comes_out() {
    published(
        vec![
            vec![8108, 4687, 1584, 531, 279, 477, 2363, 3860, 1481, 91, 22023],
            vec![19389, 9334, 4807, 1946, 396, 2844, 3523, 4702, 3310, 812, 21343],
            vec![14814, 6691, 4005, 826, 379, 1654, 2842, 2624, 2713, 461, 33789],
            vec![4486, 2270, 621, 198, 0, 361, 728, 465, 925, 0, 10131],
            vec![15695, 4705, 1750, 84, 0, 51, 627, 1106, 1563, 302, 21794],
            vec![21298, 8178, 2875, 1336, 399, 1450, 3715, 2610, 4063, 344, 26798],
        ],
        vec![
            vec![2, 1, 1, 0, 0, 0, 1, 2, 1, 0, 3],
            vec![3, 3, 2, 1, 1, 2, 2, 2, 1, 1, 3],
            vec![2, 2, 1, 1, 0, 1, 2, 1, 1, 1, 5],
            vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2],
            vec![3, 1, 1, 0, 0, 0, 0, 0, 1, 0, 3],
            vec![4, 2, 1, 1, 1, 1, 2, 1, 2, 0, 3],
        ],
    );
}

/// Two matrices are equally good, and the first cell has the seat in one of them.
#[test]
fn between_equal_matrices_the_earlier_cell_gets_the_seat() {
    let country = Country::unbounded(vec![vec![1, 1], vec![1, 1]], &[vec![1, 0], vec![0, 1]]);
    let found = biproportional(&country.request()).expect("feasible");
    assert_eq!(found.seats, vec![vec![1, 0], vec![0, 1]]);
    assert_eq!(found.tied, vec![(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert!(is_optimal(&country.request(), &[vec![0, 1], vec![1, 0]]));
}

/// 60 : 20 : 20 of 10 is 6, 2, 2; with a cap of 3 the other rows' seats follow.
#[test]
fn a_cap_sends_the_seats_to_the_other_cells() {
    let mut country = Country::unbounded(vec![vec![60, 20, 20], vec![60, 20, 20]], &[vec![6, 2, 2], vec![6, 2, 2]]);
    assert_eq!(proved(&country), vec![vec![6, 2, 2], vec![6, 2, 2]]);
    country.upper[0][0] = 4;
    assert_eq!(proved_sums(&country), vec![4, 8]);
}

/// The first column.
fn proved_sums(country: &Country) -> Vec<u64> {
    let found = biproportional(&country.request()).expect("feasible");
    assert!(divisors_prove(
        &country.request(),
        &found.seats,
        &found.row_divisors,
        &found.column_divisors
    ));
    found.seats.iter().map(|row| row[0]).collect()
}

#[test]
fn a_matrix_one_exchange_away_is_not_taken_for_optimal() {
    let country = Country::unbounded(
        vec![vec![123, 45, 815], vec![912, 714, 414], vec![312, 255, 215]],
        &[vec![1, 0, 4], vec![4, 4, 3], vec![2, 1, 1]],
    );
    let found = biproportional(&country.request()).expect("feasible");
    let other = vec![vec![2, 0, 3], vec![3, 4, 4], vec![2, 1, 1]];
    assert!(!is_optimal(&country.request(), &other));
    assert!(!divisors_prove(
        &country.request(),
        &other,
        &found.row_divisors,
        &found.column_divisors
    ));
}

#[test]
fn nothing_to_give_gives_nothing() {
    let country = Country::unbounded(vec![vec![1, 0], vec![5, 2]], &[vec![0, 0], vec![0, 0]]);
    assert_eq!(proved(&country), vec![vec![0, 0], vec![0, 0]]);
    let none = Country::unbounded(Vec::new(), &[]);
    assert_eq!(proved(&none), Vec::<Vec<u64>>::new());
}

/// The only seat is held by a lower bound, so no seat could be taken or given; the divisor must fit the cell all the same.
#[test]
fn a_cell_that_has_all_seats_is_not_taken_for_full() {
    let mut country = Country::unbounded(vec![vec![8]], &[vec![1]]);
    country.lower = vec![vec![1]];
    country.upper = vec![vec![2]];
    assert_eq!(proved(&country), vec![vec![1]]);
}
