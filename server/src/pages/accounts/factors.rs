//! Setting up a second factor, and removing it.

use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Slip, passwords};
use crate::app::factors::{self, Proposal};
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::{Newcomer, Visitor};

const TITLE: &str = "2要素認証の設定";

#[derive(Template)]
#[template(path = "accounts/second_factor.html")]
struct FactorPage {
    page: Page,
    errors: ErrorSummary,
    owes: bool,
    sealed: String,
    picture: String,
    text: String,
    code: TextField,
    current: TextField,
}

#[derive(Template)]
#[template(path = "accounts/recovery_codes.html")]
struct CodesPage {
    page: Page,
    codes: Vec<String>,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct FactorForm {
    sealed: String,
    code: SecretString,
    current: SecretString,
}

fn frame(visitor: &Visitor<ReadSelf>, title: &str) -> Page {
    let page = visitor.page(title).at("/account");
    if visitor.owes_factor {
        // The pages above are not to be had yet.
        page
    } else {
        page.below("/", "ホーム").below("/account", "アカウント")
    }
}

fn factor_page(visitor: &Visitor<ReadSelf>, proposal: Proposal, slip: Option<&Slip>) -> FactorPage {
    FactorPage {
        page: frame(visitor, TITLE),
        errors: Slip::summary(slip),
        owes: visitor.owes_factor,
        picture: picture(&proposal.address),
        sealed: proposal.sealed,
        text: proposal.text,
        code: code_field(slip, "認証アプリに表示された6桁の数字です。"),
        current: passwords::current_password(slip),
    }
}

fn code_field(slip: Option<&Slip>, support: &str) -> TextField {
    TextField::new("code", "確認コード")
        .support(support)
        .autocomplete("one-time-code")
        .error(Slip::at(slip, "code"))
}

/// A QR code as SVG that stands in the page; empty where the text is too long for one, and the key is typed.
fn picture(address: &str) -> String {
    QrCode::new(address)
        .map(|code| {
            let svg = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
            svg.split_once("?>").map_or_else(String::new, |(_, svg)| svg.to_owned())
        })
        .unwrap_or_default()
}

/// The page that sets one up; who has one is led to where it is removed.
///
/// # Errors
/// The database is away.
#[get("/account/second-factor")]
pub async fn read_factor(state: web::Data<State>, newcomer: Newcomer) -> Result<HttpResponse, PageError> {
    let visitor = newcomer.0;
    if factors::own(&state, &visitor.permit).await?.is_some() {
        return Ok(go_to("/account"));
    }
    let proposal = factors::propose(&state, &visitor.permit).await?;
    Ok(show(&factor_page(&visitor, proposal, None)))
}

/// Confirms the key by its first code, and shows the recovery codes: only here, so that no page can be read again for them.
///
/// # Errors
/// The database is away. What is not taken is the page again, with the same picture.
#[post("/account/second-factor")]
pub async fn confirm_factor(
    state: web::Data<State>,
    newcomer: Newcomer,
    form_sent: web::Form<FactorForm>,
) -> Result<HttpResponse, PageError> {
    let (mut visitor, sent) = (newcomer.0, form_sent.into_inner());
    let given = (sent.sealed.as_str(), sent.current, &sent.code);
    let error = match factors::confirm(&state, &visitor.permit, &visitor.token, given).await {
        Ok(codes) => {
            visitor.owes_factor = false;
            return Ok(show(&CodesPage {
                page: frame(&visitor, "回復コード"),
                codes: codes.iter().map(|code| code.expose_secret().to_owned()).collect(),
            }));
        }
        Err(AppError::Conflict(refusal)) if refusal.code == "second_factor_exists" => return Err(AppError::Conflict(refusal).into()),
        Err(error) => error,
    };
    let slip = Slip::from_error(error)?;
    let proposal = match factors::proposed(&state, &visitor.permit, &sent.sealed).await {
        Err(AppError::Conflict(_)) => factors::propose(&state, &visitor.permit).await?,
        proposal => proposal?,
    };
    Ok(slip.on(render(slip.status(), &factor_page(&visitor, proposal, Some(&slip)))))
}

#[derive(Template)]
#[template(path = "accounts/remove_factor.html")]
struct RemovalPage {
    page: Page,
    errors: ErrorSummary,
    is_required: bool,
    current: TextField,
    code: TextField,
}

/// The form's fields.
#[derive(Deserialize)]
pub struct RemovalForm {
    current: SecretString,
    code: SecretString,
}

fn removal_page(state: &State, visitor: &Visitor<ReadSelf>, slip: Option<&Slip>) -> RemovalPage {
    let is_required = state.shared.second_factor.asks(&visitor.who.role);
    RemovalPage {
        page: frame(
            visitor,
            if is_required {
                "2要素認証の登録し直し"
            } else {
                "2要素認証の解除"
            },
        ),
        errors: Slip::summary(slip),
        is_required,
        current: passwords::current_password(slip),
        code: code_field(
            slip,
            "今の認証アプリの6桁の数字です。アプリを使えないときは、回復コードを入力してください。",
        ),
    }
}

/// The page that removes it.
///
/// # Errors
/// The database is away.
#[get("/account/second-factor/remove")]
pub async fn read_removal(state: web::Data<State>, visitor: Visitor<ReadSelf>) -> Result<HttpResponse, PageError> {
    if factors::own(&state, &visitor.permit).await?.is_none() {
        return Ok(go_to("/account"));
    }
    Ok(show(&removal_page(&state, &visitor, None)))
}

/// Removes it. Who has to have one is led on to setting up another.
///
/// # Errors
/// The database is away. What is not taken is the page again.
#[post("/account/second-factor/remove")]
pub async fn remove_factor(
    state: web::Data<State>,
    visitor: Visitor<ReadSelf>,
    form_sent: web::Form<RemovalForm>,
) -> Result<HttpResponse, PageError> {
    let sent = form_sent.into_inner();
    let Err(error) = factors::remove(&state, &visitor.permit, sent.current, &sent.code).await else {
        return Ok(go_to("/account?done=factor-removed"));
    };
    let slip = Slip::from_error(error)?;
    Ok(slip.on(render(slip.status(), &removal_page(&state, &visitor, Some(&slip)))))
}
