//! Opening a survey, closing it early and extending it.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::area::Area;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::WindowJson;
use crate::app::state::State;
use crate::app::surveys;
use crate::app::times::Announced;
use crate::app::windows::{self, Extended, Extension};
use crate::auth::permit::{GrantTime, ReadSurveys};
use crate::error::AppError;

/// A further window.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWindowJson {
    /// First instant.
    opens: DateTime<Utc>,
    /// Last second, included.
    closes: DateTime<Utc>,
    /// Why; it is recorded.
    reason: String,
}

/// Opens a survey again.
#[utoipa::path(tag = "surveys", operation_id = "open_window", security(("bearer" = [])), params(("survey" = String, Path)),
    request_body = NewWindowJson, responses(
    (status = 201, description = "Opened", body = WindowJson),
    (status = 400, description = "body_invalid, reason_missing, time_invalid, window_backwards", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/windows")]
pub async fn open_window(
    state: web::Data<State>,
    guarded: Guarded<GrantTime>,
    path: web::Path<String>,
    body: web::Json<NewWindowJson>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let row = windows::open(&state, &guarded.permit, survey, (body.opens, body.closes), &body.reason).await?;
    Ok(HttpResponse::Created().json(WindowJson::from(Announced {
        window: row,
        closure: None,
    })))
}

/// An earlier end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosureJson {
    /// Last second, included; now if not given. Before the window opens: it never does.
    closes: Option<DateTime<Utc>>,
    /// Why; it is recorded.
    reason: String,
}

/// Ends a window before its announced end. Answers that were taken stay, extensions hold.
#[utoipa::path(tag = "surveys", operation_id = "close_window", security(("bearer" = [])),
    params(("survey" = String, Path), ("window" = Uuid, Path)), request_body = NewClosureJson, responses(
    (status = 200, description = "The window with its new end", body = WindowJson),
    (status = 400, description = "body_invalid, reason_missing, time_invalid, window_past", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, window_unknown", body = ProblemJson),
    (status = 409, description = "window_not_earlier", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/windows/{window}/closure")]
pub async fn close_window(
    state: web::Data<State>,
    guarded: Guarded<GrantTime>,
    path: web::Path<(String, Uuid)>,
    body: web::Json<NewClosureJson>,
) -> Result<web::Json<WindowJson>, ApiError> {
    let (survey, window) = path.into_inner();
    let survey = surveys::known(&survey)?;
    let closed = windows::close(&state, &guarded.permit, survey, Some(window), body.closes, &body.reason).await?;
    Ok(web::Json(WindowJson::from(closed)))
}

/// More time for one hospital or one area; exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtensionJson {
    /// G-MIS ID.
    hospital: Option<String>,
    /// Two digits of a prefecture or five of a municipality.
    area: Option<String>,
    /// Last second, included.
    until: DateTime<Utc>,
    /// Why; it is recorded.
    reason: String,
}

/// An extension.
#[derive(Serialize, ToSchema)]
#[schema(as = Extension)]
pub struct ExtensionJson {
    /// G-MIS ID, of an extension for one hospital.
    hospital: Option<String>,
    /// Two digits of a prefecture or five of a municipality, of one for an area.
    area: Option<String>,
    /// Last second, included.
    until: DateTime<Utc>,
    /// Why.
    reason: String,
}

impl From<Extension> for ExtensionJson {
    fn from(extension: Extension) -> ExtensionJson {
        let Extension { row, hospital } = extension;
        ExtensionJson {
            hospital,
            area: row.prefecture.map(|number| format!("{number:02}")).or(row.municipality),
            until: row.until,
            reason: row.reason,
        }
    }
}

/// Gives a hospital or an area more time.
#[utoipa::path(tag = "surveys", operation_id = "grant_extension", security(("bearer" = [])), params(("survey" = String, Path)),
    request_body = NewExtensionJson, responses(
    (status = 201, description = "Extended", body = ExtensionJson),
    (status = 400, description = "body_invalid, reason_missing, time_invalid, extension_scope_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/extensions")]
pub async fn grant_extension(
    state: web::Data<State>,
    guarded: Guarded<GrantTime>,
    path: web::Path<String>,
    body: web::Json<NewExtensionJson>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let area = body.area.as_deref().and_then(|area| Area::parse(area).ok());
    let whom = match (&body.hospital, area.as_ref().and_then(windows::whom_of_area)) {
        (Some(hospital), None) if body.area.is_none() => Some(Extended::Hospital(hospital.clone())),
        (None, whom) => whom,
        _ => None,
    };
    let whom = whom.ok_or_else(|| {
        AppError::invalid(
            "extension_scope_invalid",
            "延長の対象は、病院のG-MIS IDか、都道府県または市区町村のコードのどちらか1つを指定してください。",
        )
    })?;
    let row = windows::extend(&state, &guarded.permit, survey, &whom, body.until, &body.reason).await?;
    Ok(HttpResponse::Created().json(ExtensionJson::from(row)))
}

/// The extensions that one may see, the oldest first.
#[utoipa::path(tag = "surveys", operation_id = "list_extensions", security(("bearer" = [])), params(("survey" = String, Path)), responses(
    (status = 200, description = "All of them", body = Vec<ExtensionJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/extensions")]
pub async fn list_extensions(
    state: web::Data<State>,
    guarded: Guarded<ReadSurveys>,
    path: web::Path<String>,
) -> Result<web::Json<Vec<ExtensionJson>>, ApiError> {
    let rows = windows::extensions(&state, &guarded.permit, surveys::known(&path)?).await?;
    Ok(web::Json(rows.into_iter().map(ExtensionJson::from).collect()))
}
