//! Receipts (受付票): what is stored of a revision, signed. Made from the stored row each time, so that a receipt can be had again and is the same.

use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use survey::survey::Survey;

use crate::app::frames;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadAnswers};
use crate::auth::receipt::{PublicKey, Statement};
use crate::db::frames::FrameRow;
use crate::db::receipts::{self, KeyRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A signed receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What is signed.
    #[serde(flatten)]
    pub statement: Statement,
    /// Which key signed it.
    pub key: String,
    /// Ed25519 over [`Statement::text`], in base64url.
    pub signature: String,
}

/// What is found of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The signature is ours over exactly this.
    Valid,
    /// It is not: something was changed, or it was never signed.
    NotValid,
    /// It names a key that was never ours.
    UnknownKey,
}

/// The receipt of a hospital's revision, within a transaction.
///
/// # Errors
/// `revision_unknown`; or the database is away.
pub async fn of_revision(
    state: &State,
    conn: &mut AsyncPgConnection,
    survey: &Survey,
    hospital: &FrameRow,
    number: i32,
) -> Result<Receipt, AppError> {
    let row = receipts::find(conn, survey.id().as_str(), hospital.hospital_id, number)
        .await?
        .ok_or_else(|| AppError::not_found("revision_unknown", "この番号の版はありません。回答の一覧で番号を確認してください。"))?;
    let statement = Statement {
        receipt: row.receipt,
        survey: row.survey_id,
        edition: row.edition_id,
        edition_hash: row.edition_hash,
        hospital: hospital.gmis_id.clone(),
        revision: row.number,
        entry_path: row.entry_path,
        received_at: row.received_at,
        received_sha256: row.received_sha256.map(hex::encode),
    };
    let key = &state.shared.receipts;
    Ok(Receipt {
        signature: key.sign(&statement),
        key: key.public().id(),
        statement,
    })
}

/// The receipt of a revision, again.
///
/// # Errors
/// `hospital_unknown`, `revision_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadAnswers>, survey: &Survey, gmis: &str, number: i32) -> Result<Receipt, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let hospital = frames::require(conn, survey, gmis).await?;
        of_revision(state, conn, survey, &hospital, number).await
    })
    .await
}

/// Makes the key of this server known, so that its receipts can be verified after it was replaced.
///
/// # Errors
/// The database is away.
pub async fn register_key(state: &State) -> Result<(), AppError> {
    let public = state.shared.receipts.public();
    let row = KeyRow {
        key_id: public.id(),
        public_key: public.bytes().to_vec(),
        first_used_at: state.now(),
    };
    as_actor(&state.pool, &Actor::system(), Mode::Write, async |conn| {
        Ok(receipts::insert_key(conn, &row).await?)
    })
    .await
}

/// Public keys, the oldest first. For anybody: they are public.
///
/// # Errors
/// The database is away.
pub async fn keys(state: &State) -> Result<Vec<KeyRow>, AppError> {
    as_actor(&state.pool, &Actor::system(), Mode::Snapshot, async |conn| {
        Ok(receipts::keys(conn).await?)
    })
    .await
}

/// Looks at the signature of a receipt. For anybody; says nothing but whether this was signed by this service.
///
/// # Errors
/// The database is away.
pub async fn verify(state: &State, receipt: &Receipt) -> Result<Finding, AppError> {
    let known = keys(state).await?.into_iter().find(|row| row.key_id == receipt.key);
    let Some(key) = known.and_then(|row| PublicKey::of_bytes(&row.public_key)) else {
        return Ok(Finding::UnknownKey);
    };
    Ok(if key.verifies(&receipt.statement, &receipt.signature) {
        Finding::Valid
    } else {
        Finding::NotValid
    })
}
