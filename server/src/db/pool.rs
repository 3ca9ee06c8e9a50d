//! The pool of connections: one per worker, each connection with its time-outs set when it is made.

use std::time::Duration;

use deadpool::managed::{Hook, HookError, HookResult, Timeouts};
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;

use crate::error::AppError;

/// How long after its last use a connection is taken to be alive.
const TRUSTED: Duration = Duration::from_secs(1);

/// Connections of the application role.
pub type ConnectionPool = Pool<AsyncPgConnection>;

/// How long Postgres may take, and how long a request waits for a connection.
#[derive(Debug, Clone, Copy)]
pub struct TimeOuts {
    /// For one statement.
    pub statement: Duration,
    /// For a lock.
    pub lock: Duration,
    /// For a connection of the pool.
    pub wait: Duration,
}

impl Default for TimeOuts {
    fn default() -> TimeOuts {
        TimeOuts {
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(10),
            wait: Duration::from_secs(5),
        }
    }
}

/// Makes a pool. A `SET` on one pooled connection would leave the others uncapped, so every new connection is set up here.
///
/// # Errors
/// Internal only: the pool could not be built. Connections are made when first used.
pub fn build(url: &str, size: usize, time_outs: TimeOuts) -> Result<ConnectionPool, AppError> {
    let mut config = ManagerConfig::default();
    // A connection that Postgres closed is known by itself; what else may have died is asked below.
    config.recycling_method = RecyclingMethod::Fast;
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET timezone = 'UTC'; SET application_name = 'chosa'",
        time_outs.statement.as_millis(),
        time_outs.lock.as_millis(),
        (time_outs.statement + time_outs.lock).as_millis(),
    );
    config.custom_setup = Box::new(move |url| {
        let url = url.to_owned();
        let settings = settings.clone();
        async move {
            let mut connection = AsyncPgConnection::establish(&url).await?;
            connection
                .batch_execute(&settings)
                .await
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Pool::builder(manager)
        .pre_recycle(Hook::async_fn(|connection, metrics| {
            Box::pin(still_there(connection, metrics.last_used()))
        }))
        .max_size(size)
        .wait_timeout(Some(time_outs.wait))
        .create_timeout(Some(time_outs.wait))
        .recycle_timeout(Some(time_outs.wait))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(AppError::internal)
}

/// A connection that died without a word (a network that went away) is found before a request gets it. Asked only of one that was not used for a
/// moment: under load it would be two more round trips for every request. What ended since then shows in the first statement ([`is_gone`]).
async fn still_there(connection: &mut AsyncPgConnection, unused: Duration) -> HookResult<PoolError> {
    if unused < TRUSTED {
        return Ok(());
    }
    let answered = diesel::sql_query("SELECT 1").execute(connection).await;
    answered.map(drop).map_err(|error| HookError::Backend(PoolError::QueryError(error)))
}

/// Whether an error says that the connection is no more; of a first statement, that nothing was done.
pub(crate) fn is_gone(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error};
    match error {
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Error::BrokenTransactionManager => true,
        Error::DatabaseError(_, info) => ["terminating connection", "connection closed", "error communicating"]
            .iter()
            .any(|sign| info.message().contains(sign)),
        _ => false,
    }
}

/// A connection, if one is free or there may be one more.
pub(crate) async fn free(pool: &ConnectionPool) -> Option<Object<AsyncPgConnection>> {
    let now = Timeouts {
        wait: Some(Duration::ZERO),
        create: Some(TRUSTED),
        recycle: Some(TRUSTED),
    };
    let taken = pool.timeout_get(&now).await;
    taken.inspect_err(|error| tracing::debug!(%error, "no connection is free")).ok()
}

/// How many connections may turn out to be gone, one after another: all that there are, and then one is made.
pub(crate) fn patience(pool: &ConnectionPool) -> usize {
    pool.status().max_size.saturating_add(1)
}

/// Asks one question outside of a transaction, of another connection when the first is gone.
///
/// # Errors
/// The database is away.
pub async fn ask<T>(
    pool: &ConnectionPool,
    question: impl AsyncFn(&mut AsyncPgConnection) -> diesel::QueryResult<T>,
) -> Result<T, AppError> {
    let mut left = patience(pool);
    loop {
        let mut connection = pool.get().await?;
        match question(&mut connection).await {
            Err(error) if left > 0 && is_gone(&error) => drop(Object::take(connection)),
            answer => return Ok(answer?),
        }
        left -= 1;
    }
}
