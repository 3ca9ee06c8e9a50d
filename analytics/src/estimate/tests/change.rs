//! Changes between two surveys: the covariance against every pair of overlapping samples, and the cases at the ends.

use super::super::change::{Both, Change, DifferencePrecision, Year, change};
use super::super::design::Design;
use super::super::proportion::{EstimateError, Part};
use super::super::{Cell, real};
use super::{choices, close, counts, many, number};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CELL: Cell = (1, 0);

/// One cell of `hospitals`, samples of the given hospitals in both years, everybody in the base.
fn sampled(answers: &[(bool, bool)], earlier: &[usize], later: &[usize]) -> Change {
    let design =
        |sample: &[usize]| Design::new(&counts(&[(CELL, number(answers.len()))]), &counts(&[(CELL, number(sample.len()))])).unwrap();
    let part = |sample: &[usize], yes: fn(&(bool, bool)) -> bool| {
        BTreeMap::from([(
            CELL,
            Part {
                base: number(sample.len()),
                count: number(sample.iter().filter(|index| yes(&answers[**index])).count()),
            },
        )])
    };
    let mut states = [[0; 3]; 3];
    for index in earlier.iter().filter(|index| later.contains(index)) {
        let (one, two) = answers[*index];
        states[1 + usize::from(one)][1 + usize::from(two)] += 1;
    }
    let both = BTreeMap::from([(
        (CELL, CELL),
        Both {
            hospitals: number(answers.len()),
            states,
        },
    )]);
    let (first, second) = (design(earlier), design(later));
    let (first_parts, second_parts) = (part(earlier, |answer| answer.0), part(later, |answer| answer.1));
    let year = |design, parts| Year { design, parts };
    change(year(&first, &first_parts), year(&second, &second_parts), &both)
        .unwrap()
        .unwrap()
}

fn precision(change: &Change) -> (f64, f64) {
    match change.difference.precision {
        DifferencePrecision::Sampled {
            correlation,
            standard_error,
            ..
        } => (correlation, standard_error),
        other => panic!("{other:?}"),
    }
}

/// Every pair of samples of 5 out of 7 that have `overlap` hospitals in common.
fn pairs(overlap: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
    let samples = choices(7, 5);
    let common = |one: &[usize], two: &[usize]| one.iter().filter(|index| two.contains(index)).count();
    let mut pairs = Vec::new();
    for one in &samples {
        pairs.extend(
            samples
                .iter()
                .filter(|two| common(one, two) == overlap)
                .map(|two| (one.clone(), two.clone())),
        );
    }
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// One frame, one group, fixed sizes and overlap: the variance of the difference is without bias, as long as no covariance was cut.
    #[test]
    fn the_variance_of_a_difference_is_without_bias_over_all_overlapping_samples(
        answers in proptest::collection::vec((any::<bool>(), any::<bool>()), 7),
        overlap in 3..=5_usize,
    ) {
        let all: Vec<Change> = pairs(overlap).iter().map(|(one, two)| sampled(&answers, one, two)).collect();
        let mean = |value: &dyn Fn(&Change) -> f64| all.iter().map(value).sum::<f64>() / many(all.len());
        let expected = mean(&|change| change.difference.value);
        let truth = answers.iter().map(|(one, two)| f64::from(u8::from(*two)) - f64::from(u8::from(*one))).sum::<f64>() / 7.0;
        prop_assert!((expected - truth).abs() < 1e-12);
        let variance = mean(&|change| (change.difference.value - expected).powi(2));
        let cut = all.iter().any(|change| precision(change).0.abs() > 1.0 - 1e-9);
        let estimated = mean(&|change| precision(change).1.powi(2));
        if cut {
            prop_assert!(all.iter().all(|change| precision(change).1 >= 0.0));
        } else {
            prop_assert!((estimated - variance).abs() < 1e-12, "{estimated} {variance}");
        }
    }
}

/// The case above with answers of which no sample's covariance is cut, so that the equality is tested for certain.
#[test]
fn the_variance_of_one_difference_is_exact_on_average() {
    let answers: Vec<(bool, bool)> = [0b00, 0b11, 0b01, 0b11, 0b00, 0b10, 0b01]
        .map(|bits| (bits & 2 > 0, bits & 1 > 0))
        .to_vec();
    let all: Vec<Change> = pairs(4).iter().map(|(one, two)| sampled(&answers, one, two)).collect();
    assert_eq!(all.len(), 210);
    assert!(all.iter().all(|change| precision(change).0.abs() < 0.999));
    let truth = 1.0 / 7.0;
    let variance = all.iter().map(|change| (change.difference.value - truth).powi(2)).sum::<f64>() / 210.0;
    let estimated = all.iter().map(|change| precision(change).1.powi(2)).sum::<f64>() / 210.0;
    assert!(close(estimated, variance), "{estimated} {variance}");
}

#[test]
fn the_same_hospitals_with_the_same_answers_have_not_changed() {
    let answers = [
        (true, true),
        (false, false),
        (true, true),
        (false, false),
        (true, true),
        (true, true),
        (false, false),
    ];
    let change = sampled(&answers, &[0, 1, 2, 3, 4], &[0, 1, 2, 3, 4]);
    let (correlation, standard_error) = precision(&change);
    assert_eq!(change.difference.value, 0.0);
    assert!(close(correlation, 1.0) && standard_error < 1e-8, "{correlation} {standard_error}");
}

