//! The first page after signing in, by role.

use actix_web::{HttpResponse, get, web};
use askama::Template;
use survey::submission::{Step, SubmissionState};

use crate::app::entries::{self, Task};
use crate::app::programs::lists;
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{ReadOwnSupport, ReadSelf, SubmitAnswers};
use crate::error::AppError;
use crate::pages::answers;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::surveys::overviews::{Summary, summary};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One survey in a hospital's list.
struct TaskCard {
    title: String,
    state: (&'static str, &'static str),
    since: String,
    until: String,
    draft: String,
    /// Words and path of what there is to do.
    act: Option<(&'static str, String)>,
    receipt: String,
    upload: String,
}

#[derive(Template)]
#[template(path = "home_hospital.html")]
struct HospitalHome {
    page: Page,
    tasks: Vec<TaskCard>,
    /// Title and fiscal year of programmes in which the hospital was chosen.
    chosen: Vec<(String, i32)>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    page: Page,
    surveys: Vec<Summary>,
}

/// The home of whoever is signed in.
///
/// # Errors
/// The database is away.
#[get("/")]
pub async fn read_home(state: web::Data<State>, visitor: Visitor<ReadSelf>) -> Result<HttpResponse, PageError> {
    match visitor.who.role {
        Role::Hospital(_) => hospital(&state, &visitor).await,
        _ => {
            let mut surveys = Vec::new();
            for survey in survey::all() {
                surveys.push(summary(&state, &visitor, survey).await?);
            }
            // The newest first: it is the one that is chased.
            surveys.reverse();
            Ok(show(&HomePage {
                page: visitor.page("ホーム"),
                surveys,
            }))
        }
    }
}

async fn hospital(state: &State, visitor: &Visitor<ReadSelf>) -> Result<HttpResponse, PageError> {
    let tasks = entries::tasks(state, &visitor.also::<SubmitAnswers>()?).await?;
    let chosen = lists::chosen_programs(state, &visitor.also::<ReadOwnSupport>()?).await?;
    Ok(show(&HospitalHome {
        page: visitor.page("回答する調査"),
        chosen: chosen.into_iter().map(|program| (program.title, program.fiscal_year)).collect(),
        tasks: tasks.iter().map(|task| card(state, task)).collect::<Result<_, AppError>>()?,
    }))
}

fn card(state: &State, task: &Task) -> Result<TaskCard, AppError> {
    let gmis = task.hospital.gmis_id.as_str();
    let form = answers::path(task.survey, gmis, "form");
    let may_submit = task.state.is_none_or(|state| state.after(Step::Submit).is_some());
    let act = match (task.open_until.is_some() && may_submit, task.state) {
        (false, _) => None,
        (true, Some(SubmissionState::Returned)) => Some(("差し戻された回答を直す", format!("{form}?check=1"))),
        (true, Some(SubmissionState::Submitted)) if task.draft.is_some() => Some(("変更の続きを入力する", form)),
        (true, Some(SubmissionState::Submitted)) => Some(("回答を直す", form)),
        (true, _) if task.draft.is_some() => Some(("続きを入力する", form)),
        (true, _) => Some(("回答を始める", form)),
    };
    let has_act = act.is_some();
    Ok(TaskCard {
        title: task.survey.title().to_owned(),
        state: words::state(task.state),
        since: task.since.map(words::moment).unwrap_or_default(),
        until: match task.open_until {
            Some(until) => format!("回答期限：{}まで（{}）", words::moment(until), words::left(until, state.now())),
            None => "受付期間外".to_owned(),
        },
        draft: match task.draft {
            Some(saved) if task.state.is_some_and(SubmissionState::counts) => {
                format!("{}に一時保存した変更が、まだ提出されていません。", words::moment(saved))
            }
            Some(saved) => format!("{}に一時保存しました。まだ提出されていません。", words::moment(saved)),
            None => String::new(),
        },
        act,
        receipt: if task.latest_revision > 0 {
            format!("{}/{}", answers::path(task.survey, gmis, "receipts"), task.latest_revision)
        } else {
            String::new()
        },
        upload: if has_act {
            answers::path(task.survey, gmis, "workbook")
        } else {
            String::new()
        },
    })
}
