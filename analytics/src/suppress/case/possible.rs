//! How many values a hidden count can have, as far as whole tables that fit everything published can be named. Decides nothing.

use super::super::domain::Domain;
use super::super::flow::{self, Room};
use super::super::moves::Move;
use super::Case;
use std::collections::BTreeSet;

impl Case<'_> {
    /// Whether a hidden count has too few possible values. What the nation's tables show by themselves is not held against the others; but that they
    /// do must be certain: that no more is found with everything else hidden is not enough, for there may be ways that are not looked at. Certain is
    /// it by the bounds of a whole band, or if nothing of the band but the nation's tables is published indeed.
    pub(super) fn is_known(&self, hidden: &[bool], domain: usize, option: usize) -> bool {
        self.is_known_by((hidden, hidden), domain, option)
    }

    /// The same, with other domains hidden (the second) where it is asked what the nation's tables show by themselves.
    pub(super) fn is_known_by(&self, (hidden, by_itself): (&[bool], &[bool]), domain: usize, option: usize) -> bool {
        let base = self.bases.get(domain).copied().unwrap_or(0);
        let want = (self.rule.possible.saturating_sub(1)).min(base);
        let found = self.possible(hidden, domain, option, want);
        found < want
            && found < self.limit(by_itself, domain, option, want)
            && (found < self.possible(&self.not_held_against(by_itself, domain), domain, option, want)
                || found < self.whole.most(by_itself, domain, option).unwrap_or(want) && !self.around(hidden, domain).is_empty())
    }

    /// What of the prefectures in the bands of hidden counts would have to be hidden in the questions that this one hangs on: counts that cannot move
    /// while everything of this question is hidden there already, although the nation's tables alone might let them. Of a band of the nation also that band:
    /// what a gate says there is how many were asked, and with who left a question below blank it can say what some of them answered.
    pub(crate) fn stuck(&self, hidden: &[bool]) -> BTreeSet<usize> {
        let flags = hidden.iter().enumerate().filter(|(_, hidden)| **hidden);
        let counts = flags.flat_map(|(domain, _)| (0..self.options).map(move |option| (domain, option)));
        let is_stuck = |(domain, option): &(usize, usize)| {
            let base = self.bases.get(*domain).copied().unwrap_or(0);
            let want = (self.rule.possible.saturating_sub(1)).min(base);
            let found = self.possible(hidden, *domain, *option, want);
            found < want
                && found < self.limit(hidden, *domain, *option, want)
                && found < self.whole.most(hidden, *domain, *option).unwrap_or(want)
        };
        let nothing = vec![false; hidden.len()];
        let own = |domain: usize| Some(domain).filter(|domain| matches!(self.tables.domains().get(*domain), Some(Domain::Band(_))));
        let stuck = counts
            .filter(is_stuck)
            .flat_map(|(domain, _)| self.around(&nothing, domain).into_iter().chain(own(domain)));
        stuck.collect()
    }

    /// What is published and held against a domain: of the prefectures in its bands, and to a band of the nation the others.
    pub(super) fn around(&self, hidden: &[bool], domain: usize) -> Vec<usize> {
        let own = match self.tables.domains().get(domain) {
            Some(Domain::Band(band)) => Some(*band),
            _ => None,
        };
        let class = match self.tables.domains().get(domain) {
            Some(Domain::PrefectureBand(_, class)) => Some(*class),
            Some(Domain::Band(band)) => Some(band / 2),
            _ => None,
        };
        let concerns = |place: &Domain| match place {
            Domain::Nation => false,
            Domain::Band(other) => own.is_some_and(|own| own != *other),
            Domain::Prefecture(_) => true,
            Domain::PrefectureBand(_, other) => class.is_none_or(|class| class == *other),
        };
        let places = self.tables.domains().iter().zip(hidden).enumerate();
        let open = places.filter(|(_, (place, hidden))| !**hidden && concerns(place));
        open.map(|(index, _)| index).collect()
    }

    /// How far a count could differ if only what is not held against it were published: every hospital of a band might have chosen the option.
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
        let hidden = self.not_held_against(hidden, domain);
        let push = |forward: bool| flow::push(self.tables.grid(), &hidden, &mut room.clone(), domain, forward, want);
        (push(true) + push(false)).min(want)
    }

    /// Hidden is everything but the tables that may show a count by themselves: to a prefecture's count the nation and its bands, to a band's count the
    /// nation. Of a band the other bands are held against it, for the nation less those is the band.
    fn not_held_against(&self, hidden: &[bool], domain: usize) -> Vec<bool> {
        let domains = self.tables.domains();
        let shows = |place: &Domain| match domains.get(domain) {
            Some(Domain::Nation) | None => false,
            Some(Domain::Band(_)) => matches!(place, Domain::Nation),
            Some(Domain::Prefecture(_) | Domain::PrefectureBand(..)) => matches!(place, Domain::Nation | Domain::Band(_)),
        };
        domains.iter().zip(hidden).map(|(place, hidden)| *hidden || !shows(place)).collect()
    }

    pub(super) fn nation_only(&self, hidden: &[bool]) -> Vec<bool> {
        let domains = self.tables.domains().iter().zip(hidden);
        domains
            .map(|(domain, hidden)| *hidden || !matches!(domain, Domain::Nation | Domain::Band(_)))
            .collect()
    }

    /// By how much at least a count can differ from itself, up to `want`: whichever way of looking finds more.
    fn possible(&self, hidden: &[bool], domain: usize, option: usize, want: u32) -> u32 {
        let within = self.whole.within(hidden, domain, option).min(want);
        if within >= want {
            want
        } else {
            within.max(self.spread(hidden, domain, option, want))
        }
    }

    /// By exchanges that are followed through the network.
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
    pub(super) fn moves_of(&self, option: usize) -> impl Iterator<Item = (&Move, bool)> {
        let with = move |exchange: &Move| exchange.gains.contains(&option) || exchange.loses.contains(&option);
        let with = self.moves.iter().filter(move |exchange| with(exchange));
        with.map(move |exchange| (exchange, exchange.gains.contains(&option)))
    }
}
