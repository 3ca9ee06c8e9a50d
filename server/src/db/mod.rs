//! Rows and queries. Free functions that take a connection, never a pool: the caller opens the transaction and is the actor in it.
//!
//! Names no HTTP type. Every table is under row-level security: without [`transaction::as_actor`] a query sees nothing.

pub mod accounts;
pub mod audit;
pub mod batches;
pub mod coverage;
pub mod criteria;
pub mod drafts;
pub mod enrolments;
pub mod erasure;
pub mod frames;
pub mod hospitals;
pub mod idempotency;
pub mod imports;
pub mod inspections;
pub mod jobs;
pub mod lists;
pub mod migrations;
pub mod nominations;
pub mod outbox;
pub mod packed;
pub mod pool;
pub mod prepared;
pub mod programs;
pub mod quota_requests;
pub mod quotas;
pub mod receipts;
pub mod releases;
pub mod reminders;
pub mod results;
pub mod revisions;
pub mod schema;
pub mod second_factors;
pub mod selections;
pub mod sessions;
pub mod sign_ins;
pub mod snapshots;
pub mod steps;
pub mod submissions;
pub mod surveys;
pub mod transaction;
