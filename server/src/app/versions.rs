//! Nobody changes what they did not see: a step names the version of the submission that its taker saw, and learns what differs if that is not the stored one.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;
use serde_json::Value;
use survey::answer::Answers;
use survey::survey::Survey;

use crate::app::intake::together;
use crate::db::frames::FrameRow;
use crate::db::submissions::SubmissionRow;
use crate::db::{revisions, submissions};
use crate::error::{AppError, Difference};

/// The version of a submission that somebody saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// One that can be: 0 before the first step.
    Version(i32),
    /// One that never was.
    Nothing,
}

/// Locks a hospital's submission, and makes sure that it is at the version that was seen.
///
/// # Errors
/// `submission_changed` with the fields that differ; or the database is away.
pub async fn require_seen(
    conn: &mut AsyncPgConnection,
    survey: &Survey,
    hospital: &FrameRow,
    seen: Seen,
) -> Result<Option<SubmissionRow>, AppError> {
    let submission = submissions::lock(conn, survey.id().as_str(), &[hospital.hospital_id]).await?.pop();
    let version = submission.as_ref().map_or(0, |row| row.version);
    if seen == Seen::Version(version) {
        return Ok(submission);
    }
    let differences = match (&submission, seen) {
        (Some(row), Seen::Version(seen)) => {
            let stored = answers_at(conn, row, version).await?;
            differences(&stored, &answers_at(conn, row, seen).await?)
        }
        _ => Vec::new(),
    };
    let state = submission.map_or("未回答", |row| row.state.in_japanese());
    Err(AppError::stale(
        "submission_changed",
        format!(
            "ご覧になった後に、この回答は変更されました（現在の状態: {state}）。最新の回答を読み直し、内容を確認してから操作してください。"
        ),
        differences,
    ))
}

async fn answers_at(conn: &mut AsyncPgConnection, submission: &SubmissionRow, version: i32) -> Result<Value, AppError> {
    let found = revisions::at_version(conn, submission.id, version).await?;
    Ok(found.map_or(Value::Null, |(answers, respondent)| together(answers, respondent)))
}

/// The fields in which two sets of answers differ, by question; of objects each field by itself.
pub fn differences(stored: &Value, yours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", stored, yours, &mut found);
    found
}

fn compare(place: &str, stored: &Value, yours: &Value, found: &mut Vec<Difference>) {
    if stored == yours {
        return;
    }
    let object_or_none = |value: &Value| value.is_object() || value.is_null();
    if object_or_none(stored) && object_or_none(yours) {
        let fields = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        let keys: BTreeSet<String> = [stored, yours].into_iter().flat_map::<Vec<String>, _>(fields).collect();
        for key in keys {
            let inner = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            let of = |value: &Value| value.get(&key).cloned().unwrap_or_default();
            compare(&inner, &of(stored), &of(yours), found);
        }
        return;
    }
    found.push(Difference {
        question: place.to_owned(),
        stored: stored.clone(),
        yours: yours.clone(),
    });
}

/// What becomes of a set of answers that two people changed at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// What is stored, with what only you changed.
    pub answers: Answers,
    /// What both changed, each to something else; `answers` holds what is stored of them.
    pub conflicts: Vec<Difference>,
}

/// Joins your answers with what somebody else stored since you read `base`: field by field, so that only what both changed has to be decided.
pub fn merge(base: &Value, stored: &Value, yours: &Value) -> Merged {
    let mut merged = Merged {
        answers: stored.as_object().cloned().unwrap_or_default(),
        conflicts: Vec::new(),
    };
    let theirs: BTreeSet<String> = differences(base, stored)
        .into_iter()
        .map(|difference| difference.question)
        .collect();
    for difference in differences(stored, yours) {
        let mine = differences_at(base, yours, &difference.question);
        match (mine, theirs.contains(&difference.question)) {
            (true, true) => merged.conflicts.push(difference),
            (true, false) => set(&mut merged.answers, &difference.question, difference.yours),
            (false, _) => {}
        }
    }
    merged
}

fn differences_at(base: &Value, yours: &Value, question: &str) -> bool {
    differences(base, yours).iter().any(|difference| difference.question == question)
}

/// Puts a value where a difference stood; nothing takes it away.
pub fn set(answers: &mut Answers, question: &str, value: Value) {
    let (outer, inner) = question
        .split_once('.')
        .map_or((question, None), |(outer, inner)| (outer, Some(inner)));
    match inner {
        None if value.is_null() => drop(answers.remove(outer)),
        None => drop(answers.insert(outer.to_owned(), value)),
        Some(inner) => {
            let place = answers.entry(outer).or_insert_with(|| Value::Object(Answers::new()));
            if let Some(fields) = place.as_object_mut() {
                if value.is_null() {
                    fields.remove(inner);
                } else {
                    fields.insert(inner.to_owned(), value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_both_changed_has_to_be_decided() {
        let base = json!({"a": "yes", "b": ["x"], "c": "old", "respondent": {"name": "甲", "contact": "1"}});
        let stored = json!({"a": "no", "b": ["x"], "c": "theirs", "respondent": {"name": "甲", "contact": "2"}, "d": "yes"});
        let yours = json!({"a": "yes", "b": ["y"], "c": "mine", "respondent": {"name": "乙", "contact": "1"}});
        let merged = merge(&base, &stored, &yours);
        let expected = json!({"a": "no", "b": ["y"], "c": "theirs", "respondent": {"name": "乙", "contact": "2"}, "d": "yes"});
        assert_eq!(Value::Object(merged.answers), expected);
        let named: Vec<&str> = merged.conflicts.iter().map(|conflict| conflict.question.as_str()).collect();
        assert_eq!(named, ["c"]);
        assert_eq!(merge(&base, &base, &yours).conflicts, []);
        assert_eq!(Value::Object(merge(&base, &base, &yours).answers), yours);
    }

    #[test]
    fn differing_fields_are_named_one_by_one() {
        let stored = json!({"a": "yes", "b": ["x"], "respondent": {"name": "甲", "contact": "1"}, "gone": "no"});
        let yours = json!({"a": "yes", "b": ["y"], "respondent": {"name": "乙", "contact": "1"}, "new": "no"});
        let named: Vec<String> = differences(&stored, &yours)
            .into_iter()
            .map(|difference| difference.question)
            .collect();
        assert_eq!(named, ["b", "gone", "new", "respondent.name"]);
        assert_eq!(differences(&stored, &stored), []);
        assert_eq!(differences(&Value::Null, &json!({"respondent": {"name": "甲"}})).len(), 1);
        assert_eq!(differences(&json!("text"), &json!({"a": 1})).len(), 1);
    }
}
