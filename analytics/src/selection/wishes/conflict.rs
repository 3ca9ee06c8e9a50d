//! Wishes that cannot all hold: a smallest set of them by a deletion filter. One wish after the other is left out; where the rest still cannot hold, it stays
//! out. What remains cannot hold, and without any one of it the rest of it can.

use super::ListWish;
use super::optimum::Patience;
use super::problem::{Problem, Row};
use super::rows::count;
use super::solver::SolverError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Wishes that cannot hold together in the cells; without any one of them the others named can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// In the order of the criteria; never empty.
    pub wishes: Vec<Opposed>,
}

/// One wish of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opposed {
    /// Its key.
    pub key: String,
    /// What it says.
    pub label: String,
    /// Whether all other wishes of the criteria can hold without it; else there is a further conflict among them.
    pub others_hold: bool,
    /// Where the wish by itself asks for what the cells cannot give; empty: it only clashes with the others, or with itself.
    pub limits: Vec<Limit>,
}

/// A count that no choice reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The value, where each is counted by itself.
    pub value: Option<String>,
    /// Hospitals that the wish asks for: at least, or at most, so many.
    pub asked: u64,
    /// The most, or the fewest, that the quotas allow.
    pub possible: u64,
}

/// The conflict in wishes of which it is known that they cannot all hold.
pub(crate) fn conflict(problem: &Problem, wishes: &[ListWish], patience: Patience) -> Result<Conflict, SolverError> {
    let holds = |kept: &BTreeSet<usize>| -> Result<bool, SolverError> {
        let rest = problem.only(|wish| kept.contains(&wish));
        Ok(patience.solve(&rest, &BTreeMap::new())?.is_some())
    };
    let all: BTreeSet<usize> = (0..wishes.len()).collect();
    let without = |set: &BTreeSet<usize>, wish: usize| set.iter().copied().filter(|other| *other != wish).collect::<BTreeSet<usize>>();
    let mut named = all.clone();
    for wish in 0..wishes.len() {
        let rest = without(&named, wish);
        if !holds(&rest)? {
            named = rest;
        }
    }
    if named.is_empty() {
        return Err(SolverError::Failed("the cells cannot be filled even without a wish".to_owned()));
    }
    let mut opposed = Vec::new();
    for (index, wish) in wishes.iter().enumerate().filter(|(index, _)| named.contains(index)) {
        opposed.push(Opposed {
            key: wish.key.clone(),
            label: wish.label.clone(),
            others_hold: holds(&without(&all, index))?,
            limits: problem
                .rows
                .iter()
                .filter(|row| row.wish == Some(index))
                .filter_map(|row| limit(problem, row))
                .collect(),
        });
    }
    Ok(Conflict { wishes: opposed })
}

/// What keeps a row from holding even if it were the only wish.
fn limit(problem: &Problem, row: &Row) -> Option<Limit> {
    let members: BTreeSet<usize> = row.members.iter().copied().collect();
    let (mut fewest, mut most) = (0_u64, 0_u64);
    for cell in problem.rows.iter().filter(|cell| cell.wish.is_none()) {
        let inside = u64::try_from(cell.members.iter().filter(|place| members.contains(place)).count()).unwrap_or(u64::MAX);
        let outside = count(&cell.members).saturating_sub(inside);
        fewest = fewest.saturating_add(cell.least.saturating_sub(outside));
        most = most.saturating_add(cell.least.min(inside));
    }
    let (asked, possible) = match () {
        () if row.least > most => (row.least, most),
        () if row.most < fewest => (row.most, fewest),
        () => return None,
    };
    Some(Limit {
        value: row.value.clone(),
        asked,
        possible,
    })
}
