//! What a prefecture says beside its list: nominations and exclusions, requests for quota, criteria.

use tests::app::TestApp;
use tests::pages::{Reader, field};
use tests::world::{NEIGHBOUR, OTHER_WARD, UNPLACED};

use crate::programs::BOARD;

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_is_nominated_excluded_and_taken_back_with_reasons() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let page = format!("{BOARD}/others");
    let html = tokyo.get(&format!("{page}?hospital={}", NEIGHBOUR.gmis)).await.expect(200);
    assert_eq!(
        field(&html, "hospital"),
        UNPLACED.gmis,
        "the form that takes the nomination back comes first"
    );
    assert!(
        html.contains("地域の要") && html.contains(&format!("value=\"{}\"", NEIGHBOUR.gmis)),
        "{html}"
    );
    let counts = app.database.counts().await;
    let form = [("act", "exclude"), ("hospital", "sjk0002"), ("reason", ""), ("key", "a")];
    let html = tokyo.post(&page, &form).await.expect(422);
    assert!(html.contains("href=\"#reason\"") && html.contains("value=\"sjk0002\""), "{html}");
    let form = [("act", "exclude"), ("hospital", "ZZZ9999"), ("reason", "統合"), ("key", "a")];
    let html = tokyo.post(&page, &form).await.expect(422);
    assert!(html.contains("href=\"#hospital\""), "{html}");
    let form = [("act", ""), ("hospital", "sjk0002"), ("reason", "統合"), ("key", "a")];
    tokyo.post(&page, &form).await.expect(422);
    assert_eq!(app.database.counts().await["exclusion"], counts["exclusion"]);

    let form = [("act", "exclude"), ("hospital", "sjk0002"), ("reason", "統合の予定"), ("key", "b")];
    assert_eq!(tokyo.post(&page, &form).await.location(), format!("{page}?done=exclude"));
    let html = tokyo.get(&page).await.expect(200);
    assert!(html.contains("都道府県が除外しました（統合の予定）"), "{html}");
    // It stands on the list and may not be handed in.
    let board = tokyo.get(BOARD).await.expect(200);
    assert!(board.contains("このままでは提出できません"), "{board}");
    let back = [
        ("act", "withdraw_exclusion"),
        ("hospital", NEIGHBOUR.gmis),
        ("reason", ""),
        ("key", "c"),
    ];
    let html = tokyo.post(&page, &back).await.expect(422);
    assert!(html.contains("href=\"#withdraw_exclusion-SJK0002\""), "{html}");
    let back = [
        ("act", "withdraw_exclusion"),
        ("hospital", NEIGHBOUR.gmis),
        ("reason", "統合の中止"),
        ("key", "d"),
    ];
    tokyo.post(&page, &back).await.location();
    assert!(!tokyo.get(&page).await.expect(200).contains("都道府県が除外しました"));
    let analyst = Reader::sign_in(&app, "analyst").await;
    assert!(
        !analyst
            .get(&page)
            .await
            .expect(200)
            .contains("<form method=\"post\" action=\"/programs")
    );
    analyst.post(&page, &back).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_is_asked_for_and_the_ministry_answers() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let page = format!("{BOARD}/quota");
    let html = tokyo.get(&page).await.expect(200);
    assert!(html.contains("東京都 400床以上") && html.contains("認めなかった"), "{html}");
    let asked = app.database.counts().await["quota_request"];
    let form = [
        ("key", "a"),
        ("reason", "候補が足りない"),
        ("from-1", "13:400+"),
        ("to-1", ""),
        ("hospitals-1", "1"),
    ];
    let html = tokyo.post(&page, &form).await.expect(422);
    assert!(
        html.contains("1行目") && html.contains("候補が足りない") && html.contains("value=\"13:400+\" selected"),
        "{html}"
    );
    let form = [
        ("key", "a"),
        ("reason", "候補が足りない"),
        ("from-1", "14:400+"),
        ("to-1", "27:400+"),
        ("hospitals-1", "1"),
    ];
    assert!(tokyo.post(&page, &form).await.expect(422).contains("自分の都道府県"));
    assert_eq!(app.database.counts().await["quota_request"], asked);
    let form = [
        ("key", "b"),
        ("reason", "候補が足りない"),
        ("from-1", "13:400+"),
        ("to-1", "13:200-399"),
        ("hospitals-1", "1"),
    ];
    assert_eq!(tokyo.post(&page, &form).await.location(), format!("{page}?done=asked"));
    tokyo.post("/programs/2024/prefectures/14/quota", &form).await.expect(403);
    assert_eq!(app.database.counts().await["quota_request"], asked + 1);
    assert!(tokyo.get(BOARD).await.expect(200).contains("回答待ち1件"));
    let html = tokyo.get("/programs/2024/requests").await.expect(200);
    assert!(html.contains("回答待ち") && !html.contains("認める</button>"), "{html}");

    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get("/programs/2024/requests").await.expect(200);
    let place = html.find("action=\"/programs/2024/requests/").unwrap() + "action=\"".len();
    let action = html[place..].split('"').next().unwrap();
    tokyo.post(action, &[("act", "grant"), ("reason", "自分で")]).await.expect(403);
    let html = administrator.post(action, &[("act", "grant"), ("reason", "")]).await.expect(422);
    assert!(html.contains("href=\"#reason-"), "{html}");
    let shown = administrator.post(action, &[("act", "grant"), ("reason", "適当と認める")]).await;
    assert_eq!(shown.location(), "/programs/2024/requests?done=grant");
    administrator
        .post(action, &[("act", "refuse"), ("reason", "やはり")])
        .await
        .expect(409);
    let html = tokyo.get("/programs/2024/quotas?cell=13%3A400%2B").await.expect(200);
    assert!(
        html.contains("東京都の依頼による（候補が足りない）") && html.contains("適当と認める"),
        "{html}"
    );
    assert!(!html.contains("神奈川県") && !html.contains("この枠を設定する"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_are_weighed_looked_at_and_saved() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let page = format!("{BOARD}/criteria");
    let html = tokyo.get(&page).await.expect(200);
    assert!(html.contains("オフラインのバックアップがない") && html.contains("第1版"), "{html}");
    let versions = app.database.counts().await["program_criteria"];
    // Only beds count: another hospital would be chosen.
    let keys: Vec<String> = html
        .split("name=\"points.")
        .skip(1)
        .map(|rest| format!("points.{}", rest.split('"').next().unwrap()))
        .collect();
    let large = keys.iter().find(|key| key.contains("safety_manager")).unwrap().clone();
    let mut form = vec![("version", "1"), ("name", "東京都の基準"), ("act", "preview")];
    form.extend(keys.iter().map(|key| (key.as_str(), if *key == large { "100" } else { "0" })));
    let html = tokyo.post(&page, &form).await.expect(200);
    assert!(html.contains("この変更の影響") && html.contains("まだ保存していません"), "{html}");
    assert_eq!(field(&html, &large), "100");
    assert_eq!(app.database.counts().await["program_criteria"], versions);
    // Nothing to score by, and what is no number.
    let nothing: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, if *value == "100" { "0" } else { *value }))
        .collect();
    tokyo.post(&page, &nothing).await.expect(422);
    let words: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, if *value == "100" { "多め" } else { *value }))
        .collect();
    let html = tokyo.post(&page, &words).await.expect(422);
    assert!(
        html.contains("0以上の整数で入力してください") && html.contains("value=\"多め\""),
        "{html}"
    );
    assert_eq!(app.database.counts().await["program_criteria"], versions);

    form[2] = ("act", "save");
    assert_eq!(tokyo.post(&page, &form).await.location(), format!("{page}?done=saved"));
    assert_eq!(app.database.counts().await["program_criteria"], versions + 1);
    // An old page does not overwrite it.
    let other: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, if *value == "100" { "50" } else { *value }))
        .collect();
    let html = tokyo.post(&page, &other).await.expect(409);
    assert_eq!(field(&html, "version"), "2");
    let json = [("version", "2"), ("how", "json"), ("act", "save"), ("json", "{")];
    let html = tokyo.post(&page, &json).await.expect(422);
    assert!(html.contains("JSONとして読み取れません"), "{html}");
    let analyst = Reader::sign_in(&app, "analyst").await;
    let html = analyst.get(&page).await.expect(200);
    assert!(!html.contains("name=\"points.") && html.contains("用いない"), "{html}");
    analyst.post(&page, &form).await.expect(403);
    assert!(tokyo.get(BOARD).await.expect(200).contains(OTHER_WARD.gmis));
}
