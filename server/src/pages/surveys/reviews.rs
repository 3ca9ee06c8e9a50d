//! What a prefecture or the ministry does with submitted answers: accept them, or return them with what is to be corrected. What was typed is kept when it
//! is refused.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;
use survey::survey::Survey;
use survey::window::JST;
use uuid::Uuid;

use super::hospitals::{Query, hospital, lines};
use super::{framed, path};
use crate::app::state::State;
use crate::app::steps::{self, Comment, Review};
use crate::app::submissions::{self, ReadBack};
use crate::app::surveys;
use crate::app::versions::Seen;
use crate::auth::permit::{ReadAnswers, ReviewAnswers};
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::answers::given::{self, Sent};
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// The field of a remark on the answers as a whole.
const GENERAL: &str = "general";
/// The field of the date until which the answers may come again.
const UNTIL: &str = "resubmit_until";

/// What the button of acceptance sends.
#[derive(Debug, Deserialize)]
pub struct Acceptance {
    version: i32,
    key: String,
}

/// Accepts a hospital's answers.
///
/// # Errors
/// As [`steps::review`].
#[post("/surveys/{survey}/hospitals/{hospital}/acceptance")]
pub async fn accept_answers(
    state: web::Data<State>,
    visitor: Visitor<ReviewAnswers>,
    place: web::Path<(String, String)>,
    sent: web::Form<Acceptance>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let key = keyed(&format!("accept {} {gmis} {}", survey.id(), sent.version), &sent.key);
    let what = (Seen::Version(sent.version), &Review::Accept);
    match steps::review(&state, &visitor.permit, survey, &gmis, what, Some(&key)).await {
        Ok(_) => Ok(go_to(format!("{}?done=accepted", path(survey, &format!("hospitals/{gmis}"))))),
        Err(AppError::Stale(refusal, _) | AppError::Conflict(refusal)) => {
            Ok(hospital(&state, &visitor, (survey, &gmis), &Query::default(), Some(refusal.message)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "surveys/return.html")]
struct ReturnPage {
    page: Page,
    errors: ErrorSummary,
    name: String,
    state: (&'static str, &'static str),
    general: TextField,
    asked: Vec<TextField>,
    until: TextField,
    action: String,
    back: String,
    version: i32,
    key: String,
}

/// Shows the form of returning answers.
///
/// # Errors
/// `survey_unknown`, `hospital_unknown`, `step_not_possible`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/return")]
pub async fn read_return(
    state: web::Data<State>,
    visitor: Visitor<ReviewAnswers>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let read = submissions::read(&state, &visitor.also::<ReadAnswers>()?, survey, &gmis).await?;
    Ok(show(&page(&state, &visitor, survey, &read, (&Sent::new(), &[])).await?))
}

async fn page(
    state: &State,
    visitor: &Visitor<ReviewAnswers>,
    survey: &'static Survey,
    read: &ReadBack,
    (sent, errors): (&Sent, &[(String, String)]),
) -> Result<ReturnPage, AppError> {
    let gmis = read.hospital.gmis_id.as_str();
    let typed = |name: &str| given::value(sent, name).unwrap_or_default().to_owned();
    let wrong = |name: &str| errors.iter().find(|(field, _)| field == name).map(|(_, sentence)| sentence.clone());
    let asked = lines(state, visitor, survey, read).await?.into_iter().map(|line| {
        let name = format!("comment.{}", line.key);
        let answer = match line.none {
            Some(none) => none.to_owned(),
            None => line.answer.lines().collect::<Vec<_>>().join("、"),
        };
        TextField::new(&name, line.heading)
            .optional()
            .takes(Takes::Lines)
            .support(format!("回答：{answer}"))
            .value(typed(&name))
    });
    let here = path(survey, &format!("hospitals/{gmis}"));
    let until = match read.open_until {
        Some(until) => format!("空けておくと、調査期間の終わり（{}）までになります。", words::moment(until)),
        None => "調査期間が終わっているため、再提出期限を入力してください。".to_owned(),
    };
    let until = TextField::new(UNTIL, "再提出期限")
        .takes(Takes::Moment)
        .support(format!("{until}この時刻の分まで受け付けます。"))
        .value(typed(UNTIL))
        .error(wrong(UNTIL));
    Ok(ReturnPage {
        page: framed(visitor, survey, "回答を差し戻す")
            .below(path(survey, "hospitals"), "病院の一覧")
            .below(here.clone(), read.hospital.name.clone()),
        errors: ErrorSummary { errors: errors.to_vec() },
        name: format!("{}（{gmis}）", read.hospital.name),
        state: words::state(read.submission.as_ref().map(|row| row.state)),
        general: TextField::new(GENERAL, "全体への指摘")
            .optional()
            .takes(Takes::Lines)
            .support("どの設問にも当てはまらないことを書きます。設問ごとの指摘は、下の各設問に書いてください。")
            .value(typed(GENERAL))
            .error(wrong(GENERAL)),
        asked: asked.collect(),
        until: if read.open_until.is_some() { until.optional() } else { until },
        action: format!("{here}/return"),
        back: here,
        version: read.submission.as_ref().map_or(0, |row| row.version),
        key: Uuid::now_v7().to_string(),
    })
}

/// Returns a hospital's answers.
///
/// # Errors
/// As [`steps::review`]; what can be mended on the page is told there.
#[post("/surveys/{survey}/hospitals/{hospital}/return")]
pub async fn return_answers(
    state: web::Data<State>,
    visitor: Visitor<ReviewAnswers>,
    place: web::Path<(String, String)>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let refused = match send(&state, &visitor, survey, &gmis, &sent).await {
        Ok(()) => return Ok(go_to(format!("{}?done=returned", path(survey, &format!("hospitals/{gmis}"))))),
        Err(AppError::Invalid(refusal)) => {
            let field = match refusal.code.as_ref() {
                "comments_missing" | "comments_too_many" => GENERAL,
                "resubmission_date_missing" | "resubmission_date_past" | "time_invalid" => UNTIL,
                _ => "",
            };
            (StatusCode::UNPROCESSABLE_ENTITY, (field.to_owned(), refusal.message))
        }
        // What is shown again is what is stored now, with what was typed beside it.
        Err(AppError::Stale(refusal, _) | AppError::Conflict(refusal)) => (StatusCode::CONFLICT, (String::new(), refusal.message)),
        Err(error) => return Err(error.into()),
    };
    let read = submissions::read(&state, &visitor.also::<ReadAnswers>()?, survey, &gmis).await?;
    let (status, error) = refused;
    Ok(render(status, &page(&state, &visitor, survey, &read, (&sent, &[error])).await?))
}

async fn send(state: &State, visitor: &Visitor<ReviewAnswers>, survey: &'static Survey, gmis: &str, sent: &Sent) -> Result<(), AppError> {
    let typed = |name: &str| given::value(sent, name).unwrap_or_default().trim();
    let review = Review::Return {
        comments: comments(sent),
        resubmit_until: until(typed(UNTIL))?,
    };
    let version = typed("version");
    let seen = version.parse().map_or(Seen::Nothing, Seen::Version);
    let key = keyed(&format!("return {} {gmis} {version} {review:?}", survey.id()), typed("key"));
    steps::review(state, &visitor.permit, survey, gmis, (seen, &review), Some(&key)).await?;
    Ok(())
}

/// What was written, the whole first; what was left empty is no comment.
fn comments(sent: &Sent) -> Vec<Comment> {
    let of = |(name, text): &(String, String)| {
        let question = match name.as_str() {
            GENERAL => None,
            name => Some(name.strip_prefix("comment.")?.to_owned()),
        };
        let text = text.replace("\r\n", "\n").trim().to_owned();
        (!text.is_empty()).then_some(Comment { question, text })
    };
    sent.iter().filter_map(of).collect()
}

/// A moment in Japan as browsers send it; its minute is included, as people read a time.
///
/// # Errors
/// `time_invalid`.
pub fn until(text: &str) -> Result<Option<DateTime<Utc>>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .ok()
        .and_then(|local| local.and_local_timezone(JST).single());
    let local = local.ok_or_else(|| {
        AppError::invalid(
            "time_invalid",
            "日時を読み取れません。年、月、日と時刻を、例のように入力してください（例：2024-03-15T17:00）。",
        )
    })?;
    Ok(Some(local.to_utc() + TimeDelta::seconds(59)))
}
