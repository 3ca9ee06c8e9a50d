//! The ministry's pages of a programme: progress, quotas, coverage, deadlines, files.

use tests::app::TestApp;
use tests::pages::Reader;

use crate::programs::BOARD;

#[tokio::test(flavor = "multi_thread")]
async fn the_ministry_sees_how_far_all_lists_have_come() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get("/programs/2024").await.expect(200);
    for words in [
        "東京都",
        "神奈川県",
        "受理",
        "作成中",
        "1／2",
        "あと1病院",
        "委託事業者への引渡し",
        "延長",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    for file in ["/programs/2024/lists.xlsx", "/programs/2024/hand-over.xlsx"] {
        assert_eq!(administrator.get(file).await.status, 200, "{file}");
    }
    let analyst = Reader::sign_in(&app, "analyst").await;
    let html = analyst.get("/programs/2024").await.expect(200);
    assert!(!html.contains("hand-over"), "{html}");
    analyst.get("/programs/2024/hand-over.xlsx").await.expect(403);
    let html = administrator.get("/programs/2024/coverage").await.expect(200);
    assert!(
        html.contains("電子カルテあり") && html.contains("東京都") && html.contains("合計"),
        "{html}"
    );
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get("/programs/2024/coverage").await.expect(200);
    assert!(html.contains("東京都") && !html.contains("神奈川県"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_set_with_a_reason_and_keeps_its_history() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get("/programs/2024/quotas?cell=13%3A400%2B").await.expect(200);
    assert!(
        html.contains("東京都 400床以上") && html.contains("支援枠の履歴") && html.contains("北海道"),
        "{html}"
    );
    let versions = app.database.counts().await["quota"];
    let form = |hospitals: &'static str, reason: &'static str, seen: &'static str| {
        [("cell", "13:400+"), ("hospitals", hospitals), ("reason", reason), ("seen", seen)]
    };
    let html = administrator.post("/programs/2024/quotas", &form("3", "", "1")).await.expect(422);
    assert!(html.contains("href=\"#reason\"") && html.contains("value=\"3\""), "{html}");
    let html = administrator
        .post("/programs/2024/quotas", &form("三", "追加", "1"))
        .await
        .expect(422);
    assert!(html.contains("href=\"#hospitals\""), "{html}");
    let html = administrator
        .post("/programs/2024/quotas", &form("3", "追加", "0"))
        .await
        .expect(409);
    assert!(html.contains("確認された後に変更されています"), "{html}");
    assert_eq!(app.database.counts().await["quota"], versions);
    let shown = administrator.post("/programs/2024/quotas", &form("3", "追加の配分", "1")).await;
    let html = administrator.get(&shown.location()).await.expect(200);
    assert!(html.contains("追加の配分") && html.contains("支援枠を設定しました"), "{html}");
    assert_eq!(app.database.counts().await["quota"], versions + 1);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    tokyo.post("/programs/2024/quotas", &form("9", "自分で", "2")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_extended_with_a_reason() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let page = format!("{BOARD}/deadline");
    let granted = app.database.counts().await["program_extension"];
    let html = administrator
        .post(&page, &[("act", "extend"), ("until", "2024-07-18T17:00"), ("reason", "")])
        .await
        .expect(422);
    assert!(
        html.contains("value=\"2024-07-18T17:00\"") && html.contains("href=\"#extend-until\""),
        "{html}"
    );
    let html = administrator
        .post(&page, &[("act", "extend"), ("until", "来週"), ("reason", "調整中")])
        .await
        .expect(422);
    assert!(html.contains("日時は"), "{html}");
    assert_eq!(app.database.counts().await["program_extension"], granted);
    let form = [("act", "extend"), ("until", "2024-07-18T17:00"), ("reason", "調整中のため")];
    assert_eq!(administrator.post(&page, &form).await.location(), format!("{BOARD}?done=extend"));
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    assert!(tokyo.get(BOARD).await.expect(200).contains("提出期限：2024年7月18日 17:00"));
    tokyo.post(&page, &form).await.expect(403);
}
