//! Signing in and out, tokens for API clients, who one is.

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::origin;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::sessions::{self, Asking, Second, Way};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::ReadSelf;

/// Login and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSessionJson {
    /// Login, any case.
    login: String,
    /// Password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// Of an account with a second factor: six digits of the app, or a recovery code.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    code: Option<SecretString>,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
pub struct SessionJson {
    /// For `Authorization: Bearer`; shown once.
    token: String,
    /// When it ends by itself.
    expires_at: DateTime<Utc>,
}

/// Signs in by password.
#[utoipa::path(tag = "sessions", operation_id = "create_session", request_body = NewSessionJson, responses(
    (status = 201, description = "Signed in", body = SessionJson),
    (status = 400, description = "body_invalid", body = ProblemJson),
    (status = 401, description = "login_failed; second_factor_needed: the password is right, a code is missing", body = ProblemJson),
    (status = 429, description = "too_many_sign_ins: Retry-After says how many seconds to wait", body = ProblemJson),
))]
#[post("/api/v1/sessions")]
pub async fn create_session(
    state: web::Data<State>,
    request: HttpRequest,
    body: web::Json<NewSessionJson>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let asking = Asking {
        way: Way::Api,
        origin: origin::of(&request, &state),
        agent: agent.unwrap_or_default().to_owned(),
        device: None,
    };
    let session = sessions::sign_in(&state, &body.login, body.password, Second::Given(body.code), &asking).await?;
    let json = SessionJson {
        token: session.token.expose_secret().to_owned(),
        expires_at: session.expires_at,
    };
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(json))
}

/// Ends the session of the bearer.
#[utoipa::path(tag = "sessions", operation_id = "delete_session", security(("bearer" = [])), responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "Not signed in", body = ProblemJson),
))]
#[delete("/api/v1/sessions/current")]
pub async fn delete_session(state: web::Data<State>, guarded: Guarded<ReadSelf>) -> Result<HttpResponse, ApiError> {
    sessions::sign_out(&state, &guarded.permit, guarded.bearer.expose_secret()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Client id and secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenJson {
    /// Client id.
    client_id: String,
    /// Client secret.
    #[schema(value_type = String, format = Password)]
    client_secret: SecretString,
}

/// A short-lived token.
#[derive(Serialize, ToSchema)]
pub struct TokenJson {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Seconds.
    expires_in: i64,
}

/// Gives an API client a token.
#[utoipa::path(tag = "sessions", operation_id = "create_token", request_body = NewTokenJson, responses(
    (status = 201, description = "A token", body = TokenJson),
    (status = 400, description = "body_invalid", body = ProblemJson),
    (status = 401, description = "login_failed", body = ProblemJson),
))]
#[post("/api/v1/tokens")]
pub async fn create_token(state: web::Data<State>, body: web::Json<NewTokenJson>) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let access_token = sessions::issue_token(&state, &body.client_id, body.client_secret).await?;
    let json = TokenJson {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: sessions::token_life(),
    };
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(json))
}

/// Who the bearer is.
#[derive(Serialize, ToSchema)]
pub struct MeJson {
    /// Role.
    role: String,
    /// `nation`, two digits of a prefecture or five of a municipality, for the roles that have an area.
    area: Option<String>,
}

/// Says who the bearer is.
#[utoipa::path(tag = "sessions", operation_id = "read_me", security(("bearer" = [])), responses(
    (status = 200, description = "Role and area", body = MeJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
))]
#[get("/api/v1/me")]
pub async fn read_me(guarded: Guarded<ReadSelf>) -> web::Json<MeJson> {
    let actor = guarded.permit.actor();
    let area = match actor.role() {
        Role::Hospital(_) | Role::Operator => None,
        _ => actor.area().map(|area| area.to_string()),
    };
    web::Json(MeJson {
        role: actor.role().name().to_owned(),
        area,
    })
}
