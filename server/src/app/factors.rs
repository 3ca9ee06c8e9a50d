//! Setting up a second factor, taking its codes, removing it. A key that is proposed is stored nowhere: it travels sealed in the form that confirms it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use crate::app::sessions::second;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{ManageAccounts, Permit, ReadSelf};
use crate::auth::second_factor::{self, FactorKey, Typed};
use crate::auth::session;
use crate::db::second_factors::NewFactor;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, audit, second_factors, sessions};
use crate::error::AppError;

/// How long a proposed key can be confirmed.
const PROPOSED: TimeDelta = TimeDelta::hours(1);

/// What one's second factor is.
#[derive(Debug, Clone)]
pub struct Own {
    /// Since when.
    pub since: DateTime<Utc>,
    /// How many recovery codes are left.
    pub codes_left: i64,
}

/// One's own second factor, if there is one.
///
/// # Errors
/// The database is away.
pub async fn own(state: &State, permit: &Permit<ReadSelf>) -> Result<Option<Own>, AppError> {
    let account = account_of(permit)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let Some(row) = second_factors::find(conn, account).await? else {
            return Ok(None);
        };
        Ok(Some(Own {
            since: row.made_at,
            codes_left: second_factors::codes_left(conn, row.id).await?,
        }))
    })
    .await
}

/// A key that waits for its first code.
pub struct Proposal {
    /// For the form: nobody else can read or use it.
    pub sealed: String,
    /// To be typed into an app.
    pub text: String,
    /// What the picture says.
    pub address: String,
}

/// Proposes a new key.
///
/// # Errors
/// The database is away.
pub async fn propose(state: &State, permit: &Permit<ReadSelf>) -> Result<Proposal, AppError> {
    let key = FactorKey::new()?;
    let plain = [state.now().timestamp().to_be_bytes().as_slice(), key.bytes()].concat();
    let sealed = state.shared.sealer.seal(&context("proposed", account_of(permit)?), &plain)?;
    proposal(state, permit, URL_SAFE_NO_PAD.encode(sealed), &key).await
}

/// The key that was proposed before, to be shown again.
///
/// # Errors
/// `proposal_expired`; or the database is away.
pub async fn proposed(state: &State, permit: &Permit<ReadSelf>, sealed: &str) -> Result<Proposal, AppError> {
    let key = open_proposal(state, account_of(permit)?, sealed)?;
    proposal(state, permit, sealed.to_owned(), &key).await
}

async fn proposal(state: &State, permit: &Permit<ReadSelf>, sealed: String, key: &FactorKey) -> Result<Proposal, AppError> {
    Ok(Proposal {
        sealed,
        text: key.text(),
        address: key.address(&second::login_of(state, permit).await?),
    })
}

fn open_proposal(state: &State, account: Uuid, sealed: &str) -> Result<FactorKey, AppError> {
    let key = || {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = state.shared.sealer.open(&context("proposed", account), &sealed)?;
        let (time, bytes) = plain.split_first_chunk::<8>()?;
        let at = DateTime::from_timestamp(i64::from_be_bytes(*time), 0)?;
        (at + PROPOSED > state.now()).then(|| FactorKey::of(bytes)).flatten()
    };
    key().ok_or_else(|| {
        AppError::conflict(
            "proposal_expired",
            "設定の画面を開いてから時間がたちました。新しいQRコードを表示しましたので、登録し直してください。",
        )
    })
}

/// Confirms a proposed key by its first code, for who knows the password. Gives the recovery codes, once; ends one's other sessions.
///
/// # Errors
/// `proposal_expired`, `second_factor_exists`, `password_wrong`, `code_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn confirm(
    state: &State,
    permit: &Permit<ReadSelf>,
    token: &SecretString,
    (sealed, given, code): (&str, SecretString, &SecretString),
) -> Result<Vec<SecretString>, AppError> {
    let (actor, account) = (permit.actor(), account_of(permit)?);
    let key = open_proposal(state, account, sealed)?;
    second::require_password(state, permit, given).await?;
    let now = state.now();
    let step = match Typed::read(code.expose_secret()) {
        Typed::Code(code) => key.step_of(&code, now),
        Typed::Recovery(_) | Typed::Nothing => None,
    };
    let last_step = step.ok_or_else(|| {
        AppError::invalid(
            "code_wrong",
            "コードが違います。認証アプリに今表示されている6桁のコードを入力してください。繰り返す場合は、アプリの端末の時刻が合っているか確かめてください。",
        )
    })?;
    let (id, own) = (Uuid::now_v7(), session::hash(token.expose_secret()));
    let sealed_key = state.shared.sealer.seal(&context("kept", account), key.bytes())?;
    let codes = second_factor::new_recovery_codes()?;
    let hashes: Vec<[u8; 32]> = codes.iter().filter_map(|code| hash_of(id, code)).collect();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let new = NewFactor {
            id,
            account_id: account,
            sealed_key: &sealed_key,
            last_step,
            made_at: now,
        };
        if !second_factors::insert(conn, &new).await? {
            return Err(AppError::conflict(
                "second_factor_exists",
                "2要素認証は既に設定されています。登録し直すときは、先に今の設定を解除してください。",
            ));
        }
        second_factors::insert_codes(conn, id, account, &hashes).await?;
        let ended = sessions::end_others(conn, account, &own, now).await?;
        note(conn, actor, now, "set_second_factor", json!({"ended": ended})).await
    })
    .await?;
    Ok(codes)
}

