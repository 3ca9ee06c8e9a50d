//! Exactly once: a key, its revision, its audit row and its answer are one.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use tests::app::TestApp;
use tests::client::{Answer, Client};
use tests::world::{OWN, answers_2024, but};

use crate::{body, revisions};

async fn submit(client: &Client, key: &str, answers: Value) -> Answer {
    client
        .request(Method::POST, &revisions("2024", OWN))
        .key(key)
        .json(&body(answers))
        .send()
        .await
}

async fn count(app: &TestApp, what: &str) -> i64 {
    let sql = match what {
        "revision" | "idempotency" | "respondent" => format!("SELECT count(*) FROM {what}"),
        action => format!("SELECT count(*) FROM audit WHERE action = '{action}'"),
    };
    app.database.number(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_gets_the_same_receipt_and_writes_nothing() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let first = submit(&hospital, "k-1", answers_2024()).await;
    let before = app.database.counts().await;
    let again = submit(&hospital, "k-1", answers_2024()).await;
    assert_eq!(
        (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
        ("", "true")
    );
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!(app.database.counts().await, before);
    // Later answers do not change what was said then.
    submit(&hospital, "k-2", but(answers_2024(), "bcp_drilled", "yes"))
        .await
        .expect(201);
    assert_eq!(submit(&hospital, "k-1", answers_2024()).await.expect(201), first.json());
    for (what, rows) in [("revision", 2), ("respondent", 2), ("idempotency", 2), ("submit_answers", 2)] {
        assert_eq!(count(&app, what).await, rows, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_request_and_one_account() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    submit(&hospital, "k-1", answers_2024()).await.expect(201);
    submit(&hospital, "k-1", but(answers_2024(), "bcp_drilled", "yes"))
        .await
        .refused(422, "idempotency_mismatch");
    let elsewhere = hospital
        .request(Method::POST, "/api/v1/surveys/2022/hospitals/SJK0001/revisions")
        .key("k-1");
    elsewhere
        .json(&body(answers_2024()))
        .send()
        .await
        .refused(422, "idempotency_mismatch");
    // Somebody else's key of the same name is another one.
    assert_eq!(submit(&tokyo, "k-1", answers_2024()).await.expect(200)["unchanged"], true);
    assert_eq!(count(&app, "revision").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_required_and_has_a_length() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let path = revisions("2024", OWN);
    hospital
        .post(&path, &body(answers_2024()))
        .await
        .refused(400, "idempotency_key_missing");
    for key in [String::new(), " ".to_owned(), "k".repeat(256)] {
        submit(&hospital, &key, answers_2024())
            .await
            .refused(400, "idempotency_key_missing");
    }
    submit(&hospital, &"k".repeat(255), answers_2024()).await.expect(201);
    let tokyo = app.sign_in("tokyo").await;
    let unkeyed = tokyo.request(Method::POST, "/api/v1/surveys/2024/imports").bytes("x").send().await;
    unkeyed.refused(400, "idempotency_key_missing");
    let unkeyed = tokyo
        .request(Method::POST, "/api/v1/programs/2024/prefectures/13/selections")
        .send()
        .await;
    unkeyed.refused(400, "idempotency_key_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_remembered() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    submit(&hospital, "k-1", but(answers_2024(), "bcp_drilled", "perhaps"))
        .await
        .refused(422, "answers_faulty");
    // Mended and sent again with the same key: nothing had been done under it.
    submit(&hospital, "k-1", answers_2024()).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_with_one_key_make_one_revision() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let answers = join_all((0..20).map(|_| submit(&hospital, "k-1", answers_2024()))).await;
    let (done, busy): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!done.is_empty());
    assert!(done.iter().all(|answer| answer.json() == done[0].json()));
    assert_eq!(
        done.iter()
            .filter(|answer| answer.header("idempotency-replayed").is_empty())
            .count(),
        1
    );
    for answer in busy {
        answer.refused(409, "idempotency_in_progress");
    }
    for what in ["revision", "respondent", "idempotency", "submit_answers"] {
        assert_eq!(count(&app, what).await, 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn different_answers_at_once_become_revisions_in_one_order() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let answers = |i: usize| {
        let mut answers = answers_2024();
        answers["respondent"]["contact"] = format!("内線{i}").into();
        answers
    };
    let keys: Vec<String> = (0..12).map(|i| format!("k-{i}")).collect();
    let receipts = join_all(keys.iter().enumerate().map(|(i, key)| submit(&hospital, key, answers(i)))).await;
    let mut numbers: Vec<u64> = receipts
        .into_iter()
        .map(|answer| answer.expect(201)["revision"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    let read = hospital.get(&crate::submission("2024", OWN)).await.expect(200);
    assert_eq!(read["latest_revision"], 12);
    let in_order: Vec<u64> = read["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| revision["number"].as_u64().unwrap())
        .collect();
    assert_eq!(in_order, (1..=12).collect::<Vec<_>>());
    // The counted one is the last, and each has its own respondent.
    assert_eq!(app.database.number("SELECT count(DISTINCT details) FROM respondent").await, 12);
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM submission WHERE latest_revision = 12 AND state = 'submitted'")
            .await,
        1
    );
}
