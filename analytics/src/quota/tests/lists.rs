//! One list: largest remainder and divisor methods.

use proptest::prelude::*;

use super::super::{Bounds, ListError, MAX_SEATS, Rounding, divisor_method, largest_remainder};
use super::{rounding, weight};

fn hamilton(weights: &[u64], seats: u64) -> Vec<u64> {
    largest_remainder(weights, seats, Bounds::default()).expect("feasible").seats
}

fn by(rounding: Rounding, weights: &[u64], seats: u64) -> Vec<u64> {
    divisor_method(weights, seats, Bounds::default(), rounding).expect("feasible").seats
}

/// The examples in the documentation of R's proporz.
#[test]
fn the_examples_of_proporz_come_out() {
    let votes = [690, 400, 250, 120];
    assert_eq!(hamilton(&votes, 10), [5, 3, 1, 1]);
    assert_eq!(by(Rounding::Standard, &votes, 10), [4, 3, 2, 1]);
    assert_eq!(by(Rounding::Down, &votes, 10), [5, 3, 2, 0]);
    assert_eq!(by(Rounding::Standard, &[651, 349, 50], 10), [7, 3, 0]);
}

/// Rounding up gives every entry one first.
#[test]
fn rounding_up_gives_small_entries_a_seat() {
    assert_eq!(by(Rounding::Up, &[98, 1, 1], 4), [2, 1, 1]);
    let error = divisor_method(&[98, 1, 1], 2, Bounds::default(), Rounding::Up).expect_err("three entries, two seats");
    assert_eq!(error, ListError::TooFew { seats: 2, asked: 3 });
}

/// 3 of 1 : 1 : 2 are 0.75, 0.75 and 1.5: two seats for remainders .75, .75, none for .5. Of 1 : 1 and 1 seat the first gets it.
#[test]
fn equal_remainders_go_to_the_earlier_entry_and_are_reported() {
    let clear = largest_remainder(&[1, 1, 2], 3, Bounds::default()).expect("feasible");
    assert_eq!((clear.seats, clear.tied), (vec![1, 1, 1], vec![]));
    let tied = largest_remainder(&[1, 1, 0, 1], 2, Bounds::default()).expect("feasible");
    assert_eq!((tied.seats, tied.tied), (vec![1, 1, 0, 0], vec![0, 1, 3]));
    let tied = divisor_method(&[3, 1, 1], 4, Bounds::default(), Rounding::Standard).expect("feasible");
    assert_eq!((tied.seats, tied.tied), (vec![2, 1, 1], vec![]));
    let tied = divisor_method(&[1, 1, 1], 4, Bounds::default(), Rounding::Standard).expect("feasible");
    assert_eq!((tied.seats, tied.tied), (vec![2, 1, 1], vec![0, 1, 2]));
}

/// 50 : 30 : 20 of 10 would be 5, 3, 2. With at most 2 for the first, 8 are left for 30 : 20, which is 4.8 and 3.2.
#[test]
fn what_a_capped_entry_cannot_take_goes_to_the_others_in_proportion() {
    let upper = [2, 9, 9];
    let shares = largest_remainder(
        &[50, 30, 20],
        10,
        Bounds {
            lower: None,
            upper: Some(&upper),
        },
    )
    .expect("feasible");
    assert_eq!(shares.seats, [2, 5, 3]);
    let lower = [0, 0, 6];
    // 4 are left for 50 : 30, which is 2.5 and 1.5: a tie, and the first gets the seat.
    let shares = largest_remainder(
        &[50, 30, 20],
        10,
        Bounds {
            lower: Some(&lower),
            upper: None,
        },
    )
    .expect("feasible");
    assert_eq!((shares.seats, shares.tied), (vec![3, 1, 6], vec![0, 1]));
}

