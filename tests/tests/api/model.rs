//! Random sequences of everything that can be done to one hospital's answers, against a small model of the rules: each outcome, the state, the version,
//! the drafts, and in the end what is counted and the history.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use survey::submission::SubmissionState::{self, Accepted, Draft, Returned, Submitted, Withdrawn};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::world::{OWN, answers_2024, now};

use crate::{body, revisions, submission};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    Hospital,
    Proxy,
}

impl Party {
    fn index(self) -> usize {
        usize::from(self == Party::Proxy)
    }
}

#[derive(Debug, Clone)]
enum Act {
    Wait {
        days: i64,
    },
    Extend {
        days: i64,
    },
    Submit {
        party: Party,
        variant: u8,
        stale: bool,
        reason: bool,
    },
    Save {
        party: Party,
        variant: u8,
        stale: bool,
    },
    Discard {
        party: Party,
        stale: bool,
    },
    Withdraw {
        party: Party,
        stale: bool,
    },
    Return {
        days: Option<i64>,
        stale: bool,
    },
    Accept {
        stale: bool,
    },
}

fn acts() -> impl Strategy<Value = Act> {
    let party = || prop_oneof![2 => Just(Party::Hospital), 1 => Just(Party::Proxy)];
    let stale = || prop::bool::weighted(0.15);
    prop_oneof![
        2 => (1_i64..12).prop_map(|days| Act::Wait { days }),
        1 => (1_i64..20).prop_map(|days| Act::Extend { days }),
        5 => (party(), 0_u8..3, stale(), any::<bool>())
            .prop_map(|(party, variant, stale, reason)| Act::Submit { party, variant, stale, reason }),
        3 => (party(), 0_u8..3, stale()).prop_map(|(party, variant, stale)| Act::Save { party, variant, stale }),
        1 => (party(), stale()).prop_map(|(party, stale)| Act::Discard { party, stale }),
        2 => (party(), stale()).prop_map(|(party, stale)| Act::Withdraw { party, stale }),
        3 => (prop::option::of(1_i64..15), stale()).prop_map(|(days, stale)| Act::Return { days, stale }),
        2 => stale().prop_map(|stale| Act::Accept { stale }),
    ]
}

/// The rules, written down once more and more simply than in the program.
#[derive(Debug)]
struct Model {
    now: DateTime<Utc>,
    state: Option<SubmissionState>,
    version: u32,
    /// Answers and side of each revision.
    revisions: Vec<(u8, Party)>,
    drafts: [Option<u8>; 2],
    extended: Option<DateTime<Utc>>,
    granted: Option<DateTime<Utc>>,
    events: usize,
}

impl Model {
    fn open(&self, granted: Option<DateTime<Utc>>) -> bool {
        let closes: DateTime<Utc> = "2024-03-08T14:59:59Z".parse().unwrap();
        [Some(closes), self.extended, granted]
            .into_iter()
            .flatten()
            .any(|end| self.now <= end)
    }

    fn counted(&self) -> bool {
        matches!(self.state, Some(Submitted | Accepted))
    }

