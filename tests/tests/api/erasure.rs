//! Personal data whose day is past: after erasing, a name is nowhere in the database, and answers, counts and hashes are as they were.

use chrono::TimeDelta;
use serde_json::json;
use server::app::erasure::{Erasing, erase};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::erasure::ErasedRow;
use tests::app::TestApp;
use tests::database::{TestDatabase, tables};
use tests::files::csv;
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but, now, survey_of};

use crate::{body, revisions, submission};

/// A name that occurs nowhere else.
const NAME: &str = "消去田花子";

/// In which tables the name stands, as text or in the bytes of a file.
async fn standing(database: &TestDatabase) -> Vec<String> {
    let client = database.superuser().await;
    let mut found = Vec::new();
    for table in tables(&client).await {
        let sql = format!("SELECT count(*) FROM {table} t WHERE position($1 IN t::text) > 0");
        if client.query_one(&sql, &[&NAME]).await.unwrap().get::<_, i64>(0) > 0 {
            found.push(table);
        }
    }
    let sql = "SELECT count(*) FROM blob WHERE position(convert_to($1, 'UTF8') IN bytes) > 0";
    if client.query_one(sql, &[&NAME]).await.unwrap().get::<_, i64>(0) > 0 {
        found.push("bytes of blob".to_owned());
    }
    found
}

/// Everything that has to stay.
async fn kept(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT r::text FROM revision r UNION ALL SELECT s::text FROM submission s UNION ALL SELECT c::text FROM survey_change c
        UNION ALL SELECT (id, encode(file_sha256, 'hex'), accepted, rejected, unchanged)::text FROM import
        UNION ALL SELECT (import_id, ordinal, sheet, sheet_row, verdict)::text FROM import_verdict ORDER BY 1";
    let rows = database.superuser().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// A hospital's own answers; a prefecture's file with the name as respondent, in a wrong cell, in place of an identifier and in its own name.
async fn with_names(app: &TestApp) {
    let respondent = json!({"name": NAME, "corporation": "法人", "organisation": "情報課", "contact": "03-0000-0000"});
    let hospital = app.sign_in("hospital").await;
    hospital
        .submit(
            &revisions("2024", OWN),
            &body(but(answers_2024(), "respondent", respondent.clone())),
        )
        .await
        .expect(201);
    let rows = [
        (OTHER_WARD.gmis, but(answers_2024(), "respondent", respondent)),
        (NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", NAME)),
        (NAME, answers_2024()),
    ];
    let file = csv(survey_of("2024").first_edition(), &rows);
    let path = format!("/api/v1/surveys/2024/imports?file_name={NAME}.csv");
    let report = app.sign_in("tokyo").await.upload(&path, file).await.expect(201);
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!(2)), "{report}");
}

async fn run(app: &TestApp, erasing: Erasing) -> ErasedRow {
    let erased = erase(&app.state, &Permit::of(Actor::system()).unwrap(), erasing).await;
    erased.unwrap_or_else(|error| panic!("{}", error.for_operator()))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_day_a_name_is_nowhere_and_everything_else_is_as_it_was() {
    let app = TestApp::spawn().await;
    with_names(&app).await;
    let places = ["blob", "import", "import_verdict", "job", "respondent"];
    let found = standing(&app.database).await;
    // Bytes are printed in hexadecimal, so the name is not in the text of a blob.
    assert_eq!(found, [&places[1..], &["bytes of blob"]].concat());
    let before = kept(&app.database).await;

    let nothing = ErasedRow {
        respondents: 0,
        imports: 0,
        files: 0,
        remembered: 0,
        drafts: 0,
    };
    app.at(now() + TimeDelta::days(3 * 365));
    assert_eq!(
        run(&app, Erasing::Foreseen).await.respondents,
        0,
        "the last day is a day of keeping"
    );
    app.at(now() + TimeDelta::days(3 * 365 + 1));
    let foreseen = run(&app, Erasing::Foreseen).await;
    assert_eq!(standing(&app.database).await, found, "a dry run erases nothing");
    let done = run(&app, Erasing::Done).await;
    assert_eq!(foreseen, done);
    assert_eq!((done.respondents, done.imports, done.files), (2, 1, 1));
    assert!(done.remembered >= 2, "{done:?}");

    assert_eq!(standing(&app.database).await, Vec::<String>::new());
    assert_eq!(kept(&app.database).await, before);
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'erase_personal_data' AND actor = 'system'")
            .await,
        1
    );
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
