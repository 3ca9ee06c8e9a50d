//! Files that are asked for and fetched when they are ready: statistics of an area, templates for all of its hospitals, and micro-data.

use serde::{Deserialize, Serialize};
use survey::area::Area;
use survey::survey::Survey;

use crate::app::microdata::{self, Form, Wanted};
use crate::app::state::State;
use crate::app::templates::{self, For, Prefill};
use crate::app::{frames, statistics, surveys};
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadAnswers, ReadTables};
use crate::error::AppError;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Name of the file: as of [`statistics::File`] or [`Form`], or `template.xlsx`.
    pub file: String,
    /// Whose statistics or micro-data, as [`Area::parse`] reads it.
    pub area: Option<String>,
    /// Which edition's template; the first if not given.
    pub edition: Option<String>,
    /// Whether a template bears the last answers.
    pub prefill: bool,
    /// Whether micro-data say which hospital is which.
    #[serde(default)]
    pub identities: bool,
    /// For what they are to say so.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A file that is ready.
#[derive(Debug)]
pub struct File {
    /// What to call it.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

enum Meant<'a> {
    Statistics(statistics::File, Area),
    Template(Option<&'a str>, Prefill),
    MicroData(Form, Wanted),
}

/// Whether somebody may ask for this, and whether it can be meant.
///
/// # Errors
/// `file_unknown`, `area_invalid`, `area_not_yours`, `edition_unknown`, `role_not_permitted`, `identities_not_permitted`, `reason_missing`.
pub fn require(actor: &Actor, survey: &'static Survey, wish: &Wish) -> Result<(), AppError> {
    match meant(wish)? {
        Meant::Statistics(file, area) => {
            let permit = Permit::<ReadTables>::of(actor.clone())?;
            frames::require_area(permit.actor(), &file.covered(&area))
        }
        Meant::Template(edition, _) => {
            Permit::<ReadAnswers>::of(actor.clone())?;
            surveys::edition(survey, edition).map(drop)
        }
        Meant::MicroData(_, wanted) => microdata::require(&Permit::of(actor.clone())?, &wanted),
    }
}

/// Makes the file.
///
/// # Errors
/// As [`require`]; or the database is away.
pub async fn write(state: &State, actor: Actor, survey: &'static Survey, wish: &Wish) -> Result<File, AppError> {
    match meant(wish)? {
        Meant::Statistics(file, area) => {
            let permit = Permit::of(actor)?;
            let bytes = statistics::file(state, &permit, survey, area, file).await?;
            Ok(File {
                name: file.name(survey),
                media_type: file.media_type(),
                bytes,
            })
        }
        Meant::Template(edition, prefill) => {
            let permit = Permit::of(actor)?;
            let bytes = templates::of_hospitals(state, &permit, survey, edition, (&For::Visible, prefill)).await?;
            Ok(File {
                name: format!("template_{}_bulk.xlsx", survey.id()),
                media_type: statistics::WORKBOOK,
                bytes,
            })
        }
        Meant::MicroData(form, wanted) => {
            let permit = Permit::of(actor)?;
            let bytes = microdata::file(state, &permit, survey, &wanted, form).await?;
            Ok(File {
                name: form.name(survey),
                media_type: form.media_type(),
                bytes,
            })
        }
    }
}

fn meant(wish: &Wish) -> Result<Meant<'_>, AppError> {
    if wish.file == "template.xlsx" {
        let prefill = if wish.prefill { Prefill::LastAnswers } else { Prefill::Blank };
        return Ok(Meant::Template(wish.edition.as_deref(), prefill));
    }
    // An area that is not given is none: it must be said.
    let area = || statistics::area(wish.area.as_deref().unwrap_or_default());
    if let Some(form) = Form::parse(&wish.file) {
        let identities = wish.identities.then(|| wish.reason.clone().unwrap_or_default());
        let area = area()?;
        return Ok(Meant::MicroData(form, Wanted { area, identities }));
    }
    let file = statistics::File::parse(&wish.file)?;
    let area = area()?;
    Ok(Meant::Statistics(file, area))
}
