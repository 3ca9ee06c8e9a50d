//! Selections: runs of choosing, and the hospitals chosen.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::selection;

/// A selection.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = selection)]
pub struct SelectionRow {
    /// Made by the server.
    pub id: Uuid,
    /// The programme.
    pub program_id: String,
    /// JIS X 0401.
    pub prefecture: i16,
    /// 1, 2, 3 ...
    pub number: i32,
    /// Whether every cell is filled exactly.
    pub complete: bool,
    /// SHA-256 of the inputs.
    pub inputs_hash: String,
    /// SHA-256 of the list.
    pub result_hash: String,
    /// The whole result.
    pub result: Value,
    /// Who chose; `None` for the system.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub chosen_at: DateTime<Utc>,
}

/// A chosen hospital: id, band, rank, score.
pub type ChosenRow = (Uuid, String, i32, i64);

/// The current selection of a prefecture.
pub async fn latest(conn: &mut AsyncPgConnection, program_id: &str, prefecture: i16) -> QueryResult<Option<SelectionRow>> {
    selection::table
        .filter(selection::program_id.eq(program_id))
        .filter(selection::prefecture.eq(prefecture))
        .select(SelectionRow::as_select())
        .order(selection::number.desc())
        .first(conn)
        .await
        .optional()
}

/// The whole result of a selection.
pub async fn result(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Value> {
    selection::table.find(id).select(selection::result).first(conn).await
}

/// Adds a selection with its hospitals.
pub async fn insert(conn: &mut AsyncPgConnection, row: &SelectionRow, chosen: &[ChosenRow]) -> QueryResult<()> {
    diesel::insert_into(selection::table).values(row).execute(conn).await?;
    let hospitals: Vec<Uuid> = chosen.iter().map(|(id, ..)| *id).collect();
    let bands: Vec<&str> = chosen.iter().map(|(_, band, ..)| band.as_str()).collect();
    let ranks: Vec<i32> = chosen.iter().map(|(_, _, rank, _)| *rank).collect();
    let scores: Vec<i64> = chosen.iter().map(|(_, _, _, score)| *score).collect();
    diesel::sql_query(
        "INSERT INTO chosen_hospital (selection_id, program_id, prefecture, hospital_id, band, rank, score) \
         SELECT $1, $2, $3, * FROM unnest($4, $5, $6, $7)",
    )
    .bind::<SqlUuid, _>(row.id)
    .bind::<Text, _>(&row.program_id)
    .bind::<SmallInt, _>(row.prefecture)
    .bind::<Array<SqlUuid>, _>(&hospitals)
    .bind::<Array<Text>, _>(&bands)
    .bind::<Array<Integer>, _>(&ranks)
    .bind::<Array<BigInt>, _>(&scores)
    .execute(conn)
    .await
    .map(drop)
}
