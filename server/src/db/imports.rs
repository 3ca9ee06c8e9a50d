//! Imported files and what became of each hospital in them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::prepared::Prepared;
use crate::db::schema::{blob, import, import_verdict};

/// An import.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = import)]
pub struct ImportRow {
    /// Made by the server.
    pub id: Uuid,
    /// The survey.
    pub survey_id: String,
    /// The edition that it was read as.
    pub edition_id: String,
    /// Role name.
    pub actor: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// The importer's hospital.
    pub hospital_id: Option<Uuid>,
    /// The importer's prefecture.
    pub prefecture: Option<i16>,
    /// As sent.
    pub file_name: String,
    /// The file; `None` once it was erased.
    pub blob_sha256: Option<Vec<u8>>,
    /// The printing whose numbers the file uses.
    pub numbering: Option<String>,
    /// Why earlier answers are replaced.
    pub reason: Option<String>,
    /// Hospitals whose answers became a revision.
    pub accepted: i32,
    /// Hospitals left out.
    pub rejected: i32,
    /// Hospitals whose identical answers were there.
    pub unchanged: i32,
    /// Faults of the file as a whole.
    pub faults: Value,
    /// By the server's clock.
    pub imported_at: DateTime<Utc>,
    /// SHA-256 of the file; stays when the file goes.
    pub file_sha256: Vec<u8>,
    /// The day after which the file is to be erased.
    pub retain_until: NaiveDate,
    /// When it was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// What became of one hospital of an import.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = import_verdict)]
pub struct VerdictRow {
    /// In the order of the file, from 0.
    pub ordinal: i32,
    /// G-MIS ID or what was found.
    pub hospital: String,
    /// Sheet.
    pub sheet: String,
    /// Row, from 1.
    pub sheet_row: i32,
    /// accepted, unchanged or rejected.
    pub verdict: String,
    /// Its faults.
    pub faults: Value,
}

/// Keeps a file; the same bytes are kept once, and not sent again if the actor may see them.
pub async fn insert_blob(conn: &mut AsyncPgConnection, sha256: &[u8], bytes: &[u8]) -> QueryResult<()> {
    let kept = diesel::select(diesel::dsl::exists(blob::table.find(sha256)))
        .get_result(conn)
        .await?;
    if kept {
        return Ok(());
    }
    diesel::insert_into(blob::table)
        .values((blob::sha256.eq(sha256), blob::bytes.eq(bytes)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await
        .map(drop)
}

/// The bytes of a file that the actor's job or import names.
pub async fn file(conn: &mut AsyncPgConnection, sha256: &[u8]) -> QueryResult<Option<Vec<u8>>> {
    blob::table.find(sha256).select(blob::bytes).first(conn).await.optional()
}

/// Adds an import.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ImportRow) -> QueryResult<()> {
    diesel::insert_into(import::table).values(row).execute(conn).await.map(drop)
}

/// Adds verdicts of an import.
pub async fn insert_verdicts(conn: &mut AsyncPgConnection, import_id: Uuid, verdicts: &[VerdictRow]) -> QueryResult<()> {
    let ordinals: Vec<i32> = verdicts.iter().map(|v| v.ordinal).collect();
    let hospitals: Vec<&str> = verdicts.iter().map(|v| v.hospital.as_str()).collect();
    let sheets: Vec<&str> = verdicts.iter().map(|v| v.sheet.as_str()).collect();
    let rows: Vec<i32> = verdicts.iter().map(|v| v.sheet_row).collect();
    let words: Vec<&str> = verdicts.iter().map(|v| v.verdict.as_str()).collect();
    let faults: Vec<&Value> = verdicts.iter().map(|v| &v.faults).collect();
    let query = diesel::sql_query(
        "INSERT INTO import_verdict (import_id, ordinal, hospital, sheet, sheet_row, verdict, faults) SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(import_id)
    .bind::<Array<Integer>, _>(&ordinals)
    .bind::<Array<Text>, _>(&hospitals)
    .bind::<Array<Text>, _>(&sheets)
    .bind::<Array<Integer>, _>(&rows)
    .bind::<Array<Text>, _>(&words)
    .bind::<Array<Jsonb>, _>(&faults);
    Prepared(query).execute(conn).await.map(drop)
}

/// An import that the actor may see.
pub async fn find(conn: &mut AsyncPgConnection, survey_id: &str, id: Uuid) -> QueryResult<Option<ImportRow>> {
    import::table
        .find(id)
        .filter(import::survey_id.eq(survey_id))
        .select(ImportRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The newest import of the same file by the same sender who said the same of it, unless something was left out then.
pub async fn of_file(
    conn: &mut AsyncPgConnection,
    sha256: &[u8],
    (actor, hospital_id, prefecture): (&str, Option<Uuid>, Option<i16>),
    (edition_id, numbering, reason): (&str, Option<&str>, Option<&str>),
) -> QueryResult<Option<ImportRow>> {
    import::table
        .filter(import::file_sha256.eq(sha256))
        .filter(import::actor.eq(actor))
        .filter(import::hospital_id.is_not_distinct_from(hospital_id))
        .filter(import::prefecture.is_not_distinct_from(prefecture))
        .filter(import::edition_id.eq(edition_id))
        .filter(import::numbering.is_not_distinct_from(numbering))
        .filter(import::reason.is_not_distinct_from(reason))
        .filter(import::rejected.eq(0))
        .filter(import::erased_at.is_null())
        .select(ImportRow::as_select())
        .order(import::id.desc())
        .first(conn)
        .await
        .optional()
}

/// A page of a survey's imports, newest first, older than `before`.
pub async fn page(conn: &mut AsyncPgConnection, survey_id: &str, before: Option<Uuid>, limit: i64) -> QueryResult<Vec<ImportRow>> {
    let mut query = import::table
        .filter(import::survey_id.eq(survey_id))
        .select(ImportRow::as_select())
        .order(import::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(import::id.lt(before));
    }
    query.load(conn).await
}

/// A page of an import's verdicts, in the order of the file, after `after`.
pub async fn verdicts(conn: &mut AsyncPgConnection, id: Uuid, after: Option<i32>, limit: i64) -> QueryResult<Vec<VerdictRow>> {
    import_verdict::table
        .filter(import_verdict::import_id.eq(id))
        .filter(import_verdict::ordinal.gt(after.unwrap_or(-1)))
        .select(VerdictRow::as_select())
        .order(import_verdict::ordinal)
        .limit(limit)
        .load(conn)
        .await
}

/// The verdicts of an import with faults, in the order of the file.
pub async fn verdicts_with_faults(conn: &mut AsyncPgConnection, id: Uuid, limit: i64) -> QueryResult<Vec<VerdictRow>> {
    import_verdict::table
        .filter(import_verdict::import_id.eq(id))
        .filter(import_verdict::faults.ne(Value::Array(Vec::new())))
        .select(VerdictRow::as_select())
        .order(import_verdict::ordinal)
        .limit(limit)
        .load(conn)
        .await
}
