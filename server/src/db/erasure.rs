//! Erasing what is past its day, by the one function of the database that may. Decides nothing: the days stand on the rows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// How much was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct ErasedRow {
    /// Respondents: names and contacts.
    #[diesel(sql_type = BigInt)]
    pub respondents: i64,
    /// Imports whose file and quotations went.
    #[diesel(sql_type = BigInt)]
    pub imports: i64,
    /// Files.
    #[diesel(sql_type = BigInt)]
    pub files: i64,
    /// Answers remembered under an Idempotency-Key.
    #[diesel(sql_type = BigInt)]
    pub remembered: i64,
    /// Drafts.
    #[diesel(sql_type = BigInt)]
    pub drafts: i64,
    /// Steps of submissions whose comments or reason went.
    #[diesel(sql_type = BigInt)]
    pub comments: i64,
    /// Enrolments whose address went.
    #[diesel(sql_type = BigInt)]
    pub addresses: i64,
    /// Mails whose words went, and their address unless it was refused and somebody might write there again.
    #[diesel(sql_type = BigInt)]
    pub mails: i64,
}

/// Erases what is to be erased before `today`; refused by the database to anybody but the system.
pub async fn erase(conn: &mut AsyncPgConnection, today: NaiveDate, moment: DateTime<Utc>) -> QueryResult<ErasedRow> {
    diesel::sql_query("SELECT respondents, imports, files, remembered, drafts, comments, addresses, mails FROM erase_personal_data($1, $2)")
        .bind::<Date, _>(today)
        .bind::<Timestamptz, _>(moment)
        .get_result(conn)
        .await
}
