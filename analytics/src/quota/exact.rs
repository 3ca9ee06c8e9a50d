//! Comparing products of whole numbers exactly and mostly fast.
//!
//! The cost of a seat is a logarithm, and the cost of a way through the network a sum of them, that is, the logarithm of a product. Products of a
//! way of ten cells have thousands of bits. So each number also carries its logarithm in whole units of 2^-40, which is never more than its true
//! one and less than two units under it; only where two sums of logarithms lie closer than that error are the products themselves multiplied out.

use std::cmp::Ordering;

/// Units of one bit of logarithm: 2^40.
const FRACTION_BITS: u32 = 40;

/// The largest error of one logarithm, in units, rounded up.
const ERROR_OF_ONE: i64 = 2;

/// The logarithm to base 2 of a positive number in units of 2^-40, rounded down (0 for 0, which no caller asks for). By squaring: each squaring
/// doubles the logarithm, and a carry into the next power of two is its next bit.
pub(super) fn log(number: u64) -> i64 {
    let Some(whole) = number.checked_ilog2() else { return 0 };
    // The mantissa in [1, 2), with 63 bits behind the point. Cutting a square off costs 2^-63 of it at most, far under one unit in the sum.
    let mut mantissa = u128::from(number) << (63 - whole);
    let mut result = i64::from(whole);
    for _ in 0..FRACTION_BITS {
        mantissa = (mantissa * mantissa) >> 63;
        result <<= 1;
        if mantissa >> 64 != 0 {
            mantissa >>= 1;
            result += 1;
        }
    }
    result
}

/// A positive number as a product over a product, with its logarithm.
#[derive(Clone, Debug, Default)]
pub(super) struct Ratio {
    pub(super) over: Vec<u64>,
    pub(super) under: Vec<u64>,
    log: i64,
}

impl Ratio {
    /// The product of `over` over the product of `under`; all positive.
    pub(super) fn of<const N: usize, const M: usize>(over: [u64; N], under: [u64; M]) -> Self {
        let logs = |factors: &[u64]| factors.iter().copied().map(log).sum::<i64>();
        Self {
            over: over.to_vec(),
            under: under.to_vec(),
            log: logs(&over) - logs(&under),
        }
    }

    pub(super) fn inverse(&self) -> Self {
        Self {
            over: self.under.clone(),
            under: self.over.clone(),
            log: -self.log,
        }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = self.clone();
        product.over.extend_from_slice(&other.over);
        product.under.extend_from_slice(&other.under);
        product.log += other.log;
        product
    }

    fn factors(&self) -> usize {
        self.over.len() + self.under.len()
    }

    /// Whether `self` times a step of so many factors with this logarithm is more than `other` beyond the error of logarithms.
    pub(super) fn surely_more(&self, log: i64, factors: usize, other: &Self) -> bool {
        self.log + log - other.log > error_of(self.factors() + factors + other.factors())
    }

    /// How `self * step` compares to `other`, without building the product unless it is close.
    pub(super) fn compare_times(&self, step: &Self, other: &Self) -> Ordering {
        let error = error_of(self.factors() + step.factors() + other.factors());
        let difference = self.log + step.log - other.log;
        if difference.abs() > error {
            difference.cmp(&0)
        } else {
            self.times(step).compare_exactly(other)
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let difference = self.log - other.log;
        if difference.abs() > error_of(self.factors() + other.factors()) {
            difference.cmp(&0)
        } else {
            self.compare_exactly(other)
        }
    }

    fn compare_exactly(&self, other: &Self) -> Ordering {
        compare_products(self.over.iter().chain(&other.under), other.over.iter().chain(&self.under))
    }
}

/// The most by which a difference of logarithms of so many factors can be off, in units.
pub(super) fn error_of(factors: usize) -> i64 {
    i64::try_from(factors).unwrap_or(i64::MAX).saturating_mul(ERROR_OF_ONE)
}

/// How the product of `left` compares to the product of `right`.
pub(super) fn compare_products<'a>(left: impl Iterator<Item = &'a u64> + Clone, right: impl Iterator<Item = &'a u64> + Clone) -> Ordering {
    if let (Some(left), Some(right)) = (short_product(left.clone()), short_product(right.clone())) {
        return left.cmp(&right);
    }
    let (left, right) = (long_product(left), long_product(right));
    left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

/// The product if 128 bits hold it.
fn short_product<'a>(mut factors: impl Iterator<Item = &'a u64>) -> Option<u128> {
    factors.try_fold(1_u128, |product, factor| product.checked_mul(u128::from(*factor)))
}

/// The product in digits of 64 bits, the lowest first, without zeros at the top (so zero has no digit).
fn long_product<'a>(factors: impl Iterator<Item = &'a u64>) -> Vec<u64> {
    let mut product = vec![1_u64];
    for factor in factors {
        let mut carry = 0_u128;
        for digit in &mut product {
            let sum = u128::from(*digit) * u128::from(*factor) + carry;
            *digit = low_half(sum);
            carry = sum >> 64;
        }
        if carry != 0 {
            product.push(low_half(carry));
        }
        while product.last() == Some(&0) {
            product.pop();
        }
    }
    product
}

fn low_half(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(u64::MAX)
}