    fn submit(&mut self, party: Party, variant: u8, stale: bool, reason: bool) -> &'static str {
        if stale {
            return "412 submission_changed";
        }
        if self.counted() && self.revisions.last().is_some_and(|(last, _)| *last == variant) {
            self.drafts[party.index()] = None;
            return "200";
        }
        if !self.open(self.granted) {
            return "409 window_closed";
        }
        match party {
            Party::Proxy if !reason && self.counted() => return "409 already_answered",
            Party::Hospital if self.state == Some(Accepted) => return "409 submission_accepted",
            _ => {}
        }
        self.revisions.push((variant, party));
        self.drafts[party.index()] = None;
        self.step(Submitted, None);
        "201"
    }

    fn save(&mut self, party: Party, variant: u8, stale: bool) -> &'static str {
        if !self.open(self.granted) {
            return "409 window_closed";
        }
        if self.state == Some(Accepted) {
            return "409 submission_accepted";
        }
        // What is there already may be sent again, whatever one saw.
        if stale && self.drafts[party.index()] != Some(variant) {
            return "412 draft_changed";
        }
        self.state.get_or_insert(Draft);
        self.drafts[party.index()] = Some(variant);
        "200"
    }

    fn discard(&mut self, party: Party, stale: bool) -> &'static str {
        if self.drafts[party.index()].is_none() {
            return "404 draft_missing";
        }
        if stale {
            return "412 draft_changed";
        }
        self.drafts[party.index()] = None;
        "204"
    }

    fn withdraw(&mut self, party: Party, stale: bool) -> &'static str {
        match (stale, self.state) {
            (true, _) => "412 submission_changed",
            (_, Some(Accepted)) => "409 submission_accepted",
            (_, Some(Submitted)) if party == Party::Proxy && self.revisions.last().unwrap().1 == Party::Hospital => {
                "409 withdrawal_not_yours"
            }
            (_, Some(Submitted)) if !self.open(None) => "409 window_closed",
            (_, Some(Submitted)) => {
                self.events += 1;
                self.step(Withdrawn, None);
                "200"
            }
            _ => "409 step_not_possible",
        }
    }

    fn give_back(&mut self, until: Option<DateTime<Utc>>, stale: bool) -> &'static str {
        match (stale, self.state) {
            (true, _) => "412 submission_changed",
            (_, None | Some(Draft)) => "409 step_not_possible",
            _ if until.is_none() && !self.open(None) => "400 resubmission_date_missing",
            _ => {
                self.events += 1;
                self.step(Returned, until);
                "200"
            }
        }
    }

    fn accept(&mut self, stale: bool) -> &'static str {
        match (stale, self.state) {
            (true, _) => "412 submission_changed",
            (_, Some(Submitted)) => {
                self.events += 1;
                self.step(Accepted, None);
                "200"
            }
            _ => "409 step_not_possible",
        }
    }

    fn step(&mut self, state: SubmissionState, granted: Option<DateTime<Utc>>) {
        self.state = Some(state);
        self.granted = granted;
        self.version += 1;
    }
}

/// The same sequence on a server.
struct Real {
    app: TestApp,
    hospital: Client,
    tokyo: Client,
    administrator: Client,
}

fn answers(variant: u8) -> Value {
    let mut answers = answers_2024();
    answers["respondent"]["contact"] = json!(variant.to_string());
    answers
}

impl Real {
    async fn start() -> Real {
        let app = TestApp::spawn().await;
        Real {
            hospital: app.sign_in("hospital").await,
            tokyo: app.sign_in("tokyo").await,
            administrator: app.sign_in("administrator").await,
            app,
        }
    }

    /// Sessions end after a while; the time moves in days.
    async fn move_to(&mut self, time: DateTime<Utc>) {
        self.app.at(time);
        self.hospital = self.app.sign_in("hospital").await;
        self.tokyo = self.app.sign_in("tokyo").await;
        self.administrator = self.app.sign_in("administrator").await;
    }

    fn client(&self, party: Party) -> &Client {
        match party {
            Party::Hospital => &self.hospital,
            Party::Proxy => &self.tokyo,
        }
    }

    async fn step(&self, client: &Client, step: &str, tag: &str, body: Value) -> Answer {
        let request = client.request(Method::POST, &format!("{}/{step}", submission("2024", OWN)));
        request.key(new_key()).header("If-Match", tag).json(&body).send().await
    }

