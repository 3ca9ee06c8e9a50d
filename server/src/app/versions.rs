//! Nobody changes what they did not see: a step names the version of the submission that its taker saw, and learns what differs if that is not the stored one.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;
use serde_json::Value;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
