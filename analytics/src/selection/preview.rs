//! What other criteria would change, cell by cell, before they are saved: who would be chosen, who no longer, and whose rank by points moves. Stores nothing.

use crate::selection::candidate::CandidateHospital;
use crate::selection::choose::{Quota, SelectionError, band_order, choose};
use crate::selection::criteria::Criteria;
use crate::selection::score::{ScoredCandidate, rank};
use crate::selection::wishes::WishesOutcome;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Two ways of scoring the same candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every cell that has a quota or candidates, from small bands to large.
    pub cells: Vec<CellChange>,
    /// Whether some cell would choose others.
    pub changes_choice: bool,
    /// How the new criteria's wishes would be held, and their price; `None`: they have none, or there is no quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wishes: Option<WishesOutcome>,
    /// Set where the wishes of the criteria before cannot hold any more: the choice before is then the one without them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wishes_before_infeasible: bool,
}

/// What changes in one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellChange {
    /// Key of the programme's band.
    pub band: String,
    /// Hospitals to choose; `None`: no quota is set, so nobody comes in or leaves.
    pub quota: Option<u32>,
    /// Hospitals that could be chosen.
    pub candidates: u32,
    /// Who would be chosen and was not, in the new order.
    pub enters: Vec<Move>,
    /// Who was chosen and would not be, in the old order.
    pub leaves: Vec<Move>,
    /// Everybody whose rank or score is another one, in the new order; those above are among them.
    pub moves: Vec<Move>,
}

/// A candidate before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// G-MIS ID.
    pub gmis: String,
    /// The hospital's name.
    pub name: String,
    /// Rank in the cell by points, from 1; with wishes the chosen ones need not be the first.
    pub rank_before: u32,
    /// The same with the new criteria.
    pub rank_after: u32,
    /// Score.
    pub score_before: u64,
    /// The same with the new criteria.
    pub score_after: u64,
}

/// Holds the order of candidates by one set of criteria against that by another, with the quotas in force.
///
/// # Errors
/// [`SelectionError`] where quotas and candidates are not of one prefecture, or the wishes of the new criteria cannot hold.
pub fn compare(
    candidates: &[CandidateHospital],
    quotas: &[Quota],
    before: &Criteria,
    after: &Criteria,
) -> Result<Comparison, SelectionError> {
    let (old, new) = (rank(candidates, before), rank(candidates, after));
    let (was, wishes_before_infeasible) = match chosen(candidates, quotas, before) {
        Err(SelectionError::WishesInfeasible(_)) => (chosen(candidates, quotas, &without_wishes(before))?, true),
        chosen => (chosen?, false),
    };
    let is = chosen(candidates, quotas, after)?;
    let bands = candidates.iter().map(|candidate| candidate.band.as_str());
    let bands: BTreeSet<(u16, &str)> = bands
        .chain(quotas.iter().map(|quota| quota.band.as_str()))
        .map(|band| (band_order(band), band))
        .collect();
    let cells: Vec<CellChange> = bands
        .into_iter()
        .map(|(_, band)| {
            let quota = quotas.iter().find(|quota| quota.band == band).map(|quota| quota.hospitals);
            change((band, quota), (&places(&old, band), &was.gmis), (&places(&new, band), &is.gmis))
        })
        .collect();
    Ok(Comparison {
        changes_choice: cells.iter().any(|cell| !cell.enters.is_empty()),
        cells,
        wishes: is.wishes,
        wishes_before_infeasible,
    })
}

fn without_wishes(criteria: &Criteria) -> Criteria {
    Criteria {
        wishes: Vec::new(),
        ..criteria.clone()
    }
}

/// Who would be chosen, and how the wishes would be held.
struct Chosen {
    gmis: BTreeSet<String>,
    wishes: Option<WishesOutcome>,
}

/// Nobody, where no quota is set.
fn chosen(candidates: &[CandidateHospital], quotas: &[Quota], criteria: &Criteria) -> Result<Chosen, SelectionError> {
    if quotas.is_empty() {
        return Ok(Chosen {
            gmis: BTreeSet::new(),
            wishes: None,
        });
    }
    let selection = choose(candidates, quotas, criteria)?;
    let hospitals = selection.cells.into_iter().flat_map(|cell| cell.chosen);
    Ok(Chosen {
        gmis: hospitals.map(|hospital| hospital.scored.candidate.gmis).collect(),
        wishes: selection.wishes,
    })
}

/// The candidates of a band with their ranks.
fn places<'a>(ranked: &'a [ScoredCandidate], band: &str) -> Vec<(u32, &'a ScoredCandidate)> {
    (1..).zip(ranked.iter().filter(|scored| scored.candidate.band == band)).collect()
}

/// The candidates of a band with their ranks, and everybody who is chosen.
type Side<'a> = (&'a [(u32, &'a ScoredCandidate)], &'a BTreeSet<String>);

fn change((band, quota): (&str, Option<u32>), (old, was): Side<'_>, (new, is): Side<'_>) -> CellChange {
    let before: BTreeMap<&str, (u32, u64)> = old
        .iter()
        .map(|(rank, scored)| (scored.candidate.gmis.as_str(), (*rank, scored.score)))
        .collect();
    let all: Vec<Move> = new
        .iter()
        .filter_map(|(rank, scored)| {
            let (rank_before, score_before) = *before.get(scored.candidate.gmis.as_str())?;
            Some(Move {
                gmis: scored.candidate.gmis.clone(),
                name: scored.candidate.name.clone(),
                rank_before,
                rank_after: *rank,
                score_before,
                score_after: scored.score,
            })
        })
        .collect();
    let (was, is) = (|one: &&Move| was.contains(&one.gmis), |one: &&Move| is.contains(&one.gmis));
    let enters = all.iter().filter(|one| is(one) && !was(one)).cloned().collect();
    let mut leaves: Vec<Move> = all.iter().filter(|one| was(one) && !is(one)).cloned().collect();
    leaves.sort_by_key(|one| one.rank_before);
    CellChange {
        band: band.to_owned(),
        quota,
        candidates: u32::try_from(all.len()).unwrap_or(u32::MAX),
        enters,
        leaves,
        moves: all
            .into_iter()
            .filter(|one| one.rank_before != one.rank_after || one.score_before != one.score_after)
            .collect(),
    }
}
