//! What became of the wishes of a choice, and their price: how each is held, who came in and who went out for them, and the points that it cost.

use super::ListWish;
use super::optimum::Optimum;
use super::problem::Problem;
use super::rows::count;
use crate::selection::score::ScoredCandidate;
use serde::{Deserialize, Serialize};

/// The wishes of a choice, all of which hold, and what they changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishesOutcome {
    /// In the order of the criteria.
    pub wishes: Vec<HeldWish>,
    /// Sum of the points of the chosen hospitals.
    pub score: u64,
    /// The same without the wishes; never less.
    pub score_without: u64,
    /// Whether it is proven in integers that no choice that meets the wishes has more points; else that is the solver's word.
    pub proven: bool,
    /// Chosen because of the wishes only, in the order of choice.
    pub enters: Vec<Swapped>,
    /// Chosen without the wishes only, in the order of choice.
    pub leaves: Vec<Swapped>,
}

/// How one wish is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldWish {
    /// Its key.
    pub key: String,
    /// What it says.
    pub label: String,
    /// Key of the attribute that it counts by.
    pub attribute: String,
    /// One, or one for each value; none where no candidate has a value.
    pub counts: Vec<HeldCount>,
}

/// A number of chosen hospitals that a wish speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCount {
    /// The value, where each is counted by itself.
    pub value: Option<String>,
    /// Needed at least; 0: no bound.
    pub at_least: u64,
    /// Allowed at most; `None`: no bound.
    pub at_most: Option<u64>,
    /// Chosen.
    pub reached: u64,
    /// Chosen if there were no wishes.
    pub without: u64,
    /// That could be chosen.
    pub candidates: u64,
}

/// A hospital that the wishes brought in or out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swapped {
    /// Key of the programme's band: its cell.
    pub band: String,
    /// G-MIS ID.
    pub gmis: String,
    /// The hospital's name.
    pub name: String,
    /// Its score.
    pub score: u64,
}

/// A choice under wishes beside the plain one, by place.
pub(crate) struct Priced<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) seats: &'a [&'a ScoredCandidate],
    pub(crate) optimum: &'a Optimum,
    pub(crate) plain: &'a [bool],
}

/// How the wishes are held, and their price.
pub(crate) fn price(of: &Priced<'_>, wishes: &[ListWish]) -> WishesOutcome {
    let points = |chosen: &[bool]| {
        let points = of.problem.scores.iter().zip(chosen).filter(|(_, chosen)| **chosen);
        points.fold(0_u64, |sum, (score, _)| sum.saturating_add(*score))
    };
    let only = |here: &[bool], there: &[bool]| -> Vec<Swapped> {
        let both = of.seats.iter().zip(here.iter().zip(there));
        both.filter(|(_, (here, there))| **here && !**there)
            .map(|(scored, _)| swapped(scored))
            .collect()
    };
    WishesOutcome {
        wishes: wishes.iter().enumerate().map(|(index, wish)| held(of, index, wish)).collect(),
        score: points(&of.optimum.chosen),
        score_without: points(of.plain),
        proven: of.optimum.proven,
        enters: only(&of.optimum.chosen, of.plain),
        leaves: only(of.plain, &of.optimum.chosen),
    }
}

fn held(of: &Priced<'_>, index: usize, wish: &ListWish) -> HeldWish {
    let rows = of.problem.rows.iter().filter(|row| row.wish == Some(index));
    HeldWish {
        key: wish.key.clone(),
        label: wish.label.clone(),
        attribute: wish.attribute.clone(),
        counts: rows
            .map(|row| HeldCount {
                value: row.value.clone(),
                at_least: row.least,
                at_most: Some(row.most).filter(|most| *most != u64::MAX),
                reached: row.count(&of.optimum.chosen),
                without: row.count(of.plain),
                candidates: count(&row.members),
            })
            .collect(),
    }
}

fn swapped(scored: &ScoredCandidate) -> Swapped {
    Swapped {
        band: scored.candidate.band.clone(),
        gmis: scored.candidate.gmis.clone(),
        name: scored.candidate.name.clone(),
        score: scored.score,
    }
}
