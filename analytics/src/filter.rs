//! Which hospitals a table is about, beyond its area: those that gave an answer, or stand in a place or class. Filters of one request must all hold.

use crate::attributes;
use crate::columns;
use crate::table::TableError;
use polars::prelude::{Expr, lit};
use serde::{Deserialize, Serialize};
use std::fmt;
use survey::area::{AreaError, MunicipalityCode};
use survey::attribute::{self, Attribute, AttributeError, UNKNOWN};
use survey::bands::Bands;
use survey::codes::{CHOSEN, FIRST_OPTION};
use survey::prefecture::{PrefectureCode, PrefectureError};
use survey::question::QuestionKey;
use survey::region::{Region, RegionError};
use survey::survey::Survey;

/// One condition. Several values are "one of". Written `key=value|value`, in JSON too: `vpn_present=yes`, `backup_copies=two|three_or_more`,
/// `region=kanto`, `prefecture=13|14`, `municipality=13104`, `band=20-99`, `founder=medical_corporation|unknown`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Filter {
    /// Only hospitals that gave one of these answers (2022: items 13 and 14 by the presence of a VPN device).
    Answer {
        /// A coded question of the same survey.
        question: QuestionKey,
        /// Keys of its options.
        options: Vec<String>,
    },
    /// Only these regions.
    Region(Vec<Region>),
    /// Only these prefectures.
    Prefecture(Vec<PrefectureCode>),
    /// Only these municipalities; a designated city includes its wards.
    Municipality(Vec<MunicipalityCode>),
    /// Only these classes, by their keys in the request's banding.
    Band(Vec<String>),
    /// Only hospitals of which the frame says one of these.
    Attribute {
        /// Of the catalogue.
        attribute: &'static Attribute,
        /// Keys of its values or codes; `unknown` where the frame does not say.
        values: Vec<String>,
    },
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No `=`, or nothing on one side of it or between two `|`.
    #[error("{0:?} is no filter: expected key=value or key=value|value")]
    Form(String),
    /// A region that there is not.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// A prefecture that there is not.
    #[error(transparent)]
    Prefecture(#[from] PrefectureError),
    /// No municipality code.
    #[error(transparent)]
    Municipality(#[from] AreaError),
    /// No value of the attribute.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
}

impl Filter {
    /// Hospitals that gave this one answer.
    pub fn answer(question: QuestionKey, option: &str) -> Filter {
        Filter::Answer {
            question,
            options: vec![option.to_owned()],
        }
    }

    /// Reads one filter. Whether the survey has the question and the banding the class is seen when it is counted.
    ///
    /// # Errors
    /// [`FilterError`] names what cannot be read.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let form = || FilterError::Form(text.to_owned());
        let (key, values) = text.split_once('=').ok_or_else(form)?;
        let key = key.trim();
        let values: Vec<&str> = values.split('|').map(str::trim).collect();
        if key.is_empty() || values.iter().any(|value| value.is_empty()) {
            return Err(form());
        }
        let owned = || values.iter().map(|value| (*value).to_owned()).collect();
        Ok(match key {
            "region" => Filter::Region(values.into_iter().map(Region::parse).collect::<Result<_, _>>()?),
            "prefecture" => Filter::Prefecture(values.into_iter().map(PrefectureCode::parse).collect::<Result<_, _>>()?),
            "municipality" => Filter::Municipality(values.into_iter().map(MunicipalityCode::parse).collect::<Result<_, _>>()?),
            "band" => Filter::Band(owned()),
            _ => match attribute::find(key) {
                Some(attribute) => Filter::Attribute {
                    attribute,
                    values: values.into_iter().map(|value| said(attribute, value)).collect::<Result<_, _>>()?,
                },
                None => Filter::Answer {
                    question: QuestionKey::from(key),
                    options: owned(),
                },
            },
        })
    }

    /// The rows that it lets through.
    pub(crate) fn condition(&self, survey: &Survey, bands: &Bands) -> Result<Expr, TableError> {
        Ok(match self {
            Filter::Answer { question, options } => given(survey, question, options)?,
            Filter::Region(regions) => {
                let inside = PrefectureCode::all().filter(|prefecture| regions.contains(&Region::of(*prefecture)));
                any(inside.map(columns::of_prefecture))
            }
            Filter::Prefecture(prefectures) => any(prefectures.iter().copied().map(columns::of_prefecture)),
            Filter::Municipality(municipalities) => any(municipalities.iter().map(columns::of_municipality)),
            Filter::Band(keys) => {
                let ranges = bands.ranges();
                let held = keys.iter().map(|key| {
                    let range = ranges.iter().find(|range| range.key == *key);
                    range.map(columns::of_beds).ok_or_else(|| TableError::UnknownBand {
                        banding: bands.to_string(),
                        band: key.clone(),
                    })
                });
                any(held.collect::<Result<Vec<_>, _>>()?.into_iter())
            }
            Filter::Attribute { attribute, values } => attributes::has(attribute, values),
        })
    }
}

