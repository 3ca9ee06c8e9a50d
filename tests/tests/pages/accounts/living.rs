//! One's own sessions and password on the page of the account.

use chrono::TimeDelta;
use reqwest::Method;
use tests::app::TestApp;
use tests::pages::Reader;
use tests::world::{PASSWORD, now};

use super::{NEW_PASSWORD, try_password};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0";

async fn with_firefox(app: &TestApp) -> Reader {
    let mut reader = Reader::nobody(app);
    let request = reader
        .request(Method::POST, "/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header("user-agent", FIREFOX)
        .form(&[("login", "hospital"), ("password", PASSWORD)]);
    let shown = reader.send(request).await;
    shown.location();
    reader.keep(&shown);
    reader
}

/// Where the buttons that end a session lead.
fn buttons(page: &str) -> Vec<String> {
    page.split("action=\"/account/sessions/")
        .skip(1)
        .map(|part| part.split('"').next().unwrap().to_owned())
        .filter(|act| act != "end-others")
        .map(|act| format!("/account/sessions/{act}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_shows_who_one_is_and_ends_ones_own_sessions_only() {
    let app = TestApp::spawn().await;
    assert_eq!(Reader::nobody(&app).get("/account").await.location(), "/sign-in?next=%2Faccount");
    let hospital = Reader::sign_in(&app, "hospital").await;
    assert!(buttons(&hospital.get("/account").await.expect(200)).is_empty());
    let (firefox, third) = (with_firefox(&app).await, Reader::sign_in(&app, "hospital").await);
    app.sign_in("hospital").await;
    let page = hospital.get("/account").await.expect(200);
    for word in [
        "試験SJK0001病院",
        "この端末",
        "Firefox（Linux）",
        "127.0.0.1",
        "<td>API</td>",
        "2024年2月10日 12:00",
    ] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert_eq!(buttons(&page).len(), 3);
    // Somebody else's is not there.
    let stranger = Reader::sign_in(&app, "yokohama-hospital").await;
    for path in buttons(&page) {
        assert!(stranger.post(&path, &[]).await.expect(404).contains("session_unknown"));
    }
    firefox.get("/").await.expect(200);
    let of_firefox = buttons(&firefox.get("/account").await.expect(200));
    let own = buttons(&page).into_iter().find(|path| !of_firefox.contains(path)).unwrap();
    let page = hospital.submit(&own, &[]).await;
    assert!(page.contains("ログインを終えました"));
    firefox.get("/").await.location();
    hospital.post(&own, &[]).await.expect(404);
    let page = hospital.submit("/account/sessions/end-others", &[]).await;
    assert!(page.contains("すべて終えました") && buttons(&page).is_empty());
    third.get("/").await.location();
    stranger.get("/").await.expect(200);
    let noted = "SELECT count(*) FROM audit WHERE action = 'end_sessions' AND actor = 'hospital'";
    assert_eq!(app.database.number(noted).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_who_knows_it_and_the_other_sessions_end() {
    let app = TestApp::spawn().await;
    let (tokyo, other) = (Reader::sign_in(&app, "tokyo").await, Reader::sign_in(&app, "tokyo").await);
    assert!(tokyo.get("/account/password").await.expect(200).contains("現在のパスワード"));
    let change = async |current: &str, password: &str, repeat: &str| {
        let form = [("current", current), ("password", password), ("repeat", repeat)];
        tokyo.post("/account/password", &form).await
    };
    for (current, password, repeat, word) in [
        ("wrong horse battery", NEW_PASSWORD, NEW_PASSWORD, "現在のパスワードが違います"),
        (PASSWORD, "short", "short", "13文字以上"),
        (PASSWORD, NEW_PASSWORD, PASSWORD, "一致していません"),
    ] {
        let page = change(current, password, repeat).await.expect(422);
        assert!(page.contains(word), "{page}");
    }
    other.get("/").await.expect(200);
    let shown = change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(shown.location(), "/account?done=password-changed");
    assert!(
        tokyo
            .get("/account?done=password-changed")
            .await
            .expect(200)
            .contains("パスワードを変更し")
    );
    other.get("/").await.location();
    try_password(&app, "tokyo", PASSWORD).await.expect(422);
    assert_eq!(try_password(&app, "tokyo", NEW_PASSWORD).await.location(), "/");
    let noted = "SELECT count(*) FROM audit WHERE action = 'change_password' AND actor = 'prefecture'";
    assert_eq!(app.database.number(noted).await, 1);
    // A stolen session guesses the password no faster than a stranger.
    for _ in 0..5 {
        change("wrong horse battery", PASSWORD, PASSWORD).await;
    }
    change(NEW_PASSWORD, PASSWORD, PASSWORD).await.expect(429);
    app.at(now() + TimeDelta::minutes(5));
    change(NEW_PASSWORD, PASSWORD, PASSWORD).await.location();
}
