//! Jobs: imports that may take longer than a request. Asked for once for a key, run whole as who asked, in one transaction that also ends the job; a job
//! whose worker is lost is run again from the start, so that each leaves exactly one result and none waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::fault::Fault;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::idempotency::{Key, take_key};
use crate::app::imports::{self, Upload};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{ImportAnswers, Permit};
use crate::db::jobs::{self, JobRow, NewJob, TakenRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, imports as import_rows};
use crate::error::{AppError, Refusal};

/// How often a worker says that it lives, and how far it is.
const BEAT: Duration = Duration::from_millis(250);
/// How often somebody who waits looks.
const LOOK: Duration = Duration::from_millis(20);
/// How often a worker without work looks for some that another program was asked for.
const IDLE: Duration = Duration::from_millis(500);
/// How often a job is taken before it counts as one that cannot be done.
const ATTEMPTS: i16 = 5;
/// Seconds until a job is tried again that failed because something was away.
const PAUSE: i16 = 2;

/// How far a job is: written by who works, read by who beats.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    done: AtomicI32,
    total: AtomicI32,
}

/// What a job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The file is being read.
    Reading,
    /// Hospitals are being evaluated.
    Checking,
    /// What passed is being recorded.
    Recording,
}

impl Progress {
    /// Begins a phase of so many hospitals; 0: not known.
    pub fn begin(&self, phase: Phase, total: usize) {
        let number = match phase {
            Phase::Reading => 1,
            Phase::Checking => 2,
            Phase::Recording => 3,
        };
        self.done.store(0, Ordering::Relaxed);
        self.total.store(i32::try_from(total).unwrap_or(i32::MAX), Ordering::Relaxed);
        self.phase.store(number, Ordering::Relaxed);
    }

    /// One more hospital is done.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> (&'static str, i32, i32) {
        let phase = match self.phase.load(Ordering::Relaxed) {
            1 => "reading",
            2 => "checking",
            3 => "recording",
            _ => "",
        };
        (phase, self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// A job that a worker has, for whoever does it.
#[derive(Debug, Clone)]
pub struct Claim {
    job: Uuid,
    worker: Uuid,
    /// How far it is.
    pub progress: Arc<Progress>,
}

impl Claim {
    /// Ends the job in the transaction of what it did.
    ///
    /// # Errors
    /// Unavailable: another worker has it now. Then nothing of this transaction may stay.
    pub async fn done(&self, conn: &mut AsyncPgConnection, status: i16, answer: &Value, now: DateTime<Utc>) -> Result<(), AppError> {
        if jobs::end(conn, self.job, self.worker, ("done", Some(status), answer), now).await? {
            Ok(())
        } else {
            Err(AppError::unavailable(format!("job {} was given to another worker", self.job)))
        }
    }
}

/// What the sender of a file says beside it.
#[derive(Debug, Serialize, Deserialize)]
struct Parameters {
    file_name: String,
    numbering: Option<String>,
    reason: Option<String>,
    again: bool,
    attended: bool,
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
            AppError::TooMany(_) | AppError::Unavailable(_) | AppError::Internal(_) => return None,
        };
        Some(Failure {
            kind: kind.to_owned(),
            code: refusal.code.clone().into_owned(),
            message: refusal.message.clone(),
            faults,
        })
    }

