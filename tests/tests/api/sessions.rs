//! Signing in and out, and the tokens of programs.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use tests::app::TestApp;
use tests::world::{CLIENT, CLIENT_SECRET, PASSWORD, now};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_from_sign_in_to_sign_out() {
    let app = TestApp::spawn().await;
    // Logins are known in any case.
    let session = app
        .nobody()
        .post("/api/v1/sessions", &json!({"login": "Tokyo", "password": PASSWORD}))
        .await
        .expect(201);
    assert_eq!(session["expires_at"], "2024-02-10T15:00:00Z");
    let tokyo = app.nobody().bearing(session["token"].as_str().unwrap());
    assert_eq!(
        tokyo.get("/api/v1/me").await.expect(200),
        json!({"role": "prefecture", "area": "13"})
    );
    let any_case = app
        .nobody()
        .request(Method::GET, "/api/v1/me")
        .header("Authorization", &format!("bearer {}", tokyo.bearer()));
    any_case.send().await.expect(200);
    let basic = app
        .nobody()
        .request(Method::GET, "/api/v1/me")
        .header("Authorization", "Basic dG9reW86eA==");
    basic.send().await.refused(401, "token_missing");
    tokyo.delete("/api/v1/sessions/current").await.expect(204);
    tokyo.get("/api/v1/me").await.refused(401, "token_invalid");
    tokyo.delete("/api/v1/sessions/current").await.refused(401, "token_invalid");
    let noted = "SELECT count(*) FROM audit WHERE action IN ('sign_in', 'sign_out') AND actor = 'prefecture'";
    assert_eq!(app.database.number(noted).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_one_session_and_no_other() {
    let app = TestApp::spawn().await;
    let (first, second) = (app.sign_in("tokyo").await, app.sign_in("tokyo").await);
    first.delete("/api/v1/sessions/current").await.expect(204);
    second.get("/api/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_after_twelve_hours() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    app.at(now() + TimeDelta::hours(12) - TimeDelta::seconds(1));
    tokyo.get("/api/v1/me").await.expect(200);
    app.at(now() + TimeDelta::hours(12));
    tokyo.get("/api/v1/me").await.refused(401, "token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_login_are_answered_alike_and_leave_no_session() {
    let app = TestApp::spawn().await;
    let wrong = app
        .nobody()
        .post("/api/v1/sessions", &json!({"login": "tokyo", "password": "wrong horse battery"}))
        .await;
    let unknown = app
        .nobody()
        .post("/api/v1/sessions", &json!({"login": "nobody", "password": PASSWORD}))
        .await;
    assert_eq!(wrong.body, unknown.body);
    wrong.refused(401, "login_failed");
    assert_eq!(app.database.number("SELECT count(*) FROM session").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_a_token_and_acts_as_its_account() {
    let app = TestApp::spawn().await;
    let asked = json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET});
    let token = app.nobody().post("/api/v1/tokens", &asked).await.expect(201);
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(900)));
    let program = app.nobody().bearing(token["access_token"].as_str().unwrap());
    assert_eq!(
        program.get("/api/v1/me").await.expect(200),
        json!({"role": "prefecture", "area": "13"})
    );
    let hospitals = program.get("/api/v1/surveys/2024/hospitals").await.expect(200);
    assert_eq!(hospitals["items"].as_array().unwrap().len(), 4);
    for asked in [
        json!({"client_id": CLIENT, "client_secret": "guessed"}),
        json!({"client_id": "nobody-known", "client_secret": CLIENT_SECRET}),
    ] {
        app.nobody().post("/api/v1/tokens", &asked).await.refused(401, "login_failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_hash_of_a_session_is_stored() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let sql = format!(
        "SELECT count(*) FROM session WHERE encode(token_hash, 'escape') LIKE '%{0}%' OR token_hash = '{0}'::bytea",
        tokyo.bearer()
    );
    assert_eq!(app.database.number(&sql).await, 0);
    let by_hash = format!("SELECT count(*) FROM session WHERE token_hash = sha256('{}')", tokyo.bearer());
    assert_eq!(app.database.number(&by_hash).await, 1);
}
