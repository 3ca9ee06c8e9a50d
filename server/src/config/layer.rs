//! One source of settings, in which anything may be missing: flags, environment, or file. Knows no defaults.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::{ConfigError, LogFormat, line_of, read_file};
use crate::auth::second_factor::Demand;
use crate::mailing::SmtpTls;

/// Every setting that is a variable, without its prefix; all but `CONFIG` are keys of the file too.
pub(super) const VARIABLES: [&str; 23] = [
    "CONFIG",
    "DATA_FOLDER",
    "PG_BIN",
    "DATABASE_URL",
    "MIGRATE_URL",
    "LISTEN",
    "WORKERS",
    "POOL_SIZE",
    "JOB_WORKERS",
    "PARSER",
    "TOKEN_SECRET_FILE",
    "RECEIPT_SECRET_FILE",
    "SECOND_FACTOR",
    "PROXIES",
    "PUBLIC_URL",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_TLS",
    "SMTP_USER",
    "SMTP_PASSWORD_FILE",
    "SMTP_FROM",
    "LOG_FORMAT",
    "LOG_FILTER",
];
const PREFIX: &str = "CHOSA_";
/// What every other program calls it too.
const USUAL_DATABASE_URL: &str = "DATABASE_URL";

/// Settings of one source.
#[derive(Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// See [`super::Settings::data_folder`].
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "設定",
        help = "データフォルダー [CHOSA_DATA_FOLDER]"
    )]
    pub data_folder: Option<PathBuf>,
    /// See [`super::Settings::pg_bin`].
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "設定",
        help = "Postgresのプログラムのフォルダー [CHOSA_PG_BIN]"
    )]
    pub pg_bin: Option<PathBuf>,
    /// No flag: a secret.
    #[arg(skip)]
    #[serde(default, deserialize_with = "secret")]
    pub database_url: Option<SecretString>,
    /// No flag: a secret.
    #[arg(skip)]
    #[serde(default, deserialize_with = "secret")]
    pub migrate_url: Option<SecretString>,
    /// See [`super::Settings::listen`].
    #[arg(
        long,
        global = true,
        value_name = "ADDR:PORT",
        help_heading = "設定",
        help = "待ち受けるアドレス [CHOSA_LISTEN]"
    )]
    pub listen: Option<SocketAddr>,
    /// See [`super::Settings::workers`].
    #[arg(
        long,
        global = true,
        value_name = "N",
        help_heading = "設定",
        help = "サーバーのワーカー数 [CHOSA_WORKERS]"
    )]
    pub workers: Option<NonZeroU16>,
    /// See [`super::Settings::pool_size`].
    #[arg(
        long,
        global = true,
        value_name = "N",
        help_heading = "設定",
        help = "ワーカーごとのデータベース接続数 [CHOSA_POOL_SIZE]"
    )]
    pub pool_size: Option<NonZeroU16>,
    /// See [`super::Settings::job_workers`].
    #[arg(
        long,
        global = true,
        value_name = "N",
        help_heading = "設定",
        help = "同時に処理する取込みの数（0: 他のサーバーに任せる） [CHOSA_JOB_WORKERS]"
    )]
    pub job_workers: Option<u16>,
    /// See [`super::Settings::parser`].
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "設定",
        help = "ファイルを読み取るプログラム [CHOSA_PARSER]"
    )]
    pub parser: Option<PathBuf>,
    /// No flag either: whoever may choose it may also choose what it holds.
    #[arg(skip)]
    pub token_secret_file: Option<PathBuf>,
    /// As the one of tokens.
    #[arg(skip)]
    pub receipt_secret_file: Option<PathBuf>,
    /// See [`super::Settings::second_factor`].
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "DEMAND",
        help_heading = "設定",
        help = "画面のログインで2要素認証を求める範囲 [CHOSA_SECOND_FACTOR]",
        hide_possible_values = false
    )]
    pub second_factor: Option<Demand>,
    /// See [`super::Settings::proxies`]. No flag: it belongs to the machine.
    #[arg(skip)]
    pub proxies: Option<Vec<IpAddr>>,
    /// See [`super::Settings::log_format`].
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        help_heading = "設定",
        help = "ログの形式 [CHOSA_LOG_FORMAT]",
        hide_possible_values = false
    )]
    pub log_format: Option<LogFormat>,
    /// See [`super::Settings::log_filter`].
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        help_heading = "設定",
        help = "ログに出すもの（例: info,server=debug）[CHOSA_LOG_FILTER]"
    )]
    pub log_filter: Option<String>,
    /// See [`super::Settings::public_url`]. No flag, as nothing of mails: it belongs to the machine, not to a call.
    #[arg(skip)]
    pub public_url: Option<String>,
    /// See [`crate::mailing::MailSettings::host`].
    #[arg(skip)]
    pub smtp_host: Option<String>,
    /// See [`crate::mailing::MailSettings::port`].
    #[arg(skip)]
    pub smtp_port: Option<NonZeroU16>,
    /// See [`crate::mailing::MailSettings::tls`].
    #[arg(skip)]
    pub smtp_tls: Option<SmtpTls>,
    /// See [`crate::mailing::MailSettings::credentials`].
    #[arg(skip)]
    pub smtp_user: Option<String>,
    /// The file of its password.
    #[arg(skip)]
    pub smtp_password_file: Option<PathBuf>,
    /// See [`crate::mailing::MailSettings::from`].
    #[arg(skip)]
    pub smtp_from: Option<String>,
}