/// A value of an attribute, or that the frame does not say it.
fn said(attribute: &Attribute, value: &str) -> Result<String, AttributeError> {
    if value == UNKNOWN {
        Ok(value.to_owned())
    } else {
        attribute.parse(value)
    }
}

/// The rows that gave one of these answers to a question.
pub(crate) fn given(survey: &Survey, key: &QuestionKey, options: &[String]) -> Result<Expr, TableError> {
    let question = survey.question(key.as_str()).ok_or_else(|| TableError::UnknownQuestion {
        survey: survey.id().to_string(),
        question: key.to_string(),
    })?;
    let slots = survey.layout().slots_of(key.as_str());
    let chosen = options.iter().map(|option| {
        let slot = slots.iter().find(|slot| slot.choice.as_ref().is_none_or(|choice| choice == option));
        match (question.choice(option), slot) {
            (Some(_), Some(slot)) if slot.choice.is_some() => Ok(columns::slot_is(slot.index, CHOSEN)),
            (Some(choice), Some(slot)) => Ok(columns::slot_is(slot.index, FIRST_OPTION.saturating_add(choice.code))),
            _ => Err(TableError::UnknownOption {
                survey: survey.id().to_string(),
                question: key.to_string(),
                option: option.clone(),
            }),
        }
    });
    Ok(any(chosen.collect::<Result<Vec<_>, _>>()?.into_iter()))
}

/// Rows for which one of the conditions holds; none if there is no condition.
pub(crate) fn any(conditions: impl Iterator<Item = Expr>) -> Expr {
    conditions.reduce(Expr::or).unwrap_or_else(|| lit(false))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn written<T: ToString>(values: &[T]) -> String {
            values.iter().map(T::to_string).collect::<Vec<_>>().join("|")
        }
        match self {
            Filter::Answer { question, options } => write!(f, "{question}={}", options.join("|")),
            Filter::Region(regions) => {
                let keys: Vec<&str> = regions.iter().map(|region| region.key()).collect();
                write!(f, "region={}", keys.join("|"))
            }
            Filter::Prefecture(prefectures) => write!(f, "prefecture={}", written(prefectures)),
            Filter::Municipality(municipalities) => write!(f, "municipality={}", written(municipalities)),
            Filter::Band(keys) => write!(f, "band={}", keys.join("|")),
            Filter::Attribute { attribute, values } => write!(f, "{}={}", attribute.key, values.join("|")),
        }
    }
}

impl TryFrom<String> for Filter {
    type Error = FilterError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_and_print() {
        for text in [
            "vpn_present=yes",
            "backup_copies=two|one",
            "region=kanto|kinki",
            "prefecture=13|14",
            "municipality=13104",
            "band=20-99|500+",
            "founder=medical_corporation|unknown",
            "medical_area=1304",
        ] {
            assert_eq!(Filter::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Filter::parse("region=関東").unwrap().to_string(), "region=kanto");
        assert_eq!(Filter::parse(" prefecture = 東京都 ").unwrap().to_string(), "prefecture=13");
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["", "vpn_present", "=yes", "vpn_present=", "vpn_present=yes|", "prefecture=13||14"] {
            assert_eq!(Filter::parse(text), Err(FilterError::Form(text.to_owned())));
        }
        assert!(matches!(Filter::parse("region=関西"), Err(FilterError::Region(_))));
        assert!(matches!(Filter::parse("prefecture=48"), Err(FilterError::Prefecture(_))));
        assert!(matches!(Filter::parse("municipality=13000"), Err(FilterError::Municipality(_))));
        for text in ["founder=shoe", "medical_area=130", "emergency=secondary|perhaps"] {
            assert!(matches!(Filter::parse(text), Err(FilterError::Attribute(_))), "{text}");
        }
    }
}
