//! Counting a release again, from what it was counted from, with the program as it is now: every published number must come out the same.

use analytics::report::{self, DataDifference, Release};
use survey::survey::Survey;

use super::basis::Kept;
use super::unknown;
use crate::app::state::State;
use crate::app::statistics::{File, on_thread};
use crate::auth::permit::{CheckReleases, Permit};
use crate::db::releases;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// What came of counting again.
#[derive(Debug, Clone)]
pub struct Again {
    /// Numbers that were compared.
    pub compared: usize,
    /// Those that differ.
    pub differences: Vec<DataDifference>,
}

/// Counts a release again and compares it with what was published.
///
/// # Errors
/// `release_unknown`, `layout_changed`; or the database is away.
pub async fn check(state: &State, permit: &Permit<CheckReleases>, survey: &'static Survey, number: i32) -> Result<Again, AppError> {
    let name = File::DataCsv.name(survey);
    let (kept, compared, published) = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let row = releases::find(conn, survey.id().as_str(), number).await?.ok_or_else(unknown)?;
        let published = releases::file(conn, row.id, &name).await?;
        let (_, published) = published.ok_or_else(|| AppError::internal(format!("release {} has no {name}", row.id)))?;
        let compared = match row.compared_with {
            Some(id) => match releases::by_id(conn, id).await? {
                Some(row) => Some(Kept::read(conn, row).await?),
                None => None,
            },
            None => None,
        };
        Ok((Kept::read(conn, row).await?, compared, published))
    })
    .await?;
    if kept.row.layout_hash != survey.layout().hash() {
        return Err(AppError::conflict(
            "layout_changed",
            "この公表版のコードの並びは、今のプログラムのものと違うため、数え直せません。公表時のプログラムで確認してください。",
        ));
    }
    on_thread(move || {
        let (snapshot, decision) = (kept.snapshot(survey)?, kept.printed(survey)?);
        let earlier = match &compared {
            Some(kept) => {
                let before = crate::app::surveys::known(&kept.row.survey_id)?;
                Some((kept.snapshot(before)?, kept.printed(before)?))
            }
            None => None,
        };
        let counted = report::data_csv_of(&Release {
            snapshot: &snapshot,
            number: u32::try_from(number).map_err(AppError::internal)?,
            note: Some(kept.row.note.as_str()).filter(|note| !note.is_empty()),
            decision: &decision,
            earlier: earlier.as_ref().map(|(snapshot, decision)| (snapshot, decision)),
        });
        let counted = counted.map_err(AppError::internal)?;
        let (compared, differences) = report::compare_data(&published, &counted).map_err(AppError::internal)?;
        Ok(Again { compared, differences })
    })
    .await?
}