impl Layer {
    /// This layer, with the gaps filled from another.
    #[must_use]
    pub fn over(self, lower: Layer) -> Layer {
        Layer {
            data_folder: self.data_folder.or(lower.data_folder),
            pg_bin: self.pg_bin.or(lower.pg_bin),
            database_url: self.database_url.or(lower.database_url),
            migrate_url: self.migrate_url.or(lower.migrate_url),
            listen: self.listen.or(lower.listen),
            workers: self.workers.or(lower.workers),
            pool_size: self.pool_size.or(lower.pool_size),
            job_workers: self.job_workers.or(lower.job_workers),
            parser: self.parser.or(lower.parser),
            token_secret_file: self.token_secret_file.or(lower.token_secret_file),
            receipt_secret_file: self.receipt_secret_file.or(lower.receipt_secret_file),
            second_factor: self.second_factor.or(lower.second_factor),
            proxies: self.proxies.or(lower.proxies),
            log_format: self.log_format.or(lower.log_format),
            log_filter: self.log_filter.or(lower.log_filter),
            public_url: self.public_url.or(lower.public_url),
            smtp_host: self.smtp_host.or(lower.smtp_host),
            smtp_port: self.smtp_port.or(lower.smtp_port),
            smtp_tls: self.smtp_tls.or(lower.smtp_tls),
            smtp_user: self.smtp_user.or(lower.smtp_user),
            smtp_password_file: self.smtp_password_file.or(lower.smtp_password_file),
            smtp_from: self.smtp_from.or(lower.smtp_from),
        }
    }
}

/// The settings file that the environment names, and its settings. A variable without a value counts as not there.
pub(super) fn of_environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<(Option<PathBuf>, Layer), ConfigError> {
    let mut layer = Layer::default();
    let mut usual_url = None;
    let mut config = None;
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let Some(key) = name.strip_prefix(PREFIX) else {
            if name == USUAL_DATABASE_URL && !value.is_empty() {
                usual_url = Some(secret_text("database_url", &value)?);
            }
            continue;
        };
        if !VARIABLES.contains(&key) {
            let known = VARIABLES.map(|known| format!("{PREFIX}{known}")).join("、");
            return Err(ConfigError::UnknownVariable {
                name: name.into_owned(),
                known,
            });
        }
        if value.is_empty() {
            continue;
        }
        match key {
            "CONFIG" => config = Some(PathBuf::from(value)),
            "DATA_FOLDER" => layer.data_folder = Some(value.into()),
            "PG_BIN" => layer.pg_bin = Some(value.into()),
            "DATABASE_URL" => layer.database_url = Some(secret_text("database_url", &value)?),
            "MIGRATE_URL" => layer.migrate_url = Some(secret_text("migrate_url", &value)?),
            "LISTEN" => layer.listen = Some(parsed("listen", &value)?),
            "WORKERS" => layer.workers = Some(parsed("workers", &value)?),
            "POOL_SIZE" => layer.pool_size = Some(parsed("pool_size", &value)?),
            "JOB_WORKERS" => layer.job_workers = Some(parsed("job_workers", &value)?),
            "PARSER" => layer.parser = Some(value.into()),
            "TOKEN_SECRET_FILE" => layer.token_secret_file = Some(value.into()),
            "RECEIPT_SECRET_FILE" => layer.receipt_secret_file = Some(value.into()),
            "LOG_FORMAT" => {
                let text = text("log_format", &value)?;
                layer.log_format = Some(LogFormat::from_str(text, true).map_err(|error| ConfigError::value("log_format", text, error))?);
            }
            "LOG_FILTER" => layer.log_filter = Some(text("log_filter", &value)?.to_owned()),
            "SECOND_FACTOR" | "PROXIES" => take_guard(&mut layer, key, &value)?,
            _ => take_mail(&mut layer, key, &value)?,
        }
    }
    layer.database_url = layer.database_url.or(usual_url);
    Ok((config, layer))
}

