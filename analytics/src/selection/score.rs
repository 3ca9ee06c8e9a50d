//! The score of a candidate and the parts it is the sum of, and the order that follows. Integers only; knows no quota.

use crate::selection::candidate::CandidateHospital;
use crate::selection::criteria::Criteria;
use crate::selection::when::Group;
use serde::{Deserialize, Serialize};

/// A candidate with its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoredCandidate {
    /// The hospital.
    #[serde(flatten)]
    pub candidate: CandidateHospital,
    /// Sum of the parts.
    pub score: u64,
    /// The same by what the parts speak of.
    #[serde(default)]
    pub groups: GroupSums,
    /// The criteria that hold, in the order of the criteria.
    pub parts: Vec<ScorePart>,
}

/// Sums of the parts of a score by group; together they are the score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSums {
    /// How much the hospital needs support.
    pub need: u64,
    /// What it means for its region.
    pub region: u64,
}

/// A criterion that holds for a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorePart {
    /// Key of the criterion.
    pub criterion: String,
    /// The criterion as printed.
    pub label: String,
    /// What it speaks of.
    #[serde(default)]
    pub group: Group,
    /// Its points.
    pub points: u32,
}

/// Scores one candidate.
pub fn score(candidate: &CandidateHospital, criteria: &Criteria) -> ScoredCandidate {
    let parts: Vec<ScorePart> = criteria
        .items
        .iter()
        .filter(|item| item.when.holds(candidate))
        .map(|item| ScorePart {
            criterion: item.key.clone(),
            label: item.label.clone(),
            group: item.group(),
            points: item.points,
        })
        .collect();
    let sum = |group: Group| {
        parts
            .iter()
            .filter(|part| part.group == group)
            .map(|part| u64::from(part.points))
            .sum()
    };
    ScoredCandidate {
        candidate: candidate.clone(),
        score: parts.iter().map(|part| u64::from(part.points)).sum(),
        groups: GroupSums {
            need: sum(Group::Need),
            region: sum(Group::Region),
        },
        parts,
    }
}

/// Scores candidates and puts them in the order of choice: score from high to low, then G-MIS ID.
pub fn rank(candidates: &[CandidateHospital], criteria: &Criteria) -> Vec<ScoredCandidate> {
    let mut scored: Vec<ScoredCandidate> = candidates.iter().map(|candidate| score(candidate, criteria)).collect();
    scored.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.candidate.gmis.cmp(&b.candidate.gmis)));
    scored
}
