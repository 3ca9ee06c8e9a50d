//! What must be true afterwards: what was acknowledged is stored exactly once as it was sent, and nothing else is stored. Pure, so that [`crate::damage`]
//! can show that it sees every kind of damage.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::records::{Acknowledged, Submission};
use crate::stored::{Revision, Stored};

/// Everything that is not as it must be; empty if all is well.
pub fn faults(acknowledged: &[Acknowledged], stored: &Stored) -> Vec<String> {
    let mut faults = Vec::new();
    let rows = grouped(stored.revisions.iter().map(|row| (row.receipt, row)));
    for one in acknowledged {
        let rows = receipt_of(one)
            .and_then(|receipt| rows.get(&receipt))
            .map_or(&[][..], Vec::as_slice);
        acknowledged_is_stored(one, rows, &mut faults);
    }
    let by_receipt = grouped(acknowledged.iter().map(|one| (receipt_of(one), one)));
    for (receipt, same) in &by_receipt {
        if same.len() != 1 {
            faults.push(format!("receipt {receipt:?} was handed out for {} submissions", same.len()));
        }
    }
    let contents = grouped(stored.revisions.iter().map(|row| (contact(row.respondent.as_ref()), row)));
    for (contact, same) in contents.iter().filter(|(_, same)| same.len() != 1) {
        faults.push(format!("doubled: {} revisions of the submission {contact:?}", same.len()));
    }
    for row in stored.revisions.iter().filter(|row| !by_receipt.contains_key(&Some(row.receipt))) {
        faults.push(format!("extra: nobody was told of {} revision {}", row.hospital, row.number));
    }
    numbers_have_no_gap(stored, &mut faults);
    each_has_its_rows(acknowledged, stored, &mut faults);
    faults
}

fn acknowledged_is_stored(one: &Acknowledged, rows: &[&Revision], faults: &mut Vec<String>) {
    let key = &one.submission.key;
    let [row] = rows else {
        faults.push(if rows.is_empty() {
            format!("lost: {key}")
        } else {
            format!("doubled: {key}, {} rows", rows.len())
        });
        return;
    };
    let (answers, respondent) = sent(&one.submission);
    if row.answers != answers || row.respondent.as_ref() != Some(&respondent) {
        faults.push(format!("changed: {key} is stored with other answers than were sent"));
    }
    let receipt = &one.receipt;
    let told = (
        receipt["hospital"].as_str(),
        receipt["revision"].as_i64(),
        receipt["entry_path"].as_str(),
    );
    let told_at = receipt["received_at"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let kept = (
        Some(row.hospital.as_str()),
        Some(i64::from(row.number)),
        Some(row.entry_path.as_str()),
    );
    if told != kept || told_at != Some(row.received_at) || one.submission.hospital != row.hospital || receipt["unchanged"] != json!(false) {
        faults.push(format!(
            "changed: {key} was acknowledged as {receipt} and is stored as {kept:?} {}",
            row.received_at
        ));
    }
}

fn numbers_have_no_gap(stored: &Stored, faults: &mut Vec<String>) {
    let numbers = grouped(stored.revisions.iter().map(|row| (row.hospital.as_str(), row.number)));
    for (hospital, numbers) in &numbers {
        if !numbers.iter().copied().eq((1..).take(numbers.len())) {
            faults.push(format!("gap: the revisions of {hospital} are {numbers:?}"));
        }
    }
    let states = grouped(
        stored
            .submissions
            .iter()
            .map(|row| (row.hospital.as_str(), (row.state.as_str(), row.latest_revision))),
    );
    let expected = numbers
        .iter()
        .map(|(hospital, numbers)| (*hospital, vec![("submitted", i32::try_from(numbers.len()).unwrap())]))
        .collect();
    if states != expected {
        faults.push(format!(
            "submissions do not agree with their revisions: {states:?} against {expected:?}"
        ));
    }
}

/// One audit row and one remembered answer for each revision, and no other.
fn each_has_its_rows(acknowledged: &[Acknowledged], stored: &Stored, faults: &mut Vec<String>) {
    let remembered = grouped(stored.remembered.iter().map(|row| (row.key.as_str(), (row.status, &row.response))));
    let expected = acknowledged
        .iter()
        .map(|one| (one.submission.key.as_str(), vec![(201, &one.receipt)]))
        .collect();
    differences("remembered answers", &remembered, &expected, faults);
    let mut audits = grouped(
        stored
            .audits
            .iter()
            .map(|row| (row.hospital.as_str(), (row.revision, row.unchanged))),
    );
    let noted = |row: &Revision| (Some(i64::from(row.number)), Some(false));
    let mut expected = grouped(stored.revisions.iter().map(|row| (row.hospital.as_str(), noted(row))));
    // Two rows of one hospital may share their millisecond, and the rest of their ids is chance.
    audits.values_mut().chain(expected.values_mut()).for_each(|rows| rows.sort());
    differences("audit rows", &audits, &expected, faults);
}

fn differences<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<&str, Vec<T>>,
    expected: &BTreeMap<&str, Vec<T>>,
    faults: &mut Vec<String>,
) {
    for key in found.keys().chain(expected.keys().filter(|key| !found.contains_key(*key))) {
        if found.get(key) != expected.get(key) {
            faults.push(format!("{what} of {key}: {:?} against {:?}", found.get(key), expected.get(key)));
        }
    }
}

/// As they are kept: the respondent apart.
fn sent(submission: &Submission) -> (Value, Value) {
    let mut answers = submission.answers.clone();
    let respondent = answers.as_object_mut().unwrap().remove("respondent").unwrap();
    (answers, respondent)
}

fn contact(respondent: Option<&Value>) -> Option<&str> {
    respondent?["contact"].as_str()
}

fn receipt_of(one: &Acknowledged) -> Option<Uuid> {
    one.receipt["receipt"].as_str()?.parse().ok()
}

fn grouped<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}
