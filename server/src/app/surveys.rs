//! Surveys and editions: finding one by name, registration at start.

use diesel_async::AsyncPgConnection;
use survey::edition::Edition;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::db::surveys::{self, WindowRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// The survey of an id.
///
/// # Errors
/// `survey_unknown`.
pub fn known(id: &str) -> Result<&'static Survey, AppError> {
    survey::find(id).ok_or_else(|| {
        let ids = survey::all().map(|survey| survey.id().as_str()).collect::<Vec<_>>().join("、");
        AppError::not_found("survey_unknown", format!("調査がありません。{ids} のいずれかを指定してください。"))
    })
}

/// The edition of a survey: the one named, or the first.
///
/// # Errors
/// `edition_unknown`.
pub fn edition<'s>(survey: &'s Survey, name: Option<&str>) -> Result<&'s Edition, AppError> {
    let Some(name) = name else { return Ok(survey.first_edition()) };
    survey.edition(name).ok_or_else(|| {
        let names = survey
            .editions()
            .iter()
            .map(|edition| edition.name())
            .collect::<Vec<_>>()
            .join("、");
        AppError::not_found(
            "edition_unknown",
            format!("調査票の版がありません。{names} のいずれかを指定してください。"),
        )
    })
}

/// Makes the surveys that come with the program known to the database, with their printed windows. Refuses a changed edition.
///
/// # Errors
/// Internal: the database knows an edition with another hash; answers were given to that one. Or the database is away.
pub async fn register_all(state: &State) -> Result<(), AppError> {
    let actor = Actor::system();
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        for survey in survey::all() {
            register(conn, survey).await?;
        }
        Ok(())
    })
    .await
}

async fn register(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<(), AppError> {
    let id = survey.id().as_str();
    if surveys::insert(conn, id, survey.title()).await? {
        for window in survey.windows() {
            let row = WindowRow {
                id: Uuid::now_v7(),
                survey_id: id.to_owned(),
                opens: window.opens.to_utc(),
                closes: window.closes.to_utc(),
                reason: "notice".to_owned(),
                account_id: None,
            };
            surveys::insert_window(conn, &row).await?;
        }
    }
    for edition in survey.editions() {
        surveys::insert_edition(conn, id, (edition.id().as_str(), edition.hash(), edition.layout().hash())).await?;
    }
    for row in surveys::editions(conn, id).await? {
        let Some(edition) = survey.edition(&row.id) else { continue };
        if edition.hash() != row.hash || edition.layout().hash() != row.layout_hash {
            return Err(AppError::internal(format!(
                "edition {} of this program differs from the one in the database (hash {} against {}): an edition is frozen once it is known; make a new edition instead",
                row.id,
                edition.hash(),
                row.hash
            )));
        }
    }
    Ok(())
}
