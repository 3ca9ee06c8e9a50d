//! A survey as those see it who chase and correct: the ministry the nation, a prefecture or city its area. Hospitals are led to their own form.

pub mod enrolments;
pub mod files;
pub mod findings;
pub mod histories;
pub mod hospitals;
pub mod imports;
pub mod lists;
pub mod overviews;
pub mod reminders;
pub mod reviews;
pub mod table_views;
pub mod tables;
pub mod templates;
pub mod verdicts;
pub mod workbooks;

use actix_web::{HttpResponse, web};
use askama::Template;
use survey::survey::Survey;

use crate::app::entries;
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{GrantTime, ImportAnswers, Policy, ReadHospitals, ReadReleases, ReadTables, RemindHospitals, SubmitAnswers};
use crate::error::AppError;
use crate::pages::answers;
use crate::pages::page::{Page, go_to};
use crate::pages::visitor::Visitor;

/// The pages of this part.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(overviews::read_overview)
        .service(overviews::draw_rates)
        .service(lists::list_hospitals)
        .service(lists::print_missing)
        .service(hospitals::read_hospital)
        .service(reviews::accept_answers)
        .service(reviews::read_return)
        .service(reviews::return_answers)
        .service(templates::download_hospital_template)
        .service(templates::download_area_template)
        .service(workbooks::read_workbook)
        .service(workbooks::send_workbook)
        .service(imports::list_imports)
        .service(imports::send_file)
        .service(verdicts::read_import)
        .service(verdicts::download_annotated)
        .service(reminders::read_reminders)
        .service(reminders::send_reminders)
        .service(tables::read_table)
        .service(tables::draw_table)
        .service(tables::download_csv)
        .service(tables::download_xlsx)
        .service(enrolments::list_enrolments)
        .service(enrolments::invite_hospitals)
        .service(super::jobs::read_job)
        .service(super::jobs::follow_job)
        .service(super::jobs::download_job_file);
}

/// The path of one of a survey's pages; of the survey itself without a name.
pub fn path(survey: &Survey, page: &str) -> String {
    if page.is_empty() {
        format!("/surveys/{}", survey.id())
    } else {
        format!("/surveys/{}/{page}", survey.id())
    }
}

/// A path with a query of what is filled in.
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let filled: Vec<&(&str, &str)> = query.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(&filled) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// How a survey is called where there is little room.
pub fn short(survey: &Survey) -> String {
    let id = survey.id().as_str();
    if id.chars().all(|c| c.is_ascii_digit()) {
        format!("{id}年調査")
    } else {
        survey.title().to_owned()
    }
}

/// The frame of a page below a survey.
pub fn framed<P: Policy>(visitor: &Visitor<P>, survey: &Survey, title: impl Into<String>) -> Page {
    let page = visitor.page(title).below("/", "ホーム");
    if matches!(visitor.who.role, Role::Hospital(_)) {
        return page;
    }
    // Who sees no hospitals has of a survey what was released.
    let first = if ReadHospitals::allows(&visitor.who.role) { "" } else { "releases" };
    page.below(path(survey, first), short(survey))
}

/// One page of a survey in the row of its pages.
struct Tab {
    href: String,
    text: &'static str,
    is_here: bool,
}

/// The row of a survey's pages, as far as the role may have them.
#[derive(Template)]
#[template(path = "surveys/tabs.html")]
pub struct Tabs {
    survey: String,
    tabs: Vec<Tab>,
}

/// The row of a survey's pages; `here` is the name of the one that is shown, empty for the survey itself. A hospital has none of them.
pub fn tabs(role: &Role, survey: &Survey, here: &str) -> Tabs {
    let own = !matches!(role, Role::Hospital(_));
    // The map is the nation's.
    let sees_nation = ReadTables::allows(role) && !matches!(role, Role::Prefecture(_) | Role::Municipality(_));
    let all: [(&str, &'static str, bool); 9] = [
        ("", "回答の状況", own && ReadHospitals::allows(role)),
        ("hospitals", "病院", own && ReadHospitals::allows(role)),
        ("reminders", "督促", RemindHospitals::allows(role)),
        ("uploads", "ファイルの取込み", own && ImportAnswers::allows(role)),
        ("table", "集計表", ReadTables::allows(role)),
        ("map", "地図", sees_nation),
        ("trends", "年次推移", ReadTables::allows(role)),
        ("releases", "公表版", own && ReadReleases::allows(role)),
        ("windows", "調査期間", GrantTime::allows(role)),
    ];
    Tabs {
        survey: short(survey),
        tabs: all
            .into_iter()
            .filter(|(_, _, may)| *may)
            .map(|(page, text, _)| Tab {
                href: path(survey, page),
                text,
                is_here: page == here,
            })
            .collect(),
    }
}

/// Where a hospital is led that opens a page of the whole survey: one of its own pages. `None` for everybody else.
///
/// # Errors
/// `hospital_unknown`: the survey does not ask this hospital; or the database is away.
pub async fn own_page<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    survey: &Survey,
    page: &str,
) -> Result<Option<HttpResponse>, AppError> {
    if !matches!(visitor.who.role, Role::Hospital(_)) {
        return Ok(None);
    }
    let tasks = entries::tasks(state, &visitor.also::<SubmitAnswers>()?).await?;
    let task = tasks.into_iter().find(|task| task.survey.id() == survey.id()).ok_or_else(|| {
        AppError::not_found(
            "hospital_unknown",
            "貴院はこの調査の対象ではありません。対象の調査はホームで確認してください。",
        )
    })?;
    Ok(Some(go_to(answers::path(task.survey, &task.hospital.gmis_id, page))))
}
