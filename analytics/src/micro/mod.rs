//! Micro-data (個票データ): the coded answers themselves, a line a hospital, for those who may have them, with a codebook that says what every
//! value means. Without identities unless they are asked for: no ID, no name, no municipality, no exact beds, no attributes, and an order that tells
//! nothing. Attributes go with identities because registers of founders and disaster bases are public: with prefecture and band they name hospitals.
//!
//! Bytes out, nothing stored; who may have them is decided by the caller. The same input gives the same bytes.

mod archive;
mod codebook;
mod parquet;
mod sheets;
#[cfg(test)]
mod tests;

pub use archive::archive;
pub(crate) use archive::pack;
pub use codebook::codebook_csv;
pub use parquet::{Partition, partitions};
pub(crate) use parquet::{properties as parquet_properties, text_field};
pub use sheets::{csv, workbook};

use chrono::{DateTime, Utc};
use std::borrow::Cow;
use survey::area::MunicipalityCode;
use survey::attribute::{Attribute, Attributes, UNKNOWN, catalogue};
use survey::band::Banding;
use survey::codes::{BLANK, CHOSEN, FIRST_OPTION, NO_ANSWER, NOT_ASKED, Slot};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::Question;
use survey::survey::Survey;

/// Words that stand where there is no answer.
const STATES: [(u8, &str, &str); 3] = [
    (NOT_ASKED, "not_asked", "非該当"),
    (BLANK, "blank", "空欄"),
    (NO_ANSWER, "no_answer", "無回答"),
];
/// Words of an option that could be chosen beside others.
const CHOICES: [(u8, &str, &str); 2] = [(CHOSEN, "chosen", "選択"), (FIRST_OPTION, "not_chosen", "選択なし")];

/// A hospital with its counted answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Who it is, if the micro-data are to say so.
    pub identity: Option<Identity>,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The licensed beds of the frame.
    pub beds: Beds,
    /// One byte a slot, as the survey's layout says.
    pub codes: Vec<u8>,
}

/// Who a hospital is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// G-MIS ID of the frame.
    pub gmis: String,
    /// Name of the frame.
    pub name: String,
    /// Municipality of the frame, where it is known.
    pub municipality: Option<MunicipalityCode>,
    /// Attributes of the frame, where they are known.
    pub attributes: Attributes,
}

/// Why micro-data cannot be made: defects, nothing that a caller can mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MicroError {
    /// Some hospitals come with an identity and others without.
    #[error("unit {0}: all units come with an identity or none does")]
    Identity(usize),
    /// A code that means nothing in its slot, or too few of them.
    #[error("unit {unit}: the code of variable {variable} means nothing")]
    Code {
        /// Index into the units as they came.
        unit: usize,
        /// The variable.
        variable: String,
    },
    /// A file could not be written.
    #[error("the file could not be written: {0}")]
    Writing(String),
}

/// What one column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source<'a> {
    Survey,
    Gmis,
    Name,
    PrefectureCode,
    PrefectureName,
    Municipality,
    Beds,
    Band(Banding),
    Attribute(&'static Attribute),
    Answer(&'a Question, &'a Slot),
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Its name: ASCII letters, digits and `_`; an option of a several-choice question stands behind two of them.
    pub name: String,
    source: Source<'a>,
}

/// Micro-data of one survey.
#[derive(Debug)]
pub struct MicroData<'a> {
    survey: &'a Survey,
    as_of: DateTime<Utc>,
    variables: Vec<Variable<'a>>,
    units: Vec<Unit>,
}

