//! `chosa check`: verdicts and faults with their cells, for machines and for people.

use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

use tests::binary;

use crate::place::{GOOD, Place, check, code, document, large_file, stderr, stdout};

#[test]
fn a_good_workbook_is_accepted() {
    let place = Place::new();
    let frame = place.frame();
    let output = check(&place.answers(|_| {}), &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    insta::assert_json_snapshot!("good_workbook", document(&output));
}

#[test]
fn a_faulty_workbook_is_answered_with_every_cell() {
    let place = Place::new();
    let frame = place.frame();
    let path = place.answers(|rows| {
        let mut bad = GOOD.to_vec();
        bad[0] = "AB12346";
        bad[1] = "";
        bad[5] = "たぶん";
        bad[9] = "②、⑥";
        bad[10] = "無回答";
        rows.push(bad);
        let mut unknown = GOOD.to_vec();
        unknown[0] = "ZZ99999";
        rows.push(unknown);
        rows[0].push("知らない列");
    });
    let output = check(&path, &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!(code(&output), 65, "{output:?}");
    insta::assert_json_snapshot!("faulty_workbook", document(&output));
    let people = check(&path, &["--frame", frame.to_str().unwrap()]);
    insta::assert_snapshot!("faulty_workbook_for_people", stdout(&people));
    assert_eq!(code(&people), 65);
}

#[test]
fn without_a_frame_the_answers_are_checked_all_the_same() {
    let place = Place::new();
    let output = check(&place.answers(|_| {}), &["--json"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let document = document(&output);
    assert_eq!(document["hospitals"][0]["verdict"], "accepted");
    assert_eq!(document["faults"][0]["code"], "frame_missing");
    let path = place.answers(|rows| rows[1][14] = "");
    assert_eq!(code(&check(&path, &[])), 65, "a required answer is missing");
}

#[test]
fn only_a_proxy_may_say_no_answer() {
    let place = Place::new();
    let path = place.answers(|rows| rows[1][5] = "無回答");
    assert_eq!(code(&check(&path, &[])), 65);
    assert_eq!(code(&check(&path, &["--entry-path", "proxy"])), 0);
}

#[test]
fn a_bare_number_of_2022_wants_its_numbering() {
    let place = Place::new();
    let path = place.workbook("2022.xlsx", &[vec!["G-MIS ID", "5", "8"], vec!["AB12345", "はい", "いいえ"]]);
    let check = |numbering: &[&str]| {
        binary::command()
            .arg("check")
            .arg(&path)
            .args(["--survey", "2022", "--json"])
            .args(numbering)
            .output()
            .unwrap()
    };
    let codes = |output: &Output| {
        document(output)["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(codes(&check(&[])).contains(&"numbering_ambiguous".to_owned()));
    let named = check(&["--numbering", "march"]);
    assert!(!codes(&named).contains(&"numbering_ambiguous".to_owned()));
    assert_eq!(document(&named)["edition"], "2022-march");
    let wrong = check(&["--numbering", "may"]);
    assert_eq!((code(&wrong), codes(&wrong).contains(&"numbering_unknown".to_owned())), (65, true));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = check(Path::new("/nonexistent/回答.xlsx"), &[]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("/nonexistent/回答.xlsx"), "{output:?}");
}

#[test]
fn a_frame_with_an_error_is_refused_before_any_verdict() {
    let place = Place::new();
    let frame = place.file("frame.csv", "gmis_id,name,prefecture,beds\nAB12345,試験病院,北海道,12\n".as_bytes());
    let output = check(&place.answers(|_| {}), &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (65, ""));
    assert!(
        stderr(&output).contains("D2") && stderr(&output).contains("beds_not_hospital"),
        "{output:?}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::new();
    let path = place.file("large.csv", &large_file());
    let mut child = binary::command()
        .arg("check")
        .arg(&path)
        .args(["--survey", "2024", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0_u8; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The pipe is closed here; megabytes are still to come.
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}
