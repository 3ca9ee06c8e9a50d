//! What was given to one question: reads a JSON value by the question's type. Spellings are the importer's business; here a key is a key.

use serde_json::{Map, Value};

use crate::answer::{EntryPath, NO_ANSWER};
use crate::fault::Fault;
use crate::question::{Choice, Field, Kind, Question};

/// The longest text that is taken, in characters.
pub const TEXT_LENGTH: usize = 4_000;

/// A value as the question's type sees it.
#[derive(Debug)]
pub(super) enum Given {
    Blank,
    NoAnswer,
    /// The value to keep, and the fields of a respondent that are blank.
    Answer {
        value: Value,
        missing_fields: Vec<String>,
    },
    /// Kept as it came, for a draft; it cannot be an answer. Blank fields of a respondent beside it are missing all the same.
    Invalid {
        value: Value,
        missing_fields: Vec<String>,
    },
}

impl Given {
    /// The value to keep on the revision or draft.
    pub(super) fn as_received(&self) -> Option<Value> {
        match self {
            Given::Blank => None,
            Given::NoAnswer => Some(Value::String(NO_ANSWER.to_owned())),
            Given::Answer { value, .. } | Given::Invalid { value, .. } => Some(value.clone()),
        }
    }

    /// For a fault's `found`.
    pub(super) fn shown(&self) -> String {
        match self.as_received() {
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    /// The option keys chosen, as the question spells them.
    pub(super) fn chosen<'q>(&self, question: &'q Question) -> Vec<&'q str> {
        let Given::Answer { value, .. } = self else { return Vec::new() };
        let is_chosen = |choice: &&Choice| match value {
            Value::String(key) => matches!(question.kind, Kind::Text(_)) || *key == choice.key,
            Value::Array(keys) => keys.iter().any(|key| key.as_str() == Some(&choice.key)),
            _ => false,
        };
        question
            .choices()
            .iter()
            .filter(is_chosen)
            .map(|choice| choice.key.as_str())
            .collect()
    }
}

/// The permitted values in words.
pub(super) fn expected(question: &Question) -> String {
    match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) | Kind::Several(choices) => {
            choices.iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>().join("／")
        }
        Kind::Text(_) => "文字".to_owned(),
        Kind::Respondent(fields) => fields.iter().map(|field| field.label.as_str()).collect::<Vec<_>>().join("、"),
    }
}

/// Reads a value. Faults say what was found and what was expected; an `Invalid` always comes with an error, which weighs less where nothing was
/// asked.
pub(super) fn read(question: &Question, value: Option<&Value>, path: EntryPath) -> (Given, Vec<Fault>) {
    let Some(value) = value else { return (Given::Blank, Vec::new()) };
    if is_blank(value) {
        return (Given::Blank, Vec::new());
    }
    if value.as_str().is_some_and(is_no_answer) {
        return match path {
            EntryPath::Proxy => (Given::NoAnswer, Vec::new()),
            EntryPath::Page | EntryPath::Api | EntryPath::Workbook => invalid(value, no_answer_not_allowed(question.key.as_str())),
        };
    }
    match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) => one(question, choices, value),
        Kind::Several(choices) => several(question, choices, value),
        Kind::Text(_) => text(question, value),
        Kind::Respondent(fields) => respondent(question, fields, value, path),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Spaces around it make no other word of it: a trimmed name must not become a 無回答 that its path may not write.
fn is_no_answer(text: &str) -> bool {
    text.trim() == NO_ANSWER
}

fn invalid(value: &Value, fault: Fault) -> (Given, Vec<Fault>) {
    (unusable(value, Vec::new()), vec![fault])
}

fn unusable(value: &Value, missing_fields: Vec<String>) -> Given {
    Given::Invalid {
        value: storable(value),
        missing_fields,
    }
}

