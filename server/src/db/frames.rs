//! Hospitals, their aliases and the frames of surveys.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use survey::band::Band;
use survey::prefecture::PrefectureCode;
use survey::submission::SubmissionState;
use uuid::Uuid;

use crate::db::schema::{alias, frame, submission};

/// A hospital of a frame.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = frame)]
pub struct FrameRow {
    /// Internal id.
    pub hospital_id: Uuid,
    /// G-MIS ID.
    pub gmis_id: String,
    /// 10 digits, if it has one.
    pub institution_code: Option<String>,
    /// Name.
    pub name: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// Five digits or empty.
    pub municipality: String,
    /// Licensed beds.
    pub beds: i32,
}

/// A hospital as it is frozen into a frame.
#[derive(Debug, Clone)]
pub struct DrawnRow {
    /// Who and where it is.
    pub row: FrameRow,
    /// What is known of it beside that: an object of texts, by the catalogue of attributes.
    pub attributes: Value,
}

/// The state of a hospital's submission, since when, and the date of its return if that has one.
pub type Standing = (SubmissionState, DateTime<Utc>, Option<DateTime<Utc>>);

/// A [`Standing`] as it is stored.
type StandingRow = (String, DateTime<Utc>, Option<DateTime<Utc>>);

/// Which hospitals of a frame; all that the actor may see by default.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one prefecture.
    pub prefecture: Option<PrefectureCode>,
    /// How their submissions stand.
    pub standing: Option<Wanted>,
    /// Of one bed-size class.
    pub band: Option<&'static Band>,
    /// Those whose name holds this, or whose G-MIS ID begins with it.
    pub text: Option<String>,
}

/// The states that count: who is in one of them has answered.
const COUNTED: [SubmissionState; 2] = [SubmissionState::Submitted, SubmissionState::Accepted];

/// A state to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// 未回答: nothing was ever begun.
    Unanswered,
    /// Nothing that counts: begun or not, they have to be chased.
    Missing,
    /// In this state.
    State(SubmissionState),
}

/// The hospital of a G-MIS ID in a survey's frame, if the actor may see it and it is in scope.
pub async fn find(conn: &mut AsyncPgConnection, survey_id: &str, gmis_id: &str) -> QueryResult<Option<FrameRow>> {
    frame::table
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::gmis_id.eq(gmis_id))
        .filter(frame::out_of_scope_at.is_null())
        .select(FrameRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// A hospital in a survey's frame, if it is in scope and the actor may see it.
pub async fn of_hospital(conn: &mut AsyncPgConnection, survey_id: &str, hospital: Uuid) -> QueryResult<Option<FrameRow>> {
    frame::table
        .find((survey_id, hospital))
        .filter(frame::out_of_scope_at.is_null())
        .select(FrameRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The hospitals of these G-MIS IDs that are in scope and that the actor may see.
pub async fn of_ids(conn: &mut AsyncPgConnection, survey_id: &str, gmis_ids: &[&str]) -> QueryResult<Vec<FrameRow>> {
    frame::table
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::gmis_id.eq_any(gmis_ids))
        .filter(frame::out_of_scope_at.is_null())
        .select(FrameRow::as_select())
        .load(conn)
        .await
}

/// Every hospital in scope that the actor may see, by G-MIS ID.
pub async fn all(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<FrameRow>> {
    frame::table
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::out_of_scope_at.is_null())
        .select(FrameRow::as_select())
        .order(frame::gmis_id)
        .load(conn)
        .await
}

/// A part of [`all`], after `after`.
pub async fn part(conn: &mut AsyncPgConnection, survey_id: &str, after: Option<&str>, limit: i64) -> QueryResult<Vec<FrameRow>> {
    let mut query = frame::table
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::out_of_scope_at.is_null())
        .select(FrameRow::as_select())
        .order(frame::gmis_id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(frame::gmis_id.gt(after));
    }
    query.load(conn).await
}

/// A page of hospitals with the state of their submission, by G-MIS ID, after `after`.
pub async fn page(
    conn: &mut AsyncPgConnection,
    survey_id: &str,
    filter: Filter,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(FrameRow, Option<Standing>)>> {
    let mut query = frame::table
        .left_join(
            submission::table.on(submission::survey_id
                .eq(frame::survey_id)
                .and(submission::hospital_id.eq(frame::hospital_id))),
        )
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::out_of_scope_at.is_null())
        .select((
            FrameRow::as_select(),
            (submission::state, submission::updated_at, submission::resubmit_until).nullable(),
        ))
        .order(frame::gmis_id)
        .limit(limit)
        .into_boxed();
    if let Some(prefecture) = filter.prefecture {
        query = query.filter(frame::prefecture.eq(i16::from(prefecture.number())));
    }
    query = match filter.standing {
        Some(Wanted::Unanswered) => query.filter(submission::state.is_null()),
        Some(Wanted::Missing) => query.filter(
            submission::state
                .is_null()
                .or(submission::state.ne_all(COUNTED.map(SubmissionState::as_str))),
        ),
        Some(Wanted::State(state)) => query.filter(submission::state.eq(state.as_str())),
        None => query,
    };
    if let Some(band) = filter.band {
        query = query.filter(frame::beds.ge(i32::from(band.min)));
        if let Some(max) = band.max {
            query = query.filter(frame::beds.le(i32::from(max)));
        }
    }
    if let Some(text) = &filter.text {
        let text = text.replace(['\\', '%', '_'], "");
        query = query.filter(frame::name.ilike(format!("%{text}%")).or(frame::gmis_id.ilike(format!("{text}%"))));
    }
    if let Some(after) = after {
        query = query.filter(frame::gmis_id.gt(after));
    }
    let rows: Vec<(FrameRow, Option<StandingRow>)> = query.load(conn).await?;
    let known = |(state, since, until): StandingRow| {
        let state = SubmissionState::parse(&state).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        Ok::<Standing, diesel::result::Error>((state, since, until))
    };
    rows.into_iter()
        .map(|(row, standing)| Ok((row, standing.map(known).transpose()?)))
        .collect()
}

#[derive(QueryableByName)]
struct CountedRow {
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = BigInt)]
    hospitals: i64,
}

