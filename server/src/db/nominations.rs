//! What prefectures say by hand of a programme's hospitals: nominations and exclusions, of the same form. Append-only: a version for every change.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::program_hospital;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// 推薦.
    Nomination,
    /// 除外.
    Exclusion,
}

impl Book {
    fn table(self) -> &'static str {
        match self {
            Book::Nomination => "nomination",
            Book::Exclusion => "exclusion",
        }
    }
}

/// A nomination or exclusion in force.
#[derive(Debug, Clone, QueryableByName)]
pub struct StandingRow {
    /// Internal id.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// G-MIS ID in the programme.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// Name in the programme.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// 1, 2, 3 ... within programme and hospital.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Who; `None` for the system.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    #[diesel(sql_type = Timestamptz)]
    pub recorded_at: DateTime<Utc>,
}

/// Those in force of a prefecture, or of all, by G-MIS ID.
pub async fn standing(
    conn: &mut AsyncPgConnection,
    book: Book,
    program_id: &str,
    prefecture: Option<i16>,
) -> QueryResult<Vec<StandingRow>> {
    let table = book.table();
    diesel::sql_query(format!(
        "SELECT n.hospital_id, h.gmis_id, h.name, n.version, n.reason, n.account_id, n.recorded_at \
         FROM (SELECT DISTINCT ON (hospital_id) * FROM {table} WHERE program_id = $1 AND ($2::smallint IS NULL OR prefecture = $2) \
               ORDER BY hospital_id, version DESC) n \
         JOIN program_hospital h ON h.program_id = n.program_id AND h.hospital_id = n.hospital_id \
         WHERE NOT n.withdrawn ORDER BY h.gmis_id"
    ))
    .bind::<Text, _>(program_id)
    .bind::<Nullable<SmallInt>, _>(prefecture)
    .load(conn)
    .await
}

/// The next version of what is said of a hospital. Two at once would take the same number: take a turn before.
pub async fn append(
    conn: &mut AsyncPgConnection,
    book: Book,
    (program_id, prefecture, hospital): (&str, i16, Uuid),
    (withdrawn, reason): (bool, &str),
    (account_id, now): (Option<Uuid>, DateTime<Utc>),
) -> QueryResult<()> {
    let table = book.table();
    diesel::sql_query(format!(
        "INSERT INTO {table} (program_id, hospital_id, version, prefecture, withdrawn, reason, account_id, recorded_at) \
         SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7 FROM {table} WHERE program_id = $1 AND hospital_id = $2"
    ))
    .bind::<Text, _>(program_id)
    .bind::<SqlUuid, _>(hospital)
    .bind::<SmallInt, _>(prefecture)
    .bind::<Bool, _>(withdrawn)
    .bind::<Text, _>(reason)
    .bind::<Nullable<SqlUuid>, _>(account_id)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await
    .map(drop)
}

/// A hospital of a programme in a prefecture.
pub async fn hospital(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16, gmis: &str) -> QueryResult<Option<Uuid>> {
    program_hospital::table
        .filter(program_hospital::program_id.eq(program_id))
        .filter(program_hospital::prefecture.eq(prefecture))
        .filter(program_hospital::gmis_id.eq(gmis))
        .select(program_hospital::hospital_id)
        .first(conn)
        .await
        .optional()
}
