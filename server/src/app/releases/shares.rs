//! What the newest release says of the nation, to stand beside an area's own numbers: only what was published, as it was published.

use std::collections::BTreeMap;

use analytics::report;
use chrono::{DateTime, Utc};
use survey::survey::Survey;

use super::{file, list};
use crate::app::state::State;
use crate::app::statistics::{File, on_thread};
use crate::auth::permit::{Permit, ReadReleases};
use crate::error::AppError;

/// The nation's shares of a question in a release.
#[derive(Debug, Clone)]
pub struct NationalShares {
    /// Number of the release.
    pub number: i32,
    /// To when it counts.
    pub as_of: DateTime<Utc>,
    /// By the key of an option: percent, or why there is none, in words.
    pub options: BTreeMap<String, String>,
}

/// The nation's shares of a question or indicator in the newest release; `None` while nothing of it was published.
///
/// # Errors
/// The database is away.
pub async fn national_shares(
    state: &State,
    permit: &Permit<ReadReleases>,
    survey: &Survey,
    question: &str,
) -> Result<Option<NationalShares>, AppError> {
    let Some(newest) = list(state, permit, survey).await?.into_iter().next() else {
        return Ok(None);
    };
    let name = File::DataCsv.name(survey);
    if !newest.files.iter().any(|file| file.name == name) {
        return Ok(None);
    }
    let (_, bytes) = file(state, permit, survey, newest.row.number, &name).await?;
    let question = question.to_owned();
    let shares = on_thread(move || report::national_shares(&bytes, &question)).await?;
    let options: BTreeMap<String, String> = shares
        .map_err(AppError::internal)?
        .into_iter()
        .map(|(option, share)| (option, printed(share)))
        .collect();
    Ok((!options.is_empty()).then_some(NationalShares {
        number: newest.row.number,
        as_of: newest.row.as_of,
        options,
    }))
}

fn printed(share: Result<f64, String>) -> String {
    match share {
        Ok(percent) => format!("{percent:.1}%"),
        Err(state) if state == "suppressed" => "秘匿".to_owned(),
        Err(state) if state == "withheld" => "前の公表版のとおり".to_owned(),
        Err(_) => "－".to_owned(),
    }
}
