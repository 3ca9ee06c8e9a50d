//! Personal data whose day is past: after erasing, a name, a contact and a mail address are nowhere in the database, and answers, counts and hashes are
//! as they were.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::app::erasure::{Erasing, erase};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::erasure::ErasedRow;
use tests::app::TestApp;
use tests::client::{Client, new_key};
use tests::database::{TestDatabase, tables};
use tests::files::csv;
use tests::smtp::SmtpServer;
use tests::world::{Hospital, NEIGHBOUR, OTHER_WARD, OWN, UNPLACED, answers_2024, but, now, survey_of};

use crate::reminders::send_due;
use crate::{body, revisions, submission};

/// A name that occurs nowhere else.
const NAME: &str = "消去田花子";
/// A telephone number that occurs nowhere else.
const CONTACT: &str = "03-9876-5432";
/// An address that occurs nowhere else.
const EMAIL: &str = "shokyoda.hanako@example.jp";

/// In which tables a text stands, in a row or in the bytes of a file.
async fn standing(database: &TestDatabase, text: &str) -> Vec<String> {
    let client = database.superuser().await;
    let mut found = Vec::new();
    for table in tables(&client).await {
        let sql = format!("SELECT count(*) FROM {table} t WHERE position($1 IN t::text) > 0");
        if client.query_one(&sql, &[&text]).await.unwrap().get::<_, i64>(0) > 0 {
            found.push(table);
        }
    }
    // Bytes are printed in hexadecimal, so the name is not in the text of a blob.
    let sql = "SELECT count(*) FROM blob WHERE position(convert_to($1, 'UTF8') IN bytes) > 0";
    if client.query_one(sql, &[&text]).await.unwrap().get::<_, i64>(0) > 0 {
        found.push("bytes of blob".to_owned());
    }
    found
}

/// The same for each of the three.
async fn standing_all(database: &TestDatabase) -> Vec<(&'static str, Vec<String>)> {
    let mut found = Vec::new();
    for text in [NAME, CONTACT, EMAIL] {
        found.push((text, standing(database, text).await));
    }
    found
}

/// Everything that has to stay.
async fn kept(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT r::text FROM revision r UNION ALL SELECT s::text FROM submission s UNION ALL SELECT c::text FROM survey_change c
        UNION ALL SELECT (id, encode(file_sha256, 'hex'), accepted, rejected, unchanged)::text FROM import
        UNION ALL SELECT (import_id, ordinal, sheet, sheet_row, verdict)::text FROM import_verdict
        UNION ALL SELECT (id, state, status, request_hash, queued_at, finished_at)::text FROM job
        UNION ALL SELECT (submission_id, party, saved_at)::text FROM draft
        UNION ALL SELECT (id, version, step, revision, jsonb_array_length(comments), resubmit_until, actor, account_id, happened_at)::text FROM submission_event
        UNION ALL SELECT (id, purpose, subject_id, token_hash, expires_at, used_at, made_at)::text FROM enrolment
        UNION ALL SELECT (id, purpose, dedupe_key, survey_id, hospital_id, state, attempts, settled_at, made_at)::text FROM outbox
        UNION ALL SELECT a::text FROM account a
        UNION ALL SELECT a::text FROM audit a WHERE action <> 'erase_personal_data' ORDER BY 1";
    let rows = database.superuser().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn respondent() -> Value {
    json!({"name": NAME, "corporation": "法人", "organisation": "情報課", "contact": format!("{CONTACT} {EMAIL}")})
}

/// A hospital's own answers; a prefecture's file with the name as respondent, in a wrong cell, in place of an identifier and in its own name.
async fn with_names(app: &TestApp) {
    let hospital = app.sign_in("hospital").await;
    hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "respondent", respondent())))
        .await
        .expect(201);
    let wrong = format!("{NAME} {CONTACT} {EMAIL}");
    let rows = [
        (OTHER_WARD.gmis, but(answers_2024(), "respondent", respondent())),
        (NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", wrong)),
        (NAME, answers_2024()),
    ];
    let file = csv(survey_of("2024").first_edition(), &rows);
    let path = format!("/api/v1/surveys/2024/imports?file_name={NAME} {CONTACT} {EMAIL}.csv");
    let report = app.sign_in("tokyo").await.upload(&path, file).await.expect(201);
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!(2)), "{report}");
}

