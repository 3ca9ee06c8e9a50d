//! Choosing the hospitals of a support programme: who may be chosen, a declared score, and exactly the quota of every cell.
//!
//! Pure and integer only. The notice (令和6年2月26日 事務連絡, 別記 2) leaves the way of choosing to each prefecture and demands the number of each
//! bed class 過不足なく, neither more nor fewer; nominations with a reason and findings of inspections are the caller's, not decided here.

pub mod candidate;
mod canonical;
mod choose;
pub mod criteria;
pub mod list;
mod score;

pub use candidate::{CandidateHospital, HospitalRecord, NotEligible, SurveyAnswers, decode, eligible};
pub use choose::{CellResult, ChosenHospital, Quota, Selection, SelectionError, choose};
pub use criteria::{Criteria, CriteriaError, Criterion, When};
pub use score::{ScorePart, ScoredCandidate, rank, score};
