//! Settings: flag over environment (`CHOSA_*`) over file over default. What is unknown is an error that names it, never ignored.
//!
//! Reads the environment and one file, once. Opens no database and makes nothing but the token secret, and that only when asked.
//! Secrets come by environment or file, never by flag: flags stand in every list of processes.

mod layer;
mod mail;
mod secret_file;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;

pub use layer::Layer;

use crate::auth::second_factor::Demand;
use crate::mailing::MailSettings;
use crate::parsing::this_program;

/// The data folder of root: a folder below root's home could not be entered by the unprivileged user of the private Postgres.
const ROOTS_FOLDER: &str = "/var/lib/chosa";

/// Why the settings cannot be used. Never shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable that begins with `CHOSA_` and is no setting.
    #[error("環境変数 {name} は設定にありません。使える変数: {known}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// All that there are.
        known: String,
    },
    /// The settings file cannot be read.
    #[error("設定ファイル {} を読めません: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The settings file is no TOML, has an unknown key or a value of the wrong kind.
    #[error("設定ファイル {} の{line}行目に誤りがあります: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the reader says, without the line itself: it may hold a password.
        problem: String,
    },
    /// A value that cannot be used.
    #[error("設定 {name} の値「{value}」は使えません: {reason}")]
    Value {
        /// The setting.
        name: &'static str,
        /// As given.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A secret that cannot be used; it is not shown.
    #[error("設定 {name} の値は使えません: {reason}")]
    Secret {
        /// The setting.
        name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The user has no home.
    #[error("データフォルダーの既定の場所を決められません。CHOSA_DATA_FOLDER か --data-folder で指定してください。")]
    NoDataFolder,
    /// The file of a secret cannot be read or made.
    #[error("鍵のファイル {} を使えません: {reason}", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl ConfigError {
    pub(crate) fn value(name: &'static str, value: impl AsRef<str>, reason: impl std::fmt::Display) -> ConfigError {
        ConfigError::Value {
            name,
            value: value.as_ref().to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    #[value(help = "人が読む形")]
    Text,
    /// An object a line, for machines.
    #[value(help = "プログラムが読む形（1行に1つのJSON）")]
    Json,
}

/// Everything that can be set, with its defaults filled in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the private Postgres and the token secret live; absolute.
    pub data_folder: PathBuf,
    /// Folder of the Postgres programs; `None`: found.
    pub pg_bin: Option<PathBuf>,
    /// Somebody's own Postgres as the application role; `None`: the private one.
    pub database_url: Option<SecretString>,
    /// The same database as the role that owns and migrates it.
    pub migrate_url: Option<SecretString>,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Workers of the server.
    pub workers: usize,
    /// Database connections of each worker.
    pub pool_size: usize,
    /// Jobs (imports) that are done at the same time; 0 leaves them to other servers on the same database.
    pub job_workers: usize,
    /// The program that reads uploads; absolute.
    pub parser: PathBuf,
    /// File of the secret that signs tokens; see [`Settings::token_secret`].
    pub token_secret_file: PathBuf,
    /// File of the secret that receipts are signed with; see [`Settings::receipt_secret`].
    pub receipt_secret_file: PathBuf,
    /// Of whom pages ask a second factor.
    pub second_factor: Demand,
    /// Proxies in front of the server, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Where people reach the server, without a slash at the end; stands in mails.
    pub public_url: String,
    /// By which server mails go out; `None`: from this machine none do.
    pub mail: Option<MailSettings>,
    /// Form of the log.
    pub log_format: LogFormat,
    /// What is logged, in the language of `tracing_subscriber::EnvFilter`.
    pub log_filter: String,
}

/// Settings that stand on the command line, before or after the command.
#[derive(Debug, Default, clap::Args)]
pub struct Flags {
    /// The settings file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "設定",
        help = "設定ファイル（TOML）[環境変数: CHOSA_CONFIG]"
    )]
    pub config: Option<PathBuf>,
    /// Everything else.
    #[command(flatten)]
    pub layer: Layer,
}

impl Settings {
    /// Settings of this process.
    ///
    /// # Errors
    /// [`ConfigError`], naming the flag, variable or line.
    pub fn load(flags: Flags) -> Result<Settings, ConfigError> {
        Settings::of(flags, std::env::vars_os())
    }

