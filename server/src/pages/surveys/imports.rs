//! Files of many hospitals: checked, given back with what was found, or imported; what became of those that were sent, hospital by hospital.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use super::findings::{Findings, stored};
use super::workbooks::import_of;
use super::{Tabs, framed, own_page, path, tabs, with_query};
use crate::app::idempotency::Key;
use crate::app::imports::{self, ImportReport, Upload};
use crate::app::jobs::{How, Job};
use crate::app::state::State;
use crate::app::{annotations, jobs, surveys};
use crate::auth::actor::Role;
use crate::auth::permit::{FollowJobs, ImportAnswers};
use crate::db::imports::{ImportRow, VerdictRow};
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::uploads::{self, Sent};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// How long a form waits for an import that is done soon.
const PATIENCE: Duration = Duration::from_secs(1);
/// Imports on a page.
const IMPORTS: i64 = 20;
/// Verdicts on a page.
const VERDICTS: i64 = 200;

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Act {
    /// Only look: nothing is stored.
    #[default]
    Check,
    /// Look, and give the file back with what was found.
    Annotated,
    /// Take it.
    Import,
}

/// What a form asks to be done.
pub fn act(sent: &Sent) -> Act {
    match sent.value("act") {
        "import" => Act::Import,
        "annotated" => Act::Annotated,
        _ => Act::Check,
    }
}

/// The field that asks what is to be done.
pub fn act_field(standing: Act, import: &str) -> ChoiceField {
    let standing = match standing {
        Act::Check => "check",
        Act::Annotated => "annotated",
        Act::Import => "import",
    };
    let choices = vec![
        Choice::new("check", "検査だけする（何も保存しません）", standing),
        Choice::new(
            "annotated",
            "検査して、指摘を書き込んだExcelを受け取る（何も保存しません）",
            standing,
        ),
        Choice::new("import", import, standing),
    ];
    ChoiceField::new("act", "送った後にすること", Look::Radios, choices).unmarked()
}

/// The field that asks by whose numbers a file names the questions; only where a survey was printed more than once.
pub fn numbering_field(survey: &Survey, standing: &str) -> Option<ChoiceField> {
    let editions = survey.editions();
    (editions.len() > 1).then(|| {
        let own = Choice::new("", "設問の見出しで見分ける", standing);
        let printed = editions
            .iter()
            .map(|edition| Choice::new(edition.name(), format!("{}に印刷された調査票の番号", edition.printed()), standing));
        ChoiceField::new(
            "numbering",
            "設問番号の種類",
            Look::List,
            std::iter::once(own).chain(printed).collect(),
        )
        .unmarked()
        .support("列の見出しが設問番号だけのファイルでは、どの調査票の番号かを選んでください。")
    })
}

/// The file that was sent with what was said of it, and the key that takes it once; `None` if no file was chosen.
pub fn asked(survey: &Survey, sent: &Sent) -> Option<(Upload, Key)> {
    let file = sent.file.clone()?;
    let upload = Upload {
        file_name: file.name,
        bytes: file.bytes,
        numbering: sent.filled("numbering"),
        reason: sent.filled("reason"),
    };
    let hash = hex::encode(Sha256::digest(&upload.bytes));
    let said = format!("{:?} {:?} {:?}", upload.numbering, upload.reason, sent.filled("again"));
    let key = keyed(&format!("import {} {hash} {said}", survey.id()), sent.value("key"));
    Some((upload, key))
}

/// Waits a moment for a job: its answer if it is over by then.
///
/// # Errors
/// Those of the job.
pub async fn jobs_page(state: &State, visitor: &Visitor<ImportAnswers>, job: Job) -> Result<(Option<Value>, Job), AppError> {
    let job = jobs::wait(state, &visitor.also::<FollowJobs>()?, job, PATIENCE).await?;
    let answer = job.answer()?;
    Ok((answer.map(|(_, body)| body), job))
}

/// Why a file is not taken, if its sender can mend that: status, sentence, findings.
///
/// # Errors
/// Every other error.
pub fn refusal(survey: &Survey, error: AppError) -> Result<(StatusCode, String, Findings), AppError> {
    let (status, refusal, faults) = match error {
        AppError::Faulty(refusal, faults) => (StatusCode::UNPROCESSABLE_ENTITY, refusal, faults),
        AppError::Invalid(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, refusal, Vec::new()),
        AppError::Conflict(refusal) => (StatusCode::CONFLICT, refusal, Vec::new()),
        other => return Err(other),
    };
    let faults: Vec<(String, Fault)> = faults.into_iter().map(|fault| (String::new(), fault)).collect();
    Ok((status, refusal.message, Findings::of(survey, "ファイルの指摘", &faults)))
}

/// What a check found, in numbers.
#[derive(Template)]
#[template(path = "surveys/report.html")]
pub struct Report {
    accepted: usize,
    unchanged: usize,
    rejected: usize,
    abridged: bool,
}

