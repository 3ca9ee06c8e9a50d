//! Tables in memory against tables of a server that has just started, after random sequences of everything that changes what is counted, by writers who
//! do not wait for each other; and while they write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use analytics::{By, Table, TableRequest};
use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use server::app::state::State;
use server::app::statistics;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::snapshots;
use server::db::transaction::{self, Mode};
use server::error::AppError;
use server::startup;
use survey::area::Area;
use survey::band::Banding;
use survey::question::QuestionKey;
use tests::app::{TestApp, parts, serve};
use tests::client::{Client, new_key};
use tests::world::{CITY_WARD, FAR, FRAME_2024, Hospital, NEIGHBOUR, OTHER_WARD, OWN, UNPLACED, answers_2024, but, done, survey_of};

use crate::{body, revisions, submission};

/// Who writes, and to whose answers.
const WRITERS: [(&str, &[Hospital]); 5] = [
    ("hospital", &[OWN]),
    ("yokohama-hospital", &[CITY_WARD]),
    ("tokyo", &[OWN, NEIGHBOUR, OTHER_WARD, UNPLACED]),
    ("kanagawa", &[CITY_WARD, FAR]),
    ("administrator", &FRAME_2024),
];

/// Questions of every kind, gates and what hangs on them.
const QUESTIONS: [&str; 5] = ["ehr_in_use", "ehr_backup", "backup_copies", "bcp_drilled", "consultation_desk"];

#[derive(Debug, Clone, Copy)]
enum Act {
    Submit(u8),
    Withdraw,
    Return,
    Accept,
}

/// How many submissions, and how many other acts, were not refused.
static DONE: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// What one writer does, one after another, each to one of its hospitals.
type Acts = Vec<(usize, Act)>;

fn acts() -> impl Strategy<Value = Acts> {
    let act = prop_oneof![
        4 => (0_u8..4).prop_map(Act::Submit),
        1 => Just(Act::Withdraw),
        2 => Just(Act::Return),
        2 => Just(Act::Accept),
    ];
    vec((0_usize..100, act), 0..6)
}

fn answers(variant: u8) -> Value {
    match variant {
        0 => answers_2024(),
        1 => but(answers_2024(), "ehr_in_use", "no"),
        2 => but(but(answers_2024(), "bcp_defined", "no"), "backup_copies", "one"),
        _ => but(answers_2024(), "consultation_desk", json!(["none_wanted"])),
    }
}

/// What is refused changes nothing, and that is as good.
async fn act(client: &Client, hospital: Hospital, act: Act) {
    let seen = client.get(&submission("2024", hospital)).await;
    let tag = format!("\"{}\"", seen.json()["version"].as_u64().unwrap_or(0));
    let step = |step: &str| client.request(Method::POST, &format!("{}/{step}", submission("2024", hospital)));
    let (request, sent) = match act {
        Act::Submit(variant) => {
            let request = client.request(Method::POST, &revisions("2024", hospital));
            let mut sent = body(answers(variant));
            sent["reason"] = json!("電話で確認");
            (request, sent)
        }
        Act::Withdraw => (step("withdrawal"), json!({})),
        Act::Return => (step("return"), json!({"comments": [{"text": "確認してください"}]})),
        Act::Accept => (step("acceptance"), json!({})),
    };
    let answer = request.key(new_key()).header("If-Match", &tag).json(&sent).send().await;
    assert!(answer.status < 500, "{hospital:?} {act:?}: {}", answer.outcome());
    if answer.status < 300 {
        DONE[usize::from(!matches!(act, Act::Submit(_)))].fetch_add(1, Ordering::Relaxed);
    }
}

async fn tables(client: &Client) -> Vec<Value> {
    let mut tables = Vec::new();
    for question in QUESTIONS {
        let path = format!("/api/v1/surveys/2024/tables?question={question}&area=nation&by=prefecture_band&banding=survey");
        tables.push(client.get(&path).await.expect(200));
    }
    let rates = "/api/v1/surveys/2024/response-rates?area=nation&by=prefecture_band&banding=survey";
    tables.push(client.get(rates).await.expect(200));
    tables
}

/// A table of any moment adds up.
fn check(table: &Value) {
    let number = |row: &Value, field: &str| row[field].as_u64().unwrap();
    let rows = table["rows"].as_array().unwrap();
    for field in ["n", "base", "blank", "no_answer", "not_asked"] {
        let sum: u64 = rows.iter().map(|row| number(row, field)).sum();
        assert_eq!(sum, number(&table["total"], field), "{field}: {table}");
    }
    let total = &table["total"];
    let states = ["base", "blank", "no_answer", "not_asked"];
    assert_eq!(
        states.iter().map(|field| number(total, field)).sum::<u64>(),
        number(total, "n"),
        "{table}"
    );
}

/// A server that has counted nothing yet.
async fn cold(app: &TestApp, analyst: &Client) -> Vec<Value> {
    let (base, _, handle) = serve(parts(&app.database.application_url(), app.clock.clone())).await;
    let tables = tables(&Client::nobody(base).bearing(analyst.bearer())).await;
    drop(handle.stop(false));
    tables
}

