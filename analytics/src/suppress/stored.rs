//! A decision as it is kept with its release: what is hidden, spelled so that people and later programs read it, and back.

use super::audit::{Number, Withheld};
use super::decide::Decision;
use super::domain::Domain;
use super::rule::{Reason, Rule};
use super::tables::{SuppressError, Tables};
use super::tally::questions_of;
use serde::{Deserialize, Serialize};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

/// Code of the nation, beside the prefectures' 01 to 47.
const NATION: &str = "00";

/// One hidden distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// Two digits; `00` for the nation.
    pub area: String,
    /// Key of the band: one of the six for the nation, one of the three for a prefecture; `None` for all sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// The question's key.
    pub question: String,
    /// Why.
    pub reason: Reason,
}

/// Numbers that are withheld beside counts that stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithheldNumber {
    /// Which numbers.
    pub number: Number,
    /// Key of one of the nation's six bands; `None` for all sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// The question's key.
    pub question: String,
}

impl Decision {
    /// What the audit withholds, in the order of the questionnaire.
    ///
    /// # Errors
    /// [`SuppressError::Stored`] if the decision is not one of the survey, or was never audited.
    pub fn withheld_numbers(&self, survey: &Survey) -> Result<Vec<WithheldNumber>, SuppressError> {
        let questions = questions_of(survey)?;
        let refused = || SuppressError::Stored(format!("survey {}: what was not audited", survey.id()));
        let number = |one: &Withheld| {
            Ok(WithheldNumber {
                number: one.number,
                band: one.domain.band().map(str::to_owned),
                question: questions.get(one.question).ok_or_else(refused)?.key.clone(),
            })
        };
        self.withheld().ok_or_else(refused)?.iter().map(number).collect()
    }

    /// The decision of which the audit withheld exactly these.
    ///
    /// # Errors
    /// [`SuppressError::Stored`] for the first that names no number of the plan.
    pub fn with_withheld(self, survey: &Survey, numbers: &[WithheldNumber]) -> Result<Decision, SuppressError> {
        let questions = questions_of(survey)?;
        let one = |number: &WithheldNumber| {
            let question = questions.iter().position(|question| question.key == number.question);
            let domain = match &number.band {
                None => Some(Domain::Nation),
                Some(key) => band(Banding::Survey, key).map(Domain::Band),
            };
            let (question, domain) = question.zip(domain).ok_or_else(|| SuppressError::Stored(format!("{number:?}")))?;
            Ok(Withheld {
                number: number.number,
                question,
                domain,
            })
        };
        let withheld = numbers.iter().map(one).collect::<Result<_, _>>()?;
        Ok(self.withholding(withheld))
    }

    /// What is hidden, in the order of the questionnaire, then of the plan.
    ///
    /// # Errors
    /// [`SuppressError`] if the decision is not one of the survey.
    pub fn hidden(&self, survey: &Survey) -> Result<Vec<Hidden>, SuppressError> {
        let questions = questions_of(survey)?;
        if questions.len() != self.reasons().len() {
            return Err(SuppressError::Stored(format!("survey {}", survey.id())));
        }
        let mut all = Vec::new();
        for (question, reasons) in questions.iter().zip(self.reasons()) {
            for (domain, reason) in self.domains().iter().zip(reasons) {
                all.extend(reason.map(|reason| Hidden {
                    area: area(*domain),
                    band: domain.band().map(str::to_owned),
                    question: question.key.clone(),
                    reason,
                }));
            }
        }
        Ok(all)
    }

    /// The decision that hides exactly these, over the plan of all prefectures.
    ///
    /// # Errors
    /// [`SuppressError::Stored`] for the first that names no distribution of the plan.
    pub fn from_hidden(survey: &Survey, rule: Rule, hidden: &[Hidden]) -> Result<Decision, SuppressError> {
        let tables = Tables::new(questions_of(survey)?, super::tally::empty_cells(survey)?)?;
        let mut reasons = vec![vec![None; tables.domains().len()]; tables.questions().len()];
        for one in hidden {
            let place = tables.questions().iter().position(|question| question.key == one.question);
            let domain = domain(one).and_then(|domain| tables.domains().iter().position(|other| *other == domain));
            let slot = place
                .zip(domain)
                .and_then(|(question, domain)| reasons.get_mut(question)?.get_mut(domain));
            let slot = slot.ok_or_else(|| SuppressError::Stored(format!("{one:?}")))?;
            *slot = Some(one.reason);
        }
        Ok(Decision::new(rule, tables.domains().to_vec(), reasons))
    }
}

fn area(domain: Domain) -> String {
    match domain {
        Domain::Nation | Domain::Band(_) => NATION.to_owned(),
        Domain::Prefecture(code) | Domain::PrefectureBand(code, _) => code.code(),
    }
}

fn band(banding: Banding, key: &str) -> Option<usize> {
    banding.bands().iter().position(|band| band.key == key)
}

fn domain(hidden: &Hidden) -> Option<Domain> {
    if hidden.area == NATION {
        return match &hidden.band {
            None => Some(Domain::Nation),
            Some(key) => Some(Domain::Band(band(Banding::Survey, key)?)),
        };
    }
    let code = PrefectureCode::all().find(|code| code.code() == hidden.area)?;
    match &hidden.band {
        None => Some(Domain::Prefecture(code)),
        Some(key) => Some(Domain::PrefectureBand(code, band(Banding::Program, key)?)),
    }
}
