//! Files as they really arrive: what `chosa check` finds in each, with codes and cells, and what is stored of each.
//!
//! The cells are written down here by hand from how each file is spoiled (fixtures/README.md), not taken from a run.

use std::collections::BTreeMap;

use serde_json::Value;
use server::auth::actor::Actor;
use server::error::AppError;
use tests::binary;
use tests::database::TestDatabase;
use tests::nation::{self, Files};
use tests::world::survey_of;

/// Cells with faults of one file under one way of reading: code and cells of the file, code and cells of its hospitals.
type Cells = &'static [(&'static str, &'static str)];

/// Columns A to G or H are the hospital and the respondent, then the questions in their order.
const BARE_NUMBERS: Cells = &[("numbering_ambiguous", "H1 I1 J1 K1 L1 M1 N1 O1 P1 Q1 R1 S1 T1")];
const MARCH_NUMBERS: Cells = &[("numbering_ambiguous", "I1 J1 K1 L1 M1 N1 O1")];
const SKIPS: Cells = &[
    ("answer_not_asked", "J2 K2 L2 M2 O3 P3 Q3 R3"),
    ("contradiction_generations_without_backup", "K4"),
];
const FAULTS: Cells = &[
    ("exclusive_options", "M4"),
    ("hospital_conflict", "A7"),
    ("hospital_duplicate", "A8 A9"),
    ("hospital_unknown", "A6"),
    ("required_missing", "H3 I3 W3"),
    ("value_unreadable", "L5 U5"),
];

/// By file, numbering and path: cells of faults of the file, and of its hospitals.
fn expected(file: &str, numbering: Option<&str>, path: &str) -> (Cells, Cells) {
    match (file, numbering, path) {
        ("2022_bare_numbers.csv", None, _) => (BARE_NUMBERS, &[]),
        ("2022_march_numbers.xlsx", None, _) => (MARCH_NUMBERS, &[]),
        ("2022_broken_tail.csv", ..) => (&[("encoding_unknown", "")], &[]),
        ("2022_no_answer.csv", None, "workbook") => (&[], &[("no_answer_not_allowed", "G2 H2 R3")]),
        ("2022_skips_answered.xlsx", ..) => (&[], SKIPS),
        ("2024_duplicate_columns.csv", ..) => (&[("column_duplicate", "AC1")], &[]),
        ("2024_faults.xlsx", ..) => (&[], FAULTS),
        // Its only formula is read by the value that Excel kept, and says so.
        ("2024_blank_rows.xlsx", ..) => (&[("formula_cached", "S3")], &[]),
        // 備考 is a column that everybody adds, and is passed over.
        ("2024_title_rows.xlsx", ..) => (&[("column_unknown", "A4 AE4")], &[]),
        ("2022_bare_numbers.csv", Some("january"), _)
        | ("2022_march_numbers.xlsx", Some("march"), _)
        | ("2022_no_answer.csv" | "2022_mixed_spellings.xlsx" | "2024_ids_as_numbers.xlsx", ..) => (&[], &[]),
        other => panic!("nothing is written down for {other:?}"),
    }
}

fn cells<'f>(faults: impl Iterator<Item = &'f Value>) -> BTreeMap<String, String> {
    let mut cells: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fault in faults {
        let cell = fault["cell"].as_str().unwrap_or_default().to_owned();
        cells.entry(fault["code"].as_str().unwrap().to_owned()).or_default().push(cell);
    }
    cells.into_iter().map(|(code, cells)| (code, cells.join(" "))).collect()
}

fn owned(cells: Cells) -> BTreeMap<String, String> {
    cells
        .iter()
        .map(|(code, cells)| ((*code).to_owned(), (*cells).to_owned()))
        .collect()
}

fn faults(of: &Value) -> impl Iterator<Item = &Value> {
    of["faults"].as_array().unwrap().iter()
}

