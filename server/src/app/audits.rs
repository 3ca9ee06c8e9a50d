//! Reading the audit.

use uuid::Uuid;

use crate::app::state::State;
use crate::auth::permit::{Permit, ReadAudit};
use crate::db::audit::{self, AuditRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A page of acts, newest first, older than `before`.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadAudit>, before: Option<Uuid>, limit: i64) -> Result<Vec<AuditRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(audit::page(conn, before, limit).await?)
    })
    .await
}
