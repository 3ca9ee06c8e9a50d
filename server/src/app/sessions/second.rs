//! The second step of a sign-in on a page, and what asks for a password again before it changes how one signs in.

use secrecy::{ExposeSecret, SecretString};

use crate::app::factors::{self, Taken};
use crate::app::sessions::throttle::Attempt;
use crate::app::sessions::{Asking, Begun, Stage, actor_of, begin};
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadSelf};
use crate::auth::{password, session};
use crate::db::pool::ask;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, sessions as rows};
use crate::error::AppError;

/// Signs in with the token of the first step and a code. The session that it begins has another token.
///
/// # Errors
/// `sign_in_expired`, `code_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn finish(state: &State, pending: &SecretString, code: &SecretString, asking: &Asking) -> Result<Begun, AppError> {
    let (hash, now) = (session::hash(pending.expose_secret()), state.now());
    let row = ask(&state.pool, async |conn| {
        rows::find(conn, &hash, now, now - session::IDLE, Stage::Pending.name()).await
    })
    .await?
    .ok_or_else(expired)?;
    let actor = actor_of(&row.account)?.asking_from(asking.origin);
    let login = as_actor(&state.pool, &actor, Mode::Snapshot, async |conn| {
        Ok(accounts::login_of(conn, row.account.id).await?)
    })
    .await?
    .ok_or_else(expired)?;
    let attempt = Attempt::of(state, &login, asking);
    // Codes are tried in turns too: no more at the same time than there are turns.
    let turn = password::take_turn().await?;
    attempt.admit(state).await?;
    let taken = factors::take(state, &actor, code).await?;
    if taken == Taken::Nothing {
        attempt.note(state).await?;
        return Err(code_wrong());
    }
    drop(turn);
    let was_alive = as_actor(
        &state.pool,
        &actor,
        Mode::Write,
        async |conn| Ok(rows::end(conn, &hash, now).await?),
    )
    .await?;
    if !was_alive {
        return Err(expired());
    }
    attempt.forget(state).await?;
    begin(state, &actor, Stage::Whole, &login, asking).await
}

fn expired() -> AppError {
    AppError::unauthenticated(
        "sign_in_expired",
        "ログインの手続きの時間が過ぎました。もう一度、ログインIDとパスワードから入力してください。",
    )
}

fn code_wrong() -> AppError {
    AppError::invalid(
        "code_wrong",
        "コードが違います。認証アプリに今表示されている6桁のコード（または未使用の回復コード）を入力してください。一度使ったコードは使えません。",
    )
}

/// Asks for the own password again, with the same waits as signing in.
///
/// # Errors
/// `password_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn require_password(state: &State, permit: &Permit<ReadSelf>, given: SecretString) -> Result<(), AppError> {
    let login = login_of(state, permit).await?;
    let attempt = attempt_of(state, permit, &login);
    let row = ask(&state.pool, async |conn| accounts::for_login(conn, &login).await).await?;
    let turn = password::take_turn().await?;
    attempt.admit(state).await?;
    if password::verify_in(&turn, given, row.map(|row| row.secret_hash)).await? {
        return Ok(());
    }
    attempt.note(state).await?;
    Err(AppError::invalid(
        "password_wrong",
        "現在のパスワードが違います。入力し直してください。",
    ))
}

/// Asks for a code of the own second factor, with the same waits as signing in.
///
/// # Errors
/// `code_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn require_code(state: &State, permit: &Permit<ReadSelf>, code: &SecretString) -> Result<(), AppError> {
    let login = login_of(state, permit).await?;
    let attempt = attempt_of(state, permit, &login);
    let turn = password::take_turn().await?;
    attempt.admit(state).await?;
    if factors::take(state, permit.actor(), code).await? != Taken::Nothing {
        return Ok(());
    }
    attempt.note(state).await?;
    drop(turn);
    Err(code_wrong())
}

/// The login of whoever holds a permit.
///
/// # Errors
/// The database is away.
pub(crate) async fn login_of(state: &State, permit: &Permit<ReadSelf>) -> Result<String, AppError> {
    let account = permit
        .actor()
        .account()
        .ok_or_else(|| AppError::internal("the system has no login"))?;
    let login = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(accounts::login_of(conn, account).await?)
    })
    .await?;
    login.ok_or_else(|| AppError::internal("an account does not see itself"))
}

/// Whoever is signed in is tried apart from strangers, by the account and not by the place.
fn attempt_of(state: &State, permit: &Permit<ReadSelf>, login: &str) -> Attempt {
    let asking = Asking {
        origin: permit.actor().origin(),
        ..Asking::default()
    };
    Attempt::of(state, login, &asking)
}
