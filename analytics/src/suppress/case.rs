//! One question's hidden domains: is everything that is hidden safe, and if not, what else has to be hidden? Knows the other questions only by what
//! hangs on this one.

mod possible;

use super::domain::Domain;
use super::flow::{self, Way};
use super::moves::{Move, moves};
use super::partners;
use super::rule::Rule;
use super::tables::Tables;
use super::unions;
use super::whole::Whole;

/// What an earlier release still lets differ: the domains that it published, and by cell how many hospitals' data changed since.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) published: Vec<bool>,
    pub(crate) changed: Vec<u32>,
}

/// A question in all domains.
pub(crate) struct Case<'a> {
    tables: &'a Tables,
    rule: &'a Rule,
    question: usize,
    options: usize,
    several: bool,
    moves: Vec<Move>,
    whole: Whole<'a>,
    /// By cell.
    base: Vec<u32>,
    /// By domain.
    bases: Vec<u32>,
    /// By domain: what hiding it would cost.
    worth: Vec<u64>,
    before: &'a [Before],
}

/// What is wrong with a set of hidden domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leak {
    /// Fewer than the least base are isolated.
    Union(Vec<usize>),
    /// The same, between this release and one of the earlier ones.
    Difference(usize, Vec<usize>),
    /// The count of an option in a hidden domain has too few possible values.
    Count(usize, usize),
}

/// What hiding a domain costs, whatever the question; more than all that the sizes of domains add.
pub(crate) fn worth(domain: &Domain) -> u64 {
    match domain {
        Domain::Nation => 1_000_000,
        Domain::Band(_) => 10_000,
        Domain::Prefecture(_) => 120,
        Domain::PrefectureBand(..) => 100,
    }
}

