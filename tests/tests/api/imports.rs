//! Files of many hospitals: looked at without storing, imported, imported again; a verdict for each hospital.

use reqwest::Method;
use serde_json::{Value, json};
use survey::edition::Edition;
use tests::app::TestApp;
use tests::client::new_key;
use tests::files::{csv, xlsx};
use tests::world::{CITY_WARD, NEIGHBOUR, OTHER_WARD, OWN, UNPLACED, answers_2022, answers_2024, but, in_2022, survey_of};

use crate::{body, codes, revisions, submission};

const IMPORTS: &str = "/api/v1/surveys/2024/imports";

fn edition() -> &'static Edition {
    survey_of("2024").first_edition()
}

/// Three hospitals: the second has a fault, the fourth line is another prefecture's.
fn mixed() -> Vec<(&'static str, Value)> {
    vec![
        (OWN.gmis, answers_2024()),
        (NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", "")),
        (OTHER_WARD.gmis, but(answers_2024(), "mds_sds_checked", "no_answer")),
        (CITY_WARD.gmis, answers_2024()),
    ]
}

fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["hospitals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| (text(&verdict["hospital"]), text(&verdict["verdict"])))
        .collect()
}

fn expected(verdicts: [(&str, &str); 4]) -> Vec<(String, String)> {
    verdicts
        .iter()
        .map(|(hospital, verdict)| ((*hospital).to_owned(), (*verdict).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_everything_and_stores_nothing() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    for file in [csv(edition(), &mixed()), xlsx(edition(), &mixed())] {
        let report = tokyo.upload(&format!("{IMPORTS}?dry_run=true"), file).await.expect(200);
        assert_eq!(report["import"], Value::Null);
        let said = [
            (OWN.gmis, "accepted"),
            (NEIGHBOUR.gmis, "rejected"),
            (OTHER_WARD.gmis, "accepted"),
            (CITY_WARD.gmis, "rejected"),
        ];
        assert_eq!(verdicts(&report), expected(said));
        assert_eq!(
            (&report["accepted"], &report["rejected"], &report["unchanged"]),
            (&json!(2), &json!(2), &json!(0))
        );
        assert_eq!(codes(&report["hospitals"][1]["faults"]), ["required_missing"]);
        assert_eq!(codes(&report["hospitals"][3]["faults"]), ["hospital_unknown"]);
    }
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_say_sheet_cell_found_and_expected() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let rows = [(OWN.gmis, but(answers_2024(), "ehr_in_use", "たぶん"))];
    let report = tokyo
        .upload(&format!("{IMPORTS}?dry_run=true"), xlsx(edition(), &rows))
        .await
        .expect(200);
    let fault = &report["hospitals"][0]["faults"][0];
    let fields: Vec<&Value> = ["severity", "sheet", "cell", "question", "found"]
        .iter()
        .map(|field| &fault[field])
        .collect();
    assert_eq!(fields, ["error", "回答", "P2", "ehr_in_use", "たぶん"], "{fault}");
    assert!(
        fault["expected"].as_str().is_some_and(|expected| expected.contains("はい")),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_takes_the_good_hospitals_in_and_leaves_the_faulty_ones_out() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let report = tokyo
        .upload(&format!("{IMPORTS}?file_name=都.csv"), csv(edition(), &mixed()))
        .await
        .expect(201);
    let said = [
        (OWN.gmis, "accepted"),
        (NEIGHBOUR.gmis, "rejected"),
        (OTHER_WARD.gmis, "accepted"),
        (CITY_WARD.gmis, "rejected"),
    ];
    assert_eq!(verdicts(&report), expected(said));
    let id = report["import"].as_str().unwrap();

    let read = tokyo.get(&submission("2024", OTHER_WARD)).await.expect(200);
    let revision = &read["revisions"][0];
    assert_eq!((&revision["import"], &revision["entry_path"]), (&json!(id), &json!("proxy")));
    assert_eq!(revision["answers"], but(answers_2024(), "mds_sds_checked", "no_answer"));
    assert_eq!(tokyo.get(&submission("2024", NEIGHBOUR)).await.expect(200)["latest_revision"], 0);

    let listed = tokyo.get(IMPORTS).await.expect(200);
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["file_name"]),
        (&json!(id), &json!("都.csv"))
    );
    let details = tokyo.get(&format!("{IMPORTS}/{id}?limit=3")).await.expect(200);
    assert_eq!(
        (details["verdicts"]["items"].as_array().unwrap().len(), &details["verdicts"]["next"]),
        (3, &json!("2"))
    );
    let rest = tokyo.get(&format!("{IMPORTS}/{id}?limit=3&after=2")).await.expect(200);
    assert_eq!(rest["verdicts"]["items"][0]["hospital"], CITY_WARD.gmis);
    assert_eq!(rest["verdicts"]["next"], Value::Null);
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'import_answers'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_changes_nothing_and_a_changed_one_needs_a_reason() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let rows = [(OWN.gmis, answers_2024()), (NEIGHBOUR.gmis, answers_2024())];
    tokyo.upload(IMPORTS, csv(edition(), &rows)).await.expect(201);
    let again = tokyo.upload(IMPORTS, csv(edition(), &rows)).await.expect(200);
    assert_eq!(
        (&again["accepted"], &again["unchanged"], &again["rejected"]),
        (&json!(0), &json!(2), &json!(0))
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
    assert_eq!(app.database.number("SELECT count(*) FROM blob").await, 1);

    let changed = [
        (OWN.gmis, answers_2024()),
        (NEIGHBOUR.gmis, but(answers_2024(), "bcp_drilled", "yes")),
    ];
    let refused = tokyo.upload(IMPORTS, csv(edition(), &changed)).await.expect(201);
    assert_eq!(
        (&refused["accepted"], &refused["unchanged"], &refused["rejected"]),
        (&json!(0), &json!(1), &json!(1))
    );
    assert_eq!(codes(&refused["hospitals"][1]["faults"]), ["already_answered"]);
    let replaced = tokyo
        .upload(&format!("{IMPORTS}?reason=訂正"), csv(edition(), &changed))
        .await
        .expect(201);
    assert_eq!((&replaced["accepted"], &replaced["unchanged"]), (&json!(1), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_with_the_same_key_is_imported_once() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let (key, file) = (new_key(), csv(edition(), &[(OWN.gmis, answers_2024())]));
    let send = async || tokyo.request(Method::POST, IMPORTS).key(&key).bytes(file.clone()).send().await;
    let (first, again) = (send().await, send().await);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(app.database.number("SELECT count(*) FROM import").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_imports_its_own_form_and_nobody_elses() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let own = hospital
        .upload(IMPORTS, csv(edition(), &[(OWN.gmis, answers_2024())]))
        .await
        .expect(201);
    assert_eq!(own["accepted"], 1);
    assert_eq!(
        hospital.get(&submission("2024", OWN)).await.expect(200)["revisions"][0]["entry_path"],
        "workbook"
    );
    let neighbours = hospital
        .upload(IMPORTS, csv(edition(), &[(NEIGHBOUR.gmis, answers_2024())]))
        .await
        .expect(201);
    assert_eq!(codes(&neighbours["hospitals"][0]["faults"]), ["hospital_unknown"]);
    // A hospital corrects itself without a reason.
    let corrected = csv(edition(), &[(OWN.gmis, but(answers_2024(), "bcp_drilled", "yes"))]);
    assert_eq!(hospital.upload(IMPORTS, corrected).await.expect(201)["accepted"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_is_a_fault_of_each_hospital() {
    let app = TestApp::spawn().await;
    app.at("2024-04-01T00:00:00Z".parse().unwrap());
    let tokyo = app.sign_in("tokyo").await;
    let report = tokyo
        .upload(IMPORTS, csv(edition(), &[(OWN.gmis, answers_2024())]))
        .await
        .expect(201);
    assert_eq!(codes(&report["hospitals"][0]["faults"]), ["window_closed"]);
    // Not even an empty submission, which would look like a draft.
    assert_eq!(app.database.number("SELECT count(*) FROM submission").await, 0);
    let hospitals = tokyo.get("/api/v1/surveys/2024/hospitals").await.expect(200);
    assert!(
        hospitals["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|hospital| hospital["state"].is_null()),
        "{hospitals}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_answers_is_refused() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    tokyo
        .upload(IMPORTS, csv(edition(), &[]))
        .await
        .refused(422, "file_without_answers");
    tokyo.upload(IMPORTS, "a,b\r\n1,2\r\n").await.refused(422, "file_without_answers");
    tokyo.upload(IMPORTS, "").await.refused(422, "file_refused");
    // That somebody tried is kept, and the file for a day.
    let mut after = app.database.counts().await;
    for table in ["job", "blob"] {
        assert_eq!(after.insert(table.to_owned(), before[table]), Some(3), "{table}");
    }
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn bare_numbers_of_2022_need_a_numbering_and_an_unknown_one_is_refused() {
    let app = TestApp::spawn().await;
    app.at(in_2022());
    let tokyo = app.sign_in("tokyo").await;
    // Item 3 is the record system in January, item 5 in March.
    let file = format!("G-MIS ID,3\r\n{},はい\r\n", OWN.gmis);
    let path = "/api/v1/surveys/2022/imports";
    let report = tokyo.upload(&format!("{path}?dry_run=true"), file.clone()).await.expect(200);
    assert!(codes(&report["faults"]).contains(&"numbering_ambiguous".to_owned()), "{report}");
    let report = tokyo
        .upload(&format!("{path}?dry_run=true&numbering=january"), file.clone())
        .await
        .expect(200);
    assert!(!codes(&report["faults"]).contains(&"numbering_ambiguous".to_owned()), "{report}");
    assert_eq!(report["edition"], "2022-january");
    let unknown = tokyo.upload(&format!("{path}?dry_run=true&numbering=april"), file).await;
    assert!(unknown.status >= 400, "{unknown}");
    let whole = csv(survey_of("2022").first_edition(), &[(OWN.gmis, answers_2022())]);
    assert_eq!(tokyo.upload(path, whole).await.expect(201)["accepted"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_entry_by_file_does_not_overwrite_a_hospitals_own_answers() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let rows = [
        (OWN.gmis, but(answers_2024(), "bcp_drilled", "yes")),
        (UNPLACED.gmis, answers_2024()),
    ];
    let report = tokyo.upload(IMPORTS, csv(edition(), &rows)).await.expect(201);
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!(1)));
    assert_eq!(codes(&report["hospitals"][0]["faults"]), ["already_answered"]);
    assert_eq!(hospital.get(&submission("2024", OWN)).await.expect(200)["latest_revision"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_template_is_read_and_has_no_answers() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    for layout in ["form", "bulk"] {
        let template = tokyo.get(&format!("/api/v1/surveys/2024/templates/{layout}")).await;
        assert_eq!(template.header("x-content-type-options"), "nosniff");
        let refused = tokyo.upload(IMPORTS, template.file()).await.refused(422, "file_without_answers");
        assert_eq!(codes(&refused["faults"]), ["answers_missing"], "{layout}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_foresees_what_the_import_then_does() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    tokyo.submit(&revisions("2024", NEIGHBOUR), &body(answers_2024())).await.expect(201);
    let rows = [
        (OWN.gmis, but(answers_2024(), "bcp_drilled", "yes")),
        (NEIGHBOUR.gmis, answers_2024()),
        (OTHER_WARD.gmis, answers_2024()),
        (CITY_WARD.gmis, answers_2024()),
    ];
    let file = csv(edition(), &rows);
    let closed = "2024-04-01T00:00:00Z".parse().unwrap();
    for (reason, time) in [("", tests::world::now()), ("", closed), ("&reason=訂正", tests::world::now())] {
        app.at(time);
        let tokyo = app.sign_in("tokyo").await;
        let before = app.database.counts().await;
        let mut foreseen = tokyo
            .upload(&format!("{IMPORTS}?dry_run=true{reason}"), file.clone())
            .await
            .expect(200);
        assert_eq!(app.database.counts().await, before);
        let mut done = tokyo
            .upload(&format!("{IMPORTS}?file_name=x{reason}"), file.clone())
            .await
            .expect(201);
        for report in [&mut foreseen, &mut done] {
            report["import"] = Value::Null;
        }
        assert_eq!(foreseen, done, "{reason} {time}");
    }
}
