//! Use cases: what an actor asks for, in one transaction, with its audit row. Called by `api`, `cli` and later `pages`; calls `db`.
//!
//! Names no HTTP type. Each use case takes a [`crate::auth::permit::Permit`], so that it cannot be reached without its right.

pub mod accounts;
pub mod annotations;
pub mod audits;
pub mod batches;
pub mod clock;
pub mod doctor;
pub mod drafts;
pub mod enrolments;
pub mod entries;
pub mod erasure;
pub mod exports;
pub mod factors;
pub mod frames;
pub mod health;
pub mod idempotency;
pub mod imports;
pub mod inspections;
pub mod intake;
pub mod jobs;
pub mod letters;
pub mod masters;
pub mod microdata;
pub mod outbox;
pub mod passwords;
pub mod programs;
pub mod receipts;
pub mod releases;
pub mod reminders;
pub mod sessions;
pub mod state;
pub mod statistics;
pub mod steps;
pub mod submissions;
pub mod surveys;
pub mod templates;
pub mod times;
pub mod trends;
pub mod versions;
pub mod windows;
