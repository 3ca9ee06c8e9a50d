//! Reminding those that have not answered: looked at, then sent once.

use tests::app::TestApp;
use tests::pages::{Reader, field};

use super::{OFFICES, statuses};

const PATH: &str = "/surveys/2024/reminders";

async fn mails(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM outbox WHERE purpose = 'reminder'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_is_looked_at_and_sent_once() {
    let app = TestApp::answered().await;
    assert_eq!(statuses(&app, PATH, &OFFICES).await, [200, 200, 200, 403, 200, 403]);
    assert_eq!(Reader::sign_in(&app, "hospital").await.get(PATH).await.status, 403);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(PATH).await.expect(200);
    assert!(
        html.contains("【ご回答のお願い】{survey}") && html.contains("value=\"2024-02-10\""),
        "{html}"
    );
    assert!(tokyo.get(&format!("{PATH}?template=last")).await.expect(200).contains("【期限間近"));
    let before = mails(&app).await;
    let form = [
        ("act", "preview"),
        ("area", "13"),
        ("band", ""),
        ("subject", "お願い {survey}"),
        ("body", "{hospital} ご担当者様\r\n{deadline}まで"),
        ("round", "second"),
    ];
    let preview = tokyo.post(PATH, &form).await.expect(200);
    for words in [
        "まだ送っていません",
        "<strong>1病院</strong>",
        "tky0001@example.jp",
        "試験TKY0001病院 ご担当者様<br>",
    ] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    assert_eq!(mails(&app).await, before);
    let key = field(&preview, "key");
    let mut send = form.to_vec();
    send[0] = ("act", "send");
    send.push(("key", &key));
    let there = tokyo.post(PATH, &send).await.location();
    assert_eq!(there, "/surveys/2024/reminders?done=sent&area=13&round=second");
    assert_eq!(tokyo.post(PATH, &send).await.location(), there);
    // By another page too: a hospital gets one mail a round.
    send[6] = ("key", "another");
    tokyo.post(PATH, &send).await.location();
    assert_eq!(mails(&app).await, before + 1);
    let html = tokyo.get(&there).await.expect(200);
    assert!(
        html.contains("この回の結果") && html.contains("<dt>この回のメールを送った病院</dt><dd>1病院</dd>"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_and_foreign_areas_send_nothing() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let before = mails(&app).await;
    let form = |area: &'static str, body: &'static str| {
        [
            ("act", "send"),
            ("key", "k"),
            ("area", area),
            ("subject", "件名"),
            ("body", body),
            ("round", "x"),
        ]
    };
    let html = tokyo.post(PATH, &form("13", "{nobody}")).await.expect(422);
    assert!(html.contains("href=\"#body\"") && html.contains("{nobody}"), "{html}");
    for area in ["14", "nation"] {
        assert_eq!(tokyo.post(PATH, &form(area, "本文")).await.status, 403);
    }
    for (login, status) in [("analyst", 403), ("hospital", 403), ("operator", 403)] {
        assert_eq!(
            Reader::sign_in(&app, login).await.post(PATH, &form("13", "本文")).await.status,
            status
        );
    }
    assert_eq!(mails(&app).await, before);
}
