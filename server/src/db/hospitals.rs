//! Hospitals as the master has them, with their dated identifiers. Frames, which freeze them, are in [`crate::db::frames`].

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::frames::{DrawnRow, FrameRow};
use crate::db::schema::{alias, frame, hospital, master_import};

/// A hospital as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = hospital)]
pub struct HospitalRow {
    /// Internal id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// Five digits or empty.
    pub municipality: String,
    /// The hospital it was merged into.
    pub successor_id: Option<Uuid>,
    /// Licensed beds, once a master named them.
    pub beds: Option<i32>,
    /// First day, where known.
    pub opened_on: Option<NaiveDate>,
    /// From when it is no hospital any more.
    pub closed_on: Option<NaiveDate>,
    /// closed or merged.
    pub close_reason: Option<String>,
    /// An object of texts, by the catalogue of attributes.
    pub attributes: Value,
}

/// The name of a hospital that the actor may see.
pub async fn name_of(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<String>> {
    hospital::table.find(id).select(hospital::name).first(conn).await.optional()
}

/// An identifier of a hospital.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = alias)]
pub struct AliasRow {
    /// Whose.
    pub hospital_id: Uuid,
    /// gmis_id or institution_code.
    pub kind: String,
    /// Canonical.
    pub value: String,
    /// Last day; `None` while it is in use.
    pub valid_to: Option<NaiveDate>,
}

/// A master that was imported.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = master_import)]
pub struct MasterImportRow {
    /// Made by the server.
    pub id: Uuid,
    /// Role name.
    pub actor: String,
    /// Who; `None` for the system.
    pub account_id: Option<Uuid>,
    /// As sent.
    pub file_name: String,
    /// Of the file.
    pub sha256: Vec<u8>,
    /// Of the changes.
    pub difference_hash: String,
    /// Changes by kind.
    pub summary: Value,
    /// The changes.
    pub changes: Value,
    /// By the server's clock.
    pub imported_at: DateTime<Utc>,
}

/// Every hospital.
pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<HospitalRow>> {
    hospital::table
        .select(HospitalRow::as_select())
        .order(hospital::id)
        .load(conn)
        .await
}

/// Every identifier, those of before first.
pub async fn aliases(conn: &mut AsyncPgConnection) -> QueryResult<Vec<AliasRow>> {
    alias::table
        .select(AliasRow::as_select())
        .order((alias::valid_to.asc().nulls_last(), alias::kind, alias::value))
        .load(conn)
        .await
}

/// Where hospitals stand in frames, in scope: survey, G-MIS ID in that frame, hospital.
pub async fn in_frames(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(String, String, Uuid)>> {
    frame::table
        .filter(frame::hospital_id.eq_any(ids))
        .filter(frame::out_of_scope_at.is_null())
        .select((frame::survey_id, frame::gmis_id, frame::hospital_id))
        .order((frame::survey_id, frame::gmis_id))
        .load(conn)
        .await
}

/// Hospitals that are open on a day and have the beds of one, as a frame takes them.
pub async fn open_on(conn: &mut AsyncPgConnection, day: NaiveDate) -> QueryResult<Vec<DrawnRow>> {
    let rows = hospital::table
        .filter(hospital::beds.ge(20))
        .filter(hospital::opened_on.is_null().or(hospital::opened_on.le(day)))
        .filter(hospital::closed_on.is_null().or(hospital::closed_on.gt(day)))
        .select(HospitalRow::as_select())
        .load(conn)
        .await?;
    let borne: Vec<(Uuid, String, String)> = alias::table
        .filter(alias::valid_to.is_null())
        .select((alias::hospital_id, alias::kind, alias::value))
        .load(conn)
        .await?;
    let mut by_kind: std::collections::HashMap<(Uuid, bool), String> = borne
        .into_iter()
        .map(|(id, kind, value)| ((id, kind == "gmis_id"), value))
        .collect();
    let mut frame: Vec<DrawnRow> = rows
        .into_iter()
        .filter_map(|row| {
            Some(DrawnRow {
                attributes: row.attributes,
                row: FrameRow {
                    gmis_id: by_kind.remove(&(row.id, true))?,
                    institution_code: by_kind.remove(&(row.id, false)),
                    hospital_id: row.id,
                    name: row.name,
                    prefecture: row.prefecture,
                    municipality: row.municipality,
                    beds: row.beds?,
                },
            })
        })
        .collect();
    frame.sort_by(|a, b| a.row.gmis_id.cmp(&b.row.gmis_id));
    Ok(frame)
}

/// Writes hospitals, new ones and known ones, all but what they were merged into.
pub async fn upsert(conn: &mut AsyncPgConnection, rows: &[HospitalRow]) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO hospital (id, name, prefecture, municipality, beds, opened_on, closed_on, close_reason, attributes) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, prefecture = excluded.prefecture, municipality = excluded.municipality, \
         beds = excluded.beds, opened_on = excluded.opened_on, closed_on = excluded.closed_on, close_reason = excluded.close_reason, \
         attributes = excluded.attributes",
    )
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.prefecture).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.municipality.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Integer>>, _>(rows.iter().map(|row| row.beds).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.opened_on).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(rows.iter().map(|row| row.closed_on).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.close_reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(rows.iter().map(|row| &row.attributes).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    // After all of them are there: a successor may be as new as the hospital itself.
    diesel::sql_query(
        "UPDATE hospital h SET successor_id = a.successor FROM unnest($1, $2) AS a(id, successor) \
         WHERE h.id = a.id AND h.successor_id IS DISTINCT FROM a.successor",
    )
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(rows.iter().map(|row| row.successor_id).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    diesel::sql_query(
        "UPDATE alias x SET prefecture = h.prefecture, municipality = h.municipality FROM hospital h \
         WHERE h.id = x.hospital_id AND h.id = ANY ($1) AND (x.prefecture, x.municipality) IS DISTINCT FROM (h.prefecture, h.municipality)",
    )
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .execute(conn)
    .await
    .map(drop)
}

/// Gives hospitals their identifier of a kind from a day on; the one borne so far ends the day before.
pub async fn bear(conn: &mut AsyncPgConnection, kind: &str, borne: &[(Uuid, String)], from: NaiveDate) -> QueryResult<()> {
    let ids: Vec<Uuid> = borne.iter().map(|(id, _)| *id).collect();
    let values: Vec<&str> = borne.iter().map(|(_, value)| value.as_str()).collect();
    diesel::sql_query(
        "UPDATE alias x SET valid_to = greatest(x.valid_from, $4 - 1) FROM unnest($2, $3) AS a(id, value) \
         WHERE x.hospital_id = a.id AND x.kind = $1 AND x.value <> a.value AND x.valid_to IS NULL",
    )
    .bind::<Text, _>(kind)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Text>, _>(&values)
    .bind::<Date, _>(from)
    .execute(conn)
    .await?;
    diesel::sql_query(
        "INSERT INTO alias (hospital_id, kind, value, prefecture, municipality, valid_from) \
         SELECT h.id, $1, a.value, h.prefecture, h.municipality, $4 FROM unnest($2, $3) AS a(id, value) JOIN hospital h ON h.id = a.id \
         WHERE NOT EXISTS (SELECT FROM alias x WHERE x.kind = $1 AND x.value = a.value AND x.valid_to IS NULL) \
         ON CONFLICT (kind, value, valid_from) DO UPDATE SET valid_to = NULL WHERE alias.hospital_id = excluded.hospital_id",
    )
    .bind::<Text, _>(kind)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Text>, _>(&values)
    .bind::<Date, _>(from)
    .execute(conn)
    .await
    .map(drop)
}

/// Notes identifiers that hospitals bore before the day, where they are not known yet.
pub async fn bore(conn: &mut AsyncPgConnection, kind: &str, borne: &[(Uuid, String)], until: NaiveDate) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO alias (hospital_id, kind, value, prefecture, municipality, valid_from, valid_to) \
         SELECT h.id, $1, a.value, h.prefecture, h.municipality, least(coalesce(h.opened_on, $4 - 1), $4 - 1), $4 - 1 \
         FROM unnest($2, $3) AS a(id, value) JOIN hospital h ON h.id = a.id \
         WHERE NOT EXISTS (SELECT FROM alias x WHERE x.kind = $1 AND x.value = a.value)",
    )
    .bind::<Text, _>(kind)
    .bind::<Array<SqlUuid>, _>(borne.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(borne.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>())
    .bind::<Date, _>(until)
    .execute(conn)
    .await
    .map(drop)
}

/// Adds an import.
pub async fn insert_import(conn: &mut AsyncPgConnection, row: &MasterImportRow) -> QueryResult<()> {
    diesel::insert_into(master_import::table).values(row).execute(conn).await.map(drop)
}
