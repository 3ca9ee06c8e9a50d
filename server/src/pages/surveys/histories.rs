//! What happened to a hospital's answers: revisions and steps in the order of versions, and how any two revisions differ. Shows only.

use serde_json::Value;
use survey::edition::Edition;
use survey::question::Kind;
use survey::survey::Survey;

use super::path;
use crate::app::steps::Comment;
use crate::app::submissions::ReadBack;
use crate::app::{intake, surveys, versions};
use crate::db::revisions::RevisionRow;
use crate::db::steps::StepRow;
use crate::error::AppError;
use crate::pages::answers::questions::in_words;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::words;

/// One thing that happened.
pub struct Event {
    /// The version that the submission had with it.
    pub version: i32,
    /// In a word.
    pub what: String,
    /// When.
    pub when: String,
    /// Role of who did it.
    pub who: &'static str,
    /// By which way it came.
    pub how: &'static str,
    /// What was said with it.
    pub details: Vec<String>,
    /// Path of the receipt, or empty.
    pub receipt: String,
}

/// A field in which two revisions differ.
pub struct Change {
    /// The question.
    pub heading: String,
    /// What the earlier one says.
    pub from: String,
    /// What the later one says.
    pub to: String,
}

/// Two revisions beside each other.
pub struct Comparison {
    /// The form that chooses them.
    pub fields: [ChoiceField; 2],
    /// Their numbers, once two were chosen.
    pub numbers: Option<(i32, i32)>,
    /// Where they differ.
    pub changes: Vec<Change>,
}

/// Everything that happened, the newest first.
pub fn events(survey: &Survey, read: &ReadBack) -> Result<Vec<Event>, AppError> {
    let of_revision = |(row, _): &(RevisionRow, Option<Value>)| {
        let reason = row.reason.iter().map(|reason| format!("置き換えた理由：{reason}"));
        Event {
            version: row.version,
            what: format!("提出（第{}版）", row.number),
            when: words::moment(row.received_at),
            who: words::role_named(&row.actor),
            how: way(&row.entry_path),
            details: reason.collect(),
            receipt: path(survey, &format!("hospitals/{}/receipts/{}", read.hospital.gmis_id, row.number)),
        }
    };
    let mut events: Vec<Event> = read.revisions.iter().map(of_revision).collect();
    for step in &read.steps {
        events.push(of_step(survey, step)?);
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.version));
    Ok(events)
}

fn of_step(survey: &Survey, step: &StepRow) -> Result<Event, AppError> {
    let comments: Vec<Comment> = serde_json::from_value(step.comments.clone()).map_err(AppError::internal)?;
    let said = comments.into_iter().map(|comment| match comment.question {
        Some(key) => format!("{}：{}", heading(survey.first_edition(), survey, &key), comment.text),
        None => comment.text,
    });
    let reason = step.reason.iter().map(|reason| format!("理由：{reason}"));
    let until = step.resubmit_until.map(|until| format!("再提出期限：{}", words::moment(until)));
    let what = match step.step.as_str() {
        "withdraw" => "引き戻し",
        "return" => "差戻し",
        _ => "確認",
    };
    Ok(Event {
        version: step.version,
        what: format!("{what}（第{}版）", step.revision),
        when: words::moment(step.happened_at),
        who: words::role_named(&step.actor),
        how: "",
        details: said.chain(reason).chain(until).collect(),
        receipt: String::new(),
    })
}

/// By which way answers came, in words.
pub fn way(entry_path: &str) -> &'static str {
    match entry_path {
        "page" => "画面で入力",
        "api" => "プログラムから送信",
        "workbook" => "様式（ファイル）",
        _ => "代行入力",
    }
}

/// Two revisions beside each other: those that were asked for, or none yet. `None` where there are not two.
pub fn comparison(survey: &'static Survey, read: &ReadBack, (from, to): (&str, &str)) -> Result<Option<Comparison>, AppError> {
    if read.revisions.len() < 2 {
        return Ok(None);
    }
    let find = |number: &str| read.revisions.iter().find(|(row, _)| row.number.to_string() == number);
    let pair = find(from).zip(find(to));
    let numbers: Vec<String> = read.revisions.iter().map(|(row, _)| row.number.to_string()).collect();
    let last = |back: usize| {
        let place = numbers.len().saturating_sub(back);
        numbers.get(place).map_or("", String::as_str)
    };
    let field = |name: &str, label: &str, standing: &str| {
        let choices = numbers.iter().map(|number| Choice::new(number, format!("第{number}版"), standing));
        ChoiceField::new(name, label, Look::List, choices.collect()).unmarked()
    };
    let standing = |asked: &'static str, back: usize| -> String {
        let asked = if asked == "from" { from } else { to };
        if find(asked).is_some() {
            asked.to_owned()
        } else {
            last(back).to_owned()
        }
    };
    Ok(Some(Comparison {
        fields: [
            field("from", "前の版", &standing("from", 2)),
            field("to", "後の版", &standing("to", 1)),
        ],
        numbers: pair.map(|((from, _), (to, _))| (from.number, to.number)),
        changes: match pair {
            Some((from, to)) => changes(survey, from, to)?,
            None => Vec::new(),
        },
    }))
}

fn changes(
    survey: &'static Survey,
    (from, from_respondent): &(RevisionRow, Option<Value>),
    (to, to_respondent): &(RevisionRow, Option<Value>),
) -> Result<Vec<Change>, AppError> {
    let edition = surveys::edition(survey, Some(&to.edition_id))?;
    let before = intake::together(from.answers.clone(), from_respondent.clone());
    let after = intake::together(to.answers.clone(), to_respondent.clone());
    Ok(versions::differences(&before, &after)
        .into_iter()
        .map(|difference| Change {
            heading: heading(edition, survey, &difference.question),
            from: shown(edition, survey, &difference.question, &difference.stored),
            to: shown(edition, survey, &difference.question, &difference.yours),
        })
        .collect())
}

/// The question of a key, or of a key and field, as it is printed.
pub fn heading(edition: &Edition, survey: &Survey, key: &str) -> String {
    let (outer, field) = key.split_once('.').unwrap_or((key, ""));
    let Some(question) = edition.question(outer).or_else(|| survey.question(outer)) else {
        return key.to_owned();
    };
    let label = match &question.kind {
        Kind::Respondent(fields) => fields.iter().find(|known| known.key == field).map(|field| field.label.as_str()),
        _ => None,
    };
    let heading = question.heading();
    label.map_or(heading.clone(), |label| format!("{heading}（{label}）"))
}

/// An answer, or the field of one, as a person reads it.
pub fn shown(edition: &Edition, survey: &Survey, key: &str, value: &Value) -> String {
    let known = edition.question(key).or_else(|| survey.question(key));
    let words = match (known, value) {
        (_, Value::Null) => String::new(),
        (Some(question), value) => in_words(question, Some(value)),
        (None, value) => value.as_str().unwrap_or_default().to_owned(),
    };
    if words.is_empty() { "（空欄）".to_owned() } else { words }
}
