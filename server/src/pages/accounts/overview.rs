//! Who one is, where one is signed in, and how.

use actix_web::{HttpResponse, get, web};
use askama::Template;

use super::browsers;
use super::links::Done;
use crate::app::factors;
use crate::app::sessions::Way;
use crate::app::sessions::living::{self, Living, Which};
use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::auth::second_factor::Demand;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One session in the list.
struct SessionLine {
    id: String,
    is_this: bool,
    way: &'static str,
    since: String,
    last_seen: String,
    origin: String,
    browser: String,
}

/// The second factor in words.
struct FactorFacts {
    since: String,
    codes_left: i64,
    few_codes: bool,
}

#[derive(Template)]
#[template(path = "accounts/overview.html")]
struct AccountPage {
    page: Page,
    login: String,
    role: &'static str,
    speaks_for: String,
    factor: Option<FactorFacts>,
    is_required: bool,
    sessions: Vec<SessionLine>,
    has_others: bool,
}

/// The page of one's own account.
///
/// # Errors
/// The database is away.
#[get("/account")]
pub async fn read_account(state: web::Data<State>, visitor: Visitor<ReadSelf>, query: web::Query<Done>) -> Result<HttpResponse, PageError> {
    let factor = factors::own(&state, &visitor.permit).await?.map(|own| FactorFacts {
        since: words::moment(own.since),
        codes_left: own.codes_left,
        few_codes: own.codes_left < 3,
    });
    let sessions: Vec<SessionLine> = living::list(&state, &visitor.permit, &visitor.token)
        .await?
        .into_iter()
        .map(line)
        .collect();
    let done = match query.done.as_str() {
        "password-changed" => Some("パスワードを変更し、ほかのログインをすべて終えました。"),
        "session-ended" => Some("ログインを終えました。"),
        "others-ended" => Some("この端末以外のログインを、すべて終えました。"),
        "factor-removed" => Some("2要素認証を解除しました。"),
        _ => None,
    };
    Ok(show(&AccountPage {
        page: visitor.page("アカウント").at("/account").below("/", "ホーム").done(done),
        login: visitor.who.login.clone(),
        role: words::role(&visitor.who.role),
        speaks_for: visitor.who.speaks_for.clone(),
        factor,
        is_required: Demand::asks(state.shared.second_factor, &visitor.who.role),
        has_others: sessions.iter().any(|session| !session.is_this),
        sessions,
    }))
}

fn line(session: Living) -> SessionLine {
    SessionLine {
        id: session.id.to_string(),
        is_this: session.which == Which::This,
        way: match session.way {
            Way::Page => "画面",
            Way::Api => "API",
        },
        since: words::moment(session.since),
        last_seen: words::moment(session.last_seen),
        origin: if session.origin.is_empty() {
            "不明".to_owned()
        } else {
            session.origin
        },
        browser: browsers::name(&session.agent),
    }
}