#[test]
fn samples_as_far_apart_as_chance_would_have_it_are_not_correlated() {
    // 10 of 20 answer each time; 5 in common is what independence makes: 20 * 0.5 * 0.5.
    let answers: Vec<(bool, bool)> = (0..20).map(|index| (index % 2 == 0, index % 4 < 2)).collect();
    let (earlier, later): (Vec<usize>, Vec<usize>) = ((0..10).collect(), (5..15).collect());
    assert_eq!(precision(&sampled(&answers, &earlier, &later)).0, 0.0);
}

/// Two years of one cell with 100 hospitals and 40 answers, 20 and 30 of them yes.
fn designs() -> (Design, BTreeMap<Cell, Part>, BTreeMap<Cell, Part>) {
    let design = Design::new(&counts(&[(CELL, 100)]), &counts(&[(CELL, 40)])).unwrap();
    let part = |count| BTreeMap::from([(CELL, Part { base: 40, count })]);
    (design, part(20), part(30))
}

#[test]
fn without_hospitals_in_common_variances_add_up() {
    let (design, earlier, later) = designs();
    let year = |parts| Year { design: &design, parts };
    let change = change(year(&earlier), year(&later), &BTreeMap::new()).unwrap().unwrap();
    let (correlation, standard_error) = precision(&change);
    assert_eq!(correlation, 0.0);
    assert_eq!(change.difference.value, 0.25);
    let sum = change.earlier.variance().unwrap() + change.later.variance().unwrap();
    assert!(close(standard_error.powi(2), sum));
    // 0.6 / 39 * (0.25 + 0.1875) by hand.
    assert!(close(sum, 0.6 / 39.0 * 0.4375));
}

#[test]
fn hospitals_that_moved_to_another_cell_are_still_the_same_hospitals() {
    let other: Cell = (1, 1);
    let (design, earlier, _) = designs();
    let later_design = Design::new(&counts(&[(CELL, 50), (other, 50)]), &counts(&[(CELL, 20), (other, 20)])).unwrap();
    let later = BTreeMap::from([(CELL, Part { base: 20, count: 10 }), (other, Part { base: 20, count: 10 })]);
    let states = [[0, 0, 0], [0, 10, 0], [0, 0, 10]];
    let both = BTreeMap::from([CELL, other].map(|cell| ((CELL, cell), Both { hospitals: 50, states })));
    let year = |design, parts| Year { design, parts };
    let moved = change(year(&design, &earlier), year(&later_design, &later), &both)
        .unwrap()
        .unwrap();
    let (correlation, standard_error) = precision(&moved);
    let alone = change(year(&design, &earlier), year(&later_design, &later), &BTreeMap::new())
        .unwrap()
        .unwrap();
    // All 40 answered both and said the same both times.
    assert!(
        correlation > 0.95 && standard_error < 0.25 * precision(&alone).1,
        "{correlation} {standard_error}"
    );
}

#[test]
fn a_year_in_which_all_answered_adds_no_uncertainty() {
    let (design, earlier, _) = designs();
    let whole = Design::new(&counts(&[(CELL, 40)]), &counts(&[(CELL, 40)])).unwrap();
    let change_to = |design: &Design| {
        let year = |design| Year { design, parts: &earlier };
        change(year(&whole), year(design), &BTreeMap::new()).unwrap().unwrap()
    };
    assert_eq!(change_to(&whole).difference.precision, DifferencePrecision::Complete);
    let half = change_to(&design);
    assert!(close(precision(&half).1.powi(2), half.later.variance().unwrap()));
}

#[test]
fn more_in_common_than_a_year_has_is_refused() {
    let (design, earlier, later) = designs();
    let year = |parts| Year { design: &design, parts };
    let refused = |hospitals, states| {
        let both = BTreeMap::from([((CELL, CELL), Both { hospitals, states })]);
        match change(year(&earlier), year(&later), &both).unwrap_err() {
            EstimateError::MoreInCommon { what, common, own, .. } => (what, common, own),
            other => panic!("{other}"),
        }
    };
    assert_eq!(refused(101, [[0; 3]; 3]), ("hospitals", 101, 100));
    assert_eq!(
        refused(1, [[0; 3], [0, 1, 1], [0; 3]]),
        ("answered, of the hospitals in common", 2, 1)
    );
    assert_eq!(refused(40, [[0; 3], [0; 3], [0, 0, 21]]), ("counted", 21, 20));
    assert_eq!(refused(40, [[1, 0, 0], [0; 3], [0; 3]]), ("outside of the base", 1, 0));
    assert_eq!(refused(40, [[0; 3], [0, 11, 0], [0; 3]]), ("in the base, not counted", 11, 10));
}

proptest! {
    #[test]
    fn a_standard_error_lies_between_those_of_the_extreme_correlations(
        answers in proptest::collection::vec((any::<bool>(), any::<bool>()), 12..30),
        shift in 0..7_usize,
    ) {
        let size = answers.len() / 2;
        let (earlier, later): (Vec<usize>, Vec<usize>) = ((0..size).collect(), (shift..shift + size).filter(|index| *index < answers.len()).collect());
        prop_assume!(later.len() >= 5);
        let change = sampled(&answers, &earlier, &later);
        let (one, two) = (change.earlier.variance().unwrap().sqrt(), change.later.variance().unwrap().sqrt());
        let (correlation, standard_error) = precision(&change);
        prop_assert!((-1.0..=1.0).contains(&correlation));
        prop_assert!((one - two).abs() - 1e-9 <= standard_error && standard_error <= one + two + 1e-9);
        prop_assert!(real(change.earlier.base) > 0.0);
    }
}
