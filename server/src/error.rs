//! What can go wrong in a use case, free of any transport: `api` turns it into problem+json, `cli` into a sentence and an exit code.
//!
//! The internal half has no `Display`, so that it cannot leak to a caller; it is logged once where it becomes an answer.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use survey::fault::Fault;

/// Stable code and Japanese sentence of one refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, snake_case; part of the API.
    pub code: Cow<'static, str>,
    /// Says what is wrong and what to do next, in Japanese.
    pub message: String,
    /// The field or parameter that it speaks of, where it is one, by its name in the API.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// A refusal that speaks of no single field.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Refusal {
        Refusal {
            code: code.into(),
            message: message.into(),
            field: None,
        }
    }
}

/// A field in which what is stored differs from what the caller saw or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Question key, or key and field (`respondent.name`).
    pub question: String,
    /// What is stored now; null: nothing.
    pub stored: Value,
    /// What the caller saw or sent; null: nothing.
    pub yours: Value,
}

/// Why a use case did not do what it was asked.
#[derive(Debug)]
pub enum AppError {
    /// Nobody is signed in, or no longer.
    Unauthenticated(Refusal),
    /// The actor may never do this.
    Forbidden(Refusal),
    /// There is no such thing, or none that the actor may know of.
    NotFound(Refusal),
    /// The request itself cannot be understood.
    Invalid(Refusal),
    /// The request is understood and its content has faults.
    Faulty(Refusal, Vec<Fault>),
    /// The state of things forbids it now.
    Conflict(Refusal),
    /// What is to be changed is no longer what the caller saw.
    Stale(Refusal, Vec<Difference>),
    /// A change that does not say of what it saw.
    Unconditional(Refusal),
    /// More than is taken.
    TooLarge(Refusal),
    /// Too many tries in a short time.
    TooMany(Refusal),
    /// Too many tries by this one: how many seconds there are to wait.
    Wait(Refusal, i64),
    /// The database or a child process is away; nothing was done.
    Unavailable(InternalCause),
    /// A bug or a broken machine.
    Internal(InternalCause),
}

/// A cause that is for the log only.
#[derive(Debug)]
pub struct InternalCause(Box<dyn std::error::Error + Send + Sync>);

impl InternalCause {
    /// Keeps a cause for the log.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> InternalCause {
        InternalCause(cause.into())
    }

    /// The whole chain in one line, for the log.
    pub fn for_log(&self) -> String {
        let mut line = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(next) = cause {
            line.push_str(": ");
            line.push_str(&next.to_string());
            cause = next.source();
        }
        line
    }
}

impl AppError {
    /// Nobody is signed in, or no longer.
    pub fn unauthenticated(code: &'static str, message: impl Into<String>) -> AppError {
        AppError::Unauthenticated(Refusal::new(code, message))
    }

    /// The actor may never do this.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> AppError {
        AppError::Forbidden(Refusal::new(code, message))
    }

    /// There is no such thing, or none that the actor may know of.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> AppError {
        AppError::NotFound(Refusal::new(code, message))
    }

    /// The request itself cannot be understood.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> AppError {
        AppError::Invalid(Refusal::new(code, message))
    }

    /// The content of a request has faults.
    pub fn faulty(code: &'static str, message: impl Into<String>, faults: Vec<Fault>) -> AppError {
        AppError::Faulty(Refusal::new(code, message), faults)
    }

    /// The state of things forbids it now.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> AppError {
        AppError::Conflict(Refusal::new(code, message))
    }

    /// What is to be changed is no longer what the caller saw.
    pub fn stale(code: &'static str, message: impl Into<String>, differences: Vec<Difference>) -> AppError {
        AppError::Stale(Refusal::new(code, message), differences)
    }

    /// The same error, which speaks of a field. Only what refuses a content does: any other error stays as it is.
    #[must_use]
    pub fn at(mut self, field: &'static str) -> AppError {
        if let AppError::Invalid(refusal) | AppError::Faulty(refusal, _) | AppError::Conflict(refusal) = &mut self {
            refusal.field = Some(field);
        }
        self
    }

    /// A bug or a broken machine.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
        AppError::Internal(InternalCause::new(cause))
    }

    /// The database or a child process is away.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
        AppError::Unavailable(InternalCause::new(cause))
    }

    /// One English line for the operator: log and command line, never an answer of the API.
    pub fn for_operator(&self) -> String {
        match self {
            AppError::Unauthenticated(r)
            | AppError::Forbidden(r)
            | AppError::NotFound(r)
            | AppError::Invalid(r)
            | AppError::Conflict(r)
            | AppError::TooLarge(r)
            | AppError::TooMany(r)
            | AppError::Wait(r, _)
            | AppError::Unconditional(r) => match r.field {
                Some(field) => format!("{} ({field}): {}", r.code, r.message),
                None => format!("{}: {}", r.code, r.message),
            },
            AppError::Stale(r, differences) => format!("{}: {} ({} differences)", r.code, r.message, differences.len()),
            AppError::Faulty(r, faults) => format!("{}: {} ({} faults)", r.code, r.message, faults.len()),
            AppError::Unavailable(cause) => format!("unavailable: {}", cause.for_log()),
            AppError::Internal(cause) => format!("internal: {}", cause.for_log()),
        }
    }
}

impl From<diesel::result::Error> for AppError {
    fn from(error: diesel::result::Error) -> AppError {
        use diesel::result::{DatabaseErrorKind, Error};
        // PostgreSQL keeps every character but NUL; a text with one is the caller's slip, wherever it stood.
        if let Error::DatabaseError(_, info) = &error
            && ["invalid byte sequence for encoding", "unsupported Unicode escape sequence"]
                .iter()
                .any(|sign| info.message().contains(sign))
        {
            return AppError::invalid(
                "text_invalid",
                "画面に表示されない、使えない文字（NUL文字）が含まれています。入力し直してから送ってください。",
            );
        }
        let away = match &error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
            // What a connection that died in the middle says: the kind is Unknown and only the text tells.
            Error::DatabaseError(_, info) => {
                let text = info.message();
                [
                    "terminating connection",
                    "connection closed",
                    "starting up",
                    "shutting down",
                    "in recovery mode",
                    "error communicating",
                    // Somebody else held what was needed for too long; nothing was done and it may be tried again.
                    "canceling statement due to lock timeout",
                    "canceling statement due to statement timeout",
                    "deadlock detected",
                ]
                .iter()
                .any(|sign| text.contains(sign))
            }
            Error::BrokenTransactionManager => true,
            _ => false,
        };
        match &error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                // Two callers at once; whoever comes second finds what the first one made.
                tracing::warn!(%error, "unique violation");
                AppError::conflict(
                    "changed_meanwhile",
                    "同時に別の変更が行われました。最新の状態を確認してから、もう一度お試しください。",
                )
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => AppError::unavailable(error),
            _ if away => AppError::unavailable(error),
            _ => AppError::internal(error),
        }
    }
}

impl From<diesel_async::pooled_connection::deadpool::PoolError> for AppError {
    fn from(error: diesel_async::pooled_connection::deadpool::PoolError) -> AppError {
        AppError::unavailable(error)
    }
}
