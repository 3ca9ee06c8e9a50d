//! Programmes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{program, program_extension};

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
    /// `survey` or `program`.
    pub banding: String,
    /// `rule` or `recorded`.
    pub consent: String,
    /// The survey that is its intake form.
    pub intake_survey: Option<String>,
    /// By band; empty: as the notice estimates.
    pub effort: Value,
    /// Columns of the form; empty: the usual ones.
    pub form: Value,
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

/// A longer deadline of a prefecture.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = program_extension)]
pub struct ExtensionRow {
    /// Made by the server.
    pub id: Uuid,
    /// The programme.
    pub program_id: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// Last moment, included.
    pub deadline: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who granted it; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub granted_at: DateTime<Utc>,
}

/// Freezes the hospitals in scope of the programme's frame, and its cells: every prefecture by every band. Bands are keys with their ends, included.
/// Returns how many hospitals.
pub async fn freeze(conn: &mut AsyncPgConnection, row: &ProgramRow, bands: &[(&str, i32, i32)]) -> QueryResult<usize> {
    let keys: Vec<&str> = bands.iter().map(|(key, ..)| *key).collect();
    let least: Vec<i32> = bands.iter().map(|(_, least, _)| *least).collect();
    let most: Vec<i32> = bands.iter().map(|(.., most)| *most).collect();
    diesel::sql_query(
        "INSERT INTO cell (program_id, prefecture, band, changed_at) \
         SELECT $1, prefecture, band, $2 FROM generate_series(1, 47) prefecture, unnest($3) band",
    )
    .bind::<Text, _>(&row.id)
    .bind::<Timestamptz, _>(row.opened_at)
    .bind::<Array<Text>, _>(&keys)
    .execute(conn)
    .await?;
    diesel::sql_query(
        "INSERT INTO program_hospital (program_id, hospital_id, gmis_id, institution_code, name, prefecture, municipality, beds, band, attributes) \
         SELECT $1, f.hospital_id, f.gmis_id, f.institution_code, f.name, f.prefecture, f.municipality, f.beds, b.band, f.attributes \
         FROM frame f LEFT JOIN unnest($3, $4, $5) AS b(band, least, most) ON f.beds BETWEEN b.least AND b.most \
         WHERE f.survey_id = $2 AND f.out_of_scope_at IS NULL",
    )
    .bind::<Text, _>(&row.id)
    .bind::<Text, _>(&row.frame_survey)
    .bind::<Array<Text>, _>(&keys)
    .bind::<Array<Integer>, _>(&least)
    .bind::<Array<Integer>, _>(&most)
    .execute(conn)
    .await
}

/// Grants a longer deadline.
pub async fn extend(conn: &mut AsyncPgConnection, row: &ExtensionRow) -> QueryResult<()> {
    diesel::insert_into(program_extension::table)
        .values(row)
        .execute(conn)
        .await
        .map(drop)
}

/// The longer deadlines in force that the actor may see: of each prefecture the one that was granted last.
pub async fn extensions(conn: &mut AsyncPgConnection, program_id: &str) -> QueryResult<Vec<ExtensionRow>> {
    program_extension::table
        .filter(program_extension::program_id.eq(program_id))
        .distinct_on(program_extension::prefecture)
        .select(ExtensionRow::as_select())
        .order((program_extension::prefecture, program_extension::id.desc()))
        .load(conn)
        .await
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
