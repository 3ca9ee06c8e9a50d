//! Files that are asked for and fetched when they are ready: statistics of an area, and templates for all of its hospitals.

use serde::{Deserialize, Serialize};
use survey::area::Area;
use survey::survey::Survey;

use crate::app::state::State;
use crate::app::templates::{self, For, Prefill};
use crate::app::{frames, statistics, surveys};
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadAnswers, ReadTables};
use crate::error::AppError;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Name of the file: as of [`statistics::File`], or `template.xlsx`.
    pub file: String,
    /// Whose statistics, as [`Area::parse`] reads it; only for statistics.
    pub area: Option<String>,
    /// Which edition's template; the first if not given.
    pub edition: Option<String>,
    /// Whether a template bears the last answers.
    pub prefill: bool,
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
}

/// Whether somebody may ask for this, and whether it can be meant.
///
/// # Errors
/// `file_unknown`, `area_invalid`, `area_not_yours`, `edition_unknown`, `role_not_permitted`.
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
    }
}

fn meant(wish: &Wish) -> Result<Meant<'_>, AppError> {
    if wish.file == "template.xlsx" {
        let prefill = if wish.prefill { Prefill::LastAnswers } else { Prefill::Blank };
        return Ok(Meant::Template(wish.edition.as_deref(), prefill));
    }
    let file = statistics::File::parse(&wish.file)?;
    // An area that is not given is none: it must be said.
    let area = statistics::area(wish.area.as_deref().unwrap_or_default())?;
    Ok(Meant::Statistics(file, area))
}
