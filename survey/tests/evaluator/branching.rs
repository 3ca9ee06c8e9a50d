//! What is asked: along the whole chain of gates, never by the nearest gate alone.

use serde_json::json;
use survey::evaluate::{Asked, Evaluation, State};

use crate::made::{
    BACKUP_2024, EHR_2022, FREED_2022, VPN_2022, asked, by_proxy, complete_2022, complete_2024, edition, faults, sent, state, with, without,
};

fn all_are(evaluation: &Evaluation, keys: &[&str], expected: (Asked, State)) {
    for key in keys {
        assert_eq!((asked(evaluation, key), state(evaluation, key)), expected, "{key}");
    }
}

#[test]
fn complete_answers_are_answered_everywhere_and_have_no_faults() {
    for (id, answers) in [
        ("2022-january", complete_2022()),
        ("2022-march", complete_2022()),
        ("2024-first", complete_2024()),
    ] {
        let evaluation = sent(id, &answers);
        assert_eq!(faults(&evaluation), []);
        let keys: Vec<&str> = edition(id).questions().iter().map(|question| question.key.as_str()).collect();
        all_are(&evaluation, &keys, (Asked::Required, State::Answered));
        assert_eq!(serde_json::Value::Object(evaluation.answers), answers);
    }
}

#[test]
fn nothing_given_leaves_every_ungated_question_required_and_missing() {
    let evaluation = sent("2024-first", &json!({}));
    assert_eq!(
        (asked(&evaluation, "bcp_defined"), state(&evaluation, "bcp_defined")),
        (Asked::Required, State::Blank)
    );
    assert!(
        evaluation
            .faults
            .iter()
            .all(|fault| fault.code == "required_missing" && fault.is_error())
    );
    // Four fields of the respondent and the twelve questions without a gate; nothing is said of the eight that hang on others.
    assert_eq!(evaluation.faults.len(), 4 + 12);
}

#[test]
fn in_2024_no_ehr_leaves_the_whole_chain_below_not_asked() {
    let answers = without(
        with(complete_2024(), json!({ "ehr_in_use": "no" })),
        &[&["ehr_backup"][..], &BACKUP_2024].concat(),
    );
    let evaluation = sent("2024-first", &answers);
    all_are(&evaluation, &["ehr_backup"], (Asked::NotAsked, State::NotAsked));
    all_are(&evaluation, &BACKUP_2024, (Asked::NotAsked, State::NotAsked));
    all_are(
        &evaluation,
        &["server_services_stopped", "client_services_stopped"],
        (Asked::Required, State::Answered),
    );
    assert_eq!(faults(&evaluation), []);
}

#[test]
fn in_2024_a_gate_that_was_itself_not_asked_asks_nothing_even_if_it_was_answered_yes() {
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "ehr_in_use": "no" })));
    all_are(&evaluation, &BACKUP_2024, (Asked::NotAsked, State::NotAsked));
    let expected: Vec<(&str, &str, &str)> = ["ehr_backup"]
        .iter()
        .chain(&BACKUP_2024)
        .map(|key| ("warning", "answer_not_asked", *key))
        .collect();
    assert_eq!(faults(&evaluation), expected);
    assert!(!evaluation.has_errors());
    // Kept as received.
    assert_eq!(evaluation.answers["backup_copies"], "two");
}

#[test]
fn in_2024_no_backup_leaves_its_six_questions_not_asked() {
    let evaluation = sent(
        "2024-first",
        &without(with(complete_2024(), json!({ "ehr_backup": "no" })), &BACKUP_2024),
    );
    all_are(&evaluation, &["ehr_backup"], (Asked::Required, State::Answered));
    all_are(&evaluation, &BACKUP_2024, (Asked::NotAsked, State::NotAsked));
    assert_eq!(faults(&evaluation), []);
}

#[test]
fn in_2024_the_drill_is_asked_of_those_with_a_plan() {
    let without_plan = sent(
        "2024-first",
        &without(with(complete_2024(), json!({ "bcp_defined": "no" })), &["bcp_drilled"]),
    );
    all_are(&without_plan, &["bcp_drilled"], (Asked::NotAsked, State::NotAsked));
    assert_eq!(faults(&without_plan), []);
    let with_plan = sent("2024-first", &without(complete_2024(), &["bcp_drilled"]));
    all_are(&with_plan, &["bcp_drilled"], (Asked::Required, State::Blank));
    assert_eq!(faults(&with_plan), [("error", "required_missing", "bcp_drilled")]);
}

#[test]
fn a_blank_gate_leaves_everything_below_undetermined_and_its_own_fault_is_the_only_one() {
    let below = [&["ehr_backup"][..], &BACKUP_2024].concat();
    let given_below = without(complete_2024(), &["ehr_in_use"]);
    let blank_below = without(given_below.clone(), &below);
    let wrong_below = with(given_below.clone(), json!({ "ehr_backup": "perhaps", "backup_copies": 3 }));
    for answers in [given_below, blank_below, wrong_below] {
        let evaluation = sent("2024-first", &answers);
        all_are(&evaluation, &["ehr_in_use"], (Asked::Required, State::Blank));
        all_are(&evaluation, &below, (Asked::Undetermined, State::Undetermined));
        assert_eq!(faults(&evaluation), [("error", "required_missing", "ehr_in_use")]);
    }
}

#[test]
fn an_invalid_gate_leaves_everything_below_undetermined_and_its_own_fault_is_the_only_one() {
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "ehr_in_use": "maybe" })));
    all_are(&evaluation, &["ehr_in_use"], (Asked::Required, State::Invalid));
    all_are(&evaluation, &["ehr_backup"], (Asked::Undetermined, State::Undetermined));
    all_are(&evaluation, &BACKUP_2024, (Asked::Undetermined, State::Undetermined));
    assert_eq!(faults(&evaluation), [("error", "unknown_option", "ehr_in_use")]);
    // What was typed below the gate stays for when it is mended.
    assert_eq!(evaluation.answers["backup_frequency"], "weekly");
}

