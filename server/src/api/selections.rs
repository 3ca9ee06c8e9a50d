//! The candidates of a prefecture, and its selection.

use actix_web::{HttpResponse, get, post, web};
use analytics::selection::list::Discard;
use serde::Deserialize;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered};
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::workbook;
use crate::app::programs;
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, ReadPrograms};

/// Candidates in the order of choice, with score and parts; who was nominated beside; and who is none and why.
#[utoipa::path(tag = "programs", operation_id = "list_candidates", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "`candidates`, `nominated`, `excluded`, `criteria_version`", body = Object),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/candidates")]
pub async fn list_candidates(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let candidates = programs::candidates::list(&state, &guarded.permit, &program, prefecture(&code)?).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(candidates))
}

/// How a run treats what was done by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseQuery {
    #[serde(default)]
    discard_adjustments: bool,
}

/// Chooses a prefecture's hospitals: exactly the quota of every cell; a short cell is named with the number missing.
#[utoipa::path(tag = "programs", operation_id = "choose_hospitals", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header),
        ("discard_adjustments" = Option<bool>, Query, description = "Whether adjustments of the list by hand may be thrown away")), responses(
    (status = 201, description = "The selection", body = Object),
    (status = 400, description = "prefecture_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_missing, wishes_infeasible, wishes_too_hard, list_state, list_adjusted, idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/selections")]
pub async fn choose_hospitals(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    query: web::Query<ChooseQuery>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let key = keyed.with_body(&[]);
    let discard = if query.discard_adjustments {
        Discard::Adjustments
    } else {
        Discard::Nothing
    };
    Ok(answered(
        &programs::choosing::choose(&state, &guarded.permit, &program, prefecture(&code)?, discard, Some(&key)).await?,
    ))
}

/// The current selection of a prefecture.
#[utoipa::path(tag = "programs", operation_id = "read_selection", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "The selection", body = Object),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, selection_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/selection")]
pub async fn read_selection(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    Ok(HttpResponse::Ok().json(programs::choosing::current(&state, &guarded.permit, &program, prefecture(&code)?).await?))
}

/// The current selection as a workbook.
#[utoipa::path(tag = "programs", operation_id = "download_selection", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, selection_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/selection.xlsx")]
pub async fn download_selection(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let prefecture = prefecture(&code)?;
    let bytes = programs::choosing::list_file(&state, &guarded.permit, &program, prefecture).await?;
    Ok(workbook(&format!("selection_{}.xlsx", prefecture.code()), bytes))
}
