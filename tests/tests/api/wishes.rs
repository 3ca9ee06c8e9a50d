//! Wishes across cells in a prefecture's criteria: looked at, saved, chosen by, and named when they cannot hold together.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::world::{Hospital, NEIGHBOUR, OTHER_WARD, OWN};

const CRITERIA: &str = "/api/v1/programs/2024/prefectures/13/criteria";
const SELECTIONS: &str = "/api/v1/programs/2024/prefectures/13/selections";

/// The world with answers; its programme knows where the hospitals of Tokyo stand.
async fn app() -> TestApp {
    let app = TestApp::answered().await;
    let client = app.database.superuser().await;
    for (hospital, area) in [(OWN, "1304"), (NEIGHBOUR, "1304"), (OTHER_WARD, "1301")] {
        let sql = "UPDATE program_hospital SET attributes = jsonb_build_object('medical_area', $1::text) WHERE gmis_id = $2";
        assert_eq!(client.execute(sql, &[&area, &hospital.gmis]).await.unwrap(), 1);
    }
    app
}

/// Of the small hospitals one without an offline backup has 30 points, one of 120 beds 10; there is one place for the two.
fn criteria(wishes: &Value) -> Value {
    json!({"name": "都の基準", "items": [
        {"key": "no_offline_backup", "label": "オフラインのバックアップがない", "points": 30, "when": {"question": "backup_offline", "is": ["no"]}},
        {"key": "beds_100", "label": "100床以上", "group": "region", "points": 10, "when": {"beds_at_least": 100}},
    ], "wishes": wishes})
}

fn two_of_1304() -> Value {
    json!({"key": "west", "label": "区西部から2病院", "attribute": "medical_area", "is": ["1304"], "at_least": 2})
}

fn each_area() -> Value {
    json!({"key": "each_area", "label": "どの医療圏からも", "attribute": "medical_area", "at_least": 1})
}

async fn set(client: &Client, seen: u32, criteria: &Value) -> Answer {
    let request = client.request(Method::PUT, CRITERIA).header("If-Match", &format!("\"{seen}\""));
    request.json(criteria).send().await
}

async fn preview(client: &Client, criteria: &Value) -> Answer {
    client.post(&format!("{CRITERIA}/preview"), criteria).await
}

async fn choose(client: &Client) -> Answer {
    client.request(Method::POST, SELECTIONS).key(new_key()).send().await
}

