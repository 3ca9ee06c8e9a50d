//! How much a decision hides, beside what the rule hides by itself and beside the least that any decision would have to hide.

use super::case::Case;
use super::decide::Decision;
use super::domain::Domain;
use super::rule::Reason;
use super::tables::Tables;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use survey::prefecture::PrefectureCode;

/// Hidden distributions, one for each domain and question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Distributions of the plan.
    pub all: usize,
    /// Hidden for their own counts.
    pub primary: usize,
    /// Hidden, for whatever reason.
    pub hidden: usize,
    /// Any decision hides at least as many: what is primary, what hangs on it, and one more in every prefecture where only one would be hidden and
    /// would leak as the prefecture less its other bands, even if everything outside of the prefecture were hidden.
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
    let mut forced: Vec<Vec<bool>> = Vec::new();
    let mut sum = 0;
    for (index, (question, reasons)) in tables.questions().iter().zip(decision.reasons()).enumerate() {
        let gate = question.gate.as_ref().and_then(|gate| forced.get(gate.question));
        let primary = reasons.iter().map(|reason| reason.is_some_and(Reason::is_primary)).enumerate();
        let own: Vec<bool> = primary
            .map(|(domain, primary)| primary || gate.and_then(|gate| gate.get(domain)).copied().unwrap_or(false))
            .collect();
        let mut rows: BTreeMap<PrefectureCode, Vec<usize>> = BTreeMap::new();
        for (domain, code) in own.iter().enumerate().filter(|(_, hidden)| **hidden).filter_map(|(domain, _)| {
            let code = prefecture(tables.domains().get(domain)?)?;
            Some((domain, code))
        }) {
            rows.entry(code).or_default().push(domain);
        }
        let case = Case::new(tables, decision.rule(), index, &[], |_| 0);
        let alone = rows.iter().filter(|(code, domains)| match domains.as_slice() {
            [domain] => {
                let others = tables.domains().iter().enumerate();
                let hidden: Vec<bool> = others
                    .map(|(other, place)| other == *domain || prefecture(place) != Some(**code))
                    .collect();
                case.leaks_at(&hidden, *domain)
            }
            _ => false,
        });
        sum += own.iter().filter(|hidden| **hidden).count() + alone.count();
        forced.push(own);
    }
    sum
}

fn prefecture(domain: &Domain) -> Option<PrefectureCode> {
    match domain {
        Domain::Prefecture(code) | Domain::PrefectureBand(code, _) => Some(*code),
        Domain::Nation | Domain::Band(_) => None,
    }
}
