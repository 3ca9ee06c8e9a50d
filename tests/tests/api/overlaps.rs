//! The same import twice at once, by two servers on one database. That they truly overlap is not left to chance: a third session holds what both need,
//! and lets go when Postgres shows both at work.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use server::app::clock::Clock;
use server::parsing::{self, Parser};
use tests::app::{TestApp, parts, serve};
use tests::binary;
use tests::client::{Answer, Client, new_key};
use tests::database::TestDatabase;
use tests::files::csv;
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024, now, survey_of};
use tokio::task::JoinHandle;

const IMPORTS: &str = "/api/v1/surveys/2024/imports";

/// Two servers with one worker each, and the same official signed in at both.
struct Two {
    app: TestApp,
    one: Client,
    other: Client,
    handle: actix_web::dev::ServerHandle,
}

impl Two {
    async fn servers() -> Two {
        let app = TestApp::with(TestDatabase::world().await, |parts| parts.job_workers = 1).await;
        let mut second = parts(&app.database.application_url(), Clock::set_to(now()));
        second.job_workers = 1;
        second.parser = std::sync::Arc::new(Parser::new(parsing::Options {
            program: binary::chosa(),
            ..parsing::Options::default()
        }));
        let (base, _, handle) = serve(second).await;
        let one = app.sign_in("tokyo").await;
        let other = Client::nobody(base).bearing(one.bearer());
        Two { app, one, other, handle }
    }

    /// Waits until a query of a number gives this one.
    async fn until(&self, number: i64, sql: &str) {
        let superuser = self.app.database.superuser().await;
        let began = Instant::now();
        loop {
            let found: i64 = superuser.query_one(sql, &[]).await.unwrap().get(0);
            if found == number {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(9), "{found} instead of {number}: {sql}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn rows(&self, table: &str) -> i64 {
        self.app.database.number(&format!("SELECT count(*) FROM {table}")).await
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Sessions of the application that wait for a lock of this table.
fn waiting(table: &str) -> String {
    format!(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.{table}'::regclass AND \
         database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

fn file() -> Vec<u8> {
    let rows = [OWN, NEIGHBOUR, OTHER_WARD].map(|hospital| (hospital.gmis, answers_2024()));
    csv(survey_of("2024").first_edition(), &rows)
}

/// Sends the file, and again while its job is at work: on a busy machine that takes longer than a request waits.
fn send(client: &Client, key: &str) -> JoinHandle<Answer> {
    let (client, key) = (client.clone(), key.to_owned());
    tokio::spawn(async move {
        loop {
            let answer = client.request(Method::POST, IMPORTS).key(&key).bytes(file()).send().await;
            if answer.status != 202 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_at_two_servers_at_once_is_one_job() {
    let two = Two::servers().await;
    let mut superuser = two.app.database.superuser().await;
    // The first one has its key and waits to ask for its job; the other comes meanwhile.
    let held = superuser.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE job IN SHARE MODE").await.unwrap();
    let key = new_key();
    let first = send(&two.one, &key);
    two.until(1, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await;
    send(&two.other, &key).await.unwrap().refused(409, "idempotency_in_progress");
    assert!(!first.is_finished());
    held.commit().await.unwrap();
    let report = first.await.unwrap().expect(201);
    let again = send(&two.other, &key).await.unwrap();
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((again.expect(201), &report["accepted"]), (report.clone(), &json!(3)));
    assert_eq!(
        [two.rows("job").await, two.rows("import").await, two.rows("revision").await],
        [1, 1, 3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_while_its_job_is_at_work_waits_for_the_same_result() {
    let two = Two::servers().await;
    let mut superuser = two.app.database.superuser().await;
    let held = superuser.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE submission IN SHARE MODE").await.unwrap();
    let key = new_key();
    let first = send(&two.one, &key);
    two.until(1, "SELECT count(*) FROM job WHERE state = 'running'").await;
    two.until(1, &waiting("submission")).await;
    let second = send(&two.other, &key);
    // It was taken in as the same job: no other is asked for while the first one is at work.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!first.is_finished() && !second.is_finished());
    assert_eq!(two.rows("job").await, 1);
    held.commit().await.unwrap();
    let (first, second) = (first.await.unwrap().expect(201), second.await.unwrap().expect(201));
    assert_eq!((&first["accepted"], &first), (&json!(3), &second));
    assert_eq!(
        [two.rows("job").await, two.rows("import").await, two.rows("revision").await],
        [1, 1, 3]
    );
    assert_eq!(two.rows("audit WHERE action = 'import_answers'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_at_two_servers_at_once_with_two_keys_makes_each_revision_once() {
    let two = Two::servers().await;
    let mut superuser = two.app.database.superuser().await;
    let held = superuser.transaction().await.unwrap();
    held.batch_execute("LOCK TABLE submission IN SHARE MODE").await.unwrap();
    let sent = [send(&two.one, &new_key()), send(&two.other, &new_key())];
    // Both have read and examined the file, and both are about to record it.
    two.until(2, "SELECT count(DISTINCT worker) FROM job WHERE state = 'running'").await;
    two.until(2, &waiting("submission")).await;
    held.commit().await.unwrap();
    let mut reports = Vec::new();
    for answer in sent {
        reports.push(answer.await.unwrap().expect(201));
    }
    let mut counts: Vec<[Value; 3]> = reports
        .iter()
        .map(|report| ["accepted", "unchanged", "rejected"].map(|word| report[word].clone()))
        .collect();
    counts.sort_by_key(|counts| counts[0].as_i64());
    assert_eq!(counts, [[0, 3, 0], [3, 0, 0]].map(|row| row.map(Value::from)));
    assert_eq!(
        [two.rows("import").await, two.rows("revision").await, two.rows("respondent").await],
        [2, 3, 3]
    );
    assert_eq!(two.rows("revision WHERE number > 1").await, 0);
    assert_eq!(two.rows("job WHERE state = 'done'").await, 2);
}
