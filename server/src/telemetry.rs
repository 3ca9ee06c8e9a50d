//! The log: to stderr, as text or JSON. Says what is logged where nothing else is asked for; must never be given answers, names or passwords.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, LogFormat, Settings};

/// Starts the log of this process; a second call changes nothing, so that tests may start many servers.
///
/// # Errors
/// [`ConfigError::Value`]: the filter cannot be read.
pub fn start(settings: &Settings) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&settings.log_filter).map_err(|error| ConfigError::value("log_filter", &settings.log_filter, error))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "the log had been started before");
    }
    Ok(())
}
