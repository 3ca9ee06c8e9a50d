//! One question's hidden domains: is everything that is hidden safe, and if not, what else has to be hidden? Knows the other questions only by what
//! hangs on this one.

use super::domain::Domain;
use super::flow::{self, Room, Way};
use super::moves::{Move, moves};
use super::rule::Rule;
use super::tables::Tables;
use super::unions;

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
        let worth = |(index, domain): (usize, &Domain)| {
            let kind: u64 = match domain {
                Domain::Nation => 100_000,
                Domain::Band(_) => 1_000,
                Domain::Prefecture(_) => 12,
                Domain::PrefectureBand(..) => 10,
            };
            let size = bases.get(index).copied().unwrap_or(0).checked_ilog2().unwrap_or(0);
            kind * 10 * (1 + others(index)) + u64::from(size)
        };
        Case {
            options: tables.question(question).map_or(0, |asked| asked.exclusive.len()),
            several: tables.question(question).is_some_and(|asked| asked.several),
            question,
            moves: moves(tables, question),
            worth: tables.domains().iter().enumerate().map(worth).collect(),
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
            let domains = way.map_or_else(|| self.last_resort(hidden), |way| way.domains);
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

    /// Where no single way helps: everything but the nation's tables, then those too.
    fn last_resort(&self, hidden: &[bool]) -> Vec<usize> {
        let nation_only = self.nation_only(hidden);
        let open = |also: &[bool]| -> Vec<usize> {
            let open = hidden
                .iter()
                .zip(also)
                .enumerate()
                .filter(|(_, (hidden, also))| !**hidden && **also);
            open.map(|(domain, _)| domain).collect()
        };
        let below = open(&nation_only);
        if below.is_empty() { open(&vec![true; hidden.len()]) } else { below }
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

    /// Whether a hidden count has too few possible values. What the nation's tables show by themselves is not held against the others.
    fn is_known(&self, hidden: &[bool], domain: usize, option: usize) -> bool {
        let base = self.bases.get(domain).copied().unwrap_or(0);
        let want = (self.rule.possible.saturating_sub(1)).min(base);
        let found = self.spread(hidden, domain, option, want);
        found < want
            && found < self.limit(hidden, domain, option, want)
            && found < self.spread(&self.nation_only(hidden), domain, option, want)
    }

    /// How far a count could differ if only the nation's tables were published: every hospital of a band might have chosen the option.
    fn limit(&self, hidden: &[bool], domain: usize, option: usize, want: u32) -> u32 {
        let chosen = |cell: usize| self.tables.cell(self.question, cell).map_or(0, |counts| counts.option(option));
        let down: Vec<u32> = (0..self.base.len()).map(chosen).collect();
        let room = Room {
            up: self
                .base
                .iter()
                .zip(&down)
                .map(|(base, chosen)| base.saturating_sub(*chosen))
                .collect(),
            down,
        };
        let hidden = self.nation_only(hidden);
        let push = |forward: bool| flow::push(self.tables.grid(), &hidden, &mut room.clone(), domain, forward, want);
        (push(true) + push(false)).min(want)
    }

    fn nation_only(&self, hidden: &[bool]) -> Vec<bool> {
        let domains = self.tables.domains().iter().zip(hidden);
        domains
            .map(|(domain, hidden)| *hidden || !matches!(domain, Domain::Nation | Domain::Band(_)))
            .collect()
    }

    /// By how much at least a count can differ from itself, up to `want`.
    fn spread(&self, hidden: &[bool], domain: usize, option: usize, want: u32) -> u32 {
        let more = self.reach(hidden, domain, option, true, want);
        if more >= want {
            return want;
        }
        (more + self.reach(hidden, domain, option, false, want)).min(want)
    }

    /// By how much it can be more, or less: by one exchange, else by one after the other, each in the room that those before it left.
    fn reach(&self, hidden: &[bool], domain: usize, option: usize, more: bool, want: u32) -> u32 {
        let grid = self.tables.grid();
        let rooms = || {
            self.moves_of(option)
                .flat_map(|(exchange, rises)| exchange.rooms_of(domain).map(move |room| (room, rises == more)))
        };
        let (mut best, mut sum) = (0, 0);
        let mut taken = vec![0; self.base.len()];
        for (room, forward) in rooms() {
            best = best.max(flow::push(grid, hidden, &mut room.clone(), domain, forward, want));
            if best >= want {
                return want;
            }
            let was = room.after(&taken, self.several);
            let mut room = was.clone();
            sum += flow::push(grid, hidden, &mut room, domain, forward, want.saturating_sub(sum));
            for (all, more) in taken.iter_mut().zip(room.taken(&was)) {
                *all += more;
            }
        }
        best.max(sum).min(want)
    }

    /// The exchanges of an option, and whether up means one more of it.
    fn moves_of(&self, option: usize) -> impl Iterator<Item = (&Move, bool)> {
        let with = move |exchange: &Move| exchange.gains.contains(&option) || exchange.loses.contains(&option);
        let with = self.moves.iter().filter(move |exchange| with(exchange));
        with.map(move |exchange| (exchange, exchange.gains.contains(&option)))
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
        ways.filter(|way| way.price > 0).min_by_key(|way| way.price)
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
