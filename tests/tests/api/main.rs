//! The API as its callers use it, over HTTP on a real server: what goes in, what comes back, and what is stored and what is not when it is refused.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod away;
mod batches;
mod enrolments;
mod erasure;
mod examples;
mod hostile;
mod idempotency;
mod imports;
mod masters;
mod programs;
mod receipts;
mod reminders;
mod requests;
mod sessions;
mod statistics;
mod submissions;
mod windows;

use serde_json::{Value, json};
use tests::client::Answer;
use tests::world::Hospital;

/// Where a hospital's answers are submitted.
fn revisions(survey: &str, hospital: Hospital) -> String {
    format!("/api/v1/surveys/{survey}/hospitals/{}/revisions", hospital.gmis)
}

/// Where they are read back.
fn submission(survey: &str, hospital: Hospital) -> String {
    format!("/api/v1/surveys/{survey}/hospitals/{}/submission", hospital.gmis)
}

/// A body of answers.
fn body(answers: Value) -> Value {
    json!({"answers": answers})
}

/// The codes of a refusal's faults.
fn fault_codes(answer: &Answer) -> Vec<String> {
    codes(&answer.json()["faults"])
}

/// The codes of faults.
fn codes(faults: &Value) -> Vec<String> {
    faults
        .as_array()
        .into_iter()
        .flatten()
        .map(|fault| fault["code"].as_str().unwrap().to_owned())
        .collect()
}
