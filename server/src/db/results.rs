//! Results of supported hospitals, and which prefectures asked to see them. Rows are added, never changed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Date, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{result_decision, result_request, support_result};

/// A result as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = support_result)]
pub struct ResultRow {
    /// The programme.
    pub program_id: String,
    /// The hospital.
    pub hospital_id: Uuid,
    /// From 1.
    pub version: i32,
    /// JIS X 0401.
    pub prefecture: i16,
    /// done, running, waiting, declined.
    pub progress: String,
    /// The day of the site survey.
    pub surveyed_on: Option<NaiveDate>,
    /// Connections to networks outside.
    pub connections: Option<i32>,
    /// Findings that need something done.
    pub findings: Option<i32>,
    /// made, planned, absent.
    pub offline_backup: Option<String>,
    /// Remarks.
    pub remarks: String,
    /// SHA-256 of the file.
    pub file_hash: String,
    /// Who brought it in; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub recorded_at: DateTime<Utc>,
}

/// A hospital that was or is chosen, with its result in force.
#[derive(Debug, Clone, QueryableByName)]
pub struct SupportedRow {
    /// The hospital.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// G-MIS ID.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Key of its band.
    #[diesel(sql_type = Text)]
    pub band: String,
    /// chosen, left.
    #[diesel(sql_type = Text)]
    pub standing: String,
    /// `None`: nothing was reported; so are the others then.
    #[diesel(sql_type = Nullable<Integer>)]
    pub version: Option<i32>,
    /// done, running, waiting, declined.
    #[diesel(sql_type = Nullable<Text>)]
    pub progress: Option<String>,
    /// The day of the site survey.
    #[diesel(sql_type = Nullable<Date>)]
    pub surveyed_on: Option<NaiveDate>,
    /// Connections to networks outside.
    #[diesel(sql_type = Nullable<Integer>)]
    pub connections: Option<i32>,
    /// Findings that need something done.
    #[diesel(sql_type = Nullable<Integer>)]
    pub findings: Option<i32>,
    /// made, planned, absent.
    #[diesel(sql_type = Nullable<Text>)]
    pub offline_backup: Option<String>,
    /// Remarks.
    #[diesel(sql_type = Nullable<Text>)]
    pub remarks: Option<String>,
    /// By the server's clock.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A request.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = result_request)]
pub struct RequestRow {
    /// UUID version 7.
    pub id: Uuid,
    /// The programme.
    pub program_id: String,
    /// Who asks.
    pub prefecture: i16,
    /// What for.
    pub reason: String,
    /// Who asked.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub asked_at: DateTime<Utc>,
}

/// What was decided of a request.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = result_decision)]
pub struct DecisionRow {
    /// The request.
    pub request_id: Uuid,
    /// Of the request.
    pub program_id: String,
    /// Of the request.
    pub prefecture: i16,
    /// granted, refused.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Who decided; `None`: the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub decided_at: DateTime<Utc>,
}

/// The hospitals of accepted lists, of a prefecture or of all, and those that left them; each with its result in force as far as the actor may see it.
/// By prefecture and G-MIS ID.
pub async fn supported(conn: &mut AsyncPgConnection, program_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<SupportedRow>> {
    diesel::sql_query(
        "SELECT l.hospital_id, l.prefecture, h.gmis_id, h.name, l.band, l.standing, r.version, r.progress, r.surveyed_on, r.connections, r.findings, \
             r.offline_backup, r.remarks, r.recorded_at \
         FROM listed_hospital l JOIN program_hospital h ON h.program_id = l.program_id AND h.hospital_id = l.hospital_id \
         LEFT JOIN LATERAL (SELECT * FROM support_result r WHERE r.program_id = l.program_id AND r.hospital_id = l.hospital_id \
                            ORDER BY version DESC LIMIT 1) r ON true \
         WHERE l.program_id = $1 AND ($2::smallint IS NULL OR l.prefecture = $2) AND l.announced ORDER BY l.prefecture, h.gmis_id",
    )
    .bind::<Text, _>(program_id)
    .bind::<Nullable<SmallInt>, _>(prefecture)
    .load(conn)
    .await
}

/// Adds results.
pub async fn insert(conn: &mut AsyncPgConnection, rows: &[ResultRow]) -> QueryResult<()> {
    diesel::insert_into(support_result::table)
        .values(rows)
        .execute(conn)
        .await
        .map(drop)
}

/// Whether a prefecture was granted the results of its hospitals.
pub async fn is_granted(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16) -> QueryResult<bool> {
    let granted = result_decision::table
        .filter(result_decision::program_id.eq(program_id))
        .filter(result_decision::prefecture.eq(prefecture))
        .filter(result_decision::decision.eq("granted"));
    diesel::select(diesel::dsl::exists(granted)).get_result(conn).await
}

/// Adds a request.
pub async fn ask(conn: &mut AsyncPgConnection, row: &RequestRow) -> QueryResult<()> {
    diesel::insert_into(result_request::table).values(row).execute(conn).await.map(drop)
}

/// The requests that the actor may see, the newest first, with what was decided.
pub async fn requests(conn: &mut AsyncPgConnection, program_id: &str) -> QueryResult<Vec<(RequestRow, Option<DecisionRow>)>> {
    result_request::table
        .left_join(result_decision::table.on(result_decision::request_id.eq(result_request::id)))
        .filter(result_request::program_id.eq(program_id))
        .select((RequestRow::as_select(), Option::<DecisionRow>::as_select()))
        .order(result_request::id.desc())
        .load(conn)
        .await
}

/// Decides a request; `false`: somebody did so before.
pub async fn decide(conn: &mut AsyncPgConnection, row: &DecisionRow) -> QueryResult<bool> {
    let added = diesel::insert_into(result_decision::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(added == 1)
}

/// The results in force of some hospitals.
pub async fn in_force(conn: &mut AsyncPgConnection, program_id: &str, hospitals: &[Uuid]) -> QueryResult<Vec<ResultRow>> {
    support_result::table
        .filter(support_result::program_id.eq(program_id))
        .filter(support_result::hospital_id.eq_any(hospitals))
        .distinct_on(support_result::hospital_id)
        .order((support_result::hospital_id, support_result::version.desc()))
        .select(ResultRow::as_select())
        .load(conn)
        .await
}
