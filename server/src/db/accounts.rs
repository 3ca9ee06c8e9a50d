//! Accounts and API clients. The look-ups by login and client run before there is an actor, through SECURITY DEFINER functions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, SmallInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::prepared::Prepared;
use crate::db::schema::{account, api_client};

/// An account as signing in needs it.
#[derive(Debug, QueryableByName)]
pub struct SignInRow {
    /// The account.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    /// PHC hash of the password or of the client's secret; empty for a session.
    #[diesel(sql_type = Text)]
    pub secret_hash: String,
    /// Role name.
    #[diesel(sql_type = Text)]
    pub role: String,
    /// For role hospital.
    #[diesel(sql_type = Nullable<diesel::sql_types::Uuid>)]
    pub hospital_id: Option<Uuid>,
    /// For role prefecture.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub prefecture: Option<i16>,
    /// For role municipality.
    #[diesel(sql_type = Nullable<Text>)]
    pub municipality: Option<String>,
}

/// The account of a login that may sign in.
pub async fn for_login(conn: &mut AsyncPgConnection, login: &str) -> QueryResult<Option<SignInRow>> {
    diesel::sql_query("SELECT * FROM account_for_login($1)")
        .bind::<Text, _>(login)
        .get_result(conn)
        .await
        .optional()
}

/// The account that an API client acts as.
pub async fn for_client(conn: &mut AsyncPgConnection, client: &str) -> QueryResult<Option<SignInRow>> {
    let query = diesel::sql_query("SELECT * FROM account_for_client($1)").bind::<Text, _>(client);
    Prepared(query).get_result(conn).await.optional()
}

/// A new account.
#[derive(Debug, Insertable)]
#[diesel(table_name = account)]
pub struct NewAccount<'a> {
    /// Made by the caller.
    pub id: Uuid,
    /// Lower case.
    pub login: &'a str,
    /// PHC form.
    pub password_hash: &'a str,
    /// Role name.
    pub role: &'a str,
    /// For role hospital.
    pub hospital_id: Option<Uuid>,
    /// For role prefecture.
    pub prefecture: Option<i16>,
    /// For role municipality.
    pub municipality: Option<&'a str>,
}

/// Adds an account; `false` when the login is taken.
pub async fn insert(conn: &mut AsyncPgConnection, new: &NewAccount<'_>) -> QueryResult<bool> {
    let inserted = diesel::insert_into(account::table)
        .values(new)
        .on_conflict(account::login)
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Whether a hospital has an account that may sign in or is to be enrolled.
pub async fn has_hospital(conn: &mut AsyncPgConnection, hospital: Uuid) -> QueryResult<bool> {
    let accounts = account::table
        .filter(account::hospital_id.eq(hospital))
        .filter(account::disabled_at.is_null());
    diesel::select(diesel::dsl::exists(accounts.select(account::id)))
        .get_result(conn)
        .await
}

/// The id of a login.
pub async fn id_of_login(conn: &mut AsyncPgConnection, login: &str) -> QueryResult<Option<Uuid>> {
    account::table
        .filter(account::login.eq(login))
        .select(account::id)
        .first(conn)
        .await
        .optional()
}

/// The login of an account that the actor may see.
pub async fn login_of(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<String>> {
    account::table.find(id).select(account::login).first(conn).await.optional()
}

/// The logins of accounts, as far as the actor may see them.
pub async fn logins(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(Uuid, String)>> {
    account::table
        .filter(account::id.eq_any(ids))
        .select((account::id, account::login))
        .load(conn)
        .await
}

/// Gives the actor's own account another password.
pub async fn change_password(conn: &mut AsyncPgConnection, id: Uuid, password_hash: &str) -> QueryResult<bool> {
    let changed = diesel::update(account::table.filter(account::id.eq(id)))
        .set(account::password_hash.eq(password_hash))
        .execute(conn)
        .await?;
    Ok(changed == 1)
}

/// Adds an API client; `false` when the id is taken.
pub async fn insert_client(conn: &mut AsyncPgConnection, id: &str, account_id: Uuid, secret_hash: &str) -> QueryResult<bool> {
    let inserted = diesel::insert_into(api_client::table)
        .values((
            api_client::id.eq(id),
            api_client::account_id.eq(account_id),
            api_client::secret_hash.eq(secret_hash),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Whether an account may no longer be used, or is not to be seen.
pub async fn is_disabled(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let disabled: Option<Option<DateTime<Utc>>> = account::table.find(id).select(account::disabled_at).first(conn).await.optional()?;
    Ok(disabled.is_none_or(|disabled| disabled.is_some()))
}
