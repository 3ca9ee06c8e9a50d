//! The sender's file back with what was found in it: after a dry run, after an import, of every kind of sender and file; mended, it goes in.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use chrono::TimeDelta;
use serde_json::Value;
use server::app::erasure::{Erasing, erase};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::edition::Edition;
use tests::app::TestApp;
use tests::client::{Answer, Client};
use tests::files::{csv, xlsx};
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but, done, now, survey_of};

const IMPORTS: &str = "/api/v1/surveys/2024/imports";
const DRY_RUN: &str = "/api/v1/surveys/2024/imports?dry_run=true&annotated=true&file_name=";

fn edition() -> &'static Edition {
    survey_of("2024").first_edition()
}

/// The second hospital lacks an answer, the third has one that there is not.
fn faulty() -> Vec<(&'static str, Value)> {
    vec![
        (OWN.gmis, answers_2024()),
        (NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", "")),
        (OTHER_WARD.gmis, but(answers_2024(), "mds_sds_checked", "たぶん")),
    ]
}

fn sheets(bytes: &[u8]) -> Vec<(String, Range<Data>)> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    workbook.worksheets()
}

/// The column エラー, from the heading on.
fn errors(rows: &Range<Data>) -> Vec<String> {
    let heading = |cell: &&Data| matches!(cell, Data::String(text) if text == "エラー");
    let column = rows.rows().next().unwrap().iter().take_while(|cell| !heading(cell)).count();
    assert!(column < rows.width(), "no column エラー");
    rows.rows().skip(1).map(|row| row[column].to_string()).collect()
}

fn says_what_was_found(bytes: &[u8]) {
    let sheets = sheets(bytes);
    let (_, rows) = sheets.iter().find(|(name, _)| name == "回答").unwrap();
    let errors = errors(rows);
    assert_eq!(errors[0], "", "{errors:?}");
    assert!(
        errors[1].contains("P3") && errors[1].contains("電子カルテ") && errors[2].contains("M4"),
        "{errors:?}"
    );
    let (_, list) = sheets.iter().find(|(name, _)| name == "指摘一覧").unwrap();
    let cells: Vec<String> = list.rows().flatten().map(ToString::to_string).collect();
    assert!(cells.iter().any(|cell| cell.contains("たぶん")), "{cells:?}");
    // The note at the cell says what was found and how to mend it.
    let notes = tests::zipped::part(bytes, "xl/comments1.xml");
    assert!(notes.contains("たぶん") && notes.contains("はい"), "{notes}");
}

/// A file that has answered with a workbook, and whether it was written anew.
fn workbook(answer: &Answer) -> (&[u8], &str) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    (&answer.body, answer.header("chosa-rewritten"))
}

async fn imported(client: &Client, file: Vec<u8>) -> String {
    let report = client.upload(&format!("{IMPORTS}?file_name=都.xlsx"), file).await.expect(201);
    report["import"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_gives_the_file_back_and_stores_nothing() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let own = tokyo.upload(&format!("{DRY_RUN}都.xlsx"), xlsx(edition(), &faulty())).await;
    // RFC 6266: the name of the file that came, and what became of it.
    assert_eq!(
        own.header("content-disposition"),
        "attachment; filename*=UTF-8''%E9%83%BD_%E6%8C%87%E6%91%98.xlsx"
    );
    let (bytes, rewritten) = workbook(&own);
    assert_eq!(rewritten, "false");
    says_what_was_found(bytes);
    let anew = tokyo.upload(&format!("{DRY_RUN}都.csv"), csv(edition(), &faulty())).await;
    let (bytes, rewritten) = workbook(&anew);
    assert_eq!(rewritten, "true");
    says_what_was_found(bytes);
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_with_faults_is_mended_and_goes_in() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let id = imported(&tokyo, csv(edition(), &faulty())).await;
    let answer = tokyo.get(&format!("{IMPORTS}/{id}/annotated")).await;
    let (bytes, rewritten) = workbook(&answer);
    assert_eq!(rewritten, "true");
    says_what_was_found(bytes);

    // Sent as it came back, the same two are rejected for the same reason, by their cells and not by the column of errors.
    let report = tokyo.upload(&format!("{IMPORTS}?dry_run=true"), bytes).await.expect(200);
    let verdicts: Vec<&Value> = report["hospitals"].as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["unchanged", "rejected", "rejected"], "{report}");
    assert_eq!(report["faults"].as_array().map(Vec::len), Some(0), "{report}");

    let mended = mend(bytes);
    let report = tokyo.upload(&format!("{IMPORTS}?file_name=直した.xlsx"), mended).await.expect(201);
    assert_eq!(
        (&report["accepted"], &report["unchanged"], &report["rejected"]),
        (&2.into(), &1.into(), &0.into()),
        "{report}"
    );
}

/// Writes はい into the two cells that were wrong, in the sheet's XML, as somebody at a table would: all else stays.
fn mend(bytes: &[u8]) -> Vec<u8> {
    let columns = |key: &str| {
        let row = edition().questions().iter().flat_map(|question| match &question.kind {
            survey::question::Kind::Respondent(fields) => fields.iter().map(|field| field.key.to_string()).collect(),
            _ => vec![question.key.to_string()],
        });
        let index = row.take_while(|column| column != key).count() + 1;
        rust_xlsxwriter::utility::column_number_to_name(index.try_into().unwrap())
    };
    let (empty, wrong) = (columns("ehr_in_use") + "3", columns("mds_sds_checked") + "4");
    tests::zipped::change(bytes, "xl/worksheets/sheet1.xml", |xml| {
        [empty, wrong].iter().fold(xml.to_owned(), |xml, cell| {
            let begin = xml
                .find(&format!("<c r=\"{cell}\""))
                .unwrap_or_else(|| panic!("no {cell} in {xml}"));
            let rest = &xml[begin..];
            // A cell without a value is closed at once.
            let end = match (rest.find("/>"), rest.find("</c>")) {
                (Some(short), Some(long)) if short < long && !rest[..short].contains('>') => short + 2,
                (_, Some(long)) => long + 4,
                (short, None) => short.unwrap() + 2,
            };
            format!(
                "{}<c r=\"{cell}\" t=\"inlineStr\"><is><t>はい</t></is></c>{}",
                &xml[..begin],
                &rest[end..]
            )
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_another_ones_file_back_and_an_erased_one_nobody() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let id = imported(&tokyo, xlsx(edition(), &faulty())).await;
    let place = format!("{IMPORTS}/{id}/annotated");
    for login in ["kanagawa", "hospital"] {
        app.sign_in(login).await.get(&place).await.refused(404, "import_unknown");
    }
    app.sign_in("analyst").await.get(&place).await.refused(403, "role_not_permitted");
    let (bytes, rewritten) = (tokyo.get(&place).await, "false");
    assert_eq!(workbook(&bytes).1, rewritten);

    app.at(now() + TimeDelta::days(4 * 366));
    done(erase(&app.state, &Permit::of(Actor::system()).unwrap(), Erasing::Done).await);
    let tokyo = app.sign_in("tokyo").await;
    tokyo.get(&place).await.refused(404, "file_erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_refused_as_without_annotating() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let answer = tokyo.upload(&format!("{DRY_RUN}x.xlsx"), b"PK\x03\x04 no workbook".to_vec()).await;
    answer.refused(422, "file_refused");
}
