//! Links that set a password: the first one, and a lost one.

use chrono::TimeDelta;
use server::app::enrolments::{self, Invitation};
use server::app::outbox;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::pages::Reader;
use tests::smtp::SmtpServer;
use tests::world::{PASSWORD, UNPLACED, done, now};

use super::{NEW_PASSWORD, try_password};

/// The path of the newest link that an address got.
async fn link(app: &TestApp, smtp: &SmtpServer) -> String {
    done(outbox::send_due(&app.state, &Permit::of(Actor::system()).unwrap(), &smtp.mailer()).await);
    let mail = smtp.arrived_for("desk@example.jp").pop().unwrap();
    let line = mail.body.lines().find(|line| line.starts_with("https://")).unwrap().to_owned();
    line.strip_prefix("https://chosa.example.jp").unwrap().to_owned()
}

async fn invited(app: &TestApp, smtp: &SmtpServer) -> String {
    let list = [Invitation {
        hospital: UNPLACED.gmis.to_owned(),
        email: "desk@example.jp".to_owned(),
    }];
    done(enrolments::invite(&app.state, &Permit::of(Actor::system()).unwrap(), &list).await);
    link(app, smtp).await
}

fn twice(password: &str) -> [(&str, &str); 2] {
    [("password", password), ("repeat", password)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_the_first_password_once_and_reading_it_uses_nothing_up() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let path = invited(&app, &smtp).await;
    let nobody = Reader::nobody(&app);
    // A scanner of mails reads links too.
    for _ in 0..3 {
        assert!(nobody.get(&path).await.expect(200).contains("autocomplete=\"new-password\""));
    }
    let stored = "SELECT count(*) FROM account WHERE login = 'tky0001' AND password_hash <> '!'";
    for (form, word) in [
        (twice("too short"), "13文字以上にしてください"),
        (twice("onlylowercaseletters"), "2種類以上を使ってください"),
        ([("password", PASSWORD), ("repeat", NEW_PASSWORD)], "一致していません"),
    ] {
        let page = nobody.post(&path, &form).await.expect(422);
        assert!(page.contains(word) && page.contains("id=\"errors\""), "{page}");
        assert!(!page.contains(form[0].1), "a password is not sent back");
        assert_eq!(app.database.number(stored).await, 0);
    }
    let shown = nobody.post(&path, &twice(NEW_PASSWORD)).await;
    assert_eq!(shown.location(), "/sign-in?done=password-set");
    let page = nobody.get("/sign-in?done=password-set").await.expect(200);
    assert!(page.contains("パスワードを設定しました"));
    assert_eq!(try_password(&app, "tky0001", NEW_PASSWORD).await.location(), "/");
    // Used up.
    assert!(nobody.get(&path).await.expect(404).contains("link_invalid"));
    assert!(nobody.post(&path, &twice(PASSWORD)).await.expect(404).contains("link_invalid"));
    assert!(nobody.get("/enrol/forged").await.expect(404).contains("link_invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_asked_for_and_set_and_nothing_tells_who_has_an_account() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let path = invited(&app, &smtp).await;
    let nobody = Reader::nobody(&app);
    nobody.post(&path, &twice(PASSWORD)).await.location();
    assert!(nobody.get("/sign-in").await.expect(200).contains("href=\"/passwords/reset\""));
    let before = app.database.counts().await;
    for login in ["nosuchxx", "tokyo"] {
        let shown = nobody.post("/passwords/reset", &[("login", login)]).await;
        assert_eq!(shown.location(), "/passwords/reset?done=asked");
    }
    assert_eq!(app.database.counts().await, before);
    let page = nobody.post("/passwords/reset", &[("login", " ")]).await.expect(422);
    assert!(page.contains("ログインIDを入力してください"));
    let known = nobody.submit("/passwords/reset", &[("login", "TKY0001")]).await;
    assert!(known.contains("受け付けました"));
    let path = link(&app, &smtp).await;
    let mut signed_in = Reader::nobody(&app);
    signed_in.keep(&try_password(&app, "tky0001", PASSWORD).await);
    signed_in.get("/").await.expect(200);
    nobody.post(&path, &twice(NEW_PASSWORD)).await.location();
    // Whoever was signed in is out.
    signed_in.get("/").await.location();
    try_password(&app, "tky0001", PASSWORD).await.expect(422);
    assert_eq!(try_password(&app, "tky0001", NEW_PASSWORD).await.location(), "/");
    app.at(now() + TimeDelta::days(20));
    assert!(nobody.get(&path).await.expect(404).contains("届いた最新のメール"));
}
