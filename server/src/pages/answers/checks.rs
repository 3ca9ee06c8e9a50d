//! Check your answers, submit them, pull them back.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use survey::evaluate::{Asked, State as AnswerState};
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use super::forms::topic_of;
use super::questions::in_words;
use super::{framed, path};
use crate::app::entries::{self, Entry};
use crate::app::idempotency::Key;
use crate::app::state::State;
use crate::app::submissions::{self, NewAnswers, Way};
use crate::app::versions::Seen;
use crate::app::{steps, surveys};
use crate::auth::permit::SubmitAnswers;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One answer, to be looked at once more.
struct Line {
    key: String,
    heading: String,
    wording: String,
    answer: String,
    class: &'static str,
    faults: Vec<(&'static str, String)>,
    change: String,
    was: Option<String>,
}

#[derive(Template)]
#[template(path = "answers/check.html")]
struct CheckPage {
    page: Page,
    hospital: String,
    errors: Vec<(String, String)>,
    warnings: usize,
    topics: Vec<(String, Vec<Line>)>,
    action: String,
    form: String,
    version: i32,
    key: String,
    reason: Option<TextField>,
    left: String,
    is_open: bool,
    is_unchanged: bool,
}

/// Shows the answers before they are submitted.
///
/// # Errors
/// `survey_unknown`, `hospital_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/check")]
pub async fn read_check(
    state: web::Data<State>,
    visitor: Visitor<SubmitAnswers>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let entry = entries::open(&state, &visitor.permit, survey, &gmis).await?;
    Ok(show(&check(&state, &visitor, survey, &entry, None)))
}

fn check(
    state: &State,
    visitor: &Visitor<SubmitAnswers>,
    survey: &'static Survey,
    entry: &Entry,
    reason_error: Option<String>,
) -> CheckPage {
    let gmis = entry.hospital.gmis_id.as_str();
    let to = |key: &str| {
        format!(
            "{}?topic={}&check=1#{key}",
            path(survey, gmis, "form"),
            topic_of(survey, entry, key)
        )
    };
    let errors = entry
        .evaluation
        .faults
        .iter()
        .filter(|fault| fault.is_error())
        .map(|fault| (to(fault.question.as_deref().unwrap_or_default()), fault.message.clone()));
    let line = |question: &survey::question::Question| {
        let key = question.key.as_str();
        let state = entry.evaluation.states.get(key).copied().unwrap_or(AnswerState::Blank);
        let words = in_words(question, entry.answers.get(key));
        let is_own = |fault: &&Fault| fault.question.as_deref().and_then(|place| place.split('.').next()) == Some(key);
        let faults = entry.evaluation.faults.iter().filter(is_own).map(|fault| {
            let class = if fault.is_error() { "error-text" } else { "warn-text" };
            (class, fault.message.clone())
        });
        let (answer, class) = match state {
            AnswerState::NotAsked => ("回答不要（非該当）".to_owned(), "not-asked"),
            AnswerState::Undetermined => ("前の設問の回答待ち".to_owned(), "not-asked"),
            _ if words.is_empty() => ("（空欄）".to_owned(), "not-asked"),
            _ => (words, ""),
        };
        let hidden = matches!(entry.evaluation.asked.get(key), Some(Asked::NotAsked | Asked::Undetermined));
        Line {
            heading: question.heading(),
            wording: question.item_wording.clone(),
            answer,
            class,
            faults: faults.collect(),
            change: if hidden { String::new() } else { to(key) },
            was: entry
                .earlier
                .get(key)
                .map(|earlier| format!("{}年：{}", earlier.survey, earlier.answer)),
            key: key.to_owned(),
        }
    };
    let topics = survey.topics(entry.edition);
    CheckPage {
        page: framed(visitor, survey, entry, &format!("{}年調査：回答内容の確認", survey.id())),
        hospital: format!("{}（{gmis}）", entry.hospital.name),
        errors: errors.collect(),
        warnings: entry.evaluation.faults.iter().filter(|fault| !fault.is_error()).count(),
        topics: topics
            .iter()
            .map(|topic| (topic.title.to_owned(), topic.questions.iter().map(line).collect()))
            .collect(),
        action: path(survey, gmis, "check"),
        form: path(survey, gmis, "form"),
        version: entry.version,
        key: Uuid::now_v7().to_string(),
        reason: (entry.path == survey::answer::EntryPath::Proxy && entry.latest_revision > 0).then(|| {
            TextField::new("reason", "すでにある回答を置き換える理由")
                .takes(Takes::Lines)
                .support("病院の回答を置き換えるときは、理由が記録に残ります。例：病院から電話で訂正の連絡があったため")
                .error(reason_error)
        }),
        left: match entry.open_until {
            Some(until) => format!("提出期限：{}（{}）", words::moment(until), words::left(until, state.now())),
            None => "現在は提出を受け付けていません。".to_owned(),
        },
        is_open: entry.open_until.is_some(),
        is_unchanged: entry.submitted.as_ref() == Some(&entry.answers)
            && entry.state.is_some_and(survey::submission::SubmissionState::counts),
    }
}

/// What the button of the check sends.
#[derive(Debug, Deserialize)]
pub struct Submission {
    version: i32,
    key: String,
    #[serde(default)]
    reason: String,
}

/// Submits what is saved: exactly once for the page that was shown.
///
/// # Errors
/// As [`submissions::submit`].
#[post("/surveys/{survey}/hospitals/{hospital}/check")]
pub async fn submit_form(
    state: web::Data<State>,
    visitor: Visitor<SubmitAnswers>,
    place: web::Path<(String, String)>,
    sent: web::Form<Submission>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let sent = sent.into_inner();
    let entry = entries::open(&state, &visitor.permit, survey, &gmis).await?;
    if entry.evaluation.has_errors() {
        return Ok(render(
            StatusCode::UNPROCESSABLE_ENTITY,
            &check(&state, &visitor, survey, &entry, None),
        ));
    }
    let received = serde_json::to_vec(&entry.answers).map_err(AppError::internal)?;
    // The same page sent twice is one submission; what was saved since is in none of them.
    let key = keyed(
        &format!("submit {} {gmis} {} {}", survey.id(), sent.version, sent.reason),
        &sent.key,
    );
    let new = NewAnswers {
        hospital: gmis.clone(),
        edition: Some(entry.edition.id().as_str().to_owned()),
        answers: entry.answers.clone(),
        reason: Some(sent.reason.clone()),
        way: Way::Page,
        received: Sha256::digest(&received).into(),
        seen: Some(Seen::Version(sent.version)),
    };
    let answer = match submissions::submit(&state, &visitor.permit, survey, &new, Some(&key)).await {
        Ok(answer) => answer,
        Err(AppError::Conflict(refusal)) if refusal.code == "already_answered" => {
            let again = check(&state, &visitor, survey, &entry, Some("理由を入力してください。".to_owned()));
            return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &again));
        }
        Err(error) => return Err(error.into()),
    };
    let number = answer.body.get("revision").and_then(serde_json::Value::as_i64).unwrap_or(1);
    Ok(go_to(format!("{}/{number}?done=submitted", path(survey, &gmis, "receipts"))))
}

