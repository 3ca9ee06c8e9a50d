//! Remembered answers to writes that came with an Idempotency-Key, committed together with the write.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use crate::db::prepared::Prepared;
use crate::db::schema::idempotency;

/// What was answered before.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = idempotency)]
pub struct Remembered {
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// HTTP status.
    pub status: i16,
    /// Body.
    pub response: Value,
}

/// Takes the key for the rest of the transaction; `false` while another transaction has it.
pub async fn try_lock(conn: &mut AsyncPgConnection, actor_key: &str, key: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Locked {
        #[diesel(sql_type = Bool)]
        locked: bool,
    }
    let query = diesel::sql_query("SELECT pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 0)) AS locked")
        .bind::<Text, _>(actor_key)
        .bind::<Text, _>(key);
    let row: Locked = Prepared(query).get_result(conn).await?;
    Ok(row.locked)
}

/// What was answered to this key before.
pub async fn find(conn: &mut AsyncPgConnection, actor_key: &str, key: &str) -> QueryResult<Option<Remembered>> {
    idempotency::table
        .find((actor_key, key))
        .select(Remembered::as_select())
        .first(conn)
        .await
        .optional()
}

/// Remembers an answer.
pub async fn insert(conn: &mut AsyncPgConnection, actor_key: &str, key: &str, answer: &Remembered, now: DateTime<Utc>) -> QueryResult<()> {
    let query = diesel::insert_into(idempotency::table).values((
        idempotency::actor_key.eq(actor_key),
        idempotency::key.eq(key),
        idempotency::request_hash.eq(&answer.request_hash),
        idempotency::status.eq(answer.status),
        idempotency::response.eq(&answer.response),
        idempotency::made_at.eq(now),
    ));
    Prepared(query).execute(conn).await.map(drop)
}
