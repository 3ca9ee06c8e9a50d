//! Files as jobs: asked for once, made as who asked, fetched by nobody else, kept for a week.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::app::erasure::{Erasing, erase};
use server::app::jobs;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::client::{Answer, Client, new_key};
use tests::database::TestDatabase;
use tests::files::csv;
use tests::world::{OWN, UNPLACED, answers_2024, done, now, survey_of};
use uuid::Uuid;

const EXPORTS: &str = "/api/v1/surveys/2024/exports";

async fn ask(client: &Client, body: &Value) -> Answer {
    client.submit(EXPORTS, body).await
}

fn statistics(area: &str) -> Value {
    json!({"file": "houkoku.xlsx", "area": area})
}

fn template() -> Value {
    json!({"file": "template.xlsx", "prefill": true})
}

async fn fetched(client: &Client, answer: Answer) -> Answer {
    let file = answer.expect(201);
    let fetched = client.get(file["place"].as_str().unwrap()).await;
    assert_eq!(fetched.status, 200, "{fetched}");
    assert_eq!(file["bytes"], fetched.body.len());
    assert_eq!(fetched.header("content-type"), file["media_type"]);
    let disposition = format!("attachment; filename=\"{}\"", file["file_name"].as_str().unwrap());
    assert_eq!(fetched.header("content-disposition"), disposition);
    fetched
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_asked_for_is_the_one_that_is_had_at_once() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let made = fetched(&tokyo, ask(&tokyo, &statistics("13")).await).await;
    let at_once = tokyo.get("/api/v1/surveys/2024/statistics/houkoku.xlsx?area=13").await;
    assert!(made.body == at_once.body, "another workbook");

    let made = fetched(&tokyo, ask(&tokyo, &template()).await).await;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(made.body)).unwrap();
    let sheets = workbook.worksheets();
    let texts: Vec<String> = sheets
        .iter()
        .flat_map(|(_, range)| range.rows().flatten())
        .map(ToString::to_string)
        .collect();
    for expected in [OWN.gmis, UNPLACED.gmis, "試験 花子"] {
        assert!(texts.iter().any(|text| text == expected), "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_takes_longer_is_fetched_when_it_is_done_and_by_nobody_else() {
    let app = TestApp::with(TestDatabase::answered().await, |parts| parts.job_workers = 0).await;
    let (tokyo, kanagawa) = (app.sign_in("tokyo").await, app.sign_in("kanagawa").await);
    let key = new_key();
    let send = async |body: &Value| tokyo.request(Method::POST, EXPORTS).key(&key).json(body).send().await;
    let accepted = send(&statistics("13")).await;
    let place = accepted.header("location").to_owned();
    let job = accepted.expect(202);
    assert_eq!((&job["kind"], &job["state"]), (&json!("export"), &json!("queued")));
    let file = format!("{place}/file");
    tokyo.get(&file).await.refused(409, "job_not_over");
    // The same request is the same job; another one needs another key.
    assert_eq!(send(&statistics("13")).await.expect(202)["id"], job["id"]);
    send(&template()).await.refused(422, "idempotency_mismatch");

    assert!(done(jobs::work_one(&app.state, Uuid::new_v4(), None).await));
    let read = tokyo.get(&place).await.expect(200);
    assert_eq!((&read["state"], &read["result"]["place"]), (&json!("done"), &json!(file)));
    let fetched = tokyo.get(&file).await;
    assert!(fetched.status == 200 && fetched.body.starts_with(b"PK"), "{fetched}");
    for other in [&kanagawa, &app.sign_in("administrator").await] {
        other.get(&file).await.refused(404, "job_unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_have_a_file_is_told_when_asking() {
    let app = TestApp::answered().await;
    let refused = async |login: &str, body: Value, status: u16, code: &str| {
        ask(&app.sign_in(login).await, &body).await.refused(status, code);
    };
    refused("hospital", statistics("13"), 403, "role_not_permitted").await;
    refused("operator", template(), 403, "role_not_permitted").await;
    refused("tokyo", statistics("14"), 403, "area_not_yours").await;
    refused("tokyo", statistics("nation"), 403, "area_not_yours").await;
    refused("tokyo", json!({"file": "data.csv", "area": "13"}), 403, "area_not_yours").await;
    refused("tokyo", json!({"file": "houkoku.xlsx"}), 400, "area_invalid").await;
    refused("tokyo", json!({"file": "everything.zip", "area": "13"}), 404, "file_unknown").await;
    refused(
        "tokyo",
        json!({"file": "template.xlsx", "edition": "april"}),
        404,
        "edition_unknown",
    )
    .await;
    // Nothing was asked for but what the world asked for.
    assert_eq!(app.database.number("SELECT count(*) FROM job WHERE key <> 'job'").await, 0);
    let shinjuku = app.sign_in("shinjuku").await;
    fetched(&shinjuku, ask(&shinjuku, &statistics("13104")).await).await;
    // No names in what an analyst gets.
    let analyst = app.sign_in("analyst").await;
    let made = fetched(&analyst, ask(&analyst, &template()).await).await;
    let strings = tests::zipped::part(&made.body, "xl/sharedStrings.xml");
    assert!(strings.contains(OWN.gmis) && !strings.contains("試験 花子"));
}

fn microdata(file: &str, area: &str) -> Value {
    json!({"file": file, "area": area})
}

fn identified(area: &str, reason: Option<&str>) -> Value {
    json!({"file": "microdata.csv", "area": area, "identities": true, "reason": reason})
}

#[tokio::test(flavor = "multi_thread")]
async fn micro_data_leave_without_identities_unless_a_reason_is_given_and_the_audit_says_so() {
    let app = TestApp::answered().await;
    let (tokyo, analyst) = (app.sign_in("tokyo").await, app.sign_in("analyst").await);
    let made = fetched(&tokyo, ask(&tokyo, &microdata("microdata.csv", "13")).await).await;
    let text = String::from_utf8(made.body).unwrap();
    assert_eq!(text.lines().count(), 1 + 3, "{text}");
    assert!(text.contains("consultation_desk__vendor") && text.contains("東京都"));
    for hidden in [OWN.gmis, "gmis_id", "13104", "試験", "神奈川県"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let made = fetched(&tokyo, ask(&tokyo, &identified("13", Some("立入検査の準備"))).await).await;
    let text = String::from_utf8(made.body).unwrap();
    assert!(text.contains(OWN.gmis) && text.contains("13104") && !text.contains("試験 花子") && !text.contains("神奈川県"));
    let told = "SELECT count(*) FROM audit WHERE action = 'export_microdata' AND prefecture = 13 AND actor = 'prefecture' \
                AND (details ->> 'hospitals')::int = 3 AND details ->> 'reason' IS NOT DISTINCT FROM ";
    assert_eq!(app.database.number(&format!("{told} NULL")).await, 1);
    assert_eq!(app.database.number(&format!("{told} '立入検査の準備'")).await, 1);

    let made = fetched(&analyst, ask(&analyst, &microdata("microdata.zip", "nation")).await).await;
    let names = tests::zipped::names(&made.body);
    assert_eq!(
        names,
        [
            "codebook.csv",
            "survey=2024/prefecture=13/part-0.parquet",
            "survey=2024/prefecture=14/part-0.parquet"
        ]
    );
    let made = fetched(&analyst, ask(&analyst, &microdata("microdata.xlsx", "nation")).await).await;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(made.body)).unwrap();
    assert_eq!(workbook.worksheets()[0].1.height(), 1 + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn micro_data_are_refused_to_who_may_not_have_them() {
    let app = TestApp::answered().await;
    for (login, wish, status, code) in [
        ("hospital", microdata("microdata.csv", "13"), 403, "role_not_permitted"),
        ("shinjuku", microdata("microdata.csv", "13"), 403, "role_not_permitted"),
        ("operator", microdata("codebook.csv", "nation"), 403, "role_not_permitted"),
        ("tokyo", microdata("microdata.zip", "nation"), 403, "area_not_yours"),
        ("tokyo", microdata("microdata.zip", "14"), 403, "area_not_yours"),
        ("tokyo", microdata("microdata.zip", "13104"), 400, "area_invalid"),
        ("tokyo", json!({"file": "microdata.zip"}), 400, "area_invalid"),
        ("tokyo", identified("13", None), 400, "reason_missing"),
        ("administrator", identified("nation", Some("　")), 400, "reason_missing"),
        ("analyst", identified("nation", Some("研究")), 403, "identities_not_permitted"),
    ] {
        ask(&app.sign_in(login).await, &wish).await.refused(status, code);
    }
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'export_microdata'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_has_no_file_to_fetch_and_an_old_file_is_gone() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let file = csv(survey_of("2024").first_edition(), &[(OWN.gmis, answers_2024())]);
    tokyo.upload("/api/v1/surveys/2024/imports", file).await.expect(201);
    let superuser = app.database.superuser().await;
    let imported: Uuid = superuser
        .query_one("SELECT id FROM job WHERE kind = 'import' AND actor = 'prefecture' AND prefecture = 13 AND finished_at = (SELECT max(finished_at) FROM job)", &[])
        .await
        .unwrap()
        .get(0);
    tokyo
        .get(&format!("/api/v1/jobs/{imported}/file"))
        .await
        .refused(404, "job_without_file");

    let place = ask(&tokyo, &template()).await.expect(201)["place"].as_str().unwrap().to_owned();
    let erase_at = async |days: i64| {
        app.at(now() + TimeDelta::days(days));
        done(erase(&app.state, &Permit::of(Actor::system()).unwrap(), Erasing::Done).await);
    };
    erase_at(6).await;
    let tokyo = app.sign_in("tokyo").await;
    assert_eq!(tokyo.get(&place).await.status, 200);
    erase_at(8).await;
    let tokyo = app.sign_in("tokyo").await;
    tokyo.get(&place).await.refused(404, "file_erased");
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM job WHERE output_sha256 IS NOT NULL")
            .await,
        0
    );
}
