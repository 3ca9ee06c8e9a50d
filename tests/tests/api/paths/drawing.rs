//! Random answers as they may really be sent: right ones along the gates, then whatever people do to them. Drawn from a seed; knows no fault codes.
//!
//! What only one way can carry is not drawn, because there is nothing to compare:
//! - keys that are no question: a file's further columns are its sender's own, and belong to every hospital of it;
//! - JSON of another type (`true`, numbers, objects): a cell has no such types;
//! - words that are spellings of an option (はい, ○, ①): JSON takes keys, cells take spellings, and reading those is the importer's own test;
//! - 無回答 in place of the whole respondent: a file has a cell for each field of it, and each may say 無回答;
//! - line ends of the old kind (CR LF) and control characters: XML folds the former, and a CSV with the latter is no text file;
//! - hospitals without any answer: a template names every hospital, and those left empty are no submissions.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::evaluate::{Asked, TEXT_LENGTH, evaluate};
use survey::question::{Choice, Kind, Question};

/// Words that are no option of any question, and options of other questions than most.
const NO_OPTION: [&str; 6] = ["たぶん", "検討中", "該当なし", "？", "daily", "vendor"];
const TEXTS: [&str; 6] = [
    "甲社 A-1 2台",
    "=乙社\tB-2",
    "㈱髙﨑　①型 1台\n乙社 型番B １台",
    "  前と後に空白  ",
    "0312345678",
    "\"引用\", '符'、②",
];

/// One hospital's answers, with faults in many of them; at least one answer is there.
pub(super) fn answers(edition: &Edition, rng: &mut ChaCha8Rng) -> Value {
    let mut answers = along_the_gates(edition, rng);
    // One of four is sent as it should be.
    if rng.random_range(0..4) > 0 {
        for _ in 0..rng.random_range(1..=4) {
            let question = pick(edition.questions(), rng);
            spoil(question, &mut answers, rng);
        }
    }
    if evaluate(
        edition,
        &HospitalFacts::default(),
        &Value::Object(answers.clone()),
        EntryPath::Proxy,
    )
    .answers
    .is_empty()
    {
        answers.insert("ehr_in_use".to_owned(), json!("no"));
    }
    Value::Object(answers)
}

/// What is asked is answered, what is free often, what is not asked now and then.
fn along_the_gates(edition: &Edition, rng: &mut ChaCha8Rng) -> Map<String, Value> {
    let mut answers = Map::new();
    for question in edition.questions() {
        let so_far = Value::Object(answers.clone());
        let asked = evaluate(edition, &HospitalFacts::default(), &so_far, EntryPath::Proxy).asked[&question.key];
        let given = match asked {
            Asked::Required => 20,
            Asked::Optional => 10,
            Asked::NotAsked | Asked::Undetermined => 2,
        };
        if rng.random_range(0..20) < given {
            answers.insert(question.key.to_string(), proper(question, rng));
        }
    }
    answers
}

fn proper(question: &Question, rng: &mut ChaCha8Rng) -> Value {
    match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) => json!(pick(choices, rng).key),
        Kind::Several(choices) => {
            let together: Vec<&Choice> = choices.iter().filter(|choice| !choice.exclusive && rng.random()).collect();
            match together.as_slice() {
                [] => json!([pick(choices, rng).key]),
                // The order of the sender is not the order of the questionnaire.
                together => together.iter().rev().map(|choice| json!(choice.key)).collect(),
            }
        }
        Kind::Text(_) => json!(pick(&TEXTS, rng)),
        Kind::Respondent(fields) => fields.iter().map(|field| (field.key.clone(), json!(pick(&TEXTS, rng)))).collect(),
    }
}

/// Left out, 無回答, what is no option, what excludes each other, another answer whatever hangs on it.
fn spoil(question: &Question, answers: &mut Map<String, Value>, rng: &mut ChaCha8Rng) {
    let key = question.key.to_string();
    let wrong = match (&question.kind, rng.random_range(0..5)) {
        (_, 0) => {
            answers.remove(&key);
            return;
        }
        (_, 1) => proper(question, rng),
        (Kind::Respondent(fields), _) => {
            let mut respondent = proper(question, rng);
            let blanks = ["", " ", "\u{3000}", "no_answer"];
            for field in fields {
                match rng.random_range(0..12) {
                    0 => respondent[&field.key] = json!("長".repeat(TEXT_LENGTH + 1)),
                    word if word < 7 => respondent[&field.key] = json!(blanks[word % blanks.len()]),
                    _ => {}
                }
            }
            respondent
        }
        (_, 2) => json!("no_answer"),
        (Kind::Text(_), 3) => json!("長".repeat(TEXT_LENGTH + rng.random_range(0..2))),
        (Kind::Text(_), _) => json!(""),
        (Kind::Several(choices), 3) => choices
            .iter()
            .filter(|choice| choice.exclusive || rng.random())
            .map(|choice| json!(choice.key))
            .collect(),
        (Kind::Several(_), _) => json!([pick(&NO_OPTION[..4], rng)]),
        (Kind::YesNo(_) | Kind::One(_), _) => json!(pick(&NO_OPTION, rng)),
    };
    answers.insert(key, wrong);
}

fn pick<'a, T>(from: &'a [T], rng: &mut ChaCha8Rng) -> &'a T {
    &from[rng.random_range(0..from.len())]
}
