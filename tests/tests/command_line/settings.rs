//! What is typed and set: exit codes of usage and configuration.

use tests::binary;

use crate::place::{Place, check, code, stderr, stdout};

#[test]
fn an_unknown_survey_is_a_usage_error_that_names_those_there_are() {
    let output = binary::command()
        .args(["check", "answers.xlsx", "--survey", "1999"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("1999") && stderr(&output).contains("2022、2024"),
        "{output:?}"
    );
    assert_eq!(stdout(&output), "");
}

#[test]
fn an_unknown_variable_or_key_is_a_configuration_error() {
    let place = Place::new();
    let answers = place.answers(|_| {});
    let variable = binary::command()
        .env("CHOSA_WROKERS", "2")
        .arg("check")
        .arg(&answers)
        .args(["--survey", "2024"])
        .output()
        .unwrap();
    assert_eq!(code(&variable), 78);
    assert!(stderr(&variable).contains("CHOSA_WROKERS"), "{variable:?}");
    let settings = place.file("chosa.toml", b"workers = 2\nwrokers = 3\n");
    let key = check(&answers, &["--config", settings.to_str().unwrap()]);
    assert_eq!(code(&key), 78);
    assert!(stderr(&key).contains("wrokers"), "{key:?}");
    let filter = check(&answers, &["--log-filter", "a=b=c"]);
    assert_eq!(code(&filter), 78, "{filter:?}");
}

#[test]
fn completions_need_no_settings() {
    let output = binary::command()
        .env("CHOSA_WROKERS", "2")
        .args(["completions", "bash"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0);
    assert!(stdout(&output).contains("_chosa") && stdout(&output).contains("check"));
}

#[test]
fn without_a_command_the_help_is_shown_and_nothing_is_done() {
    let output = binary::command().output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("check") && stderr(&output).contains("終了コード"),
        "{output:?}"
    );
    let help = binary::command().arg("--help").output().unwrap();
    assert_eq!(code(&help), 0);
    assert!(!stdout(&help).contains("parse "), "the child is nobody's command");
}
