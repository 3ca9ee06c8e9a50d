//! How much a decision hides, beside what the rule hides by itself and beside the least that any decision would have to hide.

use super::decide::Decision;
use super::rule::Reason;
use super::tables::Tables;
use super::within;
use serde::{Deserialize, Serialize};

/// Hidden distributions, one for each domain and question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Distributions of the plan.
    pub all: usize,
    /// Hidden for their own counts.
    pub primary: usize,
    /// Hidden, for whatever reason.
    pub hidden: usize,
    /// Any decision hides at least as many: what is primary, what hangs on what is hidden, and what else must go in each prefecture even if everything outside
    /// of it were hidden, chosen for all questions together.
    pub least: usize,
}

impl Report {
    /// Counts a decision.
    pub fn new(tables: &Tables, decision: &Decision) -> Report {
        let flags = || decision.reasons().iter().flatten();
        Report {
            all: flags().count(),
            primary: flags().filter(|reason| reason.is_some_and(Reason::is_primary)).count(),
            hidden: flags().filter(|reason| reason.is_some()).count(),
            least: least(tables, decision),
        }
    }

    /// Both of two releases.
    #[must_use]
    pub fn and(self, other: Report) -> Report {
        Report {
            all: self.all + other.all,
            primary: self.primary + other.primary,
            hidden: self.hidden + other.hidden,
            least: self.least + other.least,
        }
    }

    /// Hidden distributions in permille of all; 0 of none.
    pub fn hidden_permille(&self) -> usize {
        (self.hidden * 1_000).checked_div(self.all).unwrap_or(0)
    }

    /// The same, for their own counts only.
    pub fn primary_permille(&self) -> usize {
        (self.primary * 1_000).checked_div(self.all).unwrap_or(0)
    }
}

fn least(tables: &Tables, decision: &Decision) -> usize {
    let primary = |list: &Vec<Option<Reason>>| list.iter().map(|reason| reason.is_some_and(Reason::is_primary)).collect();
    let primary: Vec<Vec<bool>> = decision.reasons().iter().map(primary).collect();
    let hidden = within::cheapest(tables, decision.rule(), &primary, |_, _| 1);
    hidden.iter().flatten().filter(|hidden| **hidden).count()
}
