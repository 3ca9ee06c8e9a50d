//! `chosa tabulate --list`: what tables of a survey can be asked for, from data that is compiled in. Needs no database.

use std::io;

use serde_json::json;
use survey::attribute::{Vocabulary, catalogue};
use survey::indicator;
use survey::survey::Survey;

use super::exit::CliError;
use super::output;

/// Questions, indicators and attributes with their values, for people or as JSON.
pub(super) fn list(survey: &Survey, as_json: bool) -> Result<(), CliError> {
    if as_json {
        return output::print_json(&as_value(survey));
    }
    output::print(|out| {
        writeln!(out, "設問（--question、--filter）")?;
        for question in survey.questions().iter().filter(|question| question.is_coded()) {
            let choices: Vec<&str> = question.choices().iter().map(|choice| choice.key.as_str()).collect();
            writeln!(out, "  {}  {}  [{}]", question.key, question.label, choices.join("|"))?;
        }
        writeln!(out, "指標（--question）")?;
        for indicator in indicator::of(survey) {
            writeln!(out, "  {}  {}", indicator.key, indicator.note)?;
        }
        writeln!(out, "属性（--by、--filter）")?;
        attributes(out)
    })
}

fn attributes(out: &mut dyn io::Write) -> io::Result<()> {
    for attribute in catalogue().attributes() {
        let values = match &attribute.vocabulary {
            Vocabulary::Values(values) => {
                let keys = values.iter().map(|value| format!("{}（{}）", value.key, value.label));
                keys.collect::<Vec<_>>().join("|")
            }
            Vocabulary::Codes { .. } => attribute.expected(),
        };
        writeln!(out, "  {}  {}  [{values}]", attribute.key, attribute.label)?;
    }
    Ok(())
}

fn as_value(survey: &Survey) -> serde_json::Value {
    let questions = survey.questions().iter().filter(|question| question.is_coded()).map(|question| {
        let options: Vec<&str> = question.choices().iter().map(|choice| choice.key.as_str()).collect();
        json!({"key": question.key.as_str(), "label": question.label, "options": options})
    });
    let indicators = indicator::of(survey)
        .iter()
        .map(|indicator| json!({"key": indicator.key.as_str(), "label": indicator.label, "definition": indicator.note}));
    let attributes = catalogue().attributes().iter().map(|attribute| {
        let values = attribute
            .values()
            .iter()
            .map(|value| json!({"key": value.key, "label": value.label}));
        let digits = match attribute.vocabulary {
            Vocabulary::Values(_) => None,
            Vocabulary::Codes { digits } => Some(digits),
        };
        json!({"key": attribute.key, "label": attribute.label, "values": values.collect::<Vec<_>>(), "code_digits": digits})
    });
    json!({
        "survey": survey.id().as_str(),
        "questions": questions.collect::<Vec<_>>(),
        "indicators": indicators.collect::<Vec<_>>(),
        "attributes": attributes.collect::<Vec<_>>(),
    })
}
