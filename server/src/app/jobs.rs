//! Jobs: imports and exports that may take longer than a request. Asked for once for a key, run whole as who asked, in one transaction that also ends the
//! job; a job whose worker is lost is run again from the start, so that each leaves exactly one result and none waits for ever.

mod followed;
mod progress;
mod worker;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::exports::{self, Wish};
use crate::app::idempotency::{Key, take_key};
use crate::app::imports::Upload;
use crate::app::releases;
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{FollowJobs, ImportAnswers, MakeReleases, Permit};
use crate::db::imports as import_rows;
use crate::db::jobs::{self, JobRow, NewJob};
use crate::db::transaction::{Mode, as_actor};
use crate::error::{AppError, Refusal};

pub use followed::{Told, follow};
pub use progress::{Phase, Progress};
pub use worker::{Claim, put_back, work, work_one};

/// How often somebody who waits looks.
const LOOK: Duration = Duration::from_millis(20);

/// What the sender of a file says beside it.
#[derive(Debug, Serialize, Deserialize)]
struct ImportParameters {
    file_name: String,
    numbering: Option<String>,
    reason: Option<String>,
    again: bool,
    attended: bool,
}

/// What is said of a release that is to be made.
#[derive(Debug, Serialize, Deserialize)]
struct ReleaseParameters {
    note: String,
}

/// What a job is.
enum Kind {
    Import(ImportParameters),
    Export(Wish),
    Release(ReleaseParameters),
}

impl Kind {
    fn of_row(kind: &str, parameters: &Value) -> Result<Kind, AppError> {
        let parameters = parameters.clone();
        let known = match kind {
            "import" => serde_json::from_value(parameters).map(Kind::Import),
            "export" => serde_json::from_value(parameters).map(Kind::Export),
            "release" => serde_json::from_value(parameters).map(Kind::Release),
            _ => return Err(AppError::internal(format!("no kind of job: {kind}"))),
        };
        known.map_err(AppError::internal)
    }

    fn into_row(self) -> Result<(&'static str, Value), AppError> {
        match self {
            Kind::Import(parameters) => serde_json::to_value(parameters).map(|value| ("import", value)),
            Kind::Export(wish) => serde_json::to_value(wish).map(|value| ("export", value)),
            Kind::Release(parameters) => serde_json::to_value(parameters).map(|value| ("release", value)),
        }
        .map_err(AppError::internal)
    }
}

/// A file that a job made, as its answer tells of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OfFile {
    /// What to call it.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its length.
    pub bytes: usize,
    /// In hexadecimal.
    pub sha256: String,
    /// Where it can be had for a week.
    pub place: String,
}

/// How a file is to be imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// A file that was imported before too.
    pub again: bool,
    /// By a command that does it itself: when that is interrupted, nobody else does it later.
    pub attended: bool,
}

/// Why a job came to nothing, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Failure {
    kind: String,
    code: String,
    message: String,
    faults: Vec<Fault>,
}

impl Failure {
    /// What of an error is told to who asked; `None` for one that may pass.
    fn of(error: &AppError) -> Option<Failure> {
        let (kind, refusal, faults) = match error {
            AppError::Unauthenticated(refusal) | AppError::Forbidden(refusal) => ("forbidden", refusal, Vec::new()),
            AppError::NotFound(refusal) => ("not_found", refusal, Vec::new()),
            AppError::Invalid(refusal) => ("invalid", refusal, Vec::new()),
            AppError::Faulty(refusal, faults) => ("faulty", refusal, faults.clone()),
            AppError::Conflict(refusal) | AppError::Stale(refusal, _) | AppError::Unconditional(refusal) => {
                ("conflict", refusal, Vec::new())
            }
            AppError::TooLarge(refusal) => ("too_large", refusal, Vec::new()),
            AppError::TooMany(_) | AppError::Wait(..) | AppError::Unavailable(_) | AppError::Internal(_) => return None,
        };
        Some(Failure {
            kind: kind.to_owned(),
            code: refusal.code.clone().into_owned(),
            message: refusal.message.clone(),
            faults,
        })
    }

