//! One hospital in a survey: its facts, how it stands, what it answered with what was found, what happened, how revisions differ, and the ways on.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use survey::band::Banding;
use survey::evaluate::State as AnswerState;
use survey::fault::Fault;
use survey::submission::{Step, SubmissionState};
use survey::survey::Survey;
use uuid::Uuid;

use super::findings::stored;
use super::histories::{Comparison, Event, comparison, events, way};
use super::{framed, path};
use crate::app::state::State;
use crate::app::submissions::{self, ReadBack};
use crate::app::{frames, intake, surveys};
use crate::auth::actor::Role;
use crate::auth::permit::{Policy, ReadAnswers, ReviewAnswers, SubmitAnswers};
use crate::error::AppError;
use crate::pages::answers::questions::in_words;
use crate::pages::error::PageError;
use crate::pages::fields::ErrorSummary;
use crate::pages::page::{Page, render};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One answer with what was found in it.
pub struct Line {
    /// The question's key.
    pub key: String,
    /// The question as printed.
    pub heading: String,
    /// The answer as a person reads it; may be empty.
    pub answer: String,
    /// Why there is no answer.
    pub none: Option<&'static str>,
    /// Class and sentence of each finding.
    pub faults: Vec<(&'static str, String)>,
}

/// What can be done, as far as role, state and time allow: paths, or empty.
struct Acts {
    accept: String,
    give_back: String,
    enter: String,
    enter_text: &'static str,
    withdraw: String,
    receipt: String,
    template: String,
}

#[derive(Template)]
#[template(path = "surveys/hospital.html")]
struct HospitalPage {
    page: Page,
    errors: ErrorSummary,
    name: String,
    state: (&'static str, &'static str),
    note: String,
    facts: Vec<(&'static str, String)>,
    revision: String,
    lines: Vec<Line>,
    events: Vec<Event>,
    comparison: Option<Comparison>,
    here: String,
    acts: Acts,
    version: i32,
    key: String,
}

/// Which revisions are compared, and what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    from: String,
    to: String,
    done: String,
}

/// Reads a hospital.
///
/// # Errors
/// `survey_unknown`, `hospital_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}")]
pub async fn read_hospital(
    state: web::Data<State>,
    visitor: Visitor<ReadAnswers>,
    place: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    Ok(hospital(&state, &visitor, (survey, &gmis), &query, None).await?)
}

/// The page of a hospital; with a refusal, if something that was done from here was refused.
///
/// # Errors
/// As [`read_hospital`].
pub async fn hospital<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (survey, gmis): (&'static Survey, &str),
    query: &Query,
    refused: Option<String>,
) -> Result<HttpResponse, AppError> {
    let read = submissions::read(state, &visitor.also::<ReadAnswers>()?, survey, gmis).await?;
    let standing = read.submission.as_ref().map(|row| row.state);
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let mut page = framed(visitor, survey, read.hospital.name.clone());
    if !matches!(visitor.who.role, Role::Hospital(_)) {
        page = page.below(path(survey, "hospitals"), "病院の一覧");
    }
    let shown = HospitalPage {
        page: page.done(done(&query.done)),
        errors: ErrorSummary {
            errors: refused.into_iter().map(|sentence| (String::new(), sentence)).collect(),
        },
        name: read.hospital.name.clone(),
        state: words::state(standing),
        note: note(state, &read),
        facts: facts(&read)?,
        revision: read.revisions.last().map_or_else(String::new, |(row, _)| {
            format!("第{}版（{}、{}）", row.number, words::moment(row.received_at), way(&row.entry_path))
        }),
        lines: lines(state, visitor, survey, &read).await?,
        events: events(survey, &read)?,
        comparison: comparison(survey, &read, (&query.from, &query.to))?,
        here: path(survey, &format!("hospitals/{gmis}")),
        acts: acts(visitor, survey, &read),
        version: read.submission.as_ref().map_or(0, |row| row.version),
        key: Uuid::now_v7().to_string(),
    };
    Ok(render(status, &shown))
}

fn done(word: &str) -> Option<&'static str> {
    match word {
        "accepted" => Some("確認済みにしました。この回答は、差し戻すまで病院が変更できません。"),
        "returned" => Some("差し戻しました。病院が再提出するまで、この回答は集計に数えません。"),
        _ => None,
    }
}

