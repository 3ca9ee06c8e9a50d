//! Killed in the middle of an import: the server that has the job, by SIGKILL, at moments from its first to its last. Another server process on the same
//! database takes the job over when the lease ends, and there is exactly one result of it.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::app::accounts::{self, Speaks};
use server::app::clock::Clock;
use server::app::{frames, windows};
use server::auth::actor::Actor;
use server::auth::permit::{DrawFrame, GrantTime, ManageAccounts, Permit};
use server::startup;
use survey::hospital::{Beds, FrameHospital, GmisId};
use tests::app::{parts, sign_in};
use tests::client::{Answer, Client};
use tests::database::TestDatabase;
use tests::files::csv;
use tests::{binary, world};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::place::PATIENCE;
use crate::{KILLS, SEED, number};

/// Hospitals of each file: enough that reading, checking and recording each take a while.
const HOSPITALS: usize = 1_500;
const IMPORTS: &str = "/api/v1/surveys/2024/imports";

/// `chosa serve` on a database that is not its own; killed when dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    async fn start(database: &TestDatabase, folder: &Path) -> Server {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("server.log"))
            .unwrap();
        let mut command = Command::from(binary::command());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-folder"])
            .arg(folder)
            .env("DATABASE_URL", database.application_url())
            .env("CHOSA_JOB_WORKERS", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let log = || std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        let line = line.unwrap_or_else(|| panic!("the server ended instead of serving\n{}", log()));
        let base = line.split_once("/ ").unwrap().0.to_owned();
        Server { child, base }
    }

    async fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the server ended by itself");
        self.child.kill().await.unwrap();
    }
}

/// Frame, account and an open window.
async fn found(database: &TestDatabase) {
    let state = startup::state(&parts(&database.application_url(), Clock::System)).await;
    let state = world::done(state);
    let hospital = |index| FrameHospital {
        gmis: GmisId::parse(&gmis(index)).unwrap(),
        institution_code: None,
        name: format!("試験{index}病院"),
        prefecture: world::prefecture(13),
        municipality: None,
        beds: Beds::new(120).unwrap(),
    };
    let permit = Permit::<DrawFrame>::of(Actor::system()).unwrap();
    let survey = world::survey_of("2024");
    world::done(frames::draw(&state, &permit, survey, (0..HOSPITALS).map(hospital).collect()).await);
    let permit = Permit::<GrantTime>::of(Actor::system()).unwrap();
    let times = (Utc::now() - TimeDelta::days(1), Utc::now() + TimeDelta::days(1));
    world::done(windows::open(&state, &permit, survey, times, "故障試験").await);
    let permit = Permit::<ManageAccounts>::of(Actor::system()).unwrap();
    let speaks = Speaks::Prefecture(world::prefecture(13));
    world::done(accounts::create(&state, &permit, "tokyo", SecretString::from(world::PASSWORD), &speaks).await);
}

fn gmis(index: usize) -> String {
    format!("KIL{index:04}")
}

/// A file that says something new of every hospital, by its number.
fn file(number: usize) -> Vec<u8> {
    let mut answers = world::answers_2024();
    answers["respondent"]["contact"] = json!(format!("03-0000-{number:04}"));
    let ids: Vec<String> = (0..HOSPITALS).map(gmis).collect();
    let rows: Vec<(&str, Value)> = ids.iter().map(|id| (id.as_str(), answers.clone())).collect();
    csv(world::survey_of("2024").first_edition(), &rows)
}

/// Sends a file; nothing if the server goes away meanwhile.
fn send(client: &Client, key: &str, file: Vec<u8>) -> JoinHandle<Option<Answer>> {
    let path = format!("{IMPORTS}?reason=correction");
    let request = client.request(Method::POST, &path).key(key).bytes(file);
    tokio::spawn(async { request.try_send().await.ok() })
}

/// The database as another session sees it.
struct Seen(tokio_postgres::Client);

impl Seen {
    async fn number(&self, sql: &str) -> i64 {
        self.0.query_one(sql, &[]).await.unwrap().get(0)
    }

    async fn job(&self, key: &str) -> Option<(String, String)> {
        let row = self
            .0
            .query_opt("SELECT state, id::text FROM job WHERE key = $1", &[&key])
            .await
            .unwrap()?;
        Some((row.get(0), row.get(1)))
    }

