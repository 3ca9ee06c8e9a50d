//! Enrolments: links that set a password once. Only the hash of a token is stored, and no query reads it back.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Date, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::schema::enrolment;

/// A link that is to be sent.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = enrolment)]
pub struct NewEnrolment<'a> {
    /// UUID version 7: the newest of its kind is the one that works.
    pub id: Uuid,
    /// `enrol` or `reset`.
    pub purpose: &'static str,
    /// Whose password.
    pub subject_id: Uuid,
    /// The hospital that the account speaks for.
    pub hospital_id: Option<Uuid>,
    /// Its prefecture.
    pub prefecture: Option<i16>,
    /// Its municipality.
    pub municipality: &'a str,
    /// Where the link goes.
    pub email: &'a str,
    /// Role of who makes it.
    pub actor: &'static str,
    /// Account of who makes it.
    pub account_id: Option<Uuid>,
    /// By the server's clock.
    pub made_at: DateTime<Utc>,
}

/// Adds one.
pub async fn insert(conn: &mut AsyncPgConnection, new: &NewEnrolment<'_>) -> QueryResult<()> {
    diesel::insert_into(enrolment::table).values(new).execute(conn).await.map(drop)
}

/// Gives an enrolment the token of the mail that goes out now; an earlier mail's token opens nothing any more.
pub async fn set_token(conn: &mut AsyncPgConnection, id: Uuid, token_hash: &[u8], expires_at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(enrolment::table)
        .filter(enrolment::id.eq(id))
        .filter(enrolment::used_at.is_null())
        .set((enrolment::token_hash.eq(token_hash), enrolment::expires_at.eq(expires_at)))
        .execute(conn)
        .await
        .map(drop)
}

#[derive(QueryableByName)]
struct AliveRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
}

/// Whether a token opens something; works before sign-in.
pub async fn is_alive(conn: &mut AsyncPgConnection, token_hash: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
    let row: AliveRow = diesel::sql_query("SELECT enrolment_alive($1, $2) AS id")
        .bind::<Bytea, _>(token_hash)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)
        .await?;
    Ok(row.id.is_some())
}

/// Whose password was set.
#[derive(Debug, Clone, QueryableByName)]
pub struct RedeemedRow {
    /// The account.
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: Uuid,
    /// Its login.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// `enrol` or `reset`.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// Its hospital.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub hospital_id: Option<Uuid>,
    /// The hospital's prefecture.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub prefecture: Option<i16>,
}

/// Sets a password by a token, uses the token up and ends the account's sessions; `None` if it opens nothing.
pub async fn redeem(
    conn: &mut AsyncPgConnection,
    token_hash: &[u8],
    password_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<RedeemedRow>> {
    diesel::sql_query("SELECT * FROM redeem_enrolment($1, $2, $3)")
        .bind::<Bytea, _>(token_hash)
        .bind::<Text, _>(password_hash)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)
        .await
        .optional()
}

/// A hospital that an account can be made for.
#[derive(Debug, Clone, QueryableByName)]
pub struct InvitedRow {
    /// Internal id.
    #[diesel(sql_type = SqlUuid)]
    pub hospital_id: Uuid,
    /// Its G-MIS ID of today.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// JIS X 0401.
    #[diesel(sql_type = SmallInt)]
    pub prefecture: i16,
    /// Five digits or empty.
    #[diesel(sql_type = Text)]
    pub municipality: String,
}

/// The open hospitals of these G-MIS IDs that the actor may see.
pub async fn hospitals(conn: &mut AsyncPgConnection, gmis_ids: &[String], today: NaiveDate) -> QueryResult<Vec<InvitedRow>> {
    diesel::sql_query(
        "SELECT h.id AS hospital_id, a.value AS gmis_id, h.name, h.prefecture, h.municipality FROM alias a JOIN hospital h ON h.id = a.hospital_id \
         WHERE a.kind = 'gmis_id' AND a.valid_to IS NULL AND a.value = ANY ($1) AND (h.closed_on IS NULL OR h.closed_on > $2)",
    )
    .bind::<Array<Text>, _>(gmis_ids)
    .bind::<Date, _>(today)
    .load(conn)
    .await
}

