//! The conditions of criteria: what each looks at, whether it can hold at all, and whether it holds for a hospital.

use crate::selection::candidate::CandidateHospital;
use crate::selection::facts::{MOST_LEVEL, MOST_YEARS, Wish};
use serde::{Deserialize, Serialize};

/// What a criterion speaks of; sums are shown by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// How much the hospital needs support (必要性).
    #[default]
    Need,
    /// What it means for its region (地域における重要性).
    Region,
}

impl Group {
    /// As on screen.
    pub fn label(self) -> &'static str {
        match self {
            Group::Need => "必要性",
            Group::Region => "地域における重要性",
        }
    }
}

/// The condition of a criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum When {
    /// The deciding submission answered the question with one of these options.
    Answer(AnswerIs),
    /// The hospital has at least so many licensed beds.
    Beds(BedsAtLeast),
    /// The frame says one of these values of an attribute.
    Attribute(AttributeIs),
    /// No other hospital of the programme has its code of an attribute.
    Only(OnlyHospitalOf),
    /// An inspection found something.
    Finding(FindingAtLeast),
    /// What the intake form said of taking part.
    Wish(WishIs),
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

/// Attribute and values of a [`When::Attribute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeIs {
    /// The attribute's key, as in the catalogue.
    pub attribute: String,
    /// Keys of its values, or codes.
    pub is: Vec<String>,
}

/// Attribute of a [`When::Only`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlyHospitalOf {
    /// Key of an attribute with codes: `medical_area`.
    pub only_hospital_of: String,
}

/// Level and time of a [`When::Finding`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingAtLeast {
    /// 1 to [`MOST_LEVEL`].
    pub finding_at_least: u8,
    /// Not longer before the programme's opening; `None`: whenever it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_years: Option<u16>,
}

/// Wishes of a [`When::Wish`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WishIs {
    /// One of these.
    pub wish: Vec<Wish>,
}

impl When {
    /// What a criterion with this condition speaks of if it does not say.
    pub fn usual_group(&self) -> Group {
        match self {
            When::Answer(_) | When::Finding(_) | When::Wish(_) => Group::Need,
            When::Beds(_) | When::Attribute(_) | When::Only(_) => Group::Region,
        }
    }

    /// Whether there can be a hospital for which it holds, as far as it says itself.
    pub(super) fn can_hold(&self) -> bool {
        match self {
            When::Answer(answer) => !answer.is.is_empty(),
            When::Attribute(attribute) => !attribute.is.is_empty(),
            When::Wish(wish) => !wish.wish.is_empty(),
            When::Finding(finding) => {
                (1..=MOST_LEVEL).contains(&finding.finding_at_least)
                    && finding.within_years.is_none_or(|years| (1..=MOST_YEARS).contains(&years))
            }
            When::Beds(_) | When::Only(_) => true,
        }
    }

    /// Whether it holds for a hospital.
    pub(super) fn holds(&self, candidate: &CandidateHospital) -> bool {
        let facts = &candidate.facts;
        match self {
            When::Answer(answer) => candidate
                .answers
                .get(&answer.question)
                .is_some_and(|options| options.iter().any(|option| answer.is.contains(option))),
            When::Beds(beds) => candidate.beds.number() >= beds.beds_at_least,
            When::Attribute(attribute) => candidate
                .attributes
                .get(&attribute.attribute)
                .is_some_and(|value| attribute.is.contains(value)),
            When::Only(only) => facts.only_of.contains(&only.only_hospital_of),
            When::Finding(finding) => facts
                .findings
                .iter()
                .any(|found| found.level >= finding.finding_at_least && finding.within_years.is_none_or(|years| found.years <= years)),
            When::Wish(wish) => wish.wish.contains(&facts.wish),
        }
    }
}
