//! When a survey takes answers: the printed window to its last second, extensions for one and not for others, reopening.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::Client;
use tests::world::{CITY_WARD, Hospital, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but};

use crate::{body, revisions};

/// The last second of the window of 2024: 8 March 2024 23:59:59 in Japan.
fn last_second() -> DateTime<Utc> {
    "2024-03-08T14:59:59Z".parse().unwrap()
}

async fn attempt(client: &Client, hospital: Hospital) -> String {
    client.submit(&revisions("2024", hospital), &body(answers_2024())).await.outcome()
}

async fn extend(app: &TestApp, whom: Value, until: DateTime<Utc>) {
    let administrator = app.sign_in("administrator").await;
    let mut extension = whom;
    extension["until"] = json!(until);
    extension["reason"] = json!("被災のため");
    administrator.post("/api/v1/surveys/2024/extensions", &extension).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_open_from_its_first_instant_to_the_end_of_its_last_second() {
    let app = TestApp::spawn().await;
    let opens: DateTime<Utc> = "2024-01-31T15:00:00Z".parse().unwrap();
    let cases = [
        (opens - TimeDelta::seconds(1), "409 window_not_yet"),
        (opens, "201"),
        (last_second() + TimeDelta::milliseconds(999), "201"),
        (last_second() + TimeDelta::seconds(1), "409 window_closed"),
    ];
    for (i, (time, expected)) in cases.into_iter().enumerate() {
        app.at(time);
        let hospital = app.sign_in("hospital").await;
        let mut answers = answers_2024();
        answers["respondent"]["contact"] = json!(i.to_string());
        let answer = hospital.submit(&revisions("2024", OWN), &body(answers)).await;
        assert_eq!(answer.outcome(), expected, "{time}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_says_until_when_it_was_and_who_can_extend_it() {
    let app = TestApp::spawn().await;
    app.at(last_second() + TimeDelta::days(1));
    let hospital = app.sign_in("hospital").await;
    let before = app.database.counts().await;
    let refused = hospital
        .submit(&revisions("2024", OWN), &body(answers_2024()))
        .await
        .refused(409, "window_closed");
    let detail = refused["detail"].as_str().unwrap();
    for word in ["2024年3月8日 23時59分59秒", "延長", "厚生労働省", "都道府県"] {
        assert!(detail.contains(word), "{word}: {detail}");
    }
    assert_eq!(app.database.counts().await, before);
    app.at("2024-01-01T00:00:00Z".parse().unwrap());
    let hospital = app.sign_in("hospital").await;
    let refused = hospital
        .submit(&revisions("2024", OWN), &body(answers_2024()))
        .await
        .refused(409, "window_not_yet");
    assert!(
        refused["detail"].as_str().unwrap().contains("2024年2月1日 0時00分00秒"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_for_its_hospital_only_and_ends() {
    let app = TestApp::spawn().await;
    app.at(last_second() + TimeDelta::days(1));
    let until = last_second() + TimeDelta::days(7);
    extend(&app, json!({"hospital": OWN.gmis}), until).await;
    let tokyo = app.sign_in("tokyo").await;
    assert_eq!(attempt(&tokyo, NEIGHBOUR).await, "409 window_closed");
    assert_eq!(attempt(&tokyo, OWN).await, "201");
    app.at(until + TimeDelta::seconds(1));
    let hospital = app.sign_in("hospital").await;
    let late = hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "bcp_drilled", "yes")))
        .await
        .refused(409, "window_closed");
    assert!(late["detail"].as_str().unwrap().contains("2024年3月15日 23時59分59秒"), "{late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_of_an_area_is_for_the_hospitals_in_it() {
    let app = TestApp::spawn().await;
    app.at(last_second() + TimeDelta::days(1));
    extend(&app, json!({"area": "13101"}), last_second() + TimeDelta::days(7)).await;
    // A designated city with its wards.
    extend(&app, json!({"area": "14100"}), last_second() + TimeDelta::days(7)).await;
    let (tokyo, kanagawa) = (app.sign_in("tokyo").await, app.sign_in("kanagawa").await);
    assert_eq!(attempt(&tokyo, OTHER_WARD).await, "201");
    assert_eq!(attempt(&tokyo, OWN).await, "409 window_closed");
    assert_eq!(attempt(&kanagawa, CITY_WARD).await, "201");
    assert_eq!(attempt(&kanagawa, tests::world::OTHER_CITY).await, "409 window_closed");
    extend(&app, json!({"area": "13"}), last_second() + TimeDelta::days(7)).await;
    assert_eq!(attempt(&tokyo, OWN).await, "201");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_opened_again_with_a_reason_that_is_recorded() {
    let app = TestApp::spawn().await;
    app.at("2026-01-10T00:00:00Z".parse().unwrap());
    let (administrator, hospital) = (app.sign_in("administrator").await, app.sign_in("hospital").await);
    assert_eq!(attempt(&hospital, OWN).await, "409 window_closed");
    let window = |reason: &str, closes: &str| json!({"opens": "2026-01-01T00:00:00Z", "closes": closes, "reason": reason});
    let path = "/api/v1/surveys/2024/windows";
    administrator
        .post(path, &window(" ", "2026-02-01T00:00:00Z"))
        .await
        .refused(400, "reason_missing");
    administrator
        .post(path, &window("再調査", "2025-02-01T00:00:00Z"))
        .await
        .refused(400, "window_backwards");
    administrator
        .post(path, &window("再調査", "2026-02-01T00:00:00Z"))
        .await
        .expect(201);
    assert_eq!(attempt(&hospital, OWN).await, "201");
    let survey = hospital.get("/api/v1/surveys/2024").await.expect(200);
    assert_eq!(survey["windows"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&survey["windows"][0]["reason"], &survey["windows"][1]["reason"]),
        (&json!("notice"), &json!("再調査"))
    );
    let noted = "SELECT count(*) FROM audit WHERE action = 'open_window' AND details ->> 'reason' = '再調査' AND account_id IS NOT NULL";
    assert_eq!(app.database.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_names_exactly_one_hospital_or_area() {
    let app = TestApp::spawn().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    let rest = |mut whom: Value| {
        whom["until"] = json!(last_second());
        whom["reason"] = json!("試験");
        whom
    };
    for whom in [
        json!({}),
        json!({"area": "nation"}),
        json!({"area": "99"}),
        json!({"hospital": OWN.gmis, "area": "13"}),
        json!({"area": "1"}),
    ] {
        let answer = administrator.post("/api/v1/surveys/2024/extensions", &rest(whom)).await;
        answer.refused(400, "extension_scope_invalid");
    }
    administrator
        .post("/api/v1/surveys/2024/extensions", &rest(json!({"hospital": "ZZZ9999"})))
        .await
        .refused(404, "hospital_unknown");
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_closed_early_with_a_reason_that_refusals_tell_and_extensions_outlive() {
    let app = TestApp::spawn().await;
    let (administrator, hospital, tokyo) = (
        app.sign_in("administrator").await,
        app.sign_in("hospital").await,
        app.sign_in("tokyo").await,
    );
    extend(&app, json!({"hospital": NEIGHBOUR.gmis}), last_second()).await;
    let survey = administrator.get("/api/v1/surveys/2024").await.expect(200);
    let path = format!(
        "/api/v1/surveys/2024/windows/{}/closure",
        survey["windows"][0]["id"].as_str().unwrap()
    );
    let before = app.database.counts().await;
    for (body, status, code) in [
        (json!({"reason": " "}), 400, "reason_missing"),
        (json!({"reason": "x", "closes": "2024-02-01T00:00:00Z"}), 400, "window_past"),
        (json!({"reason": "x", "closes": last_second()}), 409, "window_not_earlier"),
        (json!({"reason": "x", "closes": "1999-01-01T00:00:00Z"}), 400, "time_invalid"),
    ] {
        administrator.post(&path, &body).await.refused(status, code);
    }
    let nowhere = "/api/v1/surveys/2024/windows/00000000-0000-4000-8000-000000000000/closure";
    administrator
        .post(nowhere, &json!({"reason": "x"}))
        .await
        .refused(404, "window_unknown");
    assert_eq!(app.database.counts().await, before);

    assert_eq!(attempt(&hospital, OWN).await, "201");
    let closed = administrator.post(&path, &json!({"reason": "大規模災害のため"})).await.expect(200);
    assert_eq!(
        closed["closed_early"],
        json!({"announced": last_second(), "reason": "大規模災害のため"})
    );
    let refused = hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "bcp_drilled", "yes")))
        .await
        .refused(409, "window_closed");
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("2024年2月10日 11時59分59秒") && detail.contains("大規模災害のため"),
        "{detail}"
    );
    assert_eq!(attempt(&tokyo, NEIGHBOUR).await, "201");
    assert_eq!(attempt(&tokyo, OTHER_WARD).await, "409 window_closed");
    let listed = tokyo.get("/api/v1/surveys/2024/extensions").await.expect(200);
    assert_eq!((&listed[0]["hospital"], &listed[0]["area"]), (&json!(NEIGHBOUR.gmis), &Value::Null));
    // A further window opens it again.
    let window = json!({"opens": "2024-02-10T00:00:00Z", "closes": "2024-02-20T00:00:00Z", "reason": "再開"});
    administrator.post("/api/v1/surveys/2024/windows", &window).await.expect(201);
    assert_eq!(attempt(&tokyo, OTHER_WARD).await, "201");
    let noted = "SELECT count(*) FROM audit WHERE action = 'close_window' AND details ->> 'reason' = '大規模災害のため'";
    assert_eq!(app.database.number(noted).await, 1);
}
