//! The API's only `ResponseError` (pages have one of their own, made of this): RFC 9457 problem+json with a stable `code`. Unknown causes become a 500 with fixed text and are logged once, here.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::faults::FaultJson;
use crate::error::{AppError, Difference};

/// What every operation answers when it does not do what was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemJson {
    /// `urn:chosa:problem:` and the code.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable, snake_case.
    pub code: String,
    /// Japanese: what is wrong and what to do next.
    pub detail: String,
    /// The field or parameter that it speaks of, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Faults of the content, if it was that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultJson>,
    /// Of a 412: the fields that are stored otherwise than the caller saw or sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceJson>,
}

/// A field that is stored otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceJson {
    /// Question key, or key and field.
    pub question: String,
    /// What is stored now; null: nothing.
    #[schema(value_type = Object)]
    pub stored: Value,
    /// What the caller saw or sent; null: nothing.
    #[schema(value_type = Object)]
    pub yours: Value,
}

impl From<&Difference> for DifferenceJson {
    fn from(difference: &Difference) -> DifferenceJson {
        DifferenceJson {
            question: difference.question.clone(),
            stored: difference.stored.clone(),
            yours: difference.yours.clone(),
        }
    }
}

/// A use case's error on its way out.
#[derive(Debug)]
pub struct ApiError(AppError);

impl From<AppError> for ApiError {
    fn from(error: AppError) -> ApiError {
        ApiError(error)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For actix's own log lines; the cause of an internal error is not among them.
        f.write_str(self.status_code().canonical_reason().unwrap_or("error"))
    }
}

impl ApiError {
    /// The body of the answer; an unknown cause is logged here.
    pub fn problem(&self) -> ProblemJson {
        let status = self.status_code();
        let (code, detail, field) = match &self.0 {
            AppError::Unauthenticated(r)
            | AppError::Forbidden(r)
            | AppError::NotFound(r)
            | AppError::Invalid(r)
            | AppError::Faulty(r, _)
            | AppError::Conflict(r)
            | AppError::Stale(r, _)
            | AppError::Unconditional(r)
            | AppError::TooLarge(r)
            | AppError::TooMany(r)
            | AppError::Wait(r, _) => (r.code.as_ref(), r.message.clone(), r.field),
            AppError::Unavailable(cause) => {
                tracing::warn!(cause = cause.for_log(), "unavailable");
                (
                    "unavailable",
                    "サービスが一時的に利用できません。しばらく待ってから、同じ内容をもう一度送ってください（同じIdempotency-Keyなら二重には登録されません）。".to_owned(),
                    None,
                )
            }
            AppError::Internal(cause) => {
                tracing::error!(cause = cause.for_log(), "internal error");
                (
                    "internal_error",
                    "システムの不具合により処理できませんでした。何も保存されていません。時間をおいてもう一度お試しください。繰り返す場合は、操作した日時を添えて運用担当者にご連絡ください。".to_owned(),
                    None,
                )
            }
        };
        let faults = match &self.0 {
            AppError::Faulty(_, faults) => faults.iter().map(FaultJson::from).collect(),
            _ => Vec::new(),
        };
        let differences = match &self.0 {
            AppError::Stale(_, differences) => differences.iter().map(DifferenceJson::from).collect(),
            _ => Vec::new(),
        };
        ProblemJson {
            r#type: format!("urn:chosa:problem:{code}"),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail,
            field: field.map(str::to_owned),
            faults,
            differences,
        }
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match &self.0 {
            AppError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            AppError::Forbidden(_) => StatusCode::FORBIDDEN,
            AppError::NotFound(_) => StatusCode::NOT_FOUND,
            AppError::Invalid(_) => StatusCode::BAD_REQUEST,
            AppError::Faulty(..) => StatusCode::UNPROCESSABLE_ENTITY,
            AppError::Conflict(_) => StatusCode::CONFLICT,
            AppError::Stale(..) => StatusCode::PRECONDITION_FAILED,
            AppError::Unconditional(_) => StatusCode::PRECONDITION_REQUIRED,
            AppError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            AppError::TooMany(_) | AppError::Wait(..) => StatusCode::TOO_MANY_REQUESTS,
            AppError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            AppError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let (status, problem) = (self.status_code(), self.problem());
        let mut response = HttpResponse::build(status);
        match (&self.0, status) {
            (AppError::Wait(_, seconds), _) => drop(response.insert_header((RETRY_AFTER, seconds.to_string()))),
            (_, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => drop(response.insert_header((RETRY_AFTER, "5"))),
            (_, StatusCode::UNAUTHORIZED) => drop(response.insert_header((WWW_AUTHENTICATE, "Bearer"))),
            _ => {}
        }
        response.content_type("application/problem+json").json(problem)
    }
}