    fn into_error(self) -> AppError {
        let refusal = Refusal::new(self.code, self.message);
        match self.kind.as_str() {
            "forbidden" => AppError::Forbidden(refusal),
            "not_found" => AppError::NotFound(refusal),
            "invalid" => AppError::Invalid(refusal),
            "faulty" => AppError::Faulty(refusal, self.faults),
            "too_large" => AppError::TooLarge(refusal),
            "conflict" => AppError::Conflict(refusal),
            _ => AppError::internal(refusal.message),
        }
    }
}

/// How a job stands.
#[derive(Debug, Clone)]
pub struct Job {
    /// As stored.
    pub row: JobRow,
    /// Whether its key had asked for it before.
    pub replayed: bool,
}

impl Job {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.row.state.as_str(), "done" | "failed")
    }

    /// Status and answer of a job that is done; `None` while it is not over.
    ///
    /// # Errors
    /// Those of the job, when it failed.
    pub fn answer(&self) -> Result<Option<(u16, Value)>, AppError> {
        let result = self.row.result.clone();
        match (self.row.state.as_str(), self.row.status) {
            ("done", Some(status)) => {
                let status = u16::try_from(status).map_err(AppError::internal)?;
                Ok(Some((status, result.unwrap_or_default())))
            }
            ("failed", _) => match result.map(serde_json::from_value::<Failure>) {
                Some(Ok(failure)) => Err(failure.into_error()),
                Some(Err(error)) => Err(AppError::internal(error)),
                None => Err(AppError::not_found(
                    "job_expired",
                    "この処理の記録は保存期間が過ぎたため消去されました。取り込まれたかどうかは、取込みの一覧で確認してください。",
                )),
            },
            _ => Ok(None),
        }
    }
}

/// Asks for an import, exactly once for a key.
///
/// # Errors
/// `idempotency_in_progress`, `idempotency_mismatch`, `edition_unknown`; or the database is away.
pub async fn ask_import(
    state: &State,
    permit: &Permit<ImportAnswers>,
    survey: &Survey,
    upload: &Upload,
    how: How,
    key: &Key,
) -> Result<Job, AppError> {
    // Said at once, not by a job that fails.
    surveys::edition(survey, upload.numbering.as_deref())?;
    let kind = Kind::Import(ImportParameters {
        file_name: upload.file_name.clone(),
        numbering: upload.numbering.clone(),
        reason: upload.reason.clone(),
        again: how.again,
        attended: how.attended,
    });
    ask(state, permit.actor(), survey, kind, Some(&upload.bytes), key).await
}

/// Asks for a file, exactly once for a key.
///
/// # Errors
/// As [`ask_import`]; `role_not_permitted`, `area_not_yours`, `area_invalid`.
pub async fn ask_export(
    state: &State,
    permit: &Permit<FollowJobs>,
    survey: &'static Survey,
    wish: Wish,
    key: &Key,
) -> Result<Job, AppError> {
    exports::require(permit.actor(), survey, &wish)?;
    ask(state, permit.actor(), survey, Kind::Export(wish), None, key).await
}

/// Asks for a release, exactly once for a key.
///
/// # Errors
/// As [`ask_import`]; at once also those of [`releases::require`].
pub async fn ask_release(
    state: &State,
    permit: &Permit<MakeReleases>,
    survey: &'static Survey,
    note: &str,
    key: &Key,
) -> Result<Job, AppError> {
    if !is_known(state, permit.actor(), key).await? {
        releases::require(state, permit, survey, note).await?;
    }
    let kind = Kind::Release(ReleaseParameters { note: note.to_owned() });
    ask(state, permit.actor(), survey, kind, None, key).await
}

/// Whether a key has asked for a job before.
async fn is_known(state: &State, actor: &Actor, key: &Key) -> Result<bool, AppError> {
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let actor_key = take_key(conn, actor, &key.key).await?;
        Ok(jobs::of_key(conn, &actor_key, &key.key).await?.is_some())
    })
    .await
}

