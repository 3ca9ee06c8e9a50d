//! What is known of a hospital beside its answers to the surveys: what a prefecture entered, what the hospital said in the intake form, and what follows
//! from where the programme's hospitals stand. Scores read these; nothing here is a query.

use crate::selection::candidate::{ChosenOptions, HospitalRecord};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use survey::attribute::{self, Vocabulary};
use survey::survey::Survey;

/// The question of an intake form on taking part, and its options.
const WISH: (&str, [(&str, Wish); 2]) = ("support_wanted", [("yes", Wish::Wanted), ("no", Wish::NotWanted)]);
/// The question of an intake form on the use of answers, and its options.
const CONSENT: (&str, [(&str, Consent); 2]) = ("answers_usable", [("yes", Consent::Given), ("no", Consent::Refused)]);

/// The levels of a finding, from 1 to this: 1 advice by word of mouth (口頭指導), 2 finding in writing (文書指摘), 3 grave deficiency (重大な不備).
/// The programme's papers know no levels: an assumption of this project.
pub const MOST_LEVEL: u8 = 3;
/// Most years back that a criterion may look.
pub const MOST_YEARS: u16 = 50;

/// Facts of one hospital. Part of the inputs of a selection, so that its hash covers them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Attributes with codes, such as the medical area, whose code no other hospital of the programme has.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_of: BTreeSet<String>,
    /// Findings of inspections (立入検査) in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What it said of taking part.
    #[serde(default)]
    pub wish: Wish,
}

/// A finding of an inspection, as seen from the day on which the programme opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// 1 to [`MOST_LEVEL`].
    pub level: u8,
    /// Day of the inspection.
    pub inspected_on: NaiveDate,
    /// Within so many years of the opening, the day itself included; 0: not before it.
    pub years: u16,
}

impl Finding {
    /// A finding with the years between it and the day on which the programme opened.
    pub fn seen_from(opened_on: NaiveDate, level: u8, inspected_on: NaiveDate) -> Finding {
        let reaches = |years: &u16| {
            let from = opened_on.checked_sub_months(Months::new(u32::from(*years).saturating_mul(12)));
            from.is_none_or(|from| inspected_on >= from)
        };
        Finding {
            level,
            inspected_on,
            years: (0..u16::MAX).find(reaches).unwrap_or(u16::MAX),
        }
    }
}

/// What the hospital said of taking part (支援の希望), in the programme's intake form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// 希望する.
    Wanted,
    /// 希望しない.
    NotWanted,
    /// 未回答: no counted intake form, or nothing in it.
    #[default]
    Unanswered,
}

impl Wish {
    /// What a counted intake form says; without one there are no options.
    pub fn said(intake: &ChosenOptions) -> Wish {
        said(intake, &WISH).unwrap_or_default()
    }

    /// As on screen.
    pub fn label(self) -> &'static str {
        match self {
            Wish::Wanted => "希望する",
            Wish::NotWanted => "希望しない",
            Wish::Unanswered => "未回答",
        }
    }
}

/// Whether a hospital's answers may be used for choosing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The programme uses answers by its recorded rule.
    NotNeeded,
    /// It consented in the intake form.
    Given,
    /// It refused there.
    Refused,
    /// It has not said.
    #[default]
    Unanswered,
}

impl Consent {
    /// What a counted intake form says; without one there are no options.
    pub fn said(intake: &ChosenOptions) -> Consent {
        said(intake, &CONSENT).unwrap_or_default()
    }
}

fn said<T: Copy>(intake: &ChosenOptions, (question, options): &(&str, [(&str, T); 2])) -> Option<T> {
    let chosen = intake.get(*question)?;
    let known = options.iter().find(|(option, _)| chosen.iter().any(|chosen| chosen == option));
    known.map(|(_, said)| *said)
}

/// Whether a survey can serve as an intake form (意向調査): it asks for the wish and for consent, in the options that are understood here.
pub fn is_intake_form(survey: &Survey) -> bool {
    let asks = |question: &str, option: &str| {
        let known = survey.question(question);
        known.is_some_and(|known| known.choices().iter().any(|choice| choice.key == option))
    };
    WISH.1.iter().all(|(option, _)| asks(WISH.0, option)) && CONSENT.1.iter().all(|(option, _)| asks(CONSENT.0, option))
}

/// Says of each record of which areas it is the only hospital. All records of the programme in the area must be among them; who is no hospital (under 20
/// beds) does not count, who has left since does: hospitals are frozen when the programme opens.
pub fn mark_only_ones(records: &mut [HospitalRecord]) {
    let codes = attribute::catalogue().attributes().iter();
    for attribute in codes.filter(|attribute| matches!(attribute.vocabulary, Vocabulary::Codes { .. })) {
        let mut hospitals: BTreeMap<String, u32> = BTreeMap::new();
        for record in records.iter().filter(|record| record.band.is_some()) {
            if let Some(code) = record.attributes.get(&attribute.key) {
                let count = hospitals.entry(code.clone()).or_default();
                *count = count.saturating_add(1);
            }
        }
        for record in records.iter_mut().filter(|record| record.band.is_some()) {
            let code = record.attributes.get(&attribute.key);
            if code.and_then(|code| hospitals.get(code)) == Some(&1) {
                record.facts.only_of.insert(attribute.key.clone());
            }
        }
    }
}
