//! Personal data goes when its day is past: respondents' names and contacts, uploads and what was quoted from them, comments on answers, drafts, answers
//! remembered under keys, mails with their addresses, and addresses that links went to and that no account is reached by any more.
//!
//! Answers, codes, counts, states, dates and hashes stay as they are, and so do reasons of official acts and network addresses. What is erased cannot be had back: backups have days of their own.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use serde_json::json;

use crate::app::frames;
use crate::app::state::State;
use crate::auth::permit::{ErasePersonalData, Permit};
use crate::db::audit;
use crate::db::erasure::{self, ErasedRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// How long names, contacts, files and comments are kept (comments by the same number of days in `erase_personal_data`): three years after they were given, longer than any correction takes (an assumption; no notice says).
const LIFE: TimeDelta = TimeDelta::days(3 * 365);

/// The last day on which what is received now is kept.
pub fn last_day(received: DateTime<Utc>) -> NaiveDate {
    frames::day_in_japan(received + LIFE)
}

/// Whether it is done or only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasing {
    /// Counted and left as it is.
    Foreseen,
    /// Done, with an audit row.
    Done,
}

/// Erases everything whose last day is past, in one transaction with its audit row.
///
/// # Errors
/// The database is away; then nothing was erased.
pub async fn erase(state: &State, permit: &Permit<ErasePersonalData>, erasing: Erasing) -> Result<ErasedRow, AppError> {
    let now = state.now();
    let today = frames::day_in_japan(now);
    let actor = permit.actor();
    as_actor(&state.pool, actor, Mode::Write, async |conn| match erasing {
        Erasing::Foreseen => {
            // Done and taken back: so the count cannot differ from the deed.
            let mut counted = None;
            let undone = conn
                .transaction(async |conn| {
                    counted = Some(erasure::erase(conn, today, now).await?);
                    Err::<(), _>(diesel::result::Error::RollbackTransaction)
                })
                .await;
            match (undone, counted) {
                (Err(diesel::result::Error::RollbackTransaction), Some(counted)) => Ok(counted),
                (Err(error), _) => Err(error.into()),
                (Ok(()), _) => Err(AppError::internal("a rollback was asked for and did not happen")),
            }
        }
        Erasing::Done => {
            let erased = erasure::erase(conn, today, now).await?;
            let details = json!({
                "respondents": erased.respondents, "imports": erased.imports, "files": erased.files, "remembered": erased.remembered,
                "drafts": erased.drafts, "comments": erased.comments, "addresses": erased.addresses, "mails": erased.mails,
            });
            let entry = audit::Entry {
                action: "erase_personal_data",
                details,
                ..audit::Entry::default()
            };
            audit::insert(conn, actor, now, entry).await?;
            Ok(erased)
        }
    })
    .await
}