async fn ask(state: &State, actor: &Actor, survey: &Survey, kind: Kind, file: Option<&[u8]>, key: &Key) -> Result<Job, AppError> {
    let now = state.now();
    let (kind, parameters) = kind.into_row()?;
    let sha256 = file.map(|bytes| Sha256::digest(bytes).to_vec());
    let job = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let actor_key = take_key(conn, actor, &key.key).await?;
        if let Some(row) = jobs::of_key(conn, &actor_key, &key.key).await? {
            if row.request_hash != key.request_hash {
                return Err(AppError::faulty(
                    "idempotency_mismatch",
                    "このIdempotency-Keyは別の内容の要求で使用済みです。新しいキーを付けて送ってください。",
                    Vec::new(),
                ));
            }
            return Ok(Job { row, replayed: true });
        }
        if let (Some(sha256), Some(bytes)) = (&sha256, file) {
            import_rows::insert_blob(conn, sha256, bytes).await?;
        }
        let row = NewJob {
            id: Uuid::now_v7(),
            kind: kind.to_owned(),
            survey_id: survey.id().as_str().to_owned(),
            parameters,
            blob_sha256: sha256,
            actor: actor.role().name().to_owned(),
            account_id: actor.account(),
            hospital_id: actor.hospital(),
            prefecture: match actor.role() {
                Role::Prefecture(code) => Some(i16::from(code.number())),
                _ => None,
            },
            municipality: match actor.role() {
                Role::Municipality(code) => code.as_str().to_owned(),
                _ => String::new(),
            },
            actor_key,
            key: key.key.clone(),
            request_hash: key.request_hash.to_vec(),
            state: "queued".to_owned(),
            queued_at: now,
        };
        jobs::insert(conn, &row).await?;
        let row = jobs::find(conn, row.id)
            .await?
            .ok_or_else(|| AppError::internal("a job that was just asked for is gone"))?;
        Ok(Job { row, replayed: false })
    })
    .await?;
    state.shared.jobs.notify_one();
    Ok(job)
}

/// A job that the actor asked for.
///
/// # Errors
/// `job_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<FollowJobs>, id: Uuid) -> Result<Job, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let row = jobs::find(conn, id).await?;
        let row = row.ok_or_else(|| AppError::not_found("job_unknown", "この処理はありません。番号を確認してください。"))?;
        Ok(Job { row, replayed: false })
    })
    .await
}

/// Waits until a job is over, but not longer than this; gives it as it then stands.
///
/// # Errors
/// As [`read`].
pub async fn wait(state: &State, permit: &Permit<FollowJobs>, job: Job, patience: Duration) -> Result<Job, AppError> {
    let (until, replayed) = (Instant::now() + patience, job.replayed);
    let mut job = job;
    while !job.is_over() && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
        job = read(state, permit, job.row.id).await?;
    }
    Ok(Job { replayed, ..job })
}

/// The file that a job made, and what to call it.
///
/// # Errors
/// `job_unknown`, `job_not_over`, `job_without_file`, `file_erased`, and the refusal of a job that failed; or the database is away.
pub async fn file(state: &State, permit: &Permit<FollowJobs>, id: Uuid) -> Result<(OfFile, Vec<u8>), AppError> {
    let job = read(state, permit, id).await?;
    let Some((_, answer)) = job.answer()? else {
        return Err(AppError::conflict(
            "job_not_over",
            "ファイルはまだできていません。処理の状態が done になってから、もう一度取得してください。",
        ));
    };
    let none = || AppError::not_found("job_without_file", "この処理が作ったファイルはありません。番号を確認してください。");
    if job.row.kind != "export" {
        return Err(none());
    }
    let erased = || {
        AppError::not_found(
            "file_erased",
            "このファイルは保存期間が過ぎたため消去されました。もう一度、出力を依頼してください。",
        )
    };
    let sha256 = job.row.output_sha256.ok_or_else(erased)?;
    let bytes = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(import_rows::file(conn, &sha256).await?)
    });
    let bytes = bytes.await?.ok_or_else(erased)?;
    Ok((serde_json::from_value(answer).map_err(AppError::internal)?, bytes))
}
