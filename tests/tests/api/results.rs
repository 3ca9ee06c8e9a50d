//! Results of supported hospitals: brought in all or nothing, seen by the ministry, and by a prefecture once it asked and was granted.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client};

const RESULTS: &str = "/api/v1/programs/2024/results";
const REQUESTS: &str = "/api/v1/programs/2024/result-requests";

async fn bring(client: &Client, query: &str, lines: &str) -> Answer {
    let text = format!("G-MIS ID,実施状況,調査完了日,外部接続点数,要対応件数,オフラインバックアップ,所見\n{lines}");
    client.upload(&format!("{RESULTS}/imports{query}"), text).await
}

/// The two hospitals of Kanagawa's accepted list.
async fn chosen(administrator: &Client) -> [String; 2] {
    let all = administrator.get(&format!("{RESULTS}?prefecture=14")).await.expect(200);
    let ids: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["gmis"].as_str().unwrap().to_owned())
        .collect();
    ids.try_into().unwrap()
}

fn of<'a>(all: &'a Value, gmis: &str) -> &'a Value {
    &all.as_array().unwrap().iter().find(|one| one["gmis"] == gmis).unwrap()["result"]
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_in_all_or_nothing_and_only_what_differs_becomes_a_version() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let [first, second] = chosen(&administrator).await;
    let count = "SELECT count(*) FROM support_result WHERE prefecture = 14";
    let before = app.database.number(count).await;

    let lines = format!("{first},実施済,令和6年10月1日,12,3,整備済,更新を勧めた\n{second},未着手,,,,,\n");
    let seen = bring(&administrator, "?dry_run=true", &lines).await.expect(200);
    assert_eq!((&seen["stored"], &seen["hospitals"]), (&json!(false), &json!(2)));
    assert_eq!(app.database.number(count).await, before);
    let stored = bring(&administrator, "?file_name=kekka.csv", &lines).await.expect(200);
    assert_eq!((&stored["new"], &stored["changed"]), (&seen["new"], &seen["changed"]));
    let all = administrator.get(RESULTS).await.expect(200);
    let result = of(&all, &first);
    assert_eq!(
        (
            &result["progress"],
            &result["surveyed_on"],
            &result["connections"],
            &result["offline_backup"]
        ),
        (&json!("done"), &json!("2024-10-01"), &json!(12), &json!("made"))
    );
    let version = result["version"].clone();

    // The same again is nothing new; one that differs is one more version.
    let again = bring(&administrator, "", &lines).await.expect(200);
    assert_eq!((&again["new"], &again["changed"]), (&json!(0), &json!(0)));
    let other = bring(&administrator, "", &format!("{second},辞退,,,,,\n")).await.expect(200);
    assert_eq!(other["changed"], 1);
    let all = administrator.get(RESULTS).await.expect(200);
    assert_eq!(
        (of(&all, &first)["version"].clone(), &of(&all, &second)["progress"]),
        (version, &json!("declined"))
    );

    // One wrong line, and a hospital that nobody chose: nothing comes in.
    let kept = app.database.number(count).await;
    let refused = bring(&administrator, "", &format!("{first},辞退,,,,,\n{second},途中,,,,,\n")).await;
    let faults = refused.refused(422, "results_faulty");
    assert_eq!(
        (&faults["faults"][0]["cell"], &faults["faults"][0]["found"]),
        (&json!("B3"), &json!("途中"))
    );
    let stranger = bring(&administrator, "", &format!("{first},辞退,,,,,\nNOBODY1,実施中,,,,,\n")).await;
    assert_eq!(stranger.refused(422, "results_faulty")["faults"][0]["code"], "result_not_supported");
    assert_eq!(app.database.number(count).await, kept);
    let noted = "SELECT count(*) FROM audit WHERE action = 'bring_results'";
    assert_eq!(app.database.number(noted).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_that_was_handed_over_comes_back_as_it_is() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let handed = administrator.get("/api/v1/programs/2024/hand-over.xlsx").await.file();
    // Nothing filled in yet: said so, and nothing stored.
    let empty = administrator.upload(&format!("{RESULTS}/imports"), handed).await;
    assert_eq!(empty.refused(422, "results_faulty")["faults"][0]["code"], "result_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_sees_results_once_it_asked_and_was_granted() {
    let app = TestApp::answered().await;
    let (administrator, kanagawa, tokyo) = (
        app.sign_in("administrator").await,
        app.sign_in("kanagawa").await,
        app.sign_in("tokyo").await,
    );
    // Kanagawa was refused once.
    kanagawa.get(RESULTS).await.refused(403, "results_not_granted");
    kanagawa
        .submit(REQUESTS, &json!({"reason": " "}))
        .await
        .refused(400, "reason_missing");
    let asked = kanagawa
        .submit(REQUESTS, &json!({"reason": "県の支援計画のため"}))
        .await
        .expect(201);
    assert_eq!((&asked["state"], &asked["prefecture"]), (&json!("open"), &json!("14")));
    kanagawa
        .submit(REQUESTS, &json!({"reason": "もう一度"}))
        .await
        .refused(409, "results_asked");
    kanagawa.get(RESULTS).await.refused(403, "results_not_granted");

    let decide = async |client: &Client, decision: &str| {
        let path = format!("{REQUESTS}/{}/decisions", asked["id"].as_str().unwrap());
        client.post(&path, &json!({"decision": decision, "reason": "計画に使うこと"})).await
    };
    decide(&kanagawa, "granted").await.refused(403, "role_not_permitted");
    let decided = decide(&administrator, "granted").await.expect(200);
    assert_eq!(
        (&decided["state"], &decided["answer"]),
        (&json!("granted"), &json!("計画に使うこと"))
    );
    decide(&administrator, "refused").await.refused(409, "result_request_decided");

    let seen = kanagawa.get(RESULTS).await.expect(200);
    assert_eq!(seen.as_array().unwrap().len(), 2);
    assert_eq!(seen.as_array().unwrap().iter().filter(|one| one["result"].is_object()).count(), 1);
    kanagawa
        .get(&format!("{RESULTS}?prefecture=13"))
        .await
        .refused(403, "prefecture_not_yours");
    let own = tokyo.get(REQUESTS).await.expect(200);
    assert!(own.as_array().unwrap().iter().all(|one| one["prefecture"] == "13"));
    let read = "SELECT count(*) FROM audit WHERE action = 'read_results' AND prefecture = 14 AND actor = 'prefecture'";
    assert_eq!(app.database.number(read).await, 1);
}