/// The variables of who is let in.
fn take_guard(layer: &mut Layer, key: &str, value: &OsStr) -> Result<(), ConfigError> {
    if key == "PROXIES" {
        let addresses = text("proxies", value)?
            .split(',')
            .map(|one| parsed("proxies", OsStr::new(one.trim())));
        layer.proxies = Some(addresses.collect::<Result<_, _>>()?);
        return Ok(());
    }
    let text = text("second_factor", value)?;
    layer.second_factor = Some(Demand::from_str(text, true).map_err(|error| ConfigError::value("second_factor", text, error))?);
    Ok(())
}

/// The variables of mails; every other one is taken before.
fn take_mail(layer: &mut Layer, key: &str, value: &OsStr) -> Result<(), ConfigError> {
    match key {
        "PUBLIC_URL" => layer.public_url = Some(text("public_url", value)?.to_owned()),
        "SMTP_HOST" => layer.smtp_host = Some(text("smtp_host", value)?.to_owned()),
        "SMTP_PORT" => layer.smtp_port = Some(parsed("smtp_port", value)?),
        "SMTP_TLS" => {
            let text = text("smtp_tls", value)?;
            layer.smtp_tls = Some(SmtpTls::from_str(text, true).map_err(|error| ConfigError::value("smtp_tls", text, error))?);
        }
        "SMTP_USER" => layer.smtp_user = Some(text("smtp_user", value)?.to_owned()),
        "SMTP_PASSWORD_FILE" => layer.smtp_password_file = Some(value.into()),
        _ => layer.smtp_from = Some(text("smtp_from", value)?.to_owned()),
    }
    Ok(())
}

/// The settings of a file; paths in it are relative to its folder.
pub(super) fn of_file(path: &Path) -> Result<Layer, ConfigError> {
    let text = read_file(path)?;
    let mut layer: Layer = toml::from_str(&text).map_err(|error| ConfigError::Content {
        path: path.to_owned(),
        line: line_of(&text, error.span().map_or(0, |span| span.start)),
        problem: error.message().to_owned(),
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for named in [
        &mut layer.data_folder,
        &mut layer.pg_bin,
        &mut layer.parser,
        &mut layer.token_secret_file,
        &mut layer.receipt_secret_file,
        &mut layer.smtp_password_file,
    ]
    .into_iter()
    .flatten()
    {
        *named = folder.join(&*named);
    }
    Ok(layer)
}

fn text<'v>(name: &'static str, value: &'v OsStr) -> Result<&'v str, ConfigError> {
    value
        .to_str()
        .ok_or_else(|| ConfigError::value(name, value.to_string_lossy(), "not UTF-8"))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &'static str, value: &OsStr) -> Result<T, ConfigError> {
    let text = text(name, value)?;
    text.parse().map_err(|error| ConfigError::value(name, text, error))
}

fn secret_text(name: &'static str, value: &OsStr) -> Result<SecretString, ConfigError> {
    value.to_str().map(SecretString::from).ok_or_else(|| ConfigError::Secret {
        name,
        reason: "UTF-8ではありません".to_owned(),
    })
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Some(SecretString::from(String::deserialize(deserializer)?)))
}
