//! Choosing the hospitals of a support programme: who may be chosen, a declared score, and exactly the quota of every cell.
//!
//! Pure and integer only. The notice (令和6年2月26日 事務連絡, 別記 2) leaves the way of choosing to each prefecture and demands the number of each
//! bed class 過不足なく, neither more nor fewer. Only a list that is to meet wishes goes through a solver, whose answer is verified in integers. Nominated hospitals are shown beside the candidates and never chosen by a run: somebody adds them by hand.

pub mod candidate;
mod canonical;
mod choose;
pub mod criteria;
pub mod facts;
pub mod list;
mod preview;
mod score;
mod when;
pub mod wishes;

pub use candidate::{
    CandidateHospital, Counted, HospitalRecord, NotEligible, SurveyAnswers, decode, eligible, eligible_by_hand, may_be_chosen,
};
pub use choose::{CellResult, ChosenHospital, LONGEST, Quota, Selection, SelectionError, choose, choose_within};
pub use criteria::{Criteria, CriteriaError, Criterion};
pub use facts::{Consent, Facts, Finding, Wish, mark_only_ones};
pub use preview::{CellChange, Comparison, Move, compare};
pub use score::{GroupSums, ScorePart, ScoredCandidate, rank, score};
pub use when::{Group, When};
pub use wishes::{Conflict, HeldCount, HeldWish, Limit, ListWish, Opposed, Swapped, WishesOutcome};
