//! The JSON Schema of an edition: a validator that knows nothing of chosa refuses what the evaluator refuses as a
//! shape, and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use survey::answer::EntryPath;
use survey::edition::Edition;
use survey::evaluate::{Asked, evaluate};
use survey::schema::json_schema;

use crate::made::{complete_2022, complete_2024, edition, editions, hospital, with};
use crate::properties::{Named, any_case};

/// What the evaluator says of a shape.
const SHAPE: [&str; 5] = [
    "answers_not_object",
    "unknown_question",
    "unknown_option",
    "wrong_type",
    "text_too_long",
];

static VALIDATORS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let of = |edition: &&Edition| {
        (
            edition.id().as_str().to_owned(),
            jsonschema::draft202012::new(&json_schema(edition)).unwrap(),
        )
    };
    editions().iter().map(of).collect()
});

fn fits(edition: &Edition, answers: &Value) -> bool {
    VALIDATORS[edition.id().as_str()].is_valid(answers)
}

fn has_shape_fault(edition: &Edition, answers: &Value) -> bool {
    let evaluation = evaluate(edition, &hospital(100), answers, EntryPath::Proxy);
    evaluation.faults.iter().any(|fault| SHAPE.contains(&fault.code.as_ref()))
}

/// Of a question that is not asked, or not yet, the evaluator says no more than that.
fn only_asked(edition: &Edition, mut answers: Value) -> Value {
    let evaluation = evaluate(edition, &hospital(100), &answers, EntryPath::Proxy);
    for (key, asked) in &evaluation.asked {
        if let (Asked::NotAsked | Asked::Undetermined, Some(answers)) = (asked, answers.as_object_mut()) {
            answers.remove(key.as_str());
        }
    }
    answers
}

#[test]
fn schemas_are_schemas() {
    for edition in editions() {
        assert!(jsonschema::meta::is_valid(&json_schema(edition)), "{}", edition.id().as_str());
    }
}

#[test]
fn complete_answers_fit_and_misspelt_ones_do_not() {
    for (id, answers) in [
        ("2022-january", complete_2022()),
        ("2022-march", complete_2022()),
        ("2024-first", complete_2024()),
    ] {
        let edition = edition(id);
        assert!(fits(edition, &answers), "{id}");
        for wrong in [
            json!({"ehr_in_use": "maybe"}),
            json!({"ehr_in_use": true}),
            json!({"ehr_inuse": "yes"}),
            json!({"respondent": {"nmae": "x"}}),
            json!({"respondent": {"name": "x".repeat(4_001)}}),
        ] {
            assert!(!fits(edition, &with(answers.clone(), wrong.clone())), "{id} {wrong}");
        }
        for blank in [json!(null), json!(""), json!("　"), json!([]), json!("no_answer")] {
            assert!(
                fits(edition, &with(answers.clone(), json!({"ehr_in_use": blank.clone()}))),
                "{id} {blank}"
            );
        }
    }
}

#[test]
fn the_schema_of_2024_is_this() {
    insta::assert_json_snapshot!(json_schema(edition("2024-first")));
}

proptest! {
    #[test]
    fn a_validator_and_the_evaluator_agree_on_shapes((Named(edition), _, _, answers) in any_case()) {
        let answers = only_asked(edition, answers);
        prop_assert_eq!(fits(edition, &answers), !has_shape_fault(edition, &answers), "{}", answers);
    }
}