    /// Waits until the job of a key is in this state; its id.
    async fn until(&self, key: &str, state: &str) -> String {
        let began = Instant::now();
        loop {
            match self.job(key).await {
                Some((found, id)) if found == state => return id,
                found => assert!(began.elapsed() < PATIENCE, "not {state}: {found:?}"),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// As when the lease has run out: nobody beats for it any more.
    async fn end_lease(&self, key: &str) {
        let sql = "UPDATE job SET lease_until = clock_timestamp() WHERE key = $1 AND state = 'running'";
        assert_eq!(self.0.execute(sql, &[&key]).await.unwrap(), 1, "nobody had the job any more");
    }

    /// Waits until Postgres has found out that the killed server is gone, and has ended what it was doing, one way or the other.
    async fn until_nobody(&self) {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'chosa'";
        let began = Instant::now();
        while self.number(sessions).await > 0 {
            assert!(began.elapsed() < PATIENCE, "sessions of the killed server");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// After a kill, before another server has taken the job: so many files, and nothing of the next one.
    async fn nothing_begun(&self, files: usize) {
        for (expected, table) in [
            (files * HOSPITALS, "revision"),
            (files * HOSPITALS, "import_verdict"),
            (files, "import"),
        ] {
            let rows = self.number(&format!("SELECT count(*) FROM {table}")).await;
            assert_eq!(rows, i64::try_from(expected).unwrap(), "{table}");
        }
    }

    /// That each of so many files was imported exactly once.
    async fn exactly_once(&self, files: usize) {
        let (files, hospitals) = (i64::try_from(files).unwrap(), i64::try_from(HOSPITALS).unwrap());
        for (expected, rows) in [
            (files, "import"),
            (files, "job"),
            (files, "job WHERE state = 'done'"),
            (files, "audit WHERE action = 'import_answers'"),
            (files * hospitals, "import_verdict"),
            (files * hospitals, "import_verdict WHERE verdict = 'accepted'"),
            (files * hospitals, "revision"),
            (files * hospitals, "respondent"),
            (hospitals, "submission"),
            (0, &format!("submission WHERE latest_revision <> {files}")),
            (
                0,
                &format!("(SELECT FROM revision GROUP BY hospital_id HAVING count(*) <> {files}) AS doubled"),
            ),
            (
                0,
                "(SELECT FROM revision GROUP BY hospital_id, import_id HAVING count(*) <> 1) AS doubled",
            ),
        ] {
            assert_eq!(self.number(&format!("SELECT count(*) FROM {rows}")).await, expected, "{rows}");
        }
    }
}

/// Asks another server how the job stands, until it is over, as a client does that was told where to ask.
async fn follow(client: &Client, job: &str) -> Value {
    let began = Instant::now();
    loop {
        let job = client.get(&format!("/api/v1/jobs/{job}")).await.expect(200);
        if job["state"] == "done" || job["state"] == "failed" {
            return job;
        }
        assert!(began.elapsed() < PATIENCE, "{job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_worker_is_killed_is_done_once_by_another_server() {
    // Each takes as long as two imports, so fewer than of the other kinds.
    let wanted = usize::try_from(number(KILLS).unwrap_or(5)).unwrap().div_ceil(5).max(5);
    let mut random = ChaCha8Rng::seed_from_u64(number(SEED).unwrap_or(2024) + 5);
    let database = TestDatabase::migrated().await;
    found(&database).await;
    let seen = Seen(database.superuser().await);
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&database, folder.path()).await;
    let client = sign_in(&Client::nobody(&server.base), "tokyo").await;

    // Undisturbed, to know how long one takes.
    let sent = send(&client, "whole", file(0));
    seen.until("whole", "running").await;
    let began = Instant::now();
    seen.until("whole", "done").await;
    let takes = began.elapsed();
    assert!(sent.await.unwrap().is_some());

    let (mut files, mut hits, mut moments) = (1, 0, Vec::new());
    while hits < wanted {
        let (key, content) = (format!("import-{files}"), file(files));
        let client = Client::nobody(&server.base).bearing(client.bearer());
        let sent = send(&client, &key, content.clone());
        let job = seen.until(&key, "running").await;
        // From its first moment to its last, in turn, each a little by chance.
        let percent = u32::try_from(hits % 5 * 20).unwrap() + random.random_range(0..20);
        tokio::time::sleep(takes * percent / 100).await;
        server.kill().await;
        seen.until_nobody().await;
        let phase: String = seen
            .0
            .query_one("SELECT phase FROM job WHERE key = $1", &[&key])
            .await
            .unwrap()
            .get(0);
        let hit = seen.job(&key).await.unwrap().0 == "running";
        drop(sent);
        if hit {
            seen.nothing_begun(files).await;
            seen.end_lease(&key).await;
            moments.push(format!("{percent} % ({phase})"));
            hits += 1;
        }
        files += 1;
        server = Server::start(&database, folder.path()).await;
        let client = Client::nobody(&server.base).bearing(client.bearer());
        let over = follow(&client, &job).await;
        assert_eq!(
            (&over["state"], &over["result"]["accepted"]),
            (&json!("done"), &json!(HOSPITALS)),
            "{over}"
        );
        let again = send(&client, &key, content).await.unwrap().unwrap();
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), over["result"]);
        let attempts = format!("SELECT attempts::bigint FROM job WHERE key = '{key}'");
        assert_eq!(seen.number(&attempts).await, if hit { 2 } else { 1 });
        seen.exactly_once(files).await;
    }
    println!(
        "an import of {HOSPITALS} hospitals takes {takes:.1?}; {hits} workers killed while they had it, at {}; {} too late",
        moments.join(", "),
        files - 1 - hits
    );
    server.kill().await;
}