/// U+FFFD in place of U+0000: drafts with faults are stored too, and Postgres takes no NUL in JSON.
fn storable(value: &Value) -> Value {
    let text = |text: &str| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(found) => Value::String(text(found)),
        Value::Array(items) => Value::Array(items.iter().map(storable).collect()),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, value)| (text(key), storable(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn no_answer_not_allowed(question: &str) -> Fault {
    Fault::error(
        "no_answer_not_allowed",
        "「無回答」は都道府県の代行入力でのみ使えます。回答を選んでください。",
    )
    .question(question)
    .found(NO_ANSWER)
}

fn wrong_type(question: &Question, value: &Value, expected: &str) -> Fault {
    Fault::error(
        "wrong_type",
        format!(
            "「{}」の回答の形式が正しくありません。調査票で求められている形に直してください。",
            question.heading()
        ),
    )
    .question(question.key.as_str())
    // As it is kept, so that answers that were not asked say the same when they are evaluated again.
    .found(storable(value).to_string())
    .expected(expected)
}

fn unknown_option(question: &Question, found: &str) -> Fault {
    let keys = question
        .choices()
        .iter()
        .map(|choice| choice.key.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Fault::error(
        "unknown_option",
        format!("「{}」の選択肢にない値です。選択肢から選んでください。", question.heading()),
    )
    .question(question.key.as_str())
    .found(found)
    .expected(keys)
}

fn one(question: &Question, choices: &[Choice], value: &Value) -> (Given, Vec<Fault>) {
    let Some(key) = value.as_str() else {
        return invalid(value, wrong_type(question, value, "string"));
    };
    if choices.iter().any(|choice| choice.key == key) {
        (
            Given::Answer {
                value: value.clone(),
                missing_fields: Vec::new(),
            },
            Vec::new(),
        )
    } else {
        invalid(value, unknown_option(question, key))
    }
}

fn several(question: &Question, choices: &[Choice], value: &Value) -> (Given, Vec<Fault>) {
    let Some(keys) = value
        .as_array()
        .and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<&str>>>())
    else {
        return invalid(value, wrong_type(question, value, "array of strings"));
    };
    let unknown: Vec<Fault> = keys
        .iter()
        .filter(|key| !choices.iter().any(|choice| choice.key == **key))
        .map(|key| unknown_option(question, key))
        .collect();
    if !unknown.is_empty() {
        return (unusable(value, Vec::new()), unknown);
    }
    let chosen: Vec<&Choice> = choices.iter().filter(|choice| keys.contains(&choice.key.as_str())).collect();
    if let Some(alone) = chosen.iter().find(|choice| choice.exclusive && chosen.len() > 1) {
        let found = chosen.iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>().join("、");
        let message = format!(
            "「{}」で「{}」は他の選択肢と同時に選べません。どちらかを取り消してください。",
            question.heading(),
            alone.label
        );
        return invalid(
            value,
            Fault::error("exclusive_options", message)
                .question(question.key.as_str())
                .found(found),
        );
    }
    let value = Value::Array(chosen.iter().map(|choice| Value::String(choice.key.clone())).collect());
    (
        Given::Answer {
            value,
            missing_fields: Vec::new(),
        },
        Vec::new(),
    )
}

fn text(question: &Question, value: &Value) -> (Given, Vec<Fault>) {
    match value.as_str() {
        None => invalid(value, wrong_type(question, value, "string")),
        Some(text) => match text_fault(question, question.key.as_str(), text) {
            Some(fault) => invalid(value, fault),
            None => (
                Given::Answer {
                    value: value.clone(),
                    missing_fields: Vec::new(),
                },
                Vec::new(),
            ),
        },
    }
}

fn text_fault(question: &Question, key: &str, text: &str) -> Option<Fault> {
    let heading = question.heading();
    let fault = if text.chars().nth(TEXT_LENGTH).is_some() {
        Fault::error(
            "text_too_long",
            format!("「{heading}」が長すぎます。{TEXT_LENGTH}文字以内で記入してください。"),
        )
        .expected(format!("{TEXT_LENGTH}文字以内"))
    } else if text
        .chars()
        .any(|c| c == '\u{fffd}' || c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        // No control character was typed on purpose, nor U+FFFD, which stands where one was or where an encoding was misread.
        Fault::error(
            "text_has_control_characters",
            format!("「{heading}」に使えない文字（制御文字等）が含まれています。入力し直してください。"),
        )
    } else {
        return None;
    };
    Some(fault.question(key).found(text))
}

fn respondent(question: &Question, fields: &[Field], value: &Value, path: EntryPath) -> (Given, Vec<Fault>) {
    let Some(object) = value.as_object() else {
        return invalid(value, wrong_type(question, value, "object"));
    };
    let mut faults: Vec<Fault> = Vec::new();
    let mut unknown: Vec<&String> = object.keys().filter(|key| !fields.iter().any(|field| field.key == **key)).collect();
    unknown.sort();
    for key in unknown {
        let known = fields.iter().map(|field| field.key.as_str()).collect::<Vec<_>>().join(", ");
        faults.push(
            Fault::error("unknown_question", "回答者の情報にない項目です。項目名を確認してください。")
                .question(format!("{}.{}", question.key, crate::fault::excerpt(key)))
                .found(key)
                .expected(known),
        );
    }
    let mut kept = Map::new();
    let mut missing_fields = Vec::new();
    for field in fields {
        let key = format!("{}.{}", question.key, field.key);
        match object.get(&field.key) {
            None => missing_fields.push(field.key.clone()),
            Some(value) if is_blank(value) => missing_fields.push(field.key.clone()),
            Some(Value::String(text)) if is_no_answer(text) && path != EntryPath::Proxy => faults.push(no_answer_not_allowed(&key)),
            Some(Value::String(text)) => match text_fault(question, &key, text) {
                Some(fault) => faults.push(fault),
                None => drop(kept.insert(field.key.clone(), Value::String(text.trim().to_owned()))),
            },
            Some(other) => faults.push(wrong_type(question, other, "string").question(key)),
        }
    }
    if !faults.is_empty() {
        (unusable(value, missing_fields), faults)
    } else if kept.is_empty() {
        (Given::Blank, faults)
    } else {
        (
            Given::Answer {
                value: Value::Object(kept),
                missing_fields,
            },
            faults,
        )
    }
}
