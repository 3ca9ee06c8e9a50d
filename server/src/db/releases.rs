//! Releases: what was published, the hospitals that it was counted from, and its files. Rows are added and never changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::{blob, frame, release, release_file, release_member, revision, submission};
use crate::db::snapshots::COUNTED;

/// A release, without what it hides: that is long, and asked for by itself.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = release)]
pub struct ReleaseRow {
    /// Made by the server.
    pub id: Uuid,
    /// The survey.
    pub survey_id: String,
    /// 1, 2, 3 ...
    pub number: i32,
    /// What it corrects.
    pub note: String,
    /// To when it counts.
    pub as_of: DateTime<Utc>,
    /// The survey's change counter.
    pub changes: i64,
    /// Of the codes.
    pub layout_hash: String,
    /// What made it.
    pub program_version: String,
    /// The earlier survey's release beside which its trends stand.
    pub compared_with: Option<Uuid>,
    /// Of the frame in scope.
    pub hospitals: i32,
    /// Of those, counted.
    pub responses: i32,
    /// Role name.
    pub actor: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub made_at: DateTime<Utc>,
}

/// A file of a release.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = release_file)]
pub struct FileRow {
    /// The release.
    pub release_id: Uuid,
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its SHA-256.
    pub blob_sha256: Vec<u8>,
    /// Bytes.
    pub size: i64,
    /// Whether it is for the ministry only.
    pub restricted: bool,
}

/// A hospital of a survey's frame in scope, with the revision that counts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct MemberRow {
    /// Internal id.
    pub hospital_id: Uuid,
    /// JIS X 0401.
    pub prefecture: i16,
    /// Five digits or empty.
    pub municipality: String,
    /// Licensed beds.
    pub beds: i32,
    /// `None`: it has not answered.
    pub counted: Option<CountedRow>,
}

/// A revision that counts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct CountedRow {
    /// The submission.
    pub submission_id: Uuid,
    /// The revision's number.
    pub revision: i32,
    /// Of the codes.
    pub layout_hash: String,
    /// One byte a slot.
    pub codes: Vec<u8>,
}

/// What counts now: the frame in scope and its counted revisions, by hospital.
pub async fn countable(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<MemberRow>> {
    frame::table
        .left_join(
            submission::table
                .inner_join(
                    revision::table.on(revision::submission_id
                        .eq(submission::id)
                        .and(revision::number.eq(submission::latest_revision))),
                )
                .on(submission::survey_id
                    .eq(frame::survey_id)
                    .and(submission::hospital_id.eq(frame::hospital_id))
                    .and(submission::state.eq_any(COUNTED))),
        )
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::out_of_scope_at.is_null())
        .order(frame::hospital_id)
        .select((
            frame::hospital_id,
            frame::prefecture,
            frame::municipality,
            frame::beds,
            (revision::submission_id, revision::number, revision::layout_hash, revision::codes).nullable(),
        ))
        .load(conn)
        .await
}

/// What a release was counted from, by hospital.
pub async fn members(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Vec<MemberRow>> {
    release_member::table
        .left_join(
            revision::table.on(release_member::submission_id
                .eq(revision::submission_id.nullable())
                .and(release_member::revision.eq(revision::number.nullable()))),
        )
        .filter(release_member::release_id.eq(id))
        .order(release_member::hospital_id)
        .select((
            release_member::hospital_id,
            release_member::prefecture,
            release_member::municipality,
            release_member::beds,
            (revision::submission_id, revision::number, revision::layout_hash, revision::codes).nullable(),
        ))
        .load(conn)
        .await
}

/// The releases of a survey, the first one first.
pub async fn of_survey(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<ReleaseRow>> {
    release::table
        .filter(release::survey_id.eq(survey_id))
        .order(release::number)
        .select(ReleaseRow::as_select())
        .load(conn)
        .await
}

/// A release of a survey.
pub async fn find(conn: &mut AsyncPgConnection, survey_id: &str, number: i32) -> QueryResult<Option<ReleaseRow>> {
    release::table
        .filter(release::survey_id.eq(survey_id))
        .filter(release::number.eq(number))
        .select(ReleaseRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// A release by its id.
pub async fn by_id(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<ReleaseRow>> {
    release::table.find(id).select(ReleaseRow::as_select()).first(conn).await.optional()
}

/// Of these releases, how much is hidden.
pub async fn reports(conn: &mut AsyncPgConnection, releases: &[Uuid]) -> QueryResult<Vec<(Uuid, Value)>> {
    release::table
        .filter(release::id.eq_any(releases))
        .select((release::id, release::suppression.retrieve_as_object("report")))
        .load(conn)
        .await
}

/// What a release hides, and by which rule.
pub async fn suppression(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Value> {
    release::table.find(id).select(release::suppression).first(conn).await
}

/// The files that the actor may have, of these releases, by name.
pub async fn files(conn: &mut AsyncPgConnection, releases: &[Uuid]) -> QueryResult<Vec<FileRow>> {
    release_file::table
        .filter(release_file::release_id.eq_any(releases))
        .order(release_file::name)
        .select(FileRow::as_select())
        .load(conn)
        .await
}

/// A file with its bytes.
pub async fn file(conn: &mut AsyncPgConnection, release: Uuid, name: &str) -> QueryResult<Option<(FileRow, Vec<u8>)>> {
    release_file::table
        .inner_join(blob::table.on(blob::sha256.eq(release_file::blob_sha256)))
        .filter(release_file::release_id.eq(release))
        .filter(release_file::name.eq(name))
        .select((FileRow::as_select(), blob::bytes))
        .first(conn)
        .await
        .optional()
}

/// Adds a release with what it was counted from; its files follow.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ReleaseRow, suppression: &Value, members: &[MemberRow]) -> QueryResult<()> {
    let values = (row, release::suppression.eq(suppression));
    diesel::insert_into(release::table).values(values).execute(conn).await?;
    let hospitals: Vec<Uuid> = members.iter().map(|member| member.hospital_id).collect();
    let prefectures: Vec<i16> = members.iter().map(|member| member.prefecture).collect();
    let municipalities: Vec<&str> = members.iter().map(|member| member.municipality.as_str()).collect();
    let beds: Vec<i32> = members.iter().map(|member| member.beds).collect();
    let counted = || members.iter().map(|member| member.counted.as_ref());
    let submissions: Vec<Option<Uuid>> = counted().map(|counted| Some(counted?.submission_id)).collect();
    let revisions: Vec<Option<i32>> = counted().map(|counted| Some(counted?.revision)).collect();
    diesel::sql_query(
        "INSERT INTO release_member (release_id, hospital_id, prefecture, municipality, beds, submission_id, revision) \
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(row.id)
    .bind::<Array<SqlUuid>, _>(hospitals)
    .bind::<Array<SmallInt>, _>(prefectures)
    .bind::<Array<Text>, _>(municipalities)
    .bind::<Array<Integer>, _>(beds)
    .bind::<Array<Nullable<SqlUuid>>, _>(submissions)
    .bind::<Array<Nullable<Integer>>, _>(revisions)
    .execute(conn)
    .await
    .map(drop)
}

/// Names a file that is stored already as one of a release.
pub async fn add_file(conn: &mut AsyncPgConnection, row: &FileRow) -> QueryResult<()> {
    diesel::insert_into(release_file::table).values(row).execute(conn).await.map(drop)
}
