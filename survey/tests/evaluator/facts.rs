//! Conditions on facts of the hospital, on earlier answers, and all or any of several: of a made survey, because neither printed one branches so.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::evaluate::{Asked, Evaluation, State, evaluate};

use crate::made::{MADE, asked, faults, hospital, state};

fn made(facts: &HospitalFacts, answers: Value) -> Evaluation {
    evaluate(MADE.first_edition(), facts, &answers, EntryPath::Proxy)
}

#[test]
fn a_question_may_be_for_hospitals_of_four_hundred_beds_and_more() {
    let large = |beds: u16| asked(&made(&hospital(beds), json!({})), "large");
    assert_eq!([399, 400, 401].map(large), [Asked::NotAsked, Asked::Required, Asked::Required]);
    // The chain below it follows.
    let answers = json!({ "large": "yes", "below_large": "yes" });
    assert_eq!(asked(&made(&hospital(400), answers.clone()), "below_large"), Asked::Required);
    assert_eq!(asked(&made(&hospital(399), answers), "below_large"), Asked::NotAsked);
}

#[test]
fn beds_that_nobody_knows_are_a_fault_and_leave_the_question_undetermined() {
    let answers = json!({
        "start": "yes", "tools": ["ids"], "large": "yes", "both": "yes", "either": "yes", "freed_without_tools": "yes",
    });
    let evaluation = made(&HospitalFacts::default(), answers.clone());
    assert_eq!(
        (asked(&evaluation, "large"), asked(&evaluation, "below_large")),
        (Asked::Undetermined, Asked::Undetermined)
    );
    assert_eq!(faults(&evaluation), [("error", "beds_unknown", "large")]);
    assert_eq!(
        asked(&evaluation, "either"),
        Asked::Required,
        "the other condition holds, whatever the beds"
    );
    assert_eq!(faults(&made(&hospital(20), answers))[0], ("warning", "answer_not_asked", "large"));
}

#[test]
fn a_question_may_hang_on_an_answer_of_an_earlier_survey() {
    let of_2022 = |answer: &str| HospitalFacts {
        earlier: BTreeMap::from([("2022.ehr_in_use".to_owned(), answer.to_owned())]),
        ..hospital(20)
    };
    assert_eq!(asked(&made(&of_2022("yes"), json!({})), "had_ehr"), Asked::Required);
    assert_eq!(asked(&made(&of_2022("no"), json!({})), "had_ehr"), Asked::NotAsked);
    assert_eq!(
        asked(&made(&hospital(20), json!({})), "had_ehr"),
        Asked::NotAsked,
        "it did not answer"
    );
    assert_eq!(
        MADE.first_edition().earlier_answers_used(),
        [("2022".to_owned(), "ehr_in_use".to_owned())]
    );
}

#[test]
fn all_conditions_must_hold() {
    let both = |start: Value, tools: Value| asked(&made(&hospital(20), json!({ "start": start, "tools": tools })), "both");
    assert_eq!(both(json!("yes"), json!(["edr"])), Asked::Required);
    assert_eq!(both(json!("yes"), json!(["none"])), Asked::NotAsked);
    assert_eq!(
        both(json!("no"), json!(null)),
        Asked::NotAsked,
        "one fails: the blank other one cannot matter"
    );
    assert_eq!(both(json!("yes"), json!(null)), Asked::Undetermined);
    assert_eq!(both(json!("no_answer"), json!(null)), Asked::Undetermined);
    assert_eq!(both(json!("no_answer"), json!(["ids"])), Asked::Optional);
    assert_eq!(both(json!("no_answer"), json!(["none"])), Asked::NotAsked);
}

#[test]
fn any_condition_suffices() {
    let either = |beds: u16, start: Value| asked(&made(&hospital(beds), json!({ "start": start })), "either");
    assert_eq!(either(20, json!("yes")), Asked::Required);
    assert_eq!(either(20, json!("no")), Asked::NotAsked);
    assert_eq!(either(400, json!("no")), Asked::Required);
    assert_eq!(
        either(400, json!(null)),
        Asked::Required,
        "one holds: the blank other one cannot matter"
    );
    assert_eq!(either(20, json!(null)), Asked::Undetermined);
    assert_eq!(either(20, json!("no_answer")), Asked::Optional);
}

#[test]
fn a_text_that_was_given_may_be_a_gate() {
    let about = |remarks: Value| asked(&made(&hospital(20), json!({ "start": "no", "remarks": remarks })), "about_remarks");
    assert_eq!(about(json!("備考")), Asked::Required);
    assert_eq!(about(json!(" ")), Asked::Undetermined, "the text itself is missing");
    assert_eq!(about(json!("no_answer")), Asked::Optional);
}

#[test]
fn a_gate_that_need_not_be_answered_and_is_not_leaves_the_next_question_optional() {
    let below = |free: Value| made(&hospital(20), json!({ "free": free }));
    let blank = below(json!(null));
    assert_eq!((asked(&blank, "free"), state(&blank, "free")), (Asked::Optional, State::Blank));
    assert_eq!(asked(&blank, "below_free"), Asked::Optional);
    assert!(
        !faults(&blank)
            .iter()
            .any(|(_, _, question)| question.contains("free") && *question != "freed_without_tools")
    );
    assert_eq!(asked(&below(json!("yes")), "below_free"), Asked::Required);
    assert_eq!(asked(&below(json!("no")), "below_free"), Asked::NotAsked);
    assert_eq!(asked(&below(json!("?")), "below_free"), Asked::Undetermined);
}

#[test]
fn a_question_is_freed_when_its_condition_holds_and_while_nobody_can_tell() {
    let freed = |tools: Value| asked(&made(&hospital(20), json!({ "tools": tools })), "freed_without_tools");
    assert_eq!(freed(json!(["none"])), Asked::Optional);
    assert_eq!(freed(json!(["ids", "edr"])), Asked::Required);
    assert_eq!(freed(json!("no_answer")), Asked::Optional);
    assert_eq!(freed(json!(null)), Asked::Optional, "the blank gate has its own fault");
}
