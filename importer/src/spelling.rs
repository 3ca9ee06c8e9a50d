//! The spellings of answers: a cell and its question to the value that the evaluator takes.
//!
//! What cannot be read with certainty is [`Reading::Unreadable`]; nothing is guessed. Whether an answer is *allowed* (exclusive
//! options, not asked, 無回答) is the evaluator's business, not decided here.

mod choices;

use std::collections::HashMap;

use serde_json::Value;
use survey::answer::{EntryPath, NO_ANSWER};
use survey::question::{Kind, Question, QuestionKey};

use crate::folding::{fold, is_dash};
use crate::workbook::CellValue;

/// What a cell says to its question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    /// An answer in the evaluator's form.
    Answer(Value),
    /// Choices given as bare digits, which were taken as the numbers of the options.
    ByNumber(Value),
    /// None of the permitted values.
    Unreadable,
}

/// The answer `no_answer` as a person writes it.
pub(crate) const NO_ANSWER_TEXT: &str = "無回答";
/// Circles and ticks exist in several look-alike characters that NFKC keeps apart.
const YES: &[&str] = &[
    "はい", "有", "有り", "有る", "あり", "ある", "○", "〇", "◯", "⭕", "レ", "✓", "✔", "☑", "y", "yes", "true", "1",
];
const NO: &[&str] = &[
    "いいえ",
    "無",
    "無し",
    "無い",
    "なし",
    "ない",
    "×",
    "✕",
    "✖",
    "✗",
    "✘",
    "☓",
    "❌",
    "x",
    "n",
    "no",
    "false",
    "0",
];

/// Remembers readings: thousands of hospitals write the same few words.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    known: HashMap<QuestionKey, HashMap<String, Reading>>,
}

/// Spellings remembered for a question; a file of nothing but different texts must not be kept twice.
const REMEMBERED: usize = 1_000;

impl Readings {
    /// As [`read_answer`].
    pub(crate) fn read(&mut self, question: &Question, value: &CellValue) -> Reading {
        let text = match (&question.kind, value) {
            (Kind::YesNo(_) | Kind::One(_) | Kind::Several(_), CellValue::Text(text)) => text,
            _ => return read_answer(question, value),
        };
        let known = self.known.entry(question.key.clone()).or_default();
        if let Some(reading) = known.get(text) {
            return reading.clone();
        }
        let reading = read_answer(question, value);
        if known.len() < REMEMBERED {
            known.insert(text.clone(), reading.clone());
        }
        reading
    }
}

/// Reads the cell of a question other than the respondent.
fn read_answer(question: &Question, value: &CellValue) -> Reading {
    if is_no_answer(value) {
        return Reading::Answer(Value::from(NO_ANSWER));
    }
    match &question.kind {
        Kind::YesNo(_) | Kind::One(_) | Kind::Several(_) if doubtful(&value.shown()) => Reading::Unreadable,
        Kind::YesNo(_) => yes_no(question, value),
        Kind::One(choices) => choices::read(choices, value, true),
        Kind::Several(choices) => choices::read(choices, value, false),
        Kind::Text(_) | Kind::Respondent(_) => read_text(value),
    }
}

/// Reads a cell that is kept verbatim.
pub(crate) fn read_text(value: &CellValue) -> Reading {
    match value {
        CellValue::Error(_) | CellValue::Uncalculated => Reading::Unreadable,
        _ if is_no_answer(value) => Reading::Answer(Value::from(NO_ANSWER)),
        _ => Reading::Answer(Value::from(value.shown())),
    }
}

fn is_no_answer(value: &CellValue) -> bool {
    // Folding a long text only to compare it with three characters would be most of the work of reading texts.
    matches!(value, CellValue::Text(text) if text.trim() == NO_ANSWER || (text.contains("無") && fold(text) == NO_ANSWER_TEXT))
}

/// Folding would lose what makes these no answer: the question mark of who was not sure, and the sign of a number.
fn doubtful(text: &str) -> bool {
    let mut characters = text.trim_start().chars();
    let negative = characters.next().is_some_and(is_dash) && characters.next().is_some_and(char::is_numeric);
    negative || text.contains(['?', '？'])
}

fn yes_no(question: &Question, value: &CellValue) -> Reading {
    let folded = fold(&value.shown());
    let answer = match value {
        CellValue::Error(_) | CellValue::Uncalculated => None,
        CellValue::Bool(truth) => Some(*truth),
        CellValue::Number(_) | CellValue::Text(_) => yes_or_no(&folded).or_else(|| {
            // "1.はい" and "②いいえ": the word decides, its number is not looked at.
            let word = folded.trim_start_matches(|character: char| character.is_ascii_digit());
            if word.is_empty() || word == folded {
                by_label(question, word)
            } else {
                yes_or_no(word).or_else(|| by_label(question, word))
            }
        }),
    };
    match answer {
        Some(true) => Reading::Answer(Value::from("yes")),
        Some(false) => Reading::Answer(Value::from("no")),
        None => Reading::Unreadable,
    }
}

