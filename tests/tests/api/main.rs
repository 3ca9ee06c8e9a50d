//! The API as its callers use it, over HTTP on a real server: what goes in, what comes back, and what is stored and what is not when it is refused.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod addresses;
mod annotated;
mod attributes;
mod away;
mod batches;
mod candidates;
mod criteria;
mod crosses;
mod cuts;
mod drafts;
mod enrolments;
mod erasure;
mod examples;
mod exports;
mod hostile;
mod idempotency;
mod imports;
mod jobs;
mod list_files;
mod lists;
mod masters;
mod model;
mod overlaps;
mod paths;
mod planning;
mod programs;
mod quota_proposals;
mod quota_requests;
mod quotas;
mod receipts;
mod releases;
mod reminders;
mod requests;
mod results;
mod sessions;
mod snapshots;
mod statistics;
mod steps;
mod submissions;
mod templates;
mod windows;
mod wishes;

use analytics::{By, RateRequest};
use serde_json::{Value, json};
use server::app::state::State;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::area::Area;
use survey::band::Banding;
use tests::client::Answer;
use tests::world::{Hospital, done, survey_of};

/// Where a hospital's answers are submitted.
fn revisions(survey: &str, hospital: Hospital) -> String {
    format!("/api/v1/surveys/{survey}/hospitals/{}/revisions", hospital.gmis)
}

/// Where they are read back.
fn submission(survey: &str, hospital: Hospital) -> String {
    format!("/api/v1/surveys/{survey}/hospitals/{}/submission", hospital.gmis)
}

/// How many answers of Tokyo are counted in the survey of 2024.
async fn counted(state: &State) -> u64 {
    let permit = Permit::of(Actor::system()).unwrap();
    let request = RateRequest {
        area: Area::parse("13").unwrap(),
        by: By::AREA,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
    };
    let rates = done(server::app::statistics::response_rates(state, &permit, survey_of("2024"), request).await);
    serde_json::to_value(rates.as_ref()).unwrap()["total"]["responses"]
        .as_u64()
        .unwrap()
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
