//! The choice itself: exactly the quota of every cell, score from high to low, then G-MIS ID. The same inputs give the same list in whatever order
//! they come; what cannot be filled is named with the number missing, never filled from another cell. Under wishes a cell is as full as without, and who
//! is in it is the best choice that meets them.

use crate::selection::candidate::CandidateHospital;
use crate::selection::canonical;
use crate::selection::criteria::Criteria;
use crate::selection::score::{ScoredCandidate, rank};
use crate::selection::wishes::{self, Conflict, Patience, Priced, SolverError, WishesOutcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use survey::band::Band;
use survey::prefecture::PrefectureCode;

/// How long a solver may look for a choice that meets the wishes; the largest prefecture takes a small part of it.
pub const LONGEST: Duration = Duration::from_secs(8);

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
    /// How the wishes of the criteria are held, and what they changed; `None`: they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wishes: Option<WishesOutcome>,
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
    /// The cells can be filled, but not so that all wishes hold.
    #[error("the wishes cannot all hold: {}", keys(.0))]
    WishesInfeasible(Conflict),
    /// The solver was stopped before it knew the best choice.
    #[error("no choice under the wishes was found in the time given")]
    WishesTooHard,
    /// More candidates than a u32 counts, or a value that is no JSON: a defect.
    #[error("the list cannot be computed: {0}")]
    Defect(String),
}

impl From<SolverError> for SelectionError {
    fn from(error: SolverError) -> SelectionError {
        match error {
            SolverError::TooHard => SelectionError::WishesTooHard,
            SolverError::Failed(problem) => SelectionError::Defect(problem),
        }
    }
}

fn keys(conflict: &Conflict) -> String {
    conflict.wishes.iter().map(|wish| wish.key.as_str()).collect::<Vec<_>>().join(", ")
}

/// Chooses the hospitals of one prefecture. With wishes it may take [`LONGEST`].
///
/// # Errors
/// [`SelectionError`] where the inputs are no well-formed cells of one prefecture, or the wishes cannot hold. A cell that cannot be filled is no error but
/// a result.
pub fn choose(candidates: &[CandidateHospital], quotas: &[Quota], criteria: &Criteria) -> Result<Selection, SelectionError> {
    choose_within(candidates, quotas, criteria, LONGEST)
}

/// [`choose`] with another limit to the solver's time. Time decides whether there is an answer, never which.
///
/// # Errors
/// As [`choose`].
pub fn choose_within(
    candidates: &[CandidateHospital],
    quotas: &[Quota],
    criteria: &Criteria,
    longest: Duration,
) -> Result<Selection, SelectionError> {
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
    let plain: Vec<Filled<'_>> = quotas.iter().map(|quota| fill(quota, &ranked)).collect::<Result<_, _>>()?;
    let (filled, wishes) = if criteria.wishes.is_empty() {
        (plain, None)
    } else {
        let (filled, outcome) = under_wishes(&ranked, &quotas, criteria, (&plain, longest))?;
        (filled, Some(outcome))
    };
    let cells = filled.iter().map(result).collect::<Result<Vec<CellResult>, SelectionError>>()?;
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
        wishes,
        cells,
    })
}

/// The best choice that meets the wishes, cell by cell, and its price against the plain one.
fn under_wishes<'a>(
    ranked: &'a [ScoredCandidate],
    quotas: &'a [Quota],
    criteria: &Criteria,
    (plain, longest): (&[Filled<'a>], Duration),
) -> Result<(Vec<Filled<'a>>, WishesOutcome), SelectionError> {
    let (problem, seats) = wishes::problem(ranked, quotas, &criteria.wishes);
    let patience = Patience::of(longest);
    let Some(optimum) = wishes::optimum(&problem, patience)? else {
        return Err(SelectionError::WishesInfeasible(wishes::conflict(
            &problem,
            &criteria.wishes,
            patience,
        )?));
    };
    let ids = |cells: &[Filled<'a>]| -> BTreeSet<&'a str> {
        let chosen = cells.iter().flat_map(|cell| cell.chosen.iter());
        chosen.map(|scored| scored.candidate.gmis.as_str()).collect()
    };
    let without = ids(plain);
    let in_plain: Vec<bool> = seats
        .iter()
        .map(|scored| without.contains(scored.candidate.gmis.as_str()))
        .collect();
    let outcome = wishes::price(
        &Priced {
            problem: &problem,
            seats: &seats,
            optimum: &optimum,
            plain: &in_plain,
        },
        &criteria.wishes,
    );
    let with: BTreeSet<&str> = seats
        .iter()
        .zip(&optimum.chosen)
        .filter(|(_, chosen)| **chosen)
        .map(|(scored, _)| scored.candidate.gmis.as_str())
        .collect();
    let cells = plain.iter().map(|cell| {
        let all = ranked.iter().filter(|scored| scored.candidate.band == cell.quota.band);
        let (chosen, others) = all.partition(|scored| with.contains(scored.candidate.gmis.as_str()));
        Filled {
            quota: cell.quota,
            chosen,
            others,
        }
    });
    Ok((cells.collect(), outcome))
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

/// Who of a cell is chosen and who is not, each in the order of choice.
struct Filled<'a> {
    quota: &'a Quota,
    chosen: Vec<&'a ScoredCandidate>,
    others: Vec<&'a ScoredCandidate>,
}

/// The first ones of the cell.
fn fill<'a>(quota: &'a Quota, ranked: &'a [ScoredCandidate]) -> Result<Filled<'a>, SelectionError> {
    let places = usize::try_from(quota.hospitals).map_err(|error| SelectionError::Defect(error.to_string()))?;
    let mut cell: Vec<&ScoredCandidate> = ranked.iter().filter(|scored| scored.candidate.band == quota.band).collect();
    let others = cell.split_off(places.min(cell.len()));
    Ok(Filled {
        quota,
        chosen: cell,
        others,
    })
}

fn result(cell: &Filled<'_>) -> Result<CellResult, SelectionError> {
    let ranked = |(rank, scored): (u32, &&ScoredCandidate)| ChosenHospital {
        rank,
        scored: (*scored).clone(),
    };
    let boundary_score = cell.others.first().and_then(|_| cell.chosen.last()).map(|last| last.score);
    // The others are in order: the quota cuts through a score where one of them has the last one's.
    let all = || cell.chosen.iter().chain(&cell.others);
    let tied = match boundary_score {
        Some(score) if cell.others.iter().any(|other| other.score == score) => all().filter(|scored| scored.score == score).count(),
        _ => 0,
    };
    Ok(CellResult {
        band: cell.quota.band.clone(),
        quota: cell.quota.hospitals,
        candidates: number(all().count())?,
        chosen: (1..).zip(&cell.chosen).map(ranked).collect(),
        reserves: (1..).zip(&cell.others).map(ranked).collect(),
        missing: cell.quota.hospitals.saturating_sub(number(cell.chosen.len())?),
        boundary_score,
        tied_at_boundary: number(tied)?,
    })
}

fn number(count: usize) -> Result<u32, SelectionError> {
    u32::try_from(count).map_err(|error| SelectionError::Defect(error.to_string()))
}

/// Small bands first; one that no banding knows comes last, by its key.
pub(super) fn band_order(key: &str) -> u16 {
    Band::of_key(key).map_or(u16::MAX, |band| band.min)
}
