//! Whether the program lives and whether it can work.

use actix_web::{HttpResponse, get, web};

use crate::api::problem::ApiError;
use crate::app::health;
use crate::app::state::State;

/// The program answers.
#[utoipa::path(tag = "health", operation_id = "live", responses((status = 204, description = "It lives")))]
#[get("/livez")]
pub async fn live() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// The database answers too.
#[utoipa::path(tag = "health", operation_id = "ready", responses(
    (status = 204, description = "It can work"),
    (status = 503, description = "The database is away", body = crate::api::problem::ProblemJson),
))]
#[get("/readyz")]
pub async fn ready(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    health::ready(&state).await?;
    Ok(HttpResponse::NoContent().finish())
}
