//! The hospital master, the frame drawn from it, and hospitals that go out of a frame's scope.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::masters::{self, MasterUpload};
use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::permit::{DrawFrame, ImportMaster};
use crate::error::AppError;

/// What the sender says of its file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MasterQuery {
    /// Only say what would change, store nothing.
    #[serde(default)]
    dry_run: bool,
    /// Name of the file, for people.
    file_name: Option<String>,
    /// `hash` of a dry run: then only the changes that it showed are made.
    hash: Option<String>,
}

/// What a master changes or changed.
#[derive(Serialize, ToSchema)]
#[schema(as = MasterReport)]
pub struct MasterReportJson {
    /// Absent if nothing was stored: a dry run, or nothing to change.
    import: Option<Uuid>,
    /// Of the changes; absent if there are errors.
    hash: Option<String>,
    /// How many changes of each kind.
    summary: Value,
    changes: Vec<ChangedHospitalJson>,
    /// Known hospitals that the file does not name; they stay as they are.
    missing: Vec<MissingHospitalJson>,
    /// Rows of frames whose hospital the file closes.
    out_of_scope: Vec<ScopeJson>,
    faults: Vec<FaultJson>,
}

/// A hospital with its changes.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangedHospital)]
pub struct ChangedHospitalJson {
    gmis_id: String,
    name: String,
    /// Each with its `kind`: opened, opening_dated, closed, merged, reopened, renamed, recoded, formerly_known_as, moved, beds_changed,
    /// attribute_changed.
    changes: Vec<Value>,
}

/// A known hospital that a file does not name.
#[derive(Serialize, ToSchema)]
#[schema(as = MissingHospital)]
pub struct MissingHospitalJson {
    gmis_id: Option<String>,
    name: String,
}

/// A row of a frame.
#[derive(Serialize, ToSchema)]
#[schema(as = FrameScope)]
pub struct ScopeJson {
    survey: String,
    gmis_id: String,
}

/// Says what a master would change (`dry_run=true`) or makes the changes; the body is the file. The same file again changes nothing.
#[utoipa::path(tag = "hospitals", operation_id = "import_master", security(("bearer" = [])), params(MasterQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "What would change, or what did (`import`)", body = MasterReportJson),
    (status = 400, description = "query_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 409, description = "master_changed: not what the dry run showed", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "file_refused, master_faulty: nothing was stored", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/hospitals/imports")]
pub async fn import_master(
    state: web::Data<State>,
    guarded: Guarded<ImportMaster>,
    query: web::Query<MasterQuery>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = body.map_err(|error| {
        tracing::debug!(%error, "upload refused");
        AppError::TooLarge(super::too_large())
    })?;
    let query = query.into_inner();
    let upload = MasterUpload {
        file_name: query.file_name.unwrap_or_else(|| "upload".to_owned()),
        bytes: body.into(),
        expected: query.hash,
    };
    let report = if query.dry_run {
        masters::preview(&state, &guarded.permit, &upload).await?
    } else {
        masters::apply(&state, &guarded.permit, &upload).await?
    };
    Ok(HttpResponse::Ok().json(report))
}

/// Which hospitals.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFrame)]
pub struct NewFrameJson {
    /// The day on which they are open; today if not given.
    on: Option<NaiveDate>,
}

/// A frame that was drawn.
#[derive(Serialize, ToSchema)]
#[schema(as = DrawnFrame)]
pub struct DrawnFrameJson {
    /// How many it has.
    hospitals: usize,
}

/// Draws a survey's frame from the master, once: the hospitals that are open and have 20 beds.
#[utoipa::path(tag = "hospitals", operation_id = "draw_frame", security(("bearer" = [])),
    params(("survey" = String, Path)), request_body = NewFrameJson, responses(
    (status = 201, description = "Drawn and frozen", body = DrawnFrameJson),
    (status = 400, description = "body_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "frame_drawn, master_empty", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/frame")]
pub async fn draw_frame(
    state: web::Data<State>,
    guarded: Guarded<DrawFrame>,
    path: web::Path<String>,
    body: web::Json<NewFrameJson>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let hospitals = frames::draw_from_master(&state, &guarded.permit, survey, body.on).await?;
    Ok(HttpResponse::Created().json(DrawnFrameJson { hospitals }))
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutOfScope)]
pub struct OutOfScopeJson {
    /// Why it is no longer surveyed: closed, merged, no hospital any more.
    reason: String,
}

/// Takes a hospital out of a frame's scope: it leaves rates, tables and candidates.
#[utoipa::path(tag = "hospitals", operation_id = "drop_from_scope", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path)), request_body = OutOfScopeJson, responses(
    (status = 204, description = "Out of scope"),
    (status = 400, description = "body_invalid, reason_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/hospitals/{hospital}/out-of-scope")]
pub async fn drop_from_scope(
    state: web::Data<State>,
    guarded: Guarded<DrawFrame>,
    path: web::Path<(String, String)>,
    body: web::Json<OutOfScopeJson>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let survey = surveys::known(&survey)?;
    frames::drop_from_scope(&state, &guarded.permit, survey, &hospital, &body.reason).await?;
    Ok(HttpResponse::NoContent().finish())
}
