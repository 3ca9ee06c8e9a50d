//! Sending what stands in the outbox. Any number of senders may run at once, in any number of processes; each takes one mail at a time under a lease.
//!
//! What a kill may do: the state `sending` is committed after the address was taken and before the first byte of the mail is handed over. A sender that
//! dies before that leaves a mail that is sent later. One that dies after it leaves a mail of which nobody knows: a reminder is then not sent again (at
//! most once, state `uncertain`: a second one annoys, and the list of those who have not answered names the hospital anyway), a link is (at least once:
//! without it nobody gets in, and the second mail's link replaces the first one's).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::sync::watch;

use crate::app::letters::LINK;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::link;
use crate::auth::permit::{Permit, SendMail};
use crate::db::enrolments;
use crate::db::outbox::{self, StateRow, TakenMail};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;
use crate::mailing::{EmailAddress, Letter, Mailer, Outcome};

/// How long a mail belongs to who took it up; longer than the mailer's patience.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// After the first failure; each further one waits twice as long.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
/// Longest wait between attempts.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);
/// After so many attempts, two days and a half after the first, a mail is given up.
const MOST_ATTEMPTS: i32 = 16;
/// How often the outbox is looked into.
const LOOK: Duration = Duration::from_secs(5);

/// What became of the mails of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Taken by the mail server.
    pub sent: usize,
    /// The address was refused.
    pub undeliverable: usize,
    /// To be tried again.
    pub later: usize,
    /// Reminders that may or may not have gone out, and links' mails given up.
    pub lost: usize,
}

/// Sends everything that is due, and ends when nothing is.
///
/// # Errors
/// The database is away; what was sent is recorded as such, but for the mail in hand.
pub async fn send_due(state: &State, permit: &Permit<SendMail>, mailer: &Mailer) -> Result<Tally, AppError> {
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        Ok(outbox::release_lost(conn, now).await?)
    })
    .await?;
    let mut tally = Tally::default();
    while let Some(mail) = take(state, actor).await? {
        send_one(state, actor, mailer, &mail, &mut tally).await?;
    }
    Ok(tally)
}

/// Sends what is due every few seconds until it is told to stop; a mail in hand is finished first.
pub async fn keep_sending(state: State, mailer: Mailer, mut stop: watch::Receiver<bool>) {
    let permit = match Permit::of(Actor::system()) {
        Ok(permit) => permit,
        Err(error) => return tracing::error!(error = error.for_operator(), "mails cannot be sent"),
    };
    let mut ticks = tokio::time::interval(LOOK);
    while !*stop.borrow() {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return,
        }
        match send_due(&state, &permit, &mailer).await {
            Ok(tally) if tally == Tally::default() => {}
            Ok(tally) => {
                tracing::info!(
                    sent = tally.sent,
                    undeliverable = tally.undeliverable,
                    later = tally.later,
                    lost = tally.lost,
                    "mails"
                );
            }
            Err(error) => tracing::warn!(error = error.for_operator(), "the outbox cannot be looked into"),
        }
    }
}

/// How many mails there are of each purpose and state.
///
/// # Errors
/// The database is away.
pub async fn overview(state: &State, permit: &Permit<SendMail>) -> Result<Vec<StateRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(outbox::by_state(conn).await?)
    })
    .await
}

async fn take(state: &State, actor: &Actor) -> Result<Option<TakenMail>, AppError> {
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        Ok(outbox::take_one(conn, now, now + LEASE).await?)
    })
    .await
}

async fn send_one(state: &State, actor: &Actor, mailer: &Mailer, mail: &TakenMail, tally: &mut Tally) -> Result<(), AppError> {
    let (token, hash) = link::new_token()?;
    let Some(to) = EmailAddress::parse(&mail.recipient) else {
        tally.undeliverable += 1;
        return settle(state, actor, mail, "undeliverable", Some("メールアドレスの形式が正しくありません")).await;
    };
    let url = format!("{}/enrol/{}", state.shared.public_url, token.expose_secret());
    let letter = Letter {
        id: mail.id,
        to,
        subject: mail.subject.clone(),
        // Only mails of links have a place for one; what a reminder says stays as it was shown.
        body: if mail.enrolment_id.is_some() {
            mail.body.replace(LINK, &url)
        } else {
            mail.body.clone()
        },
    };
    let outcome = mailer.send(&letter, async || announce(state, actor, mail, &hash).await).await;
    let again = mail.purpose != "reminder";
    match outcome {
        Outcome::Sent => {
            tally.sent += 1;
            settle(state, actor, mail, "sent", None).await
        }
        Outcome::Undeliverable(said) => {
            tally.undeliverable += 1;
            settle(state, actor, mail, "undeliverable", Some(&said)).await
        }
        Outcome::Uncertain(said) if !again => {
            tally.lost += 1;
            settle(state, actor, mail, "uncertain", Some(&said)).await
        }
        Outcome::Later(said) | Outcome::Uncertain(said) if mail.attempts >= MOST_ATTEMPTS => {
            tally.lost += 1;
            settle(state, actor, mail, "failed", Some(&said)).await
        }
        Outcome::Later(said) | Outcome::Uncertain(said) => {
            tally.later += 1;
            let next = state.now() + wait(mail.attempts);
            as_actor(&state.pool, actor, Mode::Write, async |conn| {
                Ok(outbox::put_back(conn, mail, next, &said).await.map(drop)?)
            })
            .await
        }
        // Somebody else has it, or the database is away and the lease will end.
        Outcome::Dropped => Ok(()),
    }
}

/// Commits that the mail is about to be handed over, with the hash of the link that it brings.
async fn announce(state: &State, actor: &Actor, mail: &TakenMail, hash: &[u8]) -> bool {
    let life = if mail.purpose == "reset" {
        link::RESET_LIFE
    } else {
        link::ENROL_LIFE
    };
    let expires_at: DateTime<Utc> = state.now() + life;
    let announced = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        if !outbox::mark_sending(conn, mail).await? {
            return Ok(false);
        }
        if let Some(enrolment) = mail.enrolment_id {
            enrolments::set_token(conn, enrolment, hash, expires_at).await?;
        }
        Ok(true)
    })
    .await;
    announced.unwrap_or_else(|error| {
        tracing::warn!(error = error.for_operator(), mail = %mail.id, "not sent now");
        false
    })
}

async fn settle(state: &State, actor: &Actor, mail: &TakenMail, as_what: &str, said: Option<&str>) -> Result<(), AppError> {
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        Ok(outbox::settle(conn, mail, as_what, said, now).await.map(drop)?)
    })
    .await
}

/// How long to wait after so many attempts.
fn wait(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    (FIRST_WAIT * 2_i32.saturating_pow(doublings)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours() {
        let minutes: Vec<i64> = (1..=11).map(|attempts| wait(attempts).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(wait(i32::MAX), LONGEST_WAIT);
        assert_eq!(wait(0), FIRST_WAIT);
    }
}
