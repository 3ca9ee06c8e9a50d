//! Changing one's own password. Setting one by a link is `app::enrolments`; the rule of passwords is `app::accounts`.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::app::accounts::require_strong;
use crate::app::sessions::second;
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadSelf};
use crate::auth::{password, session};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{accounts, audit, sessions};
use crate::error::AppError;

/// Changes one's own password for who knows it, and ends every session but the one that asks: whoever knew the old one is out.
///
/// # Errors
/// Those of the password's rule, `password_wrong`, `too_many_sign_ins`; or the database is away.
pub async fn change(
    state: &State,
    permit: &Permit<ReadSelf>,
    token: &SecretString,
    current: SecretString,
    new: SecretString,
) -> Result<(), AppError> {
    let actor = permit.actor();
    let account = actor.account().ok_or_else(|| AppError::internal("the system has no password"))?;
    require_strong(&new, &second::login_of(state, permit).await?)?;
    second::require_password(state, permit, current).await?;
    let hash = password::hash(new).await?;
    let (now, own) = (state.now(), session::hash(token.expose_secret()));
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        if !accounts::change_password(conn, account, &hash).await? {
            return Err(AppError::internal("an account cannot change its own password"));
        }
        let ended = sessions::end_others(conn, account, &own, now).await?;
        let entry = audit::Entry {
            action: "change_password",
            details: json!({"ended": ended}),
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await
}
