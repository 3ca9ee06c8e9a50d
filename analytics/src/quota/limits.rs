//! The bounds of one list, checked, and what an apportionment of a list gives back.

use serde::{Deserialize, Serialize};

use super::error::ListError;

/// The most seats that are given out at once: a hundred times the hospitals of the country. The time of a divisor method grows with it.
pub const MAX_SEATS: u64 = 1_000_000;

/// How many seats each entry of a list has at least and at most; `None` means 0 and no limit. Entries of weight 0 have at most 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    /// One number for each entry.
    pub lower: Option<&'a [u64]>,
    /// One number for each entry.
    pub upper: Option<&'a [u64]>,
}

/// The seats of each entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// In the order of the weights; sums to the total exactly.
    pub seats: Vec<u64>,
    /// The entries, in order, between which only their order decided; empty where there was no tie.
    pub tied: Vec<usize>,
}

/// Bounds that can be kept: `lower <= upper <= seats`, and the seats lie between their sums.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) lower: Vec<u64>,
    pub(super) upper: Vec<u64>,
}

impl Limits {
    /// `least` is what every entry with a weight and room has anyway (rounding up).
    pub(super) fn new(weights: &[u64], seats: u64, bounds: Bounds<'_>, least: u64) -> Result<Self, ListError> {
        if seats > MAX_SEATS {
            return Err(ListError::Seats { seats, most: MAX_SEATS });
        }
        for (which, given) in [("lower", bounds.lower), ("upper", bounds.upper)] {
            if let Some(given) = given.filter(|given| given.len() != weights.len()) {
                return Err(ListError::Length {
                    weights: weights.len(),
                    bounds: given.len(),
                    which,
                });
            }
        }
        let mut limits = Self {
            lower: Vec::with_capacity(weights.len()),
            upper: Vec::with_capacity(weights.len()),
        };
        for (entry, weight) in weights.iter().enumerate() {
            let given = |of: Option<&[u64]>| of.and_then(|of| of.get(entry)).copied();
            let upper = if *weight == 0 { 0 } else { given(bounds.upper).unwrap_or(u64::MAX) };
            let lower = given(bounds.lower).unwrap_or(0);
            if lower > upper {
                return Err(ListError::BoundsCross { entry, lower, upper });
            }
            limits.lower.push(lower.max(least.min(upper)));
            limits.upper.push(upper);
        }
        let asked = sum(&limits.lower);
        if asked > seats {
            return Err(ListError::TooFew { seats, asked });
        }
        let room = sum(&limits.upper);
        if room < seats {
            return Err(ListError::TooMany { seats, room });
        }
        // No entry can have more than all, and products with a cap stay small.
        limits.upper.iter_mut().for_each(|upper| *upper = (*upper).min(seats));
        Ok(limits)
    }
}

/// The sum, or the greatest number there is if it is more.
pub(super) fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum: u64, number| sum.saturating_add(*number))
}
