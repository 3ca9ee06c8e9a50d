//! Doing jobs: taken under a lease, run as who asked, ended in the transaction of what they did, or tried again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::exports;
use crate::app::imports::{self, Upload};
use crate::app::jobs::progress::{Phase, Progress};
use crate::app::jobs::{Failure, ImportParameters, Kind, OfFile};
use crate::app::releases;
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::Permit;
use crate::db::jobs::{self, TakenRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, imports as import_rows};
use crate::error::AppError;

/// How often a worker says that it lives, and how far it is.
const BEAT: Duration = Duration::from_millis(250);
/// How often a worker without work looks for some that another program was asked for.
const IDLE: Duration = Duration::from_millis(500);
/// How often a job is taken before it counts as one that cannot be done.
const ATTEMPTS: i16 = 5;
/// Seconds until a job is tried again that failed because something was away.
const PAUSE: i16 = 2;

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
    let survey = surveys::known(&taken.survey_id)?;
    if let Some(account) = taken.account_id {
        let disabled = as_actor(&state.pool, &actor, Mode::Snapshot, async |conn| {
            Ok(accounts::is_disabled(conn, account).await?)
        });
        if disabled.await? {
            return Err(AppError::forbidden(
                "account_disabled",
                "受付後にアカウントが停止されたため、処理しませんでした。運用担当者にご連絡ください。",
            ));
        }
    }
    match Kind::of_row(&taken.kind, &taken.parameters)? {
        Kind::Import(parameters) if parameters.attended && !attended => Err(AppError::conflict(
            "job_interrupted",
            "取込みのコマンドが途中で中断されたため、何も取り込んでいません。もう一度実行してください。",
        )),
        Kind::Import(parameters) => import(state, (taken, claim), survey, actor, parameters).await,
        Kind::Export(wish) => {
            claim.progress.begin(Phase::Writing, 0);
            let file = exports::write(state, actor, survey, &wish).await?;
            deliver(state, claim, file).await
        }
        Kind::Release(parameters) => {
            let permit = Permit::of(actor)?;
            releases::make(state, &permit, survey, &parameters.note, Some(claim))
                .await
                .map(drop)
        }
    }
}

async fn import(
    state: &State,
    (taken, claim): (&TakenRow, &Claim),
    survey: &'static Survey,
    actor: Actor,
    parameters: ImportParameters,
) -> Result<(), AppError> {
    let bytes = as_actor(&state.pool, &actor, Mode::Snapshot, async |conn| {
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

/// Keeps the file that a job made, and ends the job with it. As the system: nobody else may bind a file to a job.
async fn deliver(state: &State, claim: &Claim, file: exports::File) -> Result<(), AppError> {
    let sha256 = Sha256::digest(&file.bytes).to_vec();
    let now = state.now();
    let answer = OfFile {
        file_name: file.name,
        media_type: file.media_type.to_owned(),
        bytes: file.bytes.len(),
        sha256: hex::encode(&sha256),
        place: format!("/api/v1/jobs/{}/file", claim.job),
    };
    let answer = serde_json::to_value(answer).map_err(AppError::internal)?;
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        import_rows::insert_blob(conn, &sha256, &file.bytes).await?;
        jobs::give_file(conn, claim.job, claim.worker, &sha256).await?;
        claim.done(conn, 201, &answer, now).await
    })
    .await
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
