//! Jobs: asked for by an actor, taken by a worker under a lease, ended in the transaction of what they do.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::job;

/// How long a worker has a job unless it says that it lives, in seconds.
pub const LEASE: i64 = 30;

/// A job that is asked for.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = job)]
pub struct NewJob {
    /// Made by the server.
    pub id: Uuid,
    /// import, export, release.
    pub kind: String,
    /// The survey.
    pub survey_id: String,
    /// What the sender says beside the file.
    pub parameters: Value,
    /// The file.
    pub blob_sha256: Option<Vec<u8>>,
    /// Role name.
    pub actor: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// The hospital that it speaks for.
    pub hospital_id: Option<Uuid>,
    /// Its prefecture.
    pub prefecture: Option<i16>,
    /// Its municipality, or empty.
    pub municipality: String,
    /// As in idempotency.
    pub actor_key: String,
    /// One key, one job.
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// queued.
    pub state: String,
    /// By the server's clock.
    pub queued_at: DateTime<Utc>,
}

/// How a job stands.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job)]
pub struct JobRow {
    /// The job.
    pub id: Uuid,
    /// import, export, release.
    pub kind: String,
    /// The survey.
    pub survey_id: String,
    /// queued, running, done, failed.
    pub state: String,
    /// For people.
    pub phase: String,
    /// Done in this phase.
    pub done: i32,
    /// Of so many; 0: not known yet.
    pub total: i32,
    /// What came of it, as HTTP says it.
    pub status: Option<i16>,
    /// Its answer or refusal.
    pub result: Option<Value>,
    /// By the server's clock.
    pub queued_at: DateTime<Utc>,
    /// By the server's clock.
    pub finished_at: Option<DateTime<Utc>>,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// The file that it made.
    pub output_sha256: Option<Vec<u8>>,
}

/// A job that a worker has taken.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = job)]
pub struct TakenRow {
    /// The job.
    pub id: Uuid,
    /// import, export, release.
    pub kind: String,
    /// The survey.
    pub survey_id: String,
    /// What the sender says beside the file.
    pub parameters: Value,
    /// The file.
    pub blob_sha256: Option<Vec<u8>>,
    /// Role name.
    pub actor: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// The hospital that it speaks for.
    pub hospital_id: Option<Uuid>,
    /// Its prefecture.
    pub prefecture: Option<i16>,
    /// Its municipality, or empty.
    pub municipality: String,
    /// How often it was taken, this time included.
    pub attempts: i16,
}

/// Adds a job.
pub async fn insert(conn: &mut AsyncPgConnection, row: &NewJob) -> QueryResult<()> {
    diesel::insert_into(job::table).values(row).execute(conn).await.map(drop)
}

/// A job that the actor asked for.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<JobRow>> {
    job::table.find(id).select(JobRow::as_select()).first(conn).await.optional()
}

/// The job of a key.
pub async fn of_key(conn: &mut AsyncPgConnection, actor_key: &str, key: &str) -> QueryResult<Option<JobRow>> {
    job::table
        .filter(job::actor_key.eq(actor_key))
        .filter(job::key.eq(key))
        .select(JobRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Takes the job that has waited longest, or one whose worker is lost, or `only` that one; two workers never take the same.
pub async fn take(conn: &mut AsyncPgConnection, worker: Uuid, only: Option<Uuid>) -> QueryResult<Option<TakenRow>> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let taken: Option<Taken> = diesel::sql_query(
        "UPDATE job SET state = 'running', worker = $1, lease_until = clock_timestamp() + $2 * interval '1 second', \
         attempts = attempts + 1, phase = '', done = 0, total = 0, started_at = coalesce(started_at, clock_timestamp()) \
         WHERE id = (SELECT id FROM job WHERE (state = 'queued' OR state = 'running' AND lease_until < clock_timestamp()) \
                     AND ($3 IS NULL OR id = $3) ORDER BY queued_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id",
    )
    .bind::<SqlUuid, _>(worker)
    .bind::<BigInt, _>(LEASE)
    .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(only)
    .get_result(conn)
    .await
    .optional()?;
    match taken {
        Some(Taken { id }) => job::table.find(id).select(TakenRow::as_select()).first(conn).await.map(Some),
        None => Ok(None),
    }
}

/// Says that the worker lives and how far it is; `false` when it no longer has the job.
pub async fn beat(conn: &mut AsyncPgConnection, id: Uuid, worker: Uuid, (phase, done, total): (&str, i32, i32)) -> QueryResult<bool> {
    let beaten = diesel::sql_query(
        "UPDATE job SET lease_until = clock_timestamp() + $3 * interval '1 second', phase = $4, done = $5, total = $6 \
         WHERE id = $1 AND worker = $2 AND state = 'running'",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(worker)
    .bind::<BigInt, _>(LEASE)
    .bind::<diesel::sql_types::Text, _>(phase)
    .bind::<diesel::sql_types::Integer, _>(done)
    .bind::<diesel::sql_types::Integer, _>(total)
    .execute(conn)
    .await?;
    Ok(beaten == 1)
}

/// Ends a job that the worker still has; `false` when it no longer has it, and then nothing of it may be kept.
pub async fn end(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    worker: Uuid,
    (state, status, result): (&str, Option<i16>, &Value),
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let ended = diesel::update(job::table.find(id))
        .filter(job::worker.eq(worker))
        .filter(job::state.eq("running"))
        .set((
            job::state.eq(state),
            job::status.eq(status),
            job::result.eq(result),
            job::worker.eq(None::<Uuid>),
            job::lease_until.eq(None::<DateTime<Utc>>),
            job::finished_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(ended == 1)
}

/// Binds the file that a job made to the job; as the system.
pub async fn give_file(conn: &mut AsyncPgConnection, id: Uuid, worker: Uuid, sha256: &[u8]) -> QueryResult<()> {
    diesel::update(job::table.find(id))
        .filter(job::worker.eq(worker))
        .set(job::output_sha256.eq(sha256))
        .execute(conn)
        .await
        .map(drop)
}

/// Puts back what a worker that stops still has, so that nobody waits for its lease.
pub async fn put_back(conn: &mut AsyncPgConnection, worker: Uuid) -> QueryResult<()> {
    diesel::update(job::table)
        .filter(job::worker.eq(worker))
        .filter(job::state.eq("running"))
        .set((
            job::state.eq("queued"),
            job::worker.eq(None::<Uuid>),
            job::lease_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Puts a job back that could not be done now, to be tried again after a while.
pub async fn postpone(conn: &mut AsyncPgConnection, id: Uuid, worker: Uuid, seconds: i16) -> QueryResult<()> {
    // Still `running`, without a worker that beats: it is taken again when this short lease is over.
    diesel::sql_query("UPDATE job SET lease_until = clock_timestamp() + $3 * interval '1 second' WHERE id = $1 AND worker = $2")
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(worker)
        .bind::<SmallInt, _>(seconds)
        .execute(conn)
        .await
        .map(drop)
}
