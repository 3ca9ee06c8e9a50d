//! The hospital master: a preview that stores nothing, the same changes made once, frames drawn from it, hospitals that go out of scope.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client};

use crate::{codes, fault_codes};

const HEAD: &str = "G-MIS ID,医療機関名,都道府県,市区町村コード,許可病床数,開設日,廃止日,承継先,旧G-MIS ID\n";
const PREVIEW: &str = "/api/v1/hospitals/imports?dry_run=true";
const APPLY: &str = "/api/v1/hospitals/imports";

/// The hospitals of the world, each changed in another way; `SJK0002` is as it was but for its beds, which no frame told the master.
const CHANGED: &str = "SJK0001,試験SJK0001病院,東京都,13104,110,,,,\n\
    SJK0002,試験SJK0002病院,東京都,13104,450,,,,\n\
    CYD0001,\"<script>alert(1)</script>㈱髙﨑, \"\"病院\"\"\",東京都,13101,30,,,,\n\
    TKY0009,試験TKY0001病院,東京都,,250,,,,TKY0001\n\
    YKH0001,試験YKH0001病院,神奈川県,14102,300,,,,\n\
    KWS0001,試験KWS0001病院,神奈川県,14131,60,,2024/2/1,KNG0001,\n\
    KNG0001,試験KNG0001病院,神奈川県,,210,1950-04-01,,,\n\
    NEW0001,=cmd|' /C calc'!A0,北海道,01101,20,2024/1/1,,,\n\
    NEW0002,'; DROP TABLE hospital; --,青森県,,40,2030/1/1,,,\n";

fn file(rows: &str) -> String {
    format!("{HEAD}{rows}")
}

async fn send(client: &Client, path: &str, rows: &str) -> Answer {
    client.upload(path, file(rows)).await
}

