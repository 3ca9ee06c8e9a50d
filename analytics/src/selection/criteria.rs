//! The criteria of a selection as data: what gives how many points. Checked when read, so that a score never meets a criterion that cannot hold.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use survey::survey::Survey;

const NATIONAL: &str = include_str!("national.toml");

/// A declared way of scoring; the national default or a prefecture's own copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// What the criteria are called.
    pub name: String,
    /// The items; a score is the sum of the points of those that hold.
    pub items: Vec<Criterion>,
}

/// One item: so many points if the condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Stable key, `snake_case`, unique within the criteria.
    pub key: String,
    /// What it says, in Japanese, as printed on the list.
    pub label: String,
    /// Points, 1 or more.
    pub points: u32,
    /// When it holds.
    pub when: When,
}

/// The condition of a criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum When {
    /// The deciding submission answered the question with one of these options.
    Answer(AnswerIs),
    /// The hospital has at least so many licensed beds.
    Beds(BedsAtLeast),
}

/// Question and options of a [`When::Answer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerIs {
    /// The question's key.
    pub question: String,
    /// Keys of the options.
    pub is: Vec<String>,
}

/// Bed number of a [`When::Beds`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedsAtLeast {
    /// Licensed beds.
    pub beds_at_least: u16,
}

/// Why criteria were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CriteriaError {
    /// Not the TOML of criteria.
    #[error("the criteria cannot be read: {0}")]
    Unreadable(String),
    /// Nothing to score by, or a name or label that is empty.
    #[error("the criteria have no {0}")]
    Empty(&'static str),
    /// Two items with one key.
    #[error("criterion {0} stands there twice")]
    DoubleKey(String),
    /// An item without points or without options.
    #[error("criterion {0} can never give a point")]
    NeverHolds(String),
    /// A question or option that none of the programme's surveys has.
    #[error("criterion {key} asks for {question} = {option}, which none of the surveys has")]
    UnknownAnswer {
        /// The criterion's key.
        key: String,
        /// The question it names.
        question: String,
        /// The option it names.
        option: String,
    },
}

impl Criteria {
    /// The national default, compiled in.
    ///
    /// # Errors
    /// None in practice: a test reads it.
    pub fn national() -> Result<Criteria, CriteriaError> {
        Criteria::from_toml(NATIONAL)
    }

    /// Reads and checks a criteria file.
    ///
    /// # Errors
    /// [`CriteriaError`]: unreadable, or an item that cannot work.
    pub fn from_toml(text: &str) -> Result<Criteria, CriteriaError> {
        let criteria: Criteria = toml::from_str(text).map_err(|error| CriteriaError::Unreadable(error.to_string()))?;
        criteria.check()?;
        Ok(criteria)
    }

    /// Checks criteria that came another way (JSON of a prefecture's own copy).
    ///
    /// # Errors
    /// [`CriteriaError`]: an item that cannot work.
    pub fn check(&self) -> Result<(), CriteriaError> {
        if self.name.trim().is_empty() {
            return Err(CriteriaError::Empty("name"));
        }
        if self.items.is_empty() {
            return Err(CriteriaError::Empty("items"));
        }
        let mut keys = BTreeSet::new();
        for item in &self.items {
            if item.key.is_empty() || item.label.trim().is_empty() {
                return Err(CriteriaError::Empty("key or label in an item"));
            }
            if !keys.insert(item.key.as_str()) {
                return Err(CriteriaError::DoubleKey(item.key.clone()));
            }
            let optionless = matches!(&item.when, When::Answer(answer) if answer.is.is_empty());
            if item.points == 0 || optionless {
                return Err(CriteriaError::NeverHolds(item.key.clone()));
            }
        }
        Ok(())
    }

    /// Checks that every question and option named exists in at least one of the programme's surveys.
    ///
    /// # Errors
    /// [`CriteriaError::UnknownAnswer`] for the first that does not.
    pub fn check_against(&self, surveys: &[&Survey]) -> Result<(), CriteriaError> {
        let exists = |question: &str, option: &str| {
            let mut questions = surveys.iter().flat_map(|survey| survey.questions());
            questions.any(|known| known.key.as_str() == question && known.choices().iter().any(|choice| choice.key == option))
        };
        for item in &self.items {
            let When::Answer(answer) = &item.when else { continue };
            if let Some(option) = answer.is.iter().find(|option| !exists(&answer.question, option)) {
                return Err(CriteriaError::UnknownAnswer {
                    key: item.key.clone(),
                    question: answer.question.clone(),
                    option: option.clone(),
                });
            }
        }
        Ok(())
    }
}
