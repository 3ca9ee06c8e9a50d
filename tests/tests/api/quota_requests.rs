//! Requests to move quota: asked by a prefecture, read by whom they concern, granted once, and never a change of the national total.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};

const QUOTAS: &str = "/api/v1/programs/2024/quotas";
const REQUESTS: &str = "/api/v1/programs/2024/quota-requests";
const BANDS: [&str; 3] = ["20-199", "200-399", "400+"];

fn cell((prefecture, band): (u32, &str)) -> Value {
    json!({"prefecture": prefecture.to_string(), "band": band})
}

fn one(from: (u32, &str), to: (u32, &str), hospitals: u32) -> Value {
    json!({"from": cell(from), "to": cell(to), "hospitals": hospitals})
}

async fn ask(client: &Client, moves: &[Value]) -> Answer {
    client
        .submit(REQUESTS, &json!({"moves": moves, "reason": "候補が足りないため"}))
        .await
}

async fn decide(client: &Client, request: &Value, decision: &str) -> Answer {
    let path = format!("{REQUESTS}/{}/{decision}", request["id"].as_str().unwrap());
    client.post(&path, &json!({"reason": "協議のとおり"})).await
}

async fn number(client: &Client, prefecture: &str, band: &str) -> Option<i64> {
    let quotas = client.get(QUOTAS).await.expect(200);
    let found = quotas
        .as_array()
        .unwrap()
        .iter()
        .find(|cell| cell["prefecture"] == prefecture && cell["band"] == band);
    found.map(|cell| cell["hospitals"].as_i64().unwrap())
}

