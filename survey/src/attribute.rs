//! Attributes (属性): what the frame may say of a hospital beside its place and beds, such as its founder, as data that is compiled in
//! (`surveys/attributes.toml`). Must not name any attribute in code: a new one is an entry in the file. Counts nothing.

mod hospital;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::prefecture::PrefectureCode;

pub use hospital::{Attributes, Names, Place};

/// Stands in requests and tables for hospitals of which the frame does not say it. No value has this key.
pub const UNKNOWN: &str = "unknown";
/// Words of requests that are no attributes, and `municipality`, whose names the frame may say.
const TAKEN: [&str; 8] = [
    "area",
    "region",
    "prefecture",
    "municipality",
    "band",
    "prefecture_band",
    "response",
    UNKNOWN,
];
/// The code that is no attribute, but may have names.
const MUNICIPALITY: &str = "municipality";
/// Most digits of a code, so that each is a number of 32 bits.
const MOST_DIGITS: usize = 9;

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Not TOML, or not of the form.
    #[error("the catalogue's TOML cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// Contradictory in itself.
    #[error("attribute {key}: {problem}")]
    Content {
        /// Of the attribute or name.
        key: String,
        /// What is wrong.
        problem: String,
    },
}

/// Why a text is no value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// The catalogue has no such attribute.
    #[error("there is no attribute {0:?}")]
    Unknown(String),
    /// None of the values, or no code of the form.
    #[error("{value:?} is no value of attribute {attribute}: expected {expected}")]
    Value {
        /// Its key.
        attribute: String,
        /// What came.
        value: String,
        /// What may stand there, in Japanese.
        expected: String,
    },
}

/// Something that hospitals of a frame are told apart by.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Stable, as in requests, JSON and stored frames.
    pub key: String,
    /// As on screen.
    pub label: String,
    /// Further names of its column in files.
    pub headers: Vec<String>,
    /// What it may be.
    pub vocabulary: Vocabulary,
}

/// What an attribute may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vocabulary {
    /// One of these, in the order of rows.
    Values(Vec<AttributeValue>),
    /// Any code of so many digits, of which the first two are the prefecture's.
    Codes {
        /// 3 to 9.
        digits: usize,
    },
}

/// One of the values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeValue {
    /// Stable.
    pub key: String,
    /// As on screen.
    pub label: String,
    /// Further ways in which files write it.
    #[serde(default)]
    pub written: Vec<String>,
}

/// The name of a code: for labels only, never told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeName {
    /// Stable, as in stored frames.
    pub key: String,
    /// Whose code it names: an attribute's key, or `municipality`.
    pub of: String,
    /// As on screen.
    pub label: String,
    /// Further names of its column in files.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// All attributes and names of codes.
#[derive(Debug, Clone)]
pub struct Catalogue {
    attributes: Vec<Attribute>,
    names: Vec<CodeName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attributes: Vec<Entry>,
    #[serde(default)]
    names: Vec<CodeName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    label: String,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default)]
    values: Vec<AttributeValue>,
    code: Option<usize>,
}

impl Catalogue {
    /// Reads and checks a catalogue.
    ///
    /// # Errors
    /// [`CatalogueError`] names the attribute: keys are unique snake_case and no words of requests, values of one attribute cannot be taken for
    /// each other, and a name belongs to codes.
    pub fn from_toml(text: &str) -> Result<Catalogue, CatalogueError> {
        let file: File = toml::from_str(text)?;
        let mut taken: BTreeSet<String> = TAKEN.iter().map(|word| (*word).to_owned()).collect();
        let mut catalogue = Catalogue {
            attributes: Vec::new(),
            names: Vec::new(),
        };
        for entry in file.attributes {
            let key = entry.key.clone();
            let attribute = attribute(entry, &mut taken).map_err(|problem| CatalogueError::Content { key, problem })?;
            catalogue.attributes.push(attribute);
        }
        for name in file.names {
            let coded = |attribute: &Attribute| attribute.key == name.of && matches!(attribute.vocabulary, Vocabulary::Codes { .. });
            let problem = if !take(&name.key, &mut taken) {
                "the key is taken, or is not snake_case".to_owned()
            } else if name.of != MUNICIPALITY && !catalogue.attributes.iter().any(coded) {
                format!("{} has no codes to name", name.of)
            } else {
                catalogue.names.push(name);
                continue;
            };
            return Err(CatalogueError::Content { key: name.key, problem });
        }
        Ok(catalogue)
    }

    /// The attributes in the order of the file.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The names of codes in the order of the file.
    pub fn names(&self) -> &[CodeName] {
        &self.names
    }

    /// The attribute of a key.
    pub fn attribute(&self, key: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.key == key)
    }

    /// The name of a key.
    pub fn name(&self, key: &str) -> Option<&CodeName> {
        self.names.iter().find(|name| name.key == key)
    }
}

/// Whether a key could be taken: snake_case, and nobody's yet.
fn take(key: &str, taken: &mut BTreeSet<String>) -> bool {
    let form = key.starts_with(|c: char| c.is_ascii_lowercase()) && key.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
    form && taken.insert(key.to_owned())
}

