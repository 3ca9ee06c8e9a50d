//! Divisor methods for one list, with bounds: each weight over one common divisor, rounded.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::error::ListError;
use super::limits::{Bounds, Limits, Shares, sum};
use super::rounding::Rounding;

/// Gives `seats` to the entries so that each has its weight over a common divisor, rounded, or the bound next to that.
///
/// Of entries with equal claims to the last seat the earlier in the list gets it; where that decided, [`Shares::tied`] names all of them.
///
/// # Errors
/// [`ListError`] if the bounds do not fit the weights or the seats.
pub fn divisor_method(weights: &[u64], seats: u64, bounds: Bounds<'_>, rounding: Rounding) -> Result<Shares, ListError> {
    let limits = Limits::new(weights, seats, bounds, rounding.least())?;
    let wide: Vec<u128> = weights.iter().map(|weight| u128::from(*weight)).collect();
    let shares = fill(&wide, seats, &limits.lower, &limits.upper, rounding);
    let tied = tied(&wide, &shares, &limits, rounding);
    Ok(Shares { seats: shares, tied })
}

/// An entry's claim to one more seat: its weight over the signpost of that seat. The greatest claim is served first, of equal ones the earliest.
#[derive(PartialEq, Eq)]
struct Claim {
    weight: u128,
    signpost: u64,
    entry: usize,
    seats: u64,
}

impl Claim {
    fn strength(&self, other: &Self) -> Ordering {
        (self.weight * u128::from(other.signpost)).cmp(&(other.weight * u128::from(self.signpost)))
    }
}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> Ordering {
        self.strength(other).then_with(|| other.entry.cmp(&self.entry))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Starts at the lower bounds and serves the strongest claim until the seats are given out. Weights are under 2^100, so that products with a
/// signpost fit; a weight of 0 has the upper bound 0.
pub(super) fn fill(weights: &[u128], seats: u64, lower: &[u64], upper: &[u64], rounding: Rounding) -> Vec<u64> {
    let claim = |entry: usize, seats: u64| {
        let weight = weights.get(entry).copied()?;
        (seats < upper.get(entry).copied()?).then(|| Claim {
            weight,
            signpost: rounding.signpost(seats + 1),
            entry,
            seats,
        })
    };
    let mut shares = lower.to_vec();
    let mut claims: BinaryHeap<Claim> = lower.iter().enumerate().filter_map(|(entry, seats)| claim(entry, *seats)).collect();
    for _ in sum(lower)..seats {
        let Some(strongest) = claims.pop() else { break };
        if let Some(share) = shares.get_mut(strongest.entry) {
            *share += 1;
        }
        claims.extend(claim(strongest.entry, strongest.seats + 1));
    }
    shares
}

/// The entries whose last or next seat is worth exactly as much as the weakest seat given, if another one's next seat is too.
fn tied(weights: &[u128], shares: &[u64], limits: &Limits, rounding: Rounding) -> Vec<usize> {
    let mut held = Vec::new();
    let mut wanted = Vec::new();
    for (entry, ((weight, seats), (lower, upper))) in weights.iter().zip(shares).zip(limits.lower.iter().zip(&limits.upper)).enumerate() {
        let claim = |seats: u64| Claim {
            weight: *weight,
            signpost: rounding.signpost(seats),
            entry,
            seats,
        };
        held.extend((seats > lower).then(|| claim(*seats)));
        wanted.extend((seats < upper).then(|| claim(*seats + 1)));
    }
    let (Some(weakest), Some(strongest)) = (held.iter().min(), wanted.iter().max()) else {
        return Vec::new();
    };
    if weakest.strength(strongest) != Ordering::Equal {
        return Vec::new();
    }
    let mut tied: Vec<usize> = held
        .iter()
        .chain(&wanted)
        .filter(|claim| claim.strength(weakest) == Ordering::Equal)
        .map(|claim| claim.entry)
        .collect();
    tied.sort_unstable();
    tied
}
