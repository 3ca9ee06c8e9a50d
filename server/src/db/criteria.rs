//! The criteria of prefectures: a version for every change; the highest is in force.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::program_criteria;

/// A version of a prefecture's criteria.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = program_criteria)]
pub struct CriteriaRow {
    /// The programme.
    pub program_id: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// 1, 2, 3 ...
    pub version: i32,
    /// Name and items.
    pub criteria: Value,
    /// Who set them; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub set_at: DateTime<Utc>,
}

/// The criteria in force; `None`: the prefecture has none of its own.
pub async fn current(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16) -> QueryResult<Option<CriteriaRow>> {
    program_criteria::table
        .filter(program_criteria::program_id.eq(program_id))
        .filter(program_criteria::prefecture.eq(prefecture))
        .select(CriteriaRow::as_select())
        .order(program_criteria::version.desc())
        .first(conn)
        .await
        .optional()
}

/// Adds a version. One that is there already is an error: take a turn before.
pub async fn insert(conn: &mut AsyncPgConnection, row: &CriteriaRow) -> QueryResult<()> {
    diesel::insert_into(program_criteria::table)
        .values(row)
        .execute(conn)
        .await
        .map(drop)
}
