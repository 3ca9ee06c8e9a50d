//! The hospitals of a frame, with the state of their submission.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::prefecture::PrefectureCode;
use survey::submission::SubmissionState;
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::pages::{Page, PageQuery};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::permit::ReadHospitals;
use crate::db::frames::{Filter, FrameRow, Standing, Wanted};
use crate::error::AppError;

/// A hospital of a frame.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hospital)]
pub struct HospitalJson {
    /// G-MIS ID.
    pub gmis_id: String,
    /// 10 digits, if it has one.
    pub institution_code: Option<String>,
    /// Name in the frame.
    pub name: String,
    /// Two digits.
    pub prefecture: String,
    /// Five digits, if known.
    pub municipality: Option<String>,
    /// Licensed beds in the frame.
    pub beds: i32,
    /// draft, submitted, returned, accepted, withdrawn; absent while unanswered (未回答).
    #[schema(value_type = Option<String>)]
    pub state: Option<SubmissionState>,
    /// Since when.
    pub state_since: Option<DateTime<Utc>>,
    /// While returned with its own date: last second in which it may be submitted again.
    pub resubmit_until: Option<DateTime<Utc>>,
}

impl HospitalJson {
    /// A row with its state.
    pub fn of(row: FrameRow, standing: Option<Standing>) -> HospitalJson {
        let (state, since, until) = standing.map_or((None, None, None), |(state, since, until)| (Some(state), Some(since), until));
        HospitalJson {
            gmis_id: row.gmis_id,
            institution_code: row.institution_code,
            name: row.name,
            prefecture: format!("{:02}", row.prefecture),
            municipality: Some(row.municipality).filter(|code| !code.is_empty()),
            beds: row.beds,
            state,
            state_since: since,
            resubmit_until: until,
        }
    }
}

/// Which hospitals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HospitalQuery {
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
    /// Only those in one state: draft, submitted, returned, accepted, withdrawn, or unanswered (未回答).
    state: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500; 100 if not given.
    limit: Option<u16>,
}

/// The hospitals that one may see, by G-MIS ID.
#[utoipa::path(tag = "hospitals", operation_id = "list_hospitals", security(("bearer" = [])),
    params(("survey" = String, Path), HospitalQuery), responses(
    (status = 200, description = "A page", body = Page<HospitalJson>),
    (status = 400, description = "query_invalid, prefecture_invalid, state_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals")]
pub async fn list_hospitals(
    state: web::Data<State>,
    guarded: Guarded<ReadHospitals>,
    path: web::Path<String>,
    query: web::Query<HospitalQuery>,
) -> Result<web::Json<Page<HospitalJson>>, ApiError> {
    let survey = surveys::known(&path)?;
    let prefecture = query.prefecture.as_deref().map(prefecture).transpose()?;
    let page = PageQuery {
        after: query.after.clone(),
        limit: query.limit,
    };
    let standing = query.state.as_deref().map(standing).transpose()?;
    let filter = Filter {
        prefecture,
        standing,
        ..Filter::default()
    };
    let rows = frames::list(&state, &guarded.permit, survey, filter, page.after.as_deref(), page.limit()).await?;
    Ok(web::Json(Page::of(
        rows,
        page.limit(),
        |(row, _)| row.gmis_id.clone(),
        |(row, standing)| HospitalJson::of(row, standing),
    )))
}

/// A state as written in a URL.
fn standing(word: &str) -> Result<Wanted, AppError> {
    if word == "unanswered" {
        return Ok(Wanted::Unanswered);
    }
    SubmissionState::parse(word).map(Wanted::State).map_err(|error| {
        tracing::debug!(%error, "state refused");
        AppError::invalid(
            "state_invalid",
            "状態（state）は unanswered、draft、submitted、returned、accepted、withdrawn のいずれかで指定してください。",
        )
    })
}

/// A prefecture as written in a URL or body.
///
/// # Errors
/// `prefecture_invalid`.
pub fn prefecture(text: &str) -> Result<PrefectureCode, AppError> {
    PrefectureCode::parse(text)
        .ok()
        .ok_or_else(|| AppError::invalid("prefecture_invalid", "都道府県コードは01から47の2桁で指定してください。"))
}
