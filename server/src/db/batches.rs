//! What became of the lines of a batch, committed together with the answers that they brought.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use crate::db::schema::batch_line;

/// A line that was answered.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_line)]
pub struct LineRow {
    /// The account, as text.
    pub actor_key: String,
    /// The Idempotency-Key of the batch.
    pub key: String,
    /// From 1.
    pub line: i32,
    /// SHA-256 of survey and line.
    pub request_hash: Vec<u8>,
    /// As it was answered.
    pub verdict: Value,
    /// By the server's clock.
    pub made_at: DateTime<Utc>,
}

/// The lines among these that were answered before.
pub async fn answered(conn: &mut AsyncPgConnection, actor_key: &str, key: &str, lines: &[i32]) -> QueryResult<Vec<LineRow>> {
    batch_line::table
        .filter(batch_line::actor_key.eq(actor_key))
        .filter(batch_line::key.eq(key))
        .filter(batch_line::line.eq_any(lines))
        .select(LineRow::as_select())
        .load(conn)
        .await
}

/// Keeps what was answered to a group of lines.
pub async fn insert_all(conn: &mut AsyncPgConnection, rows: &[LineRow]) -> QueryResult<()> {
    diesel::insert_into(batch_line::table).values(rows).execute(conn).await.map(drop)
}
