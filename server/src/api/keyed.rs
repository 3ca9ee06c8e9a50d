//! The `Idempotency-Key` of a write, as an argument: a handler that takes [`Keyed`] cannot be called without one.

use std::future::{Ready, ready};

use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, web};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::api::json_bytes;
use crate::api::problem::ApiError;
use crate::app::idempotency::{Answer, Key};
use crate::error::AppError;

/// A key with the part of the request that is known before its body.
pub struct Keyed {
    key: String,
    target: String,
}

impl Keyed {
    /// The key alone, for a write whose parts are bound to it one by one.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The key with the hash of the whole request.
    pub fn with_body(&self, body: &[u8]) -> Key {
        let mut hash = Sha256::new();
        hash.update(self.target.as_bytes());
        hash.update([0]);
        hash.update(body);
        Key {
            key: self.key.clone(),
            request_hash: hash.finalize().into(),
        }
    }
}

impl FromRequest for Keyed {
    type Error = ApiError;
    type Future = Ready<Result<Keyed, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request
            .headers()
            .get("Idempotency-Key")
            .and_then(|value| value.to_str().ok())
            .map(str::trim);
        ready(match key {
            Some(key) if (1..=255).contains(&key.len()) => Ok(Keyed {
                key: key.to_owned(),
                target: format!("{} {}", request.method(), request.uri()),
            }),
            _ => Err(AppError::invalid(
                "idempotency_key_missing",
                "Idempotency-Keyヘッダーを付けてください（255文字以内。再送するときは同じ値、新しい要求には新しい値）。",
            )
            .into()),
        })
    }
}

/// An answer as HTTP; one that was given before says so in a header.
pub fn answered(answer: &Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.replayed {
        response.insert_header(("Idempotency-Replayed", "true"));
    }
    response.json(&answer.body)
}

/// A body that is read by hand, because the key is bound to its bytes; an empty one is an empty object.
pub fn read<T: DeserializeOwned>(keyed: &Keyed, body: Result<web::Bytes, actix_web::Error>) -> Result<(T, Key), AppError> {
    let body = json_bytes(body)?;
    let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let read = serde_json::from_slice(text).map_err(|error| {
        tracing::debug!(%error, "body refused");
        AppError::invalid("body_invalid", "要求の本文が正しいJSONではありません。形式を確認してください。")
    })?;
    Ok((read, keyed.with_body(&body)))
}

/// The answer with the new version as ETag.
pub fn versioned(answer: &Answer) -> HttpResponse {
    let mut response = answered(answer);
    let tag = answer.body.get("version").map(|version| format!("\"{version}\""));
    if let Some(tag) = tag.and_then(|tag| tag.parse().ok()) {
        response.headers_mut().insert(actix_web::http::header::ETAG, tag);
    }
    response
}
