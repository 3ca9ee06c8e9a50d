//! Attributes of the frame as numbers in columns, back to words, and which combinations of place and attributes there are. Knows no attribute by name.

use crate::columns::{Municipalities, municipality_number};
use polars::prelude::{Expr, col, lit};
use std::collections::BTreeSet;
use survey::area::{Area, MunicipalityCode};
use survey::attribute::{Attribute, Attributes, Names, UNKNOWN, Vocabulary, catalogue};
use survey::prefecture::PrefectureCode;

/// Stands for a value that the frame does not say. No value has this number.
pub(crate) const NOT_SAID: u32 = 0;

/// Name of an attribute's column (u32).
pub(crate) fn column(attribute: &Attribute) -> String {
    format!("attribute_{}", attribute.key)
}

/// A value as a number: the place among the values from 1, or the code itself. Numbers are in the order of rows.
pub(crate) fn number(attribute: &Attribute, value: &str) -> u32 {
    match &attribute.vocabulary {
        Vocabulary::Values(values) => {
            let place = values.iter().position(|known| known.key == value);
            place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(NOT_SAID)
        }
        Vocabulary::Codes { .. } => value.parse().unwrap_or(NOT_SAID),
    }
}

/// The numbers of a hospital, in the order of the catalogue.
pub(crate) fn numbers(attributes: Option<&Attributes>) -> Vec<u32> {
    let of = |attribute: &Attribute| {
        let value = attributes.and_then(|attributes| attributes.value(attribute));
        value.map_or(NOT_SAID, |value| number(attribute, value))
    };
    catalogue().attributes().iter().map(of).collect()
}

/// Key and label of a number; `None` where the frame does not say.
pub(crate) fn words(attribute: &Attribute, number: u32, names: &Names) -> Option<(String, String)> {
    match &attribute.vocabulary {
        Vocabulary::Values(values) => {
            let value = values.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
            Some((value.key.clone(), value.label.clone()))
        }
        Vocabulary::Codes { digits } => {
            let width = *digits;
            let code = format!("{number:0width$}");
            let prefecture = PrefectureCode::parse(code.get(..2)?).ok()?;
            let label = place_label(prefecture, &code, names.of(&attribute.key, &code));
            Some((code, label))
        }
    }
}

/// A place as printed: its name, or else its code, behind the prefecture that tells people where to look.
pub(crate) fn place_label(prefecture: PrefectureCode, code: &str, name: Option<&str>) -> String {
    let name = name.unwrap_or(code);
    format!("{}{}", prefecture.name(), name.strip_prefix(prefecture.name()).unwrap_or(name))
}

/// The rows that have one of these values; `unknown` is one.
pub(crate) fn has(attribute: &Attribute, values: &[String]) -> Expr {
    let of = |value: &String| {
        let number = if value == UNKNOWN { NOT_SAID } else { number(attribute, value) };
        col(column(attribute)).eq(lit(number))
    };
    values.iter().map(of).reduce(Expr::or).unwrap_or_else(|| lit(false))
}

/// Which combinations of place and attributes occur among the hospitals, attributes in the order of the catalogue.
#[derive(Clone)]
pub(crate) struct Combinations(BTreeSet<(PrefectureCode, Option<MunicipalityCode>, Vec<u32>)>);

/// A combination as cells hold it: prefecture, municipality, and the numbers of the attributes asked for.
pub(crate) type Combination = (u8, u32, [u32; 3]);

impl Combinations {
    /// Of hospitals of which no attribute is known.
    pub(crate) fn unsaid(municipalities: &Municipalities) -> Combinations {
        let of =
            |(prefecture, municipality): &(PrefectureCode, Option<MunicipalityCode>)| (*prefecture, municipality.clone(), numbers(None));
        Combinations(municipalities.iter().map(of).collect())
    }

    /// Of hospitals by their places and numbers.
    pub(crate) fn of(places: BTreeSet<(PrefectureCode, Option<MunicipalityCode>, Vec<u32>)>) -> Combinations {
        Combinations(places)
    }

    /// Those of an area, by some attributes.
    pub(crate) fn within(&self, area: &Area, attributes: &[&'static Attribute]) -> BTreeSet<Combination> {
        let index = |attribute: &&Attribute| catalogue().attributes().iter().position(|other| other == *attribute);
        let places: Vec<Option<usize>> = attributes.iter().map(index).collect();
        let inside = self
            .0
            .iter()
            .filter(|(prefecture, municipality, _)| area.covers(*prefecture, municipality.as_ref()));
        inside
            .map(|(prefecture, municipality, numbers)| {
                let mut asked = [NOT_SAID; 3];
                for (asked, place) in asked.iter_mut().zip(&places) {
                    *asked = place.and_then(|place| numbers.get(place).copied()).unwrap_or(NOT_SAID);
                }
                (prefecture.number(), municipality_number(municipality.as_ref()), asked)
            })
            .collect()
    }
}