#[test]
fn what_cannot_be_given_is_refused_with_its_numbers() {
    let bounds = |lower, upper| Bounds { lower, upper };
    let refused = |weights: &[u64], seats, bounds| largest_remainder(weights, seats, bounds).expect_err("refused");
    let many = refused(&[1, 0], 5, bounds(None, Some(&[3, 9])));
    assert_eq!(many, ListError::TooMany { seats: 5, room: 3 });
    assert_eq!(
        many.sentence(|entry| entry.to_string()),
        "総数は5ですが、上限の合計は3です。総数を2減らすか、上限を増やしてください。"
    );
    assert_eq!(
        refused(&[1, 1], 5, bounds(Some(&[4, 4]), None)),
        ListError::TooFew { seats: 5, asked: 8 }
    );
    assert_eq!(
        refused(&[1, 0], 5, bounds(Some(&[0, 1]), None)),
        ListError::BoundsCross {
            entry: 1,
            lower: 1,
            upper: 0
        }
    );
    assert_eq!(
        refused(&[1, 0], 5, bounds(Some(&[0]), None)),
        ListError::Length {
            weights: 2,
            bounds: 1,
            which: "lower"
        }
    );
    assert_eq!(refused(&[], 1, bounds(None, None)), ListError::TooMany { seats: 1, room: 0 });
    assert_eq!(
        refused(&[1], MAX_SEATS + 1, bounds(None, None)),
        ListError::Seats {
            seats: MAX_SEATS + 1,
            most: MAX_SEATS
        }
    );
    assert_eq!(hamilton(&[], 0), Vec::<u64>::new());
}

/// Weights, and bounds around a distribution of some seats.
fn list() -> impl Strategy<Value = (Vec<u64>, u64, Vec<u64>, Vec<u64>)> {
    proptest::collection::vec((weight(), 0..20_u64, 0..20_u64, prop_oneof![0..20_u64, Just(u64::MAX)]), 1..12).prop_map(|entries| {
        let made = |weight: u64, made: u64| if weight == 0 { 0 } else { made.max(1) };
        (
            entries.iter().map(|entry| entry.0).collect(),
            entries.iter().map(|entry| made(entry.0, entry.1)).sum(),
            entries.iter().map(|entry| made(entry.0, entry.1).saturating_sub(entry.2)).collect(),
            entries.iter().map(|entry| made(entry.0, entry.1).saturating_add(entry.3)).collect(),
        )
    })
}

proptest! {
    #[test]
    fn the_largest_remainder_meets_the_total_and_stays_within_the_quota((weights, seats, lower, upper) in list()) {
        let bounds = Bounds { lower: Some(&lower), upper: Some(&upper) };
        let shares = largest_remainder(&weights, seats, bounds).expect("feasible").seats;
        prop_assert_eq!(shares.iter().sum::<u64>(), seats);
        for (entry, share) in shares.iter().enumerate() {
            prop_assert!(lower[entry] <= *share && *share <= upper[entry]);
        }
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        for (weight, share) in weights.iter().zip(largest_remainder(&weights, seats, Bounds::default()).expect("feasible").seats) {
            let (share, claim) = (u128::from(share), u128::from(*weight) * u128::from(seats));
            // Less than one seat off the exact share, multiplied by the total so that nothing is divided.
            prop_assert!(share * total <= claim + total.saturating_sub(1) && claim <= share * total + total.saturating_sub(1));
        }
    }

    /// Of free entries none has a seat that another one, by its exact share, has more claim to.
    #[test]
    fn among_free_entries_more_weight_never_gets_less((weights, seats, _, _) in list()) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let shares = hamilton(&weights, seats);
        for (a, share) in weights.iter().zip(&shares) {
            for (b, other) in weights.iter().zip(&shares) {
                prop_assert!(a <= b || share >= other);
            }
        }
    }

    /// The least quotient of a seat given is not under the greatest of a seat not given.
    #[test]
    fn a_divisor_fits_all_entries((weights, seats, lower, upper) in list(), rounding in rounding()) {
        let bounds = Bounds { lower: Some(&lower), upper: Some(&upper) };
        let Ok(shares) = divisor_method(&weights, seats, bounds, rounding) else {
            prop_assert_eq!(rounding, Rounding::Up);
            return Ok(());
        };
        prop_assert_eq!(shares.seats.iter().sum::<u64>(), seats);
        for (entry, share) in shares.seats.iter().enumerate() {
            prop_assert!(lower[entry] <= *share && *share <= upper[entry]);
            for (other, others) in shares.seats.iter().enumerate() {
                let may_lose = *share > lower[entry].max(rounding.least());
                let may_gain = *others < upper[other] && weights[other] > 0;
                let last = u128::from(weights[entry]) * u128::from(rounding.signpost(others + 1));
                let next = u128::from(weights[other]) * u128::from(rounding.signpost(*share));
                prop_assert!(!may_lose || !may_gain || last >= next);
            }
        }
    }
}
