//! Quotas from a file: what it would change is looked at first, and then set, all or nothing, each changed cell as a new version.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, get, post, web};
use askama::Template;

use super::below_program;
use super::quota_changes::Changes;
use crate::app::programs::quotas::files::{self, QuotaFile, QuotaReport};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::surveys::findings::Findings;
use crate::pages::uploads::{self, Sent};
use crate::pages::visitor::Visitor;

/// What a file would change.
struct Report {
    sentence: String,
    changes: Changes,
}

#[derive(Template)]
#[template(path = "programs/quota_files.html")]
struct FilesPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    report: Option<Report>,
    faults: Findings,
    /// Of the changes that were looked at.
    hash: String,
    act: ChoiceField,
    reason: TextField,
}

/// Shows the form.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}/quotas/import")]
pub async fn read_quota_files(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    program: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    shown(&state, &visitor, &program, (None, None), &Sent::default()).await
}

/// Looks at a file, or sets what it says.
///
/// # Errors
/// `program_unknown`; or the database or the parser is away. What is wrong with the file is told on the page.
#[post("/programs/{program}/quotas/import")]
pub async fn send_quotas(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    program: web::Path<String>,
    form: Result<Multipart, Error>,
) -> Result<HttpResponse, PageError> {
    let mut sent = uploads::read(form).await?;
    let Some(file) = sent.file.take() else {
        let refused = Refused::of("file_missing", "ファイルを選んでください。");
        return shown(&state, &visitor, &program, (None, Some(refused)), &sent).await;
    };
    let is_setting = sent.value("act") == "set";
    let file = QuotaFile {
        file_name: file.name,
        bytes: file.bytes,
        reason: sent.filled("reason"),
        expected: sent.filled("hash"),
    };
    let done = if is_setting {
        files::apply(&state, &visitor.permit, &program, &file).await
    } else {
        files::preview(&state, &visitor.permit, &program, &file).await
    };
    match done {
        Ok(report) if report.stored => Ok(go_to(format!("/programs/{program}/quotas?done=imported"))),
        Ok(report) => shown(&state, &visitor, &program, (Some(report), None), &sent).await,
        Err(error) => shown(&state, &visitor, &program, (None, Some(refused(error)?)), &sent).await,
    }
}

async fn shown(
    state: &State,
    visitor: &Visitor<SetQuotas>,
    program: &str,
    (report, refused): (Option<QuotaReport>, Option<Refused>),
    sent: &Sent,
) -> Result<HttpResponse, PageError> {
    let row = programs::read(state, &visitor.also::<ReadPrograms>()?, program).await?;
    let is_sound = report.as_ref().is_some_and(|report| report.hash.is_some());
    let is_reason = refused.as_ref().is_some_and(|refused| refused.code.starts_with("reason_"));
    let sentence = refused.as_ref().map(|refused| refused.sentence.clone());
    let act = if is_sound || is_reason { "set" } else { "check" };
    let choices = vec![
        Choice::new("check", "変わる枠を確かめる（何も保存しません）", act),
        Choice::new("set", "設定する", act),
    ];
    let reason = TextField::new("reason", "理由")
        .optional()
        .takes(Takes::Lines)
        .support("設定済みの枠が変わるときは必須です。履歴に残り、都道府県にも表示されます。")
        .value(sent.value("reason"))
        .error(sentence.clone().filter(|_| is_reason));
    let place = if is_reason { "reason" } else { "file" };
    let faults = match (&report, &refused) {
        (Some(report), _) => Findings::of_file(&report.faults),
        (None, Some(refused)) => Findings::of_file(&refused.faults),
        (None, None) => Findings::of_file(&[]),
    };
    let template = FilesPage {
        page: below_program(visitor.page("支援枠をファイルで設定する"), &row).below(format!("/programs/{program}/quotas"), "支援枠"),
        errors: ErrorSummary {
            errors: sentence.map(|sentence| (place.to_owned(), sentence)).into_iter().collect(),
        },
        path: format!("/programs/{program}/quotas/import"),
        hash: report.as_ref().and_then(|report| report.hash.clone()).unwrap_or_default(),
        report: report.as_ref().filter(|_| is_sound).map(told),
        faults,
        act: ChoiceField::new("act", "ファイルをどうするか", Look::Radios, choices).unmarked(),
        reason,
    };
    let status = match (&refused, &report) {
        (Some(refused), _) => refused.status,
        // Looked at, and wrong: nothing of it can be set.
        (None, Some(_)) if !is_sound => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    Ok(render(status, &template))
}

fn told(report: &QuotaReport) -> Report {
    let reason = if report.reason_needed {
        "設定済みの枠が変わるため、理由を記入してください。"
    } else {
        ""
    };
    Report {
        sentence: format!(
            "誤りはありません。ファイルの枠：{}、病院数の合計：{}。まだ何も保存していません。この内容で設定するには、もう一度ファイルを選び、「設定する」を選んで送ってください。{reason}",
            report.cells, report.hospitals
        ),
        changes: Changes::of(&report.changes),
    }
}
