//! How a survey stands, the list of its hospitals, and one hospital.

use tests::app::TestApp;
use tests::pages::Reader;

use super::{OFFICES, statuses};

const SURVEY: &str = "/surveys/2024";

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_how_the_own_area_stands_and_a_hospital_is_led_to_its_form() {
    let app = TestApp::answered().await;
    assert_eq!(statuses(&app, SURVEY, &OFFICES).await, [200, 200, 200, 200, 200, 403]);
    let tokyo = Reader::sign_in(&app, "tokyo").await.get(SURVEY).await.expect(200);
    for words in [
        "4病院のうち3病院が回答",
        "75.0%",
        "20～99床",
        "あと27日",
        "href=\"/surveys/2024/hospitals?state=unanswered\"",
    ] {
        assert!(tokyo.contains(words), "{words}: {tokyo}");
    }
    assert!(!tokyo.contains("/surveys/2024/windows"));
    let shinjuku = Reader::sign_in(&app, "shinjuku").await.get(SURVEY).await.expect(200);
    assert!(shinjuku.contains("2病院のうち2病院が回答"), "{shinjuku}");
    assert!(!shinjuku.contains("/surveys/2024/uploads"));
    let administrator = Reader::sign_in(&app, "administrator").await.get(SURVEY).await.expect(200);
    assert!(administrator.contains("7病院のうち5病院が回答") && administrator.contains("/surveys/2024/windows"));
    let hospital = Reader::sign_in(&app, "hospital").await;
    for page in ["", "/hospitals"] {
        let there = hospital.get(&format!("{SURVEY}{page}")).await.location();
        assert_eq!(there, "/surveys/2024/hospitals/SJK0001/form");
    }
    assert_eq!(hospital.get("/surveys/2024/table").await.status, 403);
    let nobody = Reader::nobody(&app).get(SURVEY).await;
    assert_eq!(nobody.location(), "/sign-in?next=%2Fsurveys%2F2024");
    let reader = Reader::sign_in(&app, "tokyo").await;
    assert_eq!(reader.get("/surveys/1999").await.status, 404);
    let picture = reader.get("/surveys/2024/rates.svg").await;
    assert_eq!(picture.headers["content-type"], "image/svg+xml");
    assert!(picture.html.contains("20～99床") && picture.html.contains("</svg>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_by_the_address_bar_and_shows_the_own_area_only() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let list = async |query: &str| tokyo.get(&format!("/surveys/2024/hospitals{query}")).await.expect(200);
    let shows = |html: &str| -> Vec<&'static str> {
        let all = ["CYD0001", "SJK0001", "SJK0002", "TKY0001", "YKH0001", "KNG0001"];
        all.into_iter()
            .filter(|id| html.contains(&format!("<td class=\"code\">{id}</td>")))
            .collect()
    };
    assert_eq!(shows(&list("").await), ["CYD0001", "SJK0001", "SJK0002", "TKY0001"]);
    assert_eq!(shows(&list("?state=missing").await), ["TKY0001"]);
    assert_eq!(shows(&list("?state=unanswered").await), ["TKY0001"]);
    assert_eq!(shows(&list("?state=submitted&band=20-99").await), ["CYD0001"]);
    assert_eq!(shows(&list("?q=sjk").await), ["SJK0001", "SJK0002"]);
    assert_eq!(shows(&list("?q=%25").await), ["CYD0001", "SJK0001", "SJK0002", "TKY0001"]);
    assert_eq!(shows(&list("?q=試験TKY&after=").await), ["TKY0001"]);
    assert_eq!(shows(&list("?after=SJK0001").await), ["SJK0002", "TKY0001"]);
    let missing = list("?state=missing&band=200-299").await;
    // It says when that one was reminded, and leads to the reminders of just these.
    assert!(missing.contains("2024年2月10日"), "{missing}");
    assert!(missing.contains("/surveys/2024/reminders?area=13&#38;band=200-299"), "{missing}");
    for wrong in ["?state=gone", "?band=1-2"] {
        assert_eq!(tokyo.get(&format!("/surveys/2024/hospitals{wrong}")).await.status, 400);
    }
    let city = Reader::sign_in(&app, "yokohama")
        .await
        .get("/surveys/2024/hospitals")
        .await
        .expect(200);
    assert_eq!(shows(&city), ["YKH0001"]);
    let ministry = Reader::sign_in(&app, "analyst").await;
    let html = ministry.get("/surveys/2024/hospitals?prefecture=14").await.expect(200);
    assert!(shows(&html) == ["YKH0001", "KNG0001"] && html.contains("神奈川県") && !html.contains("最後の督促"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_to_telephone_by_is_for_those_who_remind_and_for_their_area() {
    let app = TestApp::answered().await;
    assert_eq!(
        statuses(&app, "/surveys/2024/missing.xlsx", &OFFICES).await,
        [200, 200, 200, 403, 200, 403]
    );
    assert_eq!(
        statuses(&app, "/surveys/2024/missing.xlsx?area=13", &OFFICES).await,
        [403, 200, 403, 403, 200, 403]
    );
    assert!(
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'print_reminder_list'")
            .await
            > 0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_is_shown_with_answers_history_and_what_its_reader_may_do() {
    let app = TestApp::answered().await;
    let path = "/surveys/2024/hospitals/SJK0001";
    assert_eq!(statuses(&app, path, &OFFICES).await, [200, 200, 404, 200, 200, 403]);
    assert_eq!(statuses(&app, "/surveys/2024/hospitals/ZZZ9999", &OFFICES[..2]).await, [404, 404]);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(path).await.expect(200);
    for words in [
        "試験 花子",
        "提出（第2版）",
        "提出（第1版）",
        "プログラムから送信",
        "receipts/2",
        "確認済みにする",
        "/return",
        "代行入力する",
        "版の違い",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // Its own answers are not a prefecture's to pull back.
    assert!(!html.contains("回答を引き戻す"));
    let html = tokyo.get(&format!("{path}?from=1&to=2")).await.expect(200);
    assert!(
        html.contains("第1版と第2版の違い") && html.contains("<td>いいえ</td><td>はい</td>"),
        "{html}"
    );
    let html = tokyo.get("/surveys/2024/hospitals/SJK0002").await.expect(200);
    assert!(html.contains("代行入力") && html.contains("回答を引き戻す"), "{html}");
    for login in ["shinjuku", "analyst"] {
        let html = Reader::sign_in(&app, login).await.get(path).await.expect(200);
        assert!(!html.contains("確認済みにする") && !html.contains("代行入力する"), "{login}");
    }
    let own = Reader::sign_in(&app, "hospital").await;
    assert!(own.get(path).await.expect(200).contains("回答を入力する"));
    assert_eq!(own.get("/surveys/2024/hospitals/SJK0002").await.status, 404);
    let untouched = tokyo.get("/surveys/2024/hospitals/TKY0001").await.expect(200);
    assert!(
        untouched.contains("まだ提出された回答はありません") && !untouched.contains("/return"),
        "{untouched}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_for_those_who_may_read_the_answers() {
    let app = TestApp::answered().await;
    let own = Reader::sign_in(&app, "hospital").await;
    let path = "/surveys/2024/hospitals/SJK0001/template.xlsx?prefill=1";
    let shown = own.get(path).await;
    assert_eq!(
        shown.headers["content-disposition"],
        "attachment; filename=\"template_2024_SJK0001.xlsx\""
    );
    assert_eq!(shown.status, 200);
    assert_eq!(statuses(&app, path, &OFFICES).await, [200, 200, 404, 200, 200, 403]);
    assert_eq!(
        statuses(&app, "/surveys/2024/template.xlsx", &OFFICES).await,
        [200, 200, 200, 200, 200, 403]
    );
    assert_eq!(own.get("/surveys/2024/template.xlsx?edition=none").await.status, 404);
}
