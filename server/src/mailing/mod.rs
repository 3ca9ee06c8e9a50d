//! Handing mails to an SMTP server: one letter, one session, and what is certain afterwards. Knows no database, no survey and no retry.

mod settings;

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use secrecy::ExposeSecret;
use uuid::Uuid;

pub use settings::{MailSettings, SmtpTls};

/// How long one letter may take from the first to the last byte.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the server may take to take the call.
const CONNECT: Duration = Duration::from_secs(15);
/// Longest address (RFC 5321, 4.5.3.1.3: a path of 256 octets with its brackets).
const LONGEST_ADDRESS: usize = 254;

/// An e-mail address in the form that mail servers take: ASCII, with a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(Address);

impl EmailAddress {
    /// Reads an address; spaces around it are dropped. `None`: it is none, or one that needs more than ASCII.
    pub fn parse(text: &str) -> Option<EmailAddress> {
        let text = text.trim();
        let fits = text.is_ascii() && text.len() <= LONGEST_ADDRESS && !text.chars().any(|c| c.is_ascii_control());
        // A domain without a dot is a slip here (`name@hospital`), and one in brackets no hospital has.
        let address: Address = fits.then(|| text.parse().ok())??;
        address.domain().contains('.').then_some(EmailAddress(address))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

/// One mail to one address. Text goes into headers only through lettre, which encodes it: no line break of a name or subject starts a header.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Stands in the Message-ID, so that a mail that comes twice can be known as one.
    pub id: Uuid,
    /// To whom.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// What is certain of a letter after a session. Texts are the server's or the network's, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken it.
    Sent,
    /// The server takes nothing for this address, now or later.
    Undeliverable(String),
    /// It has not gone out, and may another time.
    Later(String),
    /// All of it was handed over and no answer came: it may have gone out.
    Uncertain(String),
    /// The caller did not want it sent after all.
    Dropped,
}

/// Sends letters by one server's settings.
#[derive(Debug, Clone)]
pub struct Mailer {
    settings: MailSettings,
}

impl Mailer {
    /// Takes settings; no connection is made.
    pub fn new(settings: MailSettings) -> Mailer {
        Mailer { settings }
    }

    /// Hands one letter over. `last_look` is asked when the address was taken and before the first byte of the letter goes out; what it stores is there
    /// before the letter is.
    pub async fn send(&self, letter: &Letter, last_look: impl AsyncFnOnce() -> bool) -> Outcome {
        let mut handed = false;
        let conversation = self.converse(letter, last_look, &mut handed);
        match tokio::time::timeout(PATIENCE, conversation).await {
            Ok(outcome) => outcome,
            Err(_elapsed) if handed => Outcome::Uncertain("メールを渡した後、メールサーバーから時間内に応答がありませんでした".to_owned()),
            Err(_elapsed) => Outcome::Later("メールサーバーが時間内に応答しませんでした".to_owned()),
        }
    }

    async fn converse(&self, letter: &Letter, last_look: impl AsyncFnOnce() -> bool, handed: &mut bool) -> Outcome {
        let message = match self.message(letter) {
            Ok(message) => message,
            Err(error) => return Outcome::Undeliverable(error),
        };
        let mut smtp = match self.connect().await {
            Ok(smtp) => smtp,
            Err(error) => return Outcome::Later(said(&error)),
        };
        // A refused sender is a matter of settings, not of this address.
        if let Err(error) = smtp.command(Mail::new(Some(self.settings.from.email.clone()), Vec::new())).await {
            smtp.abort().await;
            return Outcome::Later(said(&error));
        }
        if let Err(error) = smtp.command(Rcpt::new(letter.to.0.clone(), Vec::new())).await {
            smtp.abort().await;
            return if error.is_permanent() {
                Outcome::Undeliverable(said(&error))
            } else {
                Outcome::Later(said(&error))
            };
        }
        if !last_look().await {
            smtp.abort().await;
            return Outcome::Dropped;
        }
        if let Err(error) = smtp.command(Data).await {
            smtp.abort().await;
            return Outcome::Later(said(&error));
        }
        *handed = true;
        let outcome = match smtp.message(&message).await {
            Ok(_) => Outcome::Sent,
            Err(error) if error.is_permanent() => Outcome::Undeliverable(said(&error)),
            Err(error) if error.is_transient() => Outcome::Later(said(&error)),
            Err(error) => Outcome::Uncertain(said(&error)),
        };
        smtp.abort().await;
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        let settings = &self.settings;
        let hello = ClientId::Domain(settings.from.email.domain().to_owned());
        let tls = || TlsParameters::new(settings.host.clone());
        let wrapped = (settings.tls == SmtpTls::Tls).then(tls).transpose()?;
        let place = (settings.host.as_str(), settings.port);
        let mut smtp = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT), &hello, wrapped, None).await?;
        if settings.tls == SmtpTls::Starttls {
            smtp.starttls(tls()?, &hello).await?;
        }
        if let Some((user, password)) = &settings.credentials {
            let credentials = (user.clone(), password.expose_secret().to_owned()).into();
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await?;
        }
        Ok(smtp)
    }

    fn message(&self, letter: &Letter) -> Result<Vec<u8>, String> {
        let from = self.settings.from.clone();
        let id = format!("<{}@{}>", letter.id, from.email.domain());
        let message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, letter.to.0.clone()))
            .subject(letter.subject.as_str())
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            // So that no absence note answers.
            .header(AutoSubmitted)
            .body(letter.body.clone())
            .map_err(|error| error.to_string())?;
        Ok(message.formatted())
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// An error with its causes in one line: lettre's own text names only the outermost.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = next.source();
    }
    // A server may say anything; it is kept and shown as an excerpt.
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mailer() -> Mailer {
        Mailer::new(MailSettings::new("127.0.0.1", Some(25), None, None, "調査事務局 <survey@example.jp>").unwrap())
    }

    fn letter(subject: &str, body: &str) -> Letter {
        Letter {
            id: Uuid::from_u128(7),
            to: EmailAddress::parse("desk@hospital.example.jp").unwrap(),
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn addresses_are_taken_only_in_their_plain_form() {
        for good in ["a@example.jp", " a.b+c@sub.example.jp "] {
            assert!(EmailAddress::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@example.jp",
            "a@hospital",
            "a@example.jp\r\nRCPT TO:<b@example.jp>",
            "a b@example.jp",
            "院長@example.jp",
            "a@例.jp",
            "a@example.jp>",
            "A <a@example.jp>",
            "a@example.jp,b@example.jp",
        ] {
            assert_eq!(EmailAddress::parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_subject_and_no_body_adds_a_header(subject in ".*", body in "(?s).*") {
            let message = mailer().message(&letter(&subject, &body)).unwrap();
            let text = String::from_utf8(message).unwrap();
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            let mut found = names;
            found.sort_unstable();
            let expected =
                ["Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-ID", "Subject", "To"];
            prop_assert_eq!(found, expected);
        }
    }
}