impl Report {
    /// Of a dry run.
    pub fn of(report: &ImportReport) -> Report {
        Report {
            accepted: report.accepted,
            unchanged: report.unchanged,
            rejected: report.rejected,
            abridged: report.abridged,
        }
    }
}

/// All that a check found.
pub fn findings_of(survey: &Survey, report: &ImportReport) -> Findings {
    let whole = report.faults.iter().map(|fault| (String::new(), fault.clone()));
    let own = report
        .hospitals
        .iter()
        .flat_map(|verdict| verdict.faults.iter().map(|fault| (verdict.hospital.clone(), fault.clone())));
    Findings::of(survey, "検査の指摘", &whole.chain(own).collect::<Vec<_>>())
}

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
    done: String,
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
            let (answer, job) = jobs_page(state, visitor, job).await?;
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

/// What became of one hospital.
struct Verdict {
    row: i32,
    sheet: String,
    hospital: String,
    href: String,
    verdict: (&'static str, &'static str),
    faults: usize,
}

#[derive(Template)]
#[template(path = "surveys/import.html")]
struct ImportPage {
    page: Page,
    facts: Vec<(&'static str, String)>,
    annotated: String,
    findings: Findings,
    verdicts: Vec<Verdict>,
    next: String,
    first: String,
}

/// Reads what became of a file.
///
/// # Errors
/// `survey_unknown`, `import_unknown`; or the database is away.
#[get("/surveys/{survey}/uploads/{import}")]
pub async fn read_import(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, Uuid)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (survey, id) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let after = query.after.parse::<i32>().ok();
    let (row, verdicts) = imports::read(&state, &visitor.permit, survey, id, after, VERDICTS).await?;
    let is_full = i64::try_from(verdicts.len()).is_ok_and(|count| count >= VERDICTS);
    let next = verdicts.last().filter(|_| is_full).map(|verdict| verdict.ordinal.to_string());
    let here = path(survey, &format!("uploads/{id}"));
    let mut faults: Vec<(String, Fault)> = Vec::new();
    if after.is_none() {
        faults.extend(stored(row.faults.clone())?.into_iter().map(|fault| (String::new(), fault)));
    }
    let mut shown = Vec::new();
    for verdict in verdicts {
        let own = stored(verdict.faults.clone())?;
        shown.push(of_verdict(survey, &verdict, own.len()));
        faults.extend(own.into_iter().map(|fault| (verdict.hospital.clone(), fault)));
    }
    let page = framed(&visitor, survey, row.file_name.clone());
    let page = if matches!(visitor.who.role, Role::Hospital(_)) {
        page
    } else {
        page.below(path(survey, "uploads"), "ファイルの取込み")
    };
    Ok(show(&ImportPage {
        page: page.done(match query.done.as_str() {
            "imported" => Some("取り込みました。結果は次のとおりです。"),
            "repeated" => Some("このファイルは前に取り込んであります。今回は何も変えていません。"),
            _ => None,
        }),
        annotated: if row.blob_sha256.is_some() {
            format!("{here}/annotated")
        } else {
            String::new()
        },
        facts: facts(row),
        findings: Findings::of(survey, "指摘", &faults),
        verdicts: shown,
        next: next.map(|next| with_query(&here, &[("after", &next)])).unwrap_or_default(),
        first: if after.is_some() { here } else { String::new() },
    }))
}

fn facts(row: ImportRow) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("取り込んだ日時", words::moment(row.imported_at)),
        ("取り込んだ人", words::role_named(&row.actor).to_owned()),
        ("受け付けた病院", row.accepted.to_string()),
        ("回答に変更のない病院", row.unchanged.to_string()),
        ("除いた病院", row.rejected.to_string()),
    ];
    facts.extend(row.reason.map(|reason| ("置き換えた理由", reason)));
    facts.extend(row.erased_at.map(|at| ("ファイルの消去", words::moment(at))));
    facts
}

fn of_verdict(survey: &Survey, verdict: &VerdictRow, faults: usize) -> Verdict {
    let words = match verdict.verdict.as_str() {
        "accepted" => ("受け付けました", "tag good"),
        "unchanged" => ("変更なし", "tag"),
        _ => ("除きました", "tag bad"),
    };
    let is_known = verdict.verdict != "rejected";
    Verdict {
        row: verdict.sheet_row,
        sheet: verdict.sheet.clone(),
        href: if is_known {
            path(survey, &format!("hospitals/{}", verdict.hospital))
        } else {
            String::new()
        },
        hospital: verdict.hospital.clone(),
        verdict: words,
        faults,
    }
}

/// The file of an import with what was found written into it.
///
/// # Errors
/// `survey_unknown`, `import_unknown`, `file_erased`; or the database or the parser is away.
#[get("/surveys/{survey}/uploads/{import}/annotated")]
pub async fn download_annotated(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, Uuid)>,
) -> Result<HttpResponse, PageError> {
    let (survey, id) = place.into_inner();
    let annotated = annotations::of_import(&state, &visitor.permit, surveys::known(&survey)?, id).await?;
    Ok(crate::api::imports::download(annotated))
}
