//! The second step of signing in: a code of the app, or a recovery code.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use crate::app::sessions::second;
use crate::app::state::State;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::sessions::{PENDING, Wanted, asking, sign_in_again, signed_in, take_back, told_to_wait};

#[derive(Template)]
#[template(path = "sign_in_second.html")]
struct SecondPage {
    page: Page,
    errors: ErrorSummary,
    code: TextField,
    next: String,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct SecondForm {
    code: SecretString,
    #[serde(default)]
    next: String,
}

fn form(next: &str, error: Option<String>) -> SecondPage {
    SecondPage {
        page: Page::of_nobody("2要素認証"),
        code: TextField::new("code", "確認コード")
            .support("認証アプリに表示されている6桁の数字です。アプリを使えないときは、回復コードを入力してください。")
            .autocomplete("one-time-code")
            .error(error.clone()),
        errors: ErrorSummary {
            errors: error.into_iter().map(|error| ("code".to_owned(), error)).collect(),
        },
        next: next.to_owned(),
    }
}

/// The page that asks for the code.
#[get("/sign-in/second-factor")]
pub async fn read_second_step(request: HttpRequest, query: web::Query<Wanted>) -> HttpResponse {
    if request.cookie(PENDING).is_none() {
        return go_to("/sign-in");
    }
    show(&form(&query.next, None))
}

/// Signs in by the code.
///
/// # Errors
/// The database is away; a wrong code is the page again.
#[post("/sign-in/second-factor")]
pub async fn take_second_step(
    state: web::Data<State>,
    request: HttpRequest,
    form_sent: web::Form<SecondForm>,
) -> Result<HttpResponse, PageError> {
    let sent = form_sent.into_inner();
    let Some(pending) = request.cookie(PENDING) else {
        return Ok(go_to("/sign-in"));
    };
    let pending = SecretString::from(pending.value());
    match second::finish(&state, &pending, &sent.code, &asking(&request, &state)).await {
        Ok(begun) => {
            let mut response = signed_in(&begun, &sent.next)?;
            take_back(&mut response, &request, PENDING)?;
            Ok(response)
        }
        Err(AppError::Unauthenticated(refusal)) => Ok(sign_in_again("", &sent.next, refusal.message)),
        Err(AppError::Invalid(refusal) | AppError::TooMany(refusal)) => {
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &form(&sent.next, Some(refusal.message))))
        }
        Err(AppError::Wait(refusal, seconds)) => {
            let again = form(&sent.next, Some(refusal.message));
            Ok(told_to_wait(render(StatusCode::TOO_MANY_REQUESTS, &again), seconds))
        }
        Err(other) => Err(other.into()),
    }
}