impl<'a> MicroData<'a> {
    /// Checks every code. Lines are in the order of G-MIS IDs, or without identities of what they say themselves.
    ///
    /// # Errors
    /// [`MicroError`] for the first unit that cannot be told in words.
    pub fn new(survey: &'a Survey, as_of: DateTime<Utc>, mut units: Vec<Unit>) -> Result<MicroData<'a>, MicroError> {
        let identified = units.first().is_some_and(|unit| unit.identity.is_some());
        if let Some(other) = units.iter().position(|unit| unit.identity.is_some() != identified) {
            return Err(MicroError::Identity(other));
        }
        let variables = variables(survey, identified);
        for (index, unit) in units.iter().enumerate() {
            let unknown = variables.iter().find(|variable| variable.value(survey, unit).is_none());
            if let Some(variable) = unknown {
                return Err(MicroError::Code {
                    unit: index,
                    variable: variable.name.clone(),
                });
            }
        }
        // The order in which they were stored would tell who answered when.
        let band = |unit: &Unit| Banding::Survey.band_of(unit.beds);
        units.sort_by(|a, b| {
            let (one, other) = (a.identity.as_ref(), b.identity.as_ref());
            let ids = one.map(|one| &one.gmis).cmp(&other.map(|other| &other.gmis));
            ids.then_with(|| (a.prefecture, band(a), &a.codes).cmp(&(b.prefecture, band(b), &b.codes)))
        });
        Ok(MicroData {
            survey,
            as_of,
            variables,
            units,
        })
    }

    /// The columns.
    pub fn variables(&self) -> &[Variable<'a>] {
        &self.variables
    }

    /// How many hospitals.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The lines as text, in the order of the variables.
    fn lines(&self) -> impl Iterator<Item = Vec<Cow<'_, str>>> {
        self.units.iter().map(|unit| self.line(unit))
    }

    fn line<'s>(&'s self, unit: &'s Unit) -> Vec<Cow<'s, str>> {
        let values = self.variables.iter();
        values
            .map(|variable| variable.value(self.survey, unit).unwrap_or_default())
            .collect()
    }
}

fn variables(survey: &Survey, identified: bool) -> Vec<Variable<'_>> {
    let place = |name: &str, source| Variable {
        name: name.to_owned(),
        source,
    };
    let mut variables = vec![place("survey_id", Source::Survey)];
    if identified {
        variables.extend([place("gmis_id", Source::Gmis), place("name", Source::Name)]);
    }
    variables.extend([
        place("prefecture_code", Source::PrefectureCode),
        place("prefecture_name", Source::PrefectureName),
    ]);
    if identified {
        variables.extend([place("municipality_code", Source::Municipality), place("beds", Source::Beds)]);
    }
    variables.extend([
        place("band_survey", Source::Band(Banding::Survey)),
        place("band_program", Source::Band(Banding::Program)),
    ]);
    if identified {
        let attributes = catalogue().attributes().iter();
        variables.extend(attributes.map(|attribute| place(&attribute.key, Source::Attribute(attribute))));
    }
    for question in survey.questions().iter().filter(|question| question.is_coded()) {
        for slot in survey.layout().slots_of(question.key.as_str()) {
            let option = slot.choice.as_ref().map(|choice| format!("__{choice}")).unwrap_or_default();
            variables.push(Variable {
                name: format!("{}{option}", question.key.as_str()),
                source: Source::Answer(question, slot),
            });
        }
    }
    variables
}

impl Variable<'_> {
    /// The value of a unit; `None` if there is no word for it.
    fn value<'u>(&'u self, survey: &'u Survey, unit: &'u Unit) -> Option<Cow<'u, str>> {
        let identity = unit.identity.as_ref();
        Some(match self.source {
            Source::Survey => survey.id().as_str().into(),
            Source::Gmis => identity?.gmis.as_str().into(),
            Source::Name => identity?.name.as_str().into(),
            Source::PrefectureCode => unit.prefecture.code().into(),
            Source::PrefectureName => unit.prefecture.name().into(),
            Source::Municipality => identity?.municipality.as_ref().map_or("", MunicipalityCode::as_str).into(),
            Source::Beds => unit.beds.number().to_string().into(),
            Source::Band(banding) => banding.bands().get(banding.band_of(unit.beds)?)?.key.into(),
            Source::Attribute(attribute) => identity?.attributes.value(attribute).unwrap_or(UNKNOWN).into(),
            Source::Answer(question, slot) => {
                let code = *unit.codes.get(slot.index)?;
                words(question, slot).find(|(known, ..)| *known == code)?.1.into()
            }
        })
    }
}

/// The codes of a slot with their words and labels.
fn words<'q>(question: &'q Question, slot: &Slot) -> impl Iterator<Item = (u8, &'q str, &'q str)> {
    let several = slot.choice.is_some();
    let options = question
        .choices()
        .iter()
        .filter(move |_| !several)
        .map(|choice| (FIRST_OPTION.saturating_add(choice.code), choice.key.as_str(), choice.label.as_str()));
    STATES
        .into_iter()
        .chain(CHOICES.into_iter().filter(move |_| several))
        .chain(options)
}
