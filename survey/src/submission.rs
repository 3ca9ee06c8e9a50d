//! The states of a submission (回答の状態) and the steps between them, as one table. Who may take a step, and until when, is decided elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a hospital's answers to a survey stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionState {
    /// 一時保存: begun, never submitted.
    Draft,
    /// 提出済み: counted.
    Submitted,
    /// 差戻し: waits for the hospital to correct it; not counted.
    Returned,
    /// 確認済み: counted, and the hospital can no longer change it.
    Accepted,
    /// 引き戻し: the hospital took it back; not counted.
    Withdrawn,
}

/// Every state, in the order in which a submission usually goes through them.
pub const STATES: [SubmissionState; 5] = [
    SubmissionState::Draft,
    SubmissionState::Submitted,
    SubmissionState::Returned,
    SubmissionState::Accepted,
    SubmissionState::Withdrawn,
];

/// A word that names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no state of a submission; the states are draft, submitted, returned, accepted, withdrawn")]
pub struct UnknownState(String);

impl SubmissionState {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SubmissionState::Draft => "draft",
            SubmissionState::Submitted => "submitted",
            SubmissionState::Returned => "returned",
            SubmissionState::Accepted => "accepted",
            SubmissionState::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// The word names no state.
    pub fn parse(word: &str) -> Result<SubmissionState, UnknownState> {
        STATES
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }

    /// The word on screen.
    pub fn in_japanese(self) -> &'static str {
        match self {
            SubmissionState::Draft => "一時保存",
            SubmissionState::Submitted => "提出済み",
            SubmissionState::Returned => "差戻し",
            SubmissionState::Accepted => "確認済み",
            SubmissionState::Withdrawn => "引き戻し",
        }
    }

    /// Whether its latest revision is in the statistics.
    pub fn counts(self) -> bool {
        matches!(self, SubmissionState::Submitted | SubmissionState::Accepted)
    }

    /// The state after a step; `None` where the step is not possible.
    #[must_use]
    pub fn after(self, step: Step) -> Option<SubmissionState> {
        use SubmissionState::{Accepted, Draft, Returned, Submitted, Withdrawn};
        match (step, self) {
            (Step::Submit, Draft | Submitted | Returned | Withdrawn) => Some(Submitted),
            (Step::Withdraw, Submitted) => Some(Withdrawn),
            // Again while it waits: with more comments, or with another date.
            (Step::Return, Submitted | Accepted | Returned | Withdrawn) => Some(Returned),
            (Step::Accept, Submitted) => Some(Accepted),
            (Step::Submit | Step::Withdraw | Step::Accept, _) | (Step::Return, Draft) => None,
        }
    }
}

impl TryFrom<String> for SubmissionState {
    type Error = UnknownState;

    fn try_from(word: String) -> Result<SubmissionState, UnknownState> {
        SubmissionState::parse(&word)
    }
}

impl fmt::Display for SubmissionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can be done to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 提出, 再提出.
    Submit,
    /// 引き戻し.
    Withdraw,
    /// 差戻し.
    Return,
    /// 確認.
    Accept,
}

impl Step {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Submit => "submit",
            Step::Withdraw => "withdraw",
            Step::Return => "return",
            Step::Accept => "accept",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_from_its_word() {
        for state in STATES {
            assert_eq!(SubmissionState::parse(state.as_str()), Ok(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert!(SubmissionState::parse("Submitted").is_err());
    }

    #[test]
    fn what_was_accepted_changes_only_by_a_return() {
        for step in [Step::Submit, Step::Withdraw, Step::Accept] {
            assert_eq!(SubmissionState::Accepted.after(step), None);
        }
        assert_eq!(SubmissionState::Accepted.after(Step::Return), Some(SubmissionState::Returned));
    }

    #[test]
    fn what_was_never_submitted_can_only_be_submitted() {
        for step in [Step::Withdraw, Step::Return, Step::Accept] {
            assert_eq!(SubmissionState::Draft.after(step), None);
        }
    }

    #[test]
    fn only_submitting_and_accepting_lead_to_what_is_counted() {
        for state in STATES {
            for step in [Step::Submit, Step::Withdraw, Step::Return, Step::Accept] {
                if let Some(after) = state.after(step) {
                    assert_eq!(after.counts(), matches!(step, Step::Submit | Step::Accept), "{state} {step:?}");
                }
            }
        }
    }
}
