//! Signing in and out, tokens for API clients, and who a bearer is.

pub mod living;
pub mod second;
pub mod throttle;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use survey::area::Area;

use crate::app::factors::{self, Taken};
use crate::app::state::State;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadSelf};
use crate::auth::{password, session, token};
use crate::db::accounts::SignInRow;
use crate::db::pool::ask;
use crate::db::sessions::{self as rows, NewSession, SessionRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, audit, hospitals, second_factors};
use crate::error::AppError;
use throttle::Attempt;

/// Longest name of a browser that is kept.
const LONGEST_AGENT: usize = 200;

/// By which way somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// By pages: the session ends when it is not used for a while.
    Page,
    /// By the API.
    #[default]
    Api,
}

/// Who asks to be let in, as far as that is seen before anything is known.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// By which way.
    pub way: Way,
    /// Network address.
    pub origin: Option<IpAddr>,
    /// What the browser or program calls itself.
    pub agent: String,
    /// The word of a device that signed in before, as the browser kept it.
    pub device: Option<String>,
}

/// What there is of a second factor when a password comes.
#[derive(Debug, Clone)]
pub enum Second {
    /// It is asked for in a second step.
    Later,
    /// All that there is comes with the password.
    Given(Option<SecretString>),
}

/// How far one has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Signed in.
    Whole,
    /// The second factor is still to come; the token is good for nothing else.
    Pending,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Whole => "whole",
            Stage::Pending => "pending",
        }
    }
}

/// A session that has just begun.
pub struct Begun {
    /// Shown once.
    pub token: SecretString,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// How far one has come.
    pub stage: Stage,
    /// The word by which the device is known from now on.
    pub device: String,
}

/// Signs in by password, and by the second factor where there is one. Unknown login and wrong password take the same time and give the same answer.
///
/// # Errors
/// `login_failed`; `second_factor_needed` where a code should have come with the password; `too_many_sign_ins`; or the database is away.
pub async fn sign_in(state: &State, login: &str, given: SecretString, second: Second, asking: &Asking) -> Result<Begun, AppError> {
    let attempt = Attempt::of(state, login, asking);
    let row = ask(&state.pool, async |conn| accounts::for_login(conn, login.trim()).await).await?;
    let expected = row.as_ref().map(|row| row.secret_hash.clone());
    let turn = password::take_turn().await?;
    attempt.admit(state).await?;
    let fits = password::verify_in(&turn, given, expected).await?;
    let (true, Some(row)) = (fits, row) else {
        attempt.note(state).await?;
        return Err(login_failed());
    };
    drop(turn);
    let actor = actor_of(&row)?.asking_from(asking.origin);
    let factor = as_actor(&state.pool, &actor, Mode::Snapshot, async |conn| {
        Ok(second_factors::find(conn, row.id).await?)
    })
    .await?;
    match (factor, second) {
        (None, _) => {}
        (Some(_), Second::Later) => return begin(state, &actor, Stage::Pending, login, asking).await,
        (Some(_), Second::Given(None)) => {
            return Err(AppError::unauthenticated(
                "second_factor_needed",
                "2要素認証を設定したアカウントです。認証アプリの6桁のコード（または回復コード）も付けてください。",
            ));
        }
        (Some(_), Second::Given(Some(code))) => {
            if factors::take(state, &actor, &code).await? == Taken::Nothing {
                attempt.note(state).await?;
                return Err(login_failed());
            }
        }
    }
    attempt.forget(state).await?;
    begin(state, &actor, Stage::Whole, login, asking).await
}

fn login_failed() -> AppError {
    AppError::unauthenticated("login_failed", "ログインIDまたはパスワードが違います。入力し直してください。")
}

/// Begins a session of an account that has proven itself as far as the stage says.
async fn begin(state: &State, actor: &Actor, stage: Stage, login: &str, asking: &Asking) -> Result<Begun, AppError> {
    let account = actor.account().ok_or_else(|| AppError::internal("the system has no sessions"))?;
    let now = state.now();
    let expires_at = now
        + match stage {
            Stage::Whole => session::LIFE,
            Stage::Pending => session::PENDING_LIFE,
        };
    let (token, hash) = session::new_token()?;
    let agent: String = asking.agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let new = NewSession {
            token_hash: &hash,
            account_id: account,
            created_at: now,
            expires_at,
            stage: stage.name(),
            way: match asking.way {
                Way::Page => "page",
                Way::Api => "api",
            },
            last_seen: now,
            agent: &agent,
        };
        rows::insert(conn, &new).await?;
        if stage == Stage::Whole {
            let entry = audit::Entry {
                action: "sign_in",
                ..audit::Entry::default()
            };
            audit::insert(conn, actor, now, entry).await?;
        }
        Ok(())
    })
    .await?;
    Ok(Begun {
        token,
        expires_at,
        stage,
        device: state.shared.devices.word(login, now),
    })
}

/// Ends the session of a bearer. A JWT ends by itself.
///
/// # Errors
/// The database is away.
pub async fn sign_out(state: &State, permit: &Permit<ReadSelf>, bearer: &str) -> Result<(), AppError> {
    let now = state.now();
    as_actor(&state.pool, permit.actor(), Mode::Write, async |conn| {
        if rows::end(conn, &session::hash(bearer), now).await? {
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

/// A bearer that is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who it is.
    pub actor: Actor,
    /// Whether the account still has to be given a second factor before pages show it anything.
    pub owes_factor: bool,
}

/// Who a bearer is. A token of a client or account that was disabled meanwhile is refused at once.
///
/// # Errors
/// `token_invalid`, or the database is away.
pub async fn authenticate(state: &State, bearer: &SecretString) -> Result<Actor, AppError> {
    Ok(recognise(state, bearer).await?.actor)
}

/// The same, with what pages ask beyond it.
///
/// # Errors
/// As [`authenticate`].
pub async fn recognise(state: &State, bearer: &SecretString) -> Result<Known, AppError> {
    let bearer = bearer.expose_secret();
    let (row, has_factor) = if session::is_session(bearer) {
        let row = used(state, bearer).await?.ok_or_else(token_invalid)?;
        (row.account, row.has_factor)
    } else if let Some(client) = state.shared.tokens.client_of(bearer) {
        let row = ask(&state.pool, async |conn| accounts::for_client(conn, &client).await).await?;
        (row.ok_or_else(token_invalid)?, false)
    } else {
        return Err(token_invalid());
    };
    let actor = actor_of(&row)?;
    Ok(Known {
        owes_factor: !has_factor && state.shared.second_factor.asks(actor.role()),
        actor,
    })
}

/// The session of a token that is alive; notes that it is used.
async fn used(state: &State, bearer: &str) -> Result<Option<SessionRow>, AppError> {
    let (hash, now) = (session::hash(bearer), state.now());
    let idle_since = now - session::IDLE;
    let Some(row) = ask(&state.pool, async |conn| {
        rows::find(conn, &hash, now, idle_since, Stage::Whole.name()).await
    })
    .await?
    else {
        return Ok(None);
    };
    let unless_since = now - session::NOTED;
    if row.last_seen <= unless_since {
        let actor = actor_of(&row.account)?;
        as_actor(&state.pool, &actor, Mode::Write, async |conn| {
            Ok(rows::touch(conn, &hash, now, unless_since).await?)
        })
        .await?;
    }
    Ok(Some(row))
}

fn token_invalid() -> AppError {
    AppError::unauthenticated(
        "token_invalid",
        "ログインの有効期限が切れているか、トークンが正しくありません。もう一度ログインしてください。",
    )
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
