//! Drafts: what was typed and not submitted, one of a hospital and one of who enters for it. Emptied, never removed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::db::prepared::Prepared;
use crate::db::schema::draft;

/// A draft as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = draft)]
pub struct DraftRow {
    /// The submission.
    pub submission_id: Uuid,
    /// hospital or proxy.
    pub party: String,
    /// The survey.
    pub survey_id: String,
    /// The hospital.
    pub hospital_id: Uuid,
    /// As in the frame.
    pub prefecture: i16,
    /// As in the frame.
    pub municipality: String,
    /// The printed version that is being answered.
    pub edition_id: String,
    /// As typed; `None` once submitted, discarded or erased.
    pub answers: Option<Value>,
    /// New with every save.
    pub tag: Uuid,
    /// Role that saved it last.
    pub actor: String,
    /// Account that saved it last.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub saved_at: DateTime<Utc>,
    /// The day after which it is to be erased.
    pub retain_until: NaiveDate,
}

/// The draft of a party, if there is one that holds something.
pub async fn find(conn: &mut AsyncPgConnection, submission_id: Uuid, party: &str) -> QueryResult<Option<DraftRow>> {
    draft::table
        .find((submission_id, party))
        .filter(draft::answers.is_not_null())
        .select(DraftRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Saves a draft over the one that was there.
pub async fn save(conn: &mut AsyncPgConnection, row: &DraftRow) -> QueryResult<()> {
    diesel::insert_into(draft::table)
        .values(row)
        .on_conflict((draft::submission_id, draft::party))
        .do_update()
        .set((
            draft::edition_id.eq(&row.edition_id),
            draft::answers.eq(&row.answers),
            draft::tag.eq(row.tag),
            draft::actor.eq(&row.actor),
            draft::account_id.eq(row.account_id),
            draft::saved_at.eq(row.saved_at),
            draft::retain_until.eq(row.retain_until),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Empties the drafts of a party: what they held was submitted or discarded.
pub async fn empty(
    conn: &mut AsyncPgConnection,
    submissions: &[Uuid],
    party: &str,
    (actor, account_id): (&str, Option<Uuid>),
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let query = diesel::update(draft::table)
        .filter(draft::submission_id.eq_any(submissions))
        .filter(draft::party.eq(party))
        .filter(draft::answers.is_not_null())
        .set((
            draft::answers.eq(None::<Value>),
            draft::tag.eq(Uuid::new_v4()),
            draft::actor.eq(actor),
            draft::account_id.eq(account_id),
            draft::saved_at.eq(now),
        ));
    Prepared(query).execute(conn).await.map(drop)
}
