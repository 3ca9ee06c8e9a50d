//! Nominations (推薦) and exclusions (除外) of a prefecture in a programme.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::prefecture::PrefectureCode;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::nominations::{self, Book, Whom};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, ReadPrograms};
use crate::db::nominations::StandingRow;

/// A nomination or exclusion in force.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingJson {
    /// G-MIS ID in the programme.
    hospital: String,
    name: String,
    reason: String,
    recorded_at: DateTime<Utc>,
}

impl From<StandingRow> for StandingJson {
    fn from(row: StandingRow) -> StandingJson {
        StandingJson {
            hospital: row.gmis_id,
            name: row.name,
            reason: row.reason,
            recorded_at: row.recorded_at,
        }
    }
}

/// What is said of a hospital.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HospitalWithReason)]
pub struct SaidJson {
    /// G-MIS ID.
    hospital: String,
    /// Why; it is recorded.
    reason: String,
}

/// Why something is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReasonOnly)]
pub struct ReasonJson {
    /// Why; it is recorded.
    pub reason: String,
}

async fn list(
    state: &State,
    guarded: &Guarded<ReadPrograms>,
    book: Book,
    (program, code): &(String, String),
) -> Result<HttpResponse, ApiError> {
    let rows = nominations::list(state, &guarded.permit, book, program, prefecture(code)?).await?;
    let json: Vec<StandingJson> = rows.into_iter().map(StandingJson::from).collect();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json))
}

async fn add(
    state: &State,
    guarded: &Guarded<ChooseHospitals>,
    book: Book,
    (program, prefecture): (&str, PrefectureCode),
    (body, keyed): (&SaidJson, &Keyed),
) -> Result<HttpResponse, ApiError> {
    let whom = Whom {
        program,
        prefecture,
        hospital: &body.hospital,
    };
    let key = keyed.with_body(format!("{}\n{}", body.hospital, body.reason).as_bytes());
    Ok(answered(
        &nominations::add(state, &guarded.permit, book, whom, &body.reason, Some(&key)).await?,
    ))
}

async fn withdraw(
    state: &State,
    guarded: &Guarded<ChooseHospitals>,
    book: Book,
    (program, code, hospital): &(String, String, String),
    (body, keyed): (&ReasonJson, &Keyed),
) -> Result<HttpResponse, ApiError> {
    let whom = Whom {
        program,
        prefecture: prefecture(code)?,
        hospital,
    };
    let key = keyed.with_body(body.reason.as_bytes());
    Ok(answered(
        &nominations::withdraw(state, &guarded.permit, book, whom, &body.reason, Some(&key)).await?,
    ))
}

/// Nominations in force, by G-MIS ID.
#[utoipa::path(tag = "programs", operation_id = "list_nominations", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "By G-MIS ID", body = Vec<StandingJson>),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/nominations")]
pub async fn list_nominations(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    list(&state, &guarded, Book::Nomination, &path).await
}

/// Nominates a hospital that is no candidate; no run chooses it, somebody adds it by hand.
#[utoipa::path(tag = "programs", operation_id = "nominate_hospital", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header)),
    request_body = SaidJson, responses(
    (status = 200, description = "It was nominated with this reason already", body = Object),
    (status = 201, description = "Nominated", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "nomination_not_possible, idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/nominations")]
pub async fn nominate_hospital(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, String)>,
    body: web::Json<SaidJson>,
) -> Result<HttpResponse, ApiError> {
    let place = (path.0.as_str(), prefecture(&path.1)?);
    add(&state, &guarded, Book::Nomination, place, (&body, &keyed)).await
}

/// Takes a nomination back.
#[utoipa::path(tag = "programs", operation_id = "withdraw_nomination", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("hospital" = String, Path, description = "G-MIS ID"),
        ("Idempotency-Key" = String, Header)),
    request_body = ReasonJson, responses(
    (status = 200, description = "Taken back", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "not_nominated, idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/nominations/{hospital}/withdrawal")]
pub async fn withdraw_nomination(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, String, String)>,
    body: web::Json<ReasonJson>,
) -> Result<HttpResponse, ApiError> {
    withdraw(&state, &guarded, Book::Nomination, &path, (&body, &keyed)).await
}

/// Exclusions in force, by G-MIS ID.
#[utoipa::path(tag = "programs", operation_id = "list_exclusions", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "By G-MIS ID", body = Vec<StandingJson>),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/exclusions")]
pub async fn list_exclusions(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    list(&state, &guarded, Book::Exclusion, &path).await
}

/// Excludes a hospital from the candidates, whatever its score.
#[utoipa::path(tag = "programs", operation_id = "exclude_hospital", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header)),
    request_body = SaidJson, responses(
    (status = 200, description = "It was excluded with this reason already", body = Object),
    (status = 201, description = "Excluded", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/exclusions")]
pub async fn exclude_hospital(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, String)>,
    body: web::Json<SaidJson>,
) -> Result<HttpResponse, ApiError> {
    let place = (path.0.as_str(), prefecture(&path.1)?);
    add(&state, &guarded, Book::Exclusion, place, (&body, &keyed)).await
}

/// Takes an exclusion back.
#[utoipa::path(tag = "programs", operation_id = "withdraw_exclusion", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("hospital" = String, Path, description = "G-MIS ID"),
        ("Idempotency-Key" = String, Header)),
    request_body = ReasonJson, responses(
    (status = 200, description = "Taken back", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "not_excluded, idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/exclusions/{hospital}/withdrawal")]
pub async fn withdraw_exclusion(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, String, String)>,
    body: web::Json<ReasonJson>,
) -> Result<HttpResponse, ApiError> {
    withdraw(&state, &guarded, Book::Exclusion, &path, (&body, &keyed)).await
}
