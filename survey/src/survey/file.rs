//! The form in which a survey's data is written in TOML, and its turning into questions. Judges nothing: `check` does.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};

use crate::codes::Slot;
use crate::condition::Condition;
use crate::edition::Contradiction;
use crate::question::{Choice, Field, Kind, Question, QuestionKey, given_choice, yes_no_choices};
use crate::window::Window;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SurveyFile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) editions: Vec<EditionFile>,
    pub(super) windows: Vec<Window>,
    pub(super) questions: Vec<QuestionFile>,
    #[serde(default)]
    pub(super) contradictions: Vec<ContradictionFile>,
    /// How a page parts the questions; no part of an edition, so that it may be changed any time.
    #[serde(default)]
    pub(super) topics: Vec<TopicFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicFile {
    pub(super) title: String,
    /// Key of its first question.
    pub(super) from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditionFile {
    pub(super) name: String,
    #[serde(deserialize_with = "date")]
    pub(super) printed: NaiveDate,
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindFile {
    Respondent,
    YesNo,
    One,
    Several,
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionFile {
    pub(super) key: String,
    #[serde(default)]
    pub(super) numbers: BTreeMap<String, String>,
    pub(super) section: String,
    pub(super) label: String,
    pub(super) item: String,
    pub(super) guide: String,
    pub(super) guidance: String,
    pub(super) base: String,
    pub(super) r#type: KindFile,
    pub(super) required: bool,
    pub(super) slot: Option<usize>,
    pub(super) asked_if: Option<Condition>,
    pub(super) optional_if: Option<Condition>,
    #[serde(default)]
    pub(super) choices: Vec<ChoiceFile>,
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoiceFile {
    pub(super) key: String,
    pub(super) code: u8,
    pub(super) mark: Option<String>,
    pub(super) label: String,
    #[serde(default)]
    pub(super) exclusive: bool,
    pub(super) slot: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContradictionFile {
    pub(super) name: String,
    pub(super) questions: Vec<String>,
    pub(super) any: Vec<Vec<Condition>>,
    pub(super) message: String,
}

impl SurveyFile {
    /// Every slot as written, twice given ones included.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        for question in &self.questions {
            let key = QuestionKey::from(question.key.as_str());
            if let Some(index) = question.slot {
                slots.push(Slot {
                    index,
                    question: key.clone(),
                    choice: None,
                });
            }
            for choice in &question.choices {
                if let Some(index) = choice.slot {
                    slots.push(Slot {
                        index,
                        question: key.clone(),
                        choice: Some(choice.key.clone()),
                    });
                }
            }
        }
        slots
    }
}

impl ContradictionFile {
    pub(super) fn to_contradiction(&self) -> Contradiction {
        Contradiction {
            code: format!("contradiction_{}", self.name),
            questions: self.questions.iter().map(|key| QuestionKey::from(key.as_str())).collect(),
            any: self.any.clone(),
            message: self.message.clone(),
        }
    }
}

impl QuestionFile {
    pub(super) fn for_edition(&self, edition: &str) -> Question {
        let choices = || {
            let choice = |c: &ChoiceFile| Choice {
                key: c.key.clone(),
                code: c.code,
                mark: c.mark.clone(),
                label: c.label.clone(),
                exclusive: c.exclusive,
            };
            self.choices.iter().map(choice).collect()
        };
        Question {
            key: QuestionKey::from(self.key.as_str()),
            number: self.numbers.get(edition).cloned(),
            section: self.section.clone(),
            label: self.label.clone(),
            item_wording: self.item.clone(),
            guide_wording: self.guide.clone(),
            guidance: self.guidance.clone(),
            base: self.base.clone(),
            kind: match self.r#type {
                KindFile::Respondent => Kind::Respondent(self.fields.clone()),
                KindFile::YesNo => Kind::YesNo(yes_no_choices()),
                KindFile::One => Kind::One(choices()),
                KindFile::Several => Kind::Several(choices()),
                KindFile::Text => Kind::Text(given_choice()),
            },
            gate: self.asked_if.clone(),
            optional_if: self.optional_if.clone(),
            required: self.required,
        }
    }
}
