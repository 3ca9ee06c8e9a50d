//! What supporting hospitals takes: person-days, and the days of a team by its number of surveyors. In tenths of days.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::program::Effort;

/// The work of some hospitals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// How many.
    pub hospitals: u64,
    /// Days of work of one person, in tenths.
    pub person_days: u64,
    /// Days of one team that does all of them, in tenths, by its number of surveyors; only numbers for which every band has its days.
    pub team_days: BTreeMap<u8, u64>,
}

/// The numbers of surveyors for which the effort of every band has days.
pub fn surveyors(effort: &[Effort]) -> BTreeSet<u8> {
    let of = |effort: &Effort| effort.days.keys().copied().collect::<BTreeSet<u8>>();
    let mut numbers = effort.iter().map(of);
    let first = numbers.next().unwrap_or_default();
    numbers.fold(first, |known, other| &known & &other)
}

/// The work of so many hospitals of each band, given the effort of each band in the same order.
pub fn work(hospitals: &[u64], effort: &[Effort]) -> Work {
    let sum = |of: &dyn Fn(&Effort) -> u64| -> u64 {
        let bands = hospitals.iter().zip(effort);
        bands.fold(0, |sum: u64, (number, effort)| {
            sum.saturating_add(number.saturating_mul(of(effort)))
        })
    };
    let days = |who: u8| sum(&|effort| u64::from(effort.days.get(&who).copied().unwrap_or_default()));
    Work {
        hospitals: hospitals.iter().fold(0, |sum, number| sum.saturating_add(*number)),
        person_days: sum(&|effort| u64::from(effort.person_days)),
        team_days: surveyors(effort).into_iter().map(|who| (who, days(who))).collect(),
    }
}
