//! Steps of submissions that are no revisions, append-only: pulled back, returned, accepted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::schema::submission_event;

/// A step as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = submission_event)]
pub struct StepRow {
    /// Sorts by time.
    pub id: Uuid,
    /// The submission.
    pub submission_id: Uuid,
    /// The version that it had with this step.
    pub version: i32,
    /// The survey.
    pub survey_id: String,
    /// The hospital.
    pub hospital_id: Uuid,
    /// As in the frame.
    pub prefecture: i16,
    /// As in the frame.
    pub municipality: String,
    /// withdraw, return, accept.
    pub step: String,
    /// The revision that it was about.
    pub revision: i32,
    /// Of a return: question and text of each.
    pub comments: Value,
    /// Of a withdrawal.
    pub reason: Option<String>,
    /// Of a return: its own date.
    pub resubmit_until: Option<DateTime<Utc>>,
    /// Role that took it.
    pub actor: String,
    /// Account that took it.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub happened_at: DateTime<Utc>,
}

/// Adds a step.
pub async fn insert(conn: &mut AsyncPgConnection, row: &StepRow) -> QueryResult<()> {
    diesel::insert_into(submission_event::table)
        .values(row)
        .execute(conn)
        .await
        .map(drop)
}

/// All steps of a submission that the actor may see, the oldest first.
pub async fn list(conn: &mut AsyncPgConnection, submission_id: Uuid) -> QueryResult<Vec<StepRow>> {
    submission_event::table
        .filter(submission_event::submission_id.eq(submission_id))
        .select(StepRow::as_select())
        .order(submission_event::version)
        .load(conn)
        .await
}
