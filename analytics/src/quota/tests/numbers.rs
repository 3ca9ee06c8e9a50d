//! The arithmetic under everything: logarithms within their error, and products compared as numbers of any length.

use proptest::prelude::*;

use super::super::exact::{Ratio, compare_products, log};

#[test]
fn logarithms_of_powers_of_two_are_whole() {
    for power in 0..64_u32 {
        assert_eq!(log(1 << power), i64::from(power) << 40);
    }
}

/// 3^5 = 243 and 2^8 = 256: the logarithm of 3 lies between 7.9/5 and 8/5; its first digits are 1.584962500721.
#[test]
fn the_logarithm_of_three_has_its_known_digits() {
    let expected = 1_584_962_500_721_156_181_i128 * (1 << 40) / 1_000_000_000_000_000_000;
    assert!((i128::from(log(3)) - expected).abs() <= 1);
}

proptest! {
    #[test]
    fn the_logarithm_of_a_product_is_the_sum_within_its_error(a in 1_u64..u64::from(u32::MAX), b in 1_u64..u64::from(u32::MAX)) {
        let difference = log(a * b) - log(a) - log(b);
        prop_assert!((-2..=3).contains(&difference), "{}", difference);
    }

    #[test]
    fn short_products_compare_as_numbers(a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>()) {
        let expected = (u128::from(a) * u128::from(b)).cmp(&(u128::from(c) * u128::from(d)));
        prop_assert_eq!(compare_products([a, b].iter(), [c, d].iter()), expected);
    }

    /// A common factor, as long as it takes to leave 128 bits, changes nothing.
    #[test]
    fn long_products_compare_like_their_short_parts(
        a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>(),
        common in proptest::collection::vec(1..=u64::MAX, 2..9),
    ) {
        let expected = (u128::from(a) * u128::from(b)).cmp(&(u128::from(c) * u128::from(d)));
        let with = |x: u64, y: u64| common.iter().copied().chain([x, y]).collect::<Vec<u64>>();
        prop_assert_eq!(compare_products(with(a, b).iter(), with(c, d).iter()), expected);
        // The same number in other factors is the same number.
        let halves = |x: u64| [x / 2, 2];
        let even = a & !1;
        let split: Vec<u64> = common.iter().copied().chain(halves(even)).collect();
        let whole: Vec<u64> = common.iter().copied().chain([even]).collect();
        prop_assert!(compare_products(split.iter(), whole.iter()).is_eq());
    }

    #[test]
    fn ratios_compare_exactly_however_near(a in 1..=u64::MAX, b in 1..u64::MAX) {
        let (ratio, nearly) = (Ratio::of([a, b], [b + 1]), Ratio::of([a], []));
        // a * b / (b + 1) is just under a.
        prop_assert!(ratio.compare(&nearly).is_lt());
        prop_assert!(ratio.times(&Ratio::of([b + 1], [b])).compare(&nearly).is_eq());
        prop_assert!(ratio.compare_times(&Ratio::of([b + 1], [b]), &nearly).is_eq());
        prop_assert!(ratio.inverse().compare(&nearly.inverse()).is_gt());
    }
}
