//! Guessing is slowed down and nobody is locked out.

use chrono::TimeDelta;
use serde_json::json;
use tests::app::TestApp;
use tests::pages::Reader;
use tests::world::{PASSWORD, now};

use super::{cookies, try_password};

const WRONG: &str = "wrong horse battery";

async fn fail(app: &TestApp, login: &str, times: usize) {
    for _ in 0..times {
        try_password(app, login, WRONG).await.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_failures_each_further_try_waits_longer_and_a_known_login_like_an_unknown_one() {
    let app = TestApp::spawn().await;
    for login in ["tokyo", "nosuchxx"] {
        app.at(now());
        fail(&app, login, 5).await;
        let mut at = now();
        for wait in [2, 4, 8, 16, 32, 60, 60] {
            let shown = try_password(&app, login, WRONG).await;
            assert_eq!(shown.headers["retry-after"], wait.to_string(), "{login}");
            let page = shown.expect(429);
            assert!(page.contains(&format!("あと{wait}秒待ってから")), "{page}");
            at += TimeDelta::seconds(wait);
            app.at(at);
            try_password(&app, login, WRONG).await.expect(422);
        }
    }
    // In any case, with spaces, and by the API too.
    try_password(&app, " Tokyo", WRONG).await.expect(429);
    let body = json!({"login": "TOKYO", "password": PASSWORD});
    let refused = app.nobody().post("/api/v1/sessions", &body).await;
    assert_eq!(refused.header("retry-after"), "60");
    refused.refused(429, "too_many_sign_ins");
    // Another login from the same place is let in, and after a quarter of an hour all is forgotten.
    assert_eq!(try_password(&app, "kanagawa", PASSWORD).await.location(), "/");
    app.at(now() + TimeDelta::minutes(30));
    assert_eq!(try_password(&app, "tokyo", PASSWORD).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_does_not_wait_for_what_others_do() {
    let app = TestApp::spawn().await;
    let shown = try_password(&app, "tokyo", PASSWORD).await;
    let cookie = shown
        .headers
        .get_all("set-cookie")
        .iter()
        .nth(1)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    for part in ["__Host-chosa-device=", "HttpOnly", "Secure", "Path=/", "Max-Age=15552000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let device = cookies(&shown)[1].clone();
    fail(&app, "tokyo", 5).await;
    try_password(&app, "tokyo", PASSWORD).await.expect(429);
    let mut known = Reader::nobody(&app);
    known.cookie = device.clone();
    let form = |login, password| [("login", login), ("password", password)];
    assert_eq!(known.post("/sign-in", &form("tokyo", PASSWORD)).await.location(), "/");
    // It is known for its own login only, and waits for its own failures.
    fail(&app, "kanagawa", 5).await;
    known.post("/sign-in", &form("kanagawa", PASSWORD)).await.expect(429);
    for _ in 0..5 {
        known.post("/sign-in", &form("tokyo", WRONG)).await.expect(422);
    }
    known.post("/sign-in", &form("tokyo", PASSWORD)).await.expect(429);
    // Many failures from everywhere make strangers wait, and no device that is known.
    app.at(now() + TimeDelta::minutes(20));
    let many = "INSERT INTO sign_in_failure SELECT gen_random_uuid(), login_digest, '192.0.2.' || n, '2024-02-10T03:19:30Z' \
                FROM (SELECT login_digest FROM sign_in_failure WHERE place LIKE 'device%' LIMIT 1) f, generate_series(1, 100) n";
    app.database.superuser().await.batch_execute(many).await.unwrap();
    let shown = try_password(&app, "tokyo", PASSWORD).await;
    assert_eq!((shown.status, shown.headers["retry-after"].to_str().unwrap()), (429, "30"));
    assert_eq!(known.post("/sign-in", &form("tokyo", PASSWORD)).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_noted_without_what_was_typed_and_forgotten_after_a_day_or_a_sign_in() {
    let app = TestApp::spawn().await;
    fail(&app, "tokyo", 4).await;
    fail(&app, "my secret password", 1).await;
    let count = async |sql: &str| app.database.number(sql).await;
    let noted =
        "SELECT count(*) FROM audit WHERE action = 'sign_in_failed' AND actor = 'system' AND origin = '127.0.0.1' AND details ? 'login'";
    assert_eq!(count(noted).await, 5);
    for rows in [
        "SELECT * FROM audit WHERE action = 'sign_in_failed'",
        "SELECT * FROM sign_in_failure",
    ] {
        let sql = format!("SELECT count(*) FROM ({rows}) x WHERE x::text LIKE ANY ('{{%secret%,%tokyo%,%horse%}}')");
        assert_eq!(count(&sql).await, 0, "{rows}");
    }
    assert_eq!(try_password(&app, "tokyo", PASSWORD).await.location(), "/");
    assert_eq!(count("SELECT count(*) FROM sign_in_failure").await, 1);
    app.at(now() + TimeDelta::days(2));
    fail(&app, "kanagawa", 1).await;
    assert_eq!(count("SELECT count(*) FROM sign_in_failure").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_do_not_pass_the_count() {
    let app = TestApp::spawn().await;
    let tries = (0..30).map(|_| try_password(&app, "tokyo", WRONG));
    let answers = futures_util::future::join_all(tries).await;
    let tried = answers.iter().filter(|shown| shown.html.contains("パスワードが違います")).count();
    assert!((5..=7).contains(&tried), "{tried} guesses were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_of_ours_each_address_counts_for_itself_and_nobody_else_is_believed() {
    let from = async |app: &TestApp, address: &str, password: &str| {
        let nobody = Reader::nobody(app);
        let request = nobody
            .request(reqwest::Method::POST, "/sign-in")
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", address)
            .form(&[("login", "tokyo"), ("password", password)]);
        nobody.send(request).await.status
    };
    let behind = TestApp::with(tests::database::TestDatabase::world().await, |parts| {
        parts.proxies = vec!["127.0.0.1".parse().unwrap(), "192.0.2.9".parse().unwrap()];
    })
    .await;
    for forged in 0..5 {
        // What stands before the address that our proxy saw was sent by whoever asks.
        let said = format!("203.0.113.{forged}, 198.51.100.7, 192.0.2.9");
        assert_eq!(from(&behind, &said, WRONG).await, 422);
    }
    assert_eq!(from(&behind, "198.51.100.7", PASSWORD).await, 429);
    assert_eq!(from(&behind, "198.51.100.8", PASSWORD).await, 303);
    let seen = "SELECT count(*) FROM session WHERE origin = '198.51.100.8'";
    assert_eq!(behind.database.number(seen).await, 1);
    let without = TestApp::spawn().await;
    for number in 0..5 {
        assert_eq!(from(&without, &format!("198.51.100.{number}"), WRONG).await, 422);
    }
    assert_eq!(from(&without, "198.51.100.99", PASSWORD).await, 429);
}
