//! A real SMTP server on loopback that keeps what it is given, refuses whom it is told to, and hangs up where it is told to. The protocol is mailin's.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use mailin::{Action, Handler, Response, SessionBuilder, response};
use mailparse::MailHeaderMap;
use server::mailing::{MailSettings, Mailer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where the server hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// Before it greets.
    AtOnce,
    /// When the letter is to come.
    BeforeData,
    /// When it has all of the letter, without an answer.
    AfterData,
}

/// A mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrived {
    /// Address of the envelope.
    pub recipient: String,
    /// Decoded.
    pub subject: String,
    /// Decoded, with line feeds.
    pub body: String,
    /// Names of the headers, sorted.
    pub headers: Vec<String>,
}

#[derive(Default)]
struct Kept {
    arrived: Vec<Arrived>,
    refused: BTreeMap<String, u16>,
    hang_up: Option<HangUp>,
    /// How many arrived, for those who wait.
    count: watch::Sender<usize>,
}

/// The server; it runs as long as the test's runtime.
#[derive(Clone)]
pub struct SmtpServer {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    counted: watch::Receiver<usize>,
}

impl SmtpServer {
    /// On a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> SmtpServer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let counted = kept.lock().unwrap().count.subscribe();
        let server = SmtpServer {
            address: listener.local_addr().unwrap(),
            kept,
            counted,
        };
        let kept = Arc::clone(&server.kept);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                // A client that goes away is the test's own doing.
                tokio::spawn(async move { drop(serve(stream, peer.ip(), kept).await) });
            }
        });
        server
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A mailer that sends by it.
    ///
    /// # Panics
    /// Never: its settings are in order.
    pub fn mailer(&self) -> Mailer {
        let settings = MailSettings::new("127.0.0.1", Some(self.port()), None, None, "試験事務局 <survey@example.jp>");
        Mailer::new(settings.unwrap())
    }

    /// Answers an address with a code from now on.
    pub fn refuse(&self, recipient: &str, code: u16) {
        self.kept().refused.insert(recipient.to_owned(), code);
    }

    /// Hangs up there from now on; `None`: nowhere.
    pub fn hang_up(&self, place: Option<HangUp>) {
        self.kept().hang_up = place;
    }

    /// What arrived, in the order of addresses.
    pub fn arrived(&self) -> Vec<Arrived> {
        let mut arrived = self.kept().arrived.clone();
        arrived.sort();
        arrived
    }

    /// Waits until so many have arrived.
    ///
    /// # Panics
    /// If they have not after half a minute.
    pub async fn wait_for(&self, mails: usize) {
        let mut counted = self.counted.clone();
        let arrived = counted.wait_for(|count| *count >= mails);
        tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap().unwrap();
    }

    /// What arrived for an address.
    pub fn arrived_for(&self, recipient: &str) -> Vec<Arrived> {
        self.kept()
            .arrived
            .iter()
            .filter(|mail| mail.recipient == recipient)
            .cloned()
            .collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }
}

struct Clerk {
    kept: Arc<Mutex<Kept>>,
    recipients: Vec<String>,
    letter: Vec<u8>,
}

impl Handler for Clerk {
    fn rcpt(&mut self, to: &str) -> Response {
        let kept = self.kept.lock().unwrap();
        match kept.refused.get(to) {
            Some(code) => Response::custom(*code, "refused by the test".to_owned()),
            None => {
                self.recipients.push(to.to_owned());
                response::OK
            }
        }
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.letter.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let letter = std::mem::take(&mut self.letter);
        let mut kept = self.kept.lock().unwrap();
        for recipient in self.recipients.drain(..) {
            kept.arrived.push(read(recipient, &letter));
        }
        let count = kept.arrived.len();
        kept.count.send_replace(count);
        response::OK
    }
}

fn read(recipient: String, letter: &[u8]) -> Arrived {
    let mail = mailparse::parse_mail(letter).unwrap();
    let mut headers: Vec<String> = mail.headers.iter().map(mailparse::MailHeader::get_key).collect();
    headers.sort();
    let body = mail.get_body().unwrap().replace("\r\n", "\n");
    Arrived {
        recipient,
        subject: mail.headers.get_first_value("Subject").unwrap(),
        // The empty line that ends every letter is no part of what was written.
        body: format!("{}\n", body.trim_end_matches('\n')),
        headers,
    }
}

async fn serve(stream: TcpStream, peer: IpAddr, kept: Arc<Mutex<Kept>>) -> io::Result<()> {
    let hangs_up = |place| kept.lock().unwrap().hang_up == Some(place);
    if hangs_up(HangUp::AtOnce) {
        return Ok(());
    }
    let clerk = Clerk {
        kept: Arc::clone(&kept),
        recipients: Vec::new(),
        letter: Vec::new(),
    };
    let mut session = SessionBuilder::new("smtp.test").build(peer, clerk);
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(&session.greeting().buffer()?).await?;
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if line.eq_ignore_ascii_case(b"DATA\r\n") && hangs_up(HangUp::BeforeData) {
            return Ok(());
        }
        let answer = session.process(&line);
        if line == b".\r\n" && hangs_up(HangUp::AfterData) {
            return Ok(());
        }
        match answer.action {
            Action::NoReply => {}
            Action::Close => return stream.get_mut().write_all(&answer.buffer()?).await,
            Action::Reply | Action::UpgradeTls => stream.get_mut().write_all(&answer.buffer()?).await?,
        }
    }
}
