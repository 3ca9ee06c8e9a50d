//! Accounts of hospitals in bulk: a verdict for each line, once for the page.

use tests::app::TestApp;
use tests::pages::{Reader, field};

use super::{OFFICES, statuses};

const PATH: &str = "/hospital-accounts";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_typed_or_sent_and_each_line_has_its_verdict() {
    let app = TestApp::spawn().await;
    assert_eq!(statuses(&app, PATH, &OFFICES).await, [403, 200, 200, 403, 200, 403]);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let key = field(&tokyo.get(PATH).await.expect(200), "key");
    let list = "G-MIS ID,メールアドレス\r\nSJK0002,clerk@example.jp\r\nYKH0001,far@example.jp\r\nTKY0001　not-an-address\r\n";
    let file = "G-MIS ID,メールアドレス\nCYD0001,office@example.jp\n".as_bytes().to_vec();
    let form = [("key", key.as_str()), ("list", list)];
    let html = tokyo.upload(PATH, &form, "list.csv", file.clone()).await.expect(200);
    for words in [
        "アカウントを作りました",
        "sjk0002",
        "cyd0001",
        "管轄にない病院です",
        "アドレスの形式が違います",
        "送信待ち",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let accounts = app.database.counts().await["account"];
    // The same page again makes nothing and says the same.
    let again = tokyo.upload(PATH, &form, "list.csv", file).await.expect(200);
    assert!(again.contains("アカウントを作りました") && again.contains("sjk0002"), "{again}");
    assert_eq!(app.database.counts().await["account"], accounts);
    let html = tokyo.get(&format!("{PATH}?state=waiting")).await.expect(200);
    assert!(html.contains("clerk@example.jp"), "{html}");
    assert!(
        tokyo
            .get(&format!("{PATH}?state=enrolled"))
            .await
            .expect(200)
            .contains("当てはまる病院はありません")
    );
    assert_eq!(tokyo.get(&format!("{PATH}?state=none")).await.status, 400);
    let other = Reader::sign_in(&app, "kanagawa").await.get(PATH).await.expect(200);
    assert!(!other.contains("clerk@example.jp"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_and_a_file_without_the_columns_make_nothing() {
    let app = TestApp::spawn().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let before = app.database.counts().await;
    let html = tokyo.upload(PATH, &[("key", "k"), ("list", "")], "", Vec::new()).await.expect(422);
    assert!(html.contains("href=\"#list\""), "{html}");
    let html = tokyo
        .upload(
            PATH,
            &[("key", "k"), ("list", "")],
            "a.csv",
            "病院,電話\nあ,1\n".as_bytes().to_vec(),
        )
        .await
        .expect(422);
    assert!(html.contains("一覧を読み取れませんでした"), "{html}");
    for login in ["shinjuku", "analyst", "hospital", "operator"] {
        let other = Reader::sign_in(&app, login).await;
        let form = [("key", "k"), ("list", "SJK0002,clerk@example.jp")];
        assert_eq!(other.upload(PATH, &form, "", Vec::new()).await.status, 403);
    }
    let after = app.database.counts().await;
    assert_eq!((before["account"], before["enrolment"]), (after["account"], after["enrolment"]));
}
