//! The quotas of a programme: in force, set, their history, and from a file.

use actix_web::{get, post, put, web};
use analytics::selection::Quota;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::quota_requests::QuotaRequestJson;
use crate::app::programs;
use crate::app::programs::quotas::files::{self, QuotaFile, QuotaReport};
use crate::app::programs::quotas::{Change, Wanted};
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
    /// Version of the cell. When set: the version that was seen, 0 where there was none; another one is in force: 409.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
}

impl QuotaJson {
    pub(super) fn quota(self) -> Result<Quota, AppError> {
        Ok(Quota {
            prefecture: prefecture(&self.prefecture)?,
            band: self.band,
            hospitals: self.hospitals,
        })
    }
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

/// Why quotas change.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SetQuotasQuery {
    /// Needed where a cell that has a version changes; kept with the new version.
    reason: Option<String>,
}

/// How many cells got a new version.
#[derive(Serialize, ToSchema)]
pub struct QuotasSetJson {
    changed: usize,
}

/// Sets quotas; each changed cell gets a new version, cells not named stay.
#[utoipa::path(tag = "programs", operation_id = "set_quotas", security(("bearer" = [])), params(("program" = String, Path), SetQuotasQuery),
    request_body = Vec<QuotaJson>, responses(
    (status = 200, description = "Set", body = QuotasSetJson),
    (status = 400, description = "body_invalid, query_invalid, prefecture_invalid, quota_invalid, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_changed: not the version that was seen", body = ProblemJson),
))]
#[put("/api/v1/programs/{program}/quotas")]
pub async fn set_quotas(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<String>,
    query: web::Query<SetQuotasQuery>,
    body: web::Json<Vec<QuotaJson>>,
) -> Result<web::Json<QuotasSetJson>, ApiError> {
    let wanted = |cell: QuotaJson| {
        let seen = cell.version;
        Ok(Wanted {
            quota: cell.quota()?,
            seen,
        })
    };
    let change = Change {
        cells: body.into_inner().into_iter().map(wanted).collect::<Result<_, AppError>>()?,
        reason: query.into_inner().reason,
    };
    let changed = programs::quotas::set(&state, &guarded.permit, &path, &change).await?;
    Ok(web::Json(QuotasSetJson { changed }))
}

/// Whose cells.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
}

/// A version of a cell.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaVersion)]
pub struct QuotaVersionJson {
    /// Two digits.
    prefecture: String,
    /// 20-199, 200-399, 400+.
    band: String,
    /// 1, 2, 3 ... within the cell; the highest is in force.
    version: i32,
    hospitals: u32,
    /// Why; null for the first.
    reason: Option<String>,
    /// The account that set or granted it; null: the system.
    set_by: Option<Uuid>,
    set_at: DateTime<Utc>,
    /// The request that it granted, with who asked and why.
    request: Option<QuotaRequestJson>,
}

/// Every version of every cell, with who asked, who set or granted it, and why.
#[utoipa::path(tag = "programs", operation_id = "list_quota_history", security(("bearer" = [])),
    params(("program" = String, Path), HistoryQuery), responses(
    (status = 200, description = "By prefecture, band and version", body = Vec<QuotaVersionJson>),
    (status = 400, description = "query_invalid, prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/quotas/history")]
pub async fn list_quota_history(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
    query: web::Query<HistoryQuery>,
) -> Result<web::Json<Vec<QuotaVersionJson>>, ApiError> {
    let of = query.prefecture.as_deref().map(prefecture).transpose()?;
    let versions = programs::quotas::history(&state, &guarded.permit, &path, of).await?;
    let json = versions.into_iter().map(|row| QuotaVersionJson {
        prefecture: row.prefecture.code(),
        band: row.band,
        version: row.version,
        hospitals: row.hospitals,
        reason: row.reason,
        set_by: row.set_by,
        set_at: row.set_at,
        request: row.request.map(QuotaRequestJson::from),
    });
    Ok(web::Json(json.collect()))
}

/// What the sender says of its file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QuotaFileQuery {
    /// Only say what would change, store nothing.
    #[serde(default)]
    dry_run: bool,
    /// Name of the file, for people.
    file_name: Option<String>,
    /// Needed where a cell that has a version changes.
    reason: Option<String>,
    /// `hash` of a dry run: then only the changes that it showed are made.
    hash: Option<String>,
}

/// What a file changes or changed.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaReport)]
pub struct QuotaReportJson {
    /// Whether it was stored: not in a dry run.
    stored: bool,
    /// Of the changes; absent if there are errors.
    hash: Option<String>,
    /// Cells that the file names; the others stay.
    cells: usize,
    /// The sum of their numbers.
    hospitals: u64,
    changes: Vec<CellChangeJson>,
    /// Whether a cell that has a version changes.
    reason_needed: bool,
    faults: Vec<FaultJson>,
}

/// A cell whose number becomes another one.
#[derive(Serialize, ToSchema)]
#[schema(as = CellChange)]
pub struct CellChangeJson {
    /// Two digits.
    prefecture: String,
    /// 20-199, 200-399, 400+.
    band: String,
    /// What was in force; null: nothing.
    before: Option<u32>,
    hospitals: u32,
    /// The version that was in force; 0: none.
    version: i32,
}

/// Says what a file of quotas would change (`dry_run=true`) or sets them, all or nothing; the body is the file (.xlsx, .csv and others), with a row
/// for each cell or a row for each prefecture and a column for each band.
#[utoipa::path(tag = "programs", operation_id = "import_quotas", security(("bearer" = [])), params(("program" = String, Path), QuotaFileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "What would change, or what did (`stored`)", body = QuotaReportJson),
    (status = 400, description = "query_invalid, quota_invalid, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_changed: not what the dry run showed", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "file_refused, quotas_faulty: nothing was stored", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/quotas/imports")]
pub async fn import_quotas(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<String>,
    query: web::Query<QuotaFileQuery>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<web::Json<QuotaReport>, ApiError> {
    let body = body.map_err(|error| {
        tracing::debug!(%error, "upload refused");
        AppError::TooLarge(super::too_large())
    })?;
    let query = query.into_inner();
    let file = QuotaFile {
        file_name: query.file_name.unwrap_or_else(|| "upload".to_owned()),
        bytes: body.into(),
        reason: query.reason,
        expected: query.hash,
    };
    let report = if query.dry_run {
        files::preview(&state, &guarded.permit, &path, &file).await?
    } else {
        files::apply(&state, &guarded.permit, &path, &file).await?
    };
    Ok(web::Json(report))
}
