//! Submissions: one row per survey and hospital, locked while a revision is added.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use survey::submission::SubmissionState;
use uuid::Uuid;

use crate::db::frames::FrameRow;
use crate::db::prepared::Prepared;
use crate::db::schema::submission;

/// A submission.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = submission)]
pub struct SubmissionRow {
    /// Internal id.
    pub id: Uuid,
    /// The hospital.
    pub hospital_id: Uuid,
    /// How it stands.
    #[diesel(deserialize_as = String)]
    pub state: SubmissionState,
    /// Number of the newest revision; 0 before the first.
    pub latest_revision: i32,
    /// Last change.
    pub updated_at: DateTime<Utc>,
    /// How many steps it has made: the ETag.
    pub version: i32,
    /// While returned: until when it may be submitted again, whatever the windows say.
    pub resubmit_until: Option<DateTime<Utc>>,
}

/// The submission of a hospital, if there is one that the actor may see.
pub async fn find(conn: &mut AsyncPgConnection, survey_id: &str, hospital_id: Uuid) -> QueryResult<Option<SubmissionRow>> {
    submission::table
        .filter(submission::survey_id.eq(survey_id))
        .filter(submission::hospital_id.eq(hospital_id))
        .select(SubmissionRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The submissions of these hospitals, as far as there are any.
pub async fn of_hospitals(conn: &mut AsyncPgConnection, survey_id: &str, hospitals: &[Uuid]) -> QueryResult<Vec<SubmissionRow>> {
    let query = submission::table
        .filter(submission::survey_id.eq(survey_id))
        .filter(submission::hospital_id.eq_any(hospitals))
        .select(SubmissionRow::as_select());
    Prepared(query).load(conn).await
}

/// Makes the submissions that these hospitals do not have yet, as drafts.
pub async fn make(conn: &mut AsyncPgConnection, survey_id: &str, hospitals: &[&FrameRow], now: DateTime<Utc>) -> QueryResult<()> {
    insert(conn, survey_id, hospitals, (SubmissionState::Draft, 0), now).await.map(drop)
}

/// Makes the submissions that these hospitals do not have yet, as submitted with their first revision, which the caller adds; gives those made.
pub async fn make_submitted(
    conn: &mut AsyncPgConnection,
    survey_id: &str,
    hospitals: &[&FrameRow],
    now: DateTime<Utc>,
) -> QueryResult<Vec<MadeRow>> {
    insert(conn, survey_id, hospitals, (SubmissionState::Submitted, 1), now).await
}

/// A submission that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct MadeRow {
    /// Internal id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The hospital.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
}

/// In the order of the hospitals' ids, so that two callers never wait for each other. What somebody else makes at the same time is waited for and
/// left as it is.
async fn insert(
    conn: &mut AsyncPgConnection,
    survey_id: &str,
    hospitals: &[&FrameRow],
    (state, steps): (SubmissionState, i32),
    now: DateTime<Utc>,
) -> QueryResult<Vec<MadeRow>> {
    let mut hospitals = hospitals.to_vec();
    hospitals.sort_by_key(|row| row.hospital_id);
    let ids: Vec<Uuid> = hospitals.iter().map(|_| Uuid::now_v7()).collect();
    let hospital_ids: Vec<Uuid> = hospitals.iter().map(|row| row.hospital_id).collect();
    let prefectures: Vec<i16> = hospitals.iter().map(|row| row.prefecture).collect();
    let municipalities: Vec<&str> = hospitals.iter().map(|row| row.municipality.as_str()).collect();
    let query = diesel::sql_query(
        "INSERT INTO submission (id, survey_id, hospital_id, prefecture, municipality, state, latest_revision, version, updated_at) \
         SELECT a.id, $1, a.hospital_id, a.prefecture, a.municipality, $7, $8, $8, $6 \
         FROM unnest($2, $3, $4, $5) AS a(id, hospital_id, prefecture, municipality) \
         ON CONFLICT (survey_id, hospital_id) DO NOTHING RETURNING id, hospital_id",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<SqlUuid>, _>(&hospital_ids)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&municipalities)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(state.as_str())
    .bind::<Integer, _>(steps);
    Prepared(query).load(conn).await
}

/// Locks the submissions of these hospitals, in the order of their ids too.
pub async fn lock(conn: &mut AsyncPgConnection, survey_id: &str, hospitals: &[Uuid]) -> QueryResult<Vec<SubmissionRow>> {
    let query = submission::table
        .filter(submission::survey_id.eq(survey_id))
        .filter(submission::hospital_id.eq_any(hospitals))
        .select(SubmissionRow::as_select())
        .order(submission::hospital_id)
        .for_update();
    Prepared(query).load(conn).await
}

/// Marks locked submissions as submitted with their newest revision.
pub async fn mark_submitted(conn: &mut AsyncPgConnection, rows: &[(Uuid, i32)], now: DateTime<Utc>) -> QueryResult<()> {
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
    let numbers: Vec<i32> = rows.iter().map(|(_, number)| *number).collect();
    let query = diesel::sql_query(
        "UPDATE submission s SET state = 'submitted', latest_revision = a.number, updated_at = $3, version = s.version + 1, resubmit_until = NULL \
         FROM unnest($1, $2) AS a(id, number) WHERE s.id = a.id",
    )
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Integer>, _>(&numbers)
    .bind::<Timestamptz, _>(now);
    Prepared(query).execute(conn).await.map(drop)
}

/// Marks a locked submission as stepped: its new state, version and date for resubmission.
pub async fn mark_stepped(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    (state, version): (SubmissionState, i32),
    resubmit_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(submission::table.find(id))
        .set((
            submission::state.eq(state.as_str()),
            submission::version.eq(version),
            submission::resubmit_until.eq(resubmit_until),
            submission::updated_at.eq(now),
        ))
        .execute(conn)
        .await
        .map(drop)
}
