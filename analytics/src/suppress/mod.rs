//! What a release hides (秘匿): which questions' distributions in which domains of the publication plan, and why. The rule, its reasons and what the
//! attack on it knows: `docs/suppression.md`.
//!
//! [`tally()`] counts a survey's coded responses (or [`Tables::new`] takes counts), [`decide()`] hides, [`Report`] says how much. Pure: no polars, no clock,
//! no randomness; the same tables give the same decision. It writes no file and knows no rights.

mod audit;
mod case;
mod changed;
mod decide;
mod domain;
mod flow;
mod further;
mod harmonised;
mod moves;
mod partners;
mod report;
mod rule;
mod stored;
mod tables;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod unions;
mod whole;
mod within;

pub use audit::{Number, Withheld};
pub use changed::{Member, changed};
pub use decide::{Decision, Earlier, decide};
pub use domain::Domain;
pub use further::{Allowed, Groups, Union};
pub use report::{Beside, Part, Report};
pub use rule::{Reason, Rule};
pub use stored::{Hidden, WithheldNumber};
pub use tables::{Cell, Counts, Gate, Question, SuppressError, Tables};
pub use tally::{questions_of, tally};