/// What a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// One of the app.
    Code,
    /// A recovery code, used up now.
    Recovery,
    /// None that is taken.
    Nothing,
}

/// Takes a code of the actor's second factor, each once. Who asks this slows guessing down (`sessions::throttle`).
///
/// # Errors
/// The database is away.
pub(crate) async fn take(state: &State, actor: &Actor, code: &SecretString) -> Result<Taken, AppError> {
    let Some(account) = actor.account() else {
        return Ok(Taken::Nothing);
    };
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let Some(row) = second_factors::find(conn, account).await? else {
            return Ok(Taken::Nothing);
        };
        match Typed::read(code.expose_secret()) {
            Typed::Code(code) => {
                let opened = row
                    .sealed_key
                    .and_then(|sealed| state.shared.sealer.open(&context("kept", account), &sealed));
                let key = opened
                    .and_then(|bytes| FactorKey::of(&bytes))
                    .ok_or_else(|| AppError::internal("the key of a second factor cannot be opened; was the token secret replaced?"))?;
                let Some(step) = key.step_of(&code, now) else {
                    return Ok(Taken::Nothing);
                };
                let is_new = second_factors::take_step(conn, row.id, step).await?;
                Ok(if is_new { Taken::Code } else { Taken::Nothing })
            }
            Typed::Recovery(code) => {
                let hash = second_factor::recovery_hash(row.id, &code);
                if !second_factors::use_code(conn, row.id, &hash, now).await? {
                    return Ok(Taken::Nothing);
                }
                note(conn, actor, now, "use_recovery_code", json!({})).await?;
                Ok(Taken::Recovery)
            }
            Typed::Nothing => Ok(Taken::Nothing),
        }
    })
    .await
}

/// Removes one's own second factor, for who has both password and code.
///
/// # Errors
/// `second_factor_none`, `password_wrong`, `code_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn remove(state: &State, permit: &Permit<ReadSelf>, given: SecretString, code: &SecretString) -> Result<(), AppError> {
    let (actor, account) = (permit.actor(), account_of(permit)?);
    second::require_password(state, permit, given).await?;
    second::require_code(state, permit, code).await?;
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        if !second_factors::remove(conn, account, now).await? {
            return Err(none_set());
        }
        note(conn, actor, now, "remove_second_factor", json!({})).await
    })
    .await
}

/// Takes the second factor from an account whose owner has lost app and recovery codes, and ends its sessions.
///
/// # Errors
/// `login_unknown`, `second_factor_none`; or the database is away.
pub async fn clear(state: &State, permit: &Permit<ManageAccounts>, login: &str) -> Result<(), AppError> {
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let account = accounts::id_of_login(conn, &login.trim().to_lowercase())
            .await?
            .ok_or_else(|| AppError::not_found("login_unknown", "このログインIDのアカウントはありません。"))?;
        if !second_factors::remove(conn, account, now).await? {
            return Err(none_set());
        }
        let ended = sessions::end_others(conn, account, b"", now).await?;
        note(conn, actor, now, "clear_second_factor", json!({"account": account, "ended": ended})).await
    })
    .await
}

fn none_set() -> AppError {
    AppError::conflict("second_factor_none", "このアカウントには2要素認証が設定されていません。")
}

async fn note(
    conn: &mut diesel_async::AsyncPgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    action: &'static str,
    details: serde_json::Value,
) -> Result<(), AppError> {
    let entry = audit::Entry {
        action,
        details,
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

fn account_of(permit: &Permit<ReadSelf>) -> Result<Uuid, AppError> {
    let account = permit.actor().account();
    account.ok_or_else(|| AppError::internal("the system has no second factor"))
}

/// A sealed key opens for its own account and its own purpose only.
fn context(purpose: &str, account: Uuid) -> Vec<u8> {
    [purpose.as_bytes(), account.as_bytes()].concat()
}

fn hash_of(factor: Uuid, code: &SecretString) -> Option<[u8; 32]> {
    match Typed::read(code.expose_secret()) {
        Typed::Recovery(code) => Some(second_factor::recovery_hash(factor, &code)),
        Typed::Code(_) | Typed::Nothing => None,
    }
}