/// A key of a page's form: what it says is bound to it.
pub fn keyed(what: &str, key: &str) -> Key {
    Key {
        key: key.chars().take(255).collect(),
        request_hash: Sha256::digest(what.as_bytes()).into(),
    }
}

/// What the form of pulling back sends.
#[derive(Debug, Deserialize)]
pub struct Withdrawal {
    version: i32,
    #[serde(default)]
    reason: String,
}

/// Pulls submitted answers back.
///
/// # Errors
/// As [`steps::withdraw`].
#[post("/surveys/{survey}/hospitals/{hospital}/withdraw")]
pub async fn withdraw_form(
    state: web::Data<State>,
    visitor: Visitor<SubmitAnswers>,
    place: web::Path<(String, String)>,
    sent: web::Form<Withdrawal>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let reason = Some(sent.reason.trim()).filter(|reason| !reason.is_empty());
    let seen = Seen::Version(sent.version);
    steps::withdraw(&state, &visitor.permit, survey, &gmis, (seen, reason), None).await?;
    Ok(go_to(format!("{}?check=1", path(survey, &gmis, "form"))))
}

/// The answers of a revision in the order of the questionnaire, for pages that only show them.
pub fn lines(edition: &survey::edition::Edition, answers: &serde_json::Value) -> Vec<(String, String)> {
    let known: BTreeMap<&str, &serde_json::Value> = answers
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    edition
        .questions()
        .iter()
        .map(|question| (question.heading(), in_words(question, known.get(question.key.as_str()).copied())))
        .collect()
}
