//! Support programmes: quotas, candidates, selections.

use actix_web::{HttpResponse, get, post, put, web};
use analytics::selection::Quota;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered};
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::workbook;
use crate::app::programs::{self, NewProgram};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, ReadPrograms, SetQuotas};
use crate::db::programs::ProgramRow;
use crate::error::AppError;

/// A programme.
#[derive(Serialize, ToSchema)]
#[schema(as = Program)]
pub struct ProgramJson {
    id: String,
    fiscal_year: i32,
    title: String,
    /// Surveys whose answers decide, the latest first.
    surveys: Vec<String>,
    /// The recorded rule on using answers.
    use_rule: String,
    /// The national default of the criteria.
    #[schema(value_type = Object)]
    criteria: Value,
    deadline: DateTime<Utc>,
    opened_at: DateTime<Utc>,
}

impl From<ProgramRow> for ProgramJson {
    fn from(row: ProgramRow) -> ProgramJson {
        ProgramJson {
            id: row.id,
            fiscal_year: row.fiscal_year,
            title: row.title,
            surveys: row.surveys,
            use_rule: row.use_rule,
            criteria: row.criteria,
            deadline: row.deadline,
            opened_at: row.opened_at,
        }
    }
}

/// All programmes, the newest first.
#[utoipa::path(tag = "programs", operation_id = "list_programs", security(("bearer" = [])), responses(
    (status = 200, description = "The programmes", body = Vec<ProgramJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
))]
#[get("/api/v1/programs")]
pub async fn list_programs(state: web::Data<State>, guarded: Guarded<ReadPrograms>) -> Result<web::Json<Vec<ProgramJson>>, ApiError> {
    let rows = programs::list(&state, &guarded.permit).await?;
    Ok(web::Json(rows.into_iter().map(ProgramJson::from).collect()))
}

/// What opens a programme.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgramJson {
    /// Short name: letters, digits, - and _.
    id: String,
    /// Western year.
    fiscal_year: i32,
    /// Japanese title.
    title: String,
    /// Surveys whose answers decide, the latest first; the first one's frame gives hospitals and beds.
    surveys: Vec<String>,
    /// The rule that lets answers be used for choosing; it is recorded.
    use_rule: String,
    /// When lists are due.
    deadline: DateTime<Utc>,
}

/// Opens a programme.
#[utoipa::path(tag = "programs", operation_id = "create_program", security(("bearer" = [])), request_body = NewProgramJson, responses(
    (status = 201, description = "Opened", body = ProgramJson),
    (status = 400, description = "body_invalid, program_invalid, time_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "program_exists", body = ProblemJson),
))]
#[post("/api/v1/programs")]
pub async fn create_program(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    body: web::Json<NewProgramJson>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let new = NewProgram {
        id: body.id,
        fiscal_year: body.fiscal_year,
        title: body.title,
        surveys: body.surveys,
        use_rule: body.use_rule,
        deadline: body.deadline,
    };
    Ok(HttpResponse::Created().json(ProgramJson::from(programs::open(&state, &guarded.permit, &new).await?)))
}

/// A quota.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Quota)]
pub struct QuotaJson {
    /// Two digits.
    prefecture: String,
    /// 20-199, 200-399, 400+.
    band: String,
    /// Exactly so many.
    hospitals: u32,
    /// Version of the cell, when read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
}

/// The quotas in force: a prefecture's own, the ministry's all.
#[utoipa::path(tag = "programs", operation_id = "list_quotas", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "By prefecture and band", body = Vec<QuotaJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/quotas")]
pub async fn list_quotas(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<web::Json<Vec<QuotaJson>>, ApiError> {
    let rows = programs::quotas(&state, &guarded.permit, &path).await?;
    let json = rows
        .into_iter()
        .map(|row| {
            let hospitals = u32::try_from(row.hospitals).map_err(AppError::internal)?;
            Ok(QuotaJson {
                prefecture: format!("{:02}", row.prefecture),
                band: row.band,
                hospitals,
                version: Some(row.version),
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(web::Json(json))
}

/// How many cells got a new version.
#[derive(Serialize, ToSchema)]
pub struct QuotasSetJson {
    changed: usize,
}

/// Sets quotas; each changed cell gets a new version, cells not named stay.
#[utoipa::path(tag = "programs", operation_id = "set_quotas", security(("bearer" = [])), params(("program" = String, Path)),
    request_body = Vec<QuotaJson>, responses(
    (status = 200, description = "Set", body = QuotasSetJson),
    (status = 400, description = "body_invalid, prefecture_invalid, quota_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[put("/api/v1/programs/{program}/quotas")]
pub async fn set_quotas(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<String>,
    body: web::Json<Vec<QuotaJson>>,
) -> Result<web::Json<QuotasSetJson>, ApiError> {
    let cells = body
        .into_inner()
        .into_iter()
        .map(|cell| {
            Ok(Quota {
                prefecture: prefecture(&cell.prefecture)?,
                band: cell.band,
                hospitals: cell.hospitals,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    let changed = programs::set_quotas(&state, &guarded.permit, &path, &cells).await?;
    Ok(web::Json(QuotasSetJson { changed }))
}

/// Candidates in the order of choice, with score and parts, and who is none and why.
#[utoipa::path(tag = "programs", operation_id = "list_candidates", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "`candidates` and `excluded`", body = Object),
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
    let candidates = programs::candidates(&state, &guarded.permit, &program, prefecture(&code)?).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(candidates))
}

/// Chooses a prefecture's hospitals: exactly the quota of every cell; a short cell is named with the number missing.
#[utoipa::path(tag = "programs", operation_id = "choose_hospitals", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header)), responses(
    (status = 201, description = "The selection", body = Object),
    (status = 400, description = "prefecture_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_missing, idempotency_in_progress", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/selections")]
pub async fn choose_hospitals(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    keyed: Keyed,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let key = keyed.with_body(&[]);
    Ok(answered(
        &programs::choose(&state, &guarded.permit, &program, prefecture(&code)?, Some(&key)).await?,
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
    Ok(HttpResponse::Ok().json(programs::current(&state, &guarded.permit, &program, prefecture(&code)?).await?))
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
    let bytes = programs::list_file(&state, &guarded.permit, &program, prefecture).await?;
    Ok(workbook(&format!("selection_{}.xlsx", prefecture.code()), bytes))
}
