//! Requests to move quota (支援枠の変更の協議): what was asked, and the ministry's answer.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::tabs::{Tab, tabs};
use super::{Done, band_label, below_program};
use crate::app::programs::quotas::moves::{self, Asked, Cell, Decision};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{Policy, ReadPrograms, SetQuotas};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A request as it is read.
pub(super) struct Request {
    pub id: String,
    pub prefecture: &'static str,
    pub state: (&'static str, &'static str),
    pub moves: Vec<String>,
    pub reason: String,
    pub asked: String,
    pub decided: String,
    pub is_open: bool,
}

/// A request in words.
pub(super) fn request(asked: &Asked) -> Request {
    let cell = |cell: &Cell| format!("{} {}", cell.prefecture.name(), band_label(&cell.band));
    Request {
        id: asked.id.to_string(),
        prefecture: asked.prefecture.name(),
        state: match asked.state.as_str() {
            "granted" => ("認めた", "tag good"),
            "refused" => ("認めなかった", "tag bad"),
            _ => ("回答待ち", "tag warn"),
        },
        moves: asked
            .moves
            .iter()
            .map(|one| format!("{} から {} へ {}病院", cell(&one.from), cell(&one.to), one.hospitals))
            .collect(),
        reason: asked.reason.clone(),
        asked: format!("{}に依頼", words::moment(asked.asked_at)),
        decided: asked.decision.as_ref().map_or_else(String::new, |decided| {
            format!("回答（{}）：{}", words::moment(decided.decided_at), decided.reason)
        }),
        is_open: asked.decision.is_none(),
    }
}

#[derive(Template)]
#[template(path = "programs/requests.html")]
struct RequestsPage {
    page: Page,
    errors: ErrorSummary,
    tabs: Vec<Tab>,
    path: String,
    requests: Vec<Request>,
    can_decide: bool,
    /// What was typed, and for which request.
    typed: (String, String),
}

/// The ministry's answer.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// `grant` or `refuse`.
    act: String,
    #[serde(default)]
    reason: String,
}

/// Shows the requests.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}/requests")]
pub async fn read_requests(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<String>,
    query: web::Query<Done>,
) -> Result<HttpResponse, PageError> {
    let done = match query.done.as_str() {
        "grant" => Some("依頼を認め、支援枠を変更しました。"),
        "refuse" => Some("依頼を認めない旨を回答しました。支援枠は変わりません。"),
        _ => None,
    };
    shown(&state, &visitor, &place, (done, None, (String::new(), String::new()))).await
}

/// Grants or refuses a request.
///
/// # Errors
/// `program_unknown`, `quota_request_unknown`; or the database is away. What the use case refuses is the page again.
#[post("/programs/{program}/requests/{request}")]
pub async fn decide_request(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    place: web::Path<(String, Uuid)>,
    form: web::Form<Answer>,
) -> Result<HttpResponse, PageError> {
    let (program, id) = place.into_inner();
    let decided = async {
        let (decision, done) = match form.act.as_str() {
            "grant" => (Decision::Grant, "grant"),
            "refuse" => (Decision::Refuse, "refuse"),
            _ => return Err(AppError::invalid("act_missing", "認めるか認めないかを選んでください。")),
        };
        moves::decide(&state, &visitor.permit, &program, id, decision, &form.reason).await?;
        Ok(done)
    };
    match decided.await {
        Ok(done) => Ok(go_to(format!("/programs/{program}/requests?done={done}"))),
        Err(error) => {
            let refused = refused(error)?;
            let typed = (id.to_string(), form.reason.clone());
            shown(&state, &visitor, &program, (None, Some(refused), typed)).await
        }
    }
}

async fn shown<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    program: &str,
    (done, refused, typed): (Option<&'static str>, Option<Refused>, (String, String)),
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let requests = moves::list(state, &permit, program).await?;
    let mut requests: Vec<Request> = requests.iter().map(request).collect();
    // What waits for an answer first; the sort is stable, the newest first.
    requests.sort_by_key(|request| !request.is_open);
    let template = RequestsPage {
        page: below_program(visitor.page("支援枠の協議"), &row).done(done),
        errors: ErrorSummary {
            errors: refused
                .iter()
                .map(|refused| (format!("reason-{}", typed.0), refused.sentence.clone()))
                .collect(),
        },
        tabs: tabs(&visitor.who.role, &row.id, "/requests"),
        path: format!("/programs/{}/requests", row.id),
        requests,
        can_decide: visitor.maybe::<SetQuotas>().is_some(),
        typed,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}
