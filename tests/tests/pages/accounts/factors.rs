//! Second factors: set up, asked for, lost, removed.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use server::app::factors;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::pages::{Reader, field};
use tests::world::{PASSWORD, done, now};

use super::{Authenticator, NEW_PASSWORD, first_step, set_up, strict};

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_others_data_reaches_nothing_before_a_second_factor_is_set_up() {
    let app = strict().await;
    for login in ["shinjuku", "tokyo", "analyst", "administrator", "operator"] {
        let reader = Reader::sign_in(&app, login).await;
        for path in ["/", "/account", "/account/password", "/surveys/2024/hospitals/SJK0001/form"] {
            assert_eq!(reader.get(path).await.location(), "/account/second-factor", "{login} {path}");
        }
        let form = [("current", PASSWORD), ("password", NEW_PASSWORD), ("repeat", NEW_PASSWORD)];
        let shown = reader.post("/account/password", &form).await;
        assert_eq!(shown.location(), "/account/second-factor", "{login}");
        let page = reader.get("/account/second-factor").await.expect(200);
        assert!(page.contains("設定が必要です") && page.contains("<svg "), "{page}");
        assert!(!page.contains("style=") && !page.contains("<?xml"), "the policy forbids it");
    }
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    set_up(&app, &tokyo).await;
    tokyo.get("/").await.expect(200);
    let operator = Reader::sign_in(&app, "operator").await;
    assert_eq!(operator.post("/sign-out", &[]).await.location(), "/sign-in?done=signed-out");
    // A hospital sees its own data only.
    let hospital = Reader::sign_in(&app, "hospital").await;
    assert!(hospital.get("/account").await.expect(200).contains("2要素認証を設定する"));
    hospital.get("/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_and_each_code_is_taken_once() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let (authenticator, _) = set_up(&app, &hospital).await;
    assert!(hospital.get("/account").await.expect(200).contains("残りの回復コード：10個"));
    let mut pending = first_step(&app, "hospital").await;
    // The first step opens nothing.
    assert_eq!(pending.get("/").await.location(), "/sign-in?next=%2F");
    let as_session = pending.cookie.replace("__Host-chosa-pending", "__Host-chosa");
    let mut thief = pending.clone();
    thief.cookie = as_session.clone();
    assert_eq!(thief.get("/account").await.location(), "/sign-in?next=%2Faccount");
    let token = as_session.split_once('=').unwrap().1.to_owned();
    app.nobody().bearing(token).get("/api/v1/me").await.refused(401, "token_invalid");
    assert!(
        pending
            .get("/sign-in/second-factor?next=%2F")
            .await
            .expect(200)
            .contains("one-time-code")
    );
    // The code that set it up, one of another time, and none.
    let used = authenticator.code(&app);
    for code in [used.as_str(), "000000", "abc", ""] {
        let page = pending.post("/sign-in/second-factor", &[("code", code)]).await.expect(422);
        assert!(page.contains("コードが違います"));
    }
    app.at(now() + TimeDelta::seconds(30));
    let code = authenticator.code(&app);
    let (first, last) = code.split_at(3);
    let wide = format!("{first} {last}");
    let shown = pending
        .post("/sign-in/second-factor", &[("code", &wide), ("next", "/account")])
        .await;
    assert_eq!(shown.location(), "/account");
    let before = pending.clone();
    pending.keep(&shown);
    assert!(pending.cookie.starts_with("__Host-chosa=chosa_"));
    pending.get("/").await.expect(200);
    // Neither the first step nor the code works again.
    let again = before.post("/sign-in/second-factor", &[("code", &code)]).await.expect(422);
    assert!(again.contains("手続きの時間が過ぎました"));
    let second = first_step(&app, "hospital").await;
    second.post("/sign-in/second-factor", &[("code", &code)]).await.expect(422);
    // And it waits for ten minutes only.
    app.at(now() + TimeDelta::minutes(11));
    let late = authenticator.code(&app);
    assert!(
        second
            .post("/sign-in/second-factor", &[("code", &late)])
            .await
            .expect(422)
            .contains("手続きの時間が過ぎました")
    );
    assert_eq!(Reader::nobody(&app).get("/sign-in/second-factor").await.location(), "/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_signs_in_once_and_codes_are_slowed_down_like_passwords() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let (authenticator, codes) = set_up(&app, &hospital).await;
    let pending = first_step(&app, "hospital").await;
    let shown = pending.post("/sign-in/second-factor", &[("code", &codes[0].to_uppercase())]).await;
    assert_eq!(shown.location(), "/");
    assert!(hospital.get("/account").await.expect(200).contains("残りの回復コード：9個"));
    let noted = "SELECT count(*) FROM audit WHERE action = 'use_recovery_code' AND actor = 'hospital'";
    assert_eq!(app.database.number(noted).await, 1);
    let pending = first_step(&app, "hospital").await;
    pending.post("/sign-in/second-factor", &[("code", &codes[0])]).await.expect(422);
    for _ in 0..4 {
        pending.post("/sign-in/second-factor", &[("code", "000000")]).await.expect(422);
    }
    app.at(now() + TimeDelta::seconds(1));
    let shown = pending.post("/sign-in/second-factor", &[("code", &codes[1])]).await;
    assert_eq!(shown.headers["retry-after"], "1");
    shown.expect(429);
    // A right password does not start the count again.
    super::try_password(&app, "hospital", PASSWORD).await.expect(429);
    app.at(now() + TimeDelta::seconds(60));
    let code = authenticator.code(&app);
    assert_eq!(pending.post("/sign-in/second-factor", &[("code", &code)]).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_needs_password_and_code_and_keeps_the_picture_and_the_key_is_stored_sealed() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let other = Reader::sign_in(&app, "hospital").await;
    let page = hospital.get("/account/second-factor").await.expect(200);
    let (sealed, authenticator) = (field(&page, "sealed"), Authenticator::of(&page));
    let code = authenticator.code(&app);
    for (code, password, word) in [
        (code.as_str(), "wrong horse battery", "現在のパスワードが違います"),
        ("000000", PASSWORD, "コードが違います"),
    ] {
        let form = [("sealed", sealed.as_str()), ("code", code), ("current", password)];
        let again = hospital.post("/account/second-factor", &form).await.expect(422);
        assert!(again.contains(word), "{again}");
        assert_eq!(field(&again, "sealed"), sealed);
        assert_eq!(Authenticator::of(&again).code(&app), authenticator.code(&app));
    }
    // What another account was proposed opens for nobody else.
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let foreign = [("sealed", sealed.as_str()), ("code", &code), ("current", PASSWORD)];
    let page = tokyo.post("/account/second-factor", &foreign).await.expect(422);
    assert!(page.contains("時間がたちました") && field(&page, "sealed") != sealed);
    assert_eq!(app.database.number("SELECT count(*) FROM second_factor").await, 0);
    let form = [("sealed", sealed.as_str()), ("code", &code), ("current", PASSWORD)];
    hospital.post("/account/second-factor", &form).await.expect(200);
    // The codes are not shown again, the other session is over, and the key does not stand in the database.
    hospital.post("/account/second-factor", &form).await.expect(409);
    assert_eq!(hospital.get("/account/second-factor").await.location(), "/account");
    other.get("/").await.location();
    let raw = "SELECT count(*) FROM second_factor WHERE length(sealed_key) = 12 + 20 + 16";
    assert_eq!(app.database.number(raw).await, 1);
    let noted = "SELECT count(*) FROM audit WHERE action = 'set_second_factor' AND actor = 'hospital'";
    assert_eq!(app.database.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_removed_by_password_and_code_and_by_an_operator_for_who_lost_everything() {
    let app = strict().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let (_, codes) = set_up(&app, &tokyo).await;
    let path = "/account/second-factor/remove";
    assert!(tokyo.get(path).await.expect(200).contains("登録し直し"));
    for (password, code) in [("wrong horse battery", codes[0].as_str()), (PASSWORD, "000000")] {
        tokyo.post(path, &[("current", password), ("code", code)]).await.expect(422);
    }
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM second_factor WHERE removed_at IS NULL")
            .await,
        1
    );
    let shown = tokyo.post(path, &[("current", PASSWORD), ("code", &codes[0])]).await;
    assert_eq!(tokyo.get(&shown.location()).await.location(), "/account/second-factor");
    set_up(&app, &tokyo).await;
    tokyo.get("/").await.expect(200);
    let permit = || Permit::of(Actor::system()).unwrap();
    done(factors::clear(&app.state, &permit(), "Tokyo").await);
    tokyo.get("/").await.location();
    for login in ["tokyo", "nosuchxx"] {
        assert!(factors::clear(&app.state, &permit(), login).await.is_err());
    }
    assert_eq!(
        Reader::sign_in(&app, "tokyo").await.get("/").await.location(),
        "/account/second-factor"
    );
    let kept = "SELECT count(*) FROM second_factor WHERE sealed_key IS NULL";
    assert_eq!(app.database.number(kept).await, 2);
    let noted = "SELECT count(*) FROM audit WHERE action IN ('remove_second_factor', 'clear_second_factor')";
    assert_eq!(app.database.number(noted).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_takes_the_code_with_the_password() {
    let app = TestApp::spawn().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let (authenticator, codes) = set_up(&app, &tokyo).await;
    let sign_in = async |code: Option<&str>| {
        let mut body = json!({"login": "tokyo", "password": PASSWORD});
        if let Some(code) = code {
            body["code"] = code.into();
        }
        app.nobody().request(Method::POST, "/api/v1/sessions").json(&body).send().await
    };
    sign_in(None).await.refused(401, "second_factor_needed");
    sign_in(Some("000000")).await.refused(401, "login_failed");
    sign_in(Some(&authenticator.code(&app))).await.refused(401, "login_failed");
    app.at(now() + TimeDelta::seconds(30));
    let session = sign_in(Some(&authenticator.code(&app))).await.expect(201);
    let me = app.nobody().bearing(session["token"].as_str().unwrap()).get("/api/v1/me").await;
    assert_eq!(me.expect(200)["role"], "prefecture");
    sign_in(Some(&codes[9])).await.expect(201);
    // Whether the password is right is told to nobody who does not have it.
    let wrong = json!({"login": "tokyo", "password": "wrong horse battery"});
    app.nobody().post("/api/v1/sessions", &wrong).await.refused(401, "login_failed");
}