fn check(files: &Files, file: &Value, run: &Value) {
    let (name, survey) = (file["file"].as_str().unwrap(), file["survey"].as_str().unwrap());
    let (numbering, path) = (run["numbering"].as_str(), run["path"].as_str().unwrap());
    let mut command = binary::command();
    command
        .arg("check")
        .arg(files.path("messy").join(name))
        .args(["--json", "--survey", survey, "--entry-path", path]);
    command.arg("--frame").arg(files.path(&format!("frame_{survey}.csv")));
    command.args(numbering.into_iter().flat_map(|numbering| ["--numbering", numbering]));
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error} {output:?}"));
    let hospitals = document["hospitals"].as_array().unwrap();
    let count = |verdict: &str| u64::try_from(hospitals.iter().filter(|hospital| hospital["verdict"] == verdict).count()).unwrap();
    assert_eq!(count("accepted"), run["accepted"].as_u64().unwrap(), "{name}");
    assert_eq!(count("rejected"), run["rejected"].as_u64().unwrap_or(0), "{name}");

    let (of_file, of_hospitals) = expected(name, numbering, path);
    assert_eq!(cells(faults(&document)), owned(of_file), "{name}");
    assert_eq!(cells(hospitals.iter().flat_map(faults)), owned(of_hospitals), "{name}");
    // What made.json lists is what is written down here.
    let listed = |key: &str| {
        run[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let mut of_the_file = listed("file_faults");
    of_the_file.extend(run["refused"].as_str());
    assert_eq!(of_the_file, of_file.iter().map(|(code, _)| *code).collect(), "{name}");
    assert_eq!(
        listed("hospital_faults"),
        of_hospitals.iter().map(|(code, _)| *code).collect(),
        "{name}"
    );
    let all = faults(&document).chain(hospitals.iter().flat_map(faults));
    let errors = all.filter(|fault| fault["severity"] == "error").count();
    assert_eq!(output.status.code(), Some(if errors > 0 { 65 } else { 0 }), "{name}");
}

#[test]
fn every_messy_file_gives_the_faults_that_it_was_made_for_in_the_cells_where_they_are() {
    let files = Files::of_the_nation();
    let made = files.made();
    let messy = made["messy"].as_array().unwrap();
    assert_eq!(messy.len(), 11);
    for file in messy {
        for run in file["runs"].as_array().unwrap() {
            check(&files, file, run);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_messy_file_exactly_the_accepted_hospitals_are_stored() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    let files = Files::of_the_nation();
    let made = files.made();
    let system = Actor::system();
    for file in made["messy"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let survey = survey_of(file["survey"].as_str().unwrap());
        // The system's files are proxy entry; where made.json says nothing of that, it is as a hospital's file.
        let runs = file["runs"].as_array().unwrap();
        let by_proxy = runs.iter().any(|run| run["path"] == "proxy");
        for run in runs.iter().filter(|run| !by_proxy || run["path"] == "proxy") {
            let mut upload = nation::upload(name, files.read(&format!("messy/{name}")));
            upload.numbering = run["numbering"].as_str().map(str::to_owned);
            let before = database.counts().await;
            let imported = nation::import(&state, &system, survey, upload).await;
            let accepted = run["accepted"].as_i64().unwrap();
            let after = database.counts().await;
            assert_eq!(after["revision"] - before["revision"], accepted, "{name}");
            match imported {
                Ok(report) => {
                    assert_eq!(
                        (&report["accepted"], &report["rejected"], &report["unchanged"]),
                        (&run["accepted"], &run["rejected"], &Value::from(0)),
                        "{name}"
                    );
                    assert_eq!(after["import"] - before["import"], 1, "{name}");
                }
                Err(AppError::Faulty(refusal, faults)) => {
                    let code = if run["refused"].is_null() {
                        "file_without_answers"
                    } else {
                        "file_refused"
                    };
                    assert_eq!((refusal.code.as_ref(), accepted), (code, 0), "{name}");
                    assert!(!faults.is_empty(), "{name}");
                    assert_eq!(after, before, "{name}: nothing is written of a file that is refused");
                }
                Err(error) => panic!("{name}: {}", error.for_operator()),
            }
        }
    }
}
