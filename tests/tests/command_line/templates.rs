//! `chosa template`: what is handed out can come back.

use std::path::Path;

use serde_json::{Value, json};

use crate::place::{Place, check, code, document, run, stdout};

#[test]
fn a_template_is_handed_out_and_checked_when_it_comes_back() {
    let place = Place::new();
    let frame = place.frame();
    let bulk = place.0.path().join("bulk.xlsx");
    let output = run(
        &[
            "template",
            "bulk",
            "--survey",
            "2024",
            "--frame",
            frame.to_str().unwrap(),
            "--json",
            "-o",
        ],
        &bulk,
    );
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(
        document(&output),
        json!({ "survey": "2024", "edition": "2024-first", "file": bulk, "hospitals": 2 })
    );
    // It is read, and nobody has answered yet.
    let output = check(&bulk, &["--frame", frame.to_str().unwrap(), "--json"]);
    assert_eq!(code(&output), 65, "{output:?}");
    let found = document(&output);
    let codes: Vec<&Value> = found["faults"].as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
    assert_eq!(codes, ["hospitals_without_answers", "answers_missing"]);

    let form = place.0.path().join("form.xlsx");
    let output = run(
        &[
            "template",
            "form",
            "--survey",
            "2022",
            "--edition",
            "march",
            "--frame",
            frame.to_str().unwrap(),
            "--hospital",
            "ab12346",
            "-o",
        ],
        &form,
    );
    assert_eq!((code(&output), stdout(&output)), (0, format!("{}\n", form.display())));
    let workbook = importer::read(&std::fs::read(&form).unwrap(), &importer::Limits::default()).unwrap();
    assert!(
        workbook.sheets[0]
            .rows
            .iter()
            .flat_map(|row| &row.cells)
            .any(|cell| cell.value.shown() == "AB12346")
    );
    // To stdout, the same bytes.
    let again = run(
        &[
            "template",
            "form",
            "--survey",
            "2022",
            "--edition",
            "march",
            "--frame",
            frame.to_str().unwrap(),
            "--hospital",
            "AB12346",
            "-o",
        ],
        Path::new("-"),
    );
    assert_eq!(again.stdout, std::fs::read(&form).unwrap());
}

#[test]
fn a_template_that_cannot_be_meant_is_a_usage_error() {
    let place = Place::new();
    let frame = place.frame();
    let frame = frame.to_str().unwrap();
    let out = place.0.path().join("never.xlsx");
    for arguments in [
        &["template", "form", "--survey", "2024", "--edition", "march", "-o"][..],
        &["template", "form", "--survey", "2024", "--frame", frame, "-o"],
        &[
            "template",
            "bulk",
            "--survey",
            "2024",
            "--frame",
            frame,
            "--hospital",
            "AB12345",
            "-o",
        ],
        &["template", "list", "--survey", "2024", "-o"],
    ] {
        let output = run(arguments, &out);
        assert_eq!(code(&output), 2, "{output:?}");
    }
    assert!(!out.exists());
}
