//! What the clients remember: each submission with the answer that acknowledged it, and how often they had to ask.

use serde_json::{Value, json};

/// One submission of a hospital, distinct from every other one of the run.
#[derive(Debug, Clone)]
pub struct Submission {
    /// G-MIS ID.
    pub hospital: String,
    /// Its own key, the same for every try.
    pub key: String,
    /// `respondent` included.
    pub answers: Value,
}

impl Submission {
    /// The one with this running number. The number stands in the respondent's contact, and in answers: two rows that were mixed up would show.
    pub fn numbered(hospital: &str, number: u64) -> Submission {
        let mut answers = tests::world::answers_2024();
        answers["respondent"]["contact"] = json!(format!("{hospital} {number}"));
        let yes_or_no = [
            "safety_manager_placed",
            "network_map_known",
            "alerts_collected",
            "bcp_drilled",
            "backup_offline",
            "client_services_stopped",
        ];
        for (bit, question) in yes_or_no.into_iter().enumerate() {
            answers[question] = json!(if (number >> bit).is_multiple_of(2) { "no" } else { "yes" });
        }
        Submission {
            hospital: hospital.to_owned(),
            key: format!("{hospital}-{number}"),
            answers,
        }
    }

    /// The same bytes at every try: the key is bound to them.
    pub fn body(&self) -> Vec<u8> {
        // The reason is only needed, and only looked at, where a prefecture answers for a hospital again.
        json!({"answers": self.answers, "reason": "故障試験"}).to_string().into_bytes()
    }
}

/// A submission that the server has acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// What was sent.
    pub submission: Submission,
    /// The body of the acknowledgement: the receipt.
    pub receipt: Value,
    /// The first try counts.
    pub tries: u32,
    /// Whether the acknowledgement was for an earlier try, whose own was lost.
    pub replayed: bool,
}

/// Why clients tried again.
#[derive(Debug, Clone, Default)]
pub struct Retries {
    /// Nobody listened, or the connection broke.
    pub disconnected: u64,
    /// 503.
    pub unavailable: u64,
    /// 409: an earlier try of the same key was still at work.
    pub in_progress: u64,
    /// The client itself gave up waiting.
    pub impatient: u64,
}

impl Retries {
    fn add(&mut self, other: &Retries) {
        self.disconnected += other.disconnected;
        self.unavailable += other.unavailable;
        self.in_progress += other.in_progress;
        self.impatient += other.impatient;
    }
}

/// Everything that clients remember of a run.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// In the order of each client.
    pub acknowledged: Vec<Acknowledged>,
    /// Why they tried again.
    pub retries: Retries,
    /// Answers that there must not be: a 500, a refusal, silence.
    pub wrong: Vec<String>,
}

impl Ledger {
    /// Takes over what another client remembers.
    pub fn add(&mut self, other: Ledger) {
        self.acknowledged.extend(other.acknowledged);
        self.retries.add(&other.retries);
        self.wrong.extend(other.wrong);
    }
}
