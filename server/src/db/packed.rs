//! What is counted, many rows packed into one value: a snapshot reads every row of three tables, and a row by itself costs more on its way from Postgres
//! to here than what stands in it (docs/performance.md). Integers are big-endian, ids 16 bytes. Which revision counts is left to whoever reads, but for naming
//! only the submissions whose first revision does not: the join takes Postgres longer than to hand out both sides.
//!
//! A value holds the rows of one prefecture at most: Postgres makes none above 1 GB.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Bytea, Integer, Nullable, SmallInt, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::snapshots::COUNTED;

/// Hospitals of one municipality in a frame.
#[derive(Debug, Clone, QueryableByName)]
pub struct FrameRows {
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// Five digits or empty.
    #[diesel(sql_type = Text)]
    pub municipality: String,
    /// When one of them left the scope last.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub left_at: Option<DateTime<Utc>>,
    /// Whether attributes of one in scope are known.
    #[diesel(sql_type = Bool)]
    pub attributes: bool,
    /// Those in scope: id and beds (4 bytes) of each.
    #[diesel(sql_type = Bytea)]
    pub hospitals: Vec<u8>,
}

/// Submissions with the same number of revisions. Most have one, and it counts: only the others are named.
#[derive(Debug, Clone, QueryableByName)]
pub struct SubmissionRows {
    /// The newest revision of each.
    #[diesel(sql_type = Integer)]
    pub latest_revision: i32,
    /// When one of them changed last, counted or not.
    #[diesel(sql_type = Timestamptz)]
    pub changed_at: DateTime<Utc>,
    /// Those that do not count: id of the hospital of each.
    #[diesel(sql_type = Bytea)]
    pub uncounted: Vec<u8>,
    /// Those that count by another revision than the first: id of the hospital of each.
    #[diesel(sql_type = Bytea)]
    pub revised: Vec<u8>,
}

/// Revisions of one prefecture that have number, layout and length of their codes in common.
#[derive(Debug, Clone, QueryableByName)]
pub struct RevisionRows {
    /// 1, 2, 3 .. within the submission.
    #[diesel(sql_type = Integer)]
    pub number: i32,
    /// Whether their layout is another one than was asked for.
    #[diesel(sql_type = Bool)]
    pub another_layout: bool,
    /// Bytes of the codes of one.
    #[diesel(sql_type = Integer)]
    pub length: i32,
    /// Id of the hospital and codes of each.
    #[diesel(sql_type = Bytea)]
    pub codes: Vec<u8>,
}

/// The frame of a survey.
pub async fn frame(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<FrameRows>> {
    never_sort(conn).await?;
    diesel::sql_query(
        "SELECT prefecture, municipality, max(out_of_scope_at) AS left_at, bool_or(out_of_scope_at IS NULL AND attributes <> '{}') AS attributes, \
         coalesce(string_agg(uuid_send(hospital_id) || int4send(beds), '') FILTER (WHERE out_of_scope_at IS NULL), '') AS hospitals \
         FROM frame WHERE survey_id = $1 GROUP BY prefecture, municipality",
    )
    .bind::<Text, _>(survey_id)
    .load(conn)
    .await
}

/// The submissions to a survey.
pub async fn submissions(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<SubmissionRows>> {
    never_sort(conn).await?;
    diesel::sql_query(
        "SELECT latest_revision, max(updated_at) AS changed_at, \
         coalesce(string_agg(uuid_send(hospital_id), '') FILTER (WHERE latest_revision = 0 OR state <> ALL($2)), '') AS uncounted, \
         coalesce(string_agg(uuid_send(hospital_id), '') FILTER (WHERE latest_revision > 1 AND state = ANY($2)), '') AS revised \
         FROM submission WHERE survey_id = $1 GROUP BY prefecture, latest_revision",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Array<Text>, _>(COUNTED.as_slice())
    .load(conn)
    .await
}

/// All revisions of a survey, also those that count no more. `layout` is the layout that is asked for.
pub async fn revisions(conn: &mut AsyncPgConnection, survey_id: &str, layout: &str) -> QueryResult<Vec<RevisionRows>> {
    never_sort(conn).await?;
    diesel::sql_query(
        "SELECT number, layout_hash <> $2 AS another_layout, octet_length(codes) AS length, \
         string_agg(uuid_send(hospital_id) || codes, '') AS codes FROM revision WHERE survey_id = $1 GROUP BY prefecture, 1, 2, 3",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Text, _>(layout)
    .load(conn)
    .await
}

/// Until the transaction ends. The planner expects as many groups as rows and would sort all rows to find them; there are hundreds.
async fn never_sort(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::sql_query("SET LOCAL enable_sort = off").execute(conn).await.map(drop)
}
