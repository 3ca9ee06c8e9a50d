//! Signing in and out on a page, and staying signed in. The second step is `second_steps`.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::api::origin;
use crate::app::sessions::{self, Asking, Begun, Second, Stage, Way};
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::auth::{device, session};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::{COOKIE, Newcomer, Visitor};

/// The cookie of a sign-in that waits for its second step.
pub const PENDING: &str = "__Host-chosa-pending";
/// The cookie by which a device is known.
const DEVICE: &str = "__Host-chosa-device";

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
    pub(super) next: String,
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
        "idle" => Some("操作がないまま時間がたったため、ログアウトしました。ログインすると、先ほどの画面に戻ります。"),
        "password-set" => Some("パスワードを設定しました。ログインIDと新しいパスワードでログインしてください。"),
        _ => None,
    };
    show(&shown)
}

/// The sign-in page again, with a sentence that says why.
pub fn sign_in_again(login: &str, next: &str, sentence: String) -> HttpResponse {
    render(StatusCode::UNPROCESSABLE_ENTITY, &form(login, next, Some(sentence)))
}

/// Signs in.
///
/// # Errors
/// The database is away; a wrong password is the page again.
#[post("/sign-in")]
pub async fn sign_in(state: web::Data<State>, request: HttpRequest, form_sent: web::Form<SignInForm>) -> Result<HttpResponse, PageError> {
    let sent = form_sent.into_inner();
    match sessions::sign_in(&state, sent.login.trim(), sent.password, Second::Later, &asking(&request, &state)).await {
        Ok(begun) if begun.stage == Stage::Pending => {
            let query = serde_urlencoded::to_string([("next", path_within(&sent.next))]).map_err(AppError::internal)?;
            let mut response = go_to(format!("/sign-in/second-factor?{query}"));
            let life = Duration::seconds(session::PENDING_LIFE.num_seconds());
            response
                .add_cookie(&cookie(PENDING, begun.token.expose_secret(), Some(life)))
                .map_err(AppError::internal)?;
            Ok(response)
        }
        Ok(begun) => signed_in(&begun, &sent.next),
        Err(AppError::Unauthenticated(refusal) | AppError::TooMany(refusal)) => Ok(sign_in_again(&sent.login, &sent.next, refusal.message)),
        Err(AppError::Wait(refusal, seconds)) => {
            let again = form(&sent.login, &sent.next, Some(refusal.message));
            Ok(told_to_wait(render(StatusCode::TOO_MANY_REQUESTS, &again), seconds))
        }
        Err(other) => Err(other.into()),
    }
}

/// Says to programs too how long to wait.
pub fn told_to_wait(mut response: HttpResponse, seconds: i64) -> HttpResponse {
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// Leads on with the cookie of a session that has begun.
///
/// # Errors
/// Internal: a cookie cannot be written.
pub fn signed_in(begun: &Begun, next: &str) -> Result<HttpResponse, PageError> {
    let mut response = go_to(path_within(next));
    let life = Duration::seconds(device::LIFE.num_seconds());
    for cookie in [
        cookie(COOKIE, begun.token.expose_secret(), None),
        cookie(DEVICE, &begun.device, Some(life)),
    ] {
        response.add_cookie(&cookie).map_err(AppError::internal)?;
    }
    Ok(response)
}

/// Who asks to be let in.
pub fn asking(request: &HttpRequest, state: &State) -> Asking {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Asking {
        way: Way::Page,
        origin: origin::of(request, state),
        agent: agent.unwrap_or_default().to_owned(),
        device: request.cookie(DEVICE).map(|cookie| cookie.value().to_owned()),
    }
}

/// Signs out.
///
/// # Errors
/// The database is away.
#[post("/sign-out")]
pub async fn sign_out(state: web::Data<State>, request: HttpRequest, newcomer: Newcomer) -> Result<HttpResponse, PageError> {
    let visitor = newcomer.0;
    sessions::sign_out(&state, &visitor.permit, visitor.token.expose_secret()).await?;
    let mut response = go_to("/sign-in?done=signed-out");
    take_back(&mut response, &request, COOKIE)?;
    Ok(response)
}

/// Has the browser forget a cookie.
///
/// # Errors
/// Internal: a cookie cannot be written.
pub fn take_back(response: &mut HttpResponse, request: &HttpRequest, name: &str) -> Result<(), PageError> {
    if let Some(mut gone) = request.cookie(name) {
        gone.set_path("/");
        gone.set_secure(true);
        response.add_removal_cookie(&gone).map_err(AppError::internal)?;
    }
    Ok(())
}

/// Notes that somebody is still there; reading who it is does it.
#[post("/session")]
pub async fn keep_alive(_visitor: Visitor<ReadSelf>) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// A cookie of this host only, unseen by scripts. The session's has no end of its own: the browser forgets it when it is closed, the server after its life.
fn cookie(name: &'static str, value: &str, life: Option<Duration>) -> Cookie<'static> {
    let mut cookie = Cookie::build(name, value.to_owned())
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    cookie.set_max_age(life);
    cookie
}

/// A path of ours, or the home: nobody is led to another site by a link to the sign-in page.
pub fn path_within(next: &str) -> &str {
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if is_own { next } else { "/" }
}
