//! One hospital's cells to its verdict: reads each cell, asks the evaluator, and brings its faults back to their cells.

use serde_json::Value;
use survey::answer::{Answers, EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::evaluate::{Evaluation, State, evaluate};
use survey::fault::Fault;
use survey::question::{Kind, Question};

use crate::formulas::uncalculated;
use crate::headings::Item;
use crate::record::Record;
use crate::spelling::{Reading, Readings, expected, read_text};
use crate::workbook::CellValue;

/// Stands for what cannot be read. No question takes a truth value, so that the evaluator sees something given that cannot be an answer: dependants
/// become undetermined, and nothing is reported as missing. It is taken out again.
const UNREADABLE: Value = Value::Bool(true);

/// What came out of one hospital's cells.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) evaluation: Evaluation,
    /// Choices that stood there as bare digits.
    pub(crate) by_number: Vec<Item>,
}

/// Reads and evaluates a record. The faults of the evaluation then have sheet, cell, found and expected.
pub(crate) fn examine(record: &Record<'_>, edition: &Edition, path: EntryPath, facts: &HospitalFacts, readings: &mut Readings) -> Outcome {
    let mut answers = Answers::new();
    let mut unreadable = Vec::new();
    let mut by_number = Vec::new();
    for (item, found) in &record.answers {
        if let Some(fault) = uncalculated(found) {
            unreadable.push((item.clone(), fault.question(item.path())));
            insert(&mut answers, item, UNREADABLE);
            continue;
        }
        let (Some(value), Some(question)) = (found.value, edition.question(item.question.as_str())) else {
            continue;
        };
        let reading = if item.field.is_some() {
            read_text(value)
        } else {
            readings.read(question, value)
        };
        let answer = match reading {
            Reading::Answer(answer) => answer,
            Reading::ByNumber(answer) => {
                by_number.push(item.clone());
                answer
            }
            Reading::Unreadable => {
                let shown = value.shown();
                let message = format!("「{}」の値を読み取れません。記入できる値に直してください。", question.heading());
                let fault = Fault::error("value_unreadable", message)
                    .question(item.path())
                    .found(&shown)
                    .expected(expected(question, path));
                unreadable.push((item.clone(), found.place.mark(fault)));
                no_option(question, shown)
            }
        };
        insert(&mut answers, item, answer);
    }
    let mut evaluation = evaluate(edition, facts, &Value::Object(answers), path);
    let received = std::mem::take(&mut evaluation.faults);
    evaluation.faults = received
        .into_iter()
        .map(|fault| match unreadable.iter().find(|(item, _)| is_about(&fault, item)) {
            // The reader says it better. Whether it is said, and how grave it is, the evaluator decides as on every other path.
            Some((_, own)) => Fault {
                severity: fault.severity,
                ..own.clone()
            },
            None => located(fault, record, edition, path),
        })
        .collect();
    for (item, _) in &unreadable {
        // What was not asked is kept as received.
        let kept = evaluation.states.get(&item.question) == Some(&State::NotAsked)
            && evaluation.answers.get(item.question.as_str()).is_some_and(Value::is_string);
        if !kept {
            remove(&mut evaluation.answers, item);
        }
    }
    sort(&mut evaluation.faults, edition);
    Outcome { evaluation, by_number }
}

fn insert(answers: &mut Answers, item: &Item, answer: Value) {
    let key = item.question.as_str().to_owned();
    match &item.field {
        None => drop(answers.insert(key, answer)),
        Some(field) => {
            if let Value::Object(fields) = answers.entry(key).or_insert_with(|| Value::Object(Answers::new())) {
                fields.insert(field.clone(), answer);
            }
        }
    }
}

fn remove(answers: &mut Answers, item: &Item) {
    match &item.field {
        None => drop(answers.remove(item.question.as_str())),
        Some(field) => {
            if let Some(Value::Object(fields)) = answers.get_mut(item.question.as_str()) {
                fields.remove(field);
            }
        }
    }
}

/// The words of a cell that spell no option, for the evaluator, which takes them for an unknown one.
fn no_option(question: &Question, shown: String) -> Value {
    match question.kind {
        Kind::YesNo(_) | Kind::One(_) if !shown.trim().is_empty() && question.choice(&shown).is_none() => Value::String(shown),
        _ => UNREADABLE,
    }
}

/// Whether the evaluator says here that the item's value cannot be an answer.
fn is_about(fault: &Fault, item: &Item) -> bool {
    ["wrong_type", "unknown_option"].contains(&fault.code.as_ref()) && fault.question.as_deref() == Some(&item.path())
}

/// Gives a fault of the evaluator its cell, what stood there as it was written, and what may stand there.
fn located(fault: Fault, record: &Record<'_>, edition: &Edition, path: EntryPath) -> Fault {
    let named = fault.question.clone().unwrap_or_default();
    let exact = record.answers.iter().find(|(item, _)| item.path() == named);
    let found = exact.or_else(|| record.answers.iter().find(|(item, _)| item.question.as_str() == named));
    let Some((item, found)) = found else {
        return record.anchor.mark(fault);
    };
    let mut fault = found.place.mark(fault);
    // A contradiction says by itself which answers were found.
    if let Some(shown) = found
        .value
        .map(CellValue::shown)
        .filter(|_| !fault.code.starts_with("contradiction_"))
    {
        fault = fault.found(shown);
    }
    match edition.question(item.question.as_str()) {
        Some(question) if fault.is_error() && fault.code != "text_too_long" => fault.expected(expected(question, path)),
        _ => fault,
    }
}

/// In the order of the questions; within a question as reported.
fn sort(faults: &mut [Fault], edition: &Edition) {
    faults.sort_by_cached_key(|fault| {
        let key = fault.question.as_deref().map(|path| path.split('.').next().unwrap_or(path));
        key.and_then(|key| edition.questions().iter().position(|question| question.key.as_str() == key))
            .unwrap_or(0)
    });
}
