//! The database goes away and comes back: 503 with Retry-After, nothing acknowledged that is not stored, and then everything works again.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;
use server::app::accounts::{self, Speaks};
use server::app::clock::Clock;
use server::app::frames;
use server::auth::actor::Actor;
use server::auth::permit::{DrawFrame, ManageAccounts, Permit};
use server::db::migrations;
use server::private_postgres::{DATABASE, Durability, Options, PrivatePostgres};
use tests::app::{parts, serve, sign_in};
use tests::client::{Answer, Client};
use tests::world::{FRAME_2024, OWN, PASSWORD, answers_2024, but, done, frame, now, survey_of};

use crate::{body, revisions, submission};

/// A Postgres of the test's own, which it may kill.
struct Cluster {
    postgres: PrivatePostgres,
    folder: tempfile::TempDir,
}

impl Cluster {
    async fn start() -> Cluster {
        let folder = tempfile::Builder::new().prefix("chosa-away-").tempdir_in("/tmp").unwrap();
        // The unprivileged user that Postgres drops to has to get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let options = Options {
            folder: Some(folder.path().join("data")),
            durability: Durability::Fast,
            ..Options::default()
        };
        let postgres = PrivatePostgres::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        Cluster { postgres, folder }
    }

    /// Kills the postmaster, and waits until its sessions have noticed: one that is in the middle of a statement may still answer.
    async fn kill(&self) {
        kill(self.postgres.postmaster_pid().unwrap(), Signal::SIGKILL).unwrap();
        for _ in 0..2_000 {
            if !self.is_alive() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("sessions outlive their postmaster by ten seconds");
    }

    /// Whether a process works in the cluster's folder, as all of Postgres does.
    fn is_alive(&self) -> bool {
        let works_here = |process: std::io::Result<std::fs::DirEntry>| {
            let place = process.and_then(|process| std::fs::read_link(process.path().join("cwd")));
            place.is_ok_and(|place| place.starts_with(self.folder.path()))
        };
        std::fs::read_dir("/proc").unwrap().any(works_here)
    }
}

/// A server on it, with one hospital's account.
async fn hospital_on(cluster: &Cluster) -> (Client, actix_web::dev::ServerHandle) {
    migrations::run(&cluster.postgres.owner_url(DATABASE))
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let (base, state, handle) = serve(parts(&cluster.postgres.application_url(DATABASE), Clock::set_to(now()))).await;
    let drawn = frame(&FRAME_2024).hospitals().to_vec();
    done(frames::draw(&state, &Permit::<DrawFrame>::of(Actor::system()).unwrap(), survey_of("2024"), drawn).await);
    let permit = Permit::<ManageAccounts>::of(Actor::system()).unwrap();
    let speaks = Speaks::Hospital {
        survey: "2024".to_owned(),
        gmis: OWN.gmis.to_owned(),
    };
    done(accounts::create(&state, &permit, "hospital", SecretString::from(PASSWORD), &speaks).await);
    (sign_in(&Client::nobody(base), "hospital").await, handle)
}

async fn submit(client: &Client, key: &str, answers: Value) -> Answer {
    client
        .request(Method::POST, &revisions("2024", OWN))
        .key(key)
        .json(&body(answers))
        .send()
        .await
}

