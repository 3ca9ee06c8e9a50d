//! Conditions on earlier answers and on facts of the hospital. Judged over the whole chain of gates, never by the nearest one alone.

use serde::{Deserialize, Serialize};

use crate::question::QuestionKey;

/// When something is asked, freed or contradictory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Condition {
    /// An earlier question has one of these option keys as its answer.
    Answer {
        /// The gate.
        question: QuestionKey,
        /// Option keys.
        is: Vec<String>,
    },
    /// The hospital answered an earlier survey so.
    Earlier {
        /// Survey and question: `2022.ehr_in_use`.
        earlier: String,
        /// Option keys.
        is: Vec<String>,
    },
    /// The hospital has so many licensed beds or more.
    BedsAtLeast {
        /// Licensed beds.
        beds_at_least: u16,
    },
    /// All of these.
    All {
        /// At least one.
        all: Vec<Condition>,
    },
    /// One of these at least.
    Any {
        /// At least one.
        any: Vec<Condition>,
    },
}

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// The gate was answered by 無回答 (or could be left out and was): nobody can tell, and nobody will.
    Open,
    /// The gate is blank or invalid: it must be mended first.
    Unknown,
}

impl Condition {
    /// Judges with a function that judges the leaves.
    pub fn judge(&self, leaf: &impl Fn(&Condition) -> Outcome) -> Outcome {
        match self {
            Condition::All { all } => {
                let outcomes: Vec<Outcome> = all.iter().map(|condition| condition.judge(leaf)).collect();
                [Outcome::Fails, Outcome::Unknown, Outcome::Open]
                    .into_iter()
                    .find(|o| outcomes.contains(o))
                    .unwrap_or(Outcome::Holds)
            }
            Condition::Any { any } => {
                let outcomes: Vec<Outcome> = any.iter().map(|condition| condition.judge(leaf)).collect();
                [Outcome::Holds, Outcome::Unknown, Outcome::Open]
                    .into_iter()
                    .find(|o| outcomes.contains(o))
                    .unwrap_or(Outcome::Fails)
            }
            Condition::Answer { .. } | Condition::Earlier { .. } | Condition::BedsAtLeast { .. } => leaf(self),
        }
    }

    /// Every leaf, in the order written.
    pub fn leaves(&self) -> Vec<&Condition> {
        match self {
            Condition::All { all: inner } | Condition::Any { any: inner } => inner.iter().flat_map(Condition::leaves).collect(),
            Condition::Answer { .. } | Condition::Earlier { .. } | Condition::BedsAtLeast { .. } => vec![self],
        }
    }
}
