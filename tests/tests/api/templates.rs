//! Templates as they are handed out and come back: prefilled with what was answered last, stamped, and told apart when they are not the right ones.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client};
use tests::world::{ANSWERED_2024, CITY_WARD, CLOSED, NEIGHBOUR, OTHER_WARD, OWN, UNPLACED, in_2022};
use tests::zipped;

use crate::codes;

const IMPORTS: &str = "/api/v1/surveys/2024/imports";

fn form(survey: &str, hospital: &str) -> String {
    format!("/api/v1/surveys/{survey}/hospitals/{hospital}/template?prefill=true")
}

async fn template(client: &Client, path: &str) -> Vec<u8> {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.body
}

async fn dry_run(client: &Client, file: Vec<u8>) -> Value {
    client.upload(&format!("{IMPORTS}?dry_run=true"), file).await.expect(200)
}

fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    report["hospitals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["hospital"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
        .collect()
}

/// Every text of the sheets that are seen.
fn texts(bytes: &[u8]) -> Vec<String> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let sheets = workbook.worksheets();
    let cells = sheets.iter().flat_map(|(_, range)| range.rows().flatten());
    cells.filter(|cell| !matches!(cell, Data::Empty)).map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_the_last_answers_says_nothing_new_when_it_comes_back() {
    let app = TestApp::answered().await;
    let hospital = app.sign_in("hospital").await;
    let own = template(&hospital, &form("2024", OWN.gmis)).await;
    assert!(texts(&own).iter().any(|text| text.contains("試験 花子")));
    let report = dry_run(&hospital, own).await;
    assert_eq!(verdicts(&report), [(OWN.gmis, "unchanged")], "{report}");

    // A prefecture's table has a line for each of its hospitals, those that have not answered with blank cells.
    let tokyo = app.sign_in("tokyo").await;
    let table = template(&tokyo, "/api/v1/surveys/2024/hospitals-template?prefill=true").await;
    assert!(texts(&table).iter().any(|text| text == UNPLACED.gmis));
    let report = dry_run(&tokyo, table).await;
    let mut found = verdicts(&report);
    found.sort_unstable();
    let mut expected: Vec<_> = ANSWERED_2024
        .iter()
        .filter(|hospital| hospital.prefecture == 13)
        .map(|hospital| (hospital.gmis, "unchanged"))
        .collect();
    expected.sort_unstable();
    assert_eq!(found, expected, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_template_holds_no_answers() {
    let app = TestApp::answered().await;
    let hospital = app.sign_in("hospital").await;
    for path in [
        format!("/api/v1/surveys/2024/hospitals/{}/template", OWN.gmis),
        "/api/v1/surveys/2024/templates/form".to_owned(),
        "/api/v1/surveys/2024/templates/bulk".to_owned(),
        "/api/v1/surveys/2024/hospitals-template".to_owned(),
    ] {
        let texts = texts(&template(&hospital, &path).await);
        assert!(!texts.iter().any(|text| text.contains("試験 花子")), "{path}");
        assert!(texts.iter().any(|text| text.contains("電子カルテ")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_template_of_a_survey_carries_over_what_the_crosswalk_compares() {
    // Only the survey of 2022 is answered.
    let app = TestApp::spawn().await;
    app.at(in_2022());
    let hospital = app.sign_in("hospital").await;
    let earlier = hospital
        .submit(&crate::revisions("2022", OWN), &crate::body(tests::world::answers_2022()))
        .await;
    earlier.expect(201);
    app.at(tests::world::now());
    let hospital = app.sign_in("hospital").await;
    let report = dry_run(&hospital, template(&hospital, &form("2024", OWN.gmis)).await).await;
    // What compares is there; the rest is asked for.
    assert_eq!(verdicts(&report), [(OWN.gmis, "rejected")]);
    let faults = report["hospitals"][0]["faults"].as_array().unwrap();
    let missing: Vec<&str> = faults.iter().filter_map(|fault| fault["question"].as_str()).collect();
    assert!(faults.iter().all(|fault| fault["code"] == "required_missing"), "{report}");
    for comparable in ["ehr_in_use", "ehr_backup", "backup_leak_protection"] {
        assert!(!missing.contains(&comparable), "{comparable}: {report}");
    }
    for asked_anew in ["bcp_defined", "respondent", "backup_offline"] {
        assert!(
            missing.iter().any(|question| question.starts_with(asked_anew)),
            "{asked_anew}: {report}"
        );
    }
}

/// The workbook with another text typed into the cell of its first sheet that holds a text.
fn retyped(bytes: &[u8], text: &str, by: &str) -> Vec<u8> {
    let shared = zipped::part(bytes, "xl/sharedStrings.xml");
    let index = shared[..shared.find(&format!(">{text}<")).unwrap()].matches("<si>").count() - 1;
    zipped::change(bytes, "xl/worksheets/sheet1.xml", |xml| {
        let typed = format!("t=\"inlineStr\"><is><t>{by}</t></is></c>");
        xml.replacen(&format!("t=\"s\"><v>{index}</v></c>"), &typed, 1)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_not_the_right_one_is_named() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let form_of = async |survey: &str, hospital: &str| template(&tokyo, &form(survey, hospital)).await;

    let other_survey = dry_run(&tokyo, form_of("2022", OWN.gmis).await).await;
    assert_eq!(codes(&other_survey["faults"]), ["template_other_survey"], "{other_survey}");

    let swapped = retyped(&form_of("2024", OWN.gmis).await, OWN.gmis, NEIGHBOUR.gmis);
    let report = dry_run(&tokyo, swapped).await;
    assert_eq!(verdicts(&report), [(NEIGHBOUR.gmis, "rejected")], "{report}");
    assert!(
        codes(&report["hospitals"][0]["faults"]).contains(&"template_swapped".to_owned()),
        "{report}"
    );

    let hash = tests::world::survey_of("2024").first_edition().hash();
    let altered = zipped::change(&form_of("2024", OWN.gmis).await, "xl/sharedStrings.xml", |xml| {
        xml.replace(hash, &hash.replace('a', "b"))
    });
    let report = dry_run(&tokyo, altered.clone()).await;
    assert_eq!(codes(&report["faults"]), ["template_altered"], "{report}");
    assert_eq!(report["hospitals"], json!([]));
    // As an import too nothing of it goes in.
    let before = app.database.counts().await;
    tokyo.upload(IMPORTS, altered).await.refused(422, "file_without_answers");
    assert_eq!(app.database.number("SELECT count(*) FROM import").await, before["import"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_a_template_are_for_those_who_may_see_them_and_are_audited() {
    let app = TestApp::answered().await;
    let audited = async || {
        app.database
            .number("SELECT count(*) FROM audit WHERE action = 'read_respondent' AND details ->> 'template' = 'true'")
            .await
    };
    let named = |answer: &Answer| texts(&answer.body).iter().any(|text| text.contains("試験 花子"));
    let own = app.sign_in("hospital").await.get(&form("2024", OWN.gmis)).await;
    assert!(named(&own));
    assert_eq!(audited().await, 0, "one's own names are no look at somebody");
    let tokyo = app.sign_in("tokyo").await.get(&form("2024", OWN.gmis)).await;
    assert!(named(&tokyo));
    assert_eq!(audited().await, 1);
    let analyst = app.sign_in("analyst").await.get(&form("2024", OWN.gmis)).await;
    assert!(!named(&analyst));
    assert_eq!(audited().await, 1);
    for hospital in [CITY_WARD.gmis, OTHER_WARD.gmis] {
        let answer = app.sign_in("hospital").await.get(&form("2024", hospital)).await;
        answer.refused(404, "hospital_unknown");
    }
    let gone = app.sign_in("tokyo").await.get(&form("2024", CLOSED.gmis)).await;
    gone.refused(404, "hospital_unknown");
}
