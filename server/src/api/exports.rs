//! Statistics as files.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::{download, workbook};
use crate::api::tables::area;
use crate::app::state::State;
use crate::app::statistics::{self, File};
use crate::app::surveys;
use crate::auth::permit::ReadTables;
use crate::error::AppError;

/// Whose statistics.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `nation`, two digits of a prefecture, five of a municipality. Mandatory.
    area: String,
}

/// Live, unsuppressed statistics as a file: `houkoku.xlsx` for reading, of one's own area; for machines `data.xlsx`, `data.csv`,
/// `code_table.csv`, `definitions.csv`, of the nation.
#[utoipa::path(tag = "statistics", operation_id = "download_statistics", security(("bearer" = [])),
    params(("survey" = String, Path), ("file" = String, Path), ExportQuery), responses(
    (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, description = "query_invalid, area_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours", body = ProblemJson),
    (status = 404, description = "survey_unknown, file_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/statistics/{file}")]
pub async fn download_statistics(
    state: web::Data<State>,
    guarded: Guarded<ReadTables>,
    path: web::Path<(String, String)>,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let (survey, name) = path.into_inner();
    let survey = surveys::known(&survey)?;
    let file = match name.as_str() {
        "houkoku.xlsx" => File::Houkoku,
        "data.xlsx" => File::DataXlsx,
        "data.csv" => File::DataCsv,
        "code_table.csv" => File::CodeTable,
        "definitions.csv" => File::Definitions,
        _ => return Err(AppError::not_found("file_unknown", "このファイルはありません。ファイル名を確認してください。").into()),
    };
    let bytes = statistics::file(&state, &guarded.permit, survey, area(&query.area)?, file).await?;
    Ok(match file {
        File::Houkoku | File::DataXlsx => workbook(&file.name(survey), bytes),
        File::DataCsv | File::CodeTable | File::Definitions => download(&file.name(survey), "text/csv; charset=utf-8", bytes),
    })
}