/// Who stands in a list of the cell of small hospitals.
fn small(selection: &Value, list: &str) -> Vec<String> {
    let cells = selection["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["band"] == "20-199").unwrap();
    let list = cell[list].as_array().unwrap().iter();
    list.map(|one| one["gmis"].as_str().unwrap().to_owned()).collect()
}

fn ids(hospital: Hospital) -> Vec<String> {
    vec![hospital.gmis.to_owned()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_is_previewed_saved_and_chosen_by_and_its_price_is_said() {
    let app = app().await;
    let tokyo = app.sign_in("tokyo").await;
    set(&tokyo, 1, &criteria(&json!([]))).await.expect(200);
    let plain = choose(&tokyo).await.expect(201)["selection"].clone();
    assert_eq!((small(&plain, "chosen"), &plain["wishes"]), (ids(OTHER_WARD), &Value::Null));

    let wanted = criteria(&json!([two_of_1304()]));
    let seen = preview(&tokyo, &wanted).await.expect(200);
    assert_eq!(seen["changes_choice"], true);
    assert_eq!((small(&seen, "enters"), small(&seen, "leaves")), (ids(OWN), ids(OTHER_WARD)));
    let saved = set(&tokyo, 2, &wanted).await.expect(200);
    assert_eq!(saved["criteria"]["wishes"], json!([two_of_1304()]));

    let chosen = choose(&tokyo).await.expect(201)["selection"].clone();
    assert_eq!((small(&chosen, "chosen"), small(&chosen, "reserves")), (ids(OWN), ids(OTHER_WARD)));
    assert_eq!(chosen["wishes"], seen["wishes"]);
    insta::assert_json_snapshot!(chosen["wishes"]);
    // The other cells are as full as before, and as short.
    for (cell, before) in chosen["cells"].as_array().unwrap().iter().zip(plain["cells"].as_array().unwrap()) {
        assert_eq!((&cell["quota"], &cell["missing"]), (&before["quota"], &before["missing"]));
    }
    // A run again is the same, and the wishes are part of what it was made from.
    let again = choose(&tokyo).await.expect(201);
    assert_eq!((&again["selection"], &again["same_as_before"]), (&chosen, &json!(true)));
    assert_eq!(chosen["criteria"], saved["criteria"]);
    assert_ne!(chosen["inputs_hash"], plain["inputs_hash"]);
    let current = tokyo.get("/api/v1/programs/2024/prefectures/13/selection").await.expect(200);
    assert_eq!(current["selection"], chosen);
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_that_cannot_hold_together_are_named_and_nothing_is_chosen() {
    let app = app().await;
    let tokyo = app.sign_in("tokyo").await;
    set(&tokyo, 1, &criteria(&json!([]))).await.expect(200);
    let first = choose(&tokyo).await.expect(201);
    let beside = json!({"key": "not_all", "label": "1304は3病院以下", "attribute": "medical_area", "is": ["1304"], "at_most": 3});
    let clashing = criteria(&json!([beside, two_of_1304(), each_area()]));
    // It may be saved, for tomorrow's answers may make it possible.
    set(&tokyo, 2, &clashing).await.expect(200);

    let before = app.database.counts().await;
    for refused in [preview(&tokyo, &clashing).await, choose(&tokyo).await] {
        let problem = refused.refused(409, "wishes_infeasible");
        let said = problem["detail"].as_str().unwrap();
        for words in [
            "2つの希望",
            "区西部から2病院",
            "どの医療圏からも",
            "west、each_area のいずれかを外せば",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!said.contains("not_all"), "{said}");
    }
    let mut after = app.database.counts().await;
    // Refused whole: even the note that somebody looked went with the transaction, as nothing was shown.
    after.retain(|table, count| before.get(table) != Some(count));
    assert!(after.is_empty(), "{after:?}");
    let current = tokyo.get("/api/v1/programs/2024/prefectures/13/selection").await.expect(200);
    assert_eq!(current["selection"]["result_hash"], first["selection"]["result_hash"]);

    let too_many = json!([{"key": "many", "label": "1301から5病院", "attribute": "medical_area", "is": ["1301"], "at_least": 5}]);
    let problem = preview(&tokyo, &criteria(&too_many)).await.refused(409, "wishes_infeasible");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.contains("最大1病院（希望は5病院以上）"), "{said}");

    // Where hospitals give the area a name, it stands before the code.
    let named = "UPDATE program_hospital SET attributes = attributes || '{\"medical_area_name\": \"区中央部\"}' WHERE attributes->>'medical_area' = '1301'";
    assert_eq!(app.database.superuser().await.execute(named, &[]).await.unwrap(), 1);
    let five_each = json!([{"key": "five", "label": "どの医療圏からも5病院", "attribute": "medical_area", "at_least": 5}]);
    let problem = preview(&tokyo, &criteria(&five_each)).await.refused(409, "wishes_infeasible");
    let said = problem["detail"].as_str().unwrap();
    assert!(
        said.contains("区中央部（1301） は最大1病院") && said.contains("、1304 は"),
        "{said}"
    );

    // What is in force does not keep anybody from looking at something better.
    let mended = preview(&tokyo, &criteria(&json!([two_of_1304()]))).await.expect(200);
    assert_eq!(
        (&mended["wishes_before_infeasible"], small(&mended, "enters")),
        (&json!(true), ids(OWN))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_that_cannot_work_are_refused_in_words_and_not_stored() {
    let app = app().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let with = |field: &str, value: Value| {
        let mut wish = two_of_1304();
        wish[field] = value;
        json!([each_area(), wish])
    };
    for (wishes, words) in [
        (with("at_least", json!(0)), "at_least（1以上）"),
        (with("at_most", json!(1)), "at_most以下"),
        (with("at_most_percent", json!(100)), "1～99"),
        (with("at_least", json!("二")), "2番目の希望"),
        (with("colour", json!("red")), "2番目の希望"),
        (with("attribute", json!("weather")), "founder、medical_area"),
        (with("is", json!(["13"])), "4桁のコード"),
        (with("key", json!("each_area")), "2回"),
        (with("label", json!("")), "空欄"),
        (json!(vec![two_of_1304(); 21]), "20件以内"),
        (json!({"west": 2}), "wishes"),
    ] {
        for refused in [preview(&tokyo, &criteria(&wishes)).await, set(&tokyo, 1, &criteria(&wishes)).await] {
            let problem = refused.refused(400, "criteria_invalid");
            assert!(problem["detail"].as_str().unwrap().contains(words), "{wishes}: {problem}");
        }
    }
    assert_eq!(app.database.counts().await, before);
}
