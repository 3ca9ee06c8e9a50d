//! Workbooks of one hospital and files of many: checked without storing, given back with what was found, submitted.

use serde_json::Value;
use tests::app::TestApp;
use tests::files::{csv, xlsx};
use tests::pages::{Reader, Shown, field};
use tests::world::{CITY_WARD, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but, survey_of};

use super::{OFFICES, statuses};

const WORKBOOK: &str = "/surveys/2024/hospitals/SJK0001/workbook";
const UPLOADS: &str = "/surveys/2024/uploads";

fn file(rows: &[(&str, Value)]) -> Vec<u8> {
    xlsx(survey_of("2024").first_edition(), rows)
}

async fn send(reader: &Reader, path: &str, act: &str, bytes: Vec<u8>) -> Shown {
    let key = field(&reader.get(path).await.expect(200), "key");
    reader.upload(path, &[("key", &key), ("act", act)], "回答.xlsx", bytes).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_checks_its_workbook_and_submits_it() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    assert_eq!(reader.get(UPLOADS).await.location(), WORKBOOK);
    let before = app.database.counts().await;
    let faulty = || file(&[(OWN.gmis, but(answers_2024(), "ehr_in_use", "たぶん"))]);
    let html = send(&reader, WORKBOOK, "check", faulty()).await.expect(200);
    assert!(
        html.contains("誤りのある病院が1件") && html.contains("回答 P2") && html.contains("たぶん"),
        "{html}"
    );
    let html = send(&reader, WORKBOOK, "import", faulty()).await.expect(422);
    assert!(html.contains("誤りがあるため提出していません"), "{html}");
    let shown = send(&reader, WORKBOOK, "annotated", faulty()).await;
    assert!(shown.status == 200 && shown.headers["content-disposition"].to_str().unwrap().contains("attachment"));
    let html = send(&reader, WORKBOOK, "check", b"\x00\x01nothing".to_vec()).await.expect(422);
    assert!(html.contains("ファイルを読み込めませんでした"), "{html}");
    let html = send(&reader, WORKBOOK, "import", Vec::new()).await.expect(422);
    assert!(html.contains("href=\"#file\""), "{html}");
    let none = reader.upload(WORKBOOK, &[("act", "check")], "", Vec::new()).await.expect(422);
    assert!(none.contains("ファイルを選んでください"), "{none}");
    // Somebody else's answers are no business of a hospital.
    let html = send(&reader, WORKBOOK, "import", file(&[(CITY_WARD.gmis, answers_2024())]))
        .await
        .expect(422);
    assert!(html.contains("対象名簿にありません"), "{html}");
    assert_eq!(app.database.counts().await, before);
    let good = || file(&[(OWN.gmis, answers_2024())]);
    let html = send(&reader, WORKBOOK, "check", good()).await.expect(200);
    assert!(
        html.contains("誤りはありません") && html.contains("まだ何も保存していません"),
        "{html}"
    );
    assert_eq!(app.database.counts().await, before);
    let there = send(&reader, WORKBOOK, "import", good()).await.location();
    assert_eq!(there, "/surveys/2024/hospitals/SJK0001/receipts/1?done=submitted");
    assert!(reader.get(&there).await.expect(200).contains("様式（ファイル）"));
    // The same once more changes nothing, and does not say that it did.
    let there = send(&reader, WORKBOOK, "import", good()).await.location();
    assert_eq!(there, "/surveys/2024/hospitals/SJK0001/receipts/1");
    assert_eq!(app.database.counts().await["revision"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_workbook_is_the_hospitals_own() {
    let app = TestApp::spawn().await;
    let neighbour = format!("/surveys/2024/hospitals/{}/workbook", NEIGHBOUR.gmis);
    let reader = Reader::sign_in(&app, "hospital").await;
    assert_eq!(reader.get(&neighbour).await.status, 404);
    assert_eq!(reader.upload(&neighbour, &[], "a.csv", b"a".to_vec()).await.status, 404);
    assert_eq!(Reader::sign_in(&app, "tokyo").await.get(WORKBOOK).await.location(), UPLOADS);
    assert_eq!(
        statuses(&app, WORKBOOK, &["shinjuku", "analyst", "operator"]).await,
        [403, 403, 403]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_imports_a_file_and_reads_what_became_of_each_hospital() {
    let app = TestApp::spawn().await;
    assert_eq!(statuses(&app, UPLOADS, &OFFICES).await, [403, 200, 200, 403, 200, 403]);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let rows = [
        (OWN.gmis, answers_2024()),
        (NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", "")),
        (OTHER_WARD.gmis, answers_2024()),
    ];
    let bytes = csv(survey_of("2024").first_edition(), &rows);
    let before = app.database.counts().await;
    let html = send(&tokyo, UPLOADS, "check", bytes.clone()).await.expect(200);
    assert!(html.contains("受け付けられる病院：2") && html.contains(NEIGHBOUR.gmis), "{html}");
    assert_eq!(app.database.counts().await, before);
    let key = field(&tokyo.get(UPLOADS).await.expect(200), "key");
    let form = [("key", key.as_str()), ("act", "import")];
    let there = tokyo.upload(UPLOADS, &form, "<東京>.csv", bytes.clone()).await.location();
    assert!(
        there.starts_with("/surveys/2024/uploads/") && there.ends_with("?done=imported"),
        "{there}"
    );
    // The same page sent again is the same import.
    assert_eq!(tokyo.upload(UPLOADS, &form, "<東京>.csv", bytes).await.location(), there);
    let html = tokyo.get(&there).await.expect(200);
    for words in [
        "取り込みました",
        "受け付けました",
        "除きました",
        "&#60;東京&#62;.csv",
        "href=\"/surveys/2024/hospitals/SJK0001\"",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let id = there.trim_end_matches("?done=imported");
    let annotated = tokyo.get(&format!("{id}/annotated")).await;
    assert_eq!(
        annotated.headers["content-type"].to_str().unwrap().split('.').next_back(),
        Some("sheet")
    );
    for page in [id.to_owned(), format!("{id}/annotated")] {
        assert_eq!(statuses(&app, &page, &["kanagawa", "shinjuku"]).await, [404, 403]);
    }
    assert!(tokyo.get(UPLOADS).await.expect(200).contains("&#60;東京&#62;.csv"));
    assert_eq!(app.database.counts().await["import"], before["import"] + 1);
    // Other answers over these need a reason.
    let rows = [(OWN.gmis, but(answers_2024(), "bcp_drilled", "yes"))];
    let bytes = csv(survey_of("2024").first_edition(), &rows);
    let html = send(&tokyo, UPLOADS, "check", bytes.clone()).await.expect(200);
    assert!(html.contains("誤りのある病院が1件"), "{html}");
    let form = [("key", "k2"), ("act", "import"), ("reason", "電話で訂正")];
    tokyo.upload(UPLOADS, &form, "b.csv", bytes).await.location();
    assert_eq!(app.database.counts().await["revision"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_no_form_with_a_file_is_refused_as_a_page() {
    let app = TestApp::spawn().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.post(UPLOADS, &[("act", "import")]).await.expect(400);
    assert!(html.contains("form_invalid"), "{html}");
    let big = vec![b'a'; (32 << 20) + 1];
    let html = tokyo.upload(UPLOADS, &[("act", "check")], "big.csv", big).await.expect(413);
    assert!(html.contains("file_too_large"), "{html}");
}
