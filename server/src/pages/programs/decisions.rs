//! The ministry at a prefecture's list: accepts it, returns it, grants a longer deadline.

use actix_web::{HttpResponse, post, web};

use super::acts::{Problem, Sent};
use super::board::board;
use super::views::View;
use super::{board_path, prefecture};
use crate::app::programs;
use crate::app::programs::lists::steps::{self, Decision};
use crate::app::state::State;
use crate::auth::permit::{AcceptLists, SetQuotas};
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::moments::last_second;
use crate::pages::page::go_to;
use crate::pages::refusals::refused;
use crate::pages::visitor::Visitor;

/// Accepts or returns a list.
///
/// # Errors
/// `program_unknown`; or the database is away. What the use case refuses is the board again.
#[post("/programs/{program}/prefectures/{prefecture}/decision")]
pub async fn decide_on_list(
    state: web::Data<State>,
    visitor: Visitor<AcceptLists>,
    place: web::Path<(String, String)>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    let (decision, done) = match sent.act.as_str() {
        "accept" => (Decision::Accept, "accept"),
        _ => (
            Decision::Return {
                reason: sent.reason.clone(),
            },
            "return",
        ),
    };
    let what = format!("{program} {} {} {} {}", prefecture.code(), sent.act, sent.version, sent.reason);
    let key = keyed(&what, &format!("{} {}", sent.key, sent.act));
    let seen = (Some(sent.version), &decision);
    match steps::decide(&state, &visitor.permit, (&program, prefecture), seen, Some(&key)).await {
        Ok(_) => Ok(go_to(format!("{}?done={done}", board_path(&program, prefecture)))),
        Err(error) => {
            let problem = Problem::of(refused(error)?, sent);
            board(&state, &visitor, (&program, prefecture), View::default(), problem).await
        }
    }
}

/// Grants a prefecture a longer deadline.
///
/// # Errors
/// As [`decide_on_list`].
#[post("/programs/{program}/prefectures/{prefecture}/deadline")]
pub async fn extend_deadline(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    place: web::Path<(String, String)>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    let granted = async {
        let until = last_second(&sent.until)?;
        programs::extend(&state, &visitor.permit, &program, prefecture, (until, &sent.reason)).await?;
        Ok::<_, AppError>(())
    };
    match granted.await {
        Ok(()) => Ok(go_to(format!("{}?done=extend", board_path(&program, prefecture)))),
        Err(error) => {
            let problem = Problem::of(refused(error)?, sent);
            board(&state, &visitor, (&program, prefecture), View::default(), problem).await
        }
    }
}
