//! What a frame says of one hospital: at most one value of each attribute, and names of codes. What is not there is not known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Attribute, AttributeError, CodeName, MUNICIPALITY, Vocabulary, catalogue, find};
use crate::area::MunicipalityCode;
use crate::prefecture::PrefectureCode;

/// The attributes of one hospital by their keys, in JSON an object of texts. Every key and value is one of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// Sets a value that [`Attribute::parse_in`] gave.
    ///
    /// # Errors
    /// [`AttributeError::Value`]: it gave no such value.
    pub fn set(&mut self, attribute: &Attribute, value: &str) -> Result<(), AttributeError> {
        let value = attribute.parse(value)?;
        self.0.insert(attribute.key.clone(), value);
        Ok(())
    }

    /// Sets the name of a code, as written.
    pub fn set_name(&mut self, name: &CodeName, text: &str) {
        self.0.insert(name.key.clone(), text.to_owned());
    }

    /// The value of an attribute: a key of its values, or a code; `None` where the frame does not say.
    pub fn value(&self, attribute: &Attribute) -> Option<&str> {
        self.0.get(&attribute.key).map(String::as_str)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What is known once a newer list has said what it says: values that it names replace those of before, and what it leaves blank stays, but
    /// for codes of a prefecture that the hospital left and names of codes that it bears no more.
    #[must_use]
    pub fn renewed(&self, newer: &Attributes, before: &Place<'_>, now: &Place<'_>) -> Attributes {
        let mut known = self.0.clone();
        for attribute in catalogue().attributes() {
            let coded = matches!(attribute.vocabulary, Vocabulary::Codes { .. });
            let elsewhere = |code: &String| !code.starts_with(&now.prefecture.code());
            if coded && known.get(&attribute.key).is_some_and(elsewhere) {
                known.remove(&attribute.key);
            }
        }
        known.extend(newer.0.clone());
        for name in catalogue().names() {
            let kept = if name.of == MUNICIPALITY {
                before.municipality == now.municipality
            } else {
                self.0.get(&name.of) == known.get(&name.of)
            };
            if !kept && !newer.0.contains_key(&name.key) {
                known.remove(&name.key);
            }
        }
        Attributes(known)
    }
}

/// Where a hospital is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its prefecture.
    pub prefecture: PrefectureCode,
    /// Its municipality, where it is known.
    pub municipality: Option<&'a MunicipalityCode>,
}

impl TryFrom<BTreeMap<String, String>> for Attributes {
    type Error = AttributeError;

    fn try_from(stored: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        for (key, value) in &stored {
            match find(key) {
                Some(attribute) if attribute.parse(value)? == *value => {}
                Some(attribute) => return Err(attribute.refused(value)),
                None if catalogue().name(key).is_some() => {}
                None => return Err(AttributeError::Unknown(key.clone())),
            }
        }
        Ok(Attributes(stored))
    }
}

impl From<Attributes> for BTreeMap<String, String> {
    fn from(attributes: Attributes) -> Self {
        attributes.0
    }
}

/// The names that the hospitals of a list give to codes. A code has one name: the one that most of them give, of several the first by character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<(String, String), BTreeMap<String, usize>>);

impl Names {
    /// Notes the names that one hospital gives.
    pub fn note(&mut self, attributes: &Attributes, municipality: Option<&MunicipalityCode>) {
        for name in catalogue().names() {
            let code = if name.of == MUNICIPALITY {
                municipality.map(MunicipalityCode::as_str)
            } else {
                attributes.0.get(&name.of).map(String::as_str)
            };
            if let (Some(code), Some(text)) = (code, attributes.0.get(&name.key)) {
                let names = self.0.entry((name.of.clone(), code.to_owned())).or_default();
                *names.entry(text.clone()).or_default() += 1;
            }
        }
    }

    /// The name of an attribute's code, or of a `municipality`'s.
    pub fn of(&self, coded: &str, code: &str) -> Option<&str> {
        let names = self.0.get(&(coded.to_owned(), code.to_owned()))?;
        let most = names.values().max()?;
        names.iter().find(|(_, count)| *count == most).map(|(name, _)| name.as_str())
    }
}