/// Makes the account of a hospital, without a password; `false` when the hospital or the login has one.
pub async fn insert_account(conn: &mut AsyncPgConnection, id: Uuid, login: &str, hospital: Uuid) -> QueryResult<bool> {
    let made = diesel::sql_query(
        "INSERT INTO account (id, login, password_hash, role, hospital_id) VALUES ($1, $2, '!', 'hospital', $3) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(login)
    .bind::<SqlUuid, _>(hospital)
    .execute(conn)
    .await?;
    Ok(made == 1)
}

/// The newest invitation of a hospital.
#[derive(Debug, Clone, QueryableByName)]
pub struct NewestRow {
    /// The account.
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: Uuid,
    /// Where it went; `None` once erased.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// Whether the account still has no password.
    #[diesel(sql_type = Bool)]
    pub awaits: bool,
    /// Whether its mail came back or was given up, or its link is past its day.
    #[diesel(sql_type = Bool)]
    pub dead: bool,
}

/// The newest invitation of a hospital, if there was one.
pub async fn newest(conn: &mut AsyncPgConnection, hospital: Uuid, now: DateTime<Utc>) -> QueryResult<Option<NewestRow>> {
    diesel::sql_query(
        "SELECT e.subject_id, e.email, account_awaits_enrolment(e.subject_id, e.hospital_id) AS awaits, \
         coalesce(e.expires_at <= $2, false) OR EXISTS (SELECT FROM outbox o WHERE o.enrolment_id = e.id AND o.state IN ('undeliverable', 'failed')) AS dead \
         FROM enrolment e WHERE e.hospital_id = $1 AND e.purpose = 'enrol' ORDER BY e.id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(hospital)
    .bind::<Timestamptz, _>(now)
    .get_result(conn)
    .await
    .optional()
}

/// Who may be sent a link for a lost password.
#[derive(Debug, Clone, QueryableByName)]
pub struct RecoverableRow {
    /// The account.
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: Uuid,
    /// Its hospital.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub hospital_id: Option<Uuid>,
    /// The hospital's prefecture.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub prefecture: Option<i16>,
    /// The hospital's municipality.
    #[diesel(sql_type = Text)]
    pub municipality: String,
    /// The address that a used link has proven.
    #[diesel(sql_type = Text)]
    pub email: String,
}

/// The account of a login, if a link has been used by it and none for a lost password was asked for since `since`.
pub async fn recoverable(conn: &mut AsyncPgConnection, login: &str, since: DateTime<Utc>) -> QueryResult<Option<RecoverableRow>> {
    diesel::sql_query(
        "SELECT e.subject_id, e.hospital_id, e.prefecture, e.municipality, e.email FROM enrolment e JOIN account a ON a.id = e.subject_id \
         WHERE a.login = lower($1) AND a.disabled_at IS NULL AND e.purpose = 'enrol' AND e.used_at IS NOT NULL \
         AND NOT EXISTS (SELECT FROM enrolment r WHERE r.subject_id = a.id AND r.purpose = 'reset' AND r.made_at > $2) ORDER BY e.id DESC LIMIT 1",
    )
    .bind::<Text, _>(login)
    .bind::<Timestamptz, _>(since)
    .get_result(conn)
    .await
    .optional()
}

/// An invitation and what became of it.
#[derive(Debug, Clone, QueryableByName)]
pub struct EnrolmentRow {
    /// The enrolment.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// G-MIS ID of today, or empty.
    #[diesel(sql_type = Text)]
    pub gmis_id: String,
    /// Name of the hospital.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Address; `None` once erased.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// `waiting`, `sent`, `enrolled`, `expired`, `undeliverable` or `failed`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub made_at: DateTime<Utc>,
    /// When the link ends.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub used_at: Option<DateTime<Utc>>,
    /// What the mail server said of the address last.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
}

/// The newest invitation of each hospital that the actor may see, newest first, older than `before`. An address that any mail came back from is
/// undeliverable, whether its link was used or not.
pub async fn page(
    conn: &mut AsyncPgConnection,
    state: Option<&str>,
    before: Option<Uuid>,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<EnrolmentRow>> {
    diesel::sql_query(
        "SELECT * FROM (SELECT e.id, coalesce(a.value, '') AS gmis_id, h.name, e.email, e.made_at, e.expires_at, e.used_at, \
         CASE WHEN refused.last_error IS NOT NULL OR o.state = 'undeliverable' THEN 'undeliverable' WHEN e.used_at IS NOT NULL THEN 'enrolled' WHEN e.expires_at <= $3 THEN 'expired' \
         WHEN o.state = 'sent' THEN 'sent' WHEN o.state = 'failed' THEN 'failed' ELSE 'waiting' END AS state, coalesce(refused.last_error, o.last_error) AS error \
         FROM enrolment e JOIN hospital h ON h.id = e.hospital_id JOIN outbox o ON o.enrolment_id = e.id \
         LEFT JOIN alias a ON a.hospital_id = e.hospital_id AND a.kind = 'gmis_id' AND a.valid_to IS NULL \
         LEFT JOIN LATERAL (SELECT coalesce(x.last_error, '') AS last_error FROM outbox x WHERE x.hospital_id = e.hospital_id AND x.recipient = e.email \
         AND x.state = 'undeliverable' ORDER BY x.id DESC LIMIT 1) refused ON true \
         WHERE e.purpose = 'enrol' AND NOT EXISTS (SELECT FROM enrolment n WHERE n.hospital_id = e.hospital_id AND n.purpose = 'enrol' AND n.id > e.id)) shown \
         WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $4",
    )
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
