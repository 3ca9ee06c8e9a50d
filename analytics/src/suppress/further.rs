//! What may be printed beside the counts of a release: weighted estimates, and rows that set hospitals apart in a way that no table does (a harmonised base, the
//! panel of two years). They may stand only where the decision says; the reasons are in `docs/suppression.md`. Computes none of them.

use super::audit::{Number, Withheld};
use super::decide::Decision;
use super::domain::{Domain, SIX};
use super::rule::Rule;

/// Groups of hospitals that a row of a trend sets apart from those of other tables, each by what they said: the panel by its transitions, those that answered
/// one year only by yes and no.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(pub Vec<Vec<u32>>);

/// Where rows of the nation and its bands may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// For the nation.
    pub nation: bool,
    /// For each of its six bands.
    pub bands: [bool; SIX],
}

impl Decision {
    /// Whether the plan has the domain and question, and the distribution is not hidden.
    pub fn is_published(&self, domain: Domain, question: usize) -> bool {
        let index = self.domains().iter().position(|other| *other == domain);
        let reason = index.and_then(|index| self.reasons().get(question)?.get(index));
        reason.is_some_and(Option::is_none)
    }

    /// Whether a weighted estimate and its interval may be printed: of the nation and its six bands, where the counts are and the audit withholds nothing.
    /// Of a prefecture never: each finest cell has a weight of its own, so an estimate would take the sum of two finest cells apart.
    pub fn may_print_weighted(&self, domain: Domain, question: usize) -> bool {
        matches!(domain, Domain::Nation | Domain::Band(_))
            && self.is_published(domain, question)
            && self.stands(Number::Estimate, domain, question)
    }

    /// Whether the row of a trend may be printed as far as the audit is concerned; its counts and estimates must stand too.
    pub fn may_print_trend(&self, domain: Domain, question: usize) -> bool {
        self.stands(Number::Trend, domain, question)
    }

    /// Whether rows of trends that look at a question may be printed of those that answered both years, as far as the audit is concerned; those of all
    /// hospitals must stand too.
    pub fn may_print_panel(&self, domain: Domain, question: usize) -> bool {
        self.stands(Number::Panel, domain, question)
    }

    /// Whether the decision was audited and withholds no such number.
    fn stands(&self, number: Number, domain: Domain, question: usize) -> bool {
        let one = Withheld { number, question, domain };
        self.withheld().is_some_and(|withheld| !withheld.contains(&one))
    }
}

impl Groups {
    /// Adds hospitals to a group by what they said.
    pub(crate) fn add(&mut self, group: usize, said: usize, hospitals: u32) {
        if let Some(count) = self.0.get_mut(group).and_then(|group| group.get_mut(said)) {
            *count += hospitals;
        }
    }

    fn may_stand(&self, rule: &Rule) -> bool {
        self.0.iter().all(|group| rule.shows(group))
    }

    fn hospitals(&self) -> u32 {
        self.0.iter().flatten().sum()
    }

    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Groups>) -> Groups {
        let mut sum = Groups::default();
        for groups in all {
            sum.0.resize(sum.0.len().max(groups.0.len()), Vec::new());
            for (sum, group) in sum.0.iter_mut().zip(&groups.0) {
                sum.resize(sum.len().max(group.len()), 0);
                sum.iter_mut().zip(group).for_each(|(sum, count)| *sum += count);
            }
        }
        sum
    }
}

/// Some of the six bands.
pub type Union = [bool; SIX];

impl Allowed {
    /// Where rows may be printed that set groups of hospitals apart. `open` says where everything stands that they look at, `groups` whom the rows of some
    /// bands together set apart: not always the sum of each, for a hospital that moved from one of them to another is not outside of both together.
    ///
    /// Every group of every union of printed bands, and of what the nation leaves beside one, is nobody or as many as [`Rule`] lets a distribution be of; and the
    /// bands hidden, which are the nation less the printed ones, are not one alone.
    pub fn new(rule: &Rule, open: impl Fn(Domain) -> bool, groups: impl Fn(&Union) -> Groups) -> Allowed {
        let may_stand = |union: &Union| groups(union).may_stand(rule);
        let alone = |band: usize| -> Union { std::array::from_fn(|other| other == band) };
        let sizes: [u32; SIX] = std::array::from_fn(|band| groups(&alone(band)).hospitals());
        let mut allowed = Allowed {
            nation: open(Domain::Nation) && may_stand(&[true; SIX]),
            bands: std::array::from_fn(|band| open(Domain::Band(band)) && may_stand(&alone(band))),
        };
        while allowed.gives_away(&sizes, may_stand) {
            let printed = allowed.bands.iter_mut().zip(&sizes).filter(|(open, size)| **open && **size > 0);
            // Where bands in which nobody is set apart are all that is left, it is the nation.
            let (row, _) = printed.min_by_key(|(_, size)| **size).unwrap_or((&mut allowed.nation, &0));
            *row = false;
        }
        allowed
    }

    /// Whether some of the printed rows together set too few apart, or the nation shows what is hidden in one band alone.
    fn gives_away(&self, sizes: &[u32; SIX], may_stand: impl Fn(&Union) -> bool) -> bool {
        let hidden = self.bands.iter().zip(sizes).filter(|(open, size)| !**open && **size > 0).count();
        let unions = (0_u32..1 << SIX).map(|set| -> Union { std::array::from_fn(|band| set >> band & 1 == 1) });
        let mut printed = unions.filter(|union| union.iter().zip(self.bands).all(|(is, open)| open || !*is));
        let shown = self.bands.iter().zip(sizes).any(|(open, size)| *open && *size > 0);
        self.nation && shown && hidden == 1 || printed.any(|union| !may_stand(&union) || self.nation && !may_stand(&union.map(|is| !is)))
    }

    /// Whether the row of a domain may be printed; a prefecture has none.
    pub fn holds(&self, domain: Domain) -> bool {
        match domain {
            Domain::Nation => self.nation,
            Domain::Band(band) => self.bands.get(band).copied().unwrap_or(false),
            Domain::Prefecture(_) | Domain::PrefectureBand(..) => false,
        }
    }
}
