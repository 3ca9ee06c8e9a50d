//! A hospital's way with a workbook: its form to fill in, and the filled one back, checked first or checked and submitted. Nothing is kept between the two:
//! the same file is sent again.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, get, post, web};
use askama::Template;
use serde_json::Value;
use survey::survey::Survey;
use uuid::Uuid;

use super::files::{Act, Report, act, act_field, asked, findings_of, import_of, numbering_field, refusal, soon};
use super::findings::Findings;
use super::{own_page, path};
use crate::app::imports::{self, ImportReport};
use crate::app::state::State;
use crate::app::submissions;
use crate::app::surveys;
use crate::app::{annotations, jobs};
use crate::auth::permit::{ImportAnswers, ReadAnswers};
use crate::error::AppError;
use crate::pages::answers;
use crate::pages::error::PageError;
use crate::pages::fields::{ChoiceField, ErrorSummary};
use crate::pages::page::{Page, go_to, render, show};
use crate::pages::uploads;
use crate::pages::visitor::Visitor;
use crate::pages::words;

#[derive(Template)]
#[template(path = "surveys/workbook.html")]
struct WorkbookPage {
    page: Page,
    errors: ErrorSummary,
    hospital: String,
    left: String,
    editions: Vec<(String, String)>,
    template: String,
    report: Option<Report>,
    findings: Option<Findings>,
    numbering: Option<ChoiceField>,
    act: ChoiceField,
    action: String,
    form: String,
    key: String,
    is_open: bool,
}

/// What the page says of a file that was sent.
#[derive(Default)]
struct Said {
    errors: Vec<(String, String)>,
    report: Option<Report>,
    findings: Option<Findings>,
    act: Act,
    numbering: String,
}

/// Shows the form of a workbook.
///
/// # Errors
/// `survey_unknown`, `hospital_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/workbook")]
pub async fn read_workbook(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    // Others send files of many hospitals, on a page of their own.
    if own_page(&state, &visitor, survey, "workbook").await?.is_none() {
        return Ok(go_to(path(survey, "uploads")));
    }
    Ok(show(&page(&state, &visitor, survey, &gmis, Said::default()).await?))
}

async fn page(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    survey: &'static Survey,
    gmis: &str,
    said: Said,
) -> Result<WorkbookPage, AppError> {
    let read = submissions::read(state, &visitor.also::<ReadAnswers>()?, survey, gmis).await?;
    let several = survey.editions().len() > 1;
    Ok(WorkbookPage {
        page: visitor
            .page(format!("{}年調査：Excelの様式で回答", survey.id()))
            .below("/", "ホーム"),
        errors: ErrorSummary { errors: said.errors },
        hospital: format!("{}（{gmis}）", read.hospital.name),
        left: match read.open_until {
            Some(until) => format!("提出期限：{}（{}）", words::moment(until), words::left(until, state.now())),
            None => "現在は提出を受け付けていません。".to_owned(),
        },
        is_open: read.open_until.is_some(),
        editions: survey
            .editions()
            .iter()
            .map(|edition| {
                let name = if several {
                    format!("（{}）", words::edition(edition))
                } else {
                    String::new()
                };
                (edition.name().to_owned(), name)
            })
            .collect(),
        template: answers::path(survey, gmis, "template.xlsx"),
        report: said.report,
        findings: said.findings,
        numbering: numbering_field(survey, &said.numbering),
        act: act_field(said.act, "検査して、誤りがなければ提出する"),
        action: answers::path(survey, gmis, "workbook"),
        form: answers::path(survey, gmis, "form"),
        key: Uuid::now_v7().to_string(),
    })
}

