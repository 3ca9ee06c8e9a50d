//! The method of the largest remainder (Hamilton, Hare-Niemeyer) for one list, with bounds.

use std::cmp::Reverse;

use super::error::ListError;
use super::limits::{Bounds, Limits, Shares, sum};

/// Gives `seats` to the entries in proportion to their weights.
///
/// Each entry's ideal share is its weight times one factor, but never outside of its bounds, with the factor for which the shares sum to `seats`;
/// so what a capped entry cannot take goes to the others in proportion. An entry gets its share rounded down, and the seats left over go to the
/// largest remainders. Of equal remainders the earlier entry in the list comes first; where that decided, [`Shares::tied`] names all of them.
///
/// # Errors
/// [`ListError`] if the bounds do not fit the weights or the seats.
pub fn largest_remainder(weights: &[u64], seats: u64, bounds: Bounds<'_>) -> Result<Shares, ListError> {
    let limits = Limits::new(weights, seats, bounds, 0)?;
    let entries: Vec<Entry> = weights
        .iter()
        .zip(limits.lower.iter().zip(&limits.upper))
        .map(|(weight, (lower, upper))| Entry {
            weight: u128::from(*weight),
            lower: u128::from(*lower),
            upper: u128::from(*upper),
        })
        .collect();
    let factor = factor(&entries, u128::from(seats));
    let mut shares: Vec<u64> = Vec::with_capacity(entries.len());
    let mut remainders: Vec<(u128, usize)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let (whole, remainder) = factor.share(entry);
        shares.push(u64::try_from(whole).unwrap_or(u64::MAX));
        if remainder > 0 {
            remainders.push((remainder, place));
        }
    }
    remainders.sort_by_key(|(remainder, place)| (Reverse(*remainder), *place));
    let left = usize::try_from(seats.saturating_sub(sum(&shares))).unwrap_or(usize::MAX);
    for (_, place) in remainders.iter().take(left) {
        if let Some(share) = shares.get_mut(*place) {
            *share += 1;
        }
    }
    Ok(Shares {
        seats: shares,
        tied: tied(&remainders, left),
    })
}

/// The entries whose remainder is that of the last one served, if one of them was not served.
fn tied(remainders: &[(u128, usize)], left: usize) -> Vec<usize> {
    let last = left
        .checked_sub(1)
        .and_then(|last| remainders.get(last))
        .map(|(remainder, _)| *remainder);
    let next = remainders.get(left).map(|(remainder, _)| *remainder);
    if last.is_none() || last != next {
        return Vec::new();
    }
    remainders
        .iter()
        .filter(|(remainder, _)| Some(*remainder) == last)
        .map(|(_, place)| *place)
        .collect()
}

struct Entry {
    weight: u128,
    lower: u128,
    upper: u128,
}

/// Seats for one unit of weight, `over / under`, with the breakpoint at or below it that says which entries stand at a bound.
struct Factor {
    breakpoint: (u128, u128),
    over: u128,
    under: u128,
}

impl Factor {
    /// The whole seats of an entry, and the rest in parts of `under`.
    fn share(&self, entry: &Entry) -> (u128, u128) {
        match standing(entry, self.breakpoint) {
            Standing::Low => (entry.lower, 0),
            Standing::High => (entry.upper, 0),
            Standing::Free => (entry.weight * self.over / self.under, entry.weight * self.over % self.under),
        }
    }
}

enum Standing {
    Low,
    Free,
    High,
}

/// Where an entry stands just above a factor `seats / weight`.
fn standing(entry: &Entry, (seats, weight): (u128, u128)) -> Standing {
    let share = entry.weight * seats;
    if entry.upper * weight <= share {
        Standing::High
    } else if share < entry.lower * weight {
        Standing::Low
    } else {
        Standing::Free
    }
}

/// The factor for which the bounded shares sum to `seats`. Their sum grows with the factor in straight pieces that meet where an entry leaves its
/// lower or reaches its upper bound, so the piece is found among those points and the factor by one division.
fn factor(entries: &[Entry], seats: u128) -> Factor {
    let weighted = || entries.iter().filter(|entry| entry.weight > 0);
    let mut points: Vec<(u128, u128)> = weighted()
        .flat_map(|entry| [(entry.lower, entry.weight), (entry.upper, entry.weight)])
        .collect();
    points.sort_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)));
    let reached = points.partition_point(|point| {
        let total: u128 = weighted()
            .map(|entry| (entry.weight * point.0).clamp(entry.lower * point.1, entry.upper * point.1))
            .sum();
        total <= seats * point.1
    });
    let breakpoint = reached.checked_sub(1).and_then(|last| points.get(last)).copied().unwrap_or((0, 1));
    let (mut fixed, mut free) = (0, 0);
    for entry in weighted() {
        match standing(entry, breakpoint) {
            Standing::Low => fixed += entry.lower,
            Standing::High => fixed += entry.upper,
            Standing::Free => free += entry.weight,
        }
    }
    // With nothing free every share is a bound, and they sum to the seats already.
    Factor {
        breakpoint,
        over: seats.saturating_sub(fixed),
        under: u128::max(free, 1),
    }
}
