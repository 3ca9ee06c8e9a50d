//! The settings of mails: complete or not there, never half. Makes no connection.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{ConfigError, read_file};
use crate::mailing::{MailSettings, SmtpTls};

/// What the sources say together.
pub(super) struct Given {
    pub(super) host: Option<String>,
    pub(super) port: Option<NonZeroU16>,
    pub(super) tls: Option<SmtpTls>,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) from: Option<String>,
}

/// The mail server; without a host there is none.
pub(super) fn settings(given: Given) -> Result<Option<MailSettings>, ConfigError> {
    let Some(host) = given.host else { return Ok(None) };
    let invalid = |reason: String| ConfigError::value("smtp_host", &host, reason);
    let from = given
        .from
        .ok_or_else(|| invalid("差出人を smtp_from に指定してください".to_owned()))?;
    let credentials = match (given.user, given.password_file) {
        (Some(user), Some(file)) => Some((user, password(&file)?)),
        (None, None) => None,
        _ => return Err(invalid("smtp_user と smtp_password_file は両方を指定してください".to_owned())),
    };
    MailSettings::new(&host, given.port.map(NonZeroU16::get), given.tls, credentials, &from)
        .map(Some)
        .map_err(invalid)
}

/// The first line of the file.
fn password(path: &Path) -> Result<SecretString, ConfigError> {
    let text = read_file(path)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(ConfigError::SecretFile {
            path: path.to_owned(),
            reason: "1行目にパスワードがありません".to_owned(),
        });
    }
    Ok(SecretString::from(line.to_owned()))
}

/// Where people reach the server; where it listens if nothing is said.
pub(super) fn public_url(given: Option<String>, listen: SocketAddr) -> Result<String, ConfigError> {
    let Some(url) = given else { return Ok(format!("http://{listen}")) };
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    if !is_url || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(ConfigError::value(
            "public_url",
            url,
            "https://chosa.example.jp の形で指定してください",
        ));
    }
    Ok(url.trim_end_matches('/').to_owned())
}
