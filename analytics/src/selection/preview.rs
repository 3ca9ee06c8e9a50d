//! What other criteria would change, cell by cell, before they are saved: who comes within the quota, who leaves it, and whose rank moves. Stores nothing.

use crate::selection::candidate::CandidateHospital;
use crate::selection::choose::{Quota, band_order};
use crate::selection::criteria::Criteria;
use crate::selection::score::{ScoredCandidate, rank};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Two ways of scoring the same candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Every cell that has a quota or candidates, from small bands to large.
    pub cells: Vec<CellChange>,
    /// Whether some cell would choose others.
    pub changes_choice: bool,
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
    /// Who comes within the quota, in the new order.
    pub enters: Vec<Move>,
    /// Who leaves it, in the old order.
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
    /// Rank in the cell, from 1.
    pub rank_before: u32,
    /// The same with the new criteria.
    pub rank_after: u32,
    /// Score.
    pub score_before: u64,
    /// The same with the new criteria.
    pub score_after: u64,
}

/// Holds the order of candidates by one set of criteria against that by another, with the quotas in force. Candidates and quotas are of one prefecture,
/// none of them twice, as [`crate::selection::choose`] demands.
pub fn compare(candidates: &[CandidateHospital], quotas: &[Quota], before: &Criteria, after: &Criteria) -> Comparison {
    let (old, new) = (rank(candidates, before), rank(candidates, after));
    let bands = candidates.iter().map(|candidate| candidate.band.as_str());
    let bands: BTreeSet<(u16, &str)> = bands
        .chain(quotas.iter().map(|quota| quota.band.as_str()))
        .map(|band| (band_order(band), band))
        .collect();
    let cells: Vec<CellChange> = bands
        .into_iter()
        .map(|(_, band)| {
            let quota = quotas.iter().find(|quota| quota.band == band).map(|quota| quota.hospitals);
            change(band, quota, &places(&old, band), &places(&new, band))
        })
        .collect();
    Comparison {
        changes_choice: cells.iter().any(|cell| !cell.enters.is_empty()),
        cells,
    }
}

/// The candidates of a band with their ranks.
fn places<'a>(ranked: &'a [ScoredCandidate], band: &str) -> Vec<(u32, &'a ScoredCandidate)> {
    (1..).zip(ranked.iter().filter(|scored| scored.candidate.band == band)).collect()
}

fn change(band: &str, quota: Option<u32>, old: &[(u32, &ScoredCandidate)], new: &[(u32, &ScoredCandidate)]) -> CellChange {
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
    let places = quota.unwrap_or(0);
    let (was, is) = (|one: &&Move| one.rank_before <= places, |one: &&Move| one.rank_after <= places);
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