/// What of its state must not be overlooked.
fn note(state: &State, read: &ReadBack) -> String {
    let until = |what: &str| {
        read.open_until.map_or_else(
            || "現在は回答を受け付けていません。".to_owned(),
            |until| format!("{what}：{}まで（{}）", words::moment(until), words::left(until, state.now())),
        )
    };
    match read.submission.as_ref().map(|row| row.state) {
        None => format!("まだ回答を始めていません。{}", until("受付")),
        Some(SubmissionState::Draft) => format!("一時保存だけで、まだ提出していません。{}", until("受付")),
        Some(SubmissionState::Returned) => format!("差し戻しています。再提出されるまで集計に数えません。{}", until("再提出")),
        Some(SubmissionState::Withdrawn) => format!("病院が引き戻しました。再提出されるまで集計に数えません。{}", until("再提出")),
        Some(SubmissionState::Submitted | SubmissionState::Accepted) => String::new(),
    }
}

fn facts(read: &ReadBack) -> Result<Vec<(&'static str, String)>, AppError> {
    let row = &read.hospital;
    let beds = frames::beds_of(row.beds)?;
    let band = Banding::Survey.bands().iter().find(|band| band.holds(beds));
    let since = read.submission.as_ref().map(|row| words::moment(row.updated_at));
    let mut facts = vec![
        ("G-MIS ID", row.gmis_id.clone()),
        ("保険医療機関コード", row.institution_code.clone().unwrap_or_default()),
        ("所在地", frames::place_of(row.prefecture, &row.municipality)?.name()),
        ("許可病床数", format!("{}床（{}）", row.beds, band.map_or("", |band| band.label))),
        ("状態の日時", since.unwrap_or_default()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    Ok(facts)
}

/// The answers of the latest revision in the order of the questionnaire.
///
/// # Errors
/// `edition_unknown`; internal: what is stored cannot be read.
pub async fn lines<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    survey: &'static Survey,
    read: &ReadBack,
) -> Result<Vec<Line>, AppError> {
    let Some((row, respondent)) = read.revisions.last() else {
        return Ok(Vec::new());
    };
    let standings = submissions::standings(state, &visitor.also::<ReadAnswers>()?, survey, read).await?;
    let edition = surveys::edition(survey, Some(&row.edition_id))?;
    let answers = intake::together(row.answers.clone(), respondent.clone());
    let mut found: BTreeMap<String, Vec<Fault>> = BTreeMap::new();
    for fault in stored(row.warnings.clone())? {
        let question = fault.question.clone().unwrap_or_default();
        found
            .entry(question.split('.').next().unwrap_or_default().to_owned())
            .or_default()
            .push(fault);
    }
    let line = |question: &survey::question::Question| {
        let key = question.key.as_str();
        let faults = found.get(key).into_iter().flatten();
        Line {
            key: key.to_owned(),
            heading: question.heading(),
            none: match standings.get(key) {
                Some(AnswerState::NotAsked) => Some("回答不要（非該当）"),
                _ if answers.get(key).is_none() => Some("（空欄）"),
                _ => None,
            },
            answer: in_words(question, answers.get(key)),
            faults: faults
                .map(|fault| (if fault.is_error() { "error-text" } else { "warn-text" }, fault.message.clone()))
                .collect(),
        }
    };
    Ok(edition.questions().iter().map(line).collect())
}

fn acts<P: Policy>(visitor: &Visitor<P>, survey: &Survey, read: &ReadBack) -> Acts {
    let own = |page: &str| path(survey, &format!("hospitals/{}{page}", read.hospital.gmis_id));
    let only = |may: bool, page: &str| if may { own(page) } else { String::new() };
    let standing = read.submission.as_ref().map(|row| row.state);
    let may_step = |step: Step| standing.is_some_and(|standing| standing.after(step).is_some());
    let reviews = visitor.maybe::<ReviewAnswers>().is_some() && !read.revisions.is_empty();
    let submits = visitor.maybe::<SubmitAnswers>().is_some() && read.open_until.is_some();
    let is_own = matches!(visitor.who.role, Role::Hospital(_));
    let latest = read.revisions.last().map(|(row, _)| row);
    let is_proxy = latest.is_some_and(|row| row.entry_path == "proxy");
    Acts {
        accept: only(reviews && may_step(Step::Accept), "/acceptance"),
        give_back: only(reviews && may_step(Step::Return), "/return"),
        enter: only(submits && (standing.is_none() || may_step(Step::Submit)), "/form"),
        enter_text: if is_own { "回答を入力する" } else { "代行入力する" },
        withdraw: only(submits && may_step(Step::Withdraw) && (is_own || is_proxy), "/withdraw"),
        receipt: latest.map_or_else(String::new, |row| own(&format!("/receipts/{}", row.number))),
        template: own("/template.xlsx"),
    }
}
