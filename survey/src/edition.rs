//! Editions (調査票の版): one printed version of a survey's questionnaire, complete in itself, with a hash that stands on every revision.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::codes::Layout;
use crate::condition::Condition;
use crate::question::{Question, QuestionKey};
use crate::survey::SurveyId;

/// Survey and name of the printing: `2022-march`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EditionId(String);

impl EditionId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Answers that cannot all be true; a warning that names its questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// Fault code: `contradiction_` and the name in the data.
    pub code: String,
    /// The questions named; the fault stands at the last.
    pub questions: Vec<QuestionKey>,
    /// Alternatives, each a list of conditions that all hold.
    pub any: Vec<Vec<Condition>>,
    /// Japanese.
    pub message: String,
}

/// One printed version of a questionnaire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    id: EditionId,
    survey: SurveyId,
    name: String,
    printed: NaiveDate,
    questions: Vec<Question>,
    contradictions: Vec<Contradiction>,
    layout: Layout,
    positions: BTreeMap<QuestionKey, usize>,
    hash: String,
}

impl Edition {
    pub(crate) fn new(
        survey: &SurveyId,
        name: &str,
        printed: NaiveDate,
        questions: Vec<Question>,
        contradictions: Vec<Contradiction>,
        layout: Layout,
    ) -> Edition {
        #[derive(Serialize)]
        struct Canonical<'a> {
            survey: &'a str,
            name: &'a str,
            printed: String,
            questions: &'a [Question],
            contradictions: &'a [Contradiction],
            layout: &'a str,
        }
        let canonical = Canonical {
            survey: survey.as_str(),
            name,
            printed: printed.to_string(),
            questions: &questions,
            contradictions: &contradictions,
            layout: layout.hash(),
        };
        let hash = hex::encode(Sha256::digest(serde_json::to_vec(&canonical).unwrap_or_default()));
        let positions = questions
            .iter()
            .enumerate()
            .map(|(position, question)| (question.key.clone(), position))
            .collect();
        Edition {
            id: EditionId(format!("{survey}-{name}")),
            survey: survey.clone(),
            name: name.to_owned(),
            printed,
            questions,
            contradictions,
            layout,
            positions,
            hash,
        }
    }

    /// Survey and name of the printing.
    pub fn id(&self) -> &EditionId {
        &self.id
    }

    /// The survey.
    pub fn survey(&self) -> &SurveyId {
        &self.survey
    }

    /// Name of the printing, which names its numbering too: `january`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Day of the notice.
    pub fn printed(&self) -> NaiveDate {
        self.printed
    }

    /// SHA-256 of the canonical form, hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// All questions in the order printed.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The question of a key.
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions.get(*self.positions.get(key)?)
    }

    /// The question of a printed number.
    pub fn question_by_number(&self, number: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.number.as_deref() == Some(number))
    }

    /// The slot layout, the same in every edition of a survey.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Answers that cannot all be true.
    pub fn contradictions(&self) -> &[Contradiction] {
        &self.contradictions
    }

    /// Earlier answers that its conditions ask for, as (survey, question key), sorted and unique.
    pub fn earlier_answers_used(&self) -> Vec<(String, String)> {
        let conditions = self
            .questions
            .iter()
            .flat_map(|question| question.gate.iter().chain(question.optional_if.iter()))
            .chain(
                self.contradictions
                    .iter()
                    .flat_map(|contradiction| contradiction.any.iter().flatten()),
            );
        let mut used: Vec<(String, String)> = conditions
            .flat_map(Condition::leaves)
            .filter_map(|leaf| match leaf {
                Condition::Earlier { earlier, .. } => earlier.split_once('.').map(|(survey, key)| (survey.to_owned(), key.to_owned())),
                _ => None,
            })
            .collect();
        used.sort();
        used.dedup();
        used
    }
}