const TOTAL: &str = "SELECT coalesce(sum(hospitals), 0) FROM (SELECT DISTINCT ON (prefecture, band) hospitals FROM quota WHERE program_id = '2024' ORDER BY prefecture, band, version DESC) q";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_granted_and_the_history_says_who_asked_and_who_granted() {
    let app = TestApp::answered().await;
    let (administrator, tokyo, kanagawa) = (
        app.sign_in("administrator").await,
        app.sign_in("tokyo").await,
        app.sign_in("kanagawa").await,
    );
    let total = app.database.number(TOTAL).await;
    let asked = ask(
        &tokyo,
        &[one((13, "400+"), (13, "200-399"), 1), one((13, "20-199"), (14, "400+"), 1)],
    )
    .await
    .expect(201);
    assert_eq!((&asked["state"], &asked["decision"]), (&json!("open"), &Value::Null));
    assert_eq!(number(&tokyo, "13", "400+").await, Some(2), "asking moves nothing");
    // The other prefecture is concerned and reads it; it decides nothing.
    assert_eq!(kanagawa.get(REQUESTS).await.expect(200)[0]["id"], asked["id"]);
    decide(&kanagawa, &asked, "grant").await.refused(403, "role_not_permitted");
    decide(&tokyo, &asked, "grant").await.refused(403, "role_not_permitted");

    let granted = decide(&administrator, &asked, "grant").await.expect(200);
    assert_eq!(
        (&granted["state"], &granted["decision"]["reason"]),
        (&json!("granted"), &json!("協議のとおり"))
    );
    for (prefecture, band, expected) in [("13", "20-199", 0), ("13", "200-399", 1), ("13", "400+", 1), ("14", "400+", 1)] {
        assert_eq!(
            number(&administrator, prefecture, band).await,
            Some(expected),
            "{prefecture} {band}"
        );
    }
    assert_eq!(app.database.number(TOTAL).await, total);
    for decision in ["grant", "refuse"] {
        decide(&administrator, &asked, decision).await.refused(409, "quota_request_decided");
    }

    let history = tokyo.get(&format!("{QUOTAS}/history?prefecture=13")).await.expect(200);
    let version = history
        .as_array()
        .unwrap()
        .iter()
        .find(|version| version["band"] == "400+" && version["version"] == 2)
        .unwrap();
    assert_eq!(
        (&version["reason"], &version["request"]["id"]),
        (&json!("協議のとおり"), &asked["id"])
    );
    assert_eq!(version["request"]["reason"], "候補が足りないため");
    assert!(
        version["request"]["asked_by"].is_string() && version["request"]["asked_by"] != version["set_by"],
        "{version}"
    );
    assert_eq!(version["request"]["decision"]["decided_by"], version["set_by"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_moves_nothing() {
    let app = TestApp::answered().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    let before = administrator.get(QUOTAS).await.expect(200);
    let asked = ask(&tokyo, &[one((13, "400+"), (13, "200-399"), 1)]).await.expect(201);
    let path = format!("{REQUESTS}/{}/refuse", asked["id"].as_str().unwrap());
    administrator
        .post(&path, &json!({"reason": " "}))
        .await
        .refused(400, "reason_missing");
    assert_eq!(decide(&administrator, &asked, "refuse").await.expect(200)["state"], "refused");
    decide(&administrator, &asked, "grant").await.refused(409, "quota_request_decided");
    assert_eq!(administrator.get(QUOTAS).await.expect(200), before);
    let unknown = format!("/api/v1/programs/2025/quota-requests/{}/grant", asked["id"].as_str().unwrap());
    administrator
        .post(&unknown, &json!({"reason": "x"}))
        .await
        .refused(404, "program_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_refused_and_not_kept() {
    let app = TestApp::answered().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    let before = app.database.counts().await;
    let fifty_one = vec![one((13, "400+"), (13, "20-199"), 1); 51];
    for (moves, expected) in [
        (vec![], "400 quota_move_invalid"),
        (fifty_one, "400 quota_move_invalid"),
        (vec![one((13, "400+"), (13, "400+"), 1)], "400 quota_move_invalid"),
        (vec![one((13, "400+"), (13, "20-199"), 0)], "400 quota_move_invalid"),
        (vec![one((14, "20-199"), (14, "400+"), 1)], "400 quota_move_invalid"),
        (vec![one((13, "20-99"), (13, "400+"), 1)], "400 quota_invalid"),
        (vec![one((48, "20-199"), (13, "400+"), 1)], "400 prefecture_invalid"),
        (vec![one((13, "400+"), (13, "20-199"), 3)], "409 quota_too_small"),
        (vec![one((13, "400+"), (13, "20-199"), 4_000_000_000)], "400 quota_move_invalid"),
    ] {
        assert_eq!(ask(&tokyo, &moves).await.outcome(), expected, "{moves:?}");
    }
    let silent = json!({"moves": [one((13, "400+"), (13, "20-199"), 1)], "reason": ""});
    tokyo.submit(REQUESTS, &silent).await.refused(400, "reason_missing");
    assert_eq!(app.database.counts().await, before);
    // Of another prefecture's cell only the ministry sees that it has too little.
    let asked = ask(&tokyo, &[one((14, "20-199"), (13, "20-199"), 2)]).await.expect(201);
    let refused = decide(&administrator, &asked, "grant").await.refused(409, "quota_too_small");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("神奈川県 20～199床の支援枠は1で、2は減らせません"),
        "{refused}"
    );
    assert_eq!(
        administrator.get(REQUESTS).await.expect(200)[0]["state"],
        "open",
        "nothing was decided"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_the_same_key_is_one_request() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let (key, body) = (new_key(), json!({"moves": [one((13, "400+"), (13, "200-399"), 1)], "reason": "x"}));
    let send = async || tokyo.request(Method::POST, REQUESTS).key(&key).json(&body).send().await;
    let (first, second) = (send().await, send().await);
    assert_eq!((first.expect(201), second.header("idempotency-replayed")), (second.json(), "true"));
    assert_eq!(
        app.database.number("SELECT count(*) FROM quota_request WHERE reason = 'x'").await,
        1
    );
}

/// Requests of both prefectures, drawn; granted and refused all at once, several at a time, while numbers are read.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_granted_at_the_same_time_the_national_total_stays_and_no_cell_goes_under_nothing() {
    let app = TestApp::answered().await;
    let (administrator, tokyo, kanagawa) = (
        app.sign_in("administrator").await,
        app.sign_in("tokyo").await,
        app.sign_in("kanagawa").await,
    );
    let cells: Vec<Value> = [13, 14]
        .into_iter()
        .flat_map(|prefecture| BANDS.map(|band| json!({"prefecture": prefecture.to_string(), "band": band, "hospitals": 6})))
        .collect();
    administrator.put(&format!("{QUOTAS}?reason=x"), &json!(cells)).await.expect(200);
    let total = app.database.number(TOTAL).await;
    assert_eq!(total, 36);
    let place = (prop::sample::select(vec![13_u32, 14]), prop::sample::select(BANDS.to_vec()));
    let moves = proptest::collection::vec((place.clone(), place, 1_u32..4), 1..4);
    let mut runner = TestRunner::deterministic();
    let mut asked = Vec::new();
    while asked.len() < 16 {
        let drawn = moves.new_tree(&mut runner).unwrap().current();
        let kept: Vec<_> = drawn.into_iter().filter(|(from, to, _)| from != to).collect();
        let own = kept.first().map_or(13, |(from, _, _)| from.0);
        let moves: Vec<Value> = kept
            .iter()
            .filter(|(from, to, _)| from.0 == own || to.0 == own)
            .map(|(from, to, hospitals)| one(*from, *to, *hospitals))
            .collect();
        let answer = ask(if own == 13 { &tokyo } else { &kanagawa }, &moves).await;
        if answer.status == 201 {
            asked.push(answer.json());
        }
    }
    // Each twice, so that the same request is granted by two at once.
    let decisions = asked.iter().chain(&asked).map(|request| decide(&administrator, request, "grant"));
    let watch = async {
        let mut seen = Vec::new();
        for _ in 0..20 {
            seen.push(app.database.number(TOTAL).await);
        }
        seen
    };
    let (answers, seen) = tokio::join!(futures_util::future::join_all(decisions), watch);
    assert!(seen.iter().all(|seen| *seen == total), "{seen:?}");
    assert_eq!(app.database.number(TOTAL).await, total);
    let outcomes: Vec<String> = answers.iter().map(Answer::outcome).collect();
    let granted = outcomes.iter().filter(|outcome| *outcome == "200").count();
    let known = ["200", "409 quota_request_decided", "409 quota_too_small"];
    assert!(outcomes.iter().all(|outcome| known.contains(&outcome.as_str())), "{outcomes:?}");
    assert!(granted >= 4, "{outcomes:?}");
    let decided = "SELECT count(*) FROM quota_decision WHERE decision = 'granted'";
    assert_eq!(app.database.number(decided).await, i64::try_from(granted).unwrap());
    // Played again one after the other, the granted moves give what is in force: none was lost, none made twice.
    let wrong = "SELECT count(*) FROM (SELECT prefecture, band, \
        6 + coalesce((SELECT sum(m.hospitals) FROM quota_move m JOIN quota_decision d USING (request_id) WHERE d.decision = 'granted' AND m.to_prefecture = q.prefecture AND m.to_band = q.band), 0) \
          - coalesce((SELECT sum(m.hospitals) FROM quota_move m JOIN quota_decision d USING (request_id) WHERE d.decision = 'granted' AND m.from_prefecture = q.prefecture AND m.from_band = q.band), 0) AS expected, \
        (array_agg(hospitals ORDER BY version DESC))[1] AS found FROM quota q WHERE program_id = '2024' GROUP BY prefecture, band) x WHERE expected <> found OR found < 0";
    assert_eq!(app.database.number(wrong).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_of_a_programme_of_six_bands_moves_between_its_own_bands() {
    let app = TestApp::answered().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    let program = json!({
        "id": "six", "fiscal_year": 2025, "title": "六区分", "surveys": ["2024"], "use_rule": "試験", "deadline": "2030-01-01T00:00:00Z", "banding": "survey",
    });
    administrator.post("/api/v1/programs", &program).await.expect(201);
    // By a file, whose bands are the programme's.
    let import = async |file: &str| administrator.upload("/api/v1/programs/six/quotas/imports", file).await;
    let three = import("都道府県,病床規模区分,支援枠\n東京都,400床以上,1\n").await;
    assert_eq!(three.refused(422, "quotas_faulty")["faults"][0]["code"], "band_unknown");
    import("都道府県,病床規模区分,支援枠\n東京都,20～99床,2\n東京都,500床以上,1\n")
        .await
        .expect(200);
    let requests = "/api/v1/programs/six/quota-requests";
    let ask = async |to: &str| {
        let moves = [one((13, "20-99"), (13, to), 1)];
        tokyo
            .submit(requests, &json!({"moves": moves, "reason": "候補が足りないため"}))
            .await
    };
    ask("400+").await.refused(400, "quota_invalid");
    let asked = ask("500+").await.expect(201);
    let path = format!("{requests}/{}/grant", asked["id"].as_str().unwrap());
    administrator.post(&path, &json!({"reason": "協議のとおり"})).await.expect(200);
    let now = tokyo.get("/api/v1/programs/six/quotas").await.expect(200);
    let numbers: Vec<(&Value, &Value)> = now
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| (&cell["band"], &cell["hospitals"]))
        .collect();
    assert_eq!(numbers, [(&json!("20-99"), &json!(1)), (&json!("500+"), &json!(2))]);
}
