//! How far something is that takes longer than a request: read again by a browser without JavaScript, followed by one with it, and the way to what came
//! of it. Starts nothing.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::api::jobs::events;
use crate::api::problem::ApiError;
use crate::api::surveys::download;
use crate::app::jobs::{self, Job};
use crate::app::state::State;
use crate::auth::permit::FollowJobs;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// How a job stands, in words.
#[derive(Debug, Serialize)]
struct News {
    /// For people.
    text: String,
    done: i32,
    /// 0: not known.
    total: i32,
    over: bool,
    failed: bool,
    /// Path of what came of it, or empty.
    href: String,
    /// What it is called.
    link: &'static str,
}

impl News {
    fn of(job: &Job) -> News {
        let row = &job.row;
        let (text, answer) = match job.answer() {
            Ok(Some((_, answer))) => ("終わりました。".to_owned(), Some(answer)),
            Ok(None) => (progress(job), None),
            Err(error) => (format!("できませんでした。{}", ApiError::from(error).problem().detail), None),
        };
        let (href, link) = answer.as_ref().map_or((String::new(), ""), |answer| result(job, answer));
        News {
            text,
            done: row.done,
            total: row.total,
            over: job.is_over(),
            failed: row.state == "failed",
            href,
            link,
        }
    }
}

fn progress(job: &Job) -> String {
    let row = &job.row;
    let phase = match row.phase.as_str() {
        "reading" => "ファイルを読み取っています",
        "checking" => "回答を検査しています",
        "recording" => "結果を記録しています",
        "writing" => "ファイルを作っています",
        _ if row.state == "queued" => "順番を待っています",
        _ => "処理しています",
    };
    if row.total > 0 {
        format!("{phase}（{}件のうち{}件）", words::count(row.total), words::count(row.done))
    } else {
        format!("{phase}。")
    }
}

/// Where that is which came of a job.
fn result(job: &Job, answer: &Value) -> (String, &'static str) {
    let row = &job.row;
    let said = |name: &str| match answer.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    match row.kind.as_str() {
        "import" => {
            let word = if said("repeated") == "true" { "repeated" } else { "imported" };
            let href = format!("/surveys/{}/uploads/{}?done={word}", row.survey_id, said("import"));
            (href, "取込みの結果を見る")
        }
        "release" => (format!("/surveys/{}/releases/{}", row.survey_id, said("number")), "公表版を見る"),
        _ => (format!("/jobs/{}/file", row.id), "ファイルを受け取る"),
    }
}

#[derive(Template)]
#[template(path = "surveys/job.html")]
struct JobPage {
    page: Page,
    news: News,
    events: String,
    here: String,
    queued: String,
    back: String,
}

/// Shows how far a job is.
///
/// # Errors
/// `job_unknown`, for somebody else's too; or the database is away.
#[get("/jobs/{job}")]
pub async fn read_job(state: web::Data<State>, visitor: Visitor<FollowJobs>, place: web::Path<Uuid>) -> Result<HttpResponse, PageError> {
    let job = jobs::read(&state, &visitor.permit, *place).await?;
    let title = match job.row.kind.as_str() {
        "import" => "ファイルの取込み",
        "release" => "公表版の作成",
        _ => "ファイルの作成",
    };
    Ok(show(&JobPage {
        page: visitor.page(title).below("/", "ホーム"),
        news: News::of(&job),
        events: format!("/jobs/{}/events", job.row.id),
        here: format!("/jobs/{}", job.row.id),
        queued: words::moment(job.row.queued_at),
        back: format!("/surveys/{}", job.row.survey_id),
    }))
}

/// The file that a job made.
///
/// # Errors
/// `job_unknown`, `job_not_over`, `job_without_file`, `file_erased`; or the database is away.
#[get("/jobs/{job}/file")]
pub async fn download_job_file(
    state: web::Data<State>,
    visitor: Visitor<FollowJobs>,
    place: web::Path<Uuid>,
) -> Result<HttpResponse, PageError> {
    let (file, bytes) = jobs::file(&state, &visitor.permit, *place).await?;
    Ok(download(&file.file_name, &file.media_type, bytes))
}

/// Follows a job: a server-sent event `job` whenever it moved, the last one when it is over.
///
/// # Errors
/// `job_unknown`; or the database is away.
#[get("/jobs/{job}/events")]
pub async fn follow_job(state: web::Data<State>, visitor: Visitor<FollowJobs>, place: web::Path<Uuid>) -> Result<HttpResponse, PageError> {
    // Refused here and not in the middle of a stream.
    jobs::read(&state, &visitor.permit, *place).await?;
    let told = jobs::follow(state.get_ref().clone(), visitor.permit, *place);
    Ok(events(told, News::of))
}