async fn step(client: &Client, hospital: Hospital, step: &str, body: Value) {
    let request = client.request(Method::POST, &format!("{}/{step}", submission("2024", hospital)));
    request
        .key(new_key())
        .header("If-Match", "\"1\"")
        .json(&body)
        .send()
        .await
        .expect(200);
}

/// What else people write of people: a draft, comments, a reason, a list of addresses, the words of a reminder.
async fn with_words(app: &TestApp) {
    let hospital = app.sign_in("hospital").await;
    let draft = "/api/v1/surveys/2024/hospitals/SJK0001/draft";
    let request = hospital.request(Method::PUT, draft).header("If-None-Match", "*");
    request.json(&body(json!({"respondent": respondent()}))).send().await.expect(200);
    let words = format!("{NAME}様（{CONTACT}、{EMAIL}）にうかがいました。");
    let tokyo = app.sign_in("tokyo").await;
    step(
        &tokyo,
        OWN,
        "return",
        json!({"comments": [{"question": "ehr_in_use", "text": words}, {"text": words}]}),
    )
    .await;
    step(&tokyo, OTHER_WARD, "withdrawal", json!({"reason": words})).await;
    let list = json!([{"hospital": UNPLACED.gmis, "email": EMAIL}, {"hospital": format!("{NAME} {CONTACT}"), "email": EMAIL}]);
    tokyo.submit("/api/v1/accounts/enrolments", &list).await.expect(200);
    let reminder = json!({"area": "13", "text": {"subject": format!("{NAME}様"), "body": words}});
    let report = tokyo.submit("/api/v1/surveys/2024/reminders", &reminder).await.expect(201);
    assert_eq!(report["queued"], json!(1), "{report}");
    let smtp = SmtpServer::start().await;
    assert_eq!(send_due(app, &smtp.mailer()).await.sent, 2);
}

