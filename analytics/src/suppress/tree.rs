//! The decision for the questions of one tree: what hangs on what is hidden, and the extension, question by question from gates to what hangs on them.

use super::case::{Before, Case, worth};
use super::decide::Earlier;
use super::rule::{Reason, Rule};
use super::tables::Tables;
use std::collections::BTreeSet;

/// By question, then by domain: why it is hidden.
pub(super) type Reasons = Vec<Vec<Option<Reason>>>;

/// More than one in so many beyond the least is much.
const MUCH: u64 = 10;

/// A question that hangs on no other with everything that hangs on it.
pub(super) struct Tree<'a> {
    tables: &'a Tables,
    rule: &'a Rule,
    earlier: &'a [Earlier<'a>],
    /// Of all questions: what is hidden for its own counts.
    primary: &'a Reasons,
    /// Each after the one that it hangs on, as in the questionnaire.
    questions: Vec<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(tables: &'a Tables, rule: &'a Rule, earlier: &'a [Earlier<'a>], primary: &'a Reasons, root: usize) -> Tree<'a> {
        let mut questions: Vec<usize> = std::iter::once(root).chain(tables.descendants(root)).collect();
        questions.sort_unstable();
        Tree {
            tables,
            rule,
            earlier,
            primary,
            questions,
        }
    }

    /// What is hidden of its questions, begun with what each prefecture has to hide for itself (`within`, by question and domain), than which hardly anything
    /// ends cheaper. Where that leads to much more, as it may if there are few prefectures to hide for each other, it is begun with nothing too, and the cheaper counts.
    pub(super) fn decide(&self, within: &[Vec<bool>]) -> Vec<(usize, Vec<Option<Reason>>)> {
        let mut decided = self.begun_with(within);
        let cost = self.cost(|question, domain| is_hidden(&decided, question, domain));
        let least = self.cost(|question, domain| is_set(within, question, domain));
        if cost > least + least / MUCH {
            let plain = self.begun_with(&[]);
            if self.cost(|question, domain| is_hidden(&plain, question, domain)) < cost {
                decided = plain;
            }
        }
        let mut of = |question: usize| Some((question, std::mem::take(decided.get_mut(question)?)));
        self.questions.iter().filter_map(|question| of(*question)).collect()
    }

    fn cost(&self, hidden: impl Fn(usize, usize) -> bool) -> u64 {
        let of = |question: usize| {
            let domains = self.tables.domains().iter().enumerate();
            let hidden = domains.filter(|(index, _)| hidden(question, *index));
            hidden.map(|(_, domain)| worth(domain)).sum::<u64>()
        };
        self.questions.iter().map(|question| of(*question)).sum()
    }

    fn begun_with(&self, first: &[Vec<bool>]) -> Reasons {
        let mut forced = vec![vec![false; self.tables.domains().len()]; self.tables.questions().len()];
        loop {
            if let Some(reasons) = self.pass(first, &mut forced) {
                return reasons;
            }
        }
    }

    /// One pass over the questions; `None` if something was added to what is `forced` to be hidden, so that it all has to be decided anew.
    fn pass(&self, first: &[Vec<bool>], forced: &mut [Vec<bool>]) -> Option<Reasons> {
        let mut reasons = self.primary.clone();
        for question in self.questions.iter().copied() {
            let before = before(self.earlier, question);
            let mut own = self.own(&reasons, question);
            for (domain, reason) in own.iter_mut().enumerate() {
                *reason = reason.or(is_set(forced, question, domain).then_some(Reason::Secondary));
            }
            let open = |domain: usize| {
                let hangs = self.tables.descendants(question).into_iter();
                u64::try_from(hangs.filter(|other| !is_hidden(&reasons, *other, domain)).count()).unwrap_or(0)
            };
            let case = Case::new(self.tables, self.rule, question, &before, open);
            let hidden = hide(&case, &mut own, |domain| is_set(first, question, domain));
            if let Some(list) = reasons.get_mut(question) {
                *list = own;
            }
            if self.force(&reasons, question, &case.stuck(&hidden), forced) {
                return None;
            }
        }
        Some(reasons)
    }

    /// Forces domains to be hidden in the nearest question above that publishes any of them; whether there is one.
    fn force(&self, reasons: &Reasons, question: usize, domains: &BTreeSet<usize>, forced: &mut [Vec<bool>]) -> bool {
        let above = |question: usize| Some(self.tables.question(question)?.gate.as_ref()?.question);
        let mut gates = std::iter::successors(above(question), |gate| above(*gate));
        let Some(gate) = gates.find(|gate| domains.iter().any(|domain| !is_hidden(reasons, *gate, *domain))) else {
            return false;
        };
        let flags = forced.get_mut(gate).into_iter().flatten().enumerate();
        for (_, flag) in flags.filter(|(domain, _)| domains.contains(domain)) {
            *flag = true;
        }
        true
    }

    /// What is hidden before the extension: primary, by the gate, by an earlier release.
    fn own(&self, reasons: &Reasons, question: usize) -> Vec<Option<Reason>> {
        let gate = self.tables.question(question).and_then(|asked| asked.gate.as_ref());
        let of = |(domain, primary): (usize, &Option<Reason>)| {
            let by_gate = gate.filter(|gate| is_hidden(reasons, gate.question, domain)).map(|_| Reason::Gate);
            let before = self.earlier.iter().any(|earlier| earlier.decision.hides(domain, question));
            primary.or(by_gate).or(before.then_some(Reason::Earlier))
        };
        let primary = self.primary.get(question).into_iter().flatten();
        primary.enumerate().map(of).collect()
    }
}

pub(super) fn is_hidden(reasons: &Reasons, question: usize, domain: usize) -> bool {
    reasons.get(question).and_then(|list| list.get(domain)).is_some_and(Option::is_some)
}

fn is_there(flags: &[bool], index: usize) -> bool {
    flags.get(index).copied().unwrap_or(false)
}

fn is_set(flags: &[Vec<bool>], question: usize, domain: usize) -> bool {
    flags.get(question).and_then(|list| list.get(domain)).copied().unwrap_or(false)
}

/// Extends what a question hides, `first` by some domains, and says by domain what is hidden then.
fn hide(case: &Case<'_>, own: &mut [Option<Reason>], first: impl Fn(usize) -> bool) -> Vec<bool> {
    let must: Vec<bool> = own.iter().map(Option::is_some).collect();
    let mut hidden: Vec<bool> = must.iter().enumerate().map(|(domain, must)| *must || first(domain)).collect();
    let added = case.extend(&mut hidden);
    case.prune(&mut hidden, &must);
    // What it was begun with is there for what would be wrong without it.
    let begun = (0..must.len()).filter(|domain| first(*domain) && is_there(&hidden, *domain) && !is_there(&must, *domain));
    let begun: Vec<(usize, bool)> = begun.map(|domain| (domain, case.is_difference(&hidden, domain))).collect();
    for (domain, difference) in begun.into_iter().chain(added) {
        let still = is_there(&hidden, domain);
        if let Some(reason) = own.get_mut(domain).filter(|reason| still && reason.is_none()) {
            *reason = Some(if difference { Reason::Revision } else { Reason::Secondary });
        }
    }
    hidden
}

fn before(earlier: &[Earlier<'_>], question: usize) -> Vec<Before> {
    let lists = || earlier.iter().filter_map(|earlier| earlier.decision.reasons().get(question));
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
