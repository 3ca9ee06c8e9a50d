//! What a form sent, as answers: by the names of its fields, which are the keys of questions. Judges nothing: the evaluator does.

use serde_json::Value;
use survey::answer::Answers;
use survey::question::{Kind, Question};

/// What a form sent: names and values in the order of its fields.
pub type Sent = Vec<(String, String)>;

/// The first value of a name.
pub fn value<'s>(sent: &'s Sent, name: &str) -> Option<&'s str> {
    sent.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The answers to these questions. What is left empty is no answer.
pub fn answers<'q>(questions: impl Iterator<Item = &'q Question>, sent: &Sent) -> Answers {
    questions
        .filter_map(|question| Some((question.key.as_str().to_owned(), answer(question, sent)?)))
        .collect()
}

fn answer(question: &Question, sent: &Sent) -> Option<Value> {
    let key = question.key.as_str();
    match &question.kind {
        Kind::Respondent(fields) => {
            // 無回答 of the whole.
            if let Some(whole) = value(sent, key).filter(|whole| !whole.is_empty()) {
                return Some(Value::from(whole));
            }
            let given: Answers = fields
                .iter()
                .filter_map(|field| {
                    let text = text(value(sent, &format!("{key}.{}", field.key))?)?;
                    Some((field.key.clone(), Value::from(text)))
                })
                .collect();
            (!given.is_empty()).then_some(Value::Object(given))
        }
        Kind::Several(_) => {
            let chosen: Vec<Value> = sent
                .iter()
                .filter(|(name, value)| name == key && !value.is_empty())
                .map(|(_, value)| Value::from(value.as_str()))
                .collect();
            match chosen.as_slice() {
                [] => None,
                // 無回答 stands for the whole answer.
                [only] if only == survey::answer::NO_ANSWER => Some(only.clone()),
                _ => Some(Value::Array(chosen)),
            }
        }
        Kind::YesNo(_) | Kind::One(_) => value(sent, key).filter(|word| !word.is_empty()).map(Value::from),
        Kind::Text(_) => value(sent, key).and_then(text).map(Value::from),
    }
}

/// Text as typed; browsers send line breaks as two characters.
fn text(typed: &str) -> Option<String> {
    let text = typed.replace("\r\n", "\n");
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Value {
        let survey = survey::find("2024").unwrap();
        let sent: Sent = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Value::Object(answers(survey.questions().iter(), &sent))
    }

    #[test]
    fn a_form_gives_answers_by_the_kind_of_question() {
        let sent = [
            ("respondent.name", "山田"),
            ("respondent.contact", "  "),
            ("ehr_in_use", "yes"),
            ("consultation_desk", "vendor"),
            ("consultation_desk", "other"),
            ("bcp_defined", ""),
            ("act", "save"),
            ("unknown", "x"),
        ];
        let expected = json!({"respondent": {"name": "山田"}, "ehr_in_use": "yes", "consultation_desk": ["vendor", "other"]});
        assert_eq!(of(&sent), expected);
        assert_eq!(of(&[("consultation_desk", "no_answer")]), json!({"consultation_desk": "no_answer"}));
        assert_eq!(of(&[]), json!({}));
    }

    #[test]
    fn line_breaks_are_one_character_and_nothing_else_is_changed() {
        let survey = survey::find("2022").unwrap();
        let sent = vec![("vpn_devices".to_owned(), " 一行目\r\n<script>\r\n".to_owned())];
        let answers = answers(survey.questions().iter(), &sent);
        assert_eq!(Value::Object(answers), json!({"vpn_devices": " 一行目\n<script>\n"}));
    }
}