    fn into_error(self) -> AppError {
        let refusal = Refusal {
            code: self.code.into(),
            message: self.message,
        };
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
    let (actor, now) = (permit.actor(), state.now());
    let parameters = Parameters {
        file_name: upload.file_name.clone(),
        numbering: upload.numbering.clone(),
        reason: upload.reason.clone(),
        again: how.again,
        attended: how.attended,
    };
    let parameters = serde_json::to_value(parameters).map_err(AppError::internal)?;
    let sha256 = Sha256::digest(&upload.bytes).to_vec();
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
        import_rows::insert_blob(conn, &sha256, &upload.bytes).await?;
        let row = NewJob {
            id: Uuid::now_v7(),
            kind: "import".to_owned(),
            survey_id: survey.id().as_str().to_owned(),
            parameters,
            blob_sha256: Some(sha256),
            actor: actor.role().name().to_owned(),
            account_id: actor.account(),
            hospital_id: actor.hospital(),
            prefecture: match actor.role() {
                Role::Prefecture(code) => Some(i16::from(code.number())),
                _ => None,
            },
            municipality: String::new(),
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
pub async fn read(state: &State, permit: &Permit<ImportAnswers>, id: Uuid) -> Result<Job, AppError> {
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
pub async fn wait(state: &State, permit: &Permit<ImportAnswers>, job: Job, patience: Duration) -> Result<Job, AppError> {
    let (until, replayed) = (Instant::now() + patience, job.replayed);
    let mut job = job;
    while !job.is_over() && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
        job = read(state, permit, job.row.id).await?;
    }
    Ok(Job { replayed, ..job })
}

/// Does jobs, one after another, until it is dropped.
pub async fn work(state: State, worker: Uuid) {
    loop {
        match work_one(&state, worker, None).await {
            Ok(true) => {}
            Ok(false) => {
                // What another program was asked for is found by looking.
                let _ = tokio::time::timeout(IDLE, state.shared.jobs.notified()).await;
            }
            Err(error) => {
                tracing::warn!(error = error.for_operator(), "no job can be taken");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// Takes a job and does it, or `only` that one; whether there was one.
///
/// # Errors
/// The database is away. What a job comes to is written to the job.
pub async fn work_one(state: &State, worker: Uuid, only: Option<Uuid>) -> Result<bool, AppError> {
    let system = Actor::system();
    let taken = as_actor(&state.pool, &system, Mode::Write, async |conn| {
        Ok(jobs::take(conn, worker, only).await?)
    })
    .await?;
    let Some(taken) = taken else { return Ok(false) };
    let claim = Claim {
        job: taken.id,
        worker,
        progress: Arc::default(),
    };
    let result = tokio::select! {
        // Looked at first: work that was lost to another worker is dropped, and with it its transaction.
        biased;
        lost = beat(state, &claim) => Err(lost),
        result = run(state, &taken, &claim, only.is_some()) => result,
    };
    if let Err(error) = result {
        give_up(state, &taken, &claim, error).await?;
    }
    Ok(true)
}

/// Puts back what a worker that stops still has.
///
/// # Errors
/// The database is away; then the lease runs out by itself.
pub async fn put_back(state: &State, worker: Uuid) -> Result<(), AppError> {
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        Ok(jobs::put_back(conn, worker).await?)
    })
    .await
}

/// Says again and again that the worker lives; ends when it no longer has the job.
async fn beat(state: &State, claim: &Claim) -> AppError {
    let (system, mut said, mut last) = (Actor::system(), ("", 0, 0), Instant::now());
    loop {
        tokio::time::sleep(BEAT).await;
        let now = claim.progress.now();
        if now == said && last.elapsed() < Duration::from_secs(5) {
            continue;
        }
        let beaten = as_actor(&state.pool, &system, Mode::Write, async |conn| {
            Ok(jobs::beat(conn, claim.job, claim.worker, now).await?)
        })
        .await;
        match beaten {
            Ok(true) => (said, last) = (now, Instant::now()),
            Ok(false) => return AppError::unavailable(format!("job {} was given to another worker", claim.job)),
            // The lease is longer than a short absence of the database; the work's own transaction will say.
            Err(error) => tracing::debug!(error = error.for_operator(), "a beat was missed"),
        }
    }
}

/// Does a job as who asked for it.
async fn run(state: &State, taken: &TakenRow, claim: &Claim, attended: bool) -> Result<(), AppError> {
    let role = Role::of_parts(&taken.actor, taken.hospital_id, taken.prefecture, Some(&taken.municipality));
    let role = role.ok_or_else(|| AppError::internal(format!("job {} has no role with its hospital or area", taken.id)))?;
    let actor = Actor::of_row(taken.account_id, role);
    let parameters: Parameters = serde_json::from_value(taken.parameters.clone()).map_err(AppError::internal)?;
    if parameters.attended && !attended {
        return Err(AppError::conflict(
            "job_interrupted",
            "取込みのコマンドが途中で中断されたため、何も取り込んでいません。もう一度実行してください。",
        ));
    }
    let survey = surveys::known(&taken.survey_id)?;
    let bytes = as_actor(&state.pool, &actor, Mode::Snapshot, async |conn| {
        if let Some(account) = taken.account_id
            && accounts::is_disabled(conn, account).await?
        {
            return Err(AppError::forbidden(
                "account_disabled",
                "受付後にアカウントが停止されたため、処理しませんでした。運用担当者にご連絡ください。",
            ));
        }
        let sha256 = taken.blob_sha256.as_deref().unwrap_or_default();
        let bytes = import_rows::file(conn, sha256).await?;
        bytes.ok_or_else(|| AppError::internal(format!("the file of job {} is gone", taken.id)))
    })
    .await?;
    let upload = Upload {
        file_name: parameters.file_name,
        bytes,
        numbering: parameters.numbering,
        reason: parameters.reason,
    };
    let permit = Permit::of(actor)?;
    imports::import(state, &permit, survey, &upload, parameters.again, Some(claim))
        .await
        .map(drop)
}

/// What becomes of a job that failed: told to who asked, or tried again while it may pass.
async fn give_up(state: &State, taken: &TakenRow, claim: &Claim, error: AppError) -> Result<(), AppError> {
    let failure = Failure::of(&error).or_else(|| {
        tracing::warn!(job = %taken.id, attempts = taken.attempts, error = error.for_operator(), "a job failed");
        (taken.attempts >= ATTEMPTS || matches!(error, AppError::Internal(_))).then(|| Failure {
            kind: "internal".to_owned(),
            code: "job_failed".to_owned(),
            message: format!("job {} failed {} times", taken.id, taken.attempts),
            faults: Vec::new(),
        })
    });
    let now = state.now();
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        match failure {
            Some(failure) => {
                let failure = serde_json::to_value(failure).map_err(AppError::internal)?;
                jobs::end(conn, claim.job, claim.worker, ("failed", None, &failure), now).await?;
            }
            None => jobs::postpone(conn, claim.job, claim.worker, PAUSE).await?,
        }
        Ok(())
    })
    .await
}
