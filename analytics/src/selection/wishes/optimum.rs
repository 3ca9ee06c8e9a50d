//! The one best choice under wishes: the most points, and among the choices with as many the one that the order of choice prefers: going through that order
//! (score, then G-MIS ID), where two choices differ first, the one that has the hospital is better. Every choice that a solver gives is verified in integers.
//!
//! The rule is the plain choice's own: without wishes the best by it is the first ones of each cell. It makes the answer one and the same whatever optimum
//! a solver happens to find. Of hospitals that all rows count alike it chooses the first ones: a later one in place of an earlier one could be exchanged for
//! it, with no fewer points and a better order.

use super::bound::Bound;
use super::problem::Problem;
use super::solver::{self, SolverError};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Until when a solver may go on. What it does not finish by then is an error, never half an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    until: Option<Instant>,
}

impl Patience {
    /// From now on.
    pub(crate) fn of(time: Duration) -> Patience {
        Patience {
            until: Instant::now().checked_add(time),
        }
    }

    fn left(self) -> Duration {
        self.until
            .map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()))
    }

    /// The choice with most points, verified, and its points; `None`: there is none.
    pub(crate) fn solve(self, problem: &Problem, fixed: &BTreeMap<usize, bool>) -> Result<Option<(Vec<bool>, u64)>, SolverError> {
        let Some(chosen) = solver::best(problem, fixed, self.left())? else {
            return Ok(None);
        };
        agrees(&chosen, fixed)?;
        let points = problem.verify(&chosen).map_err(SolverError::Failed)?;
        Ok(Some((chosen, points)))
    }
}

/// The best choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Optimum {
    /// By place.
    pub(crate) chosen: Vec<bool>,
    /// Whether it is proven in integers that no choice has more points; else that is the solver's word.
    pub(crate) proven: bool,
}

/// The best choice; `None`: the rows cannot all hold.
pub(crate) fn optimum(problem: &Problem, patience: Patience) -> Result<Option<Optimum>, SolverError> {
    let Some((found, most)) = patience.solve(problem, &BTreeMap::new())? else {
        return Ok(None);
    };
    let alike = problem.alike();
    let mut best = first_of_alike(problem, &alike, &found, most)?;
    let bound = solver::prices(problem, patience.left())?.map(|prices| Bound::of(problem, &prices));
    let ruled_out = |place: usize| bound.as_ref().is_some_and(|bound| bound.rules_out(place, most));
    // Place by place in the order of choice: is there a best choice that agrees so far and has this hospital?
    let mut fixed: BTreeMap<usize, bool> = BTreeMap::new();
    let group_of: BTreeMap<usize, usize> = alike
        .iter()
        .enumerate()
        .flat_map(|(group, places)| places.iter().map(move |place| (*place, group)))
        .collect();
    let mut closed: Vec<bool> = vec![false; alike.len()];
    for place in 0..problem.scores.len() {
        let mut has = best.get(place) == Some(&true);
        let group = group_of.get(&place).copied().and_then(|group| closed.get_mut(group));
        if !has && group.as_deref() == Some(&false) && !ruled_out(place) {
            fixed.insert(place, true);
            match patience.solve(problem, &fixed)? {
                Some((_, points)) if points > most => {
                    return Err(SolverError::Failed(format!("{points} points after an optimum of {most}")));
                }
                Some((other, points)) if points == most => {
                    best = first_of_alike(problem, &alike, &other, most)?;
                    agrees(&best, &fixed)?;
                    has = true;
                }
                Some(_) | None => {}
            }
        }
        fixed.insert(place, has);
        if let (false, Some(closed)) = (has, group) {
            *closed = true;
        }
    }
    problem.verify(&best).map_err(SolverError::Failed)?;
    Ok(Some(Optimum {
        chosen: best,
        proven: bound.is_some_and(|bound| bound.proves(most)),
    }))
}

fn agrees(chosen: &[bool], fixed: &BTreeMap<usize, bool>) -> Result<(), SolverError> {
    match fixed.iter().find(|(place, wanted)| chosen.get(**place) != Some(*wanted)) {
        Some((place, _)) => Err(SolverError::Failed(format!("place {place} was fixed and came otherwise"))),
        None => Ok(()),
    }
}

/// The same number of each group of alike places, its first ones. Where that gives more points, what was an optimum was none.
fn first_of_alike(problem: &Problem, alike: &[Vec<usize>], chosen: &[bool], most: u64) -> Result<Vec<bool>, SolverError> {
    let mut first = vec![false; chosen.len()];
    for places in alike {
        let chosen_here = places.iter().filter(|place| chosen.get(**place) == Some(&true)).count();
        for place in places.iter().take(chosen_here) {
            if let Some(slot) = first.get_mut(*place) {
                *slot = true;
            }
        }
    }
    match problem.verify(&first).map_err(SolverError::Failed)? {
        points if points == most => Ok(first),
        points => Err(SolverError::Failed(format!("{points} points after an optimum of {most}"))),
    }
}
