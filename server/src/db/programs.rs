//! Programmes and their quotas.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{program, quota};

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

/// A quota in force.
#[derive(Debug, Clone, Queryable)]
pub struct QuotaRow {
    /// JIS X 0401.
    pub prefecture: i16,
    /// Band.
    pub band: String,
    /// Version of the cell.
    pub version: i32,
    /// Exactly so many.
    pub hospitals: i32,
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

/// The quotas in force that the actor may see, by prefecture and band.
pub async fn quotas(conn: &mut AsyncPgConnection, program_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<QuotaRow>> {
    let mut query = quota::table
        .filter(quota::program_id.eq(program_id))
        .distinct_on((quota::prefecture, quota::band))
        .select((quota::prefecture, quota::band, quota::version, quota::hospitals))
        .order((quota::prefecture, quota::band, quota::version.desc()))
        .into_boxed();
    if let Some(prefecture) = prefecture {
        query = query.filter(quota::prefecture.eq(prefecture));
    }
    query.load(conn).await
}

/// Writes new versions of cells; cells whose number is in force already get none. Returns how many changed.
pub async fn set_quotas(
    conn: &mut AsyncPgConnection,
    program_id: &str,
    cells: &[(i16, String, i32)],
    account_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let prefectures: Vec<i16> = cells.iter().map(|(prefecture, _, _)| *prefecture).collect();
    let bands: Vec<&str> = cells.iter().map(|(_, band, _)| band.as_str()).collect();
    let hospitals: Vec<i32> = cells.iter().map(|(_, _, hospitals)| *hospitals).collect();
    diesel::sql_query(
        "INSERT INTO quota (program_id, prefecture, band, version, hospitals, account_id, set_at) \
         SELECT $1, a.prefecture, a.band, coalesce(q.version, 0) + 1, a.hospitals, $5, $6 \
         FROM unnest($2, $3, $4) AS a(prefecture, band, hospitals) \
         LEFT JOIN LATERAL (SELECT version, hospitals FROM quota WHERE program_id = $1 AND prefecture = a.prefecture AND band = a.band \
                            ORDER BY version DESC LIMIT 1) q ON true \
         WHERE q.hospitals IS DISTINCT FROM a.hospitals",
    )
    .bind::<Text, _>(program_id)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&bands)
    .bind::<Array<Integer>, _>(&hospitals)
    .bind::<Nullable<SqlUuid>, _>(account_id)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await
}