fn yes_or_no(folded: &str) -> Option<bool> {
    if YES.contains(&folded) {
        Some(true)
    } else if NO.contains(&folded) {
        Some(false)
    } else {
        None
    }
}

fn by_label(question: &Question, folded: &str) -> Option<bool> {
    question
        .choices()
        .iter()
        .find(|choice| fold(&choice.label) == folded)
        .map(|choice| choice.key == "yes")
}

/// The permitted values of a question, for the column "expected" of a fault.
pub(crate) fn expected(question: &Question, path: EntryPath) -> String {
    let mut values: Vec<String> = match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) | Kind::Several(choices) => choices.iter().map(choices::shown).collect(),
        Kind::Text(_) | Kind::Respondent(_) => vec!["文字".to_owned()],
    };
    if path == EntryPath::Proxy {
        values.push(NO_ANSWER_TEXT.to_owned());
    }
    let several = if matches!(question.kind, Kind::Several(_)) {
        "（複数は「①、③」のように区切る）"
    } else {
        ""
    };
    format!("{}{several}", values.join("、"))
}

pub(crate) use choices::shown as shown_choice;

#[cfg(test)]
mod tests {
    use super::*;

    fn ehr() -> &'static Question {
        survey::find("2024").unwrap().question("ehr_in_use").unwrap()
    }

    fn text(text: &str) -> Reading {
        read_answer(ehr(), &CellValue::Text(text.to_owned()))
    }

    #[test]
    fn yes_and_no_are_read_in_every_usual_spelling() {
        let (yes, no) = (Reading::Answer(Value::from("yes")), Reading::Answer(Value::from("no")));
        for spelling in [
            "はい",
            " はい\n",
            "ハイ",
            "有",
            "あり",
            "有り",
            "○",
            "〇",
            "◯",
            "レ",
            "ﾚ",
            "✓",
            "✔",
            "Y",
            "ｙｅｓ",
            "TRUE",
            "1",
            "１",
            "①",
            "1.はい",
            "①はい",
            "はい。",
        ] {
            // Katakana is no spelling that arrives; it shows that nothing is guessed.
            let expected = if spelling == "ハイ" { Reading::Unreadable } else { yes.clone() };
            assert_eq!(text(spelling), expected, "{spelling}");
        }
        for spelling in [
            "いいえ",
            "無",
            "なし",
            "無し",
            "×",
            "✕",
            "x",
            "Ｘ",
            "N",
            "no",
            "False",
            "0",
            "０",
            "②いいえ",
            "2. いいえ",
        ] {
            assert_eq!(text(spelling), no, "{spelling}");
        }
        assert_eq!(read_answer(ehr(), &CellValue::Bool(true)), yes);
        assert_eq!(read_answer(ehr(), &CellValue::Number(0.0)), no);
    }

    #[test]
    fn other_values_of_a_yes_no_question_are_unreadable() {
        for spelling in ["2", "②", "？", "-", "はい・いいえ", "有／無", "検討中", "10", "該当なし", "N/A"] {
            assert_eq!(text(spelling), Reading::Unreadable, "{spelling}");
        }
        assert_eq!(read_answer(ehr(), &CellValue::Error("#N/A".to_owned())), Reading::Unreadable);
        assert_eq!(read_answer(ehr(), &CellValue::Number(0.5)), Reading::Unreadable);
    }

    #[test]
    fn no_answer_is_read_only_where_it_is_written() {
        let no_answer = Reading::Answer(Value::from("no_answer"));
        assert_eq!(text("無回答"), no_answer);
        assert_eq!(text("（無回答）"), no_answer);
        assert_eq!(text("no_answer"), no_answer);
        assert_eq!(text("未回答"), Reading::Unreadable);
    }

    #[test]
    fn texts_are_kept_as_they_are() {
        assert_eq!(
            read_text(&CellValue::Text("㈱髙﨑 ①".to_owned())),
            Reading::Answer(Value::from("㈱髙﨑 ①"))
        );
        assert_eq!(
            read_text(&CellValue::Number(312_345_678.0)),
            Reading::Answer(Value::from("312345678"))
        );
        assert_eq!(read_text(&CellValue::Error("#REF!".to_owned())), Reading::Unreadable);
    }
}
