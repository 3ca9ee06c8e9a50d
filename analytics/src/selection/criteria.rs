//! The criteria of a selection as data: what gives how many points. Checked when read, so that a score never meets a criterion that cannot hold.

use crate::selection::when::{Group, When};
use crate::selection::wishes::{self, ListWish, MOST_WISHES};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use survey::attribute::{self, Vocabulary};
use survey::survey::Survey;

const NATIONAL: &str = include_str!("national.toml");
/// Most items, and most points of one: a list that people are to understand.
pub const MOST_ITEMS: usize = 100;
/// Most points of one item.
pub const MOST_POINTS: u32 = 10_000;
/// Most characters of a name or label.
pub const MOST_CHARACTERS: usize = 100;

/// A declared way of scoring; the national default or a prefecture's own copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criteria {
    /// What the criteria are called.
    pub name: String,
    /// The items; a score is the sum of the points of those that hold.
    pub items: Vec<Criterion>,
    /// What the list as a whole is to meet across its cells. Criteria without wishes are written, and hashed, as before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<ListWish>,
}

/// One item: so many points if the condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Stable key, `snake_case`, unique within the criteria.
    pub key: String,
    /// What it says, in Japanese, as printed on the list.
    pub label: String,
    /// What it speaks of; `None`: as is usual for its condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// Points, 1 or more.
    pub points: u32,
    /// When it holds.
    pub when: When,
}

impl Criterion {
    /// What it speaks of.
    pub fn group(&self) -> Group {
        self.group.unwrap_or_else(|| self.when.usual_group())
    }
}

