//! How a question looks on a page: its words, its control as it stands, what is said of it.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;
use survey::answer::{EntryPath, NO_ANSWER};
use survey::evaluate::Asked;
use survey::fault::Fault;
use survey::question::{Kind, Question};

use crate::app::entries::Entry;
use crate::pages::fields::{Choice, TextField};

/// One question of a form.
#[derive(Template)]
#[template(path = "answers/question.html")]
pub struct QuestionView {
    key: String,
    heading: String,
    wording: String,
    guidance: String,
    asked: &'static str,
    required: bool,
    control: Control,
    /// What was typed while it was asked; kept while it is not.
    kept: Vec<(String, String)>,
    error: Option<String>,
    warnings: Vec<String>,
    comments: Vec<String>,
    was: Option<(String, String, &'static str)>,
}

/// What is filled in.
enum Control {
    /// `radio` or `checkbox`.
    Choices(&'static str, Vec<Choice>),
    /// Several lines.
    Lines(String),
    /// Fields of the respondent.
    Fields(Vec<TextField>),
}

/// Whether the faults of answers are told: not before somebody asked for a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    /// Not yet.
    Unsaid,
    /// All.
    Said,
}

/// The faults of each question, by the key that its errors link to.
pub fn by_question(faults: &[Fault]) -> BTreeMap<&str, Vec<&Fault>> {
    let mut by: BTreeMap<&str, Vec<&Fault>> = BTreeMap::new();
    for fault in faults {
        by.entry(fault.question.as_deref().unwrap_or_default()).or_default().push(fault);
    }
    by
}

/// A question of an entry.
pub fn view(entry: &Entry, question: &Question, faults: Faults) -> QuestionView {
    let key = question.key.as_str();
    let asked = entry.evaluation.asked.get(key).copied().unwrap_or(Asked::Required);
    let said = by_question(&entry.evaluation.faults);
    let of = |key: &str| -> Vec<&Fault> {
        match faults {
            Faults::Said => said.get(key).cloned().unwrap_or_default(),
            Faults::Unsaid => Vec::new(),
        }
    };
    let own = of(key);
    let answer = entry.answers.get(key);
    QuestionView {
        heading: question.heading(),
        wording: question.item_wording.clone(),
        guidance: question.guidance.clone(),
        asked: match asked {
            Asked::Required => "required",
            Asked::Optional => "optional",
            Asked::NotAsked => "not_asked",
            Asked::Undetermined => "undetermined",
        },
        required: asked == Asked::Required,
        control: control(question, answer, (entry.path, asked), &of),
        kept: kept(question, answer),
        error: own.iter().find(|fault| fault.is_error()).map(|fault| fault.message.clone()),
        warnings: own
            .iter()
            .filter(|fault| !fault.is_error())
            .map(|fault| fault.message.clone())
            .collect(),
        comments: entry
            .comments
            .iter()
            .filter(|comment| comment.question.as_deref() == Some(key))
            .map(|comment| comment.text.clone())
            .collect(),
        was: entry
            .earlier
            .get(key)
            .map(|earlier| (earlier.survey.clone(), earlier.answer.clone(), earlier.note)),
        key: key.to_owned(),
    }
}

fn control<'f>(
    question: &Question,
    answer: Option<&Value>,
    (path, asked): (EntryPath, Asked),
    faults: &impl Fn(&str) -> Vec<&'f Fault>,
) -> Control {
    let key = question.key.as_str();
    let standing: Vec<&str> = match answer {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let choices = |kind: &'static str| {
        let mut choices: Vec<Choice> = question
            .choices()
            .iter()
            .map(|choice| Choice {
                value: choice.key.clone(),
                label: match &choice.mark {
                    Some(mark) => format!("{mark} {}", choice.label),
                    None => choice.label.clone(),
                },
                chosen: standing.contains(&choice.key.as_str()),
            })
            .collect();
        if path == EntryPath::Proxy {
            choices.push(Choice {
                value: NO_ANSWER.to_owned(),
                label: "無回答（紙の回答にそう書かれている場合だけ）".to_owned(),
                chosen: standing.contains(&NO_ANSWER),
            });
        }
        if kind == "radio" && asked == Asked::Optional {
            choices.push(Choice {
                value: String::new(),
                label: "回答しない".to_owned(),
                chosen: standing.is_empty(),
            });
        }
        Control::Choices(kind, choices)
    };
    match &question.kind {
        Kind::YesNo(_) | Kind::One(_) => choices("radio"),
        Kind::Several(_) => choices("checkbox"),
        Kind::Text(_) => Control::Lines(answer.and_then(Value::as_str).unwrap_or_default().to_owned()),
        Kind::Respondent(fields) => Control::Fields(
            fields
                .iter()
                .map(|field| {
                    let name = format!("{key}.{}", field.key);
                    let error = faults(&name).into_iter().map(|fault| fault.message.clone()).next();
                    let value = answer
                        .and_then(|answer| answer.get(&field.key))
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    let shown = TextField::new(name, field.label.clone())
                        .value(value)
                        .error(error)
                        .autocomplete(autocomplete(&field.key));
                    if asked == Asked::Required { shown } else { shown.optional() }
                })
                .collect(),
        ),
    }
}

/// The browser's words for what the respondent's fields are (WCAG 2.2, 1.3.5).
fn autocomplete(field: &str) -> &'static str {
    match field {
        "name" => "name",
        "organisation" | "corporation" => "organization",
        _ => "",
    }
}

/// An answer as the names and values of a form.
fn kept(question: &Question, answer: Option<&Value>) -> Vec<(String, String)> {
    let key = question.key.as_str();
    match answer {
        Some(Value::String(one)) => vec![(key.to_owned(), one.clone())],
        Some(Value::Array(several)) => several
            .iter()
            .filter_map(|one| Some((key.to_owned(), one.as_str()?.to_owned())))
            .collect(),
        Some(Value::Object(fields)) => fields
            .iter()
            .filter_map(|(field, text)| Some((format!("{key}.{field}"), text.as_str()?.to_owned())))
            .collect(),
        _ => Vec::new(),
    }
}

/// An answer as a person reads it.
pub fn in_words(question: &Question, answer: Option<&Value>) -> String {
    let word = |word: &str| {
        if word == NO_ANSWER {
            return "無回答".to_owned();
        }
        match &question.kind {
            Kind::Text(_) => word.to_owned(),
            _ => question.choice(word).map_or_else(|| word.to_owned(), |choice| choice.label.clone()),
        }
    };
    match answer {
        Some(Value::String(one)) => word(one),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join("、"),
        Some(Value::Object(given)) => {
            let Kind::Respondent(fields) = &question.kind else {
                return String::new();
            };
            let lines = fields.iter().filter_map(|field| {
                let text = given.get(&field.key)?.as_str()?;
                Some(format!("{}：{text}", field.label))
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
