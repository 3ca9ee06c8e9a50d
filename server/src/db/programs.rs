//! Programmes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use crate::db::schema::program;

/// A programme.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = program)]
pub struct ProgramRow {
    /// Short name.
    pub id: String,
    /// Western year.
    pub fiscal_year: i32,
    /// Japanese title.
    pub title: String,
    /// Surveys whose answers decide, the latest first.
    pub surveys: Vec<String>,
    /// Whose frame gives hospitals, beds and cells.
    pub frame_survey: String,
    /// The recorded rule on using answers.
    pub use_rule: String,
    /// National default of the criteria.
    pub criteria: Value,
    /// When lists are due.
    pub deadline: DateTime<Utc>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// Adds a programme; `false` when the id is taken.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ProgramRow) -> QueryResult<bool> {
    let inserted = diesel::insert_into(program::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// A programme.
pub async fn find(conn: &mut AsyncPgConnection, id: &str) -> QueryResult<Option<ProgramRow>> {
    program::table.find(id).select(ProgramRow::as_select()).first(conn).await.optional()
}

/// All programmes, the newest first.
pub async fn list(conn: &mut AsyncPgConnection) -> QueryResult<Vec<ProgramRow>> {
    program::table
        .select(ProgramRow::as_select())
        .order((program::fiscal_year.desc(), program::id))
        .load(conn)
        .await
}
