//! Files of a programme: the form and the explained selection of a prefecture, the national list, what the contractor is handed.

use actix_web::{HttpResponse, get, web};

use super::prefecture;
use crate::api::surveys::workbook;
use crate::app::programs::choosing;
use crate::app::programs::lists::files;
use crate::app::state::State;
use crate::auth::permit::{AcceptLists, DownloadLists, ReadPrograms};
use crate::pages::error::PageError;
use crate::pages::visitor::Visitor;

/// The form (別紙様式) of a prefecture's list.
///
/// # Errors
/// As [`files::form`].
#[get("/programs/{program}/prefectures/{prefecture}/list.xlsx")]
pub async fn download_form(
    state: web::Data<State>,
    visitor: Visitor<DownloadLists>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let prefecture = prefecture(&code)?;
    let bytes = files::form(&state, &visitor.permit, &program, prefecture).await?;
    Ok(workbook(&format!("list_{program}_{}.xlsx", prefecture.code()), bytes))
}

/// What the last run chose, with the parts of every score.
///
/// # Errors
/// As [`choosing::list_file`].
#[get("/programs/{program}/prefectures/{prefecture}/selection.xlsx")]
pub async fn download_selection(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let prefecture = prefecture(&code)?;
    let bytes = choosing::list_file(&state, &visitor.permit, &program, prefecture).await?;
    Ok(workbook(&format!("selection_{program}_{}.xlsx", prefecture.code()), bytes))
}

/// The national list.
///
/// # Errors
/// As [`files::national`].
#[get("/programs/{program}/lists.xlsx")]
pub async fn download_national(
    state: web::Data<State>,
    visitor: Visitor<AcceptLists>,
    program: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let bytes = files::national(&state, &visitor.permit, &program).await?;
    Ok(workbook("lists.xlsx", bytes))
}

/// What the contractor is handed.
///
/// # Errors
/// As [`files::hand_over`].
#[get("/programs/{program}/hand-over.xlsx")]
pub async fn download_hand_over(
    state: web::Data<State>,
    visitor: Visitor<AcceptLists>,
    program: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let bytes = files::hand_over(&state, &visitor.permit, &program).await?;
    Ok(workbook("hand_over.xlsx", bytes))
}