#[test]
fn an_invalid_gate_in_the_middle_of_a_chain_leaves_the_questions_above_it_alone() {
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "ehr_backup": "maybe" })));
    all_are(&evaluation, &["ehr_in_use"], (Asked::Required, State::Answered));
    all_are(&evaluation, &["ehr_backup"], (Asked::Required, State::Invalid));
    all_are(&evaluation, &BACKUP_2024, (Asked::Undetermined, State::Undetermined));
}

#[test]
fn a_gate_of_no_answer_makes_the_next_question_optional_and_keeps_it_if_given() {
    let answers = with(complete_2024(), json!({ "ehr_in_use": "no_answer" }));
    let evaluation = by_proxy("2024-first", &answers);
    all_are(&evaluation, &["ehr_in_use"], (Asked::Required, State::NoAnswer));
    all_are(&evaluation, &["ehr_backup"], (Asked::Optional, State::Answered));
    // The optional gate has the asking value: what hangs on it is required again.
    all_are(&evaluation, &BACKUP_2024, (Asked::Required, State::Answered));
    assert_eq!(faults(&evaluation), []);

    let no_backup = by_proxy("2024-first", &without(with(answers, json!({ "ehr_backup": "no" })), &BACKUP_2024));
    all_are(&no_backup, &["ehr_backup"], (Asked::Optional, State::Answered));
    all_are(&no_backup, &BACKUP_2024, (Asked::NotAsked, State::NotAsked));
    assert_eq!(faults(&no_backup), []);
}

#[test]
fn a_chain_of_optional_questions_left_blank_stays_optional_to_its_end() {
    let below = [&["ehr_backup"][..], &BACKUP_2024].concat();
    let answers = without(with(complete_2024(), json!({ "ehr_in_use": "no_answer" })), &below);
    let evaluation = by_proxy("2024-first", &answers);
    all_are(&evaluation, &below, (Asked::Optional, State::Blank));
    assert_eq!(faults(&evaluation), []);
}

#[test]
fn an_optional_gate_that_is_invalid_leaves_what_hangs_on_it_undetermined() {
    let evaluation = by_proxy(
        "2024-first",
        &with(complete_2024(), json!({ "ehr_in_use": "no_answer", "ehr_backup": "maybe" })),
    );
    all_are(&evaluation, &["ehr_backup"], (Asked::Optional, State::Invalid));
    all_are(&evaluation, &BACKUP_2024, (Asked::Undetermined, State::Undetermined));
    assert_eq!(faults(&evaluation), [("error", "unknown_option", "ehr_backup")]);
}

#[test]
fn in_2022_no_ehr_leaves_the_four_questions_on_backups_not_asked() {
    for id in ["2022-january", "2022-march"] {
        let evaluation = sent(id, &without(with(complete_2022(), json!({ "ehr_in_use": "no" })), &EHR_2022));
        all_are(&evaluation, &EHR_2022, (Asked::NotAsked, State::NotAsked));
        all_are(&evaluation, &["vpn_present"], (Asked::Required, State::Answered));
        assert_eq!(faults(&evaluation), []);
    }
}

#[test]
fn in_2022_no_backup_skips_nothing() {
    let answers = with(complete_2022(), json!({ "ehr_backup": "no", "backup_generations_kept": "no" }));
    let evaluation = sent("2022-january", &answers);
    all_are(&evaluation, &EHR_2022, (Asked::Required, State::Answered));
    assert_eq!(faults(&evaluation), []);
    let blank = sent("2022-january", &without(answers, &["backup_leak_protection"]));
    assert_eq!(faults(&blank), [("error", "required_missing", "backup_leak_protection")]);
}

#[test]
fn in_2022_no_vpn_leaves_its_questions_not_asked_and_frees_the_last_two() {
    let answers = without(with(complete_2022(), json!({ "vpn_present": "no" })), &VPN_2022);
    let given = sent("2022-january", &answers);
    all_are(&given, &VPN_2022, (Asked::NotAsked, State::NotAsked));
    all_are(&given, &FREED_2022, (Asked::Optional, State::Answered));
    assert_eq!(faults(&given), []);
    let left_out = sent("2022-january", &without(answers, &FREED_2022));
    all_are(&left_out, &FREED_2022, (Asked::Optional, State::Blank));
    assert_eq!(faults(&left_out), []);
}

#[test]
fn in_2022_a_vpn_leaves_the_last_two_required() {
    let evaluation = sent("2022-january", &without(complete_2022(), &FREED_2022));
    all_are(&evaluation, &FREED_2022, (Asked::Required, State::Blank));
    assert_eq!(faults(&evaluation).len(), 2);
}

#[test]
fn in_2022_a_blank_vpn_answer_is_the_only_fault_and_no_answer_frees_all_that_hang_on_it() {
    let rest = [&VPN_2022[..], &FREED_2022].concat();
    let blank = sent("2022-january", &without(complete_2022(), &[&["vpn_present"][..], &rest].concat()));
    all_are(&blank, &VPN_2022, (Asked::Undetermined, State::Undetermined));
    all_are(&blank, &FREED_2022, (Asked::Optional, State::Blank));
    assert_eq!(faults(&blank), [("error", "required_missing", "vpn_present")]);

    let no_answer = by_proxy(
        "2022-january",
        &without(with(complete_2022(), json!({ "vpn_present": "no_answer" })), &rest),
    );
    all_are(&no_answer, &rest, (Asked::Optional, State::Blank));
    assert_eq!(faults(&no_answer), []);
}
