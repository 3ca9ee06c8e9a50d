//! How much a decision hides, beside what the rule hides by itself and beside the least that any decision would have to hide.

use super::decide::Decision;
use super::domain::{Domain, SIX};
use super::rule::Reason;
use super::tables::Tables;
use super::within::{self, Nation};
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
    /// What the audit withholds beside counts that are published; `None`: not audited.
    #[serde(default)]
    pub beside: Option<Beside>,
}

/// Numbers of the nation and its bands beside published counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Weighted estimates, one for each domain and question.
    pub estimates: Part,
    /// Rows of trends on a base that no table has, one for each domain and question, as far as this survey goes: what the release of the other year
    /// withholds and the panel are not counted, nor rows on the base of the question's own table.
    pub trends: Part,
}

/// So many, and of those so many that are withheld.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// In all.
    pub all: usize,
    /// Not printed.
    pub withheld: usize,
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
            beside: decision.withheld().map(|_| beside(tables, decision)),
        }
    }

    /// Both of two releases; beside their counts only if both were audited.
    #[must_use]
    pub fn and(self, other: Report) -> Report {
        Report {
            all: self.all + other.all,
            primary: self.primary + other.primary,
            hidden: self.hidden + other.hidden,
            least: self.least + other.least,
            beside: self.beside.zip(other.beside).map(|(own, other)| Beside {
                estimates: own.estimates.and(other.estimates),
                trends: own.trends.and(other.trends),
            }),
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

impl Part {
    fn and(self, other: Part) -> Part {
        Part {
            all: self.all + other.all,
            withheld: self.withheld + other.withheld,
        }
    }

    fn count(&mut self, is_printed: bool) {
        self.all += 1;
        self.withheld += usize::from(!is_printed);
    }
}

fn beside(tables: &Tables, decision: &Decision) -> Beside {
    let mut beside = Beside::default();
    for domain in std::iter::once(Domain::Nation).chain((0..SIX).map(Domain::Band)) {
        for question in (0..tables.questions().len()).filter(|question| decision.is_published(domain, *question)) {
            beside.estimates.count(decision.may_print_weighted(domain, question));
        }
        for harmonised in tables.harmonised().iter().filter(|harmonised| !harmonised.is_own()) {
            let questions = harmonised.questions();
            if questions.iter().all(|question| decision.is_published(domain, *question)) {
                let weighs = questions.iter().all(|question| decision.may_print_weighted(domain, *question));
                beside.trends.count(weighs && decision.may_print_trend(domain, harmonised.question));
            }
        }
    }
    beside
}

fn least(tables: &Tables, decision: &Decision) -> usize {
    let primary = |list: &Vec<Option<Reason>>| list.iter().map(|reason| reason.is_some_and(Reason::is_primary)).collect();
    let primary: Vec<Vec<bool>> = decision.reasons().iter().map(primary).collect();
    let hidden = within::cheapest(tables, decision.rule(), Nation::Published, &primary, |_, _| 1);
    hidden.iter().flatten().filter(|hidden| **hidden).count()
}
