//! Uploading a workbook or CSV file: dry run, import, what became of it.

use actix_web::http::header::{
    CONTENT_DISPOSITION, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, HeaderName, HeaderValue,
    TryIntoHeaderValue,
};
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::jobs::{JobJson, answered};
use crate::api::keyed::Keyed;
use crate::api::pages::{Page, PageQuery};
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::workbook;
use crate::app::annotations::{self, Annotated};
use crate::app::imports::{self, Upload};
use crate::app::jobs::{self, How};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::permit::{ImportAnswers, Permit};
use crate::db::imports::{ImportRow, VerdictRow};
use crate::error::AppError;

/// What the sender says of its file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// Import a file that was imported before all the same.
    #[serde(default)]
    again: bool,
    /// Only examine, store nothing.
    #[serde(default)]
    dry_run: bool,
    /// With `dry_run`: the file itself is answered, always as .xlsx, with what was found in it written into it.
    #[serde(default)]
    annotated: bool,
    /// Name of the file, for people.
    file_name: Option<String>,
    /// The printing whose numbers it uses: january, march.
    numbering: Option<String>,
    /// Why answers that are there already are replaced.
    reason: Option<String>,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct ImportReportJson {
    /// Absent for a dry run: nothing was stored.
    import: Option<Uuid>,
    survey: String,
    edition: String,
    accepted: usize,
    unchanged: usize,
    rejected: usize,
    /// Whether the same file had been imported before: then nothing was changed.
    repeated: bool,
    /// Of the file as a whole.
    faults: Vec<FaultJson>,
    /// Only of a file with more than 10,000 hospitals: `hospitals` holds those with faults, of an import at most the first 10,000 of them. All of an
    /// import's are read page by page (`read_import`).
    abridged: Option<bool>,
    /// In the order of the file.
    hospitals: Vec<VerdictJson>,
}

/// What became of one hospital.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
pub struct VerdictJson {
    /// G-MIS ID or what was found.
    hospital: String,
    sheet: String,
    /// From 1.
    row: i32,
    /// accepted, unchanged, rejected.
    verdict: String,
    #[schema(value_type = Vec<FaultJson>)]
    faults: Value,
}

/// Examines (`dry_run=true`) or imports a file; the body is the file.
#[utoipa::path(tag = "imports", operation_id = "import_answers", security(("bearer" = [])),
    params(("survey" = String, Path), UploadQuery, ("Idempotency-Key" = String, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, description = "Dry run, or a file that was imported before: nothing was stored", body = ImportReportJson),
    (status = 201, description = "Imported, but for the hospitals with errors", body = ImportReportJson),
    (status = 202, description = "Takes longer: ask the job, at Location", body = JobJson, headers(("Location" = String))),
    (status = 400, description = "query_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 422, description = "file_refused, file_without_answers, idempotency_mismatch: nothing was stored", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/imports")]
pub async fn import_answers(
    state: web::Data<State>,
    guarded: Guarded<ImportAnswers>,
    keyed: Keyed,
    path: web::Path<String>,
    query: web::Query<UploadQuery>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let body = body.map_err(|error| {
        tracing::debug!(%error, "upload refused");
        AppError::TooLarge(super::too_large())
    })?;
    let query = query.into_inner();
    let key = keyed.with_body(&body);
    let how = How {
        again: query.again,
        attended: false,
    };
    let upload = Upload {
        file_name: query.file_name.unwrap_or_else(|| "upload".to_owned()),
        bytes: body.into(),
        numbering: query.numbering,
        reason: query.reason,
    };
    if query.dry_run && query.annotated {
        let annotated = annotations::of_upload(&state, &guarded.permit, survey, &upload).await?;
        return Ok(download(annotated));
    }
    if query.dry_run {
        let report = imports::dry_run(&state, &guarded.permit, survey, &upload).await?;
        return Ok(HttpResponse::Ok().json(report));
    }
    let job = jobs::ask_import(&state, &guarded.permit, survey, &upload, how, &key).await?;
    let permit = Permit::of(guarded.permit.actor().clone())?;
    answered(&state, &permit, job).await
}

/// An import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportJson {
    id: Uuid,
    survey: String,
    edition: String,
    /// Role that imported it.
    actor: String,
    file_name: String,
    /// SHA-256 of the file.
    sha256: String,
    accepted: i32,
    unchanged: i32,
    rejected: i32,
    #[schema(value_type = Vec<FaultJson>)]
    faults: Value,
    imported_at: DateTime<Utc>,
    /// When the file, and what was quoted from it, was erased.
    erased_at: Option<DateTime<Utc>>,
}

