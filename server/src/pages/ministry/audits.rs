//! The audit (操作の記録): who did what, newest first.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::actions::{ACTIONS, words as action_words};
use super::details;
use crate::app::audits::{self, Act, Sought};
use crate::app::state::State;
use crate::auth::permit::ReadAudit;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::page::{Page, encoded, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Acts on a page.
const PAGE: i64 = 50;

struct Line {
    when: String,
    role: &'static str,
    login: String,
    words: &'static str,
    code: String,
    about: Vec<String>,
    details: Vec<(String, String)>,
    origin: String,
}

#[derive(Template)]
#[template(path = "ministry/audit.html")]
struct AuditPage {
    page: Page,
    filter: ChoiceField,
    lines: Vec<Line>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    action: String,
    #[serde(default)]
    before: String,
}

/// Lists acts.
///
/// # Errors
/// `query_invalid`; or the database is away.
#[get("/audit")]
pub async fn list_audit(state: web::Data<State>, visitor: Visitor<ReadAudit>, query: web::Query<Query>) -> Result<HttpResponse, PageError> {
    let before = match query.before.as_str() {
        "" => None,
        text => Some(
            Uuid::parse_str(text)
                .ok()
                .ok_or_else(|| AppError::invalid("query_invalid", "URLの条件が正しくありません。操作の記録を最初から開いてください。"))?,
        ),
    };
    let sought = Sought {
        before,
        action: Some(query.action.clone()).filter(|action| !action.is_empty()),
    };
    let acts = audits::acts(&state, &visitor.permit, &sought, PAGE).await?;
    let path = |before: Option<Uuid>| {
        let before = before.map_or_else(String::new, |id| id.to_string());
        let query = encoded(&[("action", query.action.as_str()), ("before", before.as_str())]);
        format!("/audit?{query}")
    };
    let is_full = i64::try_from(acts.len()).is_ok_and(|number| number == PAGE);
    let next = acts.last().filter(|_| is_full).map(|act| path(Some(act.row.id)));
    let everything = std::iter::once(Choice::new("", "すべての操作", &query.action));
    let choices = everything.chain(ACTIONS.iter().map(|(code, words)| Choice::new(*code, *words, &query.action)));
    Ok(show(&AuditPage {
        page: visitor.page("操作の記録").at("/audit").below("/", "ホーム"),
        filter: ChoiceField::new("action", "操作", Look::List, choices.collect()).unmarked(),
        lines: acts.into_iter().map(line).collect(),
        is_first: before.is_none(),
        first: path(None),
        next,
    }))
}

fn line(act: Act) -> Line {
    let row = act.row;
    let prefecture = row.prefecture.and_then(|number| {
        let mut all = PrefectureCode::all();
        all.find(|code| i16::from(code.number()) == number)
    });
    let survey = row.survey_id.map(|id| format!("{id}年調査"));
    let about = survey.into_iter().chain(prefecture.map(|code| code.name().to_owned())).collect();
    Line {
        when: words::moment(row.at),
        role: words::role_named(&row.actor),
        login: act.login.unwrap_or_default(),
        words: action_words(&row.action),
        code: row.action,
        about,
        details: details::in_words(&row.details, act.about.as_deref()),
        origin: row.origin.unwrap_or_default(),
    }
}
