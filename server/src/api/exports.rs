//! Statistics as files, at once or as a job.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::guard::Guarded;
use crate::api::jobs::{ExportedFileJson, JobJson, answered};
use crate::api::keyed::Keyed;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::download;
use crate::app::exports::Wish;
use crate::app::jobs;
use crate::app::state::State;
use crate::app::statistics::{self, File};
use crate::app::surveys;
use crate::auth::permit::{FollowJobs, ReadTables};
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
    let file = File::parse(&name)?;
    let bytes = statistics::file(&state, &guarded.permit, survey, statistics::area(&query.area)?, file).await?;
    Ok(download(&file.name(survey), file.media_type(), bytes))
}

/// What file is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExportRequest)]
pub struct ExportRequestJson {
    /// A file of statistics (`houkoku.xlsx`, `data.xlsx`, `data.csv`, `code_table.csv`, `definitions.csv`), or `template.xlsx`: a line for each
    /// hospital that one may see; or micro-data (`microdata.zip` with Parquet and codebook, `microdata.csv`, `microdata.xlsx`, `codebook.csv`): the coded
    /// answers, a line a hospital, for ministry and prefectures.
    file: String,
    /// Whose statistics: `nation`, two digits of a prefecture, five of a municipality. Mandatory for them.
    area: Option<String>,
    /// Which edition's template; the first if not given.
    edition: Option<String>,
    /// A template with what was answered last.
    #[serde(default)]
    prefill: bool,
    /// Micro-data that say which hospital is which; not for analysts.
    #[serde(default)]
    identities: bool,
    /// For what they are to say so: mandatory then, and kept in the audit.
    reason: Option<String>,
}

/// Asks for a file that may take longer than a request; fetched from the job's `file` when it is done, for a week.
#[utoipa::path(tag = "jobs", operation_id = "request_export", security(("bearer" = [])),
    params(("survey" = String, Path), ("Idempotency-Key" = String, Header)), request_body = ExportRequestJson, responses(
    (status = 201, description = "Ready: the file is at its place", body = ExportedFileJson),
    (status = 202, description = "Takes longer: ask the job, at Location", body = JobJson, headers(("Location" = String))),
    (status = 400, description = "body_invalid, area_invalid, reason_missing, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, area_not_yours, identities_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown, file_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress, too_many_hospitals", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/exports")]
pub async fn request_export(
    state: web::Data<State>,
    guarded: Guarded<FollowJobs>,
    keyed: Keyed,
    path: web::Path<String>,
    body: web::Json<ExportRequestJson>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let asked = body.into_inner();
    let wish = Wish {
        file: asked.file,
        area: asked.area,
        edition: asked.edition,
        prefill: asked.prefill,
        identities: asked.identities,
        reason: asked.reason,
    };
    let key = keyed.with_body(&serde_json::to_vec(&wish).map_err(AppError::internal)?);
    let job = jobs::ask_export(&state, &guarded.permit, survey, wish, &key).await?;
    answered(&state, &guarded.permit, job).await
}
