//! Exactly once: the key, the act and the remembered answer are one transaction. A lost answer is asked for again with the same key and comes back the same.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::Value;

use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::db::idempotency::{self, Remembered};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A caller's key with the hash of its request.
#[derive(Debug, Clone)]
pub struct Key {
    /// As sent, 1 to 255 characters.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub request_hash: [u8; 32],
}

/// What is answered, now or again.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP-like status that the use case gave.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// Whether it was remembered from an earlier request.
    pub replayed: bool,
}

/// Takes a key for the rest of the transaction; gives the actor's part of it.
///
/// # Errors
/// `idempotency_in_progress` while the same key is at work; or the database is away.
pub(super) async fn take_key(conn: &mut AsyncPgConnection, actor: &Actor, key: &str) -> Result<String, AppError> {
    let actor_key = actor.account().map_or_else(|| actor.role().name().to_owned(), |id| id.to_string());
    if idempotency::try_lock(conn, &actor_key, key).await? {
        return Ok(actor_key);
    }
    Err(AppError::conflict(
        "idempotency_in_progress",
        "同じIdempotency-Keyの処理が実行中です。しばらく待ってから、同じキーで再送してください。",
    ))
}

/// Runs a write exactly once for a key, in one transaction with the remembered answer. Without a key it is just run.
///
/// # Errors
/// Those of `work`; `idempotency_in_progress` while the same key is at work, `idempotency_mismatch` when it came with another request before.
pub async fn once<T: Serialize>(
    state: &State,
    actor: &Actor,
    key: Option<&Key>,
    work: impl AsyncFnOnce(&mut AsyncPgConnection, DateTime<Utc>) -> Result<(u16, T), AppError>,
) -> Result<Answer, AppError> {
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let Some(key) = key else {
            let (status, body) = work(conn, now).await?;
            return Ok(Answer {
                status,
                body: serde_json::to_value(body).map_err(AppError::internal)?,
                replayed: false,
            });
        };
        let actor_key = take_key(conn, actor, &key.key).await?;
        if let Some(before) = idempotency::find(conn, &actor_key, &key.key).await? {
            if before.request_hash != key.request_hash {
                return Err(AppError::faulty(
                    "idempotency_mismatch",
                    "このIdempotency-Keyは別の内容の要求で使用済みです。新しいキーを付けて送ってください。",
                    Vec::new(),
                ));
            }
            let status = u16::try_from(before.status).map_err(AppError::internal)?;
            return Ok(Answer {
                status,
                body: before.response,
                replayed: true,
            });
        }
        let (status, body) = work(conn, now).await?;
        let response = serde_json::to_value(body).map_err(AppError::internal)?;
        let remembered = Remembered {
            request_hash: key.request_hash.to_vec(),
            status: i16::try_from(status).map_err(AppError::internal)?,
            response: response.clone(),
        };
        idempotency::insert(conn, &actor_key, &key.key, &remembered, now).await?;
        Ok(Answer {
            status,
            body: response,
            replayed: false,
        })
    })
    .await
}
