//! Wishes that a whole list is to meet, across its cells: at least or at most so many chosen hospitals with a value of an attribute, or of each value.
//! They are part of the criteria. The quotas of the cells come before them: no wish makes a cell fuller or emptier than it would be.

mod bound;
mod conflict;
mod optimum;
mod outcome;
mod problem;
mod rows;
mod solver;

use crate::selection::criteria::{CriteriaError, MOST_CHARACTERS, name, says};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use survey::attribute;

pub(super) use conflict::conflict;
pub use conflict::{Conflict, Limit, Opposed};
pub(super) use optimum::{Patience, optimum};
pub use outcome::{HeldCount, HeldWish, Swapped, WishesOutcome};
pub(super) use outcome::{Priced, price};
pub(super) use rows::problem;
pub(super) use solver::SolverError;

/// Most wishes of one set of criteria.
pub const MOST_WISHES: usize = 20;

/// One wish of the list as a whole. (What a hospital wants is [`crate::selection::Wish`].)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListWish {
    /// Stable key, `snake_case`, unique among the wishes.
    pub key: String,
    /// What it says, in Japanese.
    pub label: String,
    /// Key of the attribute that it counts by, as in the catalogue.
    pub attribute: String,
    /// Keys of values, or codes, that are counted together. Empty: each value that somebody who can be chosen has is counted by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// Chosen hospitals, 1 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Chosen hospitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// Of all hospitals that the list chooses, 1 to 99; what is not whole is rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_percent: Option<u32>,
}

impl ListWish {
    /// The most hospitals of a list of so many.
    fn most(&self, chosen: u64) -> Option<u64> {
        let share = |percent: u32| chosen.saturating_mul(u64::from(percent)) / 100;
        self.at_most.map(u64::from).or_else(|| self.at_most_percent.map(share))
    }
}

/// Checks wishes against each other and against the catalogue of attributes.
pub(super) fn check(wishes: &[ListWish]) -> Result<(), CriteriaError> {
    if wishes.len() > MOST_WISHES {
        return Err(CriteriaError::TooManyWishes);
    }
    let mut keys = BTreeSet::new();
    for wish in wishes {
        name(&wish.key, "key or label in a wish")?;
        name(&wish.label, "key or label in a wish")?;
        if !wish.key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(CriteriaError::BadName(wish.key.clone()));
        }
        if !keys.insert(wish.key.as_str()) {
            return Err(CriteriaError::DoubleKey(wish.key.clone()));
        }
        if !bounded(wish) {
            return Err(CriteriaError::WishWithoutBound(wish.key.clone()));
        }
        let unknown = |value: &str| CriteriaError::UnknownWished {
            key: wish.key.clone(),
            attribute: wish.attribute.chars().take(MOST_CHARACTERS).collect(),
            value: value.to_owned(),
        };
        if attribute::find(&wish.attribute).is_none() {
            return Err(unknown(""));
        }
        if let Some(value) = wish.is.iter().find(|value| !says(&wish.attribute, value)) {
            return Err(unknown(value));
        }
    }
    Ok(())
}

/// Whether there is a bound, and no two that contradict or repeat each other.
fn bounded(wish: &ListWish) -> bool {
    let most_is_one = wish.at_most.is_none() || wish.at_most_percent.is_none();
    let some = wish.at_least.is_some() || wish.at_most.is_some() || wish.at_most_percent.is_some();
    let ordered = match (wish.at_least, wish.at_most) {
        (Some(least), Some(most)) => least <= most,
        _ => true,
    };
    let percent = wish.at_most_percent.is_none_or(|percent| (1..=99).contains(&percent));
    some && most_is_one && ordered && percent && wish.at_least != Some(0)
}
