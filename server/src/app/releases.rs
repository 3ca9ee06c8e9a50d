//! Releases (公表版): statistics that are published. Each is counted from one moment, numbered, its files made once and stored; nothing of it ever changes,
//! and a correction is a further one that says what it corrects. What of it is hidden is decided in `analytics::suppress`.

mod again;
mod basis;
mod files;
mod making;
mod shares;

use std::collections::BTreeMap;

use analytics::suppress::{Hidden, Report, Rule, WithheldNumber};
use serde::{Deserialize, Serialize};
use survey::survey::Survey;

pub use again::{Again, check};
pub use making::{Preview, make, preview, require};
pub use shares::{NationalShares, Published, national_shares};

use crate::app::state::State;
use crate::auth::permit::{Permit, ReadReleases};
use crate::db::releases::{self, FileRow, ReleaseRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// What a release hides, as it is stored with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suppression {
    /// The numbers of the rule.
    pub rule: Rule,
    /// How much is hidden, beside the least.
    pub report: Report,
    /// Every hidden distribution.
    pub hidden: Vec<Hidden>,
    /// Numbers withheld beside counts that stand; `None`: the release was made before there was an audit.
    #[serde(default)]
    pub withheld: Option<Vec<WithheldNumber>>,
}

/// A release with the files that one may have.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As stored.
    pub row: ReleaseRow,
    /// How much is hidden.
    pub hidden: Report,
    /// Survey and number of the release beside which its trends stand.
    pub compared_with: Option<(String, i32)>,
    /// By name.
    pub files: Vec<FileRow>,
}

/// The releases of a survey, the newest first.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadReleases>, survey: &Survey) -> Result<Vec<Listed>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let mut rows = releases::of_survey(conn, survey.id().as_str()).await?;
        rows.reverse();
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut files = releases::files(conn, &ids).await?;
        let mut reports: BTreeMap<_, _> = releases::reports(conn, &ids).await?.into_iter().collect();
        let mut listed = Vec::new();
        for row in rows {
            let (own, others) = files.into_iter().partition(|file: &FileRow| file.release_id == row.id);
            files = others;
            let compared_with = match row.compared_with {
                Some(id) => releases::by_id(conn, id).await?.map(|other| (other.survey_id, other.number)),
                None => None,
            };
            listed.push(Listed {
                hidden: serde_json::from_value(reports.remove(&row.id).unwrap_or_default()).map_err(AppError::internal)?,
                row,
                compared_with,
                files: own,
            });
        }
        Ok(listed)
    })
    .await
}

/// One release of a survey.
///
/// # Errors
/// `release_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadReleases>, survey: &Survey, number: i32) -> Result<Listed, AppError> {
    among(list(state, permit, survey).await?, number)
}

/// The release of a number among those listed.
///
/// # Errors
/// `release_unknown`.
pub fn among(listed: Vec<Listed>, number: i32) -> Result<Listed, AppError> {
    listed.into_iter().find(|one| one.row.number == number).ok_or_else(unknown)
}

/// A file of a release, with its bytes.
///
/// # Errors
/// `release_unknown`, `release_file_unknown` (also for files that are not for one's role); or the database is away.
pub async fn file(
    state: &State,
    permit: &Permit<ReadReleases>,
    survey: &Survey,
    number: i32,
    name: &str,
) -> Result<(FileRow, Vec<u8>), AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let row = releases::find(conn, survey.id().as_str(), number).await?.ok_or_else(unknown)?;
        releases::file(conn, row.id, name).await?.ok_or_else(|| {
            AppError::not_found(
                "release_file_unknown",
                "この公表版にこのファイルはありません。公表版の一覧でファイル名を確認してください。",
            )
        })
    })
    .await
}

fn unknown() -> AppError {
    AppError::not_found("release_unknown", "この公表版はありません。公表版の一覧で番号を確認してください。")
}
