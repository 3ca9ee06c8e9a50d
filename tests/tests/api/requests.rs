//! Requests that cannot be understood: always problem+json, never plain text, never a 500.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::new_key;
use tests::world::{OWN, PASSWORD, answers_2024};

use crate::revisions;

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_or_not_the_right_one_are_refused() {
    let app = TestApp::spawn().await;
    let (hospital, administrator) = (app.sign_in("hospital").await, app.sign_in("administrator").await);
    let path = revisions("2024", OWN);
    let before = app.database.counts().await;
    for text in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "{\"answers\": {}, \"more\": 1}",
        "{\"edition\": 1, \"answers\": {}}",
        "\u{feff}{}",
        "{\"answers\":",
    ] {
        let sent = hospital
            .request(Method::POST, &path)
            .key(new_key())
            .text("application/json", text)
            .send()
            .await;
        assert_eq!(sent.outcome(), "400 body_invalid", "{text:?}");
        for path in [
            "/api/v1/surveys/2024/windows",
            "/api/v1/surveys/2024/extensions",
            "/api/v1/programs",
        ] {
            let sent = administrator
                .request(Method::POST, path)
                .text("application/json", text)
                .send()
                .await;
            assert_eq!(sent.outcome(), "400 body_invalid", "{path} {text:?}");
        }
    }
    let sent = app
        .nobody()
        .request(Method::POST, "/api/v1/sessions")
        .text("text/plain", "login=tokyo")
        .send()
        .await;
    sent.refused(400, "body_invalid");
    let deep = format!("{{\"answers\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    hospital
        .request(Method::POST, &path)
        .key(new_key())
        .text("application/json", deep)
        .send()
        .await
        .refused(400, "body_invalid");
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_are_refused() {
    let app = TestApp::spawn().await;
    let (hospital, administrator) = (app.sign_in("hospital").await, app.sign_in("administrator").await);
    let mut answers = answers_2024();
    answers["respondent"]["name"] = json!("花".repeat(100_000));
    let large = json!({"answers": answers, "login": "x", "password": "x"});
    hospital
        .submit(&revisions("2024", OWN), &large)
        .await
        .refused(413, "body_too_large");
    administrator.post("/api/v1/programs", &large).await.refused(413, "body_too_large");
    app.nobody().post("/api/v1/sessions", &large).await.refused(413, "body_too_large");
    let huge = hospital
        .request(Method::POST, &revisions("2024", OWN))
        .key(new_key())
        .bytes(vec![b' '; (32 << 20) + 1]);
    huge.send().await.refused(413, "body_too_large");
    // Within the limit a text is as long as the evaluator allows.
    answers["respondent"]["name"] = json!("花".repeat(4_001));
    let answer = hospital.submit(&revisions("2024", OWN), &json!({"answers": answers})).await;
    assert_eq!(crate::fault_codes(&answer), ["text_too_long"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_paths_that_make_no_sense_are_refused() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let cases = [
        ("/api/v1/surveys/2024/tables", "400 query_invalid"),
        ("/api/v1/surveys/2024/tables?question=ehr_in_use&by=area", "400 query_invalid"),
        (
            "/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&by=shoe",
            "400 by_invalid",
        ),
        (
            "/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&by=area&where=1",
            "400 query_invalid",
        ),
        (
            "/api/v1/surveys/2024/tables?question=ehr_in_use&area=99&by=area",
            "400 area_invalid",
        ),
        ("/api/v1/surveys/2024/response-rates?area=tokyo&by=area", "400 area_invalid"),
        ("/api/v1/surveys/2024/hospitals?prefecture=48", "400 prefecture_invalid"),
        ("/api/v1/surveys/2024/hospitals?limit=all", "400 query_invalid"),
        ("/api/v1/surveys/2024/hospitals?limit=-1", "400 query_invalid"),
        ("/api/v1/surveys/2024/imports?after=x", "400 page_invalid"),
        ("/api/v1/surveys/2024/imports/x", "404 path_unknown"),
        ("/api/v1/audit?after=x", "400 page_invalid"),
        ("/api/v1/programs/2024/prefectures/48/candidates", "400 prefecture_invalid"),
        ("/api/v1/nothing", "404 path_unknown"),
        ("/api/", "404 path_unknown"),
    ];
    for (path, expected) in cases {
        assert_eq!(administrator.get(path).await.outcome(), expected, "{path}");
    }
    // A known path with another method is answered like an unknown one.
    assert_eq!(administrator.delete("/api/v1/surveys").await.status / 100, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_character_that_postgres_cannot_keep_is_the_callers_slip() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let window = json!({"opens": "2030-01-01T00:00:00Z", "closes": "2031-01-01T00:00:00Z", "reason": "a\u{0}b"});
    let program = json!({
        "id": "x", "fiscal_year": 2030, "title": "a\u{0}b", "surveys": ["2024"], "use_rule": "x", "deadline": "2030-01-01T00:00:00Z",
    });
    let extension = json!({"hospital": "SJK0001", "until": "2030-01-01T00:00:00Z", "reason": "\u{0}"});
    for answer in [
        app.nobody()
            .post("/api/v1/sessions", &json!({"login": "to\u{0}kyo", "password": PASSWORD}))
            .await,
        app.nobody()
            .post("/api/v1/tokens", &json!({"client_id": "\u{0}", "client_secret": "x"}))
            .await,
        administrator.post("/api/v1/surveys/2024/windows", &window).await,
        administrator.post("/api/v1/surveys/2024/extensions", &extension).await,
        administrator.post("/api/v1/programs", &program).await,
        administrator.get("/api/v1/programs/a%00b/quotas").await,
        administrator.get("/api/v1/surveys/2024/hospitals?after=%00").await,
        administrator.get("/api/v1/surveys/20%0024").await,
        administrator.get("/api/v1/surveys/2024/hospitals/SJK%000001/submission").await,
        tokyo
            .submit(
                &revisions("2024", OWN),
                &json!({"answers": answers_2024(), "reason": "a\u{0}b", "edition": "\u{0}"}),
            )
            .await,
    ] {
        assert!((400..500).contains(&answer.status), "{answer}");
    }
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_an_answer_is_a_fault_of_the_answer() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let mut answers = answers_2024();
    answers["respondent"]["name"] = json!("試験\u{0}花子");
    let answer = hospital.submit(&revisions("2024", OWN), &json!({"answers": answers})).await;
    assert_eq!(answer.outcome(), "422 answers_faulty", "{answer}");
    let file = tests::files::csv(tests::world::survey_of("2024").first_edition(), &[(OWN.gmis, answers)]);
    let report = hospital
        .upload("/api/v1/surveys/2024/imports?reason=a%00b&file_name=a%00b.csv", file)
        .await;
    assert!(report.status < 500, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_beyond_all_calendars_are_slips() {
    let app = TestApp::spawn().await;
    let administrator = app.sign_in("administrator").await;
    for (opens, closes) in [
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("-9999-01-01T00:00:00Z", "+12000-01-01T00:00:00Z"),
        ("-100000-01-01T00:00:00Z", "+200000-01-01T00:00:00Z"),
    ] {
        let window = json!({"opens": opens, "closes": closes, "reason": "試験"});
        administrator
            .post("/api/v1/surveys/2024/windows", &window)
            .await
            .refused(400, "time_invalid");
        let extension = json!({"hospital": OWN.gmis, "until": closes, "reason": "試験"});
        administrator
            .post("/api/v1/surveys/2024/extensions", &extension)
            .await
            .refused(400, "time_invalid");
        let program = json!({"id": "x", "fiscal_year": 2030, "title": "x", "surveys": ["2024"], "use_rule": "x", "deadline": opens});
        administrator.post("/api/v1/programs", &program).await.refused(400, "time_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_page_by_page_to_their_end() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    for (path, key, rows) in [
        ("/api/v1/surveys/2024/hospitals", "gmis_id", 7),
        ("/api/v1/surveys/2024/imports", "id", 4),
    ] {
        let whole = administrator.get(&format!("{path}?limit=500")).await.expect(200);
        let whole: Vec<Value> = whole["items"].as_array().unwrap().iter().map(|item| item[key].clone()).collect();
        assert_eq!(whole.len(), rows, "{path}");
        let (mut pieces, mut after) = (Vec::new(), String::new());
        loop {
            let page = administrator.get(&format!("{path}?limit=3{after}")).await.expect(200);
            pieces.extend(page["items"].as_array().unwrap().iter().map(|item| item[key].clone()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(pieces, whole, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_last_page_is_full_ends_with_an_empty_one() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let page = administrator.get("/api/v1/surveys/2024/hospitals?limit=7").await.expect(200);
    let next = page["next"].as_str().expect("a full page has a next one");
    let last = administrator
        .get(&format!("/api/v1/surveys/2024/hospitals?limit=7&after={next}"))
        .await
        .expect(200);
    assert_eq!(last, json!({"items": [], "next": null}));
}
