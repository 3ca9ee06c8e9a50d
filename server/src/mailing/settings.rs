//! By which server mails go out. Checked once, when settings are read; plain text leaves the machine only where it is asked for by name.

use std::net::IpAddr;

use lettre::message::Mailbox;
use secrecy::SecretString;
use serde::Deserialize;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// By STARTTLS, or not at all: a server that does not offer it is not used. For every other machine unless said otherwise.
    Starttls,
    /// From the first byte (port 465).
    Tls,
    /// Not. For this machine itself unless said otherwise.
    None,
}

/// A mail server and who sends.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
    /// Who sends.
    pub from: Mailbox,
}

impl MailSettings {
    /// Settings with their defaults filled in: no TLS to this machine and STARTTLS to others; port 25, 587 or 465 by that.
    ///
    /// # Errors
    /// What is wrong, in Japanese: the sender is no address, or a password would leave the machine in plain text.
    pub fn new(
        host: &str,
        port: Option<u16>,
        tls: Option<SmtpTls>,
        credentials: Option<(String, SecretString)>,
        from: &str,
    ) -> Result<MailSettings, String> {
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let tls = tls.unwrap_or(if here { SmtpTls::None } else { SmtpTls::Starttls });
        if credentials.is_some() && tls == SmtpTls::None && !here {
            return Err("パスワードを暗号化せずに送ることになります。smtp_tls を starttls か tls にしてください".to_owned());
        }
        let from = from
            .parse()
            .map_err(|_invalid| "smtp_from を「調査事務局 <survey@example.jp>」の形で指定してください".to_owned())?;
        let usual = match tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        };
        Ok(MailSettings {
            host: host.to_owned(),
            port: port.unwrap_or(usual),
            tls,
            credentials,
            from,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str, tls: Option<SmtpTls>, user: bool) -> Result<(SmtpTls, u16), String> {
        let credentials = user.then(|| ("user".to_owned(), SecretString::from("password")));
        MailSettings::new(host, None, tls, credentials, "a@example.jp").map(|settings| (settings.tls, settings.port))
    }

    #[test]
    fn plain_text_stays_on_the_machine_unless_said() {
        assert_eq!(of("127.0.0.1", None, true), Ok((SmtpTls::None, 25)));
        assert_eq!(of("::1", None, false), Ok((SmtpTls::None, 25)));
        assert_eq!(of("localhost", None, false), Ok((SmtpTls::None, 25)));
        assert_eq!(of("mail.example.jp", None, true), Ok((SmtpTls::Starttls, 587)));
        assert_eq!(of("mail.example.jp", Some(SmtpTls::Tls), true), Ok((SmtpTls::Tls, 465)));
        assert_eq!(of("10.0.0.1", Some(SmtpTls::None), false), Ok((SmtpTls::None, 25)));
        assert!(of("10.0.0.1", Some(SmtpTls::None), true).is_err());
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        assert!(MailSettings::new("localhost", None, None, None, "survey").is_err());
        assert!(MailSettings::new("localhost", None, None, None, "a@example.jp\nBcc: b@example.jp").is_err());
    }
}
