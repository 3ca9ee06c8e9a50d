//! What the forms of files have in common: what is to be done with a file, what was said of it, what was found in it. Which hospitals it may be about is
//! the use cases' to say.

use std::time::Duration;

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::fault::Fault;
use survey::survey::Survey;

use super::findings::Findings;
use crate::app::idempotency::Key;
use crate::app::imports::{ImportReport, Upload};
use crate::app::jobs::{self, Job};
use crate::app::state::State;
use crate::auth::permit::{FollowJobs, ImportAnswers};
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::filters;
use crate::pages::uploads::Sent;
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// How long a form waits for an import that is done soon.
const PATIENCE: Duration = Duration::from_secs(1);

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
            .map(|edition| Choice::new(edition.name(), format!("{}の番号", words::edition(edition)), standing));
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
pub async fn soon(state: &State, visitor: &Visitor<ImportAnswers>, job: Job) -> Result<(Option<Value>, Job), AppError> {
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

/// The import of an answer that a job gave.
pub fn import_of(answer: &Value) -> Option<&str> {
    answer.get("import").and_then(Value::as_str)
}
