//! `If-Match` and `If-None-Match` of a change, as arguments: a handler that takes one cannot be called without saying what its caller saw.

use std::future::{Ready, ready};

use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use uuid::Uuid;

use crate::api::problem::ApiError;
use crate::app::drafts::SeenDraft;
use crate::app::versions::Seen;
use crate::error::AppError;

/// The version of a submission that the caller saw, as its `ETag` said.
pub struct SeenVersion(pub Seen);

/// The same, where it may be left out: who sends whole answers replaces what is there, and nothing is lost.
pub struct MaybeSeenVersion(pub Option<Seen>);

/// The draft that the caller saw: `If-Match` with its `ETag`, or `If-None-Match: *` for the first one.
pub struct SeenTag(pub SeenDraft);

fn header<'r>(request: &'r HttpRequest, name: &HeaderName) -> Option<&'r str> {
    // What is no text matches nothing.
    request.headers().get(name).map(|value| value.to_str().unwrap_or_default().trim())
}

/// What stands between the quotation marks of a strong entity tag.
fn opaque(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"')
}

fn version(request: &HttpRequest) -> Option<Seen> {
    let tag = header(request, &IF_MATCH)?;
    let version = opaque(tag).and_then(|version| version.parse().ok());
    Some(version.map_or(Seen::Nothing, Seen::Version))
}

fn unconditional(message: &'static str) -> ApiError {
    AppError::Unconditional(crate::error::Refusal::new("if_match_missing", message)).into()
}

impl FromRequest for SeenVersion {
    type Error = ApiError;
    type Future = Ready<Result<SeenVersion, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(version(request).map(SeenVersion).ok_or_else(|| {
            unconditional(
                "If-Matchヘッダーを付けてください。値は、回答を読んだときのETagです。見ていない版を誤って操作しないために必要です。",
            )
        }))
    }
}

impl FromRequest for MaybeSeenVersion {
    type Error = ApiError;
    type Future = Ready<Result<MaybeSeenVersion, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(MaybeSeenVersion(version(request))))
    }
}

impl FromRequest for SeenTag {
    type Error = ApiError;
    type Future = Ready<Result<SeenTag, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let seen = match (header(request, &IF_MATCH), header(request, &IF_NONE_MATCH)) {
            (Some(tag), _) => {
                let tag = opaque(tag).and_then(|tag| Uuid::try_parse(tag).ok());
                Some(tag.map_or(SeenDraft::Unknown, SeenDraft::Tag))
            }
            (None, Some("*")) => Some(SeenDraft::None),
            (None, _) => None,
        };
        ready(seen.map(SeenTag).ok_or_else(|| {
            unconditional(
                "If-Matchヘッダー（一時保存を読んだときのETag）を付けてください。初めて保存するときは If-None-Match: * を付けてください。",
            )
        }))
    }
}