async fn run(rounds: Vec<Vec<Acts>>) {
    let app = TestApp::spawn().await;
    let analyst = app.sign_in("analyst").await;
    let mut writers = Vec::new();
    for (login, hospitals) in WRITERS {
        writers.push((app.sign_in(login).await, hospitals));
    }
    for round in &rounds {
        let writing = round.iter().zip(&writers).map(|(acts, (client, hospitals))| async move {
            for (place, one) in acts {
                act(client, hospitals[place % hospitals.len()], *one).await;
            }
        });
        let reading = async {
            for _ in 0..3 {
                tables(&analyst).await.iter().take(QUESTIONS.len()).for_each(check);
            }
        };
        tokio::join!(join_all(writing), reading);
        let expected = cold(&app, &analyst).await;
        // A snapshot is looked at again after a second at most: asked until it is there, for far longer than that.
        let begun = Instant::now();
        let mut found = tables(&analyst).await;
        while found != expected && begun.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            found = tables(&analyst).await;
        }
        assert_eq!(found, expected, "{rounds:#?}");
        let counted = "SELECT count(*) FROM submission WHERE survey_id = '2024' AND state IN ('submitted', 'accepted')";
        assert_eq!(found[0]["total"]["n"], app.database.number(counted).await, "{rounds:#?}");
        let yes = "SELECT count(*) FROM submission s JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision \
                   WHERE s.survey_id = '2024' AND s.state IN ('submitted', 'accepted') AND r.answers ->> 'ehr_in_use' = 'yes'";
        assert_eq!(
            found[0]["total"]["options"][0]["count"],
            app.database.number(yes).await,
            "{rounds:#?}"
        );
    }
}

#[test]
fn tables_in_memory_equal_those_of_a_server_that_has_just_started() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 6,
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(vec(acts(), WRITERS.len()), 1..4), |rounds| {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(run(rounds))));
        run.map_err(|panic| TestCaseError::fail(panic.downcast_ref::<String>().cloned().unwrap_or_default()))
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let done = DONE.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(done[0] > 10 && done[1] > 3, "hardly anything was done: {done:?}");
}

/// The table of one question, by the use case of a server.
async fn shared(state: &State) -> Arc<Table> {
    let request = TableRequest {
        question: QuestionKey::from("ehr_in_use"),
        area: Area::Nation,
        by: By::BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let permit = Permit::of(Actor::system()).unwrap();
    done(statistics::table(state, &permit, survey_of("2024"), request).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_counted_once_while_no_answer_changes() {
    let app = TestApp::answered().await;
    let first = shared(&app.state).await;
    // A second has to pass before the change counter is looked at again: the same count also then.
    for wait in [0, 1_100] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert!(Arc::ptr_eq(&first, &shared(&app.state).await), "counted anew after {wait} ms");
    }
    let asked = join_all((0..8).map(|_| shared(&app.state))).await;
    assert!(asked.iter().all(|table| Arc::ptr_eq(table, &first)));
    let hospital = app.sign_in("hospital").await;
    act(&hospital, OWN, Act::Submit(1)).await;
    let begun = Instant::now();
    let mut after = shared(&app.state).await;
    while Arc::ptr_eq(&first, &after) && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        after = shared(&app.state).await;
    }
    assert!(!Arc::ptr_eq(&first, &after), "an answer has changed");
    assert_eq!(after.total.options[1].count, first.total.options[1].count + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_sees_the_moment_of_the_first_and_is_not_waited_for() {
    let app = TestApp::answered().await;
    let hospital = app.sign_in("hospital").await;
    let system = Actor::system();
    let changes = async |conn: &mut AsyncPgConnection| Ok(snapshots::changes(conn, "2024").await?);
    let (before, beside) = done(
        transaction::as_actor(&app.state.pool, &system, Mode::Snapshot, async |conn| {
            let moment = transaction::moment(conn).await?;
            let before = changes(conn).await?;
            act(&hospital, OWN, Act::Submit(1)).await;
            Ok((before, transaction::beside(&app.state.pool, &system, &moment, changes).await?))
        })
        .await,
    );
    assert_eq!(beside, Some(before));
    let after = done(transaction::as_actor(&app.state.pool, &system, Mode::Snapshot, changes).await);
    assert!(after > before, "an answer has changed");

    let failed = transaction::as_actor(&app.state.pool, &system, Mode::Snapshot, async |conn| {
        let moment = transaction::moment(conn).await?;
        let work = async |_: &mut AsyncPgConnection| Err::<(), _>(AppError::internal("a failure of the test"));
        transaction::beside(&app.state.pool, &system, &moment, work).await
    });
    assert!(failed.await.is_err());
    assert_eq!(
        done(transaction::as_actor(&app.state.pool, &system, Mode::Snapshot, changes).await),
        after
    );

    // Whoever has the only connection and waited for another would wait for the whole minute.
    let mut parts = parts(&app.database.application_url(), app.clock.clone());
    (parts.pool_size, parts.time_outs.wait) = (1, Duration::from_secs(60));
    let alone = done(startup::state(&parts).await);
    let tables = async {
        let work = transaction::as_actor(&alone.pool, &system, Mode::Snapshot, async |conn| {
            let moment = transaction::moment(conn).await?;
            transaction::beside(&alone.pool, &system, &moment, changes).await
        });
        assert_eq!(done(work.await), None);
        shared(&alone).await
    };
    let table = tokio::time::timeout(Duration::from_secs(30), tables).await;
    assert_eq!(*table.unwrap(), *shared(&app.state).await);
}
