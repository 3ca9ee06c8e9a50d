//! The files of lists: the form of a prefecture, the national list, and what the contractor is handed.

use actix_web::{HttpResponse, get, web};

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::workbook;
use crate::app::programs::lists::files;
use crate::app::state::State;
use crate::auth::permit::{AcceptLists, DownloadLists};

/// The form (別紙様式) of a prefecture as a workbook: cover, list, reserves. Its names and contacts are noted as read.
#[utoipa::path(tag = "programs", operation_id = "download_list", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "The workbook; a draft until the list is handed in", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, list_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/list.xlsx")]
pub async fn download_list(
    state: web::Data<State>,
    guarded: Guarded<DownloadLists>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let prefecture = prefecture(&code)?;
    let bytes = files::form(&state, &guarded.permit, &program, prefecture).await?;
    Ok(workbook(&format!("list_{}.xlsx", prefecture.code()), bytes))
}

/// The national list as a workbook: how far each prefecture has come, and every chosen hospital.
#[utoipa::path(tag = "programs", operation_id = "download_national_list", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/lists.xlsx")]
pub async fn download_national_list(
    state: web::Data<State>,
    guarded: Guarded<AcceptLists>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let bytes = files::national(&state, &guarded.permit, &path).await?;
    Ok(workbook("lists.xlsx", bytes))
}

/// What the contractor is handed, as a workbook: hospitals of accepted lists with whom to call and the estimated work, who was replaced, and the table in which
/// results come back. Neither answers nor scores. Its names and contacts are noted as read.
#[utoipa::path(tag = "programs", operation_id = "download_hand_over", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 409, description = "no_list_accepted", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/hand-over.xlsx")]
pub async fn download_hand_over(
    state: web::Data<State>,
    guarded: Guarded<AcceptLists>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let bytes = files::hand_over(&state, &guarded.permit, &path).await?;
    Ok(workbook("hand_over.xlsx", bytes))
}
