//! What an answer can be: answered, blank, no answer (無回答), never mixed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hospital::Beds;

/// Answers as they travel: question key to option key, array of option keys, text, or the respondent's object.
pub type Answers = serde_json::Map<String, serde_json::Value>;

/// The value that says 無回答 in place of an answer; only proxy entry may write it.
pub const NO_ANSWER: &str = "no_answer";

/// By which way answers came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPath {
    /// Typed on a page by the hospital.
    Page,
    /// Sent by the hospital's program.
    Api,
    /// A workbook or CSV file of the hospital.
    Workbook,
    /// Entered or uploaded by a prefecture or the ministry for the hospital (代行入力).
    Proxy,
}

impl EntryPath {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            EntryPath::Page => "page",
            EntryPath::Api => "api",
            EntryPath::Workbook => "workbook",
            EntryPath::Proxy => "proxy",
        }
    }
}

/// What is known of a hospital beside its answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HospitalFacts {
    /// Licensed beds of the frame.
    pub beds: Option<Beds>,
    /// What it answered to earlier surveys: `2022.ehr_in_use` to `yes`.
    pub earlier: BTreeMap<String, String>,
}
