//! Guessing is slowed down and nobody is locked out: failures count by login and place, a place being a device that is known or a network address. A right
//! password from elsewhere works at once. A login that there is not is treated as any other.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::sessions::Asking;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, sign_ins};
use crate::error::{AppError, Refusal};

/// For how long a failure counts.
const COUNTED: TimeDelta = TimeDelta::minutes(15);
/// For how long it is kept.
const KEPT: TimeDelta = TimeDelta::days(1);
/// How many failures cost nothing.
const FREE_HERE: i64 = 5;
/// How many failures from everywhere cost nothing to a device that is not known.
const FREE_ANYWHERE: i64 = 100;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 60;

/// One try at signing in.
pub struct Attempt {
    login_digest: Vec<u8>,
    place: String,
    is_known_device: bool,
    asker: Actor,
}

impl Attempt {
    /// A try with what was typed as login.
    pub fn of(state: &State, login: &str, asking: &Asking) -> Attempt {
        let devices = &state.shared.devices;
        let device = asking.device.as_deref().and_then(|word| devices.known(word, login, state.now()));
        let address = asking.origin.map(|origin| origin.to_string()).unwrap_or_default();
        Attempt {
            login_digest: devices.digest(login),
            is_known_device: device.is_some(),
            place: device.map_or(address, |device| format!("device {device}")),
            asker: Actor::system().asking_from(asking.origin),
        }
    }

    /// Lets it be tried, or says how long to wait.
    ///
    /// # Errors
    /// `too_many_sign_ins`; or the database is away.
    pub async fn admit(&self, state: &State) -> Result<(), AppError> {
        let now = state.now();
        let failures = as_actor(&state.pool, &self.asker, Mode::Snapshot, async |conn| {
            Ok(sign_ins::count(conn, &self.login_digest, &self.place, now - COUNTED).await?)
        })
        .await?;
        let anywhere = if self.is_known_device || failures.anywhere < FREE_ANYWHERE {
            0
        } else {
            seconds_left(failures.last_anywhere, LONGEST_WAIT, now)
        };
        let left = seconds_left(failures.last_here, pause_after(failures.here), now).max(anywhere);
        if left == 0 {
            return Ok(());
        }
        let refusal = Refusal::new(
            "too_many_sign_ins",
            format!("ログインの失敗が続いています。あと{left}秒待ってから、もう一度お試しください。"),
        );
        Err(AppError::Wait(refusal, left))
    }

    /// Notes that it failed, and forgets failures of earlier days.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note(&self, state: &State) -> Result<(), AppError> {
        let now = state.now();
        as_actor(&state.pool, &self.asker, Mode::Write, async |conn| {
            sign_ins::forget(conn, b"", "", now - KEPT).await?;
            sign_ins::insert(conn, &self.login_digest, &self.place, now).await?;
            let entry = audit::Entry {
                action: "sign_in_failed",
                details: json!({"login": hex::encode(&self.login_digest)}),
                ..audit::Entry::default()
            };
            Ok(audit::insert(conn, &self.asker, now, entry).await?)
        })
        .await
    }

    /// Forgets the failures of this login from this place: its owner has come.
    ///
    /// # Errors
    /// The database is away.
    pub async fn forget(&self, state: &State) -> Result<(), AppError> {
        let now = state.now();
        as_actor(&state.pool, &self.asker, Mode::Write, async |conn| {
            Ok(sign_ins::forget(conn, &self.login_digest, &self.place, now - KEPT).await?)
        })
        .await
    }
}

/// How long to wait after so many failures, in seconds.
fn pause_after(failures: i64) -> i64 {
    if failures < FREE_HERE {
        return 0;
    }
    let doublings = u32::try_from(failures - FREE_HERE).unwrap_or(u32::MAX);
    2_i64.checked_shl(doublings.min(8)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

fn seconds_left(last: Option<DateTime<Utc>>, pause: i64, now: DateTime<Utc>) -> i64 {
    let Some(last) = last else { return 0 };
    let left = (last + TimeDelta::seconds(pause) - now).num_milliseconds();
    // A second that has begun is waited for.
    (left.max(0) + 999) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_no_further() {
        let waits: Vec<i64> = [0, 4, 5, 6, 7, 8, 9, 10, 11, 100, i64::MAX].map(pause_after).into();
        assert_eq!(waits, [0, 0, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        let now = Utc::now();
        assert_eq!(seconds_left(Some(now), 2, now), 2);
        assert_eq!(seconds_left(Some(now - TimeDelta::milliseconds(1500)), 2, now), 1);
        assert_eq!(seconds_left(Some(now - TimeDelta::seconds(2)), 2, now), 0);
        assert_eq!(seconds_left(None, 60, now), 0);
    }
}
