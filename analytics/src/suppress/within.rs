//! What has to be hidden within each prefecture even if everything outside of it were hidden, chosen for all questions of a tree together: what a question
//! hides goes in everything that hangs on it, so that the cheapest domains for a question by itself may be the dearest for the tree. A floor under every
//! decision (with the nation's tables published), and where a good one begins (with them hidden); what prefectures must hide for each other's sake is left to [`super::case`].

use super::case::Case;
use super::domain::Domain;
use super::rule::Rule;
use super::tables::Tables;
use std::collections::BTreeMap;

/// Some of a prefecture's domains, a bit each.
type Set = u32;

/// What is chosen for a question and everything that hangs on it.
#[derive(Debug, Clone)]
struct Plan {
    price: u64,
    /// Questions and what of them is hidden.
    sets: Vec<(usize, Set)>,
}

/// What is taken of the nation's tables where it is asked what they show by themselves, which is not held against the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nation {
    /// Hidden like all outside of a prefecture: nothing is forgiven.
    Hidden,
    /// Published: as much is forgiven as in any decision. Only so is what comes out a floor under every one.
    Published,
}

/// A prefecture, or a domain of the nation by itself.
struct Place<'a> {
    tables: &'a Tables,
    nation: Nation,
    cases: &'a [Case<'a>],
    /// Indices of its domains.
    domains: Vec<usize>,
    /// By question.
    must: Vec<Set>,
    /// By domain of the place.
    prices: Vec<u64>,
    /// By question and what is hidden for the sake of its gate.
    plans: BTreeMap<(usize, Set), Plan>,
    /// By question and what is hidden of it.
    safe: BTreeMap<(usize, Set), bool>,
}

/// By question, then by domain, as `must` is: the cheapest choice of hidden domains that includes what must be hidden and everything that hangs on
/// what is hidden, and is safe within each prefecture by itself. `price` is what a domain costs in one question; of equal sums the first is taken.
pub(super) fn cheapest(
    tables: &Tables,
    rule: &Rule,
    nation: Nation,
    must: &[Vec<bool>],
    price: impl Fn(&Case<'_>, usize) -> u64,
) -> Vec<Vec<bool>> {
    let cases = (0..tables.questions().len()).map(|question| Case::new(tables, rule, question, &[], |_| 0));
    let cases: Vec<Case<'_>> = cases.collect();
    let mut hidden = vec![vec![false; tables.domains().len()]; tables.questions().len()];
    for domains in places(tables) {
        let of = |must: &Vec<bool>| -> Set {
            let flags = (0..).zip(domains.iter().filter_map(|domain| must.get(*domain)));
            flags.filter(|(_, must)| **must).map(|(bit, _)| 1 << bit).sum()
        };
        let mut place = Place {
            tables,
            nation,
            cases: &cases,
            must: must.iter().map(of).collect(),
            prices: Vec::new(),
            plans: BTreeMap::new(),
            safe: BTreeMap::new(),
            domains,
        };
        for root in tables.roots() {
            place.prices = cases
                .get(root)
                .map_or_else(Vec::new, |case| place.domains.iter().map(|domain| price(case, *domain)).collect());
            for (question, set) in place.plan(root, 0).sets {
                for domain in place.of(set) {
                    if let Some(flag) = hidden.get_mut(question).and_then(|list| list.get_mut(domain)) {
                        *flag = true;
                    }
                }
            }
        }
    }
    hidden
}

/// The domains of each prefecture; those of the nation each by itself.
fn places(tables: &Tables) -> Vec<Vec<usize>> {
    let mut places: BTreeMap<Domain, Vec<usize>> = BTreeMap::new();
    for (index, domain) in tables.domains().iter().enumerate() {
        let place = match domain {
            Domain::Nation | Domain::Band(_) => *domain,
            Domain::Prefecture(code) | Domain::PrefectureBand(code, _) => Domain::Prefecture(*code),
        };
        places.entry(place).or_default().push(index);
    }
    places.into_values().collect()
}

impl Place<'_> {
    /// The cheapest for a question of which a set is hidden already, and for what hangs on it.
    fn plan(&mut self, question: usize, gate: Set) -> Plan {
        if let Some(plan) = self.plans.get(&(question, gate)) {
            return plan.clone();
        }
        let least = gate | self.must.get(question).copied().unwrap_or(0);
        let mut sets: Vec<Set> = (0..1 << self.domains.len()).filter(|set| set & least == least).collect();
        sets.sort_by_key(|set| self.price(*set));
        let mut best: Option<Plan> = None;
        let mut safe: Vec<Set> = Vec::new();
        for set in sets {
            // What holds a safe set costs more than that by itself, and no less in what hangs on it.
            let is_more = safe.iter().any(|safe| set & safe == *safe);
            if !is_more && self.is_safe(question, set) {
                safe.push(set);
                let plan = self.with(question, set);
                best = Some(best.filter(|best| best.price <= plan.price).unwrap_or(plan));
            }
        }
        // Where nothing helps within the prefecture, no more is asked of it than what must go.
        let best = best.unwrap_or_else(|| self.with(question, least));
        self.plans.insert((question, gate), best.clone());
        best
    }

    fn with(&mut self, question: usize, set: Set) -> Plan {
        let children: Vec<usize> = self.tables.children(question).map(|(child, _)| child).collect();
        let mut plan = Plan {
            price: self.price(set),
            sets: vec![(question, set)],
        };
        for below in children.into_iter().map(|child| self.plan(child, set)) {
            plan.price += below.price;
            plan.sets.extend(below.sets);
        }
        plan
    }

    fn price(&self, set: Set) -> u64 {
        (0..)
            .zip(&self.prices)
            .filter(|(bit, _)| set >> bit & 1 == 1)
            .map(|(_, price)| price)
            .sum()
    }

    fn of(&self, set: Set) -> Vec<usize> {
        (0..)
            .zip(&self.domains)
            .filter(|(bit, _)| set >> bit & 1 == 1)
            .map(|(_, domain)| *domain)
            .collect()
    }

    fn is_safe(&mut self, question: usize, set: Set) -> bool {
        if let Some(safe) = self.safe.get(&(question, set)) {
            return *safe;
        }
        let within = self.of(set);
        let outside = |domain: usize| !self.domains.contains(&domain) || within.contains(&domain);
        let hidden: Vec<bool> = (0..self.tables.domains().len()).map(outside).collect();
        let by_itself = |(domain, place): (usize, &Domain)| match place {
            Domain::Nation | Domain::Band(_) if self.nation == Nation::Published => within.contains(&domain),
            _ => outside(domain),
        };
        let by_itself: Vec<bool> = self.tables.domains().iter().enumerate().map(by_itself).collect();
        let is_safe = |case: &Case<'_>| case.is_safe_at(&hidden, &by_itself, &within);
        let safe = within.is_empty() || self.cases.get(question).is_none_or(is_safe);
        self.safe.insert((question, set), safe);
        safe
    }
}
