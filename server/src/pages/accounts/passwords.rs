//! Changing one's own password.

use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Slip, links};
use crate::app::passwords;
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::Visitor;

#[derive(Template)]
#[template(path = "accounts/password.html")]
struct PasswordPage {
    page: Page,
    errors: ErrorSummary,
    login: String,
    current: TextField,
    password: TextField,
    repeat: TextField,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct PasswordForm {
    current: SecretString,
    password: SecretString,
    repeat: SecretString,
}

fn page(visitor: &Visitor<ReadSelf>, slip: Option<&Slip>) -> PasswordPage {
    let (password, repeat) = links::new_password(slip);
    PasswordPage {
        page: visitor
            .page("パスワードの変更")
            .at("/account")
            .below("/", "ホーム")
            .below("/account", "アカウント"),
        errors: Slip::summary(slip),
        login: visitor.who.login.clone(),
        current: current_password(slip),
        password,
        repeat,
    }
}

/// The field of the password that one has.
pub(super) fn current_password(slip: Option<&Slip>) -> TextField {
    TextField::new("current", "現在のパスワード")
        .takes(Takes::Password)
        .autocomplete("current-password")
        .error(Slip::at(slip, "current"))
}

/// The page.
#[get("/account/password")]
pub async fn read_password(visitor: Visitor<ReadSelf>) -> HttpResponse {
    show(&page(&visitor, None))
}

/// Changes the password, and ends the other sessions.
///
/// # Errors
/// The database is away. What is not taken is the page again.
#[post("/account/password")]
pub async fn change_password(
    state: web::Data<State>,
    visitor: Visitor<ReadSelf>,
    form_sent: web::Form<PasswordForm>,
) -> Result<HttpResponse, PageError> {
    let sent = form_sent.into_inner();
    let slip = match links::repeated(&sent.password, &sent.repeat) {
        Some(slip) => slip,
        None => match passwords::change(&state, &visitor.permit, &visitor.token, sent.current, sent.password).await {
            Ok(()) => return Ok(go_to("/account?done=password-changed")),
            Err(error) => Slip::from_error(error)?,
        },
    };
    Ok(slip.on(render(slip.status(), &page(&visitor, Some(&slip)))))
}
