//! The contractor's file of results (結果報告): looked at, or brought in, all or nothing.

use actix_multipart::Multipart;
use actix_web::{Error, HttpResponse, post, web};

use super::results::{Query, Said, show};
use crate::app::programs::results::{self, ResultFile};
use crate::app::state::State;
use crate::auth::permit::BringResults;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::page::go_to;
use crate::pages::refusals::{Refused, refused};
use crate::pages::uploads;
use crate::pages::visitor::Visitor;

/// What is to be done with a file.
pub(super) fn act() -> ChoiceField {
    let choices = vec![
        Choice::new("check", "確かめるだけ（何も保存しません）", "check"),
        Choice::new("bring", "取り込む", "check"),
    ];
    ChoiceField::new("act", "ファイルをどうするか", Look::Radios, choices).unmarked()
}

/// Looks at a file, or brings it in.
///
/// # Errors
/// `program_unknown`; or the database or the parser is away. What is wrong with the file is told on the page.
#[post("/programs/{program}/results")]
pub async fn send_results(
    state: web::Data<State>,
    visitor: Visitor<BringResults>,
    program: web::Path<String>,
    form: Result<Multipart, Error>,
) -> Result<HttpResponse, PageError> {
    let sent = uploads::read(form).await?;
    let is_bringing = sent.value("act") == "bring";
    let mut said = Said {
        typed: ("file".to_owned(), String::new()),
        ..Said::default()
    };
    let Some(file) = sent.file else {
        said.refused = Some(Refused::of("file_missing", "ファイルを選んでください。"));
        return show(&state, &visitor, &program, &Query::default(), said).await;
    };
    let file = ResultFile {
        file_name: file.name,
        bytes: file.bytes,
    };
    let done = if is_bringing {
        results::bring(&state, &visitor.permit, &program, &file).await
    } else {
        results::preview(&state, &visitor.permit, &program, &file).await
    };
    match done {
        Ok(report) if report.stored => return Ok(go_to(format!("/programs/{program}/results?done=brought"))),
        Ok(report) => said.report = Some(report),
        Err(error) => said.refused = Some(refused(error)?),
    }
    show(&state, &visitor, &program, &Query::default(), said).await
}
