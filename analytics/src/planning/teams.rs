//! When teams are done that work side by side: each hospital is one team's, and the longest come first, each to the team that is free first (LPT). That is a
//! plan which can be carried out, at most a third longer than the best one; more teams never make it longer, nor fewer hospitals.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The most hospitals that are planned one by one: ten times those of the country.
pub const MOST_HOSPITALS: u64 = 100_000;

/// Hospitals that take a team equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visits {
    /// How many.
    pub hospitals: u64,
    /// Tenths of days of a team for each.
    pub days: u64,
}

/// After how many tenths of days the last team is done. `None` without teams, or for more than [`MOST_HOSPITALS`].
pub fn done_after(visits: &[Visits], teams: u64) -> Option<u64> {
    let hospitals = visits.iter().try_fold(0_u64, |sum, one| sum.checked_add(one.hospitals))?;
    if teams == 0 || hospitals > MOST_HOSPITALS {
        return None;
    }
    let mut visits = visits.to_vec();
    visits.sort_by_key(|one| Reverse(one.days));
    // A team without a hospital changes nothing.
    let mut free_at: BinaryHeap<Reverse<u64>> = (0..teams.min(hospitals)).map(|_| Reverse(0)).collect();
    let mut done = 0;
    for one in visits {
        for _ in 0..one.hospitals {
            let Reverse(free) = free_at.pop()?;
            let end = free.saturating_add(one.days);
            done = done.max(end);
            free_at.push(Reverse(end));
        }
    }
    Some(done)
}

/// The fewest teams that are done within so many tenths of days: 0 where there is nothing to do, `None` where one hospital alone takes longer.
pub fn teams_needed(visits: &[Visits], within: u64) -> Option<u64> {
    let hospitals = visits.iter().try_fold(0_u64, |sum, one| sum.checked_add(one.hospitals))?;
    if hospitals == 0 {
        return Some(0);
    }
    let suffice = |teams: u64| done_after(visits, teams).is_some_and(|done| done <= within);
    if !suffice(hospitals) {
        return None;
    }
    // `enough` suffices, and nothing up to `few` does.
    let (mut few, mut enough) = (0, hospitals);
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        if suffice(middle) {
            enough = middle;
        } else {
            few = middle;
        }
    }
    Some(enough)
}

/// Tenths of days as whole days: a day that was begun is a day.
pub fn whole_days(tenths: u64) -> u64 {
    tenths.div_ceil(10)
}
