//! Results of supported hospitals: who sees them, the contractor's file all or nothing, and requests of prefectures.

use tests::app::TestApp;
use tests::pages::{Reader, field};

const PAGE: &str = "/programs/2024/results";
const HEADS: &str = "G-MIS ID,実施状況,調査完了日,外部接続点数,要対応件数,オフラインバックアップ,所見";

fn file(lines: &str) -> Vec<u8> {
    format!("{HEADS}\n{lines}").into_bytes()
}

/// The hospitals of the page, by G-MIS ID.
fn hospitals(html: &str) -> Vec<String> {
    let marks = html.split("<br><span class=\"code\">").skip(1);
    marks.map(|part| part.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ministry_sees_all_and_a_prefecture_what_it_was_granted() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let html = administrator.get(PAGE).await.expect(200);
    assert!(
        html.contains("神奈川県") && html.contains("実施中") && html.contains("報告なし"),
        "{html}"
    );
    let chosen = hospitals(&html);
    assert_eq!(chosen.len(), 2, "{html}");
    let html = administrator
        .get(&format!("{PAGE}?progress=running&prefecture=14"))
        .await
        .expect(200);
    assert_eq!(hospitals(&html).len(), 1, "{html}");
    let html = administrator.get(&format!("{PAGE}?prefecture=27")).await.expect(200);
    assert!(html.contains("条件に合う病院はありません"), "{html}");
    administrator.get("/programs/none/results").await.expect(404);

    let analyst = Reader::sign_in(&app, "analyst").await;
    let html = analyst.get(PAGE).await.expect(200);
    assert!(hospitals(&html).len() == 2 && !html.contains("type=\"file\""), "{html}");
    analyst.post(&format!("{PAGE}/requests"), &[("reason", "見たい")]).await.expect(403);
    // Granted, but its own list is not accepted yet.
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(PAGE).await.expect(200);
    assert!(html.contains("条件に合う病院はありません") && !html.contains("神奈川県"), "{html}");
    tokyo.upload(PAGE, &[("act", "bring")], "kekka.csv", file("")).await.expect(403);
    // Refused: nothing is shown, and it may ask again.
    let kanagawa = Reader::sign_in(&app, "kanagawa").await;
    let html = kanagawa.get(PAGE).await.expect(200);
    assert!(
        hospitals(&html).is_empty() && html.contains("厚生労働省に依頼する") && html.contains("認めなかった"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_and_brought_in_all_or_nothing() {
    let app = TestApp::answered().await;
    let administrator = Reader::sign_in(&app, "administrator").await;
    let chosen = hospitals(&administrator.get(PAGE).await.expect(200));
    let (first, second) = (&chosen[0], &chosen[1]);
    let count = "SELECT count(*) FROM support_result";
    let before = app.database.number(count).await;
    let good = file(&format!(
        "{first},実施済,2024-10-01,12,3,整備済,更新を勧めた\n{second},未着手,,,,,\n"
    ));
    let html = administrator
        .upload(PAGE, &[("act", "check")], "kekka.csv", good.clone())
        .await
        .expect(200);
    assert!(html.contains("誤りはありません。ファイルの病院：2"), "{html}");
    let bad = file(&format!("{first},辞退,,,,,\n{second},途中,,,,,\n"));
    for act in ["check", "bring"] {
        let html = administrator
            .upload(PAGE, &[("act", act)], "kekka.csv", bad.clone())
            .await
            .expect(422);
        assert!(
            html.contains("B3") && html.contains("途中") && html.contains("href=\"#file\""),
            "{html}"
        );
    }
    let html = administrator.upload(PAGE, &[("act", "bring")], "", Vec::new()).await.expect(422);
    assert!(html.contains("ファイルを選んでください"), "{html}");
    assert_eq!(app.database.number(count).await, before);
    let shown = administrator.upload(PAGE, &[("act", "bring")], "kekka.csv", good).await;
    let html = administrator.get(&shown.location()).await.expect(200);
    assert!(
        html.contains("取り込みました") && html.contains("2024年10月1日") && html.contains("更新を勧めた"),
        "{html}"
    );
    assert_eq!(app.database.number(count).await, before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_asks_and_sees_once_it_is_granted() {
    let app = TestApp::answered().await;
    let (kanagawa, administrator) = (
        Reader::sign_in(&app, "kanagawa").await,
        Reader::sign_in(&app, "administrator").await,
    );
    let asking = format!("{PAGE}/requests");
    let key = field(&kanagawa.get(PAGE).await.expect(200), "key");
    let asked = "SELECT count(*) FROM result_request";
    let before = app.database.number(asked).await;
    let html = kanagawa.post(&asking, &[("reason", " "), ("key", &key)]).await.expect(422);
    assert!(html.contains("href=\"#reason\""), "{html}");
    assert_eq!(app.database.number(asked).await, before);
    let key = field(&html, "key");
    for _ in 0..2 {
        let shown = kanagawa.post(&asking, &[("reason", "県の計画のため"), ("key", &key)]).await;
        assert_eq!(shown.location(), format!("{PAGE}?done=asked"));
    }
    assert_eq!(app.database.number(asked).await, before + 1);
    kanagawa
        .post(&asking, &[("reason", "もう一度"), ("key", "other")])
        .await
        .expect(409);

    let html = administrator.get(PAGE).await.expect(200);
    let place = html.find("県の計画のため").unwrap();
    let id = html[place..]
        .split(&format!("action=\"{asking}/"))
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let answer = format!("{asking}/{id}");
    kanagawa.post(&answer, &[("act", "grant"), ("reason", "自分で")]).await.expect(403);
    let html = administrator.post(&answer, &[("act", "grant"), ("reason", "")]).await.expect(422);
    assert!(html.contains(&format!("href=\"#reason-{id}\"")), "{html}");
    let shown = administrator.post(&answer, &[("act", "grant"), ("reason", "適当と認める")]).await;
    assert_eq!(shown.location(), format!("{PAGE}?done=grant"));
    administrator
        .post(&answer, &[("act", "refuse"), ("reason", "やはり")])
        .await
        .expect(409);
    let html = kanagawa.get(PAGE).await.expect(200);
    assert!(hospitals(&html).len() == 2 && html.contains("適当と認める"), "{html}");
}
