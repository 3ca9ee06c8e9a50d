//! Sign-ins that failed: counted by login and place, forgotten after a day. Read and written by the system only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::sign_in_failure;

/// What failed with a login.
#[derive(Debug, Clone, QueryableByName)]
pub struct Failures {
    /// From the place that asks.
    #[diesel(sql_type = BigInt)]
    pub here: i64,
    /// The last of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_here: Option<DateTime<Utc>>,
    /// From anywhere.
    #[diesel(sql_type = BigInt)]
    pub anywhere: i64,
    /// The last of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_anywhere: Option<DateTime<Utc>>,
}

/// Counts the failures of a login since a time.
pub async fn count(conn: &mut AsyncPgConnection, login_digest: &[u8], place: &str, since: DateTime<Utc>) -> QueryResult<Failures> {
    diesel::sql_query(
        "SELECT count(*) FILTER (WHERE place = $2) AS here, max(failed_at) FILTER (WHERE place = $2) AS last_here, \
         count(*) AS anywhere, max(failed_at) AS last_anywhere FROM sign_in_failure WHERE login_digest = $1 AND failed_at > $3",
    )
    .bind::<Bytea, _>(login_digest)
    .bind::<Text, _>(place)
    .bind::<Timestamptz, _>(since)
    .get_result(conn)
    .await
}

/// Notes a failure.
pub async fn insert(conn: &mut AsyncPgConnection, login_digest: &[u8], place: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(sign_in_failure::table)
        .values((
            sign_in_failure::id.eq(Uuid::now_v7()),
            sign_in_failure::login_digest.eq(login_digest),
            sign_in_failure::place.eq(place),
            sign_in_failure::failed_at.eq(now),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Forgets the failures of a login from one place, and everybody's before a time.
pub async fn forget(conn: &mut AsyncPgConnection, login_digest: &[u8], place: &str, before: DateTime<Utc>) -> QueryResult<()> {
    diesel::sql_query("SELECT forget_sign_in_failures($1, $2, $3)")
        .bind::<Bytea, _>(login_digest)
        .bind::<Text, _>(place)
        .bind::<Timestamptz, _>(before)
        .execute(conn)
        .await
        .map(drop)
}
