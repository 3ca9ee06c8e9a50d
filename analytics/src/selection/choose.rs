//! The choice itself: exactly the quota of every cell, score from high to low, then G-MIS ID. The same inputs give the same list in whatever order
//! they come; what cannot be filled is named with the number missing, never filled from another cell.

use crate::selection::candidate::CandidateHospital;
use crate::selection::canonical;
use crate::selection::criteria::Criteria;
use crate::selection::score::{ScoredCandidate, rank};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use survey::band::Band;
use survey::prefecture::PrefectureCode;

/// How many hospitals a cell has to name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: String,
    /// Hospitals.
    pub hospitals: u32,
}

/// The list of one prefecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// The criteria that were used, whole, so that a list explains itself.
    pub criteria: Criteria,
    /// A cell for every quota, from small bands to large.
    pub cells: Vec<CellResult>,
    /// Candidates of bands that have no quota; none of them can be chosen.
    pub candidates_without_cell: u32,
    /// SHA-256 over candidates (with what was entered of them and said in the intake form), quotas and criteria, independent of their order. An exclusion
    /// or a missing consent takes a candidate away; a nomination changes nothing.
    pub inputs_hash: String,
    /// SHA-256 over the cells.
    pub result_hash: String,
    /// Whether every cell is filled.
    pub complete: bool,
}

/// One cell: a prefecture's band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellResult {
    /// Key of the programme's band.
    pub band: String,
    /// Hospitals to choose.
    pub quota: u32,
    /// Hospitals that could be chosen.
    pub candidates: u32,
    /// The chosen ones in order.
    pub chosen: Vec<ChosenHospital>,
    /// The others in their order (補欠): who takes the place of one that leaves.
    #[serde(default)]
    pub reserves: Vec<ChosenHospital>,
    /// Hospitals that are lacking for the quota.
    pub missing: u32,
    /// Score of the last one chosen, where somebody was left out.
    pub boundary_score: Option<u64>,
    /// Candidates with the boundary score, chosen or not, where the quota cuts through them and the G-MIS ID decided; else 0.
    pub tied_at_boundary: u32,
}

/// A chosen hospital with its rank in the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenHospital {
    /// From 1.
    pub rank: u32,
    /// The hospital and its score.
    #[serde(flatten)]
    pub scored: ScoredCandidate,
}

/// Why no list can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Without a quota there is nothing to choose.
    #[error("there is no quota to fill")]
    NoQuota,
    /// A list belongs to one prefecture.
    #[error("quotas or candidates of prefecture {found} in the list of prefecture {expected}")]
    OtherPrefecture {
        /// Code of the list's prefecture.
        expected: String,
        /// Code that came.
        found: String,
    },
    /// Two quotas for one cell.
    #[error("band {0} has two quotas")]
    DoubleQuota(String),
    /// One hospital twice: it could be counted for two places.
    #[error("hospital {0} is a candidate twice")]
    DoubleCandidate(String),
    /// More candidates than a u32 counts, or a value that is no JSON: a defect.
    #[error("the list cannot be computed: {0}")]
    Defect(String),
}

/// Chooses the hospitals of one prefecture.
///
/// # Errors
/// [`SelectionError`] where the inputs are no well-formed cells of one prefecture. A cell that cannot be filled is no error but a result.
pub fn choose(candidates: &[CandidateHospital], quotas: &[Quota], criteria: &Criteria) -> Result<Selection, SelectionError> {
    let prefecture = quotas.first().ok_or(SelectionError::NoQuota)?.prefecture;
    check(prefecture, candidates, quotas)?;
    let mut quotas: Vec<Quota> = quotas.to_vec();
    quotas.sort_by_key(|quota| (band_order(&quota.band), quota.band.clone()));
    let mut inputs = candidates.to_vec();
    inputs.sort_by(|a, b| a.gmis.cmp(&b.gmis));
    for candidate in &mut inputs {
        candidate.answers.values_mut().for_each(|options| options.sort());
        candidate.facts.findings.sort();
    }

    let ranked = rank(&inputs, criteria);
    let cells = quotas
        .iter()
        .map(|quota| fill(quota, &ranked))
        .collect::<Result<Vec<CellResult>, SelectionError>>()?;
    let seated: usize = inputs
        .iter()
        .filter(|candidate| quotas.iter().any(|quota| quota.band == candidate.band))
        .count();
    let hashed = |value: Result<String, serde_json::Error>| value.map_err(|error| SelectionError::Defect(error.to_string()));
    Ok(Selection {
        prefecture,
        criteria: criteria.clone(),
        candidates_without_cell: number(inputs.len().saturating_sub(seated))?,
        inputs_hash: hashed(canonical::hash(&(&inputs, &quotas, criteria)))?,
        result_hash: hashed(result_hash(prefecture, &cells))?,
        complete: cells.iter().all(|cell| cell.missing == 0),
        cells,
    })
}

