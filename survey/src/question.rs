//! Questions and options: a stable key beside the printed number, both wordings, and when the question is asked.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::condition::Condition;

/// Stable key of a question, snake_case. Cheap to clone: evaluations hold many.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct QuestionKey(Arc<str>);

impl QuestionKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for QuestionKey {
    fn from(key: &str) -> QuestionKey {
        QuestionKey(Arc::from(key))
    }
}

impl From<String> for QuestionKey {
    fn from(key: String) -> QuestionKey {
        QuestionKey(Arc::from(key))
    }
}

impl From<QuestionKey> for String {
    fn from(key: QuestionKey) -> String {
        key.0.to_string()
    }
}

impl fmt::Debug for QuestionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for QuestionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for QuestionKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One question of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Stable key.
    pub key: QuestionKey,
    /// Number as this edition prints it; `None` where it is not documented.
    pub number: Option<String>,
    /// Heading under which it stands.
    pub section: String,
    /// Short Japanese name for headings of tables.
    pub label: String,
    /// Wording of the notice's item table.
    pub item_wording: String,
    /// Wording of the notice's answer guide, where it differs often.
    pub guide_wording: String,
    /// What the guide explains, in short.
    pub guidance: String,
    /// Who is asked, in words, for notes under tables.
    pub base: String,
    /// What kind of answer it takes.
    pub kind: Kind,
    /// Asked if this holds; `None`: of everybody.
    pub gate: Option<Condition>,
    /// May be left out if this holds.
    pub optional_if: Option<Condition>,
    /// Whether an answer must be given when asked.
    pub required: bool,
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "of")]
pub enum Kind {
    /// Name and contact of who answers: personal data, kept apart, never coded.
    Respondent(Vec<Field>),
    /// はい or いいえ.
    YesNo(Vec<Choice>),
    /// Exactly one option.
    One(Vec<Choice>),
    /// One or several options.
    Several(Vec<Choice>),
    /// Free text, kept verbatim; coded as given or not.
    Text(Vec<Choice>),
}

/// One field of the respondent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Stable key: `name`, `organisation`.
    pub key: String,
    /// On screen.
    pub label: String,
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Stable key.
    pub key: String,
    /// Explicit, never reused: the byte in codes is 16 + code.
    pub code: u8,
    /// Mark as printed: ①.
    pub mark: Option<String>,
    /// On screen.
    pub label: String,
    /// Excludes all other options.
    pub exclusive: bool,
}

impl Question {
    /// The options. A yes/no question has yes (code 0) and no (code 1); a text question one option, that it was given; the respondent none.
    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::YesNo(choices) | Kind::One(choices) | Kind::Several(choices) | Kind::Text(choices) => choices,
            Kind::Respondent(_) => &[],
        }
    }

    /// The option of a key.
    pub fn choice(&self, key: &str) -> Option<&Choice> {
        self.choices().iter().find(|choice| choice.key == key)
    }

    /// Whether its answers stand in codes, so that it can be counted.
    pub fn is_coded(&self) -> bool {
        !matches!(self.kind, Kind::Respondent(_))
    }

    /// Number and label as a person reads them: `Q12-3 世代管理`.
    pub fn heading(&self) -> String {
        match &self.number {
            Some(number) => format!("{number} {}", self.label),
            None => self.label.clone(),
        }
    }
}

/// The two options of every yes/no question.
pub(crate) fn yes_no_choices() -> Vec<Choice> {
    [("yes", 0, "はい"), ("no", 1, "いいえ")]
        .into_iter()
        .map(|(key, code, label)| Choice {
            key: key.to_owned(),
            code,
            mark: None,
            label: label.to_owned(),
            exclusive: false,
        })
        .collect()
}

/// The one option of a text question.
pub(crate) fn given_choice() -> Vec<Choice> {
    vec![Choice {
        key: "given".to_owned(),
        code: 0,
        mark: None,
        label: "記載あり".to_owned(),
        exclusive: false,
    }]
}
