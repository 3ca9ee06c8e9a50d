//! Revisions, append-only, and the respondents beside them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bytea, Date, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::prepared::Prepared;
use crate::db::schema::{respondent, revision, submission};

/// A revision as read back.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = revision)]
pub struct RevisionRow {
    /// The submission.
    pub submission_id: Uuid,
    /// 1, 2, 3 ...
    pub number: i32,
    /// The printed version answered.
    pub edition_id: String,
    /// Its hash then.
    pub edition_hash: String,
    /// Without the respondent.
    pub answers: Value,
    /// The warnings that let it in.
    pub warnings: Value,
    /// page, api, workbook or proxy.
    pub entry_path: String,
    /// Role that submitted it.
    pub actor: String,
    /// The import that brought it.
    pub import_id: Option<Uuid>,
    /// Why an earlier revision was replaced.
    pub reason: Option<String>,
    /// The number on the receipt.
    pub receipt: Uuid,
    /// By the server's clock.
    pub received_at: DateTime<Utc>,
    /// The version that the submission had with this step.
    pub version: i32,
}

/// The newest answers of a submission, to compare with.
#[derive(Debug, Clone)]
pub struct LatestAnswers {
    /// The submission.
    pub submission_id: Uuid,
    /// Without the respondent.
    pub answers: Value,
    /// The respondent, unless erased.
    pub respondent: Option<Value>,
    /// The receipt of that revision.
    pub receipt: Uuid,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The edition that was answered.
    pub edition_id: String,
    /// page, api, workbook or proxy.
    pub entry_path: String,
}

type LatestRow = (Uuid, Value, Option<Value>, Uuid, DateTime<Utc>, String, String);

/// A revision to be added.
#[derive(Debug)]
pub struct NewRevision {
    /// The locked submission.
    pub submission_id: Uuid,
    /// Latest + 1.
    pub number: i32,
    /// The submission's version with this step.
    pub version: i32,
    /// The hospital.
    pub hospital_id: Uuid,
    /// As in the frame.
    pub prefecture: i16,
    /// As in the frame.
    pub municipality: String,
    /// Without the respondent.
    pub answers: Value,
    /// The respondent.
    pub respondent: Value,
    /// One byte a slot.
    pub codes: Vec<u8>,
    /// Warnings.
    pub warnings: Value,
    /// The number on the receipt.
    pub receipt: Uuid,
    /// SHA-256 of what was received.
    pub received: [u8; 32],
}

/// What the revisions of one act share.
#[derive(Debug)]
pub struct Act<'a> {
    /// The survey.
    pub survey_id: &'a str,
    /// The edition answered.
    pub edition: (&'a str, &'a str, &'a str),
    /// page, api, workbook or proxy.
    pub entry_path: &'static str,
    /// Role name.
    pub actor: &'static str,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The import, if it is one.
    pub import_id: Option<Uuid>,
    /// Why earlier answers are replaced.
    pub reason: Option<&'a str>,
    /// By the server's clock.
    pub received_at: DateTime<Utc>,
    /// When the respondents are to be erased.
    pub retain_until: NaiveDate,
}

/// The newest answers of these submissions.
pub async fn latest(conn: &mut AsyncPgConnection, submissions: &[Uuid]) -> QueryResult<Vec<LatestAnswers>> {
    let query = revision::table
        .inner_join(
            submission::table.on(submission::id
                .eq(revision::submission_id)
                .and(submission::latest_revision.eq(revision::number))),
        )
        .left_join(
            respondent::table.on(respondent::submission_id
                .eq(revision::submission_id)
                .and(respondent::number.eq(revision::number))),
        )
        .filter(submission::id.eq_any(submissions))
        .select((
            revision::submission_id,
            revision::answers,
            respondent::details.nullable(),
            revision::receipt,
            revision::received_at,
            revision::edition_id,
            revision::entry_path,
        ));
    let rows: Vec<LatestRow> = Prepared(query).load(conn).await?;
    let latest = |(submission_id, answers, respondent, receipt, received_at, edition_id, entry_path)| LatestAnswers {
        submission_id,
        answers,
        respondent,
        receipt,
        received_at,
        edition_id,
        entry_path,
    };
    Ok(rows.into_iter().map(latest).collect())
}

