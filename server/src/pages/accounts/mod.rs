//! Pages of one's own account: the links that set a password, who one is, sessions, password, second factor.

pub mod browsers;
pub mod factors;
pub mod links;
pub mod living;
pub mod overview;
pub mod passwords;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;

use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::sessions::told_to_wait;

/// The pages of this part.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(links::read_link)
        .service(links::redeem_link)
        .service(links::read_reset)
        .service(links::ask_for_reset)
        .service(overview::read_account)
        .service(living::end_session)
        .service(living::end_others)
        .service(passwords::read_password)
        .service(passwords::change_password)
        .service(factors::read_factor)
        .service(factors::confirm_factor)
        .service(factors::read_removal)
        .service(factors::remove_factor);
}

/// One thing that is wrong in a form.
struct Slip {
    /// Name of the field, or empty.
    field: &'static str,
    /// What is wrong.
    sentence: String,
    /// How long to wait, in seconds, if it is that.
    wait: Option<i64>,
}

impl Slip {
    fn of(field: &'static str, sentence: impl Into<String>) -> Slip {
        Slip {
            field,
            sentence: sentence.into(),
            wait: None,
        }
    }

    /// What of a use case's error stands in the form; anything else is a page of its own.
    fn from_error(error: AppError) -> Result<Slip, PageError> {
        let (refusal, wait) = match error {
            AppError::Invalid(refusal) | AppError::Conflict(refusal) | AppError::TooMany(refusal) => (refusal, None),
            AppError::Wait(refusal, seconds) => (refusal, Some(seconds)),
            other => return Err(other.into()),
        };
        let field = match refusal.code.as_ref() {
            "password_too_short" | "password_not_mixed" | "password_is_login" => "password",
            "password_wrong" => "current",
            "code_wrong" => "code",
            _ => "",
        };
        Ok(Slip {
            field,
            sentence: refusal.message,
            wait,
        })
    }

    /// For the field of this name.
    fn at(slip: Option<&Slip>, field: &str) -> Option<String> {
        slip.filter(|slip| slip.field == field).map(|slip| slip.sentence.clone())
    }

    fn summary(slip: Option<&Slip>) -> ErrorSummary {
        ErrorSummary {
            errors: slip
                .map(|slip| (slip.field.to_owned(), slip.sentence.clone()))
                .into_iter()
                .collect(),
        }
    }

    fn status(&self) -> StatusCode {
        match self.wait {
            Some(_) => StatusCode::TOO_MANY_REQUESTS,
            None => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn on(&self, response: HttpResponse) -> HttpResponse {
        match self.wait {
            Some(seconds) => told_to_wait(response, seconds),
            None => response,
        }
    }
}
