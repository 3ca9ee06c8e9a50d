//! Accounts of hospitals in bulk, and the links that set a password: made, listed, used, and asked for again.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::imports::page_invalid;
use crate::api::keyed::{Keyed, answered};
use crate::api::pages::{Page, PageQuery};
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::enrolments::{self, Invitation};
use crate::app::state::State;
use crate::auth::permit::InviteHospitals;
use crate::db::enrolments::EnrolmentRow;

/// One hospital and where its link goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEnrolment)]
pub struct NewEnrolmentJson {
    /// G-MIS ID.
    hospital: String,
    /// ASCII address.
    email: String,
}

/// What became of each line.
#[derive(Serialize, ToSchema)]
#[schema(as = EnrolmentReport)]
pub struct EnrolmentReportJson {
    lines: Vec<EnrolmentVerdictJson>,
}

/// What became of one line.
#[derive(Serialize, ToSchema)]
#[schema(as = EnrolmentVerdict)]
pub struct EnrolmentVerdictJson {
    /// From 1.
    line: usize,
    /// As sent.
    hospital: String,
    /// As sent.
    email: String,
    /// created; reissued (the account has no password yet and gets a new link); exists (one institution, one ID); hospital_unknown; email_invalid;
    /// duplicate (on an earlier line).
    verdict: String,
    /// The login, of an account that was made or gets a new link.
    login: Option<String>,
}

/// Makes an account for each hospital of a list, once, and mails each its one-time link.
#[utoipa::path(tag = "accounts", operation_id = "create_enrolments", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header)), request_body = Vec<NewEnrolmentJson>, responses(
    (status = 200, description = "A verdict a line", body = EnrolmentReportJson),
    (status = 400, description = "body_invalid, idempotency_key_missing, list_empty, list_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/accounts/enrolments")]
pub async fn create_enrolments(
    state: web::Data<State>,
    guarded: Guarded<InviteHospitals>,
    key: Keyed,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let bytes = super::json_bytes(body)?;
    let lines: Vec<NewEnrolmentJson> = super::parsed(&bytes)?;
    let list: Vec<Invitation> = lines
        .into_iter()
        .map(|line| Invitation {
            hospital: line.hospital,
            email: line.email,
        })
        .collect();
    let answer = enrolments::invite_once(&state, &guarded.permit, &list, &key.with_body(&bytes)).await?;
    Ok(answered(&answer))
}

/// Which invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EnrolmentQuery {
    /// waiting, sent, enrolled, expired, undeliverable or failed; all if not given.
    state: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500; 100 if not given.
    limit: Option<u16>,
}

/// An invitation and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Enrolment)]
pub struct EnrolmentJson {
    id: Uuid,
    /// G-MIS ID of today, or empty.
    gmis_id: String,
    name: String,
    /// Absent once it was erased: 90 days after the link was of no use any more.
    email: Option<String>,
    /// waiting, sent, enrolled, expired, undeliverable or failed.
    state: String,
    made_at: DateTime<Utc>,
    /// When the link ends; absent before its mail went out.
    expires_at: Option<DateTime<Utc>>,
    /// When the password was set by it.
    used_at: Option<DateTime<Utc>>,
    /// What the mail server said last.
    error: Option<String>,
}

impl From<EnrolmentRow> for EnrolmentJson {
    fn from(row: EnrolmentRow) -> EnrolmentJson {
        EnrolmentJson {
            id: row.id,
            gmis_id: row.gmis_id,
            name: row.name,
            email: row.email,
            state: row.state,
            made_at: row.made_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            error: row.error,
        }
    }
}

/// The newest invitation of each hospital of one's area, those that came back among them, newest first.
#[utoipa::path(tag = "accounts", operation_id = "list_enrolments", security(("bearer" = [])), params(EnrolmentQuery), responses(
    (status = 200, description = "A page", body = Page<EnrolmentJson>),
    (status = 400, description = "query_invalid, page_invalid, state_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
))]
#[get("/api/v1/accounts/enrolments")]
pub async fn list_enrolments(
    state: web::Data<State>,
    guarded: Guarded<InviteHospitals>,
    query: web::Query<EnrolmentQuery>,
) -> Result<web::Json<Page<EnrolmentJson>>, ApiError> {
    let before = query.after.as_deref().map(Uuid::parse_str).transpose().map_err(page_invalid)?;
    let limit = PageQuery {
        after: None,
        limit: query.limit,
    }
    .limit();
    let rows = enrolments::list(&state, &guarded.permit, query.state.as_deref(), before, limit).await?;
    Ok(web::Json(Page::of(rows, limit, |row| row.id.to_string(), EnrolmentJson::from)))
}

/// The token of a link and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Redemption)]
pub struct RedemptionJson {
    /// What stands at the end of the link.
    #[schema(value_type = String, format = Password)]
    token: SecretString,
    /// 13 characters or more.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A password that was set.
#[derive(Serialize, ToSchema)]
#[schema(as = Redeemed)]
pub struct RedeemedJson {
    /// To sign in with.
    login: String,
}

/// Sets a password by the link of a mail, once, and ends the sessions of the account.
#[utoipa::path(tag = "accounts", operation_id = "redeem_enrolment", request_body = RedemptionJson, responses(
    (status = 200, description = "Set", body = RedeemedJson),
    (status = 400, description = "body_invalid, password_too_short", body = ProblemJson),
    (status = 404, description = "link_invalid: used, past its day, replaced, or none", body = ProblemJson),
    (status = 429, description = "too_many_sign_ins", body = ProblemJson),
))]
#[post("/api/v1/enrolments/redeem")]
pub async fn redeem_enrolment(state: web::Data<State>, body: web::Json<RedemptionJson>) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let login = enrolments::redeem(&state, &body.token, body.password).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(RedeemedJson { login }))
}

/// Whose password was lost.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LostPassword)]
pub struct LostPasswordJson {
    /// Login, any case.
    login: String,
}

/// Mails a link for a lost password to the address that the account was enrolled by; answers the same whether there is such an account or not.
#[utoipa::path(tag = "accounts", operation_id = "reset_password", request_body = LostPasswordJson, responses(
    (status = 202, description = "If there is such an account, a mail goes out"),
    (status = 400, description = "body_invalid", body = ProblemJson),
))]
#[post("/api/v1/passwords/reset")]
pub async fn reset_password(state: web::Data<State>, body: web::Json<LostPasswordJson>) -> Result<HttpResponse, ApiError> {
    enrolments::request_reset(&state, &body.login).await?;
    Ok(HttpResponse::Accepted().finish())
}
