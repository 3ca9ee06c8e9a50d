//! What the database holds after a run, read as the superuser, who sees every row.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::nation::SURVEY;

/// Every row that a submission leaves.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    pub revisions: Vec<Revision>,
    pub submissions: Vec<State>,
    pub remembered: Vec<Remembered>,
    pub audits: Vec<Audit>,
}

#[derive(Debug, Clone)]
pub struct Revision {
    pub hospital: String,
    pub number: i32,
    pub receipt: Uuid,
    /// Without the respondent.
    pub answers: Value,
    pub respondent: Option<Value>,
    pub entry_path: String,
    pub received_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct State {
    pub hospital: String,
    pub state: String,
    pub latest_revision: i32,
}

/// A remembered answer.
#[derive(Debug, Clone)]
pub struct Remembered {
    pub key: String,
    pub status: i16,
    pub response: Value,
}

/// That somebody submitted.
#[derive(Debug, Clone)]
pub struct Audit {
    pub hospital: String,
    pub revision: Option<i64>,
    pub unchanged: Option<bool>,
}

impl Stored {
    pub async fn read(client: &Client) -> Stored {
        let revisions = "SELECT f.gmis_id, r.number, r.receipt, r.answers, d.details, r.entry_path, r.received_at FROM revision r \
             JOIN frame f USING (survey_id, hospital_id) LEFT JOIN respondent d USING (submission_id, number) WHERE survey_id = $1 ORDER BY 1, 2";
        let submissions = "SELECT f.gmis_id, s.state, s.latest_revision FROM submission s JOIN frame f USING (survey_id, hospital_id) \
             WHERE survey_id = $1 ORDER BY 1";
        let audits = "SELECT f.gmis_id, (a.details ->> 'revision')::bigint, (a.details ->> 'unchanged')::boolean FROM audit a JOIN frame f USING (survey_id, hospital_id) \
             WHERE survey_id = $1 AND action = 'submit_answers' ORDER BY a.id";
        Stored {
            revisions: rows(client, revisions, true, |row| Revision {
                hospital: row.get(0),
                number: row.get(1),
                receipt: row.get(2),
                answers: row.get(3),
                respondent: row.get(4),
                entry_path: row.get(5),
                received_at: row.get(6),
            })
            .await,
            submissions: rows(client, submissions, true, |row| State {
                hospital: row.get(0),
                state: row.get(1),
                latest_revision: row.get(2),
            })
            .await,
            remembered: rows(
                client,
                "SELECT key, status, response FROM idempotency ORDER BY made_at",
                false,
                |row| Remembered {
                    key: row.get(0),
                    status: row.get(1),
                    response: row.get(2),
                },
            )
            .await,
            audits: rows(client, audits, true, |row| Audit {
                hospital: row.get(0),
                revision: row.get(1),
                unchanged: row.get(2),
            })
            .await,
        }
    }
}

async fn rows<T>(client: &Client, sql: &str, of_survey: bool, read: impl Fn(&tokio_postgres::Row) -> T) -> Vec<T> {
    let rows = if of_survey {
        client.query(sql, &[&SURVEY]).await
    } else {
        client.query(sql, &[]).await
    };
    rows.unwrap().iter().map(read).collect()
}
