//! Two surveys side by side: which earlier survey goes with one, and the trend of a question. What compares is decided by the crosswalk.

use std::sync::Arc;

use analytics::Snapshot;
use analytics::trend::{self, TrendError, TrendRequest, TrendTable};
use survey::crosswalk::Crosswalk;
use survey::survey::Survey;

use crate::app::state::State;
use crate::app::{frames, statistics};
use crate::auth::permit::{Permit, ReadTables};
use crate::error::AppError;

/// A question in two surveys, the earlier one first. The area is one's own in both years.
///
/// # Errors
/// `question_unknown`, `question_not_comparable` with the reason, `area_not_yours`; or the database is away.
pub async fn trend(
    state: &State,
    permit: &Permit<ReadTables>,
    surveys: (&'static Survey, &'static Survey),
    request: TrendRequest,
) -> Result<TrendTable, AppError> {
    frames::require_area(permit.actor(), &request.area)?;
    let (earlier, later) = (
        statistics::current(state, surveys.0).await?,
        statistics::current(state, surveys.1).await?,
    );
    statistics::on_thread(move || trend::trend(&earlier, &later, Crosswalk::compiled_in(), &request))
        .await?
        .map_err(|error| match error {
            TrendError::UnknownQuestion { .. } => AppError::not_found(
                "question_unknown",
                "後の年の調査にない設問です。後の年の設問キーを確認してください。",
            ),
            TrendError::NotListed { from, to, .. } => AppError::invalid(
                "question_not_comparable",
                format!("この設問は、{from}年調査と{to}年調査の対応表にないため比べられません。対応表にある設問を、前の年・後の年の順で指定してください。"),
            ),
            TrendError::NotComparable { note, .. } => {
                AppError::invalid("question_not_comparable", format!("{note}対応表で比較できる設問を指定してください。"))
            }
            TrendError::Counting(_) => AppError::internal(error),
        })
}

/// The newest earlier survey that something of this one compares with, if anybody answered it.
pub(super) async fn earlier(state: &State, survey: &Survey) -> Result<Option<Arc<Snapshot>>, AppError> {
    let Some(earlier) = Crosswalk::compiled_in().earlier(survey.id().as_str()).and_then(survey::find) else {
        return Ok(None);
    };
    let snapshot = statistics::current(state, earlier).await?;
    Ok((snapshot.responses() > 0).then_some(snapshot))
}