/// Why criteria were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CriteriaError {
    /// Not the TOML or JSON of criteria.
    #[error("the criteria cannot be read: {0}")]
    Unreadable(String),
    /// One item is not of the form.
    #[error("item {number} ({key:?}) cannot be read: {problem}")]
    UnreadableItem {
        /// From 1.
        number: usize,
        /// Its key, as far as it has one.
        key: String,
        /// What the reader says.
        problem: String,
    },
    /// One wish is not of the form.
    #[error("wish {number} ({key:?}) cannot be read: {problem}")]
    UnreadableWish {
        /// From 1.
        number: usize,
        /// Its key, as far as it has one.
        key: String,
        /// What the reader says.
        problem: String,
    },
    /// More wishes than a list can be understood by.
    #[error("the criteria have more than {MOST_WISHES} wishes")]
    TooManyWishes,
    /// A wish without a bound, or with bounds that contradict each other or can never matter.
    #[error("wish {0} has no bound, or bounds that contradict each other")]
    WishWithoutBound(String),
    /// An attribute or value of a wish that the catalogue has not.
    #[error("wish {key} counts by {attribute} = {value:?}, which no frame says")]
    UnknownWished {
        /// The wish's key.
        key: String,
        /// The attribute it names.
        attribute: String,
        /// The value it names; empty: there is no such attribute.
        value: String,
    },
    /// Nothing to score by, or a name or label that is empty.
    #[error("the criteria have no {0}")]
    Empty(&'static str),
    /// A key that is not `snake_case`, or a name, key or label that is too long.
    #[error("{0:?} is no name or key of criteria")]
    BadName(String),
    /// More items, or more points in an item, than anybody would weigh.
    #[error("the criteria have more than {MOST_ITEMS} items, or more than {MOST_POINTS} points in {0:?}")]
    TooMuch(String),
    /// Two items, or two wishes, with one key.
    #[error("criterion or wish {0} stands there twice")]
    DoubleKey(String),
    /// An item without points or without options, or with a level or a time that there is not.
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
    /// An attribute or value that the catalogue has not.
    #[error("criterion {key} asks for {attribute} = {value}, which no frame says")]
    UnknownAttribute {
        /// The criterion's key.
        key: String,
        /// The attribute it names.
        attribute: String,
        /// The value it names; empty where the attribute itself does not serve.
        value: String,
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
        Criteria::from_json(toml::from_str(text).map_err(|error| CriteriaError::Unreadable(error.to_string()))?)
    }

    /// Reads and checks criteria as JSON, item by item, so that one that cannot be read is named.
    ///
    /// # Errors
    /// [`CriteriaError`]: unreadable, or an item that cannot work.
    pub fn from_json(value: Value) -> Result<Criteria, CriteriaError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            name: String,
            items: Vec<Value>,
            #[serde(default)]
            wishes: Vec<Value>,
        }
        let raw: Raw = serde_json::from_value(value).map_err(|error| CriteriaError::Unreadable(error.to_string()))?;
        let items = (1..).zip(raw.items).map(|(number, item)| {
            let key = key_of(&item);
            serde_json::from_value(item).map_err(|error| CriteriaError::UnreadableItem {
                number,
                key,
                problem: error.to_string(),
            })
        });
        let wishes = (1..).zip(raw.wishes).map(|(number, wish)| {
            let key = key_of(&wish);
            serde_json::from_value(wish).map_err(|error| CriteriaError::UnreadableWish {
                number,
                key,
                problem: error.to_string(),
            })
        });
        let criteria = Criteria {
            name: raw.name,
            items: items.collect::<Result<_, _>>()?,
            wishes: wishes.collect::<Result<_, _>>()?,
        };
        criteria.check()?;
        Ok(criteria)
    }

    /// Checks criteria that are in memory already.
    ///
    /// # Errors
    /// [`CriteriaError`]: an item that cannot work.
    pub fn check(&self) -> Result<(), CriteriaError> {
        name(&self.name, "name")?;
        if self.items.is_empty() {
            return Err(CriteriaError::Empty("items"));
        }
        if self.items.len() > MOST_ITEMS {
            return Err(CriteriaError::TooMuch(String::new()));
        }
        let mut keys = BTreeSet::new();
        for item in &self.items {
            name(&item.key, "key or label in an item")?;
            name(&item.label, "key or label in an item")?;
            if !item.key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
                return Err(CriteriaError::BadName(item.key.clone()));
            }
            if !keys.insert(item.key.as_str()) {
                return Err(CriteriaError::DoubleKey(item.key.clone()));
            }
            if item.points == 0 || !item.when.can_hold() {
                return Err(CriteriaError::NeverHolds(item.key.clone()));
            }
            if item.points > MOST_POINTS {
                return Err(CriteriaError::TooMuch(item.key.clone()));
            }
        }
        wishes::check(&self.wishes)
    }

    /// Checks that every question and option named exists in at least one of the programme's surveys, and every attribute and value in the catalogue.
    ///
    /// # Errors
    /// [`CriteriaError::UnknownAnswer`] or [`CriteriaError::UnknownAttribute`] for the first that does not.
    pub fn check_against(&self, surveys: &[&Survey]) -> Result<(), CriteriaError> {
        self.items.iter().try_for_each(|item| match &item.when {
            When::Answer(answer) => match answer.is.iter().find(|option| !asks(surveys, &answer.question, option)) {
                Some(option) => Err(CriteriaError::UnknownAnswer {
                    key: item.key.clone(),
                    question: answer.question.clone(),
                    option: option.clone(),
                }),
                None => Ok(()),
            },
            When::Attribute(attribute) => match attribute.is.iter().find(|value| !says(&attribute.attribute, value)) {
                Some(value) => Err(unknown(item, &attribute.attribute, value)),
                None => Ok(()),
            },
            When::Only(only) if !has_codes(&only.only_hospital_of) => Err(unknown(item, &only.only_hospital_of, "")),
            When::Only(_) | When::Beds(_) | When::Finding(_) | When::Wish(_) => Ok(()),
        })
    }
}

fn key_of(entry: &Value) -> String {
    entry.get("key").and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn name(text: &str, what: &'static str) -> Result<(), CriteriaError> {
    if text.trim().is_empty() {
        return Err(CriteriaError::Empty(what));
    }
    if text.chars().count() > MOST_CHARACTERS || text.chars().any(char::is_control) {
        return Err(CriteriaError::BadName(text.to_owned()));
    }
    Ok(())
}

fn asks(surveys: &[&Survey], question: &str, option: &str) -> bool {
    let mut questions = surveys.iter().flat_map(|survey| survey.questions());
    questions.any(|known| known.key.as_str() == question && known.choices().iter().any(|choice| choice.key == option))
}

/// Whether a frame may say the value: as its key, for that is what is stored.
pub(super) fn says(attribute: &str, value: &str) -> bool {
    attribute::find(attribute).is_some_and(|known| known.parse(value).is_ok_and(|key| key == value))
}

fn has_codes(attribute: &str) -> bool {
    attribute::find(attribute).is_some_and(|known| matches!(known.vocabulary, Vocabulary::Codes { .. }))
}

fn unknown(item: &Criterion, attribute: &str, value: &str) -> CriteriaError {
    CriteriaError::UnknownAttribute {
        key: item.key.clone(),
        attribute: attribute.to_owned(),
        value: value.to_owned(),
    }
}