/// Of the chosen hospitals with all that is known of them, and of the order of the reserves.
fn result_hash(prefecture: PrefectureCode, cells: &[CellResult]) -> Result<String, serde_json::Error> {
    let lists = cells.iter().map(|cell| CellResult {
        reserves: Vec::new(),
        ..cell.clone()
    });
    let ids = |cell: &CellResult| cell.reserves.iter().map(|reserve| reserve.scored.candidate.gmis.clone()).collect();
    let reserves: Vec<Vec<String>> = cells.iter().map(ids).collect();
    canonical::hash(&(prefecture, lists.collect::<Vec<_>>(), reserves))
}

fn check(prefecture: PrefectureCode, candidates: &[CandidateHospital], quotas: &[Quota]) -> Result<(), SelectionError> {
    let places = quotas
        .iter()
        .map(|quota| quota.prefecture)
        .chain(candidates.iter().map(|candidate| candidate.prefecture));
    if let Some(other) = places.into_iter().find(|place| *place != prefecture) {
        return Err(SelectionError::OtherPrefecture {
            expected: prefecture.code(),
            found: other.code(),
        });
    }
    let mut bands = BTreeSet::new();
    if let Some(quota) = quotas.iter().find(|quota| !bands.insert(quota.band.as_str())) {
        return Err(SelectionError::DoubleQuota(quota.band.clone()));
    }
    let mut hospitals = BTreeSet::new();
    match candidates.iter().find(|candidate| !hospitals.insert(candidate.gmis.as_str())) {
        Some(candidate) => Err(SelectionError::DoubleCandidate(candidate.gmis.clone())),
        None => Ok(()),
    }
}

fn fill(quota: &Quota, ranked: &[ScoredCandidate]) -> Result<CellResult, SelectionError> {
    let cell: Vec<&ScoredCandidate> = ranked.iter().filter(|scored| scored.candidate.band == quota.band).collect();
    let places = usize::try_from(quota.hospitals).map_err(|error| SelectionError::Defect(error.to_string()))?;
    let ranked = |(rank, scored): (u32, &&ScoredCandidate)| ChosenHospital {
        rank,
        scored: (*scored).clone(),
    };
    let chosen: Vec<ChosenHospital> = (1..).zip(cell.iter().take(places)).map(ranked).collect();
    let reserves: Vec<ChosenHospital> = (1..).zip(cell.iter().skip(places)).map(ranked).collect();
    let first_left_out = cell.get(places).map(|scored| scored.score);
    let boundary_score = first_left_out.and_then(|_| chosen.last()).map(|last| last.scored.score);
    let tied = match boundary_score {
        Some(score) if first_left_out == Some(score) => cell.iter().filter(|scored| scored.score == score).count(),
        _ => 0,
    };
    Ok(CellResult {
        band: quota.band.clone(),
        quota: quota.hospitals,
        candidates: number(cell.len())?,
        missing: quota.hospitals.saturating_sub(number(chosen.len())?),
        boundary_score,
        tied_at_boundary: number(tied)?,
        chosen,
        reserves,
    })
}

fn number(count: usize) -> Result<u32, SelectionError> {
    u32::try_from(count).map_err(|error| SelectionError::Defect(error.to_string()))
}

/// Small bands first; one that no banding knows comes last, by its key.
pub(super) fn band_order(key: &str) -> u16 {
    Band::of_key(key).map_or(u16::MAX, |band| band.min)
}
