//! Batches of answers by NDJSON: a verdict a line, each line once for (key, line), groups committed one by one, a replay that goes on.

use serde_json::{Value, json};
use server::app::batches::GROUP;
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::world::{CITY_WARD, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but};

use crate::submission;

const BATCHES: &str = "/api/v1/surveys/2024/batches";

fn line(gmis: &str, answers: Value) -> String {
    json!({"hospital": gmis, "answers": answers}).to_string()
}

async fn send(client: &Client, key: &str, lines: &[String]) -> Answer {
    client
        .request(reqwest::Method::POST, BATCHES)
        .key(key)
        .bytes(lines.join("\n").into_bytes())
        .send()
        .await
}

fn verdicts(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer
        .body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// line, verdict, code and whether it was answered before.
fn short(answer: &Answer) -> Vec<(i64, String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    verdicts(answer)
        .iter()
        .map(|verdict| {
            (
                verdict["line"].as_i64().unwrap(),
                text(&verdict["verdict"]),
                text(&verdict["code"]),
                verdict["replayed"].as_bool().unwrap(),
            )
        })
        .collect()
}

fn said(line: i64, verdict: &str, code: &str, replayed: bool) -> (i64, String, String, bool) {
    (line, verdict.to_owned(), code.to_owned(), replayed)
}

/// Good, unreadable, blank, faulty, foreign, unknown edition, misspelt field, good.
fn mixed() -> Vec<String> {
    vec![
        line(OWN.gmis, answers_2024()),
        "{\"hospital\": ".to_owned(),
        String::new(),
        line(NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", "")),
        line(CITY_WARD.gmis, answers_2024()),
        json!({"hospital": NEIGHBOUR.gmis, "answers": answers_2024(), "edition": "third"}).to_string(),
        json!({"hospital": NEIGHBOUR.gmis, "answer": answers_2024()}).to_string(),
        line(OTHER_WARD.gmis, but(answers_2024(), "mds_sds_checked", "no_answer")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_has_its_verdict_and_the_good_ones_are_taken() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let answer = send(&tokyo, &new_key(), &mixed()).await;
    let expected = [
        said(1, "accepted", "", false),
        said(2, "rejected", "line_invalid", false),
        said(4, "rejected", "answers_faulty", false),
        said(5, "rejected", "hospital_unknown", false),
        said(6, "rejected", "edition_unknown", false),
        said(7, "rejected", "line_invalid", false),
        said(8, "accepted", "", false),
    ];
    assert_eq!(short(&answer), expected);
    let all = verdicts(&answer);
    assert_eq!(all[2]["faults"][0]["code"], "required_missing");
    assert!(
        all.iter()
            .filter(|verdict| verdict["verdict"] == "rejected")
            .all(|verdict| verdict["message"].is_string())
    );
    let read = tokyo.get(&submission("2024", OTHER_WARD)).await.expect(200);
    assert_eq!(
        (&read["revisions"][0]["entry_path"], &read["revisions"][0]["receipt"]),
        (&json!("proxy"), &all[6]["receipt"])
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_sent_again_changes_nothing_and_answers_the_same() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let key = new_key();
    let first = verdicts(&send(&tokyo, &key, &mixed()).await);
    let counts = app.database.counts().await;
    let mut again = verdicts(&send(&tokyo, &key, &mixed()).await);
    // What was rejected left nothing and is looked at anew.
    assert!(
        again
            .iter()
            .all(|verdict| (verdict["replayed"] == true) == (verdict["verdict"] == "accepted"))
    );
    for verdict in &mut again {
        verdict["replayed"] = json!(false);
    }
    assert_eq!(again, first);
    assert_eq!(app.database.counts().await, counts);

    // Another key: the same answers are there already, whoever brings them.
    let other = short(&send(&tokyo, &new_key(), &mixed()).await);
    assert_eq!((other[0].1.as_str(), other[6].1.as_str()), ("unchanged", "unchanged"));
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_line_may_be_mended_and_sent_again_with_the_same_key() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let key = new_key();
    send(&tokyo, &key, &mixed()).await;
    let mut mended = mixed();
    mended[3] = line(NEIGHBOUR.gmis, answers_2024());
    let answer = short(&send(&tokyo, &key, &mended).await);
    assert_eq!(
        (&answer[0], &answer[2]),
        (&said(1, "accepted", "", true), &said(4, "accepted", "", false))
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_changed_under_its_key_is_refused_and_stores_nothing() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let key = new_key();
    send(&hospital, &key, &[line(OWN.gmis, answers_2024())]).await;
    let other = [line(OWN.gmis, but(answers_2024(), "alerts_collected", "no"))];
    assert_eq!(
        short(&send(&hospital, &key, &other).await),
        [said(1, "rejected", "idempotency_mismatch", false)]
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 1);
    // The key is the account's: another account's same key is another key.
    let tokyo = app.sign_in("tokyo").await;
    assert_eq!(
        short(&send(&tokyo, &key, &other).await),
        [said(1, "rejected", "already_answered", false)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_in_part_goes_on_where_it_stopped() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let key = new_key();
    let alternately = |index: usize| {
        let word = if index.is_multiple_of(2) { "yes" } else { "no" };
        line(OWN.gmis, but(answers_2024(), "alerts_collected", word))
    };
    // More than one group, each line a correction of the one before: an order that is lost, or a line done twice, shows in the count of revisions.
    let lines: Vec<String> = (0..GROUP + 30).map(alternately).collect();
    let part = short(&send(&hospital, &key, &lines[..GROUP]).await);
    assert!(part.iter().all(|verdict| verdict.1 == "accepted" && !verdict.3));
    let whole = short(&send(&hospital, &key, &lines).await);
    assert_eq!(whole.len(), GROUP + 30);
    assert!(
        whole
            .iter()
            .enumerate()
            .all(|(index, verdict)| verdict.1 == "accepted" && verdict.3 == (index < GROUP))
    );
    let revisions = i64::try_from(lines.len()).unwrap();
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, revisions);
    assert_eq!(
        app.database.number("SELECT max(latest_revision)::bigint FROM submission").await,
        revisions
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_batch_twice_at_once_leaves_one_result() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let key = new_key();
    let lines = [line(OWN.gmis, answers_2024()), line(OTHER_WARD.gmis, answers_2024())];
    let (one, two) = tokio::join!(send(&tokyo, &key, &lines), send(&tokyo, &key, &lines));
    for answer in [&one, &two] {
        assert!(
            answer.status == 200 || answer.code() == "idempotency_in_progress",
            "{}",
            answer.outcome()
        );
    }
    assert!(one.status == 200 || two.status == 200);
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
    assert_eq!(app.database.number("SELECT count(*) FROM batch_line").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_batch_is_refused_whole() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    send(&tokyo, &new_key(), &["\n \n".to_owned()]).await.refused(400, "batch_empty");
    let unkeyed = tokyo.request(reqwest::Method::POST, BATCHES).bytes(b"{}".to_vec()).send().await;
    unkeyed.refused(400, "idempotency_key_missing");
    let long = format!("{{\"hospital\": \"{}\"}}", "x".repeat(300 * 1024));
    assert_eq!(
        short(&send(&tokyo, &new_key(), &[long]).await),
        [said(1, "rejected", "line_too_long", false)]
    );
    let text = b"{\"hospital\": \"\xff\xfe\"}".to_vec();
    let answer = tokyo
        .request(reqwest::Method::POST, BATCHES)
        .key(new_key())
        .bytes(text)
        .send()
        .await;
    assert_eq!(short(&answer), [said(1, "rejected", "line_invalid", false)]);
    let deep = "[".repeat(100_000);
    assert_eq!(
        short(&send(&tokyo, &new_key(), &[deep]).await),
        [said(1, "rejected", "line_invalid", false)]
    );
}
