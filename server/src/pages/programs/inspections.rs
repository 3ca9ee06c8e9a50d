//! Findings of inspections (立入検査) of a prefecture, which its criteria may look at: the list, entering one, correcting it, taking it back. The ministry reads.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::inspection_forms::{Fields, Sent, begun, fields, level, new, place_of};
use super::pager::Pager;
use super::{below_program, board_path, prefecture};
use crate::app::inspections;
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, Policy, ReadPrograms};
use crate::db::inspections::FoundRow;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::filters;
use crate::pages::page::{Page, encoded, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A finding as it is read.
struct Finding {
    id: String,
    gmis: String,
    name: String,
    level: &'static str,
    day: String,
    note: String,
    recorded: String,
}

#[derive(Template)]
#[template(path = "programs/inspections.html")]
struct InspectionsPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    key: String,
    sought: String,
    findings: Vec<Finding>,
    pager: Pager,
    /// `None` for who may only look.
    fields: Option<Fields>,
    sent: Sent,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// G-MIS ID to begin the form with.
    hospital: String,
    /// Finding to correct.
    correct: String,
    q: String,
    page: String,
    done: String,
}

/// Shows the findings in force.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
#[get("/programs/{program}/prefectures/{prefecture}/inspections")]
pub async fn read_inspections(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let done = match query.done.as_str() {
        "enter" => Some("立入検査の指摘を記録しました。選定基準に立入検査の項目があれば、次に選定するときから点数に入ります。"),
        "correct" => Some("立入検査の指摘を訂正しました。"),
        "withdraw" => Some("立入検査の指摘を取り消しました。"),
        _ => None,
    };
    let shown = Shown { done, ..Shown::default() };
    show(&state, &visitor, (&program, prefecture(&code)?), query.into_inner(), shown).await
}

/// Enters, corrects or takes back a finding.
///
/// # Errors
/// As [`read_inspections`]; `inspection_unknown`. What else the use case refuses is the page again.
#[post("/programs/{program}/prefectures/{prefecture}/inspections")]
pub async fn say_inspection(
    state: web::Data<State>,
    visitor: Visitor<ChooseHospitals>,
    place: web::Path<(String, String)>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    // Findings belong to no programme, but this page is one's.
    programs::read(&state, &visitor.also::<ReadPrograms>()?, &program).await?;
    match say(&state, &visitor, prefecture, &sent).await {
        Ok(done) => {
            let query = encoded(&[("done", done)]);
            Ok(go_to(format!("{}/inspections?{query}", board_path(&program, prefecture))))
        }
        Err(error) => {
            let shown = Shown {
                refused: Some(refused(error)?),
                sent,
                done: None,
            };
            show(&state, &visitor, (&program, prefecture), Query::default(), shown).await
        }
    }
}

async fn say(state: &State, visitor: &Visitor<ChooseHospitals>, prefecture: PrefectureCode, sent: &Sent) -> Result<&'static str, AppError> {
    let permit = &visitor.permit;
    let key = keyed(
        &format!("{} {sent:?}", prefecture.code()),
        &format!("{} {} {}", sent.key, sent.act, sent.id),
    );
    let id = || {
        let unknown = |_no_id| AppError::not_found("inspection_unknown", "この立入検査の指摘はありません。一覧を確認してください。");
        Uuid::parse_str(&sent.id).map_err(unknown)
    };
    match sent.act.as_str() {
        "withdraw" => {
            inspections::withdraw(state, permit, (prefecture, id()?), &sent.reason, Some(&key)).await?;
            Ok("withdraw")
        }
        "correct" => {
            let new = new(sent)?;
            inspections::correct(state, permit, (prefecture, id()?), (&new, &sent.reason), Some(&key)).await?;
            Ok("correct")
        }
        _ => {
            inspections::enter(state, permit, prefecture, &new(sent)?, Some(&key)).await?;
            Ok("enter")
        }
    }
}

/// What is shown beside the findings.
#[derive(Default)]
struct Shown {
    done: Option<&'static str>,
    refused: Option<Refused>,
    sent: Sent,
}

async fn show<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (program, prefecture): (&str, PrefectureCode),
    query: Query,
    mut shown: Shown,
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let rows = inspections::list(state, &permit, prefecture).await?;
    if shown.refused.is_none() {
        shown.sent = begun(&rows, &query.correct, &query.hospital);
    }
    let board = board_path(program, prefecture);
    let path = format!("{board}/inspections");
    let sought = query.q.trim().to_owned();
    let found: Vec<FoundRow> = rows.into_iter().filter(|row| is_like(row, &sought)).collect();
    let pager = Pager::of(found.len(), query.page.parse().unwrap_or(1), |page| {
        format!("{path}?{}", encoded(&[("q", &sought), ("page", &page.to_string())]))
    });
    let refusal = shown.refused.as_ref();
    let template = InspectionsPage {
        page: below_program(visitor.page("立入検査の指摘"), &row)
            .below(board, format!("{}の選定", prefecture.name()))
            .done(shown.done),
        errors: ErrorSummary {
            errors: refusal
                .map(|refused| (place_of(refused, &shown.sent), refused.sentence.clone()))
                .into_iter()
                .collect(),
        },
        key: Uuid::now_v7().to_string(),
        findings: found
            .into_iter()
            .skip(pager.skipped())
            .take(super::pager::LINES)
            .map(finding)
            .collect(),
        fields: visitor
            .maybe::<ChooseHospitals>()
            .map(|_| fields(&shown.sent, refusal.filter(|_| shown.sent.act != "withdraw"))),
        path,
        sought,
        pager,
        sent: shown.sent,
    };
    Ok(render(shown.refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

fn is_like(row: &FoundRow, sought: &str) -> bool {
    let gmis = row.gmis_id.as_deref().unwrap_or_default();
    sought.is_empty() || row.name.contains(sought) || gmis.contains(&sought.to_uppercase())
}

fn finding(row: FoundRow) -> Finding {
    Finding {
        id: row.id.to_string(),
        gmis: row.gmis_id.unwrap_or_default(),
        name: row.name,
        level: level(row.level),
        day: words::date(row.inspected_on),
        note: row.note,
        recorded: words::day(row.recorded_at),
    }
}
