//! What is counted: when and how often it changed, the attributes of the frame, and counted revisions row by row. A whole survey is read by `packed`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bytea, Integer, Nullable, SmallInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::prepared::Prepared;
use crate::db::schema::{frame, revision, submission, survey, survey_change};

/// States whose latest revision counts.
pub(super) const COUNTED: [&str; 2] = ["submitted", "accepted"];

/// How often what is counted has changed so far.
pub async fn changes(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<i64> {
    let shards: Vec<i64> = survey_change::table
        .filter(survey_change::survey_id.eq(survey_id))
        .select(survey_change::changes)
        .load(conn)
        .await?;
    Ok(shards.into_iter().sum())
}

/// When what is counted changed last: the newest change of a submission or hospital that went out of scope, else when the survey became known.
/// Files are dated by it, so that the same answers give the same bytes whenever they are written.
pub async fn changed_at(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<DateTime<Utc>> {
    let answered: Option<DateTime<Utc>> = submission::table
        .filter(submission::survey_id.eq(survey_id))
        .select(diesel::dsl::max(submission::updated_at))
        .get_result(conn)
        .await?;
    let left: Option<DateTime<Utc>> = frame::table
        .filter(frame::survey_id.eq(survey_id))
        .select(diesel::dsl::max(frame::out_of_scope_at))
        .get_result(conn)
        .await?;
    match answered.max(left) {
        Some(newest) => Ok(newest),
        None => survey::table.find(survey_id).select(survey::registered_at).get_result(conn).await,
    }
}

/// Attributes of the hospitals in scope of which any is known: an object of texts each.
pub async fn attributes(conn: &mut AsyncPgConnection, survey_id: &str) -> QueryResult<Vec<(Uuid, Value)>> {
    frame::table
        .filter(frame::survey_id.eq(survey_id))
        .filter(frame::out_of_scope_at.is_null())
        .filter(frame::attributes.ne(Value::Object(Map::new())))
        .select((frame::hospital_id, frame::attributes))
        .load(conn)
        .await
}

/// A counted revision with the frame row of its hospital.
#[derive(Debug, Clone, Queryable)]
pub struct MicroRow {
    /// Of the frame.
    pub gmis_id: String,
    /// Of the frame.
    pub name: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// Five digits or empty.
    pub municipality: String,
    /// Licensed beds.
    pub beds: i32,
    /// An object of texts, by the catalogue of attributes.
    pub attributes: Value,
    /// Of the codes.
    pub layout_hash: String,
    /// One byte a slot.
    pub codes: Vec<u8>,
}

/// The counted revisions of hospitals in scope that the actor may see, of a prefecture or all.
pub async fn micro(conn: &mut AsyncPgConnection, survey_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<MicroRow>> {
    let mut query = submission::table
        .inner_join(
            frame::table.on(frame::survey_id
                .eq(submission::survey_id)
                .and(frame::hospital_id.eq(submission::hospital_id))),
        )
        .inner_join(
            revision::table.on(revision::submission_id
                .eq(submission::id)
                .and(revision::number.eq(submission::latest_revision))),
        )
        .filter(submission::survey_id.eq(survey_id))
        .filter(submission::state.eq_any(COUNTED))
        .filter(frame::out_of_scope_at.is_null())
        .select((
            frame::gmis_id,
            frame::name,
            frame::prefecture,
            frame::municipality,
            frame::beds,
            frame::attributes,
            revision::layout_hash,
            revision::codes,
        ))
        .into_boxed();
    if let Some(prefecture) = prefecture {
        query = query.filter(frame::prefecture.eq(prefecture));
    }
    query.load(conn).await
}

/// A hospital of a programme's frame with the codes of one survey that it answered, if any.
#[derive(Debug, Clone, QueryableByName)]
pub struct AnsweredRow {
    /// Internal id.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub hospital_id: Uuid,
    /// G-MIS ID.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// 10 digits, if it has one.
    #[diesel(sql_type = Nullable<Text>)]
    pub institution_code: Option<String>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// Five digits or empty.
    #[diesel(sql_type = Text)]
    pub municipality: String,
    /// Licensed beds.
    #[diesel(sql_type = Integer)]
    pub beds: i32,
    /// The survey answered; `None`: none of them.
    #[diesel(sql_type = Nullable<Text>)]
    pub survey_id: Option<String>,
    /// One byte a slot.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub codes: Option<Vec<u8>>,
    /// The title of the earlier programme in which it was chosen, if it was; the latest.
    #[diesel(sql_type = Nullable<Text>)]
    pub earlier: Option<String>,
    /// Of the programme's banding; `None` under 20 beds.
    #[diesel(sql_type = Nullable<Text>)]
    pub band: Option<String>,
    /// An object of texts, by the catalogue of attributes.
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    pub attributes: Value,
    /// Why it left the frame after the programme opened, if it did.
    #[diesel(sql_type = Nullable<Text>)]
    pub left_because: Option<String>,
}

/// The hospitals of a programme, of a prefecture or all, with what they answered to each of its surveys, by G-MIS ID. Chosen in an earlier programme is who
/// stands on an accepted list there.
pub async fn answered(
    conn: &mut AsyncPgConnection,
    program_id: &str,
    surveys: &[String],
    prefecture: Option<i16>,
) -> QueryResult<Vec<AnsweredRow>> {
    // Two texts, so that each is planned for as many rows as it finds.
    let whose = match prefecture {
        Some(_) => "h.prefecture = $4",
        None => "$4::smallint IS NULL",
    };
    let query = diesel::sql_query(format!(
        "WITH this AS (SELECT id, fiscal_year, frame_survey FROM program WHERE id = $1), \
         earlier AS (SELECT DISTINCT ON (l.hospital_id) l.hospital_id, p.title FROM listed_hospital l \
                     JOIN program p ON p.id = l.program_id AND p.fiscal_year < (SELECT fiscal_year FROM this) \
                     WHERE l.announced AND l.standing = 'chosen' ORDER BY l.hospital_id, p.fiscal_year DESC) \
         SELECT h.hospital_id, h.gmis_id, h.institution_code, h.name, h.prefecture, h.municipality, h.beds, h.band, h.attributes, \
                s.survey_id, r.codes, e.title AS earlier, f.out_of_scope_reason AS left_because \
         FROM program_hospital h \
         LEFT JOIN frame f ON f.survey_id = (SELECT frame_survey FROM this) AND f.hospital_id = h.hospital_id AND f.out_of_scope_at IS NOT NULL \
         LEFT JOIN earlier e ON e.hospital_id = h.hospital_id \
         LEFT JOIN submission s ON s.hospital_id = h.hospital_id AND s.survey_id = ANY($2) AND s.state = ANY($3) \
         LEFT JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision \
         WHERE h.program_id = $1 AND {whose} \
         ORDER BY h.gmis_id, array_position($2, s.survey_id)",
    ))
    .bind::<Text, _>(program_id)
    .bind::<Array<Text>, _>(surveys)
    .bind::<Array<Text>, _>(COUNTED.as_slice())
    .bind::<Nullable<SmallInt>, _>(prefecture);
    Prepared(query).load(conn).await
}
