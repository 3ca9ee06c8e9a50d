//! The quotas of a programme.

use actix_web::{get, put, web};
use analytics::selection::Quota;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs;
use crate::app::state::State;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::error::AppError;

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
    let rows = programs::quotas::list(&state, &guarded.permit, &path).await?;
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
    let changed = programs::quotas::set(&state, &guarded.permit, &path, &cells).await?;
    Ok(web::Json(QuotasSetJson { changed }))
}
