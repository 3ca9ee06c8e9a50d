//! What receipts state, and the keys that they were signed with.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::{receipt_key, revision};

/// What a receipt states of a revision.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = revision)]
pub struct ReceiptRow {
    /// The number on it.
    pub receipt: Uuid,
    /// The survey.
    pub survey_id: String,
    /// The edition answered.
    pub edition_id: String,
    /// SHA-256 of the edition.
    pub edition_hash: String,
    /// Number of the revision.
    pub number: i32,
    /// page, api, workbook or proxy.
    pub entry_path: String,
    /// By the server's clock.
    pub received_at: DateTime<Utc>,
    /// SHA-256 of what was received.
    pub received_sha256: Option<Vec<u8>>,
}

/// A public key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipt_key)]
pub struct KeyRow {
    /// First 16 hexadecimal digits of its SHA-256.
    pub key_id: String,
    /// Ed25519, 32 bytes.
    pub public_key: Vec<u8>,
    /// When a server first started with it.
    pub first_used_at: DateTime<Utc>,
}

/// What the receipt of a hospital's revision states.
pub async fn find(conn: &mut AsyncPgConnection, survey_id: &str, hospital: Uuid, number: i32) -> QueryResult<Option<ReceiptRow>> {
    revision::table
        .filter(revision::survey_id.eq(survey_id))
        .filter(revision::hospital_id.eq(hospital))
        .filter(revision::number.eq(number))
        .select(ReceiptRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Keeps a key; one that is known stays as it is.
pub async fn insert_key(conn: &mut AsyncPgConnection, row: &KeyRow) -> QueryResult<()> {
    diesel::insert_into(receipt_key::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)
        .await
        .map(drop)
}

/// All keys, the oldest first.
pub async fn keys(conn: &mut AsyncPgConnection) -> QueryResult<Vec<KeyRow>> {
    receipt_key::table
        .select(KeyRow::as_select())
        .order((receipt_key::first_used_at, receipt_key::key_id))
        .load(conn)
        .await
}