fn unavailable(answer: Answer, what: &str) {
    assert_eq!(answer.outcome(), "503 unavailable", "{what}: {answer}");
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{what}: {answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_so_and_used_again_when_it_is_back() {
    let cluster = Cluster::start().await;
    let (hospital, handle) = hospital_on(&cluster).await;
    let first = submit(&hospital, "k-1", answers_2024()).await.expect(201);
    for round in 0..2 {
        cluster.kill().await;
        // More often than a worker has connections, so that dead ones are met too.
        for _ in 0..6 {
            unavailable(
                submit(&hospital, "k-2", but(answers_2024(), "bcp_drilled", "yes")).await,
                "submitting",
            );
            unavailable(hospital.get(&submission("2024", OWN)).await, "reading");
        }
        unavailable(hospital.get("/readyz").await, "readiness");
        assert_eq!(hospital.get("/livez").await.status, 204, "it lives without its database");
        assert!(cluster.postgres.revive().await.unwrap(), "round {round}");
        assert_eq!(hospital.get("/readyz").await.status, 204, "round {round}");
        let read = hospital.get(&submission("2024", OWN)).await.expect(200);
        assert_eq!(
            (&read["latest_revision"], &read["revisions"][0]["receipt"]),
            (&1.into(), &first["receipt"]),
            "round {round}"
        );
    }
    // What was tried while it was away had not been done: the same key does it now, once.
    assert_eq!(
        submit(&hospital, "k-2", but(answers_2024(), "bcp_drilled", "yes"))
            .await
            .expect(201)["revision"],
        2
    );
    assert_eq!(submit(&hospital, "k-1", answers_2024()).await.expect(201), first);
    handle.stop(false).await;
    cluster.postgres.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_ended_one_by_one_are_replaced() {
    let app = tests::app::TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let superuser = app.database.superuser().await;
    let analyst = app.sign_in("analyst").await;
    for round in 0..5 {
        // The kept table is looked at again, and no connection has been unused for so long that it would be asked before it is used.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        futures_util::future::join_all((0..8).map(|_| analyst.get("/api/v1/surveys"))).await;
        superuser
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'chosa_app'",
                &[],
            )
            .await
            .unwrap();
        let table = "/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&by=band&banding=survey";
        assert_eq!(
            analyst.get(table).await.expect(200)["total"]["n"],
            u8::from(round > 0),
            "round {round}"
        );
        let mut answers = answers_2024();
        answers["respondent"]["contact"] = format!("内線{round}").into();
        // Dead connections are found before a request gets them; nobody notices.
        hospital.submit(&revisions("2024", OWN), &body(answers)).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_while_the_parser_cannot_be_started_and_stores_no_answers() {
    let database = tests::database::TestDatabase::world().await;
    let mut parts = parts(&database.application_url(), Clock::set_to(now()));
    let options = server::parsing::Options {
        program: "/nonexistent/chosa".into(),
        ..server::parsing::Options::default()
    };
    parts.parser = std::sync::Arc::new(server::parsing::Parser::new(options));
    let (base, _state, handle) = serve(parts).await;
    let tokyo = sign_in(&Client::nobody(base), "tokyo").await;
    let before = database.counts().await;
    unavailable(
        tokyo.upload("/api/v1/surveys/2024/imports?dry_run=true", "G-MIS ID\r\n").await,
        "looking",
    );
    assert_eq!(database.counts().await, before);
    let upload = tokyo.request(Method::POST, "/api/v1/surveys/2024/imports").key("k-1");
    let job = upload.bytes("G-MIS ID\r\n").send().await.expect(202);
    assert_eq!(job["state"], "running", "it is tried again");
    let mut after = database.counts().await;
    for table in ["job", "blob"] {
        assert_eq!(after.insert(table.to_owned(), before[table]), Some(1), "{table}");
    }
    assert_eq!(after, before);
    handle.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_for_too_long_is_said_so_and_nothing_is_stored() {
    let database = tests::database::TestDatabase::answered().await;
    let mut parts = parts(&database.application_url(), Clock::set_to(now()));
    parts.time_outs.lock = std::time::Duration::from_millis(100);
    let (base, _state, handle) = serve(parts).await;
    let hospital = sign_in(&Client::nobody(base), "hospital").await;
    let mut superuser = database.superuser().await;
    let holding = superuser.transaction().await.unwrap();
    holding.execute("SELECT FROM submission FOR UPDATE", &[]).await.unwrap();
    let before = database.counts().await;
    let answers = but(answers_2024(), "bcp_drilled", "yes");
    unavailable(submit(&hospital, "k-1", answers.clone()).await, "submitting");
    assert_eq!(database.counts().await, before);
    holding.rollback().await.unwrap();
    assert_eq!(submit(&hospital, "k-1", answers).await.expect(201)["revision"], 3);
    handle.stop(false).await;
}
