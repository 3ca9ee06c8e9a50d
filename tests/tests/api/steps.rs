//! Pulling back, returning, accepting, submitting again: who may, until when, what counts meanwhile, and the history that stays.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::world::{Hospital, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but};

use crate::{body, revisions, submission};

/// After the window of 2024.
const AFTER: &str = "2024-03-10T03:00:00Z";

async fn step(client: &Client, hospital: Hospital, step: &str, tag: &str, body: Value) -> Answer {
    let request = client.request(Method::POST, &format!("{}/{step}", submission("2024", hospital)));
    request.key(new_key()).header("If-Match", tag).json(&body).send().await
}

async fn tag(client: &Client, hospital: Hospital) -> String {
    client.get(&submission("2024", hospital)).await.header("etag").to_owned()
}

fn comments(until: Option<&str>) -> Value {
    json!({"comments": [{"question": "ehr_in_use", "text": "電子カルテの有無を確認してください。"}, {"text": "全体に見直しをお願いします。"}],
           "resubmit_until": until})
}

/// How many answers are counted in Tokyo, by a state of its own that has no snapshot yet.
async fn counted(app: &TestApp) -> u64 {
    let parts = tests::app::parts(&app.database.application_url(), app.clock.clone());
    let state = tests::world::done(server::startup::state(&parts).await);
    crate::counted(&state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_pulls_back_corrects_and_submits_again() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    assert_eq!(counted(&app).await, 1);
    let seen = tag(&hospital, OWN).await;
    assert_eq!(seen, "\"1\"");
    let pulled = step(&hospital, OWN, "withdrawal", &seen, json!({"reason": " 誤記のため "})).await;
    assert_eq!(pulled.header("etag"), "\"2\"");
    assert_eq!(
        pulled.expect(200),
        json!({"hospital": OWN.gmis, "state": "withdrawn", "version": 2, "revision": 1, "resubmit_until": null})
    );
    assert_eq!(counted(&app).await, 0);
    // Waiting answers are listed, with since when.
    let tokyo = app.sign_in("tokyo").await;
    let waiting = tokyo.get("/api/v1/surveys/2024/hospitals?state=withdrawn").await.expect(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&waiting["items"][0]["gmis_id"], &waiting["items"][0]["state_since"]),
        (&json!(OWN.gmis), &json!(tests::world::now()))
    );
    // The same answers again are a revision: it was pulled back in between.
    let again = hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    assert_eq!(again["revision"], 2);
    assert_eq!(counted(&app).await, 1);
    let history = hospital.get(&submission("2024", OWN)).await.expect(200);
    let versions: Vec<&Value> = history["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| &revision["version"])
        .collect();
    assert_eq!(versions, [&json!(1), &json!(3)]);
    let taken = &history["steps"][0];
    assert_eq!(
        (&taken["step"], &taken["version"], &taken["reason"], &taken["actor"]),
        (&json!("withdraw"), &json!(2), &json!("誤記のため"), &json!("hospital"))
    );
    let noted = "SELECT count(*) FROM audit WHERE action = 'withdraw_answers' AND account_id IS NOT NULL AND origin = '127.0.0.1'";
    assert_eq!(app.database.number(noted).await, 1);
    let origins = "SELECT count(*) FROM submission_event e, revision r WHERE e.origin = '127.0.0.1' AND r.origin = '127.0.0.1'";
    assert_eq!(app.database.number(origins).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn returned_answers_come_back_with_comments_and_may_be_submitted_until_their_own_date() {
    let app = TestApp::spawn().await;
    app.sign_in("hospital")
        .await
        .submit(&revisions("2024", OWN), &body(answers_2024()))
        .await
        .expect(201);
    app.at(AFTER.parse().unwrap());
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    let seen = tag(&tokyo, OWN).await;
    let refused = step(&tokyo, OWN, "return", &seen, comments(None))
        .await
        .refused(400, "resubmission_date_missing");
    assert!(refused["detail"].as_str().unwrap().contains("再提出期限を指定"), "{refused}");
    step(&tokyo, OWN, "return", &seen, comments(Some("2024-03-01T00:00:00Z")))
        .await
        .refused(400, "resubmission_date_past");
    let until = "2024-03-20T14:59:59Z";
    let returned = step(&tokyo, OWN, "return", &seen, comments(Some(until))).await.expect(200);
    assert_eq!(
        (&returned["state"], &returned["resubmit_until"]),
        (&json!("returned"), &json!(until))
    );
    assert_eq!(counted(&app).await, 0);

    let read = hospital.get(&submission("2024", OWN)).await.expect(200);
    assert_eq!(
        (&read["open_until"], &read["hospital"]["resubmit_until"]),
        (&json!(until), &json!(until))
    );
    assert_eq!(
        read["steps"][0]["comments"],
        comments(None)["comments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|comment| json!({"question": comment.get("question"), "text": comment["text"]}))
            .collect::<Value>()
    );
    let listed = tokyo.get("/api/v1/surveys/2024/hospitals?state=returned").await.expect(200);
    assert_eq!(
        (&listed["items"][0]["gmis_id"], &listed["items"][0]["resubmit_until"]),
        (&json!(OWN.gmis), &json!(until))
    );
    // The date is of this hospital alone.
    let neighbour = tokyo.submit(&revisions("2024", NEIGHBOUR), &body(answers_2024())).await;
    neighbour.refused(409, "window_closed");

    app.at("2024-03-20T15:00:00Z".parse().unwrap());
    let hospital = app.sign_in("hospital").await;
    let late = hospital
        .submit(&revisions("2024", OWN), &body(answers_2024()))
        .await
        .refused(409, "window_closed");
    let detail = late["detail"].as_str().unwrap();
    assert!(
        detail.contains("再提出期限（2024年3月20日 23時59分59秒）") && detail.contains("差し戻した都道府県"),
        "{detail}"
    );
    // Again, with another date.
    let tokyo = app.sign_in("tokyo").await;
    let seen = tag(&tokyo, OWN).await;
    step(&tokyo, OWN, "return", &seen, comments(Some("2024-03-31T14:59:59Z")))
        .await
        .expect(200);
    let again = hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "ehr_in_use", "no")))
        .await
        .expect(201);
    assert_eq!((&again["state"], &again["revision"]), (&json!("submitted"), &json!(2)));
    assert_eq!(counted(&app).await, 1);
    // Submitted again, the date is used up.
    let last = hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await;
    last.refused(409, "window_closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_stays_until_it_is_returned() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let seen = tag(&tokyo, OWN).await;
    step(&tokyo, OWN, "acceptance", &seen, json!({})).await.expect(200);
    assert_eq!(counted(&app).await, 1);
    let corrected = but(answers_2024(), "bcp_drilled", "yes");
    let refused = hospital
        .submit(&revisions("2024", OWN), &body(corrected.clone()))
        .await
        .refused(409, "submission_accepted");
    assert!(refused["detail"].as_str().unwrap().contains("差戻しを依頼"), "{refused}");
    let seen = tag(&hospital, OWN).await;
    step(&hospital, OWN, "withdrawal", &seen, json!({}))
        .await
        .refused(409, "submission_accepted");
    let draft = hospital
        .request(Method::PUT, "/api/v1/surveys/2024/hospitals/SJK0001/draft")
        .header("If-None-Match", "*");
    draft
        .json(&body(corrected.clone()))
        .send()
        .await
        .refused(409, "submission_accepted");
    // Nor does the hospital accept or return.
    for name in ["acceptance", "return"] {
        step(&hospital, OWN, name, &seen, comments(None))
            .await
            .refused(403, "role_not_permitted");
    }
    step(&tokyo, OWN, "return", &seen, comments(None)).await.expect(200);
    hospital.submit(&revisions("2024", OWN), &body(corrected)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_accepts_what_they_did_not_see() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let seen = tag(&tokyo, OWN).await;
    let mut newer = but(answers_2024(), "bcp_drilled", "yes");
    newer["respondent"]["contact"] = json!("03-9999-9999");
    hospital.submit(&revisions("2024", OWN), &body(newer.clone())).await.expect(201);
    let before = app.database.counts().await;
    let refused = step(&tokyo, OWN, "acceptance", &seen, json!({}))
        .await
        .refused(412, "submission_changed");
    let expected = json!([
        {"question": "bcp_drilled", "stored": "yes", "yours": "no"},
        {"question": "respondent.contact", "stored": "03-9999-9999", "yours": "03-0000-0000"},
    ]);
    assert_eq!(refused["differences"], expected);
    let request = tokyo
        .request(Method::POST, &format!("{}/acceptance", submission("2024", OWN)))
        .key(new_key());
    request.send().await.refused(428, "if_match_missing");
    assert_eq!(app.database.counts().await, before);
    // Who submits may say too what they saw.
    let stale = hospital
        .request(Method::POST, &revisions("2024", OWN))
        .key(new_key())
        .header("If-Match", &seen);
    stale.json(&body(answers_2024())).send().await.refused(412, "submission_changed");
    let seen = tag(&hospital, OWN).await;
    let fresh = hospital
        .request(Method::POST, &revisions("2024", OWN))
        .key(new_key())
        .header("If-Match", &seen);
    fresh.json(&body(answers_2024())).send().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_taken_once_for_a_key_and_its_answer_can_be_had_again() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let seen = tag(&tokyo, OWN).await;
    let key = new_key();
    let accept = async || {
        let request = tokyo.request(Method::POST, &format!("{}/acceptance", submission("2024", OWN)));
        request.key(&key).header("If-Match", &seen).send().await
    };
    let (first, second) = (accept().await, accept().await);
    assert_eq!(
        (first.header("etag"), second.header("etag"), second.header("idempotency-replayed")),
        ("\"2\"", "\"2\"", "true")
    );
    assert_eq!(first.expect(200), second.expect(200));
    assert_eq!(app.database.number("SELECT count(*) FROM submission_event").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_entry_is_seen_as_such_corrected_by_the_hospital_and_pulled_back_only_by_who_entered() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    let entered = tokyo
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "bcp_drilled", "no_answer")))
        .await
        .expect(201);
    assert_eq!(entered["entry_path"], "proxy");
    let seen = hospital.get(&submission("2024", OWN)).await.expect(200);
    assert_eq!(
        (&seen["revisions"][0]["entry_path"], &seen["revisions"][0]["actor"]),
        (&json!("proxy"), &json!("prefecture"))
    );
    assert_eq!(seen["revisions"][0]["answers"]["bcp_drilled"], "no_answer");
    let receipt = hospital.get(&format!("{}/1/receipt", revisions("2024", OWN))).await.expect(200);
    assert_eq!(receipt["entry_path"], "proxy");
    // The prefecture takes its own entry back; then the hospital answers by itself, without 無回答.
    step(&tokyo, OWN, "withdrawal", "\"1\"", json!({"reason": "別の病院の回答だった"}))
        .await
        .expect(200);
    let refused = hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "bcp_drilled", "no_answer")))
        .await;
    refused.refused(422, "answers_faulty");
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let tag = tag(&tokyo, OWN).await;
    step(&tokyo, OWN, "withdrawal", &tag, json!({}))
        .await
        .refused(409, "withdrawal_not_yours");
    tokyo
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "bcp_drilled", "yes")))
        .await
        .refused(409, "already_answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_says_what_to_correct() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    step(&tokyo, OTHER_WARD, "return", "\"0\"", comments(None))
        .await
        .refused(409, "step_not_possible");
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let before = app.database.counts().await;
    let many = vec![json!({"text": "x"}); 101];
    let long = "長".repeat(2_001);
    for (body, code) in [
        (json!({"comments": []}), "comments_missing"),
        (json!({"comments": [{"text": " \n"}]}), "comments_missing"),
        (json!({"comments": many}), "comments_too_many"),
        (json!({"comments": [{"text": long}]}), "comments_too_many"),
        (
            json!({"comments": [{"question": "vpn_present", "text": "x"}]}),
            "comment_question_unknown",
        ),
        (
            json!({"comments": [{"text": "x"}], "resubmit_until": "9999-01-01T00:00:00Z"}),
            "time_invalid",
        ),
        (
            json!({"comments": [{"text": "x"}], "until": "2024-03-01T00:00:00Z"}),
            "body_invalid",
        ),
        (json!({}), "body_invalid"),
    ] {
        step(&tokyo, OWN, "return", "\"1\"", body).await.refused(400, code);
    }
    assert_eq!(app.database.counts().await, before);
    tokyo
        .get("/api/v1/surveys/2024/hospitals?state=lost")
        .await
        .refused(400, "state_invalid");
    let unanswered = tokyo.get("/api/v1/surveys/2024/hospitals?state=unanswered").await.expect(200);
    assert_eq!(unanswered["items"].as_array().unwrap().len(), 3);
}
