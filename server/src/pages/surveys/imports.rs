//! Files of many hospitals: checked, given back with what was found, or imported; and the list of those that were sent.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use survey::survey::Survey;
use uuid::Uuid;

use super::files::{Act, Report, act, act_field, asked, findings_of, import_of, numbering_field, refusal, soon};
use super::findings::Findings;
use super::{Tabs, framed, own_page, path, tabs, with_query};
use crate::app::idempotency::Key;
use crate::app::imports::{self, Upload};
use crate::app::jobs::How;
use crate::app::state::State;
use crate::app::{annotations, jobs, surveys};
use crate::auth::permit::ImportAnswers;
use crate::db::imports::ImportRow;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::uploads::{self, Sent};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Imports on a page.
const IMPORTS: i64 = 20;

/// One import of the list.
struct Listed {
    href: String,
    file_name: String,
    when: String,
    who: &'static str,
    accepted: i32,
    unchanged: i32,
    rejected: i32,
}

#[derive(Template)]
#[template(path = "surveys/uploads.html")]
struct UploadsPage {
    page: Page,
    tabs: Tabs,
    errors: ErrorSummary,
    report: Option<Report>,
    findings: Option<Findings>,
    numbering: Option<ChoiceField>,
    reason: TextField,
    again: ChoiceField,
    act: ChoiceField,
    action: String,
    key: String,
    template: String,
    listed: Vec<Listed>,
    next: String,
}

/// What the page says of a file that was sent.
#[derive(Default)]
struct Said {
    errors: Vec<(String, String)>,
    report: Option<Report>,
    findings: Option<Findings>,
    act: Act,
    sent: Sent,
}

/// Which imports.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    after: String,
}

/// Shows the form of files, and what was sent before.
///
/// # Errors
/// `survey_unknown`; or the database is away.
#[get("/surveys/{survey}/uploads")]
pub async fn list_imports(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    if let Some(own) = own_page(&state, &visitor, survey, "workbook").await? {
        return Ok(own);
    }
    Ok(show(&page(&state, &visitor, survey, &query.after, Said::default()).await?))
}

async fn page(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    survey: &'static Survey,
    after: &str,
    said: Said,
) -> Result<UploadsPage, AppError> {
    let before = Uuid::parse_str(after).ok();
    let rows = imports::list(state, &visitor.permit, survey, before, IMPORTS).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= IMPORTS);
    let next = rows.last().filter(|_| is_full).map(|row| row.id.to_string()).unwrap_or_default();
    let listed = |row: ImportRow| Listed {
        href: path(survey, &format!("uploads/{}", row.id)),
        file_name: row.file_name,
        when: words::moment(row.imported_at),
        who: words::role_named(&row.actor),
        accepted: row.accepted,
        unchanged: row.unchanged,
        rejected: row.rejected,
    };
    let again = Choice::new("yes", "前に取り込んだファイルでも、もう一度取り込む", said.sent.value("again"));
    Ok(UploadsPage {
        page: framed(visitor, survey, "ファイルの取込み"),
        tabs: tabs(&visitor.who.role, survey, "uploads"),
        errors: ErrorSummary { errors: said.errors },
        report: said.report,
        findings: said.findings,
        numbering: numbering_field(survey, said.sent.value("numbering")),
        reason: TextField::new("reason", "すでにある回答を置き換える理由")
            .optional()
            .takes(Takes::Lines)
            .support("空けておくと、提出済みの回答と異なる回答は受け付けません。理由は記録に残ります。")
            .value(said.sent.value("reason")),
        again: ChoiceField::new("again", "同じファイル", Look::Boxes, vec![again]).optional(),
        act: act_field(said.act, "取り込む（誤りのある病院だけを除きます）"),
        action: path(survey, "uploads"),
        key: Uuid::now_v7().to_string(),
        template: path(survey, "template.xlsx"),
        listed: rows.into_iter().map(listed).collect(),
        next: if next.is_empty() {
            next
        } else {
            with_query(&path(survey, "uploads"), &[("after", &next)])
        },
    })
}

/// Takes a file of many hospitals: checks it, gives it back with what was found, or imports it.
///
/// # Errors
/// As [`imports::dry_run`] and [`jobs::ask_import`]; what is wrong with the file is told on the page.
#[post("/surveys/{survey}/uploads")]
pub async fn send_file(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<String>,
    form: Result<Multipart, Error>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    if let Some(own) = own_page(&state, &visitor, survey, "workbook").await? {
        return Ok(own);
    }
    let sent = uploads::read(form).await?;
    let mut said = Said {
        act: act(&sent),
        ..Said::default()
    };
    let Some((upload, key)) = asked(survey, &sent) else {
        said.errors = vec![("file".to_owned(), "ファイルを選んでください。".to_owned())];
        said.sent = sent;
        let page = page(&state, &visitor, survey, "", said).await?;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    };
    said.sent = Sent { file: None, ..sent };
    match take(&state, &visitor, survey, (&upload, &key), &mut said).await {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Ok(show(&page(&state, &visitor, survey, "", said).await?)),
        Err(error) => {
            let (status, sentence, findings) = refusal(survey, error)?;
            said.errors = vec![("file".to_owned(), sentence)];
            said.findings = Some(findings);
            Ok(render(status, &page(&state, &visitor, survey, "", said).await?))
        }
    }
}

/// Does what is to be done with a file; `None`: what was found is said on the page.
async fn take(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    survey: &'static Survey,
    (upload, key): (&Upload, &Key),
    said: &mut Said,
) -> Result<Option<HttpResponse>, AppError> {
    match said.act {
        Act::Check => {
            let report = imports::dry_run(state, &visitor.permit, survey, upload).await?;
            said.findings = Some(findings_of(survey, &report));
            said.report = Some(Report::of(&report));
            Ok(None)
        }
        Act::Annotated => {
            let annotated = annotations::of_upload(state, &visitor.permit, survey, upload).await?;
            Ok(Some(crate::api::imports::download(annotated)))
        }
        Act::Import => {
            let how = How {
                again: !said.sent.value("again").is_empty(),
                attended: false,
            };
            let job = jobs::ask_import(state, &visitor.permit, survey, upload, how, key).await?;
            let (answer, job) = soon(state, visitor, job).await?;
            Ok(Some(match answer.as_ref().and_then(import_of) {
                Some(id) => {
                    let repeated = answer.as_ref().and_then(|answer| answer.get("repeated")).and_then(Value::as_bool);
                    let word = if repeated == Some(true) { "repeated" } else { "imported" };
                    go_to(format!("{}?done={word}", path(survey, &format!("uploads/{id}"))))
                }
                None => go_to(format!("/jobs/{}", job.row.id)),
            }))
        }
    }
}
