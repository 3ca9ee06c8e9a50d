//! Imports as jobs: 202 with a place to ask, one result for a key and for a file, a lost worker replaced, nothing that waits for ever.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::app::idempotency::Key;
use server::app::imports::Upload;
use server::app::jobs::{self, How};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::transaction::{Mode, as_actor};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::database::TestDatabase;
use tests::files::csv;
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, actor, answers_2024, but, done, now, survey_of};
use uuid::Uuid;

const IMPORTS: &str = "/api/v1/surveys/2024/imports";

fn file(contact: &str) -> Vec<u8> {
    let mut answers = answers_2024();
    answers["respondent"]["contact"] = json!(contact);
    let rows = [(OWN.gmis, answers.clone()), (NEIGHBOUR.gmis, answers)];
    csv(survey_of("2024").first_edition(), &rows)
}

async fn send(client: &Client, key: &str, file: Vec<u8>) -> Answer {
    client.request(Method::POST, IMPORTS).key(key).bytes(file).send().await
}

/// A server that does no jobs: another program on the same database has to.
async fn without_workers() -> TestApp {
    TestApp::with(TestDatabase::world().await, |parts| parts.job_workers = 0).await
}

async fn do_one(app: &TestApp) -> bool {
    done(jobs::work_one(&app.state, Uuid::new_v4(), None).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_longer_is_asked_for_followed_and_answered_as_the_request_would_have_been() {
    let app = without_workers().await;
    let (tokyo, kanagawa) = (app.sign_in("tokyo").await, app.sign_in("kanagawa").await);
    let key = new_key();
    let accepted = send(&tokyo, &key, file("1")).await;
    let place = accepted.header("location").to_owned();
    let job = accepted.expect(202);
    assert_eq!(
        (&job["state"], &job["kind"], &job["result"]),
        (&json!("queued"), &json!("import"), &Value::Null)
    );
    assert_eq!(place, format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()));
    // The same request again is the same job; with other content it is refused.
    assert_eq!(send(&tokyo, &key, file("1")).await.expect(202)["id"], job["id"]);
    send(&tokyo, &key, file("2")).await.refused(422, "idempotency_mismatch");
    kanagawa.get(&place).await.refused(404, "job_unknown");
    assert_eq!(app.database.number("SELECT count(*) FROM job").await, 1);

    let followed = {
        let (tokyo, place) = (tokyo.clone(), format!("{place}/events"));
        tokio::spawn(async move { tokyo.get(&place).await })
    };
    assert!(do_one(&app).await && !do_one(&app).await);
    let followed = followed.await.unwrap();
    assert_eq!(followed.header("content-type"), "text/event-stream");
    let events = String::from_utf8(followed.body).unwrap();
    let last = events.trim().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert!(events.starts_with("event: job\n"), "{events}");
    let over = tokyo.get(&place).await.expect(200);
    assert_eq!((&last, &over["state"], &over["phase"]), (&over, &json!("done"), &json!("")));

    let again = send(&tokyo, &key, file("1")).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let report = again.expect(201);
    assert_eq!(
        (&report, &report["accepted"], &report["repeated"]),
        (&over["result"], &json!(2), &json!(false))
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_refused_says_why_and_is_not_tried_again() {
    let app = without_workers().await;
    let tokyo = app.sign_in("tokyo").await;
    let key = new_key();
    let job = send(&tokyo, &key, b"a,b\r\n1,2\r\n".to_vec()).await.expect(202);
    assert!(do_one(&app).await && !do_one(&app).await);
    let over = tokyo
        .get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(
        (&over["state"], &over["problem"]["code"], &over["problem"]["status"]),
        (&json!("failed"), &json!("file_without_answers"), &json!(422))
    );
    assert_eq!(
        send(&tokyo, &key, b"a,b\r\n1,2\r\n".to_vec())
            .await
            .refused(422, "file_without_answers"),
        over["problem"]
    );
    // What came to nothing is forgotten: its file after a day, its answer after 90.
    app.at(now() + chrono::TimeDelta::days(2));
    let permit = Permit::of(Actor::system()).unwrap();
    done(server::app::erasure::erase(&app.state, &permit, server::app::erasure::Erasing::Done).await);
    assert_eq!(app.database.number("SELECT count(*) FROM blob").await, 0);
    app.at(now() + chrono::TimeDelta::days(91));
    done(server::app::erasure::erase(&app.state, &permit, server::app::erasure::Erasing::Done).await);
    assert_eq!(app.database.number("SELECT count(*) FROM job WHERE result IS NOT NULL").await, 0);
    let tokyo = app.sign_in("tokyo").await;
    send(&tokyo, &key, b"a,b\r\n1,2\r\n".to_vec()).await.refused(404, "job_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_is_lost_is_done_by_another_once() {
    let app = without_workers().await;
    let tokyo = app.sign_in("tokyo").await;
    let job = send(&tokyo, &new_key(), file("1")).await.expect(202);
    let id: Uuid = job["id"].as_str().unwrap().parse().unwrap();
    let lost = Uuid::new_v4();
    let taken = as_actor(&app.state.pool, &Actor::system(), Mode::Write, async |conn| {
        Ok(server::db::jobs::take(conn, lost, None).await?)
    })
    .await;
    assert_eq!(done(taken).unwrap().id, id);
    assert!(!do_one(&app).await, "the lease still runs");
    let superuser = app.database.superuser().await;
    superuser
        .execute("UPDATE job SET lease_until = clock_timestamp() - interval '1 second'", &[])
        .await
        .unwrap();
    assert!(do_one(&app).await);
    // The lost one comes back too late: it can end nothing any more.
    let ended = as_actor(&app.state.pool, &Actor::system(), Mode::Write, async |conn| {
        Ok(server::db::jobs::end(conn, id, lost, ("done", Some(201), &json!({})), now()).await?)
    })
    .await;
    assert!(!done(ended));
    let over = tokyo.get(&format!("/api/v1/jobs/{id}")).await.expect(200);
    assert_eq!((&over["state"], &over["result"]["accepted"]), (&json!("done"), &json!(2)));
    assert_eq!(app.database.number("SELECT attempts::bigint FROM job").await, 2);
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_puts_its_job_back_and_one_that_keeps_failing_gives_up() {
    let app = without_workers().await;
    let tokyo = app.sign_in("tokyo").await;
    let job = send(&tokyo, &new_key(), file("1")).await.expect(202);
    let worker = Uuid::new_v4();
    let take = async || {
        let taken = as_actor(&app.state.pool, &Actor::system(), Mode::Write, async |conn| {
            Ok(server::db::jobs::take(conn, worker, None).await?)
        })
        .await;
        done(taken).is_some()
    };
    assert!(take().await);
    done(jobs::put_back(&app.state, worker).await);
    assert!(take().await, "at once, without waiting for the lease");
    done(jobs::put_back(&app.state, worker).await);
    // A parser that is away may be back the next time, but not for ever.
    let mut state = app.state.clone();
    state.shared.parser = std::sync::Arc::new(server::parsing::Parser::new(server::parsing::Options {
        program: "/nonexistent/chosa".into(),
        ..server::parsing::Options::default()
    }));
    let superuser = app.database.superuser().await;
    for _ in 2..5 {
        assert!(done(jobs::work_one(&state, worker, None).await));
        superuser
            .execute("UPDATE job SET lease_until = clock_timestamp() WHERE state = 'running'", &[])
            .await
            .unwrap();
    }
    assert!(!done(jobs::work_one(&state, worker, None).await));
    let over = tokyo
        .get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!((&over["state"], &over["problem"]["status"]), (&json!("failed"), &json!(500)));
    let counts = app.database.counts().await;
    assert_eq!((counts["import"], counts["revision"]), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_sent_twice_is_known_by_its_content_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let first = tokyo.upload(IMPORTS, file("1")).await.expect(201);
    let before = app.database.counts().await;
    let second = tokyo.upload(IMPORTS, file("1")).await.expect(200);
    assert_eq!((&second["import"], &second["repeated"]), (&first["import"], &json!(true)));
    assert_eq!(
        (&second["accepted"], &second["unchanged"], &second["rejected"]),
        (&json!(0), &json!(2), &json!(0))
    );
    let after = app.database.counts().await;
    assert_eq!(
        (after["import"], after["revision"], after["blob"]),
        (before["import"], before["revision"], before["blob"])
    );
    // Asked for again, it is an import of its own that changes nothing either.
    let again = tokyo.upload(&format!("{IMPORTS}?again=true"), file("1")).await.expect(201);
    assert_ne!(again["import"], first["import"]);
    assert_eq!((&again["unchanged"], &again["repeated"]), (&json!(2), &json!(false)));
    // Somebody else's is not meant, nor the same with another reason.
    let hospital = app.sign_in("hospital").await;
    assert_eq!(hospital.upload(IMPORTS, file("1")).await.expect(201)["repeated"], false);
    assert_eq!(
        tokyo.upload(&format!("{IMPORTS}?reason=x"), file("1")).await.expect(201)["repeated"],
        false
    );
    // One of which something was left out may have become right.
    let mixed = csv(
        survey_of("2024").first_edition(),
        &[
            (OTHER_WARD.gmis, but(answers_2024(), "ehr_in_use", "たぶん")),
            (OWN.gmis, answers_2024()),
        ],
    );
    for _ in 0..2 {
        assert_eq!(
            tokyo.upload(&format!("{IMPORTS}?reason=y"), mixed.clone()).await.expect(201)["repeated"],
            false
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_import_twice_at_once_leaves_one_result() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let (key, other) = (new_key(), new_key());
    let sent = [&key, &key, &other].map(|key| send(&tokyo, key, file("1")));
    let answers = join_all(sent).await;
    for answer in answers {
        let outcome = answer.outcome();
        assert!(
            ["200", "201", "409 idempotency_in_progress"].contains(&outcome.as_str()),
            "{outcome}"
        );
    }
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
    assert_eq!(app.database.number("SELECT count(*) FROM job WHERE state = 'done'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_was_doing_when_it_was_interrupted_is_done_by_nobody_later() {
    let app = TestApp::spawn().await;
    let permit = Permit::of(actor(&app.state, "tokyo").await).unwrap();
    let upload = Upload {
        file_name: "a.csv".to_owned(),
        bytes: file("1"),
        numbering: None,
        reason: None,
    };
    let key = Key {
        key: "k".to_owned(),
        request_hash: [1; 32],
    };
    let how = How {
        again: false,
        attended: true,
    };
    let job = done(jobs::ask_import(&app.state, &permit, survey_of("2024"), &upload, how, &key).await);
    let follow = done(Permit::of(permit.actor().clone()));
    let job = done(jobs::wait(&app.state, &follow, job, std::time::Duration::from_secs(20)).await);
    let refused = job.answer().unwrap_err().for_operator();
    assert!(refused.starts_with("job_interrupted"), "{refused}");
    assert_eq!(app.database.counts().await["revision"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_an_account_that_was_disabled_meanwhile_is_not_done() {
    let app = without_workers().await;
    let tokyo = app.sign_in("tokyo").await;
    send(&tokyo, &new_key(), file("1")).await.expect(202);
    let superuser = app.database.superuser().await;
    superuser
        .execute("UPDATE account SET disabled_at = now() WHERE login = 'tokyo'", &[])
        .await
        .unwrap();
    assert!(do_one(&app).await);
    let sql = "SELECT count(*) FROM job WHERE state = 'failed' AND result ->> 'code' = 'account_disabled'";
    assert_eq!(app.database.number(sql).await, 1);
    assert_eq!(app.database.counts().await["revision"], 0);
}
