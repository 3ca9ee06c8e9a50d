//! Signing in and out, tokens for API clients, and who a bearer is.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use survey::area::Area;

use crate::app::state::State;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadSelf};
use crate::auth::{password, session, token};
use crate::db::accounts::SignInRow;
use crate::db::pool::ask;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, audit, hospitals};
use crate::error::AppError;

/// A session that has just begun.
pub struct NewSession {
    /// Shown once.
    pub token: SecretString,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// Signs in by password. Unknown login and wrong password take the same time and give the same answer.
///
/// # Errors
/// `login_failed`, or the database is away.
pub async fn sign_in(state: &State, login: &str, given: SecretString) -> Result<NewSession, AppError> {
    let row = ask(&state.pool, async |conn| accounts::for_login(conn, login).await).await?;
    let expected = row.as_ref().map(|row| row.secret_hash.clone());
    let fits = password::verify(given, expected).await?;
    let (true, Some(row)) = (fits, row) else {
        return Err(AppError::unauthenticated(
            "login_failed",
            "ログインIDまたはパスワードが違います。入力し直してください。",
        ));
    };
    let actor = actor_of(&row)?;
    let now = state.now();
    let expires_at = now + session::LIFE;
    let (token, hash) = session::new_token()?;
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        accounts::insert_session(conn, &hash, row.id, now, expires_at).await?;
        audit::insert(
            conn,
            &actor,
            now,
            audit::Entry {
                action: "sign_in",
                ..audit::Entry::default()
            },
        )
        .await?;
        Ok(())
    })
    .await?;
    Ok(NewSession { token, expires_at })
}

/// Ends the session of a bearer. A JWT ends by itself.
///
/// # Errors
/// The database is away.
pub async fn sign_out(state: &State, permit: &Permit<ReadSelf>, bearer: &str) -> Result<(), AppError> {
    let now = state.now();
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        if accounts::end_session(conn, &session::hash(bearer), now).await? {
            audit::insert(
                conn,
                permit.actor(),
                now,
                audit::Entry {
                    action: "sign_out",
                    ..audit::Entry::default()
                },
            )
            .await?;
        }
        Ok(())
    })
    .await
}

/// A token for an API client; lives [`token::LIFE`] seconds.
///
/// # Errors
/// `login_failed`, or the database is away.
pub async fn issue_token(state: &State, client: &str, secret: SecretString) -> Result<String, AppError> {
    let row = ask(&state.pool, async |conn| accounts::for_client(conn, client).await).await?;
    let expected = row.as_ref().map(|row| row.secret_hash.clone());
    let fits = password::verify(secret, expected).await?;
    let (true, Some(row)) = (fits, row) else {
        return Err(AppError::unauthenticated(
            "login_failed",
            "クライアントIDまたはシークレットが違います。確認してください。",
        ));
    };
    let actor = actor_of(&row)?;
    let now = state.now();
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        let entry = audit::Entry {
            action: "issue_token",
            details: json!({"client": client}),
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, &actor, now, entry).await?)
    })
    .await?;
    state.shared.tokens.issue(client)
}

/// Who a bearer is. A token of a client or account that was disabled meanwhile is refused at once.
///
/// # Errors
/// `token_invalid`, or the database is away.
pub async fn authenticate(state: &State, bearer: &SecretString) -> Result<Actor, AppError> {
    let bearer = bearer.expose_secret();
    let row = if session::is_session(bearer) {
        let (hash, now) = (session::hash(bearer), state.now());
        ask(&state.pool, async |conn| accounts::for_session(conn, &hash, now).await).await?
    } else if let Some(client) = state.shared.tokens.client_of(bearer) {
        ask(&state.pool, async |conn| accounts::for_client(conn, &client).await).await?
    } else {
        None
    };
    let row = row.ok_or_else(|| {
        AppError::unauthenticated(
            "token_invalid",
            "ログインの有効期限が切れているか、トークンが正しくありません。もう一度ログインしてください。",
        )
    })?;
    actor_of(&row)
}

/// Who somebody is, as a page's head says it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// As typed when signing in.
    pub login: String,
    /// Name of the hospital, the area or the office.
    pub speaks_for: String,
}

/// Says who one is.
///
/// # Errors
/// The database is away.
pub async fn identity(state: &State, permit: &Permit<ReadSelf>) -> Result<Identity, AppError> {
    let actor = permit.actor();
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let login = match actor.account() {
            Some(account) => accounts::login_of(conn, account).await?,
            None => None,
        };
        let speaks_for = match actor.role() {
            Role::Hospital(id) => hospitals::name_of(conn, *id).await?.unwrap_or_default(),
            Role::Municipality(code) => Area::Municipality(code.clone()).name(),
            Role::Prefecture(code) => code.name().to_owned(),
            Role::MinistryAnalyst => "厚生労働省（集計担当）".to_owned(),
            Role::MinistryAdministrator => "厚生労働省（調査担当）".to_owned(),
            Role::Operator => "運用担当".to_owned(),
            Role::System => "システム".to_owned(),
        };
        Ok(Identity {
            login: login.unwrap_or_default(),
            speaks_for,
        })
    })
    .await
}

/// How long an API client's token lives, in seconds.
pub fn token_life() -> i64 {
    token::LIFE
}

fn actor_of(row: &SignInRow) -> Result<Actor, AppError> {
    let role = Role::of_parts(&row.role, row.hospital_id, row.prefecture, row.municipality.as_deref()).filter(|role| *role != Role::System);
    let role = role.ok_or_else(|| AppError::internal(format!("account {} has no role with its hospital or area", row.id)))?;
    Ok(Actor::of_account(row.id, role))
}
