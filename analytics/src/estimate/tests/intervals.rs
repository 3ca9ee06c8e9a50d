//! Intervals: what Wilson's and the difference's must satisfy, published examples, and how often they hold what they promise.

use super::super::design::Design;
use super::super::interval::{Interval, Limited, Z_95, difference, effective_size, wilson};
use super::super::proportion::{Part, Precision};
use super::super::real;
use super::{close, counts, many};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn limited(count: u64, size: u64) -> Limited {
    let share = real(count) / real(size);
    Limited {
        share,
        interval: wilson(share, real(size)),
    }
}

#[test]
fn wilson_gives_newcombes_published_limits() {
    // Newcombe 1998, Statistics in Medicine 17, 857-872, Table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for (count, size, low, high) in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ] {
        let interval = limited(count, size).interval;
        assert!(
            (interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5,
            "{count}/{size}: {interval:?}"
        );
    }
}

#[test]
fn independent_differences_give_newcombes_published_limits() {
    // Newcombe 1998, Statistics in Medicine 17, 873-890, Table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/20.
    for (one, other, low, high) in [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ] {
        let interval = difference(limited(one.0, one.1), limited(other.0, other.1), 0.0);
        assert!(
            (interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5,
            "{one:?} {other:?}: {interval:?}"
        );
    }
}

#[test]
fn effective_size_is_the_sample_size_under_simple_random_sampling_with_replacement() {
    assert!(close(effective_size(0.3, 0.3 * 0.7 / 50.0, 50, 1e9).unwrap(), 50.0));
    // All alike: 10 of 40 answered, n / (1 - f) = 10 / 0.75.
    assert!(close(effective_size(1.0, 0.0, 10, 40.0).unwrap(), 10.0 / 0.75));
    assert_eq!(effective_size(1.0, 0.0, 10, 10.0), None);
}

/// How often the interval holds the truth over all samples of 20 out of 40 hospitals, of which `yes` are counted: exact, from the
/// hypergeometric distribution.
fn coverage(yes: usize) -> f64 {
    let ways = |of: usize, choose: usize| -> f64 { (0..choose).map(|step| (many(of) - many(step)) / (many(step) + 1.0)).product() };
    let design = Design::new(&counts(&[((1, 0), 40)]), &counts(&[((1, 0), 20)])).unwrap();
    let truth = many(yes) / 40.0;
    let holds = |found: usize| {
        let part = Part {
            base: 20,
            count: u64::try_from(found).unwrap(),
        };
        match design.proportion(&BTreeMap::from([((1, 0), part)])).unwrap().unwrap().precision {
            Precision::Sampled { interval, .. } => interval.low <= truth && truth <= interval.high,
            _ => false,
        }
    };
    (0..=20)
        .filter(|found| *found <= yes && 20 - found <= 40 - yes && holds(*found))
        .map(|found| ways(yes, found) * ways(40 - yes, 20 - found) / ways(40, 20))
        .sum()
}

#[test]
fn the_interval_holds_the_truth_as_often_as_it_says() {
    let all: Vec<f64> = (0..=40).map(coverage).collect();
    let mean = all.iter().sum::<f64>() / many(all.len());
    assert!((0.945..0.975).contains(&mean), "mean coverage {mean}");
    assert!(all.iter().all(|coverage| *coverage > 0.88), "{all:?}");
}

proptest! {
    #[test]
    fn limits_lie_around_the_share_and_between_0_and_1(share in 0.0..=1.0_f64, size in 0.5..1e6_f64) {
        let Interval { low, high } = wilson(share, size);
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        prop_assert!(low < high);
        // Wilson's limits are the shares from which the estimate is just 1.96 standard errors away.
        for limit in [low, high].into_iter().filter(|limit| (0.001..0.999).contains(limit)) {
            let distance = (share - limit).abs() / (limit * (1.0 - limit) / size).sqrt();
            prop_assert!((distance - Z_95).abs() < 1e-6);
        }
    }

    #[test]
    fn more_respondents_never_widen_the_interval(share in 0.0..=1.0_f64, size in 1.0..1e5_f64, factor in 1.0..10.0_f64) {
        let (few, many) = (wilson(share, size), wilson(share, size * factor));
        prop_assert!(many.high - many.low <= few.high - few.low + 1e-12);
    }

    #[test]
    fn a_difference_lies_in_its_limits_and_turns_with_its_sign(one in (0..=50_u64, 50..80_u64), other in (0..=50_u64, 50..80_u64), correlation in -1.0..=1.0_f64) {
        let (one, other) = (limited(one.0, one.1), limited(other.0, other.1));
        let interval = difference(one, other, correlation);
        let between = one.share - other.share;
        prop_assert!(-1.0 <= interval.low && interval.low <= between && between <= interval.high && interval.high <= 1.0);
        let turned = difference(other, one, correlation);
        prop_assert!((turned.low + interval.high).abs() < 1e-12 && (turned.high + interval.low).abs() < 1e-12);
    }
}
