//! Requests of prefectures to see the results of their hospitals: asked by the prefecture, answered by the ministry, both on the page of the results.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::results::{Query, Said, show};
use crate::app::programs::results::requests::{self, Decision};
use crate::app::state::State;
use crate::auth::permit::{AskForResults, BringResults};
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::page::go_to;
use crate::pages::refusals::refused;
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A request as it is read.
pub(super) struct Asked {
    pub id: String,
    pub prefecture: &'static str,
    pub state: (&'static str, &'static str),
    pub reason: String,
    pub asked: String,
    pub answer: String,
    pub is_open: bool,
}

/// A request in words.
pub(super) fn asked(one: requests::Asked) -> Asked {
    let decided = one.decided_at.map(words::moment).unwrap_or_default();
    Asked {
        id: one.id.to_string(),
        prefecture: super::prefecture(&one.prefecture).map_or("", PrefectureCode::name),
        state: match one.state.as_str() {
            "granted" => ("認めた", "tag good"),
            "refused" => ("認めなかった", "tag bad"),
            _ => ("回答待ち", "tag warn"),
        },
        is_open: one.answer.is_none(),
        reason: one.reason,
        asked: words::moment(one.asked_at),
        answer: one.answer.map_or_else(String::new, |answer| format!("{answer}（{decided}）")),
    }
}

/// What a prefecture says.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    key: String,
}

/// Asks to see the results.
///
/// # Errors
/// `program_unknown`; or the database is away. What the use case refuses is the page again.
#[post("/programs/{program}/results/requests")]
pub async fn ask_for_results(
    state: web::Data<State>,
    visitor: Visitor<AskForResults>,
    program: web::Path<String>,
    form: web::Form<Wish>,
) -> Result<HttpResponse, PageError> {
    let key = keyed(&format!("{program} {}", form.reason), &form.key);
    match requests::ask(&state, &visitor.permit, &program, &form.reason, Some(&key)).await {
        Ok(_) => Ok(go_to(format!("/programs/{program}/results?done=asked"))),
        Err(error) => {
            let said = Said {
                refused: Some(refused(error)?),
                typed: ("reason".to_owned(), form.reason.clone()),
                ..Said::default()
            };
            show(&state, &visitor, &program, &Query::default(), said).await
        }
    }
}

/// The ministry's answer.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    /// `grant` or `refuse`.
    #[serde(default)]
    act: String,
    #[serde(default)]
    reason: String,
}

/// Grants or refuses a request.
///
/// # Errors
/// `program_unknown`, `result_request_unknown`; or the database is away. What else the use case refuses is the page again.
#[post("/programs/{program}/results/requests/{request}")]
pub async fn decide_on_results(
    state: web::Data<State>,
    visitor: Visitor<BringResults>,
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
        requests::decide(&state, &visitor.permit, (&program, id), decision, &form.reason).await?;
        Ok(done)
    };
    match decided.await {
        Ok(done) => Ok(go_to(format!("/programs/{program}/results?done={done}"))),
        Err(error) => {
            let said = Said {
                refused: Some(refused(error)?),
                typed: (format!("reason-{id}"), form.reason.clone()),
                ..Said::default()
            };
            show(&state, &visitor, &program, &Query::default(), said).await
        }
    }
}
