//! The clients: each submits for its own hospitals, one submission after the other, and asks with the same key until it is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::nation::{SURVEY, Sender};
use crate::place::PATIENCE;
use crate::records::{Acknowledged, Ledger, Retries, Submission};

/// Longer than the server waits for anything before it gives up: a request without an answer for so long hangs.
const REQUEST: Duration = Duration::from_secs(60);

/// What clients and test share while the load runs.
#[derive(Clone)]
pub struct Load {
    /// Where the server listens; `None` while there is none.
    pub address: Arc<watch::Sender<Option<String>>>,
    /// Acknowledged so far.
    pub acknowledged: Arc<AtomicU64>,
    /// Requests that were sent and not answered.
    pub under_way: Arc<AtomicU64>,
    /// Told to end after the submission at hand.
    pub ending: Arc<AtomicBool>,
}

impl Load {
    pub fn new() -> Load {
        Load {
            address: Arc::new(watch::channel(None).0),
            acknowledged: Arc::default(),
            under_way: Arc::default(),
            ending: Arc::default(),
        }
    }
}

/// What one try came to.
enum Try {
    Acknowledged {
        receipt: Value,
        replayed: bool,
    },
    Again,
    /// Counted as wrong; asked again all the same, to see what becomes of it.
    Wrong(String),
    /// A refusal that asking again would not change.
    Refused(String),
}

/// One client.
pub struct Client {
    http: reqwest::Client,
    token: String,
    sender: Sender,
    random: ChaCha8Rng,
    load: Load,
    ledger: Ledger,
}

impl Client {
    pub fn new(sender: Sender, token: String, seed: u64, load: Load) -> Client {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client {
            http,
            token,
            sender,
            random: ChaCha8Rng::seed_from_u64(seed),
            load,
            ledger: Ledger::default(),
        }
    }

    /// Submits until the load ends.
    pub fn run(mut self) -> JoinHandle<Ledger> {
        tokio::spawn(async move {
            let mut number = 0;
            while !self.load.ending.load(Ordering::SeqCst) {
                let hospital = self.random.random_range(0..self.sender.hospitals.len());
                let submission = Submission::numbered(&self.sender.hospitals[hospital], number);
                self.submit(submission).await;
                number += 1;
            }
            self.ledger
        })
    }

    /// Asks with the same key until the submission is acknowledged, in bounds.
    async fn submit(&mut self, submission: Submission) {
        let began = Instant::now();
        let mut tries = 0;
        while began.elapsed() < PATIENCE {
            tries += 1;
            match self.try_once(&submission, tries).await {
                Try::Acknowledged { receipt, replayed } => {
                    self.load.acknowledged.fetch_add(1, Ordering::SeqCst);
                    self.ledger.acknowledged.push(Acknowledged {
                        submission,
                        receipt,
                        tries,
                        replayed,
                    });
                    return;
                }
                Try::Again => {}
                Try::Wrong(what) => self.ledger.wrong.push(format!("{}, try {tries}: {what}", submission.key)),
                Try::Refused(what) => {
                    self.ledger.wrong.push(format!("{}, try {tries}: {what}", submission.key));
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(self.random.random_range(5..50))).await;
        }
        self.ledger
            .wrong
            .push(format!("{}: not acknowledged after {tries} tries in {PATIENCE:?}", submission.key));
    }

    async fn try_once(&mut self, submission: &Submission, tries: u32) -> Try {
        let Some(address) = self.load.address.borrow().clone() else {
            self.ledger.retries.disconnected += 1;
            return Try::Again;
        };
        // Some give up before the answer is there and ask again at once, while the first request may still be at work.
        let impatient = tries == 1 && self.random.random_range(0..30) == 0;
        let patience = if impatient {
            Duration::from_millis(self.random.random_range(1..30))
        } else {
            REQUEST
        };
        let retries = &mut self.ledger.retries;
        self.load.under_way.fetch_add(1, Ordering::SeqCst);
        let answer = tokio::time::timeout(patience, send(&self.http, &address, &self.token, submission)).await;
        self.load.under_way.fetch_sub(1, Ordering::SeqCst);
        match answer {
            Ok(Ok(answer)) => judge(&answer, retries),
            Ok(Err(_broken)) => {
                retries.disconnected += 1;
                Try::Again
            }
            Err(_) if impatient => {
                retries.impatient += 1;
                Try::Again
            }
            Err(_) => Try::Wrong(format!("no answer for {REQUEST:?}")),
        }
    }
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub replayed: bool,
    pub body: Value,
}

/// Sends a submission once.
pub async fn send(http: &reqwest::Client, address: &str, token: &str, submission: &Submission) -> Result<Answer, reqwest::Error> {
    let url = format!("{address}/api/v1/surveys/{SURVEY}/hospitals/{}/revisions", submission.hospital);
    let request = http.post(url).bearer_auth(token).header("Idempotency-Key", &submission.key);
    let response = request
        .header("Content-Type", "application/json")
        .body(submission.body())
        .send()
        .await?;
    let (status, replayed) = (response.status(), response.headers().contains_key("Idempotency-Replayed"));
    let body = response.bytes().await?;
    Ok(Answer {
        status,
        replayed,
        body: serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into()),
    })
}

fn judge(answer: &Answer, retries: &mut Retries) -> Try {
    match (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default()) {
        (201, _) => Try::Acknowledged {
            receipt: answer.body.clone(),
            replayed: answer.replayed,
        },
        (503, "unavailable") => {
            retries.unavailable += 1;
            Try::Again
        }
        (409, "idempotency_in_progress") => {
            retries.in_progress += 1;
            Try::Again
        }
        // Also 200: no two submissions of a run are the same.
        (status, _) if status >= 500 => Try::Wrong(format!("{status} {}", answer.body)),
        (status, _) => Try::Refused(format!("{status} {}", answer.body)),
    }
}
