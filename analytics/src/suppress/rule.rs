//! The numbers of the rule, and what by itself hides a distribution. Looks at one domain at a time.

use super::tables::Counts;
use serde::{Deserialize, Serialize};

/// The numbers of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// A base under this many hospitals is not published, nor a union of as few.
    pub min_base: u32,
    /// Where all answers fall in one option, a base under this many hospitals is not published.
    pub min_base_one_option: u32,
    /// How many values at least every hidden count must be able to have.
    pub possible: u32,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule {
            min_base: 10,
            min_base_one_option: 20,
            possible: 3,
        }
    }
}

/// Why a question's distribution is hidden in a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Primary: the base is under [`Rule::min_base`].
    Base,
    /// Primary: all answers fall in one option, and the base is under [`Rule::min_base_one_option`].
    OneOption,
    /// The question that this one hangs on is hidden here; the base of this one would give its count away.
    Gate,
    /// An earlier release of the same survey hid it.
    Earlier,
    /// The difference from an earlier release would show the answers of fewer than [`Rule::min_base`] hospitals. The earlier number stands.
    Revision,
    /// Without it, something that is hidden could be computed.
    Secondary,
}

impl Reason {
    /// Whether the rule hides it for its own counts.
    pub fn is_primary(self) -> bool {
        matches!(self, Reason::Base | Reason::OneOption)
    }
}

impl Rule {
    /// What hides the counts by themselves. Where nobody submitted (n = 0) there is nothing to hide.
    pub fn primary(&self, n: u32, counts: &Counts) -> Option<Reason> {
        if n == 0 { None } else { self.of_base(counts.base, &counts.options) }
    }

    /// Whether a group of hospitals may stand apart from all others, by what they said: nobody, or enough of them who did not all say the same.
    pub(super) fn shows(&self, group: &[u32]) -> bool {
        let all = group.iter().sum();
        all == 0 || self.of_base(all, group).is_none()
    }

    fn of_base(&self, base: u32, options: &[u32]) -> Option<Reason> {
        let chosen = options.iter().filter(|count| **count > 0).count();
        if base < self.min_base {
            Some(Reason::Base)
        } else if options.len() > 1 && chosen <= 1 && base < self.min_base_one_option {
            Some(Reason::OneOption)
        } else {
            None
        }
    }
}
