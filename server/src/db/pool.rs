//! The pool of connections: one per worker, each connection with its time-outs set when it is made.

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;

use crate::error::AppError;

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
    // A dead connection is found before a request gets it, not by the request.
    config.recycling_method = RecyclingMethod::Verified;
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
        .max_size(size)
        .wait_timeout(Some(time_outs.wait))
        .create_timeout(Some(time_outs.wait))
        .recycle_timeout(Some(time_outs.wait))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(AppError::internal)
}