impl<'a> Case<'a> {
    /// `others(domain)`: how many questions that hang on this one would have to be hidden with it there.
    pub(crate) fn new(
        tables: &'a Tables,
        rule: &'a Rule,
        question: usize,
        before: &'a [Before],
        others: impl Fn(usize) -> u64,
    ) -> Case<'a> {
        let cells = 0..tables.grid().cells();
        let base: Vec<u32> = cells
            .map(|cell| tables.cell(question, cell).map_or(0, |counts| counts.base))
            .collect();
        let of = |domain: usize| -> u32 { tables.grid().cells_of(domain).into_iter().filter_map(|cell| base.get(cell)).sum() };
        let bases: Vec<u32> = (0..tables.domains().len()).map(of).collect();
        let worth_here = |(index, domain): (usize, &Domain)| {
            let size = bases.get(index).copied().unwrap_or(0).checked_ilog2().unwrap_or(0);
            worth(domain) * (1 + others(index)) + u64::from(size)
        };
        Case {
            options: tables.question(question).map_or(0, |asked| asked.exclusive.len()),
            several: tables.question(question).is_some_and(|asked| asked.several),
            question,
            moves: moves(tables, question),
            whole: Whole::new(tables, question),
            worth: tables.domains().iter().enumerate().map(worth_here).collect(),
            tables,
            rule,
            base,
            bases,
            before,
        }
    }

    /// Hides more until nothing leaks. `hidden` by domain.
    pub(crate) fn extend(&self, hidden: &mut [bool]) -> Vec<(usize, bool)> {
        let mut added = Vec::new();
        while let Some(leak) = self.leak(hidden) {
            let way = self.remedy(hidden, &leak).filter(|way| !way.domains.is_empty());
            let domains = way.map_or_else(|| self.last_resort(hidden, &leak), |way| way.domains);
            if domains.is_empty() {
                break;
            }
            for domain in domains {
                if let Some(flag) = hidden.get_mut(domain) {
                    *flag = true;
                }
                added.push((domain, matches!(leak, Leak::Difference(..))));
            }
        }
        added
    }

    /// Where no single way helps: everything of the prefectures in the bands concerned, then everything of the prefectures, then the nation's tables.
    fn last_resort(&self, hidden: &[bool], leak: &Leak) -> Vec<usize> {
        let around = match leak {
            Leak::Count(domain, _) => self.around(hidden, *domain),
            Leak::Union(_) | Leak::Difference(..) => Vec::new(),
        };
        let open = |also: Vec<bool>| -> Vec<usize> {
            let flags = hidden.iter().zip(also).enumerate();
            flags
                .filter(|(_, (hidden, also))| !**hidden && *also)
                .map(|(domain, _)| domain)
                .collect()
        };
        let below = || open(self.nation_only(hidden));
        let everything = || open(vec![true; hidden.len()]);
        let stages: [&dyn Fn() -> Vec<usize>; 3] = [&|| around.clone(), &below, &everything];
        stages
            .iter()
            .map(|stage| stage())
            .find(|stage| !stage.is_empty())
            .unwrap_or_default()
    }

    /// The first thing that is wrong; `None`: all is safe.
    pub(crate) fn leak(&self, hidden: &[bool]) -> Option<Leak> {
        let grid = self.tables.grid();
        if let Some(union) = unions::smallest(grid, hidden, &self.base).filter(|union| union.weight < self.rule.min_base) {
            return Some(Leak::Union(union.cells));
        }
        for (index, before) in self.before.iter().enumerate() {
            let silent = silent(hidden, before);
            let union = unions::smallest(grid, &silent, &before.changed);
            if let Some(union) = union.filter(|union| union.weight < self.rule.min_base) {
                return Some(Leak::Difference(index, union.cells));
            }
        }
        if self.options < 2 {
            return None;
        }
        let flags = hidden.iter().enumerate().filter(|(_, hidden)| **hidden);
        let mut counts = flags.flat_map(|(domain, _)| (0..self.options).map(move |option| (domain, option)));
        counts
            .find(|(domain, option)| self.is_known(hidden, *domain, *option))
            .map(|(domain, option)| Leak::Count(domain, option))
    }

    /// Whether no union of few is isolated anywhere, and no count of these domains. `by_itself`: what is hidden where it is asked what the nation's tables
    /// show by themselves.
    pub(crate) fn is_safe_at(&self, hidden: &[bool], by_itself: &[bool], domains: &[usize]) -> bool {
        let union = unions::smallest(self.tables.grid(), hidden, &self.base);
        let known = |domain: usize| (0..self.options).any(|option| self.is_known_by((hidden, by_itself), domain, option));
        union.is_none_or(|union| union.weight >= self.rule.min_base) && (self.options < 2 || !domains.iter().any(|domain| known(*domain)))
    }

    /// Whether a domain is hidden because of an earlier release: with it shown, what changed since could be told.
    pub(crate) fn is_difference(&self, hidden: &[bool], domain: usize) -> bool {
        let without = || -> Vec<bool> {
            hidden
                .iter()
                .enumerate()
                .map(|(other, hidden)| *hidden && other != domain)
                .collect()
        };
        !self.before.is_empty() && matches!(self.leak(&without()), Some(Leak::Difference(..)))
    }

    /// What hiding a domain costs, by its size too.
    pub(crate) fn worth(&self, domain: usize) -> u64 {
        self.worth.get(domain).copied().unwrap_or(0)
    }

    fn remedy(&self, hidden: &[bool], leak: &Leak) -> Option<Way> {
        match leak {
            Leak::Union(cells) => self.join(hidden, &self.base, cells),
            Leak::Difference(index, cells) => {
                let before = self.before.get(*index)?;
                self.join(&silent(hidden, before), &before.changed, cells)
            }
            Leak::Count(domain, option) => self.free(hidden, *domain, *option),
        }
    }

    /// Joins a union to cells outside of it: a way back over the cut that it is.
    fn join(&self, hidden: &[bool], weight: &[u32], cells: &[usize]) -> Option<Way> {
        let grid = self.tables.grid();
        let (tails, heads): (Vec<usize>, Vec<usize>) = cells.iter().map(|cell| grid.cell_ends(*cell)).unzip();
        flow::cheapest(grid, &self.price(hidden), &heads, &tails, |arc| match grid.cell_of(arc.edge) {
            Some(cell) => !cells.contains(&cell) && weight.get(cell).is_some_and(|weight| *weight > 0),
            None => true,
        })
    }

    /// Lets a count move one further.
    fn free(&self, hidden: &[bool], domain: usize, option: usize) -> Option<Way> {
        let price = self.price(hidden);
        let want = self.rule.possible;
        let rooms = self
            .moves_of(option)
            .flat_map(|(exchange, rises)| exchange.rooms_of(domain).map(move |room| (room, rises)));
        let ways = rooms.flat_map(|(room, rises)| [(room, rises), (room, !rises)]);
        let ways = ways.filter_map(|(room, forward)| {
            let mut room = room.clone();
            flow::push(self.tables.grid(), hidden, &mut room, domain, forward, want);
            flow::cheapest_round(self.tables.grid(), &price, &room, domain, forward)
        });
        let within = |hidden: &[bool]| self.whole.within(hidden, domain, option);
        let together = partners::cheapest(self.tables.grid(), hidden, &price, domain, within);
        ways.filter(|way| way.price > 0).chain(together).min_by_key(|way| way.price)
    }

    /// What hiding costs by domain; 0 for what is hidden.
    fn price(&self, hidden: &[bool]) -> Vec<u64> {
        self.worth
            .iter()
            .zip(hidden)
            .map(|(worth, hidden)| if *hidden { 0 } else { *worth })
            .collect()
    }

    /// Shows again what need not be hidden, the most worth first. `must` are the domains that stay hidden.
    pub(crate) fn prune(&self, hidden: &mut [bool], must: &[bool]) {
        let free = hidden
            .iter()
            .zip(must)
            .enumerate()
            .filter(|(_, (hidden, must))| **hidden && !**must);
        let mut order: Vec<usize> = free.map(|(domain, _)| domain).collect();
        order.sort_by_key(|domain| std::cmp::Reverse((self.worth.get(*domain).copied(), self.bases.get(*domain).copied())));
        for domain in order {
            let set = |hidden: &mut [bool], to: bool| {
                if let Some(flag) = hidden.get_mut(domain) {
                    *flag = to;
                }
            };
            set(hidden, false);
            if self.leak(hidden).is_some() {
                set(hidden, true);
            }
        }
    }
}

/// The domains of which a difference from an earlier release is not public.
fn silent(hidden: &[bool], before: &Before) -> Vec<bool> {
    hidden
        .iter()
        .zip(&before.published)
        .map(|(hidden, published)| *hidden || !*published)
        .collect()
}
