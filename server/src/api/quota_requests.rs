//! Requests to move quota between cells: asked by prefectures, granted or refused by the ministry.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, answered};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::quotas::moves::{self, Asked, Cell, Decided, Decision, Move};
use crate::app::state::State;
use crate::auth::permit::{AskForQuota, ReadPrograms, SetQuotas};
use crate::error::AppError;

/// A cell.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuotaCell)]
pub struct CellJson {
    /// Two digits.
    prefecture: String,
    /// 20-199, 200-399, 400+.
    band: String,
}

/// So many hospitals of quota from one cell to another.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuotaMove)]
pub struct MoveJson {
    /// Becomes less.
    from: CellJson,
    /// Becomes more.
    to: CellJson,
    /// By how many, at least 1.
    hospitals: u32,
}

/// What a prefecture asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewQuotaRequest)]
pub struct NewRequestJson {
    /// 1 to 50; each with one side in one's own prefecture. Granted or refused together.
    moves: Vec<MoveJson>,
    /// Why.
    reason: String,
}

/// A request with what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaRequest)]
pub struct QuotaRequestJson {
    id: Uuid,
    /// Who asks; two digits.
    prefecture: String,
    /// open, granted, refused.
    state: String,
    moves: Vec<MoveJson>,
    /// Why it was asked.
    reason: String,
    /// The account that asked.
    asked_by: Option<Uuid>,
    asked_at: DateTime<Utc>,
    /// Null while it is open.
    decision: Option<DecidedJson>,
}

/// What was decided.
#[derive(Serialize, ToSchema)]
#[schema(as = QuotaDecision)]
pub struct DecidedJson {
    /// Why.
    reason: String,
    /// The account that decided; null: the system.
    decided_by: Option<Uuid>,
    decided_at: DateTime<Utc>,
}

/// Why it is granted or refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewQuotaDecision)]
pub struct NewDecisionJson {
    reason: String,
}

impl CellJson {
    fn cell(self) -> Result<Cell, AppError> {
        Ok(Cell {
            prefecture: prefecture(&self.prefecture)?,
            band: self.band,
        })
    }
}

impl From<Cell> for CellJson {
    fn from(cell: Cell) -> CellJson {
        CellJson {
            prefecture: cell.prefecture.code(),
            band: cell.band,
        }
    }
}

impl From<Asked> for QuotaRequestJson {
    fn from(asked: Asked) -> QuotaRequestJson {
        let moves = asked.moves.into_iter().map(|one| MoveJson {
            from: one.from.into(),
            to: one.to.into(),
            hospitals: one.hospitals,
        });
        QuotaRequestJson {
            id: asked.id,
            prefecture: asked.prefecture.code(),
            state: asked.state,
            moves: moves.collect(),
            reason: asked.reason,
            asked_by: asked.asked_by,
            asked_at: asked.asked_at,
            decision: asked.decision.map(
                |Decided {
                     reason,
                     decided_by,
                     decided_at,
                 }| DecidedJson {
                    reason,
                    decided_by,
                    decided_at,
                },
            ),
        }
    }
}

/// Asks that quota is moved between one's own cells, or to or from another prefecture. Nothing moves before the ministry grants it.
#[utoipa::path(tag = "programs", operation_id = "ask_for_quota", security(("bearer" = [])),
    params(("program" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewRequestJson, responses(
    (status = 201, description = "Asked", body = QuotaRequestJson),
    (status = 400, description = "body_invalid, prefecture_invalid, quota_invalid, quota_move_invalid, reason_missing, reason_too_long, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "quota_too_small: an own cell has less, idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/quota-requests")]
pub async fn ask_for_quota(
    state: web::Data<State>,
    guarded: Guarded<AskForQuota>,
    keyed: Keyed,
    path: web::Path<String>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = super::json_bytes(body)?;
    let new: NewRequestJson = super::parsed(&body)?;
    let wanted = |one: MoveJson| {
        Ok(Move {
            from: one.from.cell()?,
            to: one.to.cell()?,
            hospitals: one.hospitals,
        })
    };
    let moves = new.moves.into_iter().map(wanted).collect::<Result<Vec<_>, AppError>>()?;
    let key = keyed.with_body(&body);
    Ok(answered(
        &moves::ask(&state, &guarded.permit, &path, &moves, &new.reason, Some(&key)).await?,
    ))
}

/// Requests to move quota, the newest first: a prefecture's own and those that name its cells, the ministry's all.
#[utoipa::path(tag = "programs", operation_id = "list_quota_requests", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "All that one may see", body = Vec<QuotaRequestJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/quota-requests")]
pub async fn list_quota_requests(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<web::Json<Vec<QuotaRequestJson>>, ApiError> {
    let asked = moves::list(&state, &guarded.permit, &path).await?;
    Ok(web::Json(asked.into_iter().map(QuotaRequestJson::from).collect()))
}

async fn decided(
    state: &State,
    guarded: &Guarded<SetQuotas>,
    (program, request): &(String, Uuid),
    decision: Decision,
    body: &NewDecisionJson,
) -> Result<web::Json<QuotaRequestJson>, ApiError> {
    let asked = moves::decide(state, &guarded.permit, program, *request, decision, &body.reason).await?;
    Ok(web::Json(asked.into()))
}

/// Grants a request: the moves are made as new versions of the cells, and no total changes.
#[utoipa::path(tag = "programs", operation_id = "grant_quota_request", security(("bearer" = [])),
    params(("program" = String, Path), ("request" = Uuid, Path)), request_body = NewDecisionJson, responses(
    (status = 200, description = "Granted", body = QuotaRequestJson),
    (status = 400, description = "body_invalid, reason_missing, reason_too_long, quota_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown, quota_request_unknown", body = ProblemJson),
    (status = 409, description = "quota_request_decided, quota_too_small: a cell has less than is to be taken", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/quota-requests/{request}/grant")]
pub async fn grant_quota_request(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<(String, Uuid)>,
    body: web::Json<NewDecisionJson>,
) -> Result<web::Json<QuotaRequestJson>, ApiError> {
    decided(&state, &guarded, &path, Decision::Grant, &body).await
}

/// Refuses a request: nothing moves.
#[utoipa::path(tag = "programs", operation_id = "refuse_quota_request", security(("bearer" = [])),
    params(("program" = String, Path), ("request" = Uuid, Path)), request_body = NewDecisionJson, responses(
    (status = 200, description = "Refused", body = QuotaRequestJson),
    (status = 400, description = "body_invalid, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown, quota_request_unknown", body = ProblemJson),
    (status = 409, description = "quota_request_decided", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/quota-requests/{request}/refuse")]
pub async fn refuse_quota_request(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<(String, Uuid)>,
    body: web::Json<NewDecisionJson>,
) -> Result<web::Json<QuotaRequestJson>, ApiError> {
    decided(&state, &guarded, &path, Decision::Refuse, &body).await
}
