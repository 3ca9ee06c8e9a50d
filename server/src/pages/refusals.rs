//! What a use case refuses of a form's content: the page again, with the sentence above it and what was typed kept. What forbids the page itself stays an error.

use actix_web::http::StatusCode;
use survey::fault::Fault;

use crate::error::{AppError, Refusal};
use crate::pages::error::PageError;

/// A refusal that is told on the page of the form.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Of the answer.
    pub status: StatusCode,
    /// Stable code.
    pub code: String,
    /// Says what is wrong and what to do.
    pub sentence: String,
    /// The field that it speaks of, by its name in the API.
    pub field: Option<&'static str>,
    /// Of a file: what was found in it.
    pub faults: Vec<Fault>,
}

impl Refused {
    /// What a form itself finds wrong, before a use case is asked.
    pub fn of(code: &str, sentence: impl Into<String>) -> Refused {
        Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: code.to_owned(),
            sentence: sentence.into(),
            field: None,
            faults: Vec::new(),
        }
    }

    /// The id of the field that the summary leads to; empty: none.
    pub fn place(&self) -> &'static str {
        self.field.unwrap_or_default()
    }
}

/// Takes what speaks of a form's content out of an error.
///
/// # Errors
/// Everything else: nobody signed in, no right, no such page, a broken machine.
pub fn refused(error: AppError) -> Result<Refused, PageError> {
    let told = |status, refusal: Refusal| Refused {
        status,
        code: refusal.code.into_owned(),
        sentence: refusal.message,
        field: refusal.field,
        faults: Vec::new(),
    };
    match error {
        AppError::Invalid(refusal) => Ok(told(StatusCode::UNPROCESSABLE_ENTITY, refusal)),
        AppError::Faulty(refusal, faults) => Ok(Refused {
            faults,
            ..told(StatusCode::UNPROCESSABLE_ENTITY, refusal)
        }),
        AppError::Conflict(refusal) | AppError::Stale(refusal, _) => Ok(told(StatusCode::CONFLICT, refusal)),
        // A hospital that was typed, not one of the path.
        AppError::NotFound(refusal) if refusal.code == "hospital_unknown" => Ok(told(StatusCode::UNPROCESSABLE_ENTITY, refusal)),
        other => Err(other.into()),
    }
}
