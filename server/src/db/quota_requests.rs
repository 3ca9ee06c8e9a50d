//! Requests to move quota between cells, their moves, and what was decided of them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{quota_decision, quota_move, quota_request};

/// A request.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = quota_request)]
pub struct RequestRow {
    /// UUID version 7.
    pub id: Uuid,
    /// The programme.
    pub program_id: String,
    /// Who asks; JIS X 0401.
    pub prefecture: i16,
    /// Who asks and every prefecture whose cells it names, in order.
    pub concerns: Vec<i16>,
    /// How many moves it has.
    pub moves: i16,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub asked_at: DateTime<Utc>,
}

/// A move of a request.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quota_move)]
pub struct MoveRow {
    /// The request.
    pub request_id: Uuid,
    /// Whose quota becomes less.
    pub from_prefecture: i16,
    /// In which band.
    pub from_band: String,
    /// Whose quota becomes more.
    pub to_prefecture: i16,
    /// In which band.
    pub to_band: String,
    /// By how many hospitals.
    pub hospitals: i32,
}

/// What was decided of a request.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quota_decision)]
pub struct DecisionRow {
    /// The request.
    pub request_id: Uuid,
    /// granted, refused.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Who decided; `None`: the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub decided_at: DateTime<Utc>,
}

/// Adds a request with its moves, whose `request_id` is not looked at.
pub async fn insert(conn: &mut AsyncPgConnection, request: &RequestRow, moves: &[MoveRow]) -> QueryResult<()> {
    diesel::insert_into(quota_request::table).values(request).execute(conn).await?;
    let rows: Vec<_> = (1_i16..)
        .zip(moves)
        .map(|(ordinal, row)| {
            (
                (
                    quota_move::request_id.eq(request.id),
                    quota_move::ordinal.eq(ordinal),
                    quota_move::program_id.eq(&request.program_id),
                    quota_move::prefecture.eq(request.prefecture),
                    quota_move::concerns.eq(&request.concerns),
                    quota_move::moves.eq(request.moves),
                ),
                (
                    quota_move::from_prefecture.eq(row.from_prefecture),
                    quota_move::from_band.eq(&row.from_band),
                    quota_move::to_prefecture.eq(row.to_prefecture),
                    quota_move::to_band.eq(&row.to_band),
                    quota_move::hospitals.eq(row.hospitals),
                ),
            )
        })
        .collect();
    diesel::insert_into(quota_move::table).values(rows).execute(conn).await.map(drop)
}

/// The requests of a programme that the actor may see, the newest first.
pub async fn list(conn: &mut AsyncPgConnection, program_id: &str) -> QueryResult<Vec<RequestRow>> {
    quota_request::table
        .filter(quota_request::program_id.eq(program_id))
        .select(RequestRow::as_select())
        .order(quota_request::id.desc())
        .load(conn)
        .await
}

/// A request of a programme, if the actor may see it.
pub async fn find(conn: &mut AsyncPgConnection, program_id: &str, id: Uuid) -> QueryResult<Option<RequestRow>> {
    quota_request::table
        .find(id)
        .filter(quota_request::program_id.eq(program_id))
        .select(RequestRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The moves of requests, each request's in its order.
pub async fn moves(conn: &mut AsyncPgConnection, requests: &[Uuid]) -> QueryResult<Vec<MoveRow>> {
    quota_move::table
        .filter(quota_move::request_id.eq_any(requests))
        .select(MoveRow::as_select())
        .order((quota_move::request_id, quota_move::ordinal))
        .load(conn)
        .await
}

/// What was decided of requests; none for those that are open.
pub async fn decisions(conn: &mut AsyncPgConnection, requests: &[Uuid]) -> QueryResult<Vec<DecisionRow>> {
    quota_decision::table
        .filter(quota_decision::request_id.eq_any(requests))
        .select(DecisionRow::as_select())
        .load(conn)
        .await
}

/// Keeps what was decided of a request.
pub async fn decide(conn: &mut AsyncPgConnection, request: &RequestRow, row: &DecisionRow) -> QueryResult<()> {
    diesel::insert_into(quota_decision::table)
        .values((
            quota_decision::request_id.eq(request.id),
            quota_decision::program_id.eq(&request.program_id),
            quota_decision::prefecture.eq(request.prefecture),
            quota_decision::concerns.eq(&request.concerns),
            quota_decision::moves.eq(request.moves),
            quota_decision::decision.eq(&row.decision),
            quota_decision::reason.eq(&row.reason),
            quota_decision::account_id.eq(row.account_id),
            quota_decision::decided_at.eq(row.decided_at),
        ))
        .execute(conn)
        .await
        .map(drop)
}
