//! Surveys, editions, windows and extensions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{edition, extension, frame, survey, survey_window, window_closure};

/// An edition as this database knows it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = edition)]
pub struct EditionRow {
    /// Survey and printing.
    pub id: String,
    /// SHA-256 of its canonical form.
    pub hash: String,
    /// SHA-256 of its slot layout.
    pub layout_hash: String,
}

/// A window as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = survey_window)]
pub struct WindowRow {
    /// Made by the server.
    pub id: Uuid,
    /// The survey.
    pub survey_id: String,
    /// First instant.
    pub opens: DateTime<Utc>,
    /// Last second, included.
    pub closes: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who; `None` for the printed period and the system.
    pub account_id: Option<Uuid>,
}

/// An earlier end of a window as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = window_closure)]
pub struct ClosureRow {
    /// Made by the server.
    pub id: Uuid,
    /// The window.
    pub window_id: Uuid,
    /// As on the window.
    pub survey_id: String,
    /// Last second, included.
    pub closes: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
}

/// An extension as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = extension)]
pub struct ExtensionRow {
    /// Made by the server.
    pub id: Uuid,
    /// The survey.
    pub survey_id: String,
    /// For one hospital, or
    pub hospital_id: Option<Uuid>,
    /// for a prefecture, or
    pub prefecture: Option<i16>,
    /// for a municipality.
    pub municipality: Option<String>,
    /// Last second, included.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub account_id: Option<Uuid>,
}

/// Adds a survey if it is new; `true` when it was.
pub async fn insert(conn: &mut AsyncPgConnection, id: &str, title: &str) -> QueryResult<bool> {
    let inserted = diesel::insert_into(survey::table)
        .values((survey::id.eq(id), survey::title.eq(title)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Adds an edition if it is new.
pub async fn insert_edition(conn: &mut AsyncPgConnection, survey_id: &str, row: (&str, &str, &str)) -> QueryResult<()> {
    let (id, hash, layout_hash) = row;
    diesel::insert_into(edition::table)
        .values((
            edition::id.eq(id),
            edition::survey_id.eq(survey_id),
            edition::hash.eq(hash),
            edition::layout_hash.eq(layout_hash),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await
        .map(drop)
}

/// All editions of a survey.
pub async fn editions(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<EditionRow>> {
    edition::table
        .filter(edition::survey_id.eq(survey_id))
        .select(EditionRow::as_select())
        .order(edition::id)
        .load(conn)
        .await
}

/// All windows of a survey, the earliest first.
pub async fn windows(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<WindowRow>> {
    survey_window::table
        .filter(survey_window::survey_id.eq(survey_id))
        .select(WindowRow::as_select())
        .order((survey_window::opens, survey_window::id))
        .load(conn)
        .await
}

/// Adds a window.
pub async fn insert_window(conn: &mut AsyncPgConnection, row: &WindowRow) -> QueryResult<()> {
    diesel::insert_into(survey_window::table).values(row).execute(conn).await.map(drop)
}

/// All earlier ends of a survey's windows, the earliest first.
pub async fn closures(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<ClosureRow>> {
    window_closure::table
        .filter(window_closure::survey_id.eq(survey_id))
        .select(ClosureRow::as_select())
        .order((window_closure::closes, window_closure::id))
        .load(conn)
        .await
}

/// Adds an earlier end of a window.
pub async fn insert_closure(conn: &mut AsyncPgConnection, row: &ClosureRow) -> QueryResult<()> {
    diesel::insert_into(window_closure::table).values(row).execute(conn).await.map(drop)
}

/// All extensions of a survey.
pub async fn extensions(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<ExtensionRow>> {
    extension::table
        .filter(extension::survey_id.eq(survey_id))
        .select(ExtensionRow::as_select())
        .order(extension::id)
        .load(conn)
        .await
}

/// All extensions of a survey, the oldest first, with the G-MIS ID of the hospital that each is for.
pub async fn named_extensions(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<(ExtensionRow, Option<String>)>> {
    extension::table
        .left_join(
            frame::table.on(frame::survey_id
                .eq(extension::survey_id)
                .and(extension::hospital_id.eq(frame::hospital_id.nullable()))),
        )
        .filter(extension::survey_id.eq(survey_id))
        .select((ExtensionRow::as_select(), frame::gmis_id.nullable()))
        .order(extension::id)
        .load(conn)
        .await
}

/// Adds an extension.
pub async fn insert_extension(conn: &mut AsyncPgConnection, row: &ExtensionRow) -> QueryResult<()> {
    diesel::insert_into(extension::table).values(row).execute(conn).await.map(drop)
}
