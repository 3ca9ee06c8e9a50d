//! What guards sign-ins, in the world with answers: a second factor of an account of each prefecture that nobody signs in with, and a failure.

use server::app::state::State;
use server::auth::actor::{Actor, Role};
use server::db::second_factors::{self, NewFactor};
use server::db::transaction::{Mode, as_actor};
use server::db::{accounts, sign_ins};
use server::error::AppError;
use uuid::Uuid;

use super::now;

/// The rows.
pub(super) async fn secure(state: &State) -> Result<(), AppError> {
    let system = Actor::system();
    as_actor(&state.pool, &system, Mode::Write, async |conn| {
        Ok(sign_ins::insert(conn, &[0; 32], "192.0.2.1", now()).await?)
    })
    .await?;
    for login in ["tky0001", "kng0001"] {
        let account = as_actor(&state.pool, &system, Mode::Snapshot, async |conn| {
            let account = accounts::id_of_login(conn, login).await?;
            account.ok_or_else(|| AppError::internal("an account of the world is missing"))
        })
        .await?;
        let actor = Actor::of_account(account, Role::Hospital(Uuid::nil()));
        as_actor(&state.pool, &actor, Mode::Write, async |conn| {
            let id = Uuid::now_v7();
            let new = NewFactor {
                id,
                account_id: account,
                sealed_key: b"sealed",
                last_step: 0,
                made_at: now(),
            };
            second_factors::insert(conn, &new).await?;
            Ok(second_factors::insert_codes(conn, id, account, &[[0; 32], [1; 32]]).await?)
        })
        .await?;
    }
    Ok(())
}