    /// Settings of some other environment than this process's.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn of(flags: Flags, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Settings, ConfigError> {
        let (named, environment) = layer::of_environment(environment)?;
        let file = flags.config.or(named).map_or(Ok(Layer::default()), |path| layer::of_file(&path))?;
        Settings::complete(flags.layer.over(environment).over(file))
    }

    fn complete(layer: Layer) -> Result<Settings, ConfigError> {
        let data_folder = absolute("data_folder", layer.data_folder.map_or_else(default_data_folder, Ok)?)?;
        let token_secret_file = layer.token_secret_file.unwrap_or_else(|| data_folder.join("token.secret"));
        let receipt_secret_file = layer.receipt_secret_file.unwrap_or_else(|| data_folder.join("receipt.secret"));
        let count = |given: Option<NonZeroU16>, default: usize| given.map_or(default, |number| usize::from(number.get()));
        if layer.migrate_url.is_some() && layer.database_url.is_none() {
            let reason = "database_url（DATABASE_URL）も指定してください".to_owned();
            return Err(ConfigError::Secret {
                name: "migrate_url",
                reason,
            });
        }
        let listen = layer.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        Ok(Settings {
            public_url: mail::public_url(layer.public_url, listen)?,
            mail: mail::settings(mail::Given {
                host: layer.smtp_host,
                port: layer.smtp_port,
                tls: layer.smtp_tls,
                user: layer.smtp_user,
                password_file: layer.smtp_password_file,
                from: layer.smtp_from,
            })?,
            pg_bin: layer.pg_bin.map(|folder| absolute("pg_bin", folder)).transpose()?,
            database_url: layer.database_url.map(|url| checked_url("database_url", url)).transpose()?,
            migrate_url: layer.migrate_url.map(|url| checked_url("migrate_url", url)).transpose()?,
            listen,
            workers: count(layer.workers, 2),
            pool_size: count(layer.pool_size, 8),
            job_workers: layer.job_workers.map_or(2, usize::from),
            parser: absolute("parser", layer.parser.unwrap_or_else(this_program))?,
            token_secret_file: absolute("token_secret_file", token_secret_file)?,
            receipt_secret_file: absolute("receipt_secret_file", receipt_secret_file)?,
            second_factor: layer.second_factor.unwrap_or_default(),
            proxies: layer.proxies.unwrap_or_default(),
            log_format: layer.log_format.unwrap_or_default(),
            log_filter: layer.log_filter.unwrap_or_else(|| "info,tokio_postgres=warn".to_owned()),
            data_folder,
        })
    }

    /// The secret that signs tokens; made at the first call in a file that only its owner can read. Call it when the data folder is made.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`].
    pub fn token_secret(&self) -> Result<SecretSlice<u8>, ConfigError> {
        secret_file::read_or_make(&self.token_secret_file)
    }

    /// The secret that receipts are signed with; made as the one of tokens. Keep it with the backups: a new one is a new key.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`].
    pub fn receipt_secret(&self) -> Result<SecretSlice<u8>, ConfigError> {
        secret_file::read_or_make(&self.receipt_secret_file)
    }
}

fn default_data_folder() -> Result<PathBuf, ConfigError> {
    if nix::unistd::Uid::effective().is_root() {
        return Ok(PathBuf::from(ROOTS_FOLDER));
    }
    // XDG base directory specification: a relative path is to be ignored.
    let data_home = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute());
    let home = || {
        std::env::home_dir()
            .filter(|home| home.is_absolute())
            .map(|home| home.join(".local/share"))
    };
    data_home
        .or_else(home)
        .map(|folder| folder.join("chosa"))
        .ok_or(ConfigError::NoDataFolder)
}

/// Children and the private Postgres run in other folders than this process.
fn absolute(name: &'static str, path: PathBuf) -> Result<PathBuf, ConfigError> {
    std::path::absolute(&path).map_err(|error| ConfigError::value(name, path.to_string_lossy(), error))
}

/// Found out here with the setting's name, and not at the first query.
fn checked_url(name: &'static str, url: SecretString) -> Result<SecretString, ConfigError> {
    let text = url.expose_secret();
    let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if is_url && text.parse::<tokio_postgres::Config>().is_ok() {
        return Ok(url);
    }
    Err(ConfigError::Secret {
        name,
        reason: "postgresql://利用者:パスワード@ホスト:ポート/データベース の形で指定してください".to_owned(),
    })
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