impl From<ImportRow> for ImportJson {
    fn from(row: ImportRow) -> ImportJson {
        ImportJson {
            id: row.id,
            survey: row.survey_id,
            edition: row.edition_id,
            actor: row.actor,
            file_name: row.file_name,
            sha256: hex::encode(row.file_sha256),
            accepted: row.accepted,
            unchanged: row.unchanged,
            rejected: row.rejected,
            faults: row.faults,
            imported_at: row.imported_at,
            erased_at: row.erased_at,
        }
    }
}

/// The imports that one may see, newest first.
#[utoipa::path(tag = "imports", operation_id = "list_imports", security(("bearer" = [])), params(("survey" = String, Path), PageQuery), responses(
    (status = 200, description = "A page", body = Page<ImportJson>),
    (status = 400, description = "query_invalid, page_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/imports")]
pub async fn list_imports(
    state: web::Data<State>,
    guarded: Guarded<ImportAnswers>,
    path: web::Path<String>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Page<ImportJson>>, ApiError> {
    let before = query.after.as_deref().map(Uuid::parse_str).transpose().map_err(page_invalid)?;
    let rows = imports::list(&state, &guarded.permit, surveys::known(&path)?, before, query.limit()).await?;
    Ok(web::Json(Page::of(rows, query.limit(), |row| row.id.to_string(), ImportJson::from)))
}

/// An import with a page of its verdicts.
#[derive(Serialize, ToSchema)]
pub struct ImportDetailsJson {
    import: ImportJson,
    verdicts: Page<VerdictJson>,
}

/// One import with a page of its verdicts, in the order of the file.
#[utoipa::path(tag = "imports", operation_id = "read_import", security(("bearer" = [])),
    params(("survey" = String, Path), ("import" = Uuid, Path), PageQuery), responses(
    (status = 200, description = "The import", body = ImportDetailsJson),
    (status = 400, description = "query_invalid, page_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, import_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/imports/{import}")]
pub async fn read_import(
    state: web::Data<State>,
    guarded: Guarded<ImportAnswers>,
    path: web::Path<(String, Uuid)>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<ImportDetailsJson>, ApiError> {
    let (survey, id) = path.into_inner();
    let after = query.after.as_deref().map(str::parse::<i32>).transpose().map_err(page_invalid)?;
    let (row, verdicts) = imports::read(&state, &guarded.permit, surveys::known(&survey)?, id, after, query.limit()).await?;
    let verdict = |row: VerdictRow| VerdictJson {
        hospital: row.hospital,
        sheet: row.sheet,
        row: row.sheet_row,
        verdict: row.verdict,
        faults: row.faults,
    };
    let verdicts = Page::of(verdicts, query.limit(), |row| row.ordinal.to_string(), verdict);
    Ok(web::Json(ImportDetailsJson {
        import: ImportJson::from(row),
        verdicts,
    }))
}

/// The file of an import, always as .xlsx, with what was found in it written into it: a column エラー, cells filled and with notes, a list with links.
/// The header `Chosa-Rewritten: true` says that it is a new workbook with the same rows, because the file's own kind cannot be given back.
#[utoipa::path(tag = "imports", operation_id = "download_annotated", security(("bearer" = [])),
    params(("survey" = String, Path), ("import" = Uuid, Path)), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", headers(("Chosa-Rewritten" = String))),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, import_unknown, file_erased", body = ProblemJson),
    (status = 422, description = "file_refused", body = ProblemJson),
    (status = 503, description = "unavailable", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/imports/{import}/annotated")]
pub async fn download_annotated(
    state: web::Data<State>,
    guarded: Guarded<ImportAnswers>,
    path: web::Path<(String, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, id) = path.into_inner();
    let annotated = annotations::of_import(&state, &guarded.permit, surveys::known(&survey)?, id).await?;
    Ok(download(annotated))
}

/// A file with what was found in it, as a download under the name that its sender gave.
pub fn download(annotated: Annotated) -> HttpResponse {
    let rewritten = if annotated.rewritten { "true" } else { "false" };
    // The name may be anything; RFC 6266 wants it encoded.
    let name = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: annotated.file_name.into_bytes(),
        })],
    };
    let mut response = workbook("annotated.xlsx", annotated.bytes);
    response.headers_mut().remove(CONTENT_DISPOSITION);
    if let Ok(name) = name.try_into_value() {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
        .headers_mut()
        .insert(HeaderName::from_static("chosa-rewritten"), HeaderValue::from_static(rewritten));
    response
}

pub(super) fn page_invalid(error: impl std::fmt::Display) -> AppError {
    tracing::debug!(%error, "page refused");
    AppError::invalid("page_invalid", "afterには、前のページのnextの値をそのまま指定してください。")
}
