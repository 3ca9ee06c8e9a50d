//! Signing in and out on a page.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::app::sessions;
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::{COOKIE, Visitor};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    page: Page,
    errors: ErrorSummary,
    login: TextField,
    password: TextField,
    next: String,
}

/// Where somebody wanted to go.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct SignInForm {
    login: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

fn form(login: &str, next: &str, error: Option<String>) -> SignInPage {
    SignInPage {
        page: Page::of_nobody("ログイン"),
        errors: ErrorSummary {
            errors: error.into_iter().map(|error| ("login".to_owned(), error)).collect(),
        },
        login: TextField::new("login", "ログインID")
            .support("病院の方は、G-MIS IDです。")
            .value(login)
            .autocomplete("username"),
        password: TextField::new("password", "パスワード")
            .takes(Takes::Password)
            .autocomplete("current-password"),
        next: next.to_owned(),
    }
}

/// The sign-in page.
#[get("/sign-in")]
pub async fn read_sign_in(query: web::Query<Wanted>) -> HttpResponse {
    let mut shown = form("", &query.next, None);
    shown.page.done = match query.done.as_str() {
        "signed-out" => Some("ログアウトしました。"),
        _ => None,
    };
    show(&shown)
}

/// Signs in.
///
/// # Errors
/// The database is away; a wrong password is the page again.
#[post("/sign-in")]
pub async fn sign_in(state: web::Data<State>, form_sent: web::Form<SignInForm>) -> Result<HttpResponse, PageError> {
    let sent = form_sent.into_inner();
    match sessions::sign_in(&state, sent.login.trim(), sent.password).await {
        Ok(session) => {
            let mut response = go_to(path_within(&sent.next));
            response
                .add_cookie(&cookie(session.token.expose_secret()))
                .map_err(AppError::internal)?;
            Ok(response)
        }
        Err(AppError::Unauthenticated(refusal) | AppError::TooMany(refusal)) => {
            let again = form(&sent.login, &sent.next, Some(refusal.message));
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &again))
        }
        Err(error) => Err(error.into()),
    }
}

/// Signs out.
///
/// # Errors
/// The database is away.
#[post("/sign-out")]
pub async fn sign_out(state: web::Data<State>, request: HttpRequest, visitor: Visitor<ReadSelf>) -> Result<HttpResponse, PageError> {
    sessions::sign_out(&state, &visitor.permit, visitor.token.expose_secret()).await?;
    let mut response = go_to("/sign-in?done=signed-out");
    if let Some(mut gone) = request.cookie(COOKIE) {
        gone.set_path("/");
        gone.set_secure(true);
        response.add_removal_cookie(&gone).map_err(AppError::internal)?;
    }
    Ok(response)
}

/// The session's cookie. It has no end of its own: the browser forgets it when it is closed, the server after its life.
pub fn cookie(token: &str) -> Cookie<'static> {
    Cookie::build(COOKIE, token.to_owned())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish()
}

/// A path of ours, or the home: nobody is led to another site by a link to the sign-in page.
pub fn path_within(next: &str) -> &str {
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if is_own { next } else { "/" }
}
