//! Effort and plan of a programme (作業量と計画): what supporting its hospitals takes, by when teams are done, and a plan over years. What is tried stands in
//! the address bar; nothing is stored. A prefecture sees its own rows.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;

use super::below_program;
use super::plan_fields::{fields, question};
use super::plan_tables::{Table, Terms, effort, shares, years};
use super::tabs::{Tab, tabs};
use crate::app::programs::planning;
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::ReadPrograms;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::page::{Page, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

#[derive(Template)]
#[template(path = "programs/plan.html")]
struct PlanPage {
    page: Page,
    errors: ErrorSummary,
    tabs: Vec<Tab>,
    path: String,
    fields: Vec<String>,
    tries: Vec<String>,
    is_trying: bool,
    terms: Option<Terms>,
    tables: Vec<Table>,
    /// What no year reaches, in sentences.
    notes: Vec<String>,
    files: String,
}

/// What was counted.
#[derive(Default)]
struct Counted {
    terms: Option<Terms>,
    tables: Vec<Table>,
    notes: Vec<String>,
}

/// Shows effort and, where totals are given, a plan.
///
/// # Errors
/// `program_unknown`; or the database is away. What cannot be counted is told on the page.
#[get("/programs/{program}/plan")]
pub async fn read_plan(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    program: web::Path<String>,
    query: web::Query<BTreeMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    let row = programs::read(&state, &visitor.permit, &program).await?;
    let (counted, problem) = match count(&state, &visitor, &program, &query).await {
        Ok(counted) => (counted, None),
        Err(error) => (Counted::default(), Some(refused(error)?)),
    };
    let (usual, tries) = fields(&row, &visitor.who.role, &query, problem.as_ref())?;
    let place = problem.as_ref().map_or("", Refused::place);
    let of = |name: &str| query.get(name).is_some_and(|value| !value.trim().is_empty());
    let template = PlanPage {
        page: below_program(visitor.page("作業量と計画"), &row),
        errors: ErrorSummary {
            errors: problem
                .iter()
                .map(|refused: &Refused| (refused.place().to_owned(), refused.sentence.clone()))
                .collect(),
        },
        tabs: tabs(&visitor.who.role, &row.id, "/plan"),
        path: format!("/programs/{}/plan", row.id),
        fields: usual,
        tries,
        is_trying: ["surveyors", "person_days", "days"].iter().any(|name| of(name) || place == *name),
        terms: counted.terms,
        tables: counted.tables,
        notes: counted.notes,
        files: row.id,
    };
    Ok(render(problem.map_or(StatusCode::OK, |refused| refused.status), &template))
}

async fn count(
    state: &State,
    visitor: &Visitor<ReadPrograms>,
    program: &str,
    query: &BTreeMap<String, String>,
) -> Result<Counted, AppError> {
    let (asked, of, plan) = question(query, &visitor.who.role)?;
    let report = planning::effort::read(state, &visitor.permit, program, (of, plan.prefecture), &asked).await?;
    let mut counted = Counted {
        tables: effort(&report),
        ..Counted::default()
    };
    if !plan.totals.is_empty() {
        let planned = planning::years::read(state, &visitor.permit, program, &plan, &asked).await?;
        counted.tables.push(years(&planned));
        counted.tables.push(shares(&planned));
        counted.notes.push(format!(
            "計画の対象は{}病院（電子カルテがあり、前の年度に支援していない病院）です。計画の後に残るのは{}病院です。",
            words::count(planned.open),
            words::count(planned.uncovered)
        ));
        if planned.unknown > 0 {
            counted.notes.push(format!(
                "このほかに、電子カルテの有無の分からない病院が{}あります。どの年度にも入っていません。",
                words::count(planned.unknown)
            ));
        }
    }
    counted.terms = Some(Terms::of(&report.terms, &report.sheet.bands));
    Ok(counted)
}