fn attribute(entry: Entry, taken: &mut BTreeSet<String>) -> Result<Attribute, String> {
    if !take(&entry.key, taken) {
        return Err("the key is taken, or is not snake_case".to_owned());
    }
    let vocabulary = match (entry.values, entry.code) {
        (values, None) if !values.is_empty() => Vocabulary::Values(distinct(values)?),
        (values, Some(digits)) if values.is_empty() && (3..=MOST_DIGITS).contains(&digits) => Vocabulary::Codes { digits },
        _ => return Err(format!("it has either values or a code of 3 to {MOST_DIGITS} digits")),
    };
    Ok(Attribute {
        key: entry.key,
        label: entry.label,
        headers: entry.headers,
        vocabulary,
    })
}

/// Values of which none can be taken for another.
fn distinct(values: Vec<AttributeValue>) -> Result<Vec<AttributeValue>, String> {
    let (mut keys, mut words) = (BTreeSet::from([UNKNOWN.to_owned()]), BTreeSet::from([UNKNOWN.to_owned()]));
    for value in &values {
        if !take(&value.key, &mut keys) {
            return Err(format!("the value {:?} is taken, or is not snake_case", value.key));
        }
        let own: BTreeSet<String> = value.words().map(plain).collect();
        if let Some(word) = own.iter().find(|word| words.contains(*word)) {
            return Err(format!("{word:?} is written for two values"));
        }
        words.extend(own);
    }
    Ok(values)
}

impl AttributeValue {
    /// Everything that stands for it.
    fn words(&self) -> impl Iterator<Item = &str> {
        [self.key.as_str(), self.label.as_str()]
            .into_iter()
            .chain(self.written.iter().map(String::as_str))
    }
}

impl Attribute {
    /// Reads a value as requests and files write it, width, case and white space aside: gives its key, or the code.
    ///
    /// # Errors
    /// [`AttributeError::Value`] says what may stand there.
    pub fn parse(&self, text: &str) -> Result<String, AttributeError> {
        let wanted = plain(text);
        let found = match &self.vocabulary {
            Vocabulary::Values(values) => {
                let value = values.iter().find(|value| value.words().any(|word| plain(word) == wanted));
                value.map(|value| value.key.clone())
            }
            Vocabulary::Codes { digits } => {
                let form = wanted.len() == *digits && wanted.chars().all(|c| c.is_ascii_digit());
                let prefecture = wanted.get(..2).and_then(|code| PrefectureCode::parse(code).ok());
                (form && prefecture.is_some()).then_some(wanted)
            }
        };
        found.ok_or_else(|| self.refused(text))
    }

    /// Reads a value of a hospital in a prefecture: a code begins with the prefecture's, whose zero a spreadsheet may have taken.
    ///
    /// # Errors
    /// As [`Attribute::parse`], for a code of another prefecture too.
    pub fn parse_in(&self, text: &str, prefecture: PrefectureCode) -> Result<String, AttributeError> {
        match self.vocabulary {
            Vocabulary::Values(_) => self.parse(text),
            Vocabulary::Codes { .. } => [plain(text), format!("0{}", plain(text))]
                .iter()
                .filter_map(|code| self.parse(code).ok())
                .find(|code| code.starts_with(&prefecture.code()))
                .ok_or_else(|| self.refused(text)),
        }
    }

    /// The values in the order of rows; none of a vocabulary of codes.
    pub fn values(&self) -> &[AttributeValue] {
        match &self.vocabulary {
            Vocabulary::Values(values) => values,
            Vocabulary::Codes { .. } => &[],
        }
    }

    /// What may stand in a file, in Japanese.
    pub fn expected(&self) -> String {
        match &self.vocabulary {
            Vocabulary::Values(values) => values.iter().map(|value| value.label.as_str()).collect::<Vec<_>>().join("、"),
            Vocabulary::Codes { digits } => format!("都道府県コード2桁で始まる{digits}桁のコード"),
        }
    }

    fn refused(&self, text: &str) -> AttributeError {
        AttributeError::Value {
            attribute: self.key.clone(),
            value: text.to_owned(),
            expected: self.expected(),
        }
    }
}

impl PartialEq for Attribute {
    /// Keys are unique.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Attribute {}

impl Hash for Attribute {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for Attribute {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Attribute {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// A text as values are compared: NFKC, lower case, without white space.
fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect()
}

/// What comes with the program.
static COMPILED_IN: LazyLock<Catalogue> = LazyLock::new(|| {
    // A test proves that it can be read; in a release a broken one would be empty.
    Catalogue::from_toml(include_str!("../surveys/attributes.toml")).unwrap_or(Catalogue {
        attributes: Vec::new(),
        names: Vec::new(),
    })
});

/// The catalogue that comes with the program.
pub fn catalogue() -> &'static Catalogue {
    &COMPILED_IN
}

/// The attribute of a key.
pub fn find(key: &str) -> Option<&'static Attribute> {
    catalogue().attribute(key)
}