pub async fn run(app: &TestApp, erasing: Erasing) -> ErasedRow {
    let erased = erase(&app.state, &Permit::of(Actor::system()).unwrap(), erasing).await;
    erased.unwrap_or_else(|error| panic!("{}", error.for_operator()))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_day_a_name_is_nowhere_and_everything_else_is_as_it_was() {
    let app = TestApp::spawn().await;
    with_names(&app).await;
    with_words(&app).await;
    let found = standing_all(&app.database).await;
    // Each of the three beforehand stands wherever it can, or its absence afterwards would prove nothing.
    let everywhere = [
        "draft",
        "idempotency",
        "import",
        "import_verdict",
        "job",
        "outbox",
        "respondent",
        "submission_event",
        "bytes of blob",
    ];
    let mut with_address = everywhere.to_vec();
    with_address.insert(1, "enrolment");
    let expected = [(NAME, everywhere.to_vec()), (CONTACT, everywhere.to_vec()), (EMAIL, with_address)];
    for ((text, found), (_, expected)) in found.iter().zip(expected) {
        assert_eq!(found, &expected, "{text}");
    }
    let before = kept(&app.database).await;

    let nothing = ErasedRow {
        respondents: 0,
        imports: 0,
        files: 0,
        remembered: 0,
        drafts: 0,
        comments: 0,
        addresses: 0,
        mails: 0,
    };
    app.at(now() + TimeDelta::days(3 * 365));
    let last_day = run(&app, Erasing::Foreseen).await;
    assert_eq!(
        (last_day.respondents, last_day.comments),
        (0, 0),
        "the last day is a day of keeping"
    );
    app.at(now() + TimeDelta::days(3 * 365 + 1));
    let foreseen = run(&app, Erasing::Foreseen).await;
    assert_eq!(standing_all(&app.database).await, found, "a dry run erases nothing");
    let done = run(&app, Erasing::Done).await;
    assert_eq!(foreseen, done);
    assert_eq!((done.respondents, done.imports, done.files), (2, 1, 1));
    assert_eq!((done.drafts, done.comments, done.addresses, done.mails), (1, 2, 1, 2));
    assert!(done.remembered >= 2, "{done:?}");

    for (text, found) in standing_all(&app.database).await {
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
    assert_eq!(kept(&app.database).await, before);
    let noted = "SELECT count(*) FROM audit WHERE action = 'erase_personal_data' AND actor = 'system' AND details ->> 'addresses' = '1'";
    assert_eq!(app.database.number(noted).await, 1);
    assert_eq!(run(&app, Erasing::Done).await, nothing, "a second run finds nothing more");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_imports_are_read_after_erasing_as_before() {
    let app = TestApp::spawn().await;
    with_names(&app).await;
    app.at(now() + TimeDelta::days(4 * 365));
    run(&app, Erasing::Done).await;
    let tokyo = app.sign_in("tokyo").await;
    let read = tokyo.get(&submission("2024", OTHER_WARD)).await.expect(200);
    let answers = &read["revisions"][0]["answers"];
    assert_eq!(answers["ehr_in_use"], answers_2024()["ehr_in_use"]);
    assert_eq!(answers["respondent"], json!(null), "{answers}");
    let imports = tokyo.get("/api/v1/surveys/2024/imports").await.expect(200);
    let import = &imports["items"][0];
    assert_eq!((&import["file_name"], &import["accepted"]), (&json!(""), &json!(1)));
    assert!(
        import["erased_at"].is_string() && import["sha256"].as_str().is_some_and(|hash| hash.len() == 64),
        "{import}"
    );
    let id = import["id"].as_str().unwrap();
    let verdicts = tokyo.get(&format!("/api/v1/surveys/2024/imports/{id}")).await.expect(200);
    let fault = &verdicts["verdicts"]["items"][1]["faults"][0];
    assert_eq!(
        (&fault["question"], &fault["found"]),
        (&json!("ehr_in_use"), &json!(null)),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_came_again_later_stays_as_long_as_its_later_import() {
    let app = TestApp::spawn().await;
    let rows = [(OTHER_WARD.gmis, answers_2024())];
    let file = csv(survey_of("2024").first_edition(), &rows);
    let path = "/api/v1/surveys/2024/imports";
    app.sign_in("tokyo").await.upload(path, file.clone()).await.expect(201);
    app.at(now() + TimeDelta::days(2));
    app.sign_in("tokyo")
        .await
        .upload(&format!("{path}?again=true"), file)
        .await
        .expect(201);
    app.at(now() + TimeDelta::days(3 * 365 + 1));
    let erased = run(&app, Erasing::Done).await;
    assert_eq!((erased.imports, erased.files), (1, 0));
    app.at(now() + TimeDelta::days(3 * 365 + 3));
    let erased = run(&app, Erasing::Done).await;
    assert_eq!((erased.imports, erased.files), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_just_came_again_is_left_to_its_job_for_a_day() {
    let app = TestApp::spawn().await;
    let rows = [(OTHER_WARD.gmis, answers_2024())];
    let file = csv(survey_of("2024").first_edition(), &rows);
    let path = "/api/v1/surveys/2024/imports";
    app.sign_in("tokyo").await.upload(path, file.clone()).await.expect(201);
    app.at(now() + TimeDelta::days(3 * 365 + 1));
    // Known by its hash: no import of its own, and a job that still has the file.
    let again = app.sign_in("tokyo").await.upload(path, file).await;
    assert_eq!(again.json()["repeated"], json!(true), "{again}");
    let erased = run(&app, Erasing::Done).await;
    assert_eq!((erased.imports, erased.files), (1, 0));
    app.at(now() + TimeDelta::days(3 * 365 + 3));
    let erased = run(&app, Erasing::Done).await;
    assert_eq!((erased.imports, erased.files), (0, 1));
    assert_eq!(app.database.number("SELECT count(*) FROM blob").await, 0);
}