/// Takes a filled workbook: checks it, gives it back with what was found, or submits what stands in it.
///
/// # Errors
/// As [`imports::dry_run`]; what is wrong with the file is told on the page.
#[post("/surveys/{survey}/hospitals/{hospital}/workbook")]
pub async fn send_workbook(
    state: web::Data<State>,
    visitor: Visitor<ImportAnswers>,
    place: web::Path<(String, String)>,
    form: Result<Multipart, Error>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    if own_page(&state, &visitor, survey, "workbook").await?.is_none() {
        return Ok(go_to(path(survey, "uploads")));
    }
    // Whose page it is, before a file is read.
    submissions::read(&state, &visitor.also::<ReadAnswers>()?, survey, &gmis).await?;
    let sent = uploads::read(form).await?;
    let mut said = Said {
        act: act(&sent),
        numbering: sent.value("numbering").to_owned(),
        ..Said::default()
    };
    let Some((upload, key)) = asked(survey, &sent) else {
        said.errors = vec![("file".to_owned(), "ファイルを選んでください。".to_owned())];
        let page = page(&state, &visitor, survey, &gmis, said).await?;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    };
    if said.act == Act::Annotated {
        match annotations::of_upload(&state, &visitor.permit, survey, &upload).await {
            Ok(annotated) => return Ok(crate::api::imports::download(annotated)),
            Err(error) => return refused(&state, &visitor, (survey, &gmis), said, error).await,
        }
    }
    let report = match imports::dry_run(&state, &visitor.permit, survey, &upload).await {
        Ok(report) => report,
        Err(error) => return refused(&state, &visitor, (survey, &gmis), said, error).await,
    };
    let is_sound = report.rejected == 0 && report.accepted.saturating_add(report.unchanged) > 0;
    if said.act == Act::Check || !is_sound {
        return checked(&state, &visitor, (survey, &gmis), said, report).await;
    }
    // A file that was sent before too: the hospital may have pulled its answers back since.
    let how = jobs::How {
        again: true,
        attended: false,
    };
    let job = jobs::ask_import(&state, &visitor.permit, survey, &upload, how, &key).await?;
    match soon(&state, &visitor, job).await {
        Ok((Some(answer), _)) => Ok(go_to(submitted(&state, &visitor, (survey, &gmis), &answer).await?)),
        Ok((None, job)) => Ok(go_to(format!("/jobs/{}", job.row.id))),
        Err(error) => refused(&state, &visitor, (survey, &gmis), said, error).await,
    }
}

/// Where the receipt is of what was just submitted; or the import, where it left the hospital out after all.
async fn submitted(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    (survey, gmis): (&'static Survey, &str),
    answer: &Value,
) -> Result<String, AppError> {
    let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    if count("rejected") > 0 {
        return Ok(path(survey, &format!("uploads/{}", import_of(answer).unwrap_or_default())));
    }
    let read = submissions::read(state, &visitor.also::<ReadAnswers>()?, survey, gmis).await?;
    let number = read.submission.map_or(1, |row| row.latest_revision);
    let receipt = format!("{}/{number}", answers::path(survey, gmis, "receipts"));
    Ok(if count("accepted") > 0 {
        format!("{receipt}?done=submitted")
    } else {
        receipt
    })
}

/// What was found, with nothing stored.
async fn checked(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    (survey, gmis): (&'static Survey, &str),
    mut said: Said,
    report: ImportReport,
) -> Result<HttpResponse, PageError> {
    let status = if said.act == Act::Check {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    if said.act == Act::Import {
        let sentence = "誤りがあるため提出していません。指摘を直したファイルを、もう一度送ってください。";
        said.errors = vec![("file".to_owned(), sentence.to_owned())];
    }
    said.findings = Some(findings_of(survey, &report));
    said.report = Some(Report::of(&report));
    Ok(render(status, &page(state, visitor, survey, gmis, said).await?))
}

/// What is wrong with a file that could not be taken.
async fn refused(
    state: &State,
    visitor: &Visitor<ImportAnswers>,
    (survey, gmis): (&'static Survey, &str),
    mut said: Said,
    error: AppError,
) -> Result<HttpResponse, PageError> {
    let (status, sentence, findings) = refusal(survey, error)?;
    said.errors = vec![("file".to_owned(), sentence)];
    said.findings = Some(findings);
    Ok(render(status, &page(state, visitor, survey, gmis, said).await?))
}
