//! What a support programme is beside its hospitals: the effort that a supported hospital takes, and the columns of the form in which lists are handed in.
//! Data of the programme; the defaults are what the notice of 26 February 2024 estimates, and the columns of which this project assumes that a form has them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use survey::band::{Band, Banding};

/// Most characters of a header.
const HEADER: usize = 40;

/// What supporting one hospital of a band takes; hearing and site survey only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Days of work of one person, in tenths.
    pub person_days: u32,
    /// Days in the calendar by the number of surveyors, in tenths.
    pub days: BTreeMap<u8, u32>,
}

/// What a column of the form holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormField {
    /// 1, 2, 3 ... through the list.
    Number,
    /// Name of the prefecture.
    Prefecture,
    /// G-MIS ID.
    GmisId,
    /// 保険医療機関コード, ten digits as text.
    InstitutionCode,
    /// Name.
    Name,
    /// Licensed beds.
    Beds,
    /// Label of the band.
    Band,
    /// 順位 within the cell.
    Rank,
    /// Why it was chosen.
    Reason,
    /// Whom the contractor calls.
    Contact,
    /// Empty, for remarks by hand.
    Remarks,
}

/// A column of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormColumn {
    /// What it holds.
    pub field: FormField,
    /// What stands above it, in Japanese.
    pub header: String,
}

/// Why effort or form of a programme were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Effort for a band that the programme has not, or none for one that it has.
    #[error("effort names bands {found:?}, expected {expected:?}")]
    Bands {
        /// Keys of the programme's bands.
        expected: Vec<String>,
        /// Keys that came.
        found: Vec<String>,
    },
    /// An effort of nothing, or days without surveyors.
    #[error("the effort of band {0} is empty")]
    NoEffort(String),
    /// A field twice.
    #[error("the form has field {0:?} twice")]
    DoubleField(FormField),
    /// Without G-MIS ID or name nobody knows whom a line means.
    #[error("the form lacks field {0:?}")]
    MissingField(FormField),
    /// Empty or too long.
    #[error("header {0:?} is empty or longer than 40 characters")]
    Header(String),
}

/// What the notice estimates: 5, 10 and 20 person-days for hospitals under 200, under 400, and from 400 beds on.
pub fn usual_effort(banding: Banding) -> BTreeMap<String, Effort> {
    let of = |band: &Band| {
        let (person_days, two, three) = match band.min {
            ..200 => (50, 25, 16),
            200..400 => (100, 50, 33),
            400.. => (200, 100, 66),
        };
        Effort {
            person_days,
            days: BTreeMap::from([(2, two), (3, three)]),
        }
    };
    banding.bands().iter().map(|band| (band.key.to_owned(), of(band))).collect()
}

/// Number, codes, name, beds, band, rank, reason, contact.
pub fn usual_form() -> Vec<FormColumn> {
    let columns = [
        (FormField::Number, "番号"),
        (FormField::Prefecture, "都道府県"),
        (FormField::GmisId, "G-MIS ID"),
        (FormField::InstitutionCode, "保険医療機関コード"),
        (FormField::Name, "病院名"),
        (FormField::Beds, "許可病床数"),
        (FormField::Band, "病床規模区分"),
        (FormField::Rank, "順位"),
        (FormField::Reason, "選定理由"),
        (FormField::Contact, "担当者連絡先"),
        (FormField::Remarks, "備考"),
    ];
    let column = |(field, header): (FormField, &str)| FormColumn {
        field,
        header: header.to_owned(),
    };
    columns.into_iter().map(column).collect()
}

/// Checks that an effort names exactly the bands of a banding, and that none is nothing.
///
/// # Errors
/// [`ProgramError::Bands`], [`ProgramError::NoEffort`].
pub fn check_effort(effort: &BTreeMap<String, Effort>, banding: Banding) -> Result<(), ProgramError> {
    let expected: BTreeSet<&str> = banding.bands().iter().map(|band| band.key).collect();
    let found: BTreeSet<&str> = effort.keys().map(String::as_str).collect();
    if expected != found {
        return Err(ProgramError::Bands {
            expected: banding.bands().iter().map(|band| band.key.to_owned()).collect(),
            found: effort.keys().cloned().collect(),
        });
    }
    let is_empty = |effort: &Effort| {
        effort.person_days == 0 || effort.days.is_empty() || effort.days.iter().any(|(who, days)| *who == 0 || *days == 0)
    };
    match effort.iter().find(|(_, effort)| is_empty(effort)) {
        Some((band, _)) => Err(ProgramError::NoEffort(band.clone())),
        None => Ok(()),
    }
}

/// Checks the columns of a form.
///
/// # Errors
/// [`ProgramError::DoubleField`], [`ProgramError::MissingField`], [`ProgramError::Header`].
pub fn check_form(form: &[FormColumn]) -> Result<(), ProgramError> {
    let mut fields = BTreeSet::new();
    for column in form {
        let header = column.header.trim();
        if header.is_empty() || header.chars().count() > HEADER {
            return Err(ProgramError::Header(column.header.clone()));
        }
        if !fields.insert(column.field) {
            return Err(ProgramError::DoubleField(column.field));
        }
    }
    match [FormField::GmisId, FormField::Name]
        .into_iter()
        .find(|field| !fields.contains(field))
    {
        Some(field) => Err(ProgramError::MissingField(field)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_effort_and_form_are_in_order() {
        for banding in [Banding::Survey, Banding::Program] {
            assert_eq!(check_effort(&usual_effort(banding), banding), Ok(()));
        }
        let three = usual_effort(Banding::Program);
        assert_eq!(three["20-199"].days, BTreeMap::from([(2, 25), (3, 16)]));
        assert_eq!(three["400+"].person_days, 200);
        assert_eq!(check_form(&usual_form()), Ok(()));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let mut effort = usual_effort(Banding::Program);
        effort.remove("400+");
        assert!(matches!(check_effort(&effort, Banding::Program), Err(ProgramError::Bands { .. })));
        let mut effort = usual_effort(Banding::Program);
        effort.get_mut("400+").unwrap().days.clear();
        assert_eq!(
            check_effort(&effort, Banding::Program),
            Err(ProgramError::NoEffort("400+".to_owned()))
        );
        let column = |field, header: &str| FormColumn {
            field,
            header: header.to_owned(),
        };
        let (id, name) = (column(FormField::GmisId, "ID"), column(FormField::Name, "病院"));
        assert_eq!(
            check_form(std::slice::from_ref(&id)),
            Err(ProgramError::MissingField(FormField::Name))
        );
        assert_eq!(
            check_form(&[id.clone(), name.clone(), id.clone()]),
            Err(ProgramError::DoubleField(FormField::GmisId))
        );
        assert_eq!(
            check_form(&[id, name, column(FormField::Rank, " ")]),
            Err(ProgramError::Header(" ".to_owned()))
        );
    }
}
