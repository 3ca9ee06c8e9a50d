//! Who is asking, as an argument: a handler that takes `Guarded<P>` runs only for an authenticated actor whose role may do `P`.

use std::future::Future;
use std::pin::Pin;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use secrecy::SecretString;

use crate::api::origin;
use crate::api::problem::ApiError;
use crate::app::sessions;
use crate::app::state::State;
use crate::auth::permit::{Permit, Policy};
use crate::error::AppError;

/// An authenticated caller with the right `P`, and its bearer.
pub struct Guarded<P> {
    /// Proof of the right, for the use case.
    pub permit: Permit<P>,
    /// As sent; for signing out.
    pub bearer: SecretString,
}

impl<P: Policy> FromRequest for Guarded<P> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Guarded<P>, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>().cloned();
        let bearer = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            // The name of a scheme has no case (RFC 9110, 11.1).
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| SecretString::from(token.trim()));
        let request = request.clone();
        Box::pin(async move {
            let state = state.ok_or_else(|| AppError::internal("the application state is not registered"))?;
            let bearer = bearer.ok_or_else(|| {
                AppError::unauthenticated(
                    "token_missing",
                    "ログインしていません。ログインして得たトークンをAuthorizationヘッダーに付けてください。",
                )
            })?;
            let actor = sessions::authenticate(&state, &bearer)
                .await?
                .asking_from(origin::of(&request, &state));
            Ok(Guarded {
                permit: Permit::of(actor)?,
                bearer,
            })
        })
    }
}
