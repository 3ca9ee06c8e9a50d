//! After the kills: what was acknowledged against what Postgres holds, what the API shows, what the doctor finds; then everything once more after each
//! submission was sent again.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use server::app::clock::Clock;
use server::app::doctor;
use server::auth::actor::Actor;
use server::startup;
use tests::app::parts;
use tests::client::Client;
use tests::database::session;

use crate::clients;
use crate::nation::{SURVEY, Sender};
use crate::oracle;
use crate::place::Place;
use crate::records::{Acknowledged, Ledger};
use crate::stored::Stored;

/// A run whose clients have ended and whose server lives.
pub struct Afterwards<'a> {
    pub place: &'a Place,
    /// Of the server.
    pub address: &'a str,
    pub ledger: &'a Ledger,
    /// Each sender with its token.
    pub by: Vec<(Sender, String)>,
}

impl Afterwards<'_> {
    /// That nothing is lost, doubled or changed, now and after everything was sent once more.
    pub async fn all_is_well(&self) {
        self.stored_is_what_was_acknowledged().await;
        self.shown_is_what_was_acknowledged().await;
        self.doctor_finds_nothing().await;
        self.sent_again_is_answered_from_memory().await;
        self.stored_is_what_was_acknowledged().await;
    }

    async fn stored_is_what_was_acknowledged(&self) {
        let stored = Stored::read(&session(&self.place.superuser_url()).await).await;
        let faults = oracle::faults(&self.ledger.acknowledged, &stored);
        assert!(
            faults.is_empty(),
            "{} faults, of which the first are {:#?}",
            faults.len(),
            &faults[..faults.len().min(20)]
        );
        assert_eq!(stored.revisions.len(), self.ledger.acknowledged.len());
    }

    async fn shown_is_what_was_acknowledged(&self) {
        for (sender, token) in &self.by {
            let client = Client::nobody(self.address).bearing(token.as_str());
            for hospital in &sender.hospitals {
                let path = format!("/api/v1/surveys/{SURVEY}/hospitals/{hospital}/submission");
                let read = client.get(&path).await.expect(200);
                let shown = |row: &Value| [row["number"].clone(), row["receipt"].clone(), row["answers"].clone()];
                let shown: Vec<[Value; 3]> = read["revisions"].as_array().unwrap().iter().map(shown).collect();
                assert!(shown == self.told(hospital), "{hospital} is shown as {read}");
                assert_eq!(read["latest_revision"], json!(shown.len()), "{hospital}");
            }
        }
    }

    /// Number, receipt and answers of a hospital's revisions, as they were acknowledged.
    fn told(&self, hospital: &str) -> Vec<[Value; 3]> {
        let acknowledged = self.ledger.acknowledged.iter();
        let mut own: Vec<&Acknowledged> = acknowledged.filter(|one| one.submission.hospital == hospital).collect();
        own.sort_by_key(|one| one.receipt["revision"].as_i64());
        let told = |one: &Acknowledged| {
            [
                one.receipt["revision"].clone(),
                one.receipt["receipt"].clone(),
                one.submission.answers.clone(),
            ]
        };
        own.into_iter().map(told).collect()
    }

    async fn doctor_finds_nothing(&self) {
        let state = startup::state(&parts(&self.place.application_url(), Clock::System)).await;
        let state = state.unwrap_or_else(|error| panic!("{}", error.for_operator()));
        let findings = doctor::examine(&state, &Actor::system()).await.unwrap();
        assert_eq!(
            (findings.revisions, findings.different),
            (self.ledger.acknowledged.len(), Vec::new())
        );
    }

    async fn sent_again_is_answered_from_memory(&self) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let token_for = |hospital: &String| &self.by.iter().find(|(sender, _)| sender.hospitals.contains(hospital)).unwrap().1;
        let again = stream::iter(&self.ledger.acknowledged).map(async |one| {
            let submission = &one.submission;
            let answer = clients::send(&http, self.address, token_for(&submission.hospital), submission)
                .await
                .unwrap();
            assert_eq!(
                (answer.status.as_u16(), answer.replayed, &answer.body),
                (201, true, &one.receipt),
                "{}",
                submission.key
            );
        });
        again.buffer_unordered(8).collect::<Vec<()>>().await;
    }
}
