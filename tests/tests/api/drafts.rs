//! Drafts: incomplete answers are saved with their faults, by each side apart; two clerks see each other's changes field by field.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client};
use tests::world::{NEIGHBOUR, OWN, answers_2024, but, now};

use crate::{body, codes, revisions, submission};

const DRAFT: &str = "/api/v1/surveys/2024/hospitals/SJK0001/draft";

async fn save(client: &Client, condition: (&str, &str), answers: Value) -> Answer {
    let request = client.request(Method::PUT, DRAFT).header(condition.0, condition.1);
    request.json(&body(answers)).send().await
}

async fn first(client: &Client, answers: Value) -> Answer {
    save(client, ("If-None-Match", "*"), answers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_saved_incomplete_with_its_faults_and_read_again() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    hospital.get(DRAFT).await.refused(404, "draft_missing");
    let typed = json!({"respondent": {"name": "試験 花子"}, "ehr_in_use": "perhaps", "bcp_defined": "no"});
    let saved = first(&hospital, typed.clone()).await;
    assert_eq!(saved.header("cache-control"), "no-store");
    let (tag, saved) = (saved.header("etag").to_owned(), saved.expect(200));
    assert_eq!((&saved["answers"], &saved["saved_at"]), (&typed, &json!(now())));
    assert_eq!(saved["open_until"], "2024-03-08T14:59:59Z");
    assert_eq!(
        (&saved["states"]["bcp_defined"], &saved["states"]["bcp_drilled"]),
        (&json!("answered"), &json!("not_asked"))
    );
    let found = codes(&saved["faults"]);
    assert!(
        found.contains(&"unknown_option".to_owned()) && found.contains(&"required_missing".to_owned()),
        "{found:?}"
    );

    let read = hospital.get(DRAFT).await;
    assert_eq!(read.header("etag"), tag);
    assert_eq!(read.expect(200), saved);
    let whole = hospital.get(&submission("2024", OWN)).await.expect(200);
    assert_eq!((&whole["hospital"]["state"], &whole["version"]), (&json!("draft"), &json!(0)));
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clerks_see_the_fields_in_which_they_differ() {
    let app = TestApp::spawn().await;
    let (one, other) = (app.sign_in("hospital").await, app.sign_in("hospital").await);
    let tag = first(&one, json!({"ehr_in_use": "yes"})).await.header("etag").to_owned();
    let newer = save(
        &other,
        ("If-Match", &tag),
        json!({"ehr_in_use": "yes", "respondent": {"name": "乙"}, "bcp_defined": "yes"}),
    )
    .await;
    let newer = newer.header("etag").to_owned();

    let before = app.database.counts().await;
    let mine = json!({"ehr_in_use": "no", "respondent": {"name": "甲"}, "bcp_defined": "yes"});
    let refused = save(&one, ("If-Match", &tag), mine.clone()).await.refused(412, "draft_changed");
    let expected = json!([
        {"question": "ehr_in_use", "stored": "yes", "yours": "no"},
        {"question": "respondent.name", "stored": "乙", "yours": "甲"},
    ]);
    assert_eq!(refused["differences"], expected);
    assert_eq!(app.database.counts().await, before);
    save(&one, ("If-Match", &newer), mine).await.expect(200);
    for (condition, status, code) in [
        (("If-None-Match", "*"), 412, "draft_changed"),
        (("If-Match", "\"1\""), 412, "draft_changed"),
        (("If-Match", "W/\"x\""), 412, "draft_changed"),
        (("If-None-Match", "\"x\""), 428, "if_match_missing"),
        (("X-Nothing", "1"), 428, "if_match_missing"),
    ] {
        save(&other, condition, json!({})).await.refused(status, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_whose_answer_was_lost_can_be_sent_again() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let typed = json!({"ehr_in_use": "yes"});
    let saved = first(&hospital, typed.clone()).await;
    let again = first(&hospital, typed).await;
    assert_eq!((again.status, again.header("etag")), (200, saved.header("etag")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_types_apart_and_submitting_empties_its_own() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    first(&hospital, json!({"ehr_in_use": "yes"})).await.expect(200);
    tokyo.get(DRAFT).await.refused(404, "draft_missing");
    // 無回答 is a value for who enters on behalf of the hospital only.
    let by_proxy = first(&tokyo, but(answers_2024(), "ehr_in_use", "no_answer")).await.expect(200);
    assert!(
        !codes(&by_proxy["faults"]).contains(&"no_answer_not_allowed".to_owned()),
        "{by_proxy}"
    );

    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    hospital.get(DRAFT).await.refused(404, "draft_missing");
    tokyo.get(DRAFT).await.expect(200);
    // A correction is typed beside the counted answers; sending the same again empties it too.
    first(&hospital, but(answers_2024(), "bcp_drilled", "yes")).await.expect(200);
    assert_eq!(
        hospital.get(&submission("2024", OWN)).await.expect(200)["hospital"]["state"],
        "submitted"
    );
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(200);
    hospital.get(DRAFT).await.refused(404, "draft_missing");
    let names = "SELECT count(*) FROM draft d WHERE d.party = 'hospital' AND d.answers IS NOT NULL";
    assert_eq!(app.database.number(names).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_discarded_by_who_saw_it() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let discard = async |tag: &str| hospital.request(Method::DELETE, DRAFT).header("If-Match", tag).send().await;
    discard("\"x\"").await.refused(404, "draft_missing");
    let tag = first(&hospital, json!({"ehr_in_use": "yes"})).await.header("etag").to_owned();
    let newer = save(&hospital, ("If-Match", &tag), json!({"ehr_in_use": "no"}))
        .await
        .header("etag")
        .to_owned();
    discard(&tag).await.refused(412, "draft_changed");
    discard(&newer).await.expect(204);
    hospital.get(DRAFT).await.refused(404, "draft_missing");
    // The tag of a draft that is gone fits no later one.
    save(&hospital, ("If-Match", &newer), json!({})).await.refused(412, "draft_changed");
    first(&hospital, json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_says_why_and_leaves_nothing() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let before = app.database.counts().await;
    first(&hospital, json!(["ehr_in_use"])).await.refused(400, "answers_invalid");
    first(&hospital, json!({"vpn_devices": "a\u{0}b"}))
        .await
        .refused(400, "text_invalid");
    let elsewhere = DRAFT.replace(OWN.gmis, NEIGHBOUR.gmis);
    let request = hospital.request(Method::PUT, &elsewhere).header("If-None-Match", "*");
    request.json(&body(json!({}))).send().await.refused(404, "hospital_unknown");
    app.at("2024-03-08T15:00:00Z".parse().unwrap());
    let hospital = app.sign_in("hospital").await;
    let refused = first(&hospital, json!({})).await.refused(409, "window_closed");
    assert!(refused["detail"].as_str().unwrap().contains("延長できるのは"), "{refused}");
    let after = app.database.counts().await;
    assert_eq!((after["draft"], after["submission"]), (before["draft"], before["submission"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_drafts_are_erased_a_year_after_they_were_saved() {
    let app = TestApp::spawn().await;
    first(&app.sign_in("hospital").await, json!({"respondent": {"name": "試験 花子"}}))
        .await
        .expect(200);
    let named = "SELECT count(*) FROM draft d WHERE d::text LIKE '%試験 花子%'";
    for (days, erased) in [(365, 0), (366, 1), (367, 0)] {
        app.at(now() + chrono::TimeDelta::days(days));
        let permit = server::auth::permit::Permit::of(server::auth::actor::Actor::system()).unwrap();
        let done = tests::world::done(server::app::erasure::erase(&app.state, &permit, server::app::erasure::Erasing::Done).await);
        assert_eq!(done.drafts, erased, "after {days} days");
    }
    assert_eq!(app.database.number(named).await, 0);
}
