//! What is tried out and computed before it is set: effort and plan, quotas from a file and from a total; and opening a programme.

use tests::app::TestApp;
use tests::pages::{Reader, field};

const QUOTAS: &str = "/programs/2024/quotas";
const PLAN: &str = "/programs/2024/plan";

#[tokio::test(flavor = "multi_thread")]
async fn effort_and_plan_are_tried_in_the_address_bar() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get(PLAN).await.expect(200);
    assert!(
        html.contains("作業量（病床規模区分ごと）") && html.contains("神奈川県") && !html.contains(">終わる日</th>"),
        "{html}"
    );
    let tried = format!("{PLAN}?of=remaining&teams=2&from=2024-06-03&until=2024-12-27&totals=6,2&person_days=4,8,16&surveyors=2");
    let html = administrator.get(&tried).await.expect(200);
    for words in [
        "終わる日",
        "必要な班",
        "2024年度",
        "2025年度",
        "年度の後の残り",
        "4人日",
        "value=\"6,2\"",
        "異なる値で試しています",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    for (query, place) in [
        ("teams=0", "teams"),
        ("until=2000-01-01", "until"),
        ("days=1,2,3", "surveyors"),
        ("surveyors=4", "surveyors"),
        ("person_days=5", "person_days"),
        ("totals=x", "totals"),
        ("totals=1", "totals"),
        ("from=明日", "from"),
    ] {
        let html = administrator.get(&format!("{PLAN}?{query}")).await.expect(422);
        assert!(
            html.contains(&format!("href=\"#{place}\"")) && html.contains(&format!("id=\"{place}-error\"")),
            "{query}: {html}"
        );
    }
    administrator.get("/programs/none/plan").await.expect(404);
    // A prefecture sees its own rows, also by an address that the ministry sent it.
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    tokyo.get(&format!("{PLAN}?teams=1&per=nation")).await.expect(200);
    let html = tokyo.get(&format!("{PLAN}?totals=6&teams=1")).await.expect(200);
    assert!(html.contains("東京都") && !html.contains("神奈川県"), "{html}");
    tokyo.get(&format!("{PLAN}?prefecture=14")).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_of_a_file_are_looked_at_and_then_only_those_are_set() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let page = format!("{QUOTAS}/import");
    administrator.get(&page).await.expect(200);
    let versions = "SELECT count(*) FROM quota";
    let before = app.database.number(versions).await;
    let good = "都道府県,病床規模区分,支援枠\n東京都,400床以上,3\n大阪府,20～199床,2\n"
        .as_bytes()
        .to_vec();
    let html = administrator
        .upload(&page, &[("act", "check")], "waku.csv", good.clone())
        .await
        .expect(200);
    assert!(
        html.contains("変わる支援枠（2枠）") && html.contains("+1") && html.contains("未設定"),
        "{html}"
    );
    let hash = field(&html, "hash");
    let bad = "都道府県,病床規模区分,支援枠\n東京都,400床以上,三\n".as_bytes().to_vec();
    let html = administrator
        .upload(&page, &[("act", "check")], "waku.csv", bad.clone())
        .await
        .expect(422);
    assert!(html.contains("C2") && html.contains("三"), "{html}");
    administrator
        .upload(&page, &[("act", "set"), ("reason", "増枠")], "waku.csv", bad)
        .await
        .expect(422);
    let html = administrator
        .upload(&page, &[("act", "set"), ("hash", &hash)], "waku.csv", good.clone())
        .await
        .expect(422);
    assert!(html.contains("href=\"#reason\""), "{html}");
    let form = [("act", "set"), ("hash", "0"), ("reason", "増枠")];
    administrator.upload(&page, &form, "waku.csv", good.clone()).await.expect(409);
    assert_eq!(app.database.number(versions).await, before);
    let form = [("act", "set"), ("hash", hash.as_str()), ("reason", "増枠のため")];
    let shown = administrator.upload(&page, &form, "waku.csv", good.clone()).await;
    let html = administrator
        .get(&format!("{}&cell=13%3A400%2B", shown.location()))
        .await
        .expect(200);
    assert!(html.contains("ファイルのとおり") && html.contains("増枠のため"), "{html}");
    assert_eq!(app.database.number(versions).await, before + 2);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    tokyo.upload(&page, &form, "waku.csv", good).await.expect(403);
    assert!(!tokyo.get(QUOTAS).await.expect(200).contains("ファイルで設定する"));
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_computed_and_taken_over_as_they_were_shown() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let page = format!("{QUOTAS}/compute");
    let versions = "SELECT count(*) FROM quota";
    let before = app.database.number(versions).await;
    let html = administrator.get(&page).await.expect(200);
    assert!(!html.contains("id=\"proposal\""), "{html}");
    let html = administrator
        .get(&format!("{page}?total=3&method=largest_remainder"))
        .await
        .expect(200);
    assert!(
        html.contains("全国3病院を") && html.contains("変わる支援枠") && html.contains("神奈川県"),
        "{html}"
    );
    let hash = field(&html, "hash");
    for (query, place) in [
        ("total=900&method=biproportional", "total"),
        ("total=&method=biproportional", "total"),
        ("total=三", "total"),
        ("total=3&at_least=少", "at_least"),
        ("total=3&band-400-up=x", "band_totals"),
        ("total=3&prefecture_totals=東京都", "prefecture_totals"),
        ("total=3&method=largest_remainder&band-400-up=3", "method"),
    ] {
        let html = administrator.get(&format!("{page}?{query}")).await.expect(422);
        assert!(
            html.contains(&format!("href=\"#{place}\"")) && html.contains(&format!("id=\"{place}\"")),
            "{query}: {html}"
        );
        let told = if place == "band_totals" { "band-400-up" } else { place };
        assert!(html.contains(&format!("id=\"{told}-error\"")), "{query}: {html}");
    }
    let form =
        |hash: &'static str, reason: &'static str| [("total", "3"), ("method", "largest_remainder"), ("hash", hash), ("reason", reason)];
    administrator.post(&page, &form("0", "再計算")).await.expect(409);
    let form = |reason: &'static str| {
        [
            ("total", "3"),
            ("method", "largest_remainder"),
            ("hash", hash.as_str()),
            ("reason", reason),
        ]
    };
    let html = administrator.post(&page, &form("")).await.expect(422);
    assert!(html.contains("href=\"#reason\"") && html.contains("計算した案"), "{html}");
    assert_eq!(app.database.number(versions).await, before);
    let shown = administrator.post(&page, &form("再計算")).await;
    assert!(
        administrator
            .get(&shown.location())
            .await
            .expect(200)
            .contains("計算した案のとおり")
    );
    assert!(app.database.number(versions).await > before);
    Reader::sign_in(&app, "tokyo").await.get(&page).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_is_opened_once_and_what_is_missing_is_said_at_its_field() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    assert!(administrator.get("/programs").await.expect(200).contains("/new-program"));
    let html = administrator.get("/new-program").await.expect(200);
    assert!(html.contains("name=\"surveys\"") && html.contains("※必須"), "{html}");
    let form = |id: &'static str, title: &'static str, deadline: &'static str| {
        [
            ("id", id),
            ("title", title),
            ("fiscal_year", "2025"),
            ("surveys", "2022"),
            ("surveys", "2024"),
            ("use_rule", "通知の記4"),
            ("deadline", deadline),
            ("banding", "survey"),
            ("consent", "rule"),
            ("intake_survey", ""),
        ]
    };
    let due = "2025-07-18T17:00";
    let programs = "SELECT count(*) FROM program";
    let before = app.database.number(programs).await;
    for (form, status, place) in [
        (form("二〇二五", "次の事業", due), 422, "id"),
        (form("2024", "次の事業", due), 409, "id"),
        (form("2025", "", due), 422, "title"),
        (form("2025", "次の事業", "来週"), 422, "deadline"),
    ] {
        let html = administrator.post("/new-program", &form).await.expect(status);
        assert!(
            html.contains(&format!("href=\"#{place}\"")) && html.contains("通知の記4"),
            "{place}: {html}"
        );
    }
    let mut none = form("2025", "次の事業", due).to_vec();
    none.retain(|(name, _)| *name != "surveys");
    let html = administrator.post("/new-program", &none).await.expect(422);
    assert!(html.contains("href=\"#surveys\""), "{html}");
    assert_eq!(app.database.number(programs).await, before);
    let shown = administrator.post("/new-program", &form("2025", "次の事業", due)).await;
    assert_eq!(shown.location(), "/programs/2025?done=opened");
    let html = administrator.get(&shown.location()).await.expect(200);
    assert!(
        html.contains("支援事業を始めました") && html.contains("2024年、2022年調査") && html.contains("500床"),
        "{html}"
    );
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    tokyo.get("/new-program").await.expect(403);
    tokyo.post("/new-program", &form("2026", "勝手な事業", due)).await.expect(403);
    assert!(!tokyo.get("/programs").await.expect(200).contains("/new-program"));
}
