//! One's own sessions: which are alive, and ending them.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use crate::app::sessions::Way;
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadSelf};
use crate::auth::session;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, sessions};
use crate::error::AppError;

/// Whether a session is the one that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// It is.
    This,
    /// It is another.
    Another,
}

/// A session that is alive.
#[derive(Debug, Clone)]
pub struct Living {
    /// By which it is ended.
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub which: Which,
    /// By which way.
    pub way: Way,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_seen: DateTime<Utc>,
    /// Network address, or empty.
    pub origin: String,
    /// What the browser or program calls itself.
    pub agent: String,
}

/// One's own sessions, the last used first.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadSelf>, token: &SecretString) -> Result<Vec<Living>, AppError> {
    let Some(account) = permit.actor().account() else {
        return Ok(Vec::new());
    };
    let (now, own) = (state.now(), session::hash(token.expose_secret()));
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(sessions::living(conn, account, now, now - session::IDLE).await?)
    })
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Living {
            id: row.id,
            which: if row.token_hash == own { Which::This } else { Which::Another },
            way: if row.way == "page" { Way::Page } else { Way::Api },
            since: row.created_at,
            last_seen: row.last_seen,
            origin: row.origin.unwrap_or_default(),
            agent: row.agent,
        })
        .collect())
}

/// Ends one of one's own sessions.
///
/// # Errors
/// `session_unknown`; or the database is away.
pub async fn end_one(state: &State, permit: &Permit<ReadSelf>, id: Uuid) -> Result<(), AppError> {
    let now = state.now();
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        if !sessions::end_by_id(conn, id, now).await? {
            return Err(AppError::not_found(
                "session_unknown",
                "このログインは、既に終わっているか、ありません。アカウントの画面で確かめてください。",
            ));
        }
        let entry = audit::Entry {
            action: "end_sessions",
            details: json!({"session": id}),
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, permit.actor(), now, entry).await?)
    })
    .await
}

/// Ends all of one's own sessions but the one that asks; says how many.
///
/// # Errors
/// The database is away.
pub async fn end_others(state: &State, permit: &Permit<ReadSelf>, token: &SecretString) -> Result<usize, AppError> {
    let Some(account) = permit.actor().account() else {
        return Ok(0);
    };
    let (now, own) = (state.now(), session::hash(token.expose_secret()));
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        let ended = sessions::end_others(conn, account, &own, now).await?;
        let entry = audit::Entry {
            action: "end_sessions",
            details: json!({"ended": ended}),
            ..audit::Entry::default()
        };
        audit::insert(conn, permit.actor(), now, entry).await?;
        Ok(ended)
    })
    .await
}
