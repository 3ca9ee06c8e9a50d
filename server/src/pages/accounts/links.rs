//! Links of mails: the first password of an account, and a lost one. Reading a link uses nothing up.

use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Slip;
use crate::app::enrolments;
use crate::app::state::State;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};

/// What is asked of a password, as the field says it.
pub const RULE: &str = "13文字以上で、英小文字・英大文字・数字・それ以外（記号、空白、日本語など）のうち2種類以上を使ってください。";

#[derive(Template)]
#[template(path = "accounts/link.html")]
struct LinkPage {
    page: Page,
    errors: ErrorSummary,
    token: String,
    password: TextField,
    repeat: TextField,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct LinkForm {
    password: SecretString,
    repeat: SecretString,
}

fn link_page(token: &str, slip: Option<&Slip>) -> LinkPage {
    let (password, repeat) = new_password(slip);
    LinkPage {
        page: Page::of_nobody("パスワードの設定"),
        errors: Slip::summary(slip),
        token: token.to_owned(),
        password,
        repeat,
    }
}

/// The two fields of a new password.
pub(super) fn new_password(slip: Option<&Slip>) -> (TextField, TextField) {
    let password = TextField::new("password", "新しいパスワード")
        .takes(Takes::Password)
        .support(RULE)
        .autocomplete("new-password")
        .error(Slip::at(slip, "password"));
    let repeat = TextField::new("repeat", "新しいパスワード（確認のためもう一度）")
        .takes(Takes::Password)
        .autocomplete("new-password")
        .error(Slip::at(slip, "repeat"));
    (password, repeat)
}

/// Whether the second field says the same as the first.
pub(super) fn repeated(password: &SecretString, repeat: &SecretString) -> Option<Slip> {
    let differs = password.expose_secret() != repeat.expose_secret();
    differs.then(|| Slip::of("repeat", "2つのパスワードが一致していません。同じものを2回入力してください。"))
}

/// The page of a link.
///
/// # Errors
/// `link_invalid`; or the database is away.
#[get("/enrol/{token}")]
pub async fn read_link(state: web::Data<State>, path: web::Path<String>) -> Result<HttpResponse, PageError> {
    let token = path.into_inner();
    enrolments::require_alive(&state, &SecretString::from(token.as_str())).await?;
    Ok(show(&link_page(&token, None)))
}

/// Sets the password.
///
/// # Errors
/// `link_invalid`; or the database is away. A password that is not taken is the page again.
#[post("/enrol/{token}")]
pub async fn redeem_link(
    state: web::Data<State>,
    path: web::Path<String>,
    form_sent: web::Form<LinkForm>,
) -> Result<HttpResponse, PageError> {
    let (token, sent) = (path.into_inner(), form_sent.into_inner());
    let slip = match repeated(&sent.password, &sent.repeat) {
        Some(slip) => slip,
        None => match enrolments::redeem(&state, &SecretString::from(token.as_str()), sent.password).await {
            Ok(_login) => return Ok(go_to("/sign-in?done=password-set")),
            Err(error) => Slip::from_error(error)?,
        },
    };
    Ok(slip.on(render(slip.status(), &link_page(&token, Some(&slip)))))
}

#[derive(Template)]
#[template(path = "accounts/reset.html")]
struct ResetPage {
    page: Page,
    errors: ErrorSummary,
    login: TextField,
}

/// What was done before.
#[derive(Deserialize)]
pub struct Done {
    #[serde(default)]
    pub(super) done: String,
}

/// The form's field.
#[derive(Deserialize)]
pub struct ResetForm {
    login: String,
}

fn reset_page(slip: Option<&Slip>) -> ResetPage {
    ResetPage {
        page: Page::of_nobody("パスワードを忘れた方"),
        errors: Slip::summary(slip),
        login: TextField::new("login", "ログインID")
            .support("病院の方は、G-MIS IDです。")
            .autocomplete("username")
            .error(Slip::at(slip, "login")),
    }
}

/// The page that asks for a link for a lost password.
#[get("/passwords/reset")]
pub async fn read_reset(query: web::Query<Done>) -> HttpResponse {
    let mut shown = reset_page(None);
    if query.done == "asked" {
        shown.page.done = Some(
            "受け付けました。利用開始の案内を受け取ったメールアドレスがあれば、そこへパスワードを設定するURLを送ります。URLは1時間有効です。",
        );
    }
    show(&shown)
}

/// Asks for it. Whether there is such an account shows neither in the answer nor in its time.
///
/// # Errors
/// The database is away.
#[post("/passwords/reset")]
pub async fn ask_for_reset(state: web::Data<State>, form_sent: web::Form<ResetForm>) -> Result<HttpResponse, PageError> {
    if form_sent.login.trim().is_empty() {
        let slip = Slip::of("login", "ログインIDを入力してください。");
        return Ok(render(slip.status(), &reset_page(Some(&slip))));
    }
    enrolments::request_reset(&state, &form_sent.login).await?;
    Ok(go_to("/passwords/reset?done=asked"))
}