/// How many hospitals in scope that the actor may see stand how; a state that none is in is not among them.
pub async fn standings(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<(Option<String>, i64)>> {
    let rows: Vec<CountedRow> = diesel::sql_query(
        "SELECT s.state, count(*) AS hospitals FROM frame f \
         LEFT JOIN submission s ON s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id \
         WHERE f.survey_id = $1 AND f.out_of_scope_at IS NULL GROUP BY s.state",
    )
    .bind::<Text, _>(survey_id)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.hospitals)).collect())
}

/// How many hospitals the frame has, those out of scope too: a frame that they all left was drawn all the same.
pub async fn count(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<i64> {
    frame::table.filter(frame::survey_id.eq(survey_id)).count().get_result(conn).await
}

/// Who bears which alias of a kind, or bore it: those of before first, so that the last of a value is the one that counts.
pub async fn alias_owners(conn: &mut AsyncPgConnection, kind: &str) -> QueryResult<Vec<(String, Uuid)>> {
    alias::table
        .filter(alias::kind.eq(kind))
        .select((alias::value, alias::hospital_id))
        .order(alias::valid_to.asc().nulls_last())
        .load(conn)
        .await
}

/// Writes rows of a frame with their hospitals and aliases: new hospitals are made, known ones take the newest name and area.
pub async fn insert_all(conn: &mut AsyncPgConnection, survey_id: &str, drawn: &[DrawnRow], from: NaiveDate) -> QueryResult<()> {
    let rows: Vec<&FrameRow> = drawn.iter().map(|drawn| &drawn.row).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.hospital_id).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let prefectures: Vec<i16> = rows.iter().map(|row| row.prefecture).collect();
    let municipalities: Vec<&str> = rows.iter().map(|row| row.municipality.as_str()).collect();
    let gmis_ids: Vec<&str> = rows.iter().map(|row| row.gmis_id.as_str()).collect();
    let codes: Vec<Option<&str>> = rows.iter().map(|row| row.institution_code.as_deref()).collect();
    diesel::sql_query(
        "INSERT INTO hospital (id, name, prefecture, municipality) SELECT * FROM unnest($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, prefecture = excluded.prefecture, municipality = excluded.municipality",
    )
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Text>, _>(&names)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&municipalities)
    .execute(conn)
    .await?;
    for (kind, values) in [
        ("gmis_id", gmis_ids.iter().map(|id| Some(*id)).collect::<Vec<_>>()),
        ("institution_code", codes),
    ] {
        // What a newer frame names otherwise is no longer borne; a frame that is drawn late, of a year before, takes nothing back.
        diesel::sql_query(
            "UPDATE alias x SET valid_to = $4 - 1 FROM unnest($1, $3) AS a(id, value) \
             WHERE x.hospital_id = a.id AND x.kind = $2 AND x.value <> a.value AND x.valid_to IS NULL AND x.valid_from < $4",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Text, _>(kind)
        .bind::<Array<Nullable<Text>>, _>(&values)
        .bind::<Date, _>(from)
        .execute(conn)
        .await?;
        diesel::sql_query(
            "INSERT INTO alias (hospital_id, kind, value, prefecture, municipality, valid_from) \
             SELECT a.id, $2, a.value, a.prefecture, a.municipality, $6 FROM unnest($1, $3, $4, $5) AS a(id, value, prefecture, municipality) \
             WHERE a.value IS NOT NULL AND NOT EXISTS (SELECT FROM alias x WHERE x.kind = $2 AND x.value = a.value \
             AND (x.valid_to IS NULL OR x.hospital_id = a.id AND (x.valid_to >= $6 OR x.valid_from = $6)))",
        )
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Text, _>(kind)
        .bind::<Array<Nullable<Text>>, _>(&values)
        .bind::<Array<SmallInt>, _>(&prefectures)
        .bind::<Array<Text>, _>(&municipalities)
        .bind::<Date, _>(from)
        .execute(conn)
        .await?;
    }
    freeze(conn, survey_id, drawn).await
}

/// Freezes hospitals into a frame, as they are known.
pub async fn freeze(conn: &mut AsyncPgConnection, survey_id: &str, drawn: &[DrawnRow]) -> QueryResult<()> {
    let rows: Vec<&FrameRow> = drawn.iter().map(|drawn| &drawn.row).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.hospital_id).collect();
    let codes: Vec<Option<&str>> = rows.iter().map(|row| row.institution_code.as_deref()).collect();
    diesel::sql_query(
        "INSERT INTO frame (survey_id, hospital_id, gmis_id, institution_code, name, prefecture, municipality, beds, attributes) \
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.gmis_id.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(&codes)
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.prefecture).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.municipality.as_str()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows.iter().map(|row| row.beds).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(drawn.iter().map(|drawn| &drawn.attributes).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
}

/// Takes a hospital out of scope; how many rows that was (none if it was not in scope).
pub async fn drop_from_scope(
    conn: &mut AsyncPgConnection,
    survey_id: &str,
    hospital_id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(frame::table)
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::hospital_id.eq(hospital_id))
        .filter(frame::out_of_scope_at.is_null())
        .set((frame::out_of_scope_at.eq(now), frame::out_of_scope_reason.eq(reason)))
        .execute(conn)
        .await
}
