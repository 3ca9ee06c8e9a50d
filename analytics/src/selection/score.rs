//! The score of a candidate and the parts it is the sum of, and the order that follows. Integers only; knows no quota.

use crate::selection::candidate::CandidateHospital;
use crate::selection::criteria::{Criteria, When};
use serde::{Deserialize, Serialize};

/// A candidate with its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoredCandidate {
    /// The hospital.
    #[serde(flatten)]
    pub candidate: CandidateHospital,
    /// Sum of the parts.
    pub score: u64,
    /// The criteria that hold, in the order of the criteria.
    pub parts: Vec<ScorePart>,
}

/// A criterion that holds for a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorePart {
    /// Key of the criterion.
    pub criterion: String,
    /// The criterion as printed.
    pub label: String,
    /// Its points.
    pub points: u32,
}

/// Scores one candidate.
pub fn score(candidate: &CandidateHospital, criteria: &Criteria) -> ScoredCandidate {
    let parts: Vec<ScorePart> = criteria
        .items
        .iter()
        .filter(|item| holds(&item.when, candidate))
        .map(|item| ScorePart {
            criterion: item.key.clone(),
            label: item.label.clone(),
            points: item.points,
        })
        .collect();
    let score = parts.iter().map(|part| u64::from(part.points)).sum();
    ScoredCandidate {
        candidate: candidate.clone(),
        score,
        parts,
    }
}

/// Scores candidates and puts them in the order of choice: score from high to low, then G-MIS ID.
pub fn rank(candidates: &[CandidateHospital], criteria: &Criteria) -> Vec<ScoredCandidate> {
    let mut scored: Vec<ScoredCandidate> = candidates.iter().map(|candidate| score(candidate, criteria)).collect();
    scored.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.candidate.gmis.cmp(&b.candidate.gmis)));
    scored
}

fn holds(when: &When, candidate: &CandidateHospital) -> bool {
    match when {
        When::Answer(answer) => candidate
            .answers
            .get(&answer.question)
            .is_some_and(|options| options.iter().any(|option| answer.is.contains(option))),
        When::Beds(beds) => candidate.beds.number() >= beds.beds_at_least,
    }
}
