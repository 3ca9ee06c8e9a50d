//! Reading the audit.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use crate::app::state::State;
use crate::auth::permit::{Permit, ReadAudit};
use crate::db::accounts;
use crate::db::audit::{self, AuditRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Which acts.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// Older than this one.
    pub before: Option<Uuid>,
    /// Only of this kind.
    pub action: Option<String>,
}

/// An act with the login of who did it.
#[derive(Debug)]
pub struct Act {
    /// As stored.
    pub row: AuditRow,
    /// `None`: the system.
    pub login: Option<String>,
    /// The login of the account that it was about, where it was about one.
    pub about: Option<String>,
}

/// A page of acts with logins, newest first.
///
/// # Errors
/// The database is away.
pub async fn acts(state: &State, permit: &Permit<ReadAudit>, sought: &Sought, limit: i64) -> Result<Vec<Act>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let rows = audit::page(conn, sought.before, sought.action.as_deref(), limit).await?;
        let about = |row: &AuditRow| {
            row.details
                .get("account")
                .and_then(Value::as_str)
                .and_then(|text| Uuid::parse_str(text).ok())
        };
        let ids: Vec<Uuid> = rows.iter().flat_map(|row| [row.account_id, about(row)]).flatten().collect();
        let logins: BTreeMap<Uuid, String> = accounts::logins(conn, &ids).await?.into_iter().collect();
        let act = |row: AuditRow| Act {
            login: row.account_id.and_then(|id| logins.get(&id)).cloned(),
            about: about(&row).and_then(|id| logins.get(&id)).cloned(),
            row,
        };
        Ok(rows.into_iter().map(act).collect())
    })
    .await
}

/// A page of acts, newest first, older than `before`.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadAudit>, before: Option<Uuid>, limit: i64) -> Result<Vec<AuditRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(audit::page(conn, before, None, limit).await?)
    })
    .await
}
