//! Jobs: asking how far one is, and following it.

use std::time::Duration;

use actix_web::http::header::ContentEncoding;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::keyed;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::download;
use crate::app::idempotency::Answer;
use crate::app::jobs::{self, Job, Told};
use crate::app::state::State;
use crate::auth::permit::{FollowJobs, Permit};
use crate::error::AppError;

/// How long a request waits for a job that is done soon.
const PATIENCE: Duration = Duration::from_secs(1);

/// Work that takes longer than a request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobJson {
    id: Uuid,
    /// import, export, release.
    kind: String,
    survey: String,
    /// queued, running, done, failed.
    state: String,
    /// reading, checking, recording, writing; empty before.
    phase: String,
    /// Hospitals done in this phase.
    done: i32,
    /// Of so many; 0: not known yet.
    total: i32,
    queued_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// Once done: what the request would have been answered.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Once failed: what the request would have been refused with.
    problem: Option<ProblemJson>,
}

impl JobJson {
    /// How a job stands.
    pub fn of(job: &Job) -> JobJson {
        let (result, problem) = match job.answer() {
            Ok(answer) => (answer.map(|(_, body)| body), None),
            Err(error) => (None, Some(ApiError::from(error).problem())),
        };
        let row = &job.row;
        JobJson {
            id: row.id,
            kind: row.kind.clone(),
            survey: row.survey_id.clone(),
            state: row.state.clone(),
            phase: row.phase.clone(),
            done: row.done,
            total: row.total,
            queued_at: row.queued_at,
            finished_at: row.finished_at,
            result,
            problem,
        }
    }
}

/// A file that a job made.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedFile)]
pub struct ExportedFileJson {
    file_name: String,
    media_type: String,
    bytes: usize,
    /// In hexadecimal.
    sha256: String,
    /// Path where it can be had for a week.
    place: String,
}

/// The answer of a job, or where to ask for it: most are done while their sender waits.
pub(super) async fn answered(state: &State, permit: &Permit<FollowJobs>, job: Job) -> Result<HttpResponse, ApiError> {
    let job = jobs::wait(state, permit, job, PATIENCE).await?;
    if let Some((status, body)) = job.answer()? {
        let replayed = job.replayed;
        return Ok(keyed::answered(&Answer { status, body, replayed }));
    }
    let place = format!("/api/v1/jobs/{}", job.row.id);
    Ok(HttpResponse::Accepted().insert_header(("Location", place)).json(JobJson::of(&job)))
}

/// The file of an export that is done.
#[utoipa::path(tag = "jobs", operation_id = "download_job_file", security(("bearer" = [])), params(("job" = Uuid, Path)), responses(
    (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "job_unknown, job_without_file, file_erased, job_expired", body = ProblemJson),
    (status = 409, description = "job_not_over", body = ProblemJson),
))]
#[get("/api/v1/jobs/{job}/file")]
pub async fn download_job_file(
    state: web::Data<State>,
    guarded: Guarded<FollowJobs>,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let (file, bytes) = jobs::file(&state, &guarded.permit, *path).await?;
    Ok(download(&file.file_name, &file.media_type, bytes))
}

/// How a job stands that one asked for.
#[utoipa::path(tag = "jobs", operation_id = "read_job", security(("bearer" = [])), params(("job" = Uuid, Path)), responses(
    (status = 200, description = "The job", body = JobJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "job_unknown", body = ProblemJson),
))]
#[get("/api/v1/jobs/{job}")]
pub async fn read_job(state: web::Data<State>, guarded: Guarded<FollowJobs>, path: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let job = jobs::read(&state, &guarded.permit, *path).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(JobJson::of(&job)))
}

/// Follows a job that one asked for: a server-sent event `job` with its JSON whenever it moved, the last one when it is over.
#[utoipa::path(tag = "jobs", operation_id = "follow_job", security(("bearer" = [])), params(("job" = Uuid, Path)), responses(
    (status = 200, description = "Events until the job is over", body = String, content_type = "text/event-stream"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "job_unknown", body = ProblemJson),
))]
#[get("/api/v1/jobs/{job}/events")]
pub async fn follow_job(state: web::Data<State>, guarded: Guarded<FollowJobs>, path: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    // Refused here and not in the middle of a stream.
    jobs::read(&state, &guarded.permit, *path).await?;
    let told = jobs::follow(state.get_ref().clone(), guarded.permit, *path);
    Ok(events(told, JobJson::of))
}

/// A followed job as server-sent events: one named `job` with what is said of it whenever it moved. An error closes the stream: who follows asks again.
pub fn events<T: Serialize + 'static>(told: impl Stream<Item = Result<Told, AppError>> + 'static, say: fn(&Job) -> T) -> HttpResponse {
    let lines = told.map(move |told| match told {
        Ok(Told::Moved(job)) => {
            let said = serde_json::to_string(&say(&job)).map_err(AppError::internal)?;
            Ok(Bytes::from(format!("event: job\ndata: {said}\n\n")))
        }
        Ok(Told::Alive) => Ok(Bytes::from_static(b": alive\n\n")),
        Err(error) => Err(ApiError::from(error)),
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        // Compressed, events would wait for one another.
        .insert_header(ContentEncoding::Identity)
        .streaming(lines)
}
