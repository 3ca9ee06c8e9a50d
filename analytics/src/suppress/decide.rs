//! The decision for a whole release: primary hiding, what hangs on what is hidden, and the extension, question by question from gates to what hangs
//! on them. Writes nothing.

use super::audit::{self, Withheld};
use super::case::{Before, Case};
use super::domain::Domain;
use super::rule::{Reason, Rule};
use super::tables::{SuppressError, Tables};
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
    /// By question, then by domain.
    reasons: Vec<Vec<Option<Reason>>>,
    /// What is not printed though the counts are; `None`: nobody looked, so nothing of the kind is printed.
    withheld: Option<BTreeSet<Withheld>>,
}

/// Decides what of a release is published.
///
/// # Errors
/// [`SuppressError::Earlier`] if an earlier release does not fit the tables.
pub fn decide(tables: &Tables, rule: &Rule, earlier: &[Earlier<'_>]) -> Result<Decision, SuppressError> {
    check(tables, earlier)?;
    let mut forced = vec![vec![false; tables.domains().len()]; tables.questions().len()];
    let reasons = loop {
        if let Some(reasons) = pass(tables, rule, earlier, &mut forced) {
            break reasons;
        }
    };
    Ok(Decision::new(*rule, tables.domains().to_vec(), reasons))
}

/// One pass over the questions; `None` if something was added to what is `forced` to be hidden, so that it all has to be decided anew.
fn pass(tables: &Tables, rule: &Rule, earlier: &[Earlier<'_>], forced: &mut [Vec<bool>]) -> Option<Vec<Vec<Option<Reason>>>> {
    let mut reasons: Vec<Vec<Option<Reason>>> = (0..tables.questions().len())
        .map(|question| primary(tables, rule, question))
        .collect();
    for question in 0..tables.questions().len() {
        let before = before(earlier, question);
        let mut own = own(tables, &reasons, question, earlier);
        for (reason, forced) in own.iter_mut().zip(forced.get(question).into_iter().flatten()) {
            *reason = reason.or(forced.then_some(Reason::Secondary));
        }
        let open = |domain: usize| {
            let hangs = tables.descendants(question).into_iter();
            let open = hangs.filter(|other| reasons.get(*other).and_then(|list| list.get(domain)).is_some_and(Option::is_none));
            u64::try_from(open.count()).unwrap_or(0)
        };
        let case = Case::new(tables, rule, question, &before, open);
        let hidden = hide(&case, &mut own);
        if let Some(list) = reasons.get_mut(question) {
            *list = own;
        }
        if force(tables, &reasons, question, &case.stuck(&hidden), forced) {
            return None;
        }
    }
    Some(reasons)
}

/// Extends what a question hides, and says by domain what is hidden then.
fn hide(case: &Case<'_>, own: &mut [Option<Reason>]) -> Vec<bool> {
    let must: Vec<bool> = own.iter().map(Option::is_some).collect();
    let mut hidden = must.clone();
    let added = case.extend(&mut hidden);
    case.prune(&mut hidden, &must);
    for (domain, difference) in added {
        let still = hidden.get(domain).copied().unwrap_or(false);
        if let Some(reason) = own.get_mut(domain).filter(|reason| still && reason.is_none()) {
            *reason = Some(if difference { Reason::Revision } else { Reason::Secondary });
        }
    }
    hidden
}

/// Forces domains to be hidden in the nearest question above that publishes any of them; whether there is one.
fn force(tables: &Tables, reasons: &[Vec<Option<Reason>>], question: usize, domains: &BTreeSet<usize>, forced: &mut [Vec<bool>]) -> bool {
    let above = |question: usize| Some(tables.question(question)?.gate.as_ref()?.question);
    let is_open = |question: usize, domain: usize| reasons.get(question).and_then(|list| list.get(domain)).is_some_and(Option::is_none);
    let mut gates = std::iter::successors(above(question), |gate| above(*gate));
    let Some(gate) = gates.find(|gate| domains.iter().any(|domain| is_open(*gate, *domain))) else {
        return false;
    };
    let flags = forced.get_mut(gate).into_iter().flatten().enumerate();
    for (_, flag) in flags.filter(|(domain, _)| domains.contains(domain)) {
        *flag = true;
    }
    true
}

fn primary(tables: &Tables, rule: &Rule, question: usize) -> Vec<Option<Reason>> {
    let of = |domain: &Domain| rule.primary(tables.n(*domain), &tables.counts(*domain, question)?);
    tables.domains().iter().map(of).collect()
}

/// What is hidden before the extension: primary, by the gate, by an earlier release.
fn own(tables: &Tables, reasons: &[Vec<Option<Reason>>], question: usize, earlier: &[Earlier<'_>]) -> Vec<Option<Reason>> {
    let gate = tables
        .question(question)
        .and_then(|asked| asked.gate.as_ref())
        .map(|gate| gate.question);
    let hidden = |list: &[Vec<Option<Reason>>], question: usize, domain: usize| {
        list.get(question).and_then(|list| list.get(domain)).is_some_and(Option::is_some)
    };
    let of = |(domain, primary): (usize, &Option<Reason>)| {
        let by_gate = gate.filter(|gate| hidden(reasons, *gate, domain)).map(|_| Reason::Gate);
        let before = earlier
            .iter()
            .any(|earlier| hidden(&earlier.decision.reasons, question, domain))
            .then_some(Reason::Earlier);
        primary.or(by_gate).or(before)
    };
    reasons
        .get(question)
        .map_or_else(Vec::new, |list| list.iter().enumerate().map(of).collect())
}

fn before(earlier: &[Earlier<'_>], question: usize) -> Vec<Before> {
    let lists = || earlier.iter().filter_map(|earlier| earlier.decision.reasons.get(question));
    let domains = lists().map(Vec::len).max().unwrap_or(0);
    // Published by any of them: differences may be chained.
    let published: Vec<bool> = (0..domains)
        .map(|domain| lists().any(|list| list.get(domain).is_some_and(Option::is_none)))
        .collect();
    let changed = earlier.iter().filter_map(|earlier| earlier.changed.get(question));
    changed
        .map(|changed| Before {
            published: published.clone(),
            changed: changed.clone(),
        })
        .collect()
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

    pub(crate) fn new(rule: Rule, domains: Vec<Domain>, reasons: Vec<Vec<Option<Reason>>>) -> Decision {
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
