//! What came out of a file: a verdict for each hospital, and findings about the file as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use survey::answer::{Answers, EntryPath};
use survey::evaluate::State;
use survey::fault::Fault;
use survey::question::QuestionKey;

/// What the sender says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The printing whose numbers the file bears, by its name (`january`, `march`); `None` if it names its questions by text or key.
    pub numbering: Option<String>,
    /// By which way the answers come in.
    pub path: EntryPath,
}

/// The result of examining a file; serialises to the JSON of `chosa check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// Id of the survey.
    pub survey: String,
    /// Id of the edition that the answers were evaluated against.
    pub edition: String,
    /// Findings about the file, its sheets and columns. With an error here the sheet named was not read.
    pub faults: Vec<Fault>,
    /// A verdict for each hospital that answered, in the order of the file.
    pub hospitals: Vec<Verdict>,
}

/// Whether a hospital's answers can go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// No error.
    Accepted,
    /// At least one error.
    Rejected,
}

/// What came out for one hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// G-MIS ID, or what stood in its place if it is not known.
    pub hospital: String,
    /// Sheet it stood on; empty for a text file.
    pub sheet: String,
    /// Row it stood on (of a form: the row of its header), from 1.
    pub row: u32,
    /// Whether the answers can go in.
    pub verdict: Decision,
    /// Answers in the evaluator's form; values that could not be read are left out.
    pub answers: Answers,
    /// The state of each answer.
    pub states: BTreeMap<QuestionKey, State>,
    /// Findings, each with its cell.
    pub faults: Vec<Fault>,
    /// One byte a slot; for counting, not for showing.
    #[serde(skip)]
    pub codes: Vec<u8>,
}

impl Examination {
    /// Whether anything in the file keeps answers from going in.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(Fault::is_error) || self.hospitals.iter().any(|verdict| verdict.verdict == Decision::Rejected)
    }
}

impl Verdict {
    pub(crate) fn decide(&mut self) {
        self.verdict = if self.faults.iter().any(Fault::is_error) {
            Decision::Rejected
        } else {
            Decision::Accepted
        };
    }
}
