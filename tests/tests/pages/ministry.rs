//! Windows, map, releases, trends and the audit.

use tests::app::TestApp;
use tests::pages::{Reader, field};
use tests::world::OWN;

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_opened_again_ended_early_and_extended_with_reasons() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let page = "/surveys/2024/windows";
    let html = administrator.get(page).await.expect(200);
    assert!(
        html.contains("事務連絡による") && html.contains("受付中") && html.contains("病院 SJK0001"),
        "{html}"
    );
    let counts = app.database.counts().await;
    let form = [
        ("open-from", "2024-04-01T09:00"),
        ("open-until", "2024-04-10T17:00"),
        ("open-reason", ""),
    ];
    let html = administrator.post(&format!("{page}/open"), &form).await.expect(422);
    assert!(
        html.contains("href=\"#open-reason\"") && html.contains("value=\"2024-04-10T17:00\""),
        "{html}"
    );
    let form = [
        ("extend-whom", "ZZZ9999"),
        ("extend-until", "2024-04-10T17:00"),
        ("extend-reason", "災害"),
    ];
    let html = administrator.post(&format!("{page}/extend"), &form).await.expect(422);
    assert!(
        html.contains("href=\"#extend-whom\"") && html.contains("value=\"ZZZ9999\""),
        "{html}"
    );
    let window = field(&html, "window");
    let html = administrator
        .post(
            &format!("{page}/close"),
            &[("window", window.as_str()), ("until", ""), ("reason", "")],
        )
        .await
        .expect(422);
    assert!(html.contains(&format!("href=\"#close-reason-{window}\"")), "{html}");
    let after = app.database.counts().await;
    for table in ["survey_window", "window_closure", "extension"] {
        assert_eq!(after[table], counts[table], "{table}");
    }

    let form = [
        ("open-from", "2024-04-01T09:00"),
        ("open-until", "2024-04-10T17:00"),
        ("open-reason", "再開"),
    ];
    assert_eq!(
        administrator.post(&format!("{page}/open"), &form).await.location(),
        format!("{page}?done=open")
    );
    for (whom, shown) in [("東京都", "東京都"), ("13104", "東京都新宿区"), (OWN.gmis, "病院 SJK0001")] {
        let form = [
            ("extend-whom", whom),
            ("extend-until", "2024-05-10T17:00"),
            ("extend-reason", "災害のため"),
        ];
        administrator.post(&format!("{page}/extend"), &form).await.location();
        let html = administrator.get(page).await.expect(200);
        assert!(html.contains(shown) && html.contains("2024年5月10日 17:00"), "{html}");
    }
    let form = [("window", window.as_str()), ("until", "2024-03-01T17:00"), ("reason", "集計のため")];
    administrator.post(&format!("{page}/close"), &form).await.location();
    let html = administrator.get(page).await.expect(200);
    assert!(
        html.contains("2024年3月1日 17:00に繰上げ（集計のため）") && html.contains("再開"),
        "{html}"
    );
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(page).await.expect(200);
    assert!(!html.contains("<form method=\"post\" action=\"/surveys"), "{html}");
    tokyo.post(&format!("{page}/close"), &form).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_and_its_table_are_for_who_may_see_the_nation() {
    let app = TestApp::answered().await;
    let analyst = Reader::sign_in(&app, "analyst").await;
    let html = analyst.get("/surveys/2024/map").await.expect(200);
    assert!(
        html.contains("東京都") && html.contains("75.0%") && html.contains("71.4%"),
        "{html}"
    );
    let picture = analyst.get("/surveys/2024/map.svg").await;
    assert_eq!(picture.headers["content-type"], "image/svg+xml");
    assert!(picture.html.contains("75.0%") || picture.html.contains("東京"), "{}", picture.html);
    for login in ["tokyo", "shinjuku", "hospital", "operator"] {
        let reader = Reader::sign_in(&app, login).await;
        reader.get("/surveys/2024/map").await.expect(403);
        reader.get("/surveys/2024/map.svg").await.expect(403);
    }
    analyst.get("/surveys/2021/map").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_read_by_everybody_and_made_by_the_ministry() {
    let app = TestApp::answered().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let html = hospital.get("/surveys/2024/releases").await.expect(200);
    assert!(html.contains("第1版") && !html.contains("releases/new"), "{html}");
    let html = hospital.get("/surveys/2024/releases/1").await.expect(200);
    assert!(
        html.contains("houkoku_2024.xlsx") && !html.contains("microdata") && !html.contains("/check"),
        "{html}"
    );
    let file = hospital.get("/surveys/2024/releases/1/files/codebook_2024.csv").await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"codebook_2024.csv\"");
    hospital.get("/surveys/2024/releases/9").await.expect(404);
    hospital.get("/surveys/2024/releases/new").await.expect(403);
    hospital.get("/surveys/2024/releases/1/check").await.expect(403);

    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get("/surveys/2024/releases/1").await.expect(200);
    assert!(html.contains("microdata") && html.contains("厚生労働省内のみ"), "{html}");
    let html = administrator.get("/surveys/2024/releases/1/check").await.expect(200);
    assert!(html.contains("すべて一致しました"), "{html}");
    let html = administrator.get("/surveys/2024/releases/new").await.expect(200);
    assert!(html.contains("第2版") && html.contains("秘匿する集計"), "{html}");
    let key = field(&html, "key");
    let jobs = app.database.counts().await["job"];
    let html = administrator
        .post("/surveys/2024/releases/new", &[("key", key.as_str()), ("note", " ")])
        .await
        .expect(422);
    assert!(html.contains("href=\"#note\""), "{html}");
    // Nothing is other than in the first one.
    let form = [("key", key.as_str()), ("note", "訂正")];
    let html = administrator.post("/surveys/2024/releases/new", &form).await.expect(409);
    assert!(html.contains("変わっていないため") && html.contains("訂正"), "{html}");
    assert_eq!(app.database.counts().await["job"], jobs);
    let mended = tests::world::but(tests::world::answers_2024(), "bcp_defined", "no");
    let mended = tests::world::but(mended, "bcp_drilled", serde_json::Value::Null);
    let client = app.sign_in("hospital").await;
    let mut answers = mended;
    answers.as_object_mut().unwrap().remove("bcp_drilled");
    client
        .submit(
            "/api/v1/surveys/2024/hospitals/SJK0001/revisions",
            &serde_json::json!({"answers": answers}),
        )
        .await
        .expect(201);
    let shown = administrator.post("/surveys/2024/releases/new", &form).await;
    assert!(shown.location().starts_with("/jobs/"), "{}", shown.location());
    // The same page sent twice is one release.
    assert_eq!(
        administrator.post("/surveys/2024/releases/new", &form).await.location(),
        shown.location()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trend_is_shown_of_ones_own_area() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get("/surveys/2024/trends").await.expect(200);
    assert!(
        html.contains("比べるときの注意") && html.contains("東京都") && html.contains("両年に回答した病院"),
        "{html}"
    );
    let place = html.find("<img src=\"").unwrap() + "<img src=\"".len();
    let picture = html[place..].split('"').next().unwrap().replace("&#38;", "&");
    assert_eq!(tokyo.get(&picture).await.headers["content-type"], "image/svg+xml");
    let html = tokyo.get("/surveys/2024/trends?question=ehr_backup&by=band").await.expect(200);
    assert!(html.contains("500床以上"), "{html}");
    tokyo.get("/surveys/2024/trends?area=nation").await.expect(403);
    tokyo.get("/surveys/2024/trends?question=nonsense").await.expect(404);
    let analyst = Reader::sign_in(&app, "analyst").await;
    assert!(analyst.get("/surveys/2024/trends").await.expect(200).contains("全国"));
    assert!(
        analyst
            .get("/surveys/2022/trends")
            .await
            .expect(200)
            .contains("比べられる前の調査はありません")
    );
    let hospital = Reader::sign_in(&app, "hospital").await;
    hospital.get("/surveys/2024/trends").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_says_who_did_what_in_words() {
    let app = TestApp::answered().await;
    for login in ["administrator", "operator"] {
        let reader = Reader::sign_in(&app, login).await;
        let html = reader.get("/audit").await.expect(200);
        assert!(
            html.contains("ログインした") && html.contains(login) && html.contains("さらに前の操作"),
            "{html}"
        );
        let html = reader.get("/audit?action=adjust_list").await.expect(200);
        assert!(
            html.contains("選定リストを変更") && html.contains("神奈川県") && !html.contains("ログインした<br>"),
            "{html}"
        );
    }
    let reader = Reader::sign_in(&app, "operator").await;
    // Every page to the end, each act once; every act of the world has words.
    let (mut path, mut seen) = ("/audit".to_owned(), 0);
    loop {
        let html = reader.get(&path).await.expect(200);
        assert!(!html.contains("<td><span class=\"code\">"), "{html}");
        seen += html.matches("<tr><td class=\"whole\">").count();
        let Some(place) = html.find("さらに前の操作") else { break };
        let link = &html[..place];
        let start = link.rfind("href=\"").unwrap() + "href=\"".len();
        path = link[start..].split('"').next().unwrap().replace("&#38;", "&");
    }
    let all = app.database.number("SELECT count(*) FROM audit").await;
    assert_eq!(i64::try_from(seen).unwrap(), all);
    reader.get("/audit?before=x").await.expect(400);
    for login in ["tokyo", "analyst", "hospital"] {
        Reader::sign_in(&app, login).await.get("/audit").await.expect(403);
    }
}
