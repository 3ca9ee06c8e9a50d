//! Percentages by integer arithmetic, so that every machine and every path prints the same figure. No floating point before the last step.

/// `count` of `base` in tenths of a percent, rounded half up; `None` where there is nothing to divide by.
pub(crate) fn tenths(count: u64, base: u64) -> Option<u64> {
    if base == 0 {
        return None;
    }
    let parts = count.checked_mul(2_000).and_then(|parts| parts.checked_add(base));
    if let (Some(parts), Some(double)) = (parts, base.checked_mul(2)) {
        // Of two million hospitals and fewer processors divide in half the time.
        if let (Ok(parts), Ok(double)) = (u32::try_from(parts), u32::try_from(double)) {
            return Some(u64::from(parts / double));
        }
        return Some(parts / double);
    }
    // Beyond 64 bits, which no table is.
    let (count, base) = (u128::from(count), u128::from(base));
    u64::try_from((count * 2_000 + base) / (2 * base)).ok()
}

/// `count` of `base` in percent with one decimal, rounded half up: 4,020 of 6,216 is 64.7.
pub(crate) fn percent(count: u64, base: u64) -> Option<f64> {
    // A tenth of a percent beyond u32 would be a share of 400 million percent: nothing that a table can hold.
    let tenths = u32::try_from(tenths(count, base)?).ok()?;
    Some(f64::from(tenths) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_shares_of_2022_come_out_as_printed() {
        assert_eq!(percent(4_020, 6_216), Some(64.7));
        assert_eq!(percent(6_216, 8_252), Some(75.3));
    }

    #[test]
    fn a_half_is_rounded_up_and_nothing_divides_by_zero() {
        assert_eq!(percent(1, 2_000), Some(0.1));
        assert_eq!(percent(1, 2_001), Some(0.0));
        assert_eq!(percent(1, 16), Some(6.3));
        assert_eq!(percent(0, 7), Some(0.0));
        assert_eq!(percent(7, 7), Some(100.0));
        assert_eq!(percent(0, 0), None);
    }

    #[test]
    fn numbers_too_large_for_sixty_four_bits_of_product_come_out_alike() {
        let (count, base) = (u64::MAX / 3, u64::MAX / 2);
        assert_eq!(tenths(count, base), Some(667));
        assert_eq!(tenths(u64::MAX, u64::MAX), Some(1_000));
        assert_eq!(tenths(1, u64::MAX), Some(0));
        // Around the end of thirty-two bits.
        for count in 2_147_480_u64..2_147_490 {
            assert_eq!(tenths(count, 2 * count), Some(500));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_percentage_is_never_further_than_half_a_tenth_from_the_true_share(base in 1_u64..1_000_000, share in 0_u64..1_000_000) {
            let count = share % (base + 1);
            let printed = u128::from(tenths(count, base).unwrap()) * u128::from(base);
            let exact = u128::from(count) * 1_000;
            proptest::prop_assert!(printed.abs_diff(exact) * 2 <= u128::from(base));
        }
    }
}
