//! The quotas of programmes: a version for every change of a cell.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::quota;

/// A quota in force.
#[derive(Debug, Clone, Queryable)]
pub struct QuotaRow {
    /// JIS X 0401.
    pub prefecture: i16,
    /// Band.
    pub band: String,
    /// Version of the cell.
    pub version: i32,
    /// Exactly so many.
    pub hospitals: i32,
}

/// A version of a cell, in force or not.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = quota)]
pub struct VersionRow {
    /// JIS X 0401.
    pub prefecture: i16,
    /// Band.
    pub band: String,
    /// 1, 2, 3 ... within the cell.
    pub version: i32,
    /// Exactly so many.
    pub hospitals: i32,
    /// Why; `None`: the first, or from before reasons were kept.
    pub reason: Option<String>,
    /// The request that it granted.
    pub request_id: Option<Uuid>,
    /// Who set or granted it; `None`: the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub set_at: DateTime<Utc>,
}

/// Who writes versions, why and when.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// `None`: the system.
    pub account_id: Option<Uuid>,
    /// Needed for every version but the first of a cell.
    pub reason: Option<&'a str>,
    /// The request that is granted.
    pub request_id: Option<Uuid>,
    /// By the server's clock.
    pub now: DateTime<Utc>,
}

/// The quotas in force that the actor may see, by prefecture and band.
pub async fn list(conn: &mut AsyncPgConnection, program_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<QuotaRow>> {
    let mut query = quota::table
        .filter(quota::program_id.eq(program_id))
        .distinct_on((quota::prefecture, quota::band))
        .select((quota::prefecture, quota::band, quota::version, quota::hospitals))
        .order((quota::prefecture, quota::band, quota::version.desc()))
        .into_boxed();
    if let Some(prefecture) = prefecture {
        query = query.filter(quota::prefecture.eq(prefecture));
    }
    query.load(conn).await
}

/// Every version that the actor may see, by prefecture, band and version.
pub async fn versions(conn: &mut AsyncPgConnection, program_id: &str, prefecture: Option<i16>) -> QueryResult<Vec<VersionRow>> {
    let mut query = quota::table
        .filter(quota::program_id.eq(program_id))
        .select(VersionRow::as_select())
        .order((quota::prefecture, quota::band, quota::version))
        .into_boxed();
    if let Some(prefecture) = prefecture {
        query = query.filter(quota::prefecture.eq(prefecture));
    }
    query.load(conn).await
}

/// Writes new versions of cells; cells whose number is in force already get none. Returns how many changed. The caller has the turn of the
/// programme's quotas.
pub async fn set(conn: &mut AsyncPgConnection, program_id: &str, cells: &[(i16, String, i32)], origin: Origin<'_>) -> QueryResult<usize> {
    let prefectures: Vec<i16> = cells.iter().map(|(prefecture, _, _)| *prefecture).collect();
    let bands: Vec<&str> = cells.iter().map(|(_, band, _)| band.as_str()).collect();
    let hospitals: Vec<i32> = cells.iter().map(|(_, _, hospitals)| *hospitals).collect();
    diesel::sql_query(
        "INSERT INTO quota (program_id, prefecture, band, version, hospitals, account_id, set_at, reason, request_id) \
         SELECT $1, a.prefecture, a.band, coalesce(q.version, 0) + 1, a.hospitals, $5, $6, $7, $8 \
         FROM unnest($2, $3, $4) AS a(prefecture, band, hospitals) \
         LEFT JOIN LATERAL (SELECT version, hospitals FROM quota WHERE program_id = $1 AND prefecture = a.prefecture AND band = a.band \
                            ORDER BY version DESC LIMIT 1) q ON true \
         WHERE q.hospitals IS DISTINCT FROM a.hospitals",
    )
    .bind::<Text, _>(program_id)
    .bind::<Array<SmallInt>, _>(&prefectures)
    .bind::<Array<Text>, _>(&bands)
    .bind::<Array<Integer>, _>(&hospitals)
    .bind::<Nullable<SqlUuid>, _>(origin.account_id)
    .bind::<Timestamptz, _>(origin.now)
    .bind::<Nullable<Text>, _>(origin.reason)
    .bind::<Nullable<SqlUuid>, _>(origin.request_id)
    .execute(conn)
    .await
}
