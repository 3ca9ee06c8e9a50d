//! The OpenAPI document, made from the code: a snapshot, so that a change of the API is seen, and rules that hold for every operation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod documents;

use std::collections::BTreeSet;

use serde_json::Value;
use tests::app::TestApp;

/// Operations that need nobody to be signed in.
const PUBLIC: [&str; 8] = [
    "live",
    "ready",
    "create_session",
    "create_token",
    "redeem_enrolment",
    "reset_password",
    "list_receipt_keys",
    "verify_receipt",
];
/// Operations that answer without a body when all is well.
const WITHOUT_BODY: [&str; 6] = [
    "live",
    "ready",
    "delete_session",
    "drop_from_scope",
    "discard_draft",
    "reset_password",
];

fn document() -> Value {
    serde_json::to_value(server::openapi::document()).unwrap()
}

/// An operation: method, path, what the document says of it.
struct Operation {
    name: String,
    method: String,
    path: String,
    says: Value,
}

fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, says) in item.as_object().unwrap() {
            let name = says["operationId"].as_str().unwrap_or_default().to_owned();
            operations.push(Operation {
                name,
                method: method.clone(),
                path: path.clone(),
                says: says.clone(),
            });
        }
    }
    operations
}

impl Operation {
    fn responses(&self) -> impl Iterator<Item = (u16, &Value)> {
        self.says["responses"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(status, response)| (status.parse().unwrap(), response))
    }
}

#[test]
fn the_document_is_this() {
    insta::assert_json_snapshot!(document());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_hands_the_document_out() {
    let app = TestApp::spawn().await;
    assert_eq!(app.nobody().get("/api/v1/openapi.json").await.expect(200), document());
}

#[test]
fn every_operation_has_a_name_of_its_own_a_tag_and_a_sentence() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let Operation { name, method, path, says } = operation;
        assert!(
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{method} {path}: {name:?}"
        );
        assert!(names.insert(name.clone()), "{name} twice");
        assert_eq!(says["tags"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(
            says["summary"].as_str().is_some_and(|summary| summary.ends_with('.')),
            "{name}: {}",
            says["summary"]
        );
    }
    assert!(names.len() >= 30, "{names:?}");
}

#[test]
fn every_operation_but_the_public_ones_wants_a_bearer_and_says_401() {
    for operation in operations() {
        let name = operation.name.as_str();
        let wants_bearer = operation.says["security"]
            .as_array()
            .is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get("bearer").is_some()));
        assert_eq!(wants_bearer, !PUBLIC.contains(&name), "{name}");
        // A failed sign-in is a 401 too; whether the program lives is asked by machines that have no account, and receipts are shown to anybody.
        let says_401 = operation.responses().any(|(status, _)| status == 401);
        assert_eq!(
            says_401,
            !matches!(
                name,
                "live" | "ready" | "list_receipt_keys" | "verify_receipt" | "redeem_enrolment" | "reset_password"
            ),
            "{name}"
        );
    }
}

#[test]
fn every_success_has_a_schema_and_every_refusal_is_a_problem() {
    for operation in operations() {
        let name = operation.name.as_str();
        let mut successes = 0;
        for (status, response) in operation.responses() {
            assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
            let schemas: Vec<&Value> = response["content"]
                .as_object()
                .into_iter()
                .flat_map(|content| content.values())
                .map(|media| &media["schema"])
                .collect();
            if status == 304 {
                assert!(schemas.is_empty(), "{name} {status}");
            } else if status < 400 {
                successes += 1;
                assert_eq!(schemas.is_empty(), WITHOUT_BODY.contains(&name), "{name} {status}");
            } else {
                assert_eq!(schemas.len(), 1, "{name} {status}");
                assert_eq!(schemas[0]["$ref"], "#/components/schemas/Problem", "{name} {status}");
                assert!(
                    response["content"].get("application/problem+json").is_some(),
                    "{name} {status}: {}",
                    response["content"]
                );
            }
        }
        assert!(successes > 0, "{name}");
    }
}

#[test]
fn every_part_of_a_path_is_explained_as_a_parameter() {
    for operation in operations() {
        let in_path: BTreeSet<&str> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = operation.says["parameters"].as_array().cloned().unwrap_or_default();
        let explained: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(explained, in_path, "{}", operation.name);
    }
}

#[test]
fn every_schema_that_is_named_exists() {
    let document = document();
    let schemas: BTreeSet<String> = document["components"]["schemas"].as_object().unwrap().keys().cloned().collect();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains(name), "{name}");
    }
}

#[test]
fn writes_that_must_not_happen_twice_take_a_key() {
    for operation in operations() {
        let keyed = operation.says["parameters"]
            .as_array()
            .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"));
        let expected = [
            "submit_answers",
            "submit_batch",
            "import_answers",
            "request_export",
            "make_release",
            "nominate_hospital",
            "withdraw_nomination",
            "exclude_hospital",
            "withdraw_exclusion",
            "enter_inspection",
            "withdraw_inspection",
            "choose_hospitals",
            "adjust_list",
            "decide_list",
            "ask_for_quota",
            "ask_for_results",
            "withdraw_answers",
            "return_answers",
            "accept_answers",
            "create_enrolments",
            "send_reminders",
        ]
        .contains(&operation.name.as_str());
        assert_eq!(keyed, expected, "{} {}", operation.method, operation.name);
    }
}

#[test]
fn changes_of_what_somebody_else_may_have_changed_say_what_they_saw() {
    for operation in operations() {
        let parameters = operation.says["parameters"].as_array().cloned().unwrap_or_default();
        let conditional = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
        let stale = operation.responses().any(|(status, _)| status == 412);
        let demanded = operation.responses().any(|(status, _)| status == 428);
        assert_eq!(conditional, stale, "{}", operation.name);
        // Who sends whole answers may leave it out, and who names a hospital and what is to become of it.
        let may_leave_out = ["submit_answers", "adjust_list", "decide_list"].contains(&operation.name.as_str());
        assert_eq!(conditional && !may_leave_out, demanded, "{}", operation.name);
    }
}
