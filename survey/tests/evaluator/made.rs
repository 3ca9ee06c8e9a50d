//! Made answers and a made survey for the tests of this binary. Must not judge anything.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::evaluate::{Asked, Evaluation, State, evaluate};
use survey::hospital::Beds;
use survey::survey::Survey;

/// All ways in.
pub(crate) const PATHS: [EntryPath; 4] = [EntryPath::Page, EntryPath::Api, EntryPath::Workbook, EntryPath::Proxy];

/// Questions of 2022 that hang on the EHR, and those that hang on the VPN.
pub(crate) const EHR_2022: [&str; 4] = [
    "ehr_backup",
    "backup_generations_kept",
    "backup_disaster_separated",
    "backup_leak_protection",
];
pub(crate) const VPN_2022: [&str; 4] = [
    "vpn_devices",
    "vpn_updates_applied",
    "vpn_source_ip_restricted",
    "vpn_access_log_reviewed",
];
pub(crate) const FREED_2022: [&str; 2] = ["emergency_procedure_drilled", "security_officer_placed"];

/// Q12-1 to Q12-6.
pub(crate) const BACKUP_2024: [&str; 6] = [
    "backup_frequency",
    "backup_copies",
    "backup_generations",
    "backup_media_kinds",
    "backup_offline",
    "backup_leak_protection",
];

/// Beginning of a made survey: everything but its questions.
pub(crate) const HEAD: &str = r#"
id = "2030"
title = "試験調査"
editions = [{ name = "first", printed = "2030-01-01" }]
windows = [{ opens = "2030-02-01T00:00:00+09:00", closes = "2030-03-01T23:59:59+09:00" }]
"#;

/// A question in TOML; `rest` holds what its type needs.
pub(crate) fn question(key: &str, kind: &str, rest: &str) -> String {
    format!(
        "\n[[questions]]\nkey = \"{key}\"\nsection = \"節\"\nlabel = \"設問 {key}\"\nitem = \"項目\"\nguide = \"手引き\"\nguidance = \"説明\"\n\
         base = \"母数\"\ntype = \"{kind}\"\nrequired = true\n{rest}\n"
    )
}

/// A made survey whose conditions look at beds, at an earlier survey, at a several-choice and a text question, at all and any of them.
pub(crate) static MADE: LazyLock<Survey> = LazyLock::new(|| {
    let tools = r#"choices = [
        { key = "ids", code = 0, slot = 1, label = "検知" },
        { key = "edr", code = 1, slot = 2, label = "端末" },
        { key = "none", code = 7, slot = 3, label = "なし", exclusive = true },
    ]"#;
    let text = [
        HEAD.to_owned(),
        question("start", "yes_no", "slot = 0"),
        question("tools", "several", tools),
        question("large", "yes_no", "slot = 4\nasked_if = { beds_at_least = 400 }"),
        question(
            "below_large",
            "yes_no",
            "slot = 5\nasked_if = { question = \"large\", is = [\"yes\"] }",
        ),
        question(
            "had_ehr",
            "yes_no",
            "slot = 6\nasked_if = { earlier = \"2022.ehr_in_use\", is = [\"yes\"] }",
        ),
        question(
            "both",
            "yes_no",
            "slot = 7\nasked_if = { all = [{ question = \"start\", is = [\"yes\"] }, { question = \"tools\", is = [\"ids\", \"edr\"] }] }",
        ),
        question(
            "either",
            "yes_no",
            "slot = 8\nasked_if = { any = [{ question = \"start\", is = [\"yes\"] }, { beds_at_least = 400 }] }",
        ),
        question("remarks", "text", "slot = 12\nasked_if = { question = \"start\", is = [\"no\"] }"),
        question(
            "about_remarks",
            "yes_no",
            "slot = 10\nasked_if = { question = \"remarks\", is = [\"given\"] }",
        ),
        question(
            "freed_without_tools",
            "yes_no",
            "slot = 11\noptional_if = { question = \"tools\", is = [\"none\"] }",
        ),
        question("free", "yes_no", "slot = 9").replace("required = true", "required = false"),
        question(
            "below_free",
            "yes_no",
            "slot = 13\nasked_if = { question = \"free\", is = [\"yes\"] }",
        ),
    ];
    Survey::from_toml(&text.concat()).unwrap()
});

