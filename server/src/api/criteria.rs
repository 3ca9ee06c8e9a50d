//! The criteria of a prefecture in a programme: read, looked at before they are saved, saved.

use actix_web::{HttpResponse, get, post, put, web};
use serde_json::Value;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::preconditions::SeenVersion;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::criteria::{self, InForce};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, ReadPrograms};

fn tagged(in_force: &InForce) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", format!("\"{}\"", in_force.version)))
        .json(in_force)
}

/// The criteria in force: the prefecture's own, or the programme's national default as version 0.
#[utoipa::path(tag = "programs", operation_id = "read_criteria", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "`version` and `criteria`: `name`, `items` with `key`, `label`, `group`, `points`, `when`, and, if there are any, `wishes` with `key`, `label`, `attribute`, `is`, `at_least`, `at_most`, `at_most_percent`", body = Object,
        headers(("ETag" = String, description = "The version, for If-Match"))),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/criteria")]
pub async fn read_criteria(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    Ok(tagged(
        &criteria::read(&state, &guarded.permit, &program, prefecture(&code)?).await?,
    ))
}

/// What other criteria would change, cell by cell: who comes within the quota, who leaves it, whose rank moves. Nothing is saved.
#[utoipa::path(tag = "programs", operation_id = "preview_criteria", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), request_body = Object, responses(
    (status = 200, description = "`changes_choice` and `cells` with `enters`, `leaves` and `moves`; `wishes`: how each is held, and their price", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, criteria_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "wishes_infeasible, wishes_too_hard", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/criteria/preview")]
pub async fn preview_criteria(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    path: web::Path<(String, String)>,
    body: web::Json<Value>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let comparison = criteria::preview(&state, &guarded.permit, &program, prefecture(&code)?, body.into_inner()).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(comparison))
}

/// Saves a prefecture's own criteria as a further version; look at the preview first. The same again makes none.
#[utoipa::path(tag = "programs", operation_id = "set_criteria", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"),
        ("If-Match" = String, Header, description = "The version that was changed, as its ETag said")),
    request_body = Object, responses(
    (status = 200, description = "In force", body = Object, headers(("ETag" = String, description = "The new version"))),
    (status = 400, description = "body_invalid, prefecture_invalid, criteria_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 412, description = "criteria_changed", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[put("/api/v1/programs/{program}/prefectures/{prefecture}/criteria")]
pub async fn set_criteria(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    seen: SeenVersion,
    path: web::Path<(String, String)>,
    body: web::Json<Value>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let wanted = (body.into_inner(), seen.0);
    Ok(tagged(
        &criteria::set(&state, &guarded.permit, &program, prefecture(&code)?, wanted).await?,
    ))
}
