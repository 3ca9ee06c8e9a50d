//! Findings of inspections (立入検査) of a prefecture.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered};
use crate::api::nominations::ReasonJson;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::inspections::{self, NewInspection};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, ReadPrograms};
use crate::db::inspections::FoundRow;

/// A finding in force.
#[derive(Serialize, ToSchema)]
#[schema(as = Inspection)]
pub struct InspectionJson {
    id: Uuid,
    /// G-MIS ID that the hospital bears today.
    hospital: Option<String>,
    name: String,
    /// 1 advice by word of mouth, 2 finding in writing, 3 grave deficiency.
    level: i16,
    inspected_on: NaiveDate,
    note: String,
    recorded_at: DateTime<Utc>,
}

impl From<FoundRow> for InspectionJson {
    fn from(row: FoundRow) -> InspectionJson {
        InspectionJson {
            id: row.id,
            hospital: row.gmis_id,
            name: row.name,
            level: row.level,
            inspected_on: row.inspected_on,
            note: row.note,
            recorded_at: row.recorded_at,
        }
    }
}

/// A finding that is to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInspectionJson {
    /// G-MIS ID that the hospital bears today.
    hospital: String,
    /// 1 advice by word of mouth, 2 finding in writing, 3 grave deficiency.
    level: i16,
    /// Day of the inspection, not in the future.
    inspected_on: NaiveDate,
    /// What was found.
    #[serde(default)]
    note: String,
}

/// Findings in force, the latest inspection first.
#[utoipa::path(tag = "programs", operation_id = "list_inspections", security(("bearer" = [])),
    params(("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "The latest first", body = Vec<InspectionJson>),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
))]
#[get("/api/v1/prefectures/{prefecture}/inspections")]
pub async fn list_inspections(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let rows = inspections::list(&state, &guarded.permit, prefecture(&path)?).await?;
    let json: Vec<InspectionJson> = rows.into_iter().map(InspectionJson::from).collect();
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json))
}

/// Enters a finding.
#[utoipa::path(tag = "programs", operation_id = "enter_inspection", security(("bearer" = [])),
    params(("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header)),
    request_body = NewInspectionJson, responses(
    (status = 201, description = "Entered: its id", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, inspection_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "hospital_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/prefectures/{prefecture}/inspections")]
pub async fn enter_inspection(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<String>,
    body: web::Json<NewInspectionJson>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let key = keyed.with_body(format!("{}\n{}\n{}\n{}", body.hospital, body.level, body.inspected_on, body.note).as_bytes());
    let new = NewInspection {
        hospital: body.hospital,
        level: body.level,
        inspected_on: body.inspected_on,
        note: body.note,
    };
    Ok(answered(
        &inspections::enter(&state, &guarded.permit, prefecture(&path)?, &new, Some(&key)).await?,
    ))
}

/// Takes a finding back that was entered by mistake.
#[utoipa::path(tag = "programs", operation_id = "withdraw_inspection", security(("bearer" = [])),
    params(("prefecture" = String, Path, description = "Two digits"), ("inspection" = Uuid, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReasonJson, responses(
    (status = 200, description = "Taken back", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "inspection_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/prefectures/{prefecture}/inspections/{inspection}/withdrawal")]
pub async fn withdraw_inspection(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, Uuid)>,
    body: web::Json<ReasonJson>,
) -> Result<HttpResponse, ApiError> {
    let (code, id) = path.into_inner();
    let key = keyed.with_body(body.reason.as_bytes());
    Ok(answered(
        &inspections::withdraw(&state, &guarded.permit, (prefecture(&code)?, id), &body.reason, Some(&key)).await?,
    ))
}