    async fn act(&mut self, act: &Act, model: &mut Model) -> (String, &'static str) {
        const DRAFT: &str = "/api/v1/surveys/2024/hospitals/SJK0001/draft";
        let tag = |stale: bool| format!("\"{}\"", if stale { model.version + 7 } else { model.version });
        match *act {
            Act::Wait { days } => {
                model.now += TimeDelta::days(days);
                self.move_to(model.now).await;
                (String::new(), "")
            }
            Act::Extend { days } => {
                let until = model.now + TimeDelta::days(days);
                let body = json!({"hospital": OWN.gmis, "until": until, "reason": "試験"});
                model.extended = model.extended.max(Some(until));
                (
                    self.administrator.post("/api/v1/surveys/2024/extensions", &body).await.outcome(),
                    "201",
                )
            }
            Act::Submit {
                party,
                variant,
                stale,
                reason,
            } => {
                let mut sent = body(answers(variant));
                if reason && party == Party::Proxy {
                    sent["reason"] = json!("電話で確認");
                }
                let request = self.client(party).request(Method::POST, &revisions("2024", OWN)).key(new_key());
                let answer = request.header("If-Match", &tag(stale)).json(&sent).send().await;
                (answer.outcome(), model.submit(party, variant, stale, reason))
            }
            Act::Save { party, variant, stale } => {
                let stored = self.client(party).get(DRAFT).await;
                let request = self.client(party).request(Method::PUT, DRAFT);
                let request = match (stale, stored.header("etag")) {
                    (true, _) => request.header("If-Match", &format!("\"{}\"", uuid::Uuid::new_v4())),
                    (false, "") => request.header("If-None-Match", "*"),
                    (false, tag) => request.header("If-Match", tag),
                };
                let sent = json!({"answers": {"respondent": {"contact": variant.to_string()}}});
                (request.json(&sent).send().await.outcome(), model.save(party, variant, stale))
            }
            Act::Discard { party, stale } => {
                let stored = self.client(party).get(DRAFT).await;
                let tag = if stale || stored.header("etag").is_empty() {
                    "\"x\""
                } else {
                    stored.header("etag")
                };
                let answer = self
                    .client(party)
                    .request(Method::DELETE, DRAFT)
                    .header("If-Match", tag)
                    .send()
                    .await;
                (answer.outcome(), model.discard(party, stale))
            }
            Act::Withdraw { party, stale } => {
                let answer = self.step(self.client(party), "withdrawal", &tag(stale), json!({})).await;
                (answer.outcome(), model.withdraw(party, stale))
            }
            Act::Return { days, stale } => {
                let until = days.map(|days| model.now + TimeDelta::days(days));
                let body = json!({"comments": [{"text": "確認してください"}], "resubmit_until": until});
                let answer = self.step(&self.tokyo, "return", &tag(stale), body).await;
                (answer.outcome(), model.give_back(until, stale))
            }
            Act::Accept { stale } => {
                let answer = self.step(&self.administrator, "acceptance", &tag(stale), json!({})).await;
                (answer.outcome(), model.accept(stale))
            }
        }
    }

    /// What is to be seen from outside after each act.
    async fn compare(&self, model: &Model, done: &[Act]) {
        let read = self.tokyo.get(&submission("2024", OWN)).await.expect(200);
        let state = model.state.map_or(Value::Null, |state| json!(state));
        let counts = (model.version, model.revisions.len(), model.events);
        let seen = (
            read["version"].as_u64().unwrap().try_into().unwrap(),
            read["revisions"].as_array().unwrap().len(),
            read["steps"].as_array().unwrap().len(),
        );
        assert_eq!((&read["hospital"]["state"], seen), (&state, counts), "after {done:#?}: {model:?}");
        let open = model.open(model.granted);
        assert_eq!(read["open_until"].is_string(), open, "after {done:#?}: {model:?}");
    }
}

async fn run(acts: Vec<Act>) {
    let mut real = Real::start().await;
    let mut model = Model {
        now: now(),
        state: None,
        version: 0,
        revisions: Vec::new(),
        drafts: [None, None],
        extended: None,
        granted: None,
        events: 0,
    };
    for (i, act) in acts.iter().enumerate() {
        let (outcome, expected) = real.act(act, &mut model).await;
        let done = &acts[..=i];
        assert_eq!(outcome, expected, "after {done:#?}: {model:?}");
        real.compare(&model, done).await;
    }
    // A state of its own, so that no snapshot of a moment ago is read.
    let parts = tests::app::parts(&real.app.database.application_url(), real.app.clock.clone());
    let state = tests::world::done(server::startup::state(&parts).await);
    assert_eq!(
        crate::counted(&state).await,
        u64::from(model.counted()),
        "after {acts:#?}: {model:?}"
    );
    // The history is whole: each version is one revision or one step.
    let sql = "SELECT count(*) FROM (SELECT version FROM revision UNION SELECT version FROM submission_event) v";
    assert_eq!(real.app.database.number(sql).await, i64::from(model.version));
}

#[test]
fn every_sequence_of_acts_follows_the_rules() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 24,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&vec(acts(), 1..40), |acts| {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(run(acts))));
        run.map_err(|panic| {
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            TestCaseError::fail(said)
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