fn kinds(report: &Value, gmis: &str) -> Vec<String> {
    let hospitals = report["changes"].as_array().unwrap();
    let hospital = hospitals.iter().find(|hospital| hospital["gmis_id"] == gmis);
    let changes = hospital.map(|hospital| hospital["changes"].as_array().unwrap().clone());
    changes
        .into_iter()
        .flatten()
        .map(|change| change["kind"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_will_change_and_stores_nothing() {
    let app = TestApp::answered().await;
    let client = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    let report = send(&client, PREVIEW, CHANGED).await.expect(200);
    assert_eq!(app.database.counts().await, before);
    assert!(report["import"].is_null());
    for (gmis, expected) in [
        ("SJK0001", vec!["beds_changed"]),
        ("CYD0001", vec!["renamed", "beds_changed"]),
        ("TKY0009", vec!["beds_changed", "recoded"]),
        ("YKH0001", vec!["moved", "beds_changed"]),
        ("KWS0001", vec!["beds_changed", "merged"]),
        ("KNG0001", vec!["opening_dated", "beds_changed"]),
        ("NEW0001", vec!["opened"]),
    ] {
        assert_eq!(kinds(&report, gmis), expected, "{gmis}");
    }
    assert_eq!(report["missing"], json!([{"gmis_id": "OLD0001", "name": "試験OLD0001病院"}]));
    assert_eq!(report["out_of_scope"], json!([{"survey": "2024", "gmis_id": "KWS0001"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_is_applied_once_and_the_same_file_again_changes_nothing() {
    let app = TestApp::answered().await;
    let client = app.sign_in("administrator").await;
    let hash = send(&client, PREVIEW, CHANGED).await.expect(200)["hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{APPLY}?hash={hash}");
    assert!(send(&client, &path, CHANGED).await.expect(200)["import"].is_string());
    let before = app.database.counts().await;
    // What the preview showed has been done: it is not there to be done again.
    send(&client, &path, CHANGED).await.refused(409, "master_changed");
    let again = send(&client, APPLY, CHANGED).await.expect(200);
    assert_eq!((&again["import"], &again["changes"]), (&Value::Null, &json!([])));
    assert_eq!(app.database.counts().await, before);
    for (sql, expected) in [
        ("SELECT count(*) FROM alias WHERE value = 'TKY0001' AND valid_to IS NOT NULL", 1),
        (
            "SELECT count(*) FROM alias n JOIN alias f USING (hospital_id) WHERE n.value = 'TKY0009' AND n.valid_to IS NULL AND f.value = 'TKY0001'",
            1,
        ),
        (
            "SELECT count(*) FROM hospital h JOIN alias s ON s.hospital_id = h.successor_id WHERE s.value = 'KNG0001' AND h.close_reason = 'merged'",
            1,
        ),
        (
            "SELECT count(*) FROM hospital WHERE name = '<script>alert(1)</script>㈱髙﨑, \"病院\"'",
            1,
        ),
        ("SELECT count(*) FROM alias WHERE value = 'YKH0001' AND municipality = '14102'", 1),
        (
            "SELECT count(*) FROM frame WHERE survey_id = '2024' AND gmis_id = 'SJK0001' AND beds = 120",
            1,
        ),
        ("SELECT count(*) FROM frame WHERE out_of_scope_at IS NOT NULL", 0),
        (
            "SELECT count(*) FROM hospital h JOIN alias USING (prefecture) WHERE value = 'OLD0001' AND h.closed_on IS NOT NULL",
            0,
        ),
        ("SELECT count(*) FROM audit WHERE action = 'import_master'", 1),
    ] {
        assert_eq!(app.database.number(sql).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_with_an_error_is_refused_whole() {
    let app = TestApp::answered().await;
    let client = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    for (rows, expected) in [
        ("SJK0001,甲,東京都,,19,,,,\nSJK0002,乙,東京都,,20,,,,\n", "beds_under_20"),
        ("SJK0001,甲,東京都,,50,,,,SJK0002\n", "hospital_identity_conflict"),
        (
            "SJK0001,甲,東京都,,50,,,,\nSJK0009,乙,東京都,,50,,,,SJK0001\n",
            "hospital_duplicate",
        ),
    ] {
        let preview = send(&client, PREVIEW, rows).await.expect(200);
        assert_eq!(codes(&preview["faults"]), [expected]);
        assert!(preview["hash"].is_null());
        let refused = send(&client, APPLY, rows).await;
        assert_eq!(fault_codes(&refused), [expected]);
        refused.refused(422, "master_faulty");
    }
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_drawn_from_the_master_once() {
    let app = TestApp::spawn().await;
    let client = app.sign_in("administrator").await;
    let superuser = app.database.superuser().await;
    superuser.execute("DELETE FROM frame WHERE survey_id = '2022'", &[]).await.unwrap();
    let draw = async || client.post("/api/v1/surveys/2022/frame", &json!({"on": "2024-02-10"})).await;
    draw().await.refused(409, "master_empty");
    send(&client, APPLY, CHANGED).await.expect(200);
    // Not the one that was merged, nor the one that opens in 2030, nor the one whose beds no master named.
    assert_eq!(draw().await.expect(201)["hospitals"], 7);
    draw().await.refused(409, "frame_drawn");
    let renamed = "SELECT count(*) FROM frame WHERE survey_id = '2022' AND gmis_id IN ('TKY0009', 'NEW0001') AND beds IN (20, 250)";
    assert_eq!(app.database.number(renamed).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_that_goes_out_of_scope_leaves_rates_and_candidates_and_keeps_its_answers() {
    let app = TestApp::answered().await;
    let client = app.sign_in("administrator").await;
    let path = "/api/v1/surveys/2024/hospitals/KWS0001/out-of-scope";
    let rates = async || {
        let rates = client.get("/api/v1/surveys/2024/response-rates?area=14&by=area").await.expect(200);
        (
            rates["total"]["targets"].as_u64().unwrap(),
            rates["total"]["responses"].as_u64().unwrap(),
        )
    };
    let candidates = async || {
        let page = client.get("/api/v1/programs/2024/prefectures/14/candidates").await.expect(200);
        let names = |list: &str, key: &str| page[list].as_array().unwrap().iter().any(|one| one[key] == "KWS0001");
        let left = page["excluded"].as_array().unwrap().iter().any(|one| one["reason"] == "left_frame");
        assert_eq!(left, names("excluded", "hospital"), "{page}");
        names("candidates", "gmis")
    };
    // Rates are not asked for before: their snapshot may be a second old. The world has 3 hospitals there, 2 of which answered.
    assert!(candidates().await);
    client.post(path, &json!({"reason": " "})).await.refused(400, "reason_missing");
    let answer = client.request(Method::POST, path).json(&json!({"reason": "廃止"})).send().await;
    assert_eq!(answer.status, 204);
    assert_eq!((rates().await, candidates().await), ((2, 1), false));
    client.post(path, &json!({"reason": "廃止"})).await.refused(404, "hospital_unknown");
    let kept =
        "SELECT count(*) FROM revision r JOIN frame f USING (survey_id, hospital_id) WHERE f.gmis_id = 'KWS0001' AND r.survey_id = '2024'";
    assert_eq!(app.database.number(kept).await, 1);
}
