//! Mails to be sent: adding them, taking one up under a lease, and what became of it. Decides nothing of when and how often.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::outbox;

/// A mail that is to be sent.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = outbox)]
pub struct NewMail {
    /// UUID version 7.
    pub id: Uuid,
    /// `reminder`, `enrol` or `reset`.
    pub purpose: &'static str,
    /// What there is one mail of.
    pub dedupe_key: String,
    /// The survey that is reminded of.
    pub survey_id: Option<String>,
    /// The hospital, if it is for one.
    pub hospital_id: Option<Uuid>,
    /// Its prefecture.
    pub prefecture: Option<i16>,
    /// Its municipality.
    pub municipality: String,
    /// Whose link goes into the body.
    pub enrolment_id: Option<Uuid>,
    /// Address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Text, with `{link}` for the link.
    pub body: String,
    /// Not before.
    pub next_attempt: DateTime<Utc>,
    /// Role of who asks for it.
    pub actor: String,
    /// Account of who asks for it.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub made_at: DateTime<Utc>,
}

/// Adds mails of which there is none yet; how many were added.
pub async fn insert(conn: &mut AsyncPgConnection, mails: &[NewMail]) -> QueryResult<usize> {
    let mut added = 0;
    // A statement takes 65,535 parameters.
    for some in mails.chunks(1_000) {
        added += diesel::insert_into(outbox::table)
            .values(some)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(added)
}

#[derive(QueryableByName)]
struct RemindedRow {
    #[diesel(sql_type = SqlUuid)]
    hospital_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// When these hospitals were last reminded of a survey, as far as they were.
pub async fn last_reminders(conn: &mut AsyncPgConnection, survey_id: &str, hospitals: &[Uuid]) -> QueryResult<Vec<(Uuid, DateTime<Utc>)>> {
    let rows: Vec<RemindedRow> = diesel::sql_query(
        "SELECT hospital_id, max(made_at) AS at FROM outbox \
         WHERE purpose = 'reminder' AND survey_id = $1 AND hospital_id = ANY ($2) GROUP BY hospital_id",
    )
    .bind::<Text, _>(survey_id)
    .bind::<Array<SqlUuid>, _>(hospitals)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.hospital_id, row.at)).collect())
}

/// A mail that was taken up.
#[derive(Debug, Clone, QueryableByName)]
pub struct TakenMail {
    /// The mail.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// `reminder`, `enrol` or `reset`.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// Whose link goes into the body.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub enrolment_id: Option<Uuid>,
    /// Address.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// One line.
    #[diesel(sql_type = Text)]
    pub subject: String,
    /// Text.
    #[diesel(sql_type = Text)]
    pub body: String,
    /// How often it was taken up, this time included; what is done for it later names this number, so that a sender that lost its lease does nothing.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
}

/// Takes up the mail that waits longest, until the lease ends; nobody else gets it before. `None`: none is due.
pub async fn take_one(conn: &mut AsyncPgConnection, now: DateTime<Utc>, lease: DateTime<Utc>) -> QueryResult<Option<TakenMail>> {
    diesel::sql_query(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt = $2 WHERE id = (SELECT id FROM outbox \
         WHERE state = 'pending' AND next_attempt <= $1 ORDER BY next_attempt, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, purpose, enrolment_id, recipient, subject, body, attempts",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(lease)
    .get_result(conn)
    .await
    .optional()
}

/// Records that the next thing is to hand the mail over; `false` when the lease was lost meanwhile.
pub async fn mark_sending(conn: &mut AsyncPgConnection, mail: &TakenMail) -> QueryResult<bool> {
    let marked = diesel::update(outbox::table)
        .filter(outbox::id.eq(mail.id))
        .filter(outbox::attempts.eq(mail.attempts))
        .filter(outbox::state.eq("pending"))
        .set(outbox::state.eq("sending"))
        .execute(conn)
        .await?;
    Ok(marked == 1)
}

/// Puts a mail back until another time.
pub async fn put_back(conn: &mut AsyncPgConnection, mail: &TakenMail, next: DateTime<Utc>, error: &str) -> QueryResult<usize> {
    diesel::update(outbox::table)
        .filter(outbox::id.eq(mail.id))
        .filter(outbox::attempts.eq(mail.attempts))
        .filter(outbox::state.eq_any(["pending", "sending"]))
        .set((
            outbox::state.eq("pending"),
            outbox::next_attempt.eq(next),
            outbox::last_error.eq(error),
        ))
        .execute(conn)
        .await
}

/// Records the last that is done for a mail.
pub async fn settle(
    conn: &mut AsyncPgConnection,
    mail: &TakenMail,
    state: &str,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(outbox::table)
        .filter(outbox::id.eq(mail.id))
        .filter(outbox::attempts.eq(mail.attempts))
        .filter(outbox::state.eq_any(["pending", "sending"]))
        .set((outbox::state.eq(state), outbox::settled_at.eq(now), outbox::last_error.eq(error)))
        .execute(conn)
        .await
}

/// Mails whose sender went away in the middle of handing them over: a reminder is not sent again, a link is.
pub async fn release_lost(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    let error = "メールを渡している途中で送信が中断されました";
    let given_up = diesel::sql_query(
        "UPDATE outbox SET state = 'uncertain', settled_at = $1, last_error = $2 \
         WHERE state = 'sending' AND next_attempt <= $1 AND purpose = 'reminder'",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(error)
    .execute(conn)
    .await?;
    let again = diesel::sql_query(
        "UPDATE outbox SET state = 'pending', last_error = $2 WHERE state = 'sending' AND next_attempt <= $1 AND purpose <> 'reminder'",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(error)
    .execute(conn)
    .await?;
    Ok(given_up + again)
}

/// How many mails are in a state.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct StateRow {
    /// `reminder`, `enrol` or `reset`.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// State.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// How many.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub mails: i64,
}

/// How many mails there are of each purpose and state that the actor may see.
pub async fn by_state(conn: &mut AsyncPgConnection) -> QueryResult<Vec<StateRow>> {
    diesel::sql_query("SELECT purpose, state, count(*) AS mails FROM outbox GROUP BY purpose, state ORDER BY purpose, state")
        .load(conn)
        .await
}

/// Which of these keys have their mail already, as far as the actor may see.
pub async fn known_keys(conn: &mut AsyncPgConnection, keys: &[String]) -> QueryResult<Vec<String>> {
    diesel::sql_query("SELECT dedupe_key AS key FROM outbox WHERE dedupe_key = ANY ($1)")
        .bind::<Array<Text>, _>(keys)
        .load::<KeyRow>(conn)
        .await
        .map(|rows| rows.into_iter().map(|row| row.key).collect())
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    key: String,
}
