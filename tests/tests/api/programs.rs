//! Programmes: opened, allotted, chosen; the same twice; the short cell named.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Client, new_key};
use tests::world::{NEIGHBOUR, OWN, answers_2024, but};

use crate::{body, revisions};

fn program(id: &str) -> Value {
    json!({
        "id": id, "fiscal_year": 2024, "title": "支援事業", "surveys": ["2024", "2022"], "use_rule": "実施要綱による",
        "deadline": "2024-08-31T14:59:59Z",
    })
}

async fn choose(client: &Client) -> Value {
    client
        .request(Method::POST, "/api/v1/programs/2024/prefectures/13/selections")
        .key(new_key())
        .send()
        .await
        .expect(201)
}

fn cell<'a>(report: &'a Value, band: &str) -> &'a Value {
    report["selection"]["cells"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cell| cell["band"] == band)
        .unwrap()
}

fn chosen(cell: &Value) -> Vec<&str> {
    cell["chosen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hospital| hospital["gmis"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_goes_from_opening_to_a_list_on_paper() {
    let app = TestApp::spawn().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    for hospital in [OWN, NEIGHBOUR] {
        tokyo
            .submit(&revisions("2024", hospital), &body(but(answers_2024(), "backup_offline", "no")))
            .await
            .expect(201);
    }
    let opened = administrator.post("/api/v1/programs", &program("2024")).await.expect(201);
    assert_eq!(opened["use_rule"], "実施要綱による");
    administrator
        .post("/api/v1/programs", &program("2024"))
        .await
        .refused(409, "program_exists");
    let early = tokyo
        .request(Method::POST, "/api/v1/programs/2024/prefectures/13/selections")
        .key(new_key())
        .send()
        .await;
    early.refused(409, "quota_missing");

    let quotas = json!([
        {"prefecture": "13", "band": "20-199", "hospitals": 1}, {"prefecture": "13", "band": "400+", "hospitals": 2},
        {"prefecture": "14", "band": "20-199", "hospitals": 1},
    ]);
    assert_eq!(
        administrator.put("/api/v1/programs/2024/quotas", &quotas).await.expect(200)["changed"],
        3
    );
    assert_eq!(
        administrator.put("/api/v1/programs/2024/quotas", &quotas).await.expect(200)["changed"],
        0
    );
    assert_eq!(
        tokyo
            .get("/api/v1/programs/2024/quotas")
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let candidates = tokyo.get("/api/v1/programs/2024/prefectures/13/candidates").await.expect(200);
    let names = |list: &Value, key: &str| {
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item[key].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&candidates["candidates"], "gmis").len(), 2);
    assert_eq!(names(&candidates["excluded"], "reason"), ["no_submission", "no_submission"]);
    assert!(
        candidates["candidates"][0]["parts"]
            .as_array()
            .is_some_and(|parts| !parts.is_empty())
    );

    let first = choose(&tokyo).await;
    assert_eq!((&first["number"], &first["same_as_before"]), (&json!(1), &Value::Null));
    assert_eq!(chosen(cell(&first, "20-199")), [OWN.gmis]);
    // Two places, one candidate: named, and not filled from elsewhere.
    assert_eq!(
        (chosen(cell(&first, "400+")), &cell(&first, "400+")["missing"]),
        (vec![NEIGHBOUR.gmis], &json!(1))
    );
    assert_eq!(first["selection"]["complete"], false);

    let second = choose(&tokyo).await;
    assert_eq!((&second["number"], &second["same_as_before"]), (&json!(2), &json!(true)));
    for hash in ["inputs_hash", "result_hash"] {
        assert_eq!(first["selection"][hash], second["selection"][hash], "{hash}");
    }
    assert_eq!(
        tokyo.get("/api/v1/programs/2024/prefectures/13/selection").await.expect(200)["number"],
        2
    );
    let read = "SELECT count(*) FROM audit WHERE action = 'read_selection' AND prefecture = 13 AND actor = 'prefecture'";
    assert_eq!(app.database.number(read).await, 1);

    let list = tokyo.get("/api/v1/programs/2024/prefectures/13/selection.xlsx").await;
    assert_eq!(list.header("content-disposition"), "attachment; filename=\"selection_13.xlsx\"");
    let cells = crate::statistics::cells(&list.clone().file());
    assert!(
        cells.iter().any(|cell| cell == OWN.gmis) && cells.iter().any(|cell| cell == NEIGHBOUR.gmis),
        "{cells:?}"
    );
    assert_eq!(
        list.body,
        tokyo.get("/api/v1/programs/2024/prefectures/13/selection.xlsx").await.body,
        "the same bytes twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_choice_with_the_same_key_is_one_run() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let send = async || {
        tokyo
            .request(Method::POST, "/api/v1/programs/2024/prefectures/13/selections")
            .key("k-1")
            .send()
            .await
    };
    let (first, again) = (send().await, send().await);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(
        app.database
            .number("SELECT max(number)::bigint FROM selection WHERE prefecture = 13")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_answer_changes_the_hash_of_the_inputs() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let first = choose(&tokyo).await;
    assert_eq!(first["same_as_before"], true);
    let changed = json!({"answers": but(answers_2024(), "bcp_defined", "no"), "reason": "訂正"});
    tokyo.submit(&revisions("2024", OWN), &changed).await.expect(201);
    let second = choose(&tokyo).await;
    assert_ne!(first["selection"]["inputs_hash"], second["selection"]["inputs_hash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_of_the_programmes_surveys_decides() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let mut answers = but(answers_2024(), "ehr_in_use", "no");
    for question in [
        "ehr_backup",
        "backup_frequency",
        "backup_copies",
        "backup_generations",
        "backup_media_kinds",
        "backup_offline",
        "backup_leak_protection",
    ] {
        answers.as_object_mut().unwrap().remove(question);
    }
    // In 2022 it had said yes.
    tokyo
        .submit(&revisions("2024", OWN), &json!({"answers": answers, "reason": "訂正"}))
        .await
        .expect(201);
    let candidates = tokyo.get("/api/v1/programs/2024/prefectures/13/candidates").await.expect(200);
    let excluded = candidates["excluded"]
        .as_array()
        .unwrap()
        .iter()
        .find(|hospital| hospital["hospital"] == OWN.gmis)
        .unwrap();
    assert_eq!(
        (&excluded["reason"], &excluded["survey"]),
        (&json!("ehr_not_in_use"), &json!("2024"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programmes_and_quotas_that_make_no_sense_are_refused_and_not_stored() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    let with = |field: &str, value: Value| {
        let mut program = program("2025");
        program[field] = value;
        program
    };
    for (program, expected) in [
        (with("surveys", json!([])), "400 program_invalid"),
        (with("surveys", json!(["2023"])), "404 survey_unknown"),
        (with("use_rule", json!(" ")), "400 program_invalid"),
        (with("title", json!("")), "400 program_invalid"),
        (with("id", json!("年度 2025")), "400 program_invalid"),
        (with("id", json!("")), "400 program_invalid"),
        (with("id", json!("x".repeat(33))), "400 program_invalid"),
    ] {
        assert_eq!(
            administrator.post("/api/v1/programs", &program).await.outcome(),
            expected,
            "{program}"
        );
    }
    let quota = |prefecture: &str, band: &str, hospitals: i64| json!({"prefecture": prefecture, "band": band, "hospitals": hospitals});
    for (quotas, expected) in [
        (json!([quota("48", "20-199", 1)]), "400 prefecture_invalid"),
        (json!([quota("13", "20-99", 1)]), "400 quota_invalid"),
        (json!([quota("13", "20-199", 1), quota("13", "20-199", 2)]), "400 quota_invalid"),
        (json!([quota("13", "20-199", -1)]), "400 body_invalid"),
        (json!([quota("13", "20-199", 4_000_000_000)]), "400 quota_invalid"),
    ] {
        assert_eq!(
            administrator.put("/api/v1/programs/2024/quotas", &quotas).await.outcome(),
            expected,
            "{quotas}"
        );
    }
    administrator
        .get("/api/v1/programs/2024/prefectures/01/selection")
        .await
        .refused(404, "selection_unknown");
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_the_same_time_are_numbered_one_after_the_other() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let runs = futures_util::future::join_all((0..6).map(|_| choose(&tokyo))).await;
    let mut numbers: Vec<u64> = runs.iter().map(|run| run["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=7).collect::<Vec<_>>());
    assert!(
        runs.iter()
            .all(|run| run["selection"]["result_hash"] == runs[0]["selection"]["result_hash"])
    );
}
