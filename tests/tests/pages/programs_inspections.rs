//! Findings of inspections: who reads them, entering, correcting and taking back, and what is refused and not stored.

use tests::app::TestApp;
use tests::pages::{Reader, Shown, field};
use tests::world::{FAR, NEIGHBOUR, OTHER_WARD, OWN};

use crate::programs::BOARD;

fn page() -> String {
    format!("{BOARD}/inspections")
}

async fn send(reader: &Reader, form: &[(&str, &str)]) -> Shown {
    let key = field(&reader.get(&page()).await.expect(200), "key");
    let mut form = form.to_vec();
    form.push(("key", &key));
    reader.post(&page(), &form).await
}

async fn stored(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM inspection").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefecture_enters_and_the_ministry_only_reads() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(&page()).await.expect(200);
    assert!(
        html.contains("試験の指摘") && html.contains("口頭指導") && html.contains("2023年10月1日"),
        "{html}"
    );
    tokyo.get("/programs/2024/prefectures/14/inspections").await.expect(403);
    tokyo.get("/programs/none/prefectures/13/inspections").await.expect(404);
    let html = tokyo.get(&format!("{}?hospital={}", page(), OWN.gmis)).await.expect(200);
    assert_eq!(field(&html, "hospital"), OWN.gmis);
    let html = tokyo.get(&format!("{}?q={}", page(), OWN.gmis)).await.expect(200);
    assert!(html.contains("条件に合う指摘はありません"), "{html}");
    for login in ["analyst", "administrator"] {
        let reader = Reader::sign_in(&app, login).await;
        let html = reader.get(&page()).await.expect(200);
        assert!(
            html.contains("試験の指摘") && !html.contains("method=\"post\" action=\"/programs"),
            "{html}"
        );
        reader.post(&page(), &[("act", "enter")]).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_entered_once_and_what_is_wrong_in_it_is_said_at_its_field() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let before = stored(&app).await;
    let form = |hospital: &'static str, level: &'static str, day: &'static str| {
        [
            ("act", "enter"),
            ("hospital", hospital),
            ("level", level),
            ("day", day),
            ("note", "更新の手順がない"),
        ]
    };
    for (form, place) in [
        (form(FAR.gmis, "2", "2024-01-31"), "hospital"),
        (form(NEIGHBOUR.gmis, "", "2024-01-31"), "level"),
        (form(NEIGHBOUR.gmis, "2", "昨日"), "day"),
        (form(NEIGHBOUR.gmis, "2", "2199-01-31"), "day"),
    ] {
        let html = send(&tokyo, &form).await.expect(422);
        assert!(
            html.contains(&format!("href=\"#{place}\"")) && html.contains("更新の手順がない"),
            "{place}: {html}"
        );
    }
    assert_eq!(stored(&app).await, before);
    let shown = send(&tokyo, &form(NEIGHBOUR.gmis, "2", "2024-01-31")).await;
    let html = tokyo.get(&shown.location()).await.expect(200);
    assert!(
        html.contains("記録しました") && html.contains("文書指摘") && html.contains("更新の手順がない"),
        "{html}"
    );
    assert_eq!(stored(&app).await, before + 1);
    // The board knows it.
    assert!(tokyo.get(BOARD).await.expect(200).contains("立入検査（2024年1月31日）：文書指摘"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_corrected_as_a_whole_and_taken_back_with_a_reason() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(&page()).await.expect(200);
    let id = html.split("?correct=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let html = tokyo.get(&format!("{}?correct={id}", page())).await.expect(200);
    assert_eq!(
        (field(&html, "hospital"), field(&html, "day"), field(&html, "act")),
        (OTHER_WARD.gmis.to_owned(), "2023-10-01".to_owned(), "correct".to_owned())
    );
    let before = stored(&app).await;
    let form = |hospital: &'static str, reason: &'static str| {
        [
            ("act", "correct"),
            ("hospital", hospital),
            ("level", "3"),
            ("day", "2023-10-02"),
            ("note", "訂正後"),
            ("reason", reason),
        ]
    };
    let sent = async |form: [(&str, &str); 6]| {
        let mut form = form.to_vec();
        form.push(("id", &id));
        send(&tokyo, &form).await
    };
    let html = sent(form(OTHER_WARD.gmis, " ")).await.expect(422);
    assert!(html.contains("href=\"#reason\"") && html.contains("訂正後"), "{html}");
    // Another one cannot be entered: then the first is not taken back either.
    sent(form("NOBODY1", "日付の誤り")).await.expect(422);
    assert_eq!(stored(&app).await, before);
    let html = tokyo
        .get(&sent(form(OTHER_WARD.gmis, "日付の誤り")).await.location())
        .await
        .expect(200);
    assert!(
        html.contains("2023年10月2日") && html.contains("重大な不備") && !html.contains("試験の指摘"),
        "{html}"
    );
    assert_eq!(stored(&app).await, before + 2);
    // What is gone is not corrected again.
    sent(form(OTHER_WARD.gmis, "もう一度")).await.expect(404);

    let id = html.split("?correct=").nth(1).unwrap().split('#').next().unwrap().to_owned();
    let html = send(&tokyo, &[("act", "withdraw"), ("id", &id), ("reason", "")]).await.expect(422);
    assert!(html.contains(&format!("href=\"#withdraw-{id}\"")), "{html}");
    let shown = send(&tokyo, &[("act", "withdraw"), ("id", &id), ("reason", "別の病院だった")]).await;
    let html = tokyo.get(&shown.location()).await.expect(200);
    assert!(
        html.contains("取り消しました") && html.contains("記録した指摘はありません"),
        "{html}"
    );
}
