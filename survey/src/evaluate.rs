//! The one evaluator: what is asked of a hospital, what state each answer is in, its faults and its codes.
//!
//! Asked is decided along the whole chain of gates: the asking value makes a question required; another value, or a gate that was itself not asked,
//! makes it not asked; a blank or invalid gate leaves it undetermined, and then the gate's own fault is the only one reported; 無回答 makes it optional.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answers, EntryPath, HospitalFacts};
use crate::codes::NOT_ASKED;
use crate::condition::{Condition, Outcome};
use crate::edition::{Contradiction, Edition};
use crate::fault::{Fault, Severity};
use crate::question::{Kind, Question, QuestionKey};

mod given;

pub use given::TEXT_LENGTH;
use given::{Given, read};

/// Whether a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It must be answered.
    Required,
    /// It may be answered.
    Optional,
    /// 非該当.
    NotAsked,
    /// Its gate must be mended first.
    Undetermined,
}

/// The state of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Counts in the base.
    Answered,
    /// 空欄: asked, or free to answer, and left empty.
    Blank,
    /// 無回答.
    NoAnswer,
    /// 非該当, whatever was given.
    NotAsked,
    /// The gate is blank or invalid.
    Undetermined,
    /// What was given cannot be an answer.
    Invalid,
}

/// Everything that there is to say about one hospital's answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// As received, without blanks and unknown keys; what was not asked is kept. Never holds U+0000, which Postgres cannot store as JSON.
    pub answers: Answers,
    /// Whether each question is asked.
    pub asked: BTreeMap<QuestionKey, Asked>,
    /// The state of each answer.
    pub states: BTreeMap<QuestionKey, State>,
    /// Findings, in the order of the questions, contradictions last.
    pub faults: Vec<Fault>,
    /// One byte a slot.
    pub codes: Vec<u8>,
}

impl Evaluation {
    /// Whether a fault keeps the answers from being submitted.
    pub fn has_errors(&self) -> bool {
        self.faults.iter().any(Fault::is_error)
    }
}

/// What is known of the questions before the current one.
struct Progress<'a> {
    facts: &'a HospitalFacts,
    judged: BTreeMap<&'a str, Judged<'a>>,
}

struct Judged<'a> {
    asked: Asked,
    state: State,
    chosen: Vec<&'a str>,
}

/// Evaluates answers against an edition. Total: any JSON gives an evaluation. The order of keys does not matter.
pub fn evaluate(edition: &Edition, facts: &HospitalFacts, answers: &Value, path: EntryPath) -> Evaluation {
    let mut evaluation = Evaluation {
        answers: Answers::new(),
        asked: BTreeMap::new(),
        states: BTreeMap::new(),
        faults: Vec::new(),
        codes: vec![NOT_ASKED; edition.layout().len()],
    };
    let nothing = Answers::new();
    let received = answers.as_object().unwrap_or_else(|| {
        if !answers.is_null() {
            evaluation.faults.push(
                Fault::error(
                    "answers_not_object",
                    "回答は、設問キーと回答を組にした JSON オブジェクトで送ってください。",
                )
                .found(answers.to_string())
                .expected("object"),
            );
        }
        &nothing
    });
    let mut unknown: Vec<&String> = received.keys().filter(|key| edition.question(key).is_none()).collect();
    unknown.sort();
    evaluation.faults.extend(unknown.into_iter().map(|key| unknown_question(key)));
    let mut progress = Progress {
        facts,
        judged: BTreeMap::new(),
    };
    for question in edition.questions() {
        let asked = asked(question, &progress);
        evaluation.faults.extend(beds_unknown(question, asked, facts));
        let (given, faults) = read(question, received.get(question.key.as_str()), path);
        let (state, own_faults) = settle(question, asked, &given, faults);
        evaluation.faults.extend(own_faults);
        if let Some(value) = given.as_received() {
            evaluation.answers.insert(question.key.as_str().to_owned(), value);
        }
        let chosen: Vec<&str> = given.chosen(question);
        edition.layout().write(&mut evaluation.codes, question, state, &chosen);
        evaluation.asked.insert(question.key.clone(), asked);
        evaluation.states.insert(question.key.clone(), state);
        progress.judged.insert(question.key.as_str(), Judged { asked, state, chosen });
    }
    evaluation.faults.extend(
        edition
            .contradictions()
            .iter()
            .filter_map(|contradiction| contradicts(contradiction, &progress)),
    );
    evaluation
}

fn unknown_question(key: &str) -> Fault {
    Fault::error(
        "unknown_question",
        "この調査にない設問キーです。調査票の設問キーを確認し、削除するか直してください。",
    )
    .question(crate::fault::excerpt(key))
    .found(key)
}

fn asked(question: &Question, progress: &Progress<'_>) -> Asked {
    let gate = question
        .gate
        .as_ref()
        .map_or(Outcome::Holds, |gate| gate.judge(&|leaf| progress.leaf(leaf)));
    match gate {
        Outcome::Fails => Asked::NotAsked,
        Outcome::Unknown => Asked::Undetermined,
        Outcome::Open => Asked::Optional,
        Outcome::Holds => {
            // Freed, or not known whether it is freed: what frees it has its own fault then.
            let free = question
                .optional_if
                .as_ref()
                .is_some_and(|free| free.judge(&|leaf| progress.leaf(leaf)) != Outcome::Fails);
            if question.required && !free {
                Asked::Required
            } else {
                Asked::Optional
            }
        }
    }
}

