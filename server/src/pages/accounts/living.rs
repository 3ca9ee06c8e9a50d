//! Ending one's own sessions.

use actix_web::{HttpResponse, post, web};
use uuid::Uuid;

use crate::app::sessions::living;
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::pages::error::PageError;
use crate::pages::page::go_to;
use crate::pages::visitor::Visitor;

/// Ends all but this one.
///
/// # Errors
/// The database is away.
#[post("/account/sessions/end-others")]
pub async fn end_others(state: web::Data<State>, visitor: Visitor<ReadSelf>) -> Result<HttpResponse, PageError> {
    living::end_others(&state, &visitor.permit, &visitor.token).await?;
    Ok(go_to("/account?done=others-ended"))
}

/// Ends one.
///
/// # Errors
/// `session_unknown`; or the database is away.
#[post("/account/sessions/{session}/end")]
pub async fn end_session(state: web::Data<State>, visitor: Visitor<ReadSelf>, path: web::Path<Uuid>) -> Result<HttpResponse, PageError> {
    living::end_one(&state, &visitor.permit, path.into_inner()).await?;
    Ok(go_to("/account?done=session-ended"))
}
