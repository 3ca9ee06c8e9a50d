//! JSON Schema of an edition's answers, for programs that send them. Made from the same questions as everything else.
//!
//! A schema says what shapes the answers have: keys, options, texts. Among questions that are asked it refuses exactly what the evaluator refuses as a
//! shape (unknown keys and options, wrong types, texts that are too long). What is asked of whom, what excludes what and what contradicts stays the evaluator's to say.

use serde_json::{Map, Value, json};

use crate::answer::NO_ANSWER;
use crate::edition::Edition;
use crate::evaluate::TEXT_LENGTH;
use crate::question::{Choice, Field, Kind, Question};

/// The schema (JSON Schema, draft 2020-12) of the `answers` object of an edition.
#[must_use]
pub fn json_schema(edition: &Edition) -> Value {
    let properties: Map<String, Value> = edition
        .questions()
        .iter()
        .map(|question| (question.key.as_str().to_owned(), of_question(question)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:chosa:edition:{}:{}", edition.id().as_str(), edition.hash()),
        "title": format!("調査票 {} の回答", edition.id().as_str()),
        "$comment": "Which questions are asked depends on other answers and is decided by the server; so are exclusive options and contradictions. \
            no_answer (無回答) is for a prefecture's proxy entry only.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": {
            "blank": {
                "title": "未記入",
                "anyOf": [
                    {"type": "null"},
                    {"type": "string", "pattern": "^\\s*$"},
                    {"type": "array", "maxItems": 0},
                    {"type": "object", "maxProperties": 0},
                ],
            },
            "no_answer": {"title": "無回答（代行入力のみ）", "type": "string", "pattern": format!("^\\s*{NO_ANSWER}\\s*$")},
        },
    })
}

fn of_question(question: &Question) -> Value {
    let given = match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) => options(choices),
        Kind::Several(choices) => json!({"type": "array", "items": options(choices)}),
        Kind::Text(_) => text(),
        Kind::Respondent(fields) => respondent(fields),
    };
    let mut schema = Map::new();
    schema.insert("title".to_owned(), question.heading().into());
    schema.insert("description".to_owned(), question.item_wording.clone().into());
    if !question.base.is_empty() {
        schema.insert("$comment".to_owned(), format!("対象: {}", question.base).into());
    }
    schema.insert("anyOf".to_owned(), or_nothing(given));
    Value::Object(schema)
}

/// An answer, 無回答, or left empty.
fn or_nothing(given: Value) -> Value {
    json!([given, {"$ref": "#/$defs/no_answer"}, {"$ref": "#/$defs/blank"}])
}

/// Options by their keys, with the words beside each.
fn options(choices: &[Choice]) -> Value {
    let options: Vec<Value> = choices
        .iter()
        .map(|choice| {
            let alone = if choice.exclusive {
                "（他の選択肢と同時には選べない）"
            } else {
                ""
            };
            json!({"const": choice.key, "title": format!("{}{alone}", choice.label)})
        })
        .collect();
    json!({"oneOf": options})
}

fn text() -> Value {
    json!({"type": "string", "maxLength": TEXT_LENGTH})
}

fn respondent(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.key.clone(), json!({"title": field.label, "anyOf": or_nothing(text())})))
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}
