//! The list of programmes and the selection board: who sees it, each step of a prefecture, what is refused and that nothing of it was stored.

use tests::app::TestApp;
use tests::pages::{Reader, field};
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, UNPLACED};

/// Tokyo's board in the world with answers: one hospital under 200 beds is chosen, and one of two with 400 and more.
pub(crate) const BOARD: &str = "/programs/2024/prefectures/13";

/// A form of the board as it is shown now.
pub(crate) async fn act(reader: &Reader, act: &str, fields: &[(&str, &str)]) -> tests::pages::Shown {
    let html = reader.get(BOARD).await.expect(200);
    let (version, key) = (field(&html, "version"), field(&html, "key"));
    let mut form = vec![("act", act), ("version", version.as_str()), ("key", key.as_str())];
    form.extend(fields);
    reader.post(BOARD, &form).await
}

async fn version(app: &TestApp) -> i64 {
    app.database
        .number("SELECT version::bigint FROM prefecture_list WHERE program_id = '2024' AND prefecture = 13")
        .await
}

/// Who is chosen in the cell of under 200 beds, and who is not.
pub(crate) fn chosen_and_other(html: &str) -> (&'static str, &'static str) {
    let place = |gmis: &str| html.find(&format!("id=\"h-{gmis}\"")).unwrap();
    if place(OWN.gmis) < place(OTHER_WARD.gmis) {
        (OWN.gmis, OTHER_WARD.gmis)
    } else {
        (OTHER_WARD.gmis, OWN.gmis)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_the_programmes_that_are_its_own() {
    let app = TestApp::answered().await;
    for login in ["hospital", "shinjuku", "operator"] {
        let reader = Reader::sign_in(&app, login).await;
        for page in [
            "/programs",
            "/programs/2024",
            BOARD,
            "/programs/2024/quotas",
            "/programs/2024/coverage",
        ] {
            reader.get(page).await.expect(403);
        }
    }
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get("/programs").await.expect(200);
    assert!(
        html.contains("試験支援事業") && html.contains("作成中") && html.contains(BOARD),
        "{html}"
    );
    assert_eq!(tokyo.get("/programs/2024").await.location(), BOARD);
    for page in ["", "/others", "/quota", "/criteria"] {
        tokyo.get(&format!("/programs/2024/prefectures/14{page}")).await.expect(403);
    }
    for page in ["/programs/2023", "/programs/2024/prefectures/99", "/programs/2023/prefectures/13"] {
        tokyo.get(page).await.expect(404);
    }
    let analyst = Reader::sign_in(&app, "analyst").await;
    let html = analyst.get("/programs").await.expect(200);
    assert!(html.contains("受理") && html.contains("1都道府県"), "{html}");
    let html = analyst.get(BOARD).await.expect(200);
    assert!(
        !html.contains("提出する</button>") && !html.contains("method=\"post\" action=\"/programs"),
        "{html}"
    );
    assert!(!html.contains("list.xlsx"), "an analyst has no contacts");
    analyst.get(&format!("{BOARD}/list.xlsx")).await.expect(403);
    analyst.post(BOARD, &[("act", "hand_in")]).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_says_what_is_missing_and_why_each_hospital_stands_where_it_stands() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(BOARD).await.expect(200);
    for words in [
        "枠どおり",
        "あと1病院",
        "支援枠 3病院に対して、選定 2病院",
        "補欠1位",
        "推薦した病院",
        "地域の要",
        "期限延長あり",
        "立入検査（2023年10月1日）：口頭指導",
        "都道府県の選定基準（第1版）",
        "基準により選定した",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // Parts add up to the score.
    let row = &html[html.find(&format!("id=\"h-{}\"", NEIGHBOUR.gmis)).unwrap()..];
    let row = &row[..row.find("</tr>\n<tr class=\"total\"").unwrap_or(row.len())];
    assert!(row.contains("合計") || row.contains("必要性"), "{row}");
    // By name, and one cell alone.
    let html = tokyo.get(&format!("{BOARD}?q={}", NEIGHBOUR.gmis.to_lowercase())).await.expect(200);
    assert!(
        html.contains(NEIGHBOUR.gmis) && !html.contains(&format!("h-{}", OWN.gmis)),
        "{html}"
    );
    let html = tokyo.get(&format!("{BOARD}?band=400%2B")).await.expect(200);
    assert!(
        html.contains("id=\"cell-400-up\"") && !html.contains("id=\"cell-20-199\""),
        "{html}"
    );
    let file = tokyo.get(&format!("{BOARD}/selection.xlsx")).await;
    assert_eq!((file.status, &file.html.as_bytes()[..2]), (200, &b"PK"[..]));
    let file = tokyo.get(&format!("{BOARD}/list.xlsx")).await;
    assert_eq!(file.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_is_dropped_and_another_added_with_a_reason_each() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let (chosen, other) = chosen_and_other(&tokyo.get(BOARD).await.expect(200));
    let before = version(&app).await;
    // Without a reason it stays, and its form stands open.
    let html = act(&tokyo, "drop", &[("hospital", chosen), ("reason", " ")]).await.expect(422);
    assert!(
        html.contains(&format!("href=\"#drop-{chosen}\"")) && html.contains("理由を記入してください"),
        "{html}"
    );
    assert_eq!(version(&app).await, before);
    // A cell is never over its quota.
    let html = act(&tokyo, "add", &[("hospital", other), ("reason", "地域の中核")])
        .await
        .expect(409);
    assert!(html.contains("埋まっています"), "{html}");
    assert_eq!(version(&app).await, before);

    let html = tokyo.get(BOARD).await.expect(200);
    let (version_seen, key) = (field(&html, "version"), field(&html, "key"));
    let form = [
        ("act", "drop"),
        ("version", version_seen.as_str()),
        ("key", key.as_str()),
        ("hospital", chosen),
        ("reason", "辞退の申出"),
    ];
    assert_eq!(tokyo.post(BOARD, &form).await.location(), format!("{BOARD}?done=drop"));
    // The same button pressed twice is one step.
    assert_eq!(tokyo.post(BOARD, &form).await.location(), format!("{BOARD}?done=drop"));
    assert_eq!(version(&app).await, before + 1);
    let html = tokyo.get(&format!("{BOARD}?done=drop")).await.expect(200);
    assert!(
        html.contains("病院をリストから外しました") && html.contains("手作業で外した病院"),
        "{html}"
    );

    let shown = act(&tokyo, "add", &[("hospital", other), ("reason", "地域の中核")]).await;
    assert_eq!(shown.location(), format!("{BOARD}?done=add#h-{other}"));
    let html = tokyo.get(BOARD).await.expect(200);
    assert!(html.contains("を追加した（1位）") && html.contains("理由：地域の中核"), "{html}");
    assert_eq!(chosen_and_other(&html), (other, chosen));
    // A new run asks before it throws that away.
    let html = act(&tokyo, "choose", &[]).await.expect(409);
    assert!(html.contains("手作業の変更を破棄して"), "{html}");
    act(&tokyo, "choose", &[("discard", "yes")]).await.location();
    assert_eq!(chosen_and_other(&tokyo.get(BOARD).await.expect(200)), (chosen, other));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_see_the_last_step_is_shown_it() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let colleague = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(BOARD).await.expect(200);
    let (seen, key) = (field(&html, "version"), field(&html, "key"));
    let (chosen, _) = chosen_and_other(&html);
    act(&colleague, "drop", &[("hospital", NEIGHBOUR.gmis), ("reason", "統合の予定")])
        .await
        .location();
    let before = version(&app).await;
    let form = [
        ("act", "drop"),
        ("version", seen.as_str()),
        ("key", key.as_str()),
        ("hospital", chosen),
        ("reason", "古い画面から"),
    ];
    let html = tokyo.post(BOARD, &form).await.expect(409);
    let meanwhile = html.find("id=\"meanwhile\"").unwrap();
    assert!(html[meanwhile..].contains("統合の予定"), "{html}");
    let typed = format!("id=\"drop-{chosen}\" type=\"text\" name=\"reason\" value=\"古い画面から\"");
    assert!(html.contains(&typed), "{html}");
    assert_ne!(field(&html, "version"), seen);
    assert_eq!(version(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_handed_in_only_when_every_cell_is_exact_and_then_only_read() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let before = version(&app).await;
    let html = act(&tokyo, "hand_in", &[]).await.expect(409);
    assert!(
        html.contains("href=\"#sum-400-up\"") && html.contains("支援枠2病院に対して、選定は1病院です"),
        "{html}"
    );
    assert_eq!(version(&app).await, before);

    let administrator = Reader::sign_in(&app, "administrator").await;
    let form = [
        ("cell", "13:400+"),
        ("hospitals", "1"),
        ("reason", "候補が足りないため"),
        ("seen", "1"),
    ];
    administrator.post("/programs/2024/quotas", &form).await.location();
    assert_eq!(act(&tokyo, "hand_in", &[]).await.location(), format!("{BOARD}?done=hand_in"));
    let html = tokyo.get(BOARD).await.expect(200);
    assert!(
        html.contains("提出済み") && !html.contains("リストから外す") && !html.contains("選定し直す"),
        "{html}"
    );
    let seen = version(&app).await.to_string();
    let late = [
        ("act", "drop"),
        ("hospital", OWN.gmis),
        ("reason", "遅い"),
        ("version", seen.as_str()),
        ("key", "k1"),
    ];
    let html = tokyo.post(BOARD, &late).await.expect(409);
    assert!(html.contains("差戻しを依頼してください"), "{html}");

    // The ministry returns it with a reason, which the prefecture reads; handed in again, it is accepted.
    let decision = format!("{BOARD}/decision");
    let html = administrator.get(BOARD).await.expect(200);
    let seen = field(&html, "version");
    let no_reason = [("act", "return"), ("version", seen.as_str()), ("key", "k1")];
    let html = administrator.post(&decision, &no_reason).await.expect(422);
    assert!(html.contains("href=\"#return-reason\""), "{html}");
    let form = [
        ("act", "return"),
        ("version", seen.as_str()),
        ("key", "k2"),
        ("reason", "順位の理由を確認"),
    ];
    assert_eq!(
        administrator.post(&decision, &form).await.location(),
        format!("{BOARD}?done=return")
    );
    let html = tokyo.get(BOARD).await.expect(200);
    assert!(html.contains("差戻し") && html.contains("順位の理由を確認"), "{html}");
    tokyo.post(&decision, &form).await.expect(403);
    act(&tokyo, "hand_in", &[]).await.location();
    let seen = field(&administrator.get(BOARD).await.expect(200), "version");
    let form = [("act", "accept"), ("version", seen.as_str()), ("key", "k3")];
    administrator.post(&decision, &form).await.location();
    // After acceptance a reserve takes the place of one that leaves.
    let html = tokyo.get(BOARD).await.expect(200);
    let (chosen, other) = chosen_and_other(&html);
    assert!(html.contains("補欠と入れ替える"), "{html}");
    act(&tokyo, "replace", &[("hospital", chosen), ("reason", "辞退"), ("by", other)])
        .await
        .location();
    let html = tokyo.get(BOARD).await.expect(200);
    assert!(html.contains("補欠から繰上げ") && html.contains("に入れ替えた"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ranks_are_changed_within_a_cell() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let form = [("cell", "13:20-199"), ("hospitals", "2"), ("reason", "追加の配分"), ("seen", "1")];
    administrator.post("/programs/2024/quotas", &form).await.location();
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    act(&tokyo, "choose", &[]).await.location();
    let (first, second) = chosen_and_other(&tokyo.get(BOARD).await.expect(200));
    let shown = act(&tokyo, "up", &[("hospital", second), ("rank", "2")]).await;
    assert_eq!(shown.location(), format!("{BOARD}?done=rank#h-{second}"));
    assert_eq!(chosen_and_other(&tokyo.get(BOARD).await.expect(200)), (second, first));
    act(&tokyo, "rank", &[("hospital", second), ("rank", "3")]).await.expect(409);
    let html = act(&tokyo, "rank", &[("hospital", second), ("rank", "x")]).await.expect(422);
    assert!(html.contains("順位は1以上の整数"), "{html}");
    act(&tokyo, "nonsense", &[("hospital", UNPLACED.gmis)]).await.expect(422);
}
