//! Findings of inspections (立入検査), entered by prefectures. Append-only: a finding that is taken back gets a further version.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Date, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{alias, inspection};

/// One version of a finding.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection)]
pub struct InspectionRow {
    /// The finding, in all its versions.
    pub id: Uuid,
    /// 1, 2, 3 ...
    pub version: i32,
    /// The hospital.
    pub hospital_id: Uuid,
    /// JIS X 0401.
    pub prefecture: i16,
    /// 1 to 3.
    pub level: i16,
    /// Day of the inspection.
    pub inspected_on: NaiveDate,
    /// What was found; may be empty.
    pub note: String,
    /// Whether this version takes it back.
    pub withdrawn: bool,
    /// Why it is taken back.
    pub reason: Option<String>,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub recorded_at: DateTime<Utc>,
}

/// A finding in force, with what its hospital is called today.
#[derive(Debug, Clone, QueryableByName)]
pub struct FoundRow {
    /// The finding.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Internal id.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// G-MIS ID; `None`: it has none any more.
    #[diesel(sql_type = Nullable<Text>)]
    pub gmis_id: Option<String>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// 1 to 3.
    #[diesel(sql_type = SmallInt)]
    pub level: i16,
    /// Day of the inspection.
    #[diesel(sql_type = Date)]
    pub inspected_on: NaiveDate,
    /// What was found.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// 1, 2, 3 ...
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// By the server's clock.
    #[diesel(sql_type = Timestamptz)]
    pub recorded_at: DateTime<Utc>,
}

/// Findings in force of a prefecture, or of all, the latest inspection first.
pub async fn standing(conn: &mut AsyncPgConnection, prefecture: Option<i16>) -> QueryResult<Vec<FoundRow>> {
    diesel::sql_query(
        "SELECT i.id, i.hospital_id, a.value AS gmis_id, h.name, i.level, i.inspected_on, i.note, i.version, i.recorded_at \
         FROM (SELECT DISTINCT ON (id) * FROM inspection WHERE $1::smallint IS NULL OR prefecture = $1 ORDER BY id, version DESC) i \
         JOIN hospital h ON h.id = i.hospital_id \
         LEFT JOIN alias a ON a.hospital_id = i.hospital_id AND a.kind = 'gmis_id' AND a.valid_to IS NULL \
         WHERE NOT i.withdrawn ORDER BY i.inspected_on DESC, i.id",
    )
    .bind::<Nullable<SmallInt>, _>(prefecture)
    .load(conn)
    .await
}

/// The newest version of a finding that the actor may see.
pub async fn find(conn: &mut AsyncPgConnection, prefecture: i16, id: Uuid) -> QueryResult<Option<InspectionRow>> {
    inspection::table
        .filter(inspection::id.eq(id))
        .filter(inspection::prefecture.eq(prefecture))
        .select(InspectionRow::as_select())
        .order(inspection::version.desc())
        .first(conn)
        .await
        .optional()
}

/// Adds a version. One that is there already is an error: take a turn before.
pub async fn insert(conn: &mut AsyncPgConnection, row: &InspectionRow) -> QueryResult<()> {
    diesel::insert_into(inspection::table).values(row).execute(conn).await.map(drop)
}

/// The hospital that bears a G-MIS ID today, in a prefecture.
pub async fn hospital(conn: &mut AsyncPgConnection, prefecture: i16, gmis: &str) -> QueryResult<Option<Uuid>> {
    alias::table
        .filter(alias::kind.eq("gmis_id"))
        .filter(alias::value.eq(gmis))
        .filter(alias::valid_to.is_null())
        .filter(alias::prefecture.eq(prefecture))
        .select(alias::hospital_id)
        .first(conn)
        .await
        .optional()
}
