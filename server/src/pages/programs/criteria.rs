//! The criteria of a prefecture (選定基準): points that can be changed, and what a change would change before it is saved.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use analytics::selection::{CellChange, Comparison, Criteria, Move};
use askama::Template;
use serde_json::Value;
use survey::prefecture::PrefectureCode;

use super::weights::{Weight, field, wanted, weights};
use super::{Done, band_label, below_program, board_path, prefecture};
use crate::app::programs::criteria::{self, InForce};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::app::versions::Seen;
use crate::auth::permit::{ChooseHospitals, Policy, ReadPrograms};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, TextField};
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;

/// What would change in one cell.
struct Change {
    label: String,
    enters: Vec<String>,
    leaves: Vec<String>,
    moved: usize,
}

#[derive(Template)]
#[template(path = "programs/criteria.html")]
struct CriteriaPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    version: i32,
    name: TextField,
    weights: Vec<Weight>,
    /// Wishes of the whole list, in words.
    wishes: Vec<String>,
    /// What was looked at; `None`: nothing yet.
    changes: Option<Vec<Change>>,
    changes_choice: bool,
    json: String,
    is_json_open: bool,
    can_edit: bool,
}

/// Shows the criteria in force.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
#[get("/programs/{program}/prefectures/{prefecture}/criteria")]
pub async fn read_criteria(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
    query: web::Query<Done>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let done = (query.done == "saved").then_some("選定基準を保存しました。リストに反映するには、選定の画面で選定し直してください。");
    let shown = Shown { done, ..Shown::default() };
    show(&state, &visitor, (&program, prefecture(&code)?), shown).await
}

/// What is shown beside the criteria in force.
#[derive(Default)]
struct Shown {
    done: Option<&'static str>,
    refused: Option<Refused>,
    comparison: Option<Comparison>,
    sent: Option<BTreeMap<String, String>>,
}

/// Looks at what a change would change (`act=preview`), or saves it.
///
/// # Errors
/// As [`read_criteria`]. What the use case refuses is the page again.
#[post("/programs/{program}/prefectures/{prefecture}/criteria")]
pub async fn save_criteria(
    state: web::Data<State>,
    visitor: Visitor<ChooseHospitals>,
    place: web::Path<(String, String)>,
    form: web::Form<BTreeMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    let mut shown = Shown::default();
    match weigh(&state, &visitor, (&program, prefecture), &sent).await {
        Ok(None) => return Ok(go_to(format!("{}/criteria?done=saved", board_path(&program, prefecture)))),
        Ok(comparison) => shown.comparison = comparison,
        Err(error) => shown.refused = Some(refused(error)?),
    }
    shown.sent = Some(sent);
    show(&state, &visitor, (&program, prefecture), shown).await
}

/// Gives the comparison, or saves and gives none.
async fn weigh(
    state: &State,
    visitor: &Visitor<ChooseHospitals>,
    (program, prefecture): (&str, PrefectureCode),
    sent: &BTreeMap<String, String>,
) -> Result<Option<Comparison>, AppError> {
    let of = |name: &str| sent.get(name).map_or("", String::as_str);
    let read = visitor.also::<ReadPrograms>()?;
    let in_force = criteria::read(state, &read, program, prefecture).await?;
    let asked = if of("how") == "json" {
        serde_json::from_str(of("json")).map_err(|_unreadable| {
            AppError::invalid(
                "criteria_invalid",
                "JSONとして読み取れません。かっこと引用符、末尾のコンマを確かめてください。",
            )
        })?
    } else {
        let national = national(&programs::read(state, &read, program).await?.criteria)?;
        wanted(&in_force.criteria, &national, sent).map_err(|key| {
            AppError::invalid(
                "points_invalid",
                format!("「{}」の点数は、0以上の整数で入力してください。", label(&in_force, &national, &key)),
            )
        })?
    };
    if of("act") == "preview" {
        return criteria::preview(state, &visitor.permit, program, prefecture, asked)
            .await
            .map(Some);
    }
    let seen = of("version").parse().map_or(Seen::Version(in_force.version), Seen::Version);
    criteria::set(state, &visitor.permit, program, prefecture, (asked, seen)).await?;
    Ok(None)
}

fn label(in_force: &InForce, national: &Criteria, key: &str) -> String {
    let mut items = in_force.criteria.items.iter().chain(&national.items);
    items
        .find(|item| item.key == key)
        .map_or_else(|| key.to_owned(), |item| item.label.clone())
}

fn national(stored: &Value) -> Result<Criteria, AppError> {
    serde_json::from_value(stored.clone()).map_err(AppError::internal)
}

async fn show<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (program, prefecture): (&str, PrefectureCode),
    shown: Shown,
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let in_force = criteria::read(state, &permit, program, prefecture).await?;
    let national = national(&row.criteria)?;
    let sent = shown.sent.as_ref();
    let of = |name: &str| sent.and_then(|sent| sent.get(name)).cloned();
    let path = board_path(program, prefecture);
    let page = below_program(visitor.page("選定基準"), &row);
    let version = shown
        .refused
        .as_ref()
        .filter(|refused| refused.code != "criteria_changed")
        .and_then(|_| of("version"))
        .and_then(|version| version.parse().ok());
    let template = CriteriaPage {
        page: page.below(path.clone(), format!("{}の選定", prefecture.name())).done(shown.done),
        errors: ErrorSummary {
            errors: shown
                .refused
                .iter()
                .map(|refused| (String::new(), refused.sentence.clone()))
                .collect(),
        },
        version: version.unwrap_or(in_force.version),
        name: TextField::new("name", "選定基準の名前").value(of("name").unwrap_or_else(|| in_force.criteria.name.clone())),
        weights: weights(&in_force.criteria, &national, sent),
        wishes: in_force.criteria.wishes.iter().map(|wish| wish.label.clone()).collect(),
        changes: shown
            .comparison
            .as_ref()
            .map(|comparison| comparison.cells.iter().map(change).collect()),
        changes_choice: shown.comparison.as_ref().is_some_and(|comparison| comparison.changes_choice),
        json: match of("json") {
            Some(json) => json,
            None => serde_json::to_string_pretty(&in_force.criteria).map_err(AppError::internal)?,
        },
        is_json_open: of("how").as_deref() == Some("json"),
        can_edit: visitor.maybe::<ChooseHospitals>().is_some(),
        path,
    };
    Ok(render(shown.refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

impl CriteriaPage {
    fn field(&self, key: &str) -> String {
        field(key)
    }
}

fn change(cell: &CellChange) -> Change {
    let named = |one: &Move| {
        format!(
            "{}（{}） {}点から{}点、点数の順位は{}位から{}位",
            one.name, one.gmis, one.score_before, one.score_after, one.rank_before, one.rank_after
        )
    };
    Change {
        label: band_label(&cell.band),
        enters: cell.enters.iter().map(named).collect(),
        leaves: cell.leaves.iter().map(named).collect(),
        moved: cell.moves.len(),
    }
}
