//! A prefecture asks that quota moves: between its own cells, or from or to another prefecture. The ministry decides on a page of its own.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::requests::{Request, request};
use super::{bands, below_program, board_path, prefecture};
use crate::app::programs::quotas::moves::{self, Cell, Move};
use crate::app::programs::{self, quotas};
use crate::app::state::State;
use crate::auth::permit::{AskForQuota, Policy, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;

/// Moves that the form has room for.
const LINES: usize = 3;

/// A line of the form.
struct Line {
    number: usize,
    from: String,
    to: String,
    hospitals: String,
}

#[derive(Template)]
#[template(path = "programs/moves.html")]
struct MovesPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    key: String,
    /// Label, quota.
    own: Vec<(String, String)>,
    /// Prefecture with its cells: value, label.
    groups: Vec<(&'static str, Vec<(String, String)>)>,
    lines: Vec<Line>,
    reason: TextField,
    requests: Vec<Request>,
    can_ask: bool,
}

/// Shows the form, and what was asked before.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
#[get("/programs/{program}/prefectures/{prefecture}/quota")]
pub async fn read_moves(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
    query: web::Query<super::Done>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let done = (query.done == "asked").then_some("支援枠の変更を依頼しました。厚生労働省の回答をお待ちください。");
    shown(&state, &visitor, (&program, prefecture(&code)?), (done, None, &BTreeMap::new())).await
}

/// Asks.
///
/// # Errors
/// As [`read_moves`]. What the use case refuses is the page again.
#[post("/programs/{program}/prefectures/{prefecture}/quota")]
pub async fn ask_for_quota(
    state: web::Data<State>,
    visitor: Visitor<AskForQuota>,
    place: web::Path<(String, String)>,
    form: web::Form<BTreeMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    let of = |name: &str| sent.get(name).map_or("", String::as_str);
    let asked = async {
        // A prefecture asks on its own page.
        quotas::history(&state, &visitor.also::<ReadPrograms>()?, &program, Some(prefecture)).await?;
        let moves = moved(&sent)?;
        let key = keyed(&format!("{program} {sent:?}"), of("key"));
        moves::ask(&state, &visitor.permit, &program, &moves, of("reason"), Some(&key)).await
    };
    match asked.await {
        Ok(_) => Ok(go_to(format!("{}/quota?done=asked", board_path(&program, prefecture)))),
        Err(error) => {
            let refused = refused(error)?;
            shown(&state, &visitor, (&program, prefecture), (None, Some(refused), &sent)).await
        }
    }
}

fn moved(sent: &BTreeMap<String, String>) -> Result<Vec<Move>, AppError> {
    let invalid = |message: &str| AppError::invalid("quota_move_invalid", message);
    let mut moves = Vec::new();
    for number in 1..=LINES {
        let of = |name: &str| sent.get(&format!("{name}-{number}")).map_or("", |value| value.trim());
        let (from, to, hospitals) = (of("from"), of("to"), of("hospitals"));
        if from.is_empty() && to.is_empty() && hospitals.is_empty() {
            continue;
        }
        let cell = |text: &str| {
            let (code, band) = text.split_once(':')?;
            let prefecture = PrefectureCode::all().find(|one| one.code() == code)?;
            Some(Cell {
                prefecture,
                band: band.to_owned(),
            })
        };
        let (Some(from), Some(to)) = (cell(from), cell(to)) else {
            return Err(invalid(&format!("{number}行目の減らす枠と増やす枠を、両方選んでください。")));
        };
        let hospitals = hospitals
            .parse()
            .ok()
            .ok_or_else(|| invalid(&format!("{number}行目の病院数を1以上の整数で入力してください。")))?;
        moves.push(Move { from, to, hospitals });
    }
    Ok(moves)
}

async fn shown<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (program, prefecture): (&str, PrefectureCode),
    (done, refused, sent): (Option<&'static str>, Option<Refused>, &BTreeMap<String, String>),
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    // Asked first, because it also says whether the prefecture is one's own.
    quotas::history(state, &permit, program, Some(prefecture)).await?;
    let number = i16::from(prefecture.number());
    let in_force = quotas::list(state, &permit, program).await?;
    let own = |key: &str| in_force.iter().find(|cell| cell.prefecture == number && cell.band == key);
    let requests = moves::list(state, &permit, program).await?;
    let concerned = |one: &&moves::Asked| {
        let cells = one.moves.iter().flat_map(|one| [&one.from, &one.to]);
        cells.into_iter().any(|cell| cell.prefecture == prefecture)
    };
    let of = |name: String| sent.get(&name).cloned().unwrap_or_default();
    let path = board_path(program, prefecture);
    let page = below_program(visitor.page("支援枠の変更の依頼"), &row);
    let error = |codes: &[&str]| refused.as_ref().filter(|refused| codes.contains(&refused.code.as_str()));
    let reason_error = error(&["reason_missing", "reason_too_long"]).map(|refused| refused.sentence.clone());
    let place = if reason_error.is_some() { "reason" } else { "from-1" };
    let template = MovesPage {
        page: page.below(path.clone(), format!("{}の選定", prefecture.name())).done(done),
        errors: ErrorSummary {
            errors: refused.iter().map(|refused| (place.to_owned(), refused.sentence.clone())).collect(),
        },
        key: Uuid::now_v7().to_string(),
        own: bands(&row)?
            .iter()
            .map(|band| {
                let quota = own(band.key).map_or_else(|| "未設定".to_owned(), |cell| format!("{}病院", cell.hospitals));
                (band.label.to_owned(), quota)
            })
            .collect(),
        groups: groups(&row, prefecture)?,
        lines: (1..=LINES)
            .map(|number| Line {
                number,
                from: of(format!("from-{number}")),
                to: of(format!("to-{number}")),
                hospitals: of(format!("hospitals-{number}")),
            })
            .collect(),
        reason: TextField::new("reason", "変更を求める理由")
            .takes(Takes::Lines)
            .support("例：400床以上の候補が足りないため、200～399床に振り替えたい。")
            .value(of("reason".to_owned()))
            .error(reason_error),
        requests: requests.iter().filter(concerned).map(request).collect(),
        can_ask: visitor.maybe::<AskForQuota>().is_some(),
        path,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

type Group = (&'static str, Vec<(String, String)>);

/// Every cell of the programme, the prefecture's own first.
fn groups(program: &ProgramRow, own: PrefectureCode) -> Result<Vec<Group>, AppError> {
    let bands = bands(program)?;
    let group = |prefecture: PrefectureCode| {
        let cell = |band: &survey::band::Band| {
            (
                format!("{}:{}", prefecture.code(), band.key),
                format!("{} {}", prefecture.name(), band.label),
            )
        };
        (prefecture.name(), bands.iter().map(cell).collect())
    };
    let others = PrefectureCode::all().filter(|one| *one != own);
    Ok(std::iter::once(own).chain(others).map(group).collect())
}
