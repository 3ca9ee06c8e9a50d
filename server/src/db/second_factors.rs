//! Second factors and their recovery codes. Nothing is deleted: what is removed loses its key and keeps its day.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{recovery_code, second_factor};

/// A second factor that is in use.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = second_factor)]
pub struct FactorRow {
    /// UUID version 7.
    pub id: Uuid,
    /// The sealed key.
    pub sealed_key: Option<Vec<u8>>,
    /// When it was confirmed.
    pub made_at: DateTime<Utc>,
}

/// That of an account, if it has one.
pub async fn find(conn: &mut AsyncPgConnection, account: Uuid) -> QueryResult<Option<FactorRow>> {
    second_factor::table
        .filter(second_factor::account_id.eq(account))
        .filter(second_factor::removed_at.is_null())
        .select(FactorRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// A second factor that was just confirmed.
#[derive(Debug, Insertable)]
#[diesel(table_name = second_factor)]
pub struct NewFactor<'a> {
    /// Made by the caller.
    pub id: Uuid,
    /// The actor's own.
    pub account_id: Uuid,
    /// The sealed key.
    pub sealed_key: &'a [u8],
    /// The half minute of the code that confirmed it.
    pub last_step: i64,
    /// By the server's clock.
    pub made_at: DateTime<Utc>,
}

/// Adds one; `false` when the account has one.
pub async fn insert(conn: &mut AsyncPgConnection, new: &NewFactor<'_>) -> QueryResult<bool> {
    let inserted = diesel::insert_into(second_factor::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Takes the code of a half minute; `false` when that of this or a later one was taken.
pub async fn take_step(conn: &mut AsyncPgConnection, id: Uuid, step: i64) -> QueryResult<bool> {
    let taken = diesel::update(
        second_factor::table
            .filter(second_factor::id.eq(id))
            .filter(second_factor::last_step.lt(step)),
    )
    .set(second_factor::last_step.eq(step))
    .execute(conn)
    .await?;
    Ok(taken == 1)
}

/// Removes that of an account; `false` when it has none.
pub async fn remove(conn: &mut AsyncPgConnection, account: Uuid, now: DateTime<Utc>) -> QueryResult<bool> {
    let alive = second_factor::table
        .filter(second_factor::account_id.eq(account))
        .filter(second_factor::removed_at.is_null());
    let removed = diesel::update(alive)
        .set((second_factor::sealed_key.eq(None::<Vec<u8>>), second_factor::removed_at.eq(now)))
        .execute(conn)
        .await?;
    Ok(removed == 1)
}

/// Adds the recovery codes of a factor.
pub async fn insert_codes(conn: &mut AsyncPgConnection, factor: Uuid, account: Uuid, hashes: &[[u8; 32]]) -> QueryResult<()> {
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| {
            (
                recovery_code::factor_id.eq(factor),
                recovery_code::code_hash.eq(hash.as_slice()),
                recovery_code::account_id.eq(account),
            )
        })
        .collect();
    diesel::insert_into(recovery_code::table).values(rows).execute(conn).await.map(drop)
}

/// Uses a recovery code up; `false` when there is none such.
pub async fn use_code(conn: &mut AsyncPgConnection, factor: Uuid, hash: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
    let alive = recovery_code::table
        .filter(recovery_code::factor_id.eq(factor))
        .filter(recovery_code::code_hash.eq(hash))
        .filter(recovery_code::used_at.is_null());
    let used = diesel::update(alive).set(recovery_code::used_at.eq(now)).execute(conn).await?;
    Ok(used == 1)
}

/// How many recovery codes are left.
pub async fn codes_left(conn: &mut AsyncPgConnection, factor: Uuid) -> QueryResult<i64> {
    recovery_code::table
        .filter(recovery_code::factor_id.eq(factor))
        .filter(recovery_code::used_at.is_null())
        .count()
        .get_result(conn)
        .await
}