/// Adds revisions and their respondents.
pub async fn insert_all(conn: &mut AsyncPgConnection, act: &Act<'_>, rows: &[NewRevision]) -> QueryResult<()> {
    let submissions: Vec<Uuid> = rows.iter().map(|row| row.submission_id).collect();
    let numbers: Vec<i32> = rows.iter().map(|row| row.number).collect();
    let versions: Vec<i32> = rows.iter().map(|row| row.version).collect();
    let hospitals: Vec<Uuid> = rows.iter().map(|row| row.hospital_id).collect();
    let prefectures: Vec<i16> = rows.iter().map(|row| row.prefecture).collect();
    let municipalities: Vec<&str> = rows.iter().map(|row| row.municipality.as_str()).collect();
    let answers: Vec<&Value> = rows.iter().map(|row| &row.answers).collect();
    let codes: Vec<&[u8]> = rows.iter().map(|row| row.codes.as_slice()).collect();
    let warnings: Vec<&Value> = rows.iter().map(|row| &row.warnings).collect();
    let receipts: Vec<Uuid> = rows.iter().map(|row| row.receipt).collect();
    let received: Vec<&[u8]> = rows.iter().map(|row| row.received.as_slice()).collect();
    let respondents: Vec<&Value> = rows.iter().map(|row| &row.respondent).collect();
    let (edition_id, edition_hash, layout_hash) = act.edition;
    let query = diesel::sql_query(
        "INSERT INTO revision (submission_id, number, survey_id, hospital_id, prefecture, municipality, edition_id, edition_hash, layout_hash, \
         answers, codes, warnings, entry_path, actor, account_id, import_id, reason, receipt, received_at, received_sha256, version) \
         SELECT a.submission_id, a.number, $10, a.hospital_id, a.prefecture, a.municipality, $11, $12, $13, a.answers, a.codes, a.warnings, \
         $14, $15, $16, $17, $18, a.receipt, $19, a.received, a.version \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $20, $21) \
         AS a(submission_id, number, hospital_id, prefecture, municipality, answers, codes, warnings, receipt, received, version)",
    )
    .bind::<Array<SqlUuid>, _>(&submissions)
    .bind::<Array<Integer>, _>(&numbers)
    .bind::<Array<SqlUuid>, _>(&hospitals)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&municipalities)
    .bind::<Array<Jsonb>, _>(&answers)
    .bind::<Array<Bytea>, _>(&codes)
    .bind::<Array<Jsonb>, _>(&warnings)
    .bind::<Array<SqlUuid>, _>(&receipts)
    .bind::<Text, _>(act.survey_id)
    .bind::<Text, _>(edition_id)
    .bind::<Text, _>(edition_hash)
    .bind::<Text, _>(layout_hash)
    .bind::<Text, _>(act.entry_path)
    .bind::<Text, _>(act.actor)
    .bind::<Nullable<SqlUuid>, _>(act.account_id)
    .bind::<Nullable<SqlUuid>, _>(act.import_id)
    .bind::<Nullable<Text>, _>(act.reason)
    .bind::<Timestamptz, _>(act.received_at)
    .bind::<Array<Bytea>, _>(&received)
    .bind::<Array<Integer>, _>(&versions);
    Prepared(query).execute(conn).await?;
    let query = diesel::sql_query(
        "INSERT INTO respondent (submission_id, number, hospital_id, prefecture, municipality, details, retain_until) \
         SELECT a.submission_id, a.number, a.hospital_id, a.prefecture, a.municipality, a.details, $7 \
         FROM unnest($1, $2, $3, $4, $5, $6) AS a(submission_id, number, hospital_id, prefecture, municipality, details)",
    )
    .bind::<Array<SqlUuid>, _>(&submissions)
    .bind::<Array<Integer>, _>(&numbers)
    .bind::<Array<SqlUuid>, _>(&hospitals)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&municipalities)
    .bind::<Array<Jsonb>, _>(&respondents)
    .bind::<Date, _>(act.retain_until);
    Prepared(query).execute(conn).await.map(drop)
}

/// All revisions of a submission, the oldest first, with the respondent where the actor may see one.
pub async fn list(conn: &mut AsyncPgConnection, submission_id: Uuid) -> QueryResult<Vec<(RevisionRow, Option<Value>)>> {
    revision::table
        .left_join(
            respondent::table.on(respondent::submission_id
                .eq(revision::submission_id)
                .and(respondent::number.eq(revision::number))),
        )
        .filter(revision::submission_id.eq(submission_id))
        .select((RevisionRow::as_select(), respondent::details.nullable()))
        .order(revision::number)
        .load(conn)
        .await
}

/// The answers that a submission had at a version, with the respondent where the actor may see one; `None` before the first revision.
pub async fn at_version(conn: &mut AsyncPgConnection, submission_id: Uuid, version: i32) -> QueryResult<Option<(Value, Option<Value>)>> {
    revision::table
        .left_join(
            respondent::table.on(respondent::submission_id
                .eq(revision::submission_id)
                .and(respondent::number.eq(revision::number))),
        )
        .filter(revision::submission_id.eq(submission_id))
        .filter(revision::version.le(version))
        .select((revision::answers, respondent::details.nullable()))
        .order(revision::number.desc())
        .first(conn)
        .await
        .optional()
}

/// What these hospitals answered to one question of a survey, by their counted revision; text answers only.
pub async fn counted_answers(
    conn: &mut AsyncPgConnection,
    survey_id: &str,
    question: &str,
    hospitals: &[Uuid],
) -> QueryResult<Vec<(Uuid, String)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        hospital_id: Uuid,
        #[diesel(sql_type = Text)]
        answer: String,
    }
    let query = diesel::sql_query(
        "SELECT s.hospital_id, r.answers ->> $2 AS answer \
         FROM submission s JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision \
         WHERE s.survey_id = $1 AND s.state IN ('submitted', 'accepted') AND s.hospital_id = ANY($3) AND r.answers ? $2",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Text, _>(question)
    .bind::<Array<SqlUuid>, _>(hospitals);
    let rows: Vec<Row> = Prepared(query).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.hospital_id, row.answer)).collect())
}
