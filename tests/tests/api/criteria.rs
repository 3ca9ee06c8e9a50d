//! A prefecture's criteria: read, looked at, saved, refused; the national default stays for the others.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but};

use crate::{body, revisions};

const CRITERIA: &str = "/api/v1/programs/2024/prefectures/13/criteria";

/// The items that only count beds and one answer, by their points.
fn criteria(no_offline: u32, beds: u32) -> Value {
    json!({"name": "都の基準", "items": [
        {"key": "no_offline_backup", "label": "オフラインのバックアップがない", "points": no_offline, "when": {"question": "backup_offline", "is": ["no"]}},
        {"key": "beds_100", "label": "100床以上", "group": "region", "points": beds, "when": {"beds_at_least": 100}},
    ]})
}

async fn set(client: &Client, seen: &str, criteria: &Value) -> Answer {
    client
        .request(Method::PUT, CRITERIA)
        .header("If-Match", seen)
        .json(criteria)
        .send()
        .await
}

async fn choose(client: &Client) -> Value {
    let choice = client
        .request(Method::POST, "/api/v1/programs/2024/prefectures/13/selections")
        .key(new_key());
    choice.send().await.expect(201)["selection"].clone()
}

/// Who is chosen in the cell of small hospitals.
fn chosen(selection: &Value) -> Vec<String> {
    let cells = selection["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["band"] == "20-199").unwrap();
    names(&cell["chosen"])
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["gmis"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_saving_will_change_and_saves_nothing() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    // In the cell of small hospitals there is one place for two: 120 beds with a backup, 30 beds without one.
    let first = set(&tokyo, "\"1\"", &criteria(30, 10)).await;
    assert_eq!((first.header("etag"), first.status), ("\"2\"", 200));
    let before = choose(&tokyo).await;
    assert_eq!(chosen(&before), [OTHER_WARD.gmis]);

    let counts = app.database.counts().await;
    let preview = tokyo.post(&format!("{CRITERIA}/preview"), &criteria(10, 30)).await.expect(200);
    let mut after = app.database.counts().await;
    // But that somebody looked at answers is noted.
    assert_eq!(after.insert("audit".to_owned(), counts["audit"]), Some(counts["audit"] + 1));
    assert_eq!(after, counts);
    let cells = preview["cells"].as_array().unwrap();
    let small = cells.iter().find(|cell| cell["band"] == "20-199").unwrap();
    assert_eq!(preview["changes_choice"], true);
    assert_eq!(
        (names(&small["enters"]), names(&small["leaves"])),
        (vec![OWN.gmis.to_owned()], vec![OTHER_WARD.gmis.to_owned()])
    );
    let large = cells.iter().find(|cell| cell["band"] == "400+").unwrap();
    let moved = &large["moves"][0];
    assert_eq!(
        (
            &moved["gmis"],
            &moved["rank_before"],
            &moved["rank_after"],
            &moved["score_before"],
            &moved["score_after"]
        ),
        (&json!(NEIGHBOUR.gmis), &json!(1), &json!(1), &json!(10), &json!(30))
    );
    assert_eq!(choose(&tokyo).await["inputs_hash"], before["inputs_hash"]);

    set(&tokyo, "\"2\"", &criteria(10, 30)).await.expect(200);
    let saved = choose(&tokyo).await;
    assert_eq!(chosen(&saved), [OWN.gmis]);
    assert_ne!(saved["inputs_hash"], before["inputs_hash"]);
    assert_eq!(saved["criteria"]["name"], "都の基準");
    let candidates = tokyo.get("/api/v1/programs/2024/prefectures/13/candidates").await.expect(200);
    assert_eq!(candidates["criteria_version"], 3);
    for candidate in candidates["candidates"].as_array().unwrap() {
        let sum = |group: &str| -> u64 {
            let parts = candidate["parts"].as_array().unwrap().iter();
            parts
                .filter(|part| part["group"] == group)
                .map(|part| part["points"].as_u64().unwrap())
                .sum()
        };
        assert_eq!(candidate["groups"], json!({"need": sum("need"), "region": sum("region")}));
        assert_eq!(candidate["score"], sum("need") + sum("region"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_are_a_prefectures_own_and_nobody_overwrites_what_they_did_not_see() {
    let app = TestApp::spawn().await;
    let (administrator, tokyo, kanagawa) = (
        app.sign_in("administrator").await,
        app.sign_in("tokyo").await,
        app.sign_in("kanagawa").await,
    );
    tokyo
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "backup_offline", "no")))
        .await
        .expect(201);
    let program = json!({
        "id": "2024", "fiscal_year": 2024, "title": "支援事業", "surveys": ["2024"], "use_rule": "要綱", "deadline": "2024-08-31T14:59:59Z",
    });
    let opened = administrator.post("/api/v1/programs", &program).await.expect(201);
    let national = tokyo.get(CRITERIA).await;
    assert_eq!(national.header("etag"), "\"0\"");
    assert_eq!(national.json()["criteria"], opened["criteria"]);

    // Two at once: one of them learns that it has seen something else.
    let both = futures_util::future::join_all([set(&tokyo, "\"0\"", &criteria(30, 10)), set(&tokyo, "\"0\"", &criteria(10, 30))]).await;
    let mut outcomes: Vec<String> = both.iter().map(Answer::outcome).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["200", "412 criteria_changed"]);
    let won = both.into_iter().find(|answer| answer.status == 200).unwrap().json();
    // Sent again because the answer was lost: it is done, and makes no version.
    assert_eq!(set(&tokyo, "\"0\"", &won["criteria"]).await.expect(200), won);
    assert_eq!(app.database.number("SELECT count(*) FROM program_criteria").await, 1);
    tokyo.put(CRITERIA, &criteria(1, 1)).await.refused(428, "if_match_missing");
    let other = "/api/v1/programs/2024/prefectures/14/criteria";
    assert_eq!(kanagawa.get(other).await.expect(200)["criteria"], opened["criteria"]);
    // The ministry reads them and sets none.
    assert_eq!(administrator.get(CRITERIA).await.expect(200), won);
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_that_cannot_work_are_refused_in_words_and_not_stored() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let with = |field: &str, value: Value| {
        let mut criteria = criteria(1, 1);
        criteria["items"][0][field] = value;
        criteria
    };
    for (wanted, word) in [
        (json!({"name": "空", "items": []}), "1つ以上"),
        (json!({"items": []}), "name"),
        (json!([]), "name"),
        (with("points", json!(0)), "no_offline_backup"),
        (with("points", json!(1.5)), "1番目"),
        (with("points", json!(10_001)), "10000点以内"),
        (with("key", json!("beds_100")), "2回"),
        (with("key", json!("病床")), "半角"),
        (with("label", json!("長".repeat(101))), "100文字"),
        (with("group", json!("weather")), "need"),
        (with("when", json!({"question": "backup_offline", "is": ["perhaps"]})), "perhaps"),
        (with("when", json!({"question": "ehr_plan", "is": ["in_use"]})), "ehr_plan"),
        (with("when", json!({"attribute": "emergency", "is": ["fifth"]})), "fifth"),
        (with("when", json!({"only_hospital_of": "founder"})), "medical_area"),
        (with("when", json!({"finding_at_least": 9})), "1～3"),
        (with("when", json!({"weather": "rain"})), "1番目"),
    ] {
        for refused in [
            tokyo.post(&format!("{CRITERIA}/preview"), &wanted).await,
            set(&tokyo, "\"1\"", &wanted).await,
        ] {
            let problem = refused.refused(400, "criteria_invalid");
            assert!(problem["detail"].as_str().unwrap().contains(word), "{wanted}: {problem}");
        }
    }
    assert_eq!(app.database.counts().await, before);
}
