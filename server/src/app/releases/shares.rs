//! What the newest release says of the nation, to stand beside an area's own numbers: only what was published, as it was published.

use std::collections::BTreeMap;
use std::sync::Arc;

use analytics::report::{self, Shares};
use chrono::{DateTime, Utc};
use moka::future::Cache;
use survey::survey::Survey;
use uuid::Uuid;

use super::{file, list};
use crate::app::state::State;
use crate::app::statistics::{File, on_thread};
use crate::auth::permit::{Permit, ReadReleases};
use crate::error::AppError;

/// Releases whose shares are kept.
const MOST: u64 = 32;

/// The nation's shares of all questions, by release. A release never changes, so what was read of its file stays true.
pub struct Published {
    read: Cache<Uuid, Arc<BTreeMap<String, Shares>>>,
}

impl Default for Published {
    fn default() -> Published {
        Published { read: Cache::new(MOST) }
    }
}

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
    let read = async {
        let (_, bytes) = file(state, permit, survey, newest.row.number, &name).await?;
        let shares = on_thread(move || report::national_shares(&bytes)).await?;
        Ok::<_, AppError>(Arc::new(shares.map_err(AppError::internal)?))
    };
    let kept = &state.shared.published.read;
    let shares = match kept.get(&newest.row.id).await {
        Some(shares) => shares,
        None => {
            let shares = read.await?;
            kept.insert(newest.row.id, Arc::clone(&shares)).await;
            shares
        }
    };
    let options: BTreeMap<String, String> = shares
        .get(question)
        .into_iter()
        .flatten()
        .map(|(option, share)| (option.clone(), printed(share)))
        .collect();
    Ok((!options.is_empty()).then_some(NationalShares {
        number: newest.row.number,
        as_of: newest.row.as_of,
        options,
    }))
}

fn printed(share: &Result<f64, String>) -> String {
    match share {
        Ok(percent) => format!("{percent:.1}%"),
        Err(state) if state == "suppressed" => "秘匿".to_owned(),
        Err(state) if state == "withheld" => "前の公表版のとおり".to_owned(),
        Err(_) => "－".to_owned(),
    }
}
