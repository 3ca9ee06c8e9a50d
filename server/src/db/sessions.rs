//! Sessions: begun, used, listed by their owner, ended. The look-up of a token runs before there is an actor, through a SECURITY DEFINER function.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Bytea, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::accounts::SignInRow;
use crate::db::prepared::Prepared;
use crate::db::schema::session;

/// The account of a session that is alive.
#[derive(Debug, QueryableByName)]
pub struct SessionRow {
    /// The account.
    #[diesel(embed)]
    pub account: SignInRow,
    /// When the session was used last, to the minute.
    #[diesel(sql_type = Timestamptz)]
    pub last_seen: DateTime<Utc>,
    /// Whether the account has a second factor.
    #[diesel(sql_type = Bool)]
    pub has_factor: bool,
}

/// The account of a session of this stage that is alive; one of pages only if it was used since `idle_since`.
pub async fn find(
    conn: &mut AsyncPgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    stage: &'static str,
) -> QueryResult<Option<SessionRow>> {
    let query = diesel::sql_query("SELECT * FROM account_for_session($1, $2, $3, $4)")
        .bind::<Bytea, _>(token_hash)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(idle_since)
        .bind::<Text, _>(stage);
    Prepared(query).get_result(conn).await.optional()
}

/// A session that begins; the network address comes from the transaction's actor.
#[derive(Debug, Insertable)]
#[diesel(table_name = session)]
pub struct NewSession<'a> {
    /// SHA-256 of the token.
    pub token_hash: &'a [u8],
    /// The actor's own.
    pub account_id: Uuid,
    /// By the server's clock.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// `whole` or `pending`.
    pub stage: &'static str,
    /// `page` or `api`.
    pub way: &'static str,
    /// As `created_at`.
    pub last_seen: DateTime<Utc>,
    /// What the browser or program calls itself, cut.
    pub agent: &'a str,
}

/// Begins a session of the actor's own account.
pub async fn insert(conn: &mut AsyncPgConnection, new: &NewSession<'_>) -> QueryResult<()> {
    diesel::insert_into(session::table).values(new).execute(conn).await.map(drop)
}

/// Notes that one of the actor's own sessions is used, if that was not noted since `unless_since`.
pub async fn touch(conn: &mut AsyncPgConnection, token_hash: &[u8], now: DateTime<Utc>, unless_since: DateTime<Utc>) -> QueryResult<()> {
    let query = diesel::update(
        session::table
            .filter(session::token_hash.eq(token_hash))
            .filter(session::last_seen.le(unless_since)),
    )
    .set(session::last_seen.eq(now));
    query.execute(conn).await.map(drop)
}

/// Ends one of the actor's own sessions; `false` when there is none such alive.
pub async fn end(conn: &mut AsyncPgConnection, token_hash: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
    let ended = diesel::update(
        session::table
            .filter(session::token_hash.eq(token_hash))
            .filter(session::ended_at.is_null()),
    )
    .set(session::ended_at.eq(now))
    .execute(conn)
    .await?;
    Ok(ended == 1)
}

/// Ends one of the actor's own sessions by its id; `false` when there is none such alive.
pub async fn end_by_id(conn: &mut AsyncPgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<bool> {
    let alive = session::table.filter(session::id.eq(id)).filter(session::ended_at.is_null());
    let ended = diesel::update(alive).set(session::ended_at.eq(now)).execute(conn).await?;
    Ok(ended == 1)
}

/// Ends the sessions of an account but the one with this hash (of none: every one); says how many.
pub async fn end_others(conn: &mut AsyncPgConnection, account: Uuid, keep: &[u8], now: DateTime<Utc>) -> QueryResult<usize> {
    let others = session::table
        .filter(session::account_id.eq(account))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now))
        .filter(session::token_hash.ne(keep));
    diesel::update(others).set(session::ended_at.eq(now)).execute(conn).await
}

/// A session as its owner sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = session)]
pub struct LivingRow {
    /// By which it is ended.
    pub id: Uuid,
    /// SHA-256 of the token, to know the one that asks.
    pub token_hash: Vec<u8>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub last_seen: DateTime<Utc>,
    /// `page` or `api`.
    pub way: String,
    /// What the browser or program calls itself.
    pub agent: String,
    /// Network address that it began from.
    pub origin: Option<String>,
}

/// The actor's own sessions that are alive, the last used first.
pub async fn living(
    conn: &mut AsyncPgConnection,
    account: Uuid,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> QueryResult<Vec<LivingRow>> {
    session::table
        .filter(session::account_id.eq(account))
        .filter(session::stage.eq("whole"))
        .filter(session::ended_at.is_null())
        .filter(session::expires_at.gt(now))
        .filter(session::way.ne("page").or(session::last_seen.gt(idle_since)))
        .select(LivingRow::as_select())
        .order((session::last_seen.desc(), session::id))
        .limit(200)
        .load(conn)
        .await
}