impl Progress<'_> {
    fn leaf(&self, condition: &Condition) -> Outcome {
        let holds = |truth: bool| if truth { Outcome::Holds } else { Outcome::Fails };
        match condition {
            Condition::Answer { question, is } => match self.judged.get(question.as_str()) {
                Some(gate) => match gate.state {
                    State::Answered => holds(gate.chosen.iter().any(|chosen| is.iter().any(|key| key == chosen))),
                    State::NotAsked => Outcome::Fails,
                    State::NoAnswer => Outcome::Open,
                    // A gate that could be left out, and was, is as open as one answered by 無回答.
                    State::Blank if gate.asked == Asked::Optional => Outcome::Open,
                    State::Blank | State::Undetermined | State::Invalid => Outcome::Unknown,
                },
                None => Outcome::Unknown,
            },
            Condition::Earlier { earlier, is } => holds(self.facts.earlier.get(earlier).is_some_and(|answer| is.contains(answer))),
            Condition::BedsAtLeast { beds_at_least } => self
                .facts
                .beds
                .map_or(Outcome::Unknown, |beds| holds(beds.number() >= *beds_at_least)),
            Condition::All { .. } | Condition::Any { .. } => condition.judge(&|leaf| self.leaf(leaf)),
        }
    }
}

/// Brings what is asked and what was given together.
fn settle(question: &Question, asked: Asked, given: &Given, mut faults: Vec<Fault>) -> (State, Vec<Fault>) {
    match asked {
        Asked::NotAsked => {
            if matches!(given, Given::Answer { .. }) {
                faults.push(
                    Fault::warning(
                        "answer_not_asked",
                        format!(
                            "「{}」は、前の設問の回答により回答不要です。回答は保存されますが集計されません。前の設問の回答が正しいか確かめてください。",
                            question.heading()
                        ),
                    )
                    .question(question.key.as_str())
                    .found(given.shown()),
                );
            }
            // Nor can what cannot be an answer keep the others from being submitted, where none was wanted.
            for fault in &mut faults {
                fault.severity = Severity::Warning;
            }
            (State::NotAsked, faults)
        }
        // The gate's own fault is the only one reported; what is wrong here shows once the gate is mended.
        Asked::Undetermined => (State::Undetermined, Vec::new()),
        Asked::Required | Asked::Optional => match given {
            Given::Answer { missing_fields, .. } | Given::Invalid { missing_fields, .. } => {
                if asked == Asked::Required {
                    faults.extend(missing_fields.iter().map(|field| missing(question, Some(field))));
                }
                (
                    if matches!(given, Given::Invalid { .. }) {
                        State::Invalid
                    } else {
                        State::Answered
                    },
                    faults,
                )
            }
            Given::NoAnswer => (State::NoAnswer, faults),
            Given::Blank => {
                if asked == Asked::Required {
                    match &question.kind {
                        Kind::Respondent(fields) => faults.extend(fields.iter().map(|field| missing(question, Some(&field.key)))),
                        _ => faults.push(missing(question, None)),
                    }
                }
                (State::Blank, faults)
            }
        },
    }
}

/// A gate on beds has no answer whose fault could be reported, so the missing fact is: undetermined answers must never be submitted.
fn beds_unknown(question: &Question, asked: Asked, facts: &HospitalFacts) -> Option<Fault> {
    let looks_at_beds = || {
        question
            .gate
            .iter()
            .flat_map(Condition::leaves)
            .any(|leaf| matches!(leaf, Condition::BedsAtLeast { .. }))
    };
    (asked == Asked::Undetermined && facts.beds.is_none() && looks_at_beds()).then(|| {
        let message = format!(
            "「{}」は病床数により回答の要否が決まりますが、病床数が分かりません。調査対象名簿の病床数を確認してください。",
            question.heading()
        );
        Fault::error("beds_unknown", message).question(question.key.as_str())
    })
}

fn missing(question: &Question, field: Option<&String>) -> Fault {
    let (key, heading, expected) = match (field, &question.kind) {
        (Some(field), Kind::Respondent(fields)) => {
            let label = fields
                .iter()
                .find(|known| known.key == *field)
                .map_or("", |known| known.label.as_str());
            (
                format!("{}.{field}", question.key),
                format!("{}（{label}）", question.heading()),
                label.to_owned(),
            )
        }
        _ => (question.key.as_str().to_owned(), question.heading(), given::expected(question)),
    };
    Fault::error("required_missing", format!("「{heading}」が空欄です。回答を記入してください。"))
        .question(key)
        .expected(expected)
}

fn contradicts(contradiction: &Contradiction, progress: &Progress<'_>) -> Option<Fault> {
    let holds = |conditions: &Vec<Condition>| {
        conditions
            .iter()
            .all(|condition| condition.judge(&|leaf| progress.leaf(leaf)) == Outcome::Holds)
    };
    if !contradiction.any.iter().any(holds) {
        return None;
    }
    let answers = contradiction
        .questions
        .iter()
        .filter_map(|key| {
            progress
                .judged
                .get(key.as_str())
                .map(|judged| format!("{key} = {}", judged.chosen.join(", ")))
        })
        .collect::<Vec<_>>()
        .join("; ");
    let fault = Fault::warning(contradiction.code.clone(), contradiction.message.clone()).found(answers);
    Some(match contradiction.questions.last() {
        Some(question) => fault.question(question.as_str()),
        None => fault,
    })
}
