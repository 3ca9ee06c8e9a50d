//! The database that a command works on: somebody's own by `DATABASE_URL`, or the private one of the data folder, migrated either way.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{CliError, Exit};
use crate::app::clock::Clock;
use crate::app::state::State;
use crate::config::Settings;
use crate::db::migrations;
use crate::db::pool::TimeOuts;
use crate::parsing::{Options as ParserOptions, Parser};
use crate::private_postgres::{self, DATABASE, PrivatePostgres, PrivatePostgresError};
use crate::startup::{self, Parts};

/// A database that is up and migrated.
pub(super) struct Database {
    /// As the application role.
    pub(super) url: SecretString,
    /// The private Postgres, if it is that.
    pub(super) private: Option<Arc<PrivatePostgres>>,
}

impl From<PrivatePostgresError> for CliError {
    fn from(error: PrivatePostgresError) -> CliError {
        let exit = if matches!(error, PrivatePostgresError::FolderInUse { .. }) {
            Exit::TryAgain
        } else {
            Exit::Configuration
        };
        CliError::new(exit, error.to_string())
    }
}

/// The private Postgres of the data folder, with room for the connections of every worker, of a command and of whoever looks after it.
pub(super) fn private_options(settings: &Settings) -> private_postgres::Options {
    let wanted = settings
        .workers
        .saturating_add(1)
        .saturating_mul(settings.pool_size)
        .saturating_add(settings.pool_size.max(settings.job_workers.saturating_mul(2)))
        .saturating_add(10);
    let default = private_postgres::Options::default();
    private_postgres::Options {
        folder: Some(settings.data_folder.clone()),
        binaries: settings.pg_bin.clone(),
        max_connections: u16::try_from(wanted).unwrap_or(u16::MAX).max(default.max_connections),
        ..default
    }
}

impl Database {
    /// Brings the database up: starts the private one if no URL is set, and migrates what may be migrated.
    pub(super) async fn open(settings: &Settings) -> Result<Database, CliError> {
        if let Some(url) = &settings.database_url {
            if let Some(owner) = &settings.migrate_url {
                migrations::run(owner.expose_secret()).await?;
            }
            return Ok(Database {
                url: url.clone(),
                private: None,
            });
        }
        let private = PrivatePostgres::start(private_options(settings)).await?;
        if let Err(error) = migrations::run(&private.owner_url(DATABASE)).await {
            private.stop().await?;
            return Err(error.into());
        }
        Ok(Database {
            url: SecretString::from(private.application_url(DATABASE)),
            private: Some(Arc::new(private)),
        })
    }

    /// What use cases need, for a command on the machine.
    pub(super) async fn state(&self, settings: &Settings) -> Result<State, CliError> {
        Ok(startup::state(&self.parts(settings)?).await?)
    }

    /// What a server is made from.
    pub(super) fn parts(&self, settings: &Settings) -> Result<Parts, CliError> {
        Ok(Parts {
            database_url: self.url.clone(),
            listen: settings.listen,
            workers: settings.workers,
            pool_size: settings.pool_size,
            job_workers: settings.job_workers,
            time_outs: TimeOuts::default(),
            token_secret: settings.token_secret()?,
            receipt_secret: settings.receipt_secret()?,
            second_factor: settings.second_factor,
            proxies: settings.proxies.clone(),
            parser: Arc::new(Parser::new(ParserOptions {
                program: settings.parser.clone(),
                ..ParserOptions::default()
            })),
            public_url: settings.public_url.clone(),
            clock: Clock::System,
        })
    }

    /// Stops the private Postgres; somebody's own is left alone.
    pub(super) async fn close(self) -> Result<(), CliError> {
        match self.private.map(Arc::try_unwrap) {
            Some(Ok(private)) => Ok(private.stop().await?),
            // Another task still holds it: dropping leaves Postgres running, and the next start adopts it.
            Some(Err(_)) | None => Ok(()),
        }
    }
}

/// Runs a command with a state, and closes the database whatever comes of it.
pub(super) async fn with_state(settings: &Settings, command: impl AsyncFnOnce(&State) -> Result<(), CliError>) -> Result<(), CliError> {
    let database = Database::open(settings).await?;
    let interrupted = |error: std::io::Error| CliError::failed(format!("シグナルを受け取れません: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(interrupted)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(interrupted)?;
    let work = async {
        let state = database.state(settings).await?;
        command(&state).await
    };
    // What was not committed has not happened, and the private Postgres is stopped all the same.
    let result = tokio::select! {
        result = work => result,
        _ = terminate.recv() => Err(CliError::failed("中断されました。確定していない変更は保存されていません。")),
        _ = interrupt.recv() => Err(CliError::failed("中断されました。確定していない変更は保存されていません。")),
    };
    let closed = database.close().await;
    result.and(closed)
}