/// Every edition there is, and the made one.
pub(crate) fn editions() -> Vec<&'static Edition> {
    survey::all().chain([&*MADE]).flat_map(Survey::editions).collect()
}

/// The edition of an id.
pub(crate) fn edition(id: &str) -> &'static Edition {
    editions().into_iter().find(|edition| edition.id().as_str() == id).unwrap()
}

/// A hospital of so many beds of which nothing earlier is known.
pub(crate) fn hospital(beds: u16) -> HospitalFacts {
    HospitalFacts {
        beds: Some(Beds::new(beds).unwrap()),
        earlier: BTreeMap::new(),
    }
}

/// A hospital that makes no errors in 2022 and is asked everything.
pub(crate) fn complete_2022() -> Value {
    json!({
        "respondent": { "name": "調査 太郎", "organisation": "医事課", "contact": "03-0000-0000" },
        "guideline_in_use": "yes", "ehr_in_use": "yes", "ehr_backup": "yes", "backup_generations_kept": "yes",
        "backup_disaster_separated": "no", "backup_leak_protection": "no", "vpn_present": "yes", "vpn_devices": "甲社 型番A 2台",
        "vpn_updates_applied": "yes", "vpn_source_ip_restricted": "no", "vpn_access_log_reviewed": "no",
        "emergency_procedure_drilled": "yes", "security_officer_placed": "no",
    })
}

/// A hospital that makes no errors in 2024 and is asked everything.
pub(crate) fn complete_2024() -> Value {
    json!({
        "respondent": { "name": "調査 太郎", "corporation": "医療法人", "organisation": "試験病院", "contact": "03-0000-0000" },
        "safety_manager_placed": "yes", "information_policy_defined": "no", "responsibility_boundary_agreed": "yes", "network_map_known": "no",
        "consultation_desk": ["own_institution", "vendor"], "incident_contacts_known": "yes", "alerts_collected": "yes", "mds_sds_checked": "no",
        "bcp_defined": "yes", "bcp_drilled": "no", "ehr_in_use": "yes", "ehr_backup": "yes", "backup_frequency": "weekly",
        "backup_copies": "two", "backup_generations": "three_or_more", "backup_media_kinds": "one", "backup_offline": "yes",
        "backup_leak_protection": "no", "server_services_stopped": "yes", "client_services_stopped": "no",
    })
}

/// The answers of 2022 or 2024 with some replaced; `null` leaves the question blank.
pub(crate) fn with(mut answers: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        answers[key.as_str()] = value.clone();
    }
    answers
}

/// Without the answers to these questions.
pub(crate) fn without(mut answers: Value, keys: &[&str]) -> Value {
    answers.as_object_mut().unwrap().retain(|key, _| !keys.contains(&key.as_str()));
    answers
}

/// As the hospital sends it, of a hospital with 120 beds.
pub(crate) fn sent(edition_id: &str, answers: &Value) -> Evaluation {
    evaluate(edition(edition_id), &hospital(120), answers, EntryPath::Api)
}

/// As a prefecture enters it for the hospital.
pub(crate) fn by_proxy(edition_id: &str, answers: &Value) -> Evaluation {
    evaluate(edition(edition_id), &hospital(120), answers, EntryPath::Proxy)
}

/// Whether U+0000 stands anywhere in it: Postgres takes none in JSON.
pub(crate) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Severity, code and place of every fault.
pub(crate) fn faults(evaluation: &Evaluation) -> Vec<(&str, &str, &str)> {
    let severity = |is_error: bool| if is_error { "error" } else { "warning" };
    evaluation
        .faults
        .iter()
        .map(|fault| (severity(fault.is_error()), &*fault.code, fault.question.as_deref().unwrap_or("")))
        .collect()
}

pub(crate) fn asked(evaluation: &Evaluation, key: &str) -> Asked {
    evaluation.asked[key]
}

pub(crate) fn state(evaluation: &Evaluation, key: &str) -> State {
    evaluation.states[key]
}

/// The bytes in the slots of a question.
pub(crate) fn bytes(edition: &Edition, evaluation: &Evaluation, key: &str) -> Vec<u8> {
    edition
        .layout()
        .slots_of(key)
        .iter()
        .map(|slot| evaluation.codes[slot.index])
        .collect()
}
