//! One transaction with its actor. Nothing else in the program begins one, so nothing can forget to say who is asking.

use diesel::sql_types::Text;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};

use crate::auth::actor::{Actor, Role};
use crate::db::pool::ConnectionPool;
use crate::error::AppError;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes, each statement seeing what was committed before it.
    Write,
    /// Reads only, all statements seeing one moment.
    Snapshot,
}

/// Runs `work` in one transaction as `actor`; commits if it is `Ok`, else nothing has happened.
///
/// # Errors
/// The error of `work`, or that the database is away.
pub async fn as_actor<T>(
    pool: &ConnectionPool,
    actor: &Actor,
    mode: Mode,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let mut pooled = pool.get().await?;
    let connection: &mut AsyncPgConnection = &mut pooled;
    let begin = match mode {
        Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        Mode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    AnsiTransactionManager::begin_transaction_sql(connection, begin).await?;
    let result = match set_actor(connection, actor).await {
        Ok(()) => work(connection).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(connection).await?;
            Ok(value)
        }
        Err(error) => {
            // A connection whose rollback fails is dead; the pool throws it away, and Postgres rolls back by itself.
            if let Err(rollback) = AnsiTransactionManager::rollback_transaction(connection).await {
                tracing::debug!(%rollback, "rollback failed");
            }
            Err(error)
        }
    }
}

/// Tells the policies who is asking, for this transaction only.
///
/// # Errors
/// The database is away.
pub async fn set_actor(connection: &mut AsyncPgConnection, actor: &Actor) -> Result<(), AppError> {
    let (hospital, prefecture, municipality) = match actor.role() {
        Role::Hospital(id) => (id.to_string(), String::new(), String::new()),
        Role::Prefecture(code) => (String::new(), code.number().to_string(), String::new()),
        Role::Municipality(code) => (String::new(), String::new(), code.to_string()),
        Role::MinistryAnalyst | Role::MinistryAdministrator | Role::Operator | Role::System => {
            (String::new(), String::new(), String::new())
        }
    };
    diesel::sql_query(
        "SELECT set_config('chosa.actor', $1, true), set_config('chosa.account', $2, true), set_config('chosa.hospital', $3, true), \
         set_config('chosa.prefecture', $4, true), set_config('chosa.municipality', $5, true)",
    )
    .bind::<Text, _>(actor.role().name())
    .bind::<Text, _>(actor.account().map(|id| id.to_string()).unwrap_or_default())
    .bind::<Text, _>(hospital)
    .bind::<Text, _>(prefecture)
    .bind::<Text, _>(municipality)
    .execute(connection)
    .await?;
    Ok(())
}
