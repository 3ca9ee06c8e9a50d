//! Results of supported hospitals: brought in by the ministry, read by it and by prefectures that asked for them and were granted them.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered, read};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::results::requests::{self, Decision};
use crate::app::programs::results::{self, ResultFile, ResultReport};
use crate::app::state::State;
use crate::auth::permit::{AskForResults, BringResults, ReadPrograms};
use crate::error::AppError;

/// What the sender says of its file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultFileQuery {
    /// Only say what it would bring, store nothing.
    #[serde(default)]
    dry_run: bool,
    /// Name of the file, for people.
    file_name: Option<String>,
}

/// What a file brings or brought.
#[derive(Serialize, ToSchema)]
#[schema(as = ResultReport)]
pub struct ResultReportJson {
    /// Whether it was stored: not in a dry run.
    stored: bool,
    /// Hospitals of the file.
    hospitals: usize,
    /// Hospitals without a result so far.
    new: usize,
    /// Hospitals whose result becomes another one.
    changed: usize,
    faults: Vec<FaultJson>,
}

/// Says what a file of results would bring (`dry_run=true`) or brings them in, all or nothing; the body is the workbook that the contractor was handed, filled
/// in, or any table with its columns.
#[utoipa::path(tag = "programs", operation_id = "import_results", security(("bearer" = [])), params(("program" = String, Path), ResultFileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "What it would bring, or brought (`stored`)", body = ResultReportJson),
    (status = 400, description = "query_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "file_refused, results_faulty: nothing was stored", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/results/imports")]
pub async fn import_results(
    state: web::Data<State>,
    guarded: Guarded<BringResults>,
    path: web::Path<String>,
    query: web::Query<ResultFileQuery>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<web::Json<ResultReport>, ApiError> {
    let body = body.map_err(|error| {
        tracing::debug!(%error, "upload refused");
        AppError::TooLarge(super::too_large())
    })?;
    let query = query.into_inner();
    let file = ResultFile {
        file_name: query.file_name.unwrap_or_else(|| "upload".to_owned()),
        bytes: body.into(),
    };
    let report = if query.dry_run {
        results::preview(&state, &guarded.permit, &path, &file).await?
    } else {
        results::bring(&state, &guarded.permit, &path, &file).await?
    };
    Ok(web::Json(report))
}

/// Whose results.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultsQuery {
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
}

/// The hospitals of accepted lists, each with what was reported of it. That they were read is noted.
#[utoipa::path(tag = "programs", operation_id = "list_results", security(("bearer" = [])), params(("program" = String, Path), ResultsQuery), responses(
    (status = 200, description = "By prefecture and G-MIS ID; `result` is null until something was reported", body = Vec<Object>),
    (status = 400, description = "query_invalid, prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours, results_not_granted: to be asked for first", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/results")]
pub async fn list_results(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
    query: web::Query<ResultsQuery>,
) -> Result<HttpResponse, ApiError> {
    let of = query.prefecture.as_deref().map(prefecture).transpose()?;
    let supported = results::list(&state, &guarded.permit, &path, of).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(supported))
}

/// What a prefecture wants the results for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewResultRequest)]
pub struct NewResultRequestJson {
    reason: String,
}

/// Asks to see the results of one's hospitals.
#[utoipa::path(tag = "programs", operation_id = "ask_for_results", security(("bearer" = [])),
    params(("program" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewResultRequestJson, responses(
    (status = 201, description = "Asked", body = Object),
    (status = 400, description = "body_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "results_asked, idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/result-requests")]
pub async fn ask_for_results(
    state: web::Data<State>,
    guarded: Guarded<AskForResults>,
    keyed: Keyed,
    path: web::Path<String>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let (new, key) = read::<NewResultRequestJson>(&keyed, body)?;
    let answer = requests::ask(&state, &guarded.permit, &path, &new.reason, Some(&key)).await?;
    Ok(answered(&answer))
}

/// Requests to see results, the newest first: a prefecture's own, the ministry's all.
#[utoipa::path(tag = "programs", operation_id = "list_result_requests", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "With what was decided", body = Vec<Object>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/result-requests")]
pub async fn list_result_requests(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(requests::list(&state, &guarded.permit, &path).await?))
}

/// What the ministry says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewResultDecision)]
pub struct NewResultDecisionJson {
    decision: ResultDecisionJson,
    /// Why; the prefecture reads it.
    reason: String,
}

/// Whether the prefecture sees them.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResultDecision)]
pub enum ResultDecisionJson {
    /// From now on, later ones too.
    Granted,
    /// It does not.
    Refused,
}

/// Grants or refuses a request, once.
#[utoipa::path(tag = "programs", operation_id = "decide_result_request", security(("bearer" = [])),
    params(("program" = String, Path), ("request" = Uuid, Path)), request_body = NewResultDecisionJson, responses(
    (status = 200, description = "Decided", body = Object),
    (status = 400, description = "body_invalid, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown, result_request_unknown", body = ProblemJson),
    (status = 409, description = "result_request_decided", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/result-requests/{request}/decisions")]
pub async fn decide_result_request(
    state: web::Data<State>,
    guarded: Guarded<BringResults>,
    path: web::Path<(String, Uuid)>,
    body: web::Json<NewResultDecisionJson>,
) -> Result<HttpResponse, ApiError> {
    let (program, request) = path.into_inner();
    let decision = match body.decision {
        ResultDecisionJson::Granted => Decision::Grant,
        ResultDecisionJson::Refused => Decision::Refuse,
    };
    let decided = requests::decide(&state, &guarded.permit, (&program, request), decision, &body.reason).await?;
    Ok(HttpResponse::Ok().json(decided))
}
