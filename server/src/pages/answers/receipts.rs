//! The receipt of what was submitted: to print, to keep, to have verified; and the way to pull the answers back.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use survey::submission::{Step, SubmissionState};

use super::checks::lines;
use super::path;
use crate::app::state::State;
use crate::app::{intake, receipts, submissions, surveys};
use crate::auth::permit::{ReadAnswers, SubmitAnswers};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

#[derive(Template)]
#[template(path = "answers/receipt.html")]
struct ReceiptPage {
    page: Page,
    survey: String,
    hospital: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<(String, String)>,
    state: (&'static str, &'static str),
    is_latest: bool,
    can_withdraw: bool,
    form: String,
    withdraw: String,
    version: i32,
    download: String,
}

/// What was just done.
#[derive(Debug, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

/// Reads a receipt.
///
/// # Errors
/// `hospital_unknown`, `revision_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/receipts/{number}")]
pub async fn read_receipt(
    state: web::Data<State>,
    visitor: Visitor<ReadAnswers>,
    place: web::Path<(String, String, i32)>,
    query: web::Query<Done>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis, number) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let receipt = receipts::read(&state, &visitor.permit, survey, &gmis, number).await?;
    let read = submissions::read(&state, &visitor.permit, survey, &gmis).await?;
    let unknown = || AppError::not_found("revision_unknown", "この番号の版はありません。回答の一覧で番号を確認してください。");
    let (revision, respondent) = read
        .revisions
        .into_iter()
        .find(|(row, _)| row.number == number)
        .ok_or_else(unknown)?;
    let submission = read.submission.ok_or_else(unknown)?;
    let edition = surveys::edition(survey, Some(&revision.edition_id))?;
    let statement = &receipt.statement;
    let is_latest = submission.latest_revision == number;
    let can_submit = visitor.maybe::<SubmitAnswers>().is_some();
    let page = visitor.page(format!("{}年調査の受付票", survey.id())).below("/", "ホーム");
    Ok(show(&ReceiptPage {
        page: page.done((query.done == "submitted").then_some("提出しました。この受付票を印刷するか、保存しておいてください。")),
        survey: survey.title().to_owned(),
        hospital: format!("{}（{gmis}）", read.hospital.name),
        facts: vec![
            ("受付番号", statement.receipt.to_string()),
            ("受付日時", words::moment(statement.received_at)),
            ("版", format!("第{number}版")),
            ("調査票", words::edition(edition)),
            ("提出の方法", entry_path(&statement.entry_path).to_owned()),
            ("署名鍵", receipt.key.clone()),
            ("署名", receipt.signature.clone()),
        ],
        lines: lines(edition, &intake::together(revision.answers, respondent)),
        state: words::state(Some(submission.state)),
        is_latest,
        can_withdraw: is_latest
            && can_submit
            && read.open_until.is_some()
            && submission.state.after(Step::Withdraw) == Some(SubmissionState::Withdrawn),
        form: if can_submit && read.open_until.is_some() && submission.state.after(Step::Submit).is_some() {
            path(survey, &gmis, "form")
        } else {
            String::new()
        },
        withdraw: path(survey, &gmis, "withdraw"),
        version: submission.version,
        download: format!("{}/{number}/file", path(survey, &gmis, "receipts")),
    }))
}

/// The signed receipt as a file, which anybody may have verified.
///
/// # Errors
/// As [`read_receipt`].
#[get("/surveys/{survey}/hospitals/{hospital}/receipts/{number}/file")]
pub async fn download_receipt(
    state: web::Data<State>,
    visitor: Visitor<ReadAnswers>,
    place: web::Path<(String, String, i32)>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis, number) = place.into_inner();
    let receipt = receipts::read(&state, &visitor.permit, surveys::known(&survey)?, &gmis, number).await?;
    let text = serde_json::to_string_pretty(&receipt).map_err(AppError::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!(
                "attachment; filename=\"receipt_{survey}_{}_{number}.json\"",
                receipt.statement.hospital
            ),
        ))
        .body(text))
}

fn entry_path(word: &str) -> &'static str {
    match word {
        "page" => "画面で入力",
        "api" => "プログラムから送信",
        "workbook" => "様式（ファイル）",
        _ => "代行入力",
    }
}
