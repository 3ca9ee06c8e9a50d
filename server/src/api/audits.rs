//! Who did what.

use actix_web::{get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::imports::page_invalid;
use crate::api::pages::{Page, PageQuery};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::audits;
use crate::app::state::State;
use crate::auth::permit::ReadAudit;
use crate::db::audit::AuditRow;

/// One act.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryJson {
    id: Uuid,
    at: DateTime<Utc>,
    /// Role.
    actor: String,
    /// The account; absent for the system.
    account: Option<Uuid>,
    /// Verb and noun.
    action: String,
    survey: Option<String>,
    /// Two digits.
    prefecture: Option<String>,
    #[schema(value_type = Object)]
    details: Value,
    /// Network address of who asked, as the server saw it; absent for commands and jobs.
    origin: Option<String>,
}

impl From<AuditRow> for AuditEntryJson {
    fn from(row: AuditRow) -> AuditEntryJson {
        AuditEntryJson {
            id: row.id,
            at: row.at,
            actor: row.actor,
            account: row.account_id,
            action: row.action,
            survey: row.survey_id,
            prefecture: row.prefecture.map(|number| format!("{number:02}")),
            details: row.details,
            origin: row.origin,
        }
    }
}

/// Acts, newest first.
#[utoipa::path(tag = "audit", operation_id = "list_audit", security(("bearer" = [])), params(PageQuery), responses(
    (status = 200, description = "A page", body = Page<AuditEntryJson>),
    (status = 400, description = "query_invalid, page_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
))]
#[get("/api/v1/audit")]
pub async fn list_audit(
    state: web::Data<State>,
    guarded: Guarded<ReadAudit>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<AuditEntryJson>>, ApiError> {
    let before = query.after.as_deref().map(Uuid::parse_str).transpose().map_err(page_invalid)?;
    let rows = audits::list(&state, &guarded.permit, before, query.limit()).await?;
    Ok(web::Json(Page::of(
        rows,
        query.limit(),
        |row| row.id.to_string(),
        AuditEntryJson::from,
    )))
}
