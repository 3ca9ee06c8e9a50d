//! The decision for a whole release: primary hiding, what each prefecture has to hide for itself, and from there each tree of questions. Writes nothing.

use super::audit::{self, Withheld};
use super::domain::Domain;
use super::rule::{Reason, Rule};
use super::tables::{SuppressError, Tables};
use super::tree::{self, Reasons, Tree};
use super::within::{self, Nation};
use std::collections::BTreeSet;

/// A release of the same survey that is public already.
#[derive(Debug, Clone)]
pub struct Earlier<'a> {
    /// What it hid.
    pub decision: &'a Decision,
    /// By question, then by cell in the order of prefectures and bands: hospitals whose counted answer differs from the new tables',
    /// those that came or went included; who moved to another cell counts in both.
    pub changed: Vec<Vec<u32>>,
}

/// What of a release is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    rule: Rule,
    domains: Vec<Domain>,
    reasons: Reasons,
    /// What is not printed though the counts are; `None`: nobody looked, so nothing of the kind is printed.
    withheld: Option<BTreeSet<Withheld>>,
}

/// Decides what of a release is published.
///
/// # Errors
/// [`SuppressError::Earlier`] if an earlier release does not fit the tables.
pub fn decide(tables: &Tables, rule: &Rule, earlier: &[Earlier<'_>]) -> Result<Decision, SuppressError> {
    check(tables, earlier)?;
    let primary: Reasons = (0..tables.questions().len())
        .map(|question| primary(tables, rule, question))
        .collect();
    let within = within::cheapest(tables, rule, Nation::Hidden, &must(&primary, earlier), |case, domain| {
        case.worth(domain)
    });
    let mut reasons = primary.clone();
    let roots = tables
        .questions()
        .iter()
        .enumerate()
        .filter(|(_, question)| question.gate.is_none());
    for (root, _) in roots {
        let tree = Tree::new(tables, rule, earlier, &primary, root);
        for (question, decided) in tree.decide(&within) {
            if let Some(list) = reasons.get_mut(question) {
                *list = decided;
            }
        }
    }
    Ok(Decision::new(*rule, tables.domains().to_vec(), reasons))
}

fn primary(tables: &Tables, rule: &Rule, question: usize) -> Vec<Option<Reason>> {
    let of = |domain: &Domain| rule.primary(tables.n(*domain), &tables.counts(*domain, question)?);
    tables.domains().iter().map(of).collect()
}

/// By question, then by domain: what is hidden for its own counts or by an earlier release.
fn must(primary: &Reasons, earlier: &[Earlier<'_>]) -> Vec<Vec<bool>> {
    let of = |(question, list): (usize, &Vec<Option<Reason>>)| {
        let flags = list.iter().enumerate();
        flags
            .map(|(domain, reason)| reason.is_some() || earlier.iter().any(|earlier| earlier.decision.hides(domain, question)))
            .collect()
    };
    primary.iter().enumerate().map(of).collect()
}

fn check(tables: &Tables, earlier: &[Earlier<'_>]) -> Result<(), SuppressError> {
    let fits = |earlier: &Earlier<'_>| {
        let questions = tables.questions().len();
        let cells = earlier.changed.iter().all(|list| list.len() == tables.grid().cells());
        cells
            && earlier.changed.len() == questions
            && earlier.decision.reasons.len() == questions
            && earlier.decision.domains == tables.domains()
    };
    match earlier.iter().position(|earlier| !fits(earlier)) {
        Some(index) => Err(SuppressError::Earlier(index)),
        None => Ok(()),
    }
}

impl Decision {
    /// Why a question is hidden in a domain; `None`: it is published.
    pub fn reason(&self, domain: Domain, question: usize) -> Option<Reason> {
        let index = self.domains.iter().position(|other| *other == domain)?;
        self.reasons.get(question)?.get(index).copied().flatten()
    }

    /// The numbers that it was made by.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The domains, in the order of the plan.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// The same by the index of the domain.
    pub(super) fn hides(&self, domain: usize, question: usize) -> bool {
        tree::is_hidden(&self.reasons, question, domain)
    }

    pub(crate) fn new(rule: Rule, domains: Vec<Domain>, reasons: Reasons) -> Decision {
        Decision {
            rule,
            domains,
            reasons,
            withheld: None,
        }
    }

    /// The decision with what the audit withholds: until then no estimate and no trend may be printed beside it. What an earlier release of the survey withheld
    /// stays withheld. Takes seconds for a nation.
    ///
    /// # Errors
    /// [`SuppressError::Weights`] if the tables have no weights.
    pub fn audited(self, tables: &Tables, earlier: &[&Decision]) -> Result<Decision, SuppressError> {
        let withheld = audit::withheld(tables, &self, earlier)?;
        Ok(self.withholding(withheld))
    }

    pub(crate) fn withholding(self, withheld: BTreeSet<Withheld>) -> Decision {
        Decision {
            withheld: Some(withheld),
            ..self
        }
    }

    /// What is not printed though the counts are; `None`: not audited.
    pub fn withheld(&self) -> Option<&BTreeSet<Withheld>> {
        self.withheld.as_ref()
    }

    #[cfg(test)]
    pub(crate) fn of(domains: Vec<Domain>, reasons: Vec<Vec<Option<Reason>>>) -> Decision {
        Decision::new(Rule::default(), domains, reasons)
    }

    /// By question, then by domain.
    pub(crate) fn reasons(&self) -> &[Vec<Option<Reason>>] {
        &self.reasons
    }
}
