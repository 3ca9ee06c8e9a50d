//! Nominations (推薦) and exclusions (除外): what a prefecture says by hand of a hospital, with a reason, and takes back with a reason.

use analytics::selection;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::hospital::GmisId;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::candidates::{record, take_turn_of};
use super::{require, require_prefecture, required_reason};
use crate::app::idempotency::{Answer, Key, once};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, Permit, ReadPrograms};
use crate::db::audit;
pub use crate::db::nominations::Book;
use crate::db::nominations::{self, StandingRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Which hospital of which prefecture in which programme.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    /// The programme's id.
    pub program: &'a str,
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// G-MIS ID in the programme.
    pub hospital: &'a str,
}

/// A nomination or exclusion as answered.
#[derive(Debug, Serialize)]
pub struct Said {
    /// G-MIS ID.
    pub hospital: String,
    /// Why; of one that was taken back, why that was done.
    pub reason: String,
    /// By the server's clock.
    pub recorded_at: DateTime<Utc>,
    /// Whether it stands.
    pub in_force: bool,
}

/// Those in force of a prefecture, by G-MIS ID.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn list(
    state: &State,
    permit: &Permit<ReadPrograms>,
    book: Book,
    program: &str,
    prefecture: PrefectureCode,
) -> Result<Vec<StandingRow>, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(nominations::standing(conn, book, program, Some(i16::from(prefecture.number()))).await?)
    })
    .await
}

/// Nominates or excludes a hospital. What stands already with the same reason stays as it is.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `hospital_unknown`, `reason_missing`, `reason_too_long`; `nomination_not_possible` for a hospital that may not
/// be chosen at all; those of idempotency; or the database is away.
pub async fn add(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    book: Book,
    whom: Whom<'_>,
    reason: &str,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, whom.prefecture)?;
    let reason = required_reason(reason)?;
    once(state, actor, key, async |conn, now| {
        let program = require(conn, whom.program).await?;
        take_turn_of(conn, &program.id, whom.prefecture).await?;
        let (hospital, gmis) = known(conn, whom).await?;
        if book == Book::Nomination {
            let record = record(conn, &program, whom.prefecture, &gmis).await?;
            selection::eligible_by_hand(&record).map_err(|reason| AppError::conflict("nomination_not_possible", reason.message()))?;
        }
        let before = standing(conn, book, whom, hospital).await?;
        if let Some(before) = before.filter(|before| before.reason == reason) {
            let said = Said {
                hospital: before.gmis_id,
                reason,
                recorded_at: before.recorded_at,
                in_force: true,
            };
            return Ok((200, said));
        }
        let action = match book {
            Book::Nomination => "nominate_hospital",
            Book::Exclusion => "exclude_hospital",
        };
        let said = say(conn, permit, book, (whom, hospital, gmis), (action, false, reason), now).await?;
        Ok((201, said))
    })
    .await
}

/// Takes a nomination or exclusion back.
///
/// # Errors
/// As [`add`]; `not_nominated` or `not_excluded` when there is none in force.
pub async fn withdraw(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    book: Book,
    whom: Whom<'_>,
    reason: &str,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, whom.prefecture)?;
    let reason = required_reason(reason)?;
    once(state, actor, key, async |conn, now| {
        let program = require(conn, whom.program).await?;
        take_turn_of(conn, &program.id, whom.prefecture).await?;
        let (hospital, gmis) = known(conn, whom).await?;
        if standing(conn, book, whom, hospital).await?.is_none() {
            return Err(match book {
                Book::Nomination => AppError::conflict("not_nominated", "この病院は推薦されていません。推薦の一覧を確認してください。"),
                Book::Exclusion => AppError::conflict("not_excluded", "この病院は除外されていません。除外の一覧を確認してください。"),
            });
        }
        let action = match book {
            Book::Nomination => "withdraw_nomination",
            Book::Exclusion => "withdraw_exclusion",
        };
        let said = say(conn, permit, book, (whom, hospital, gmis), (action, true, reason), now).await?;
        Ok((200, said))
    })
    .await
}

/// The hospital, in the programme and the prefecture, and its G-MIS ID as it is stored.
async fn known(conn: &mut AsyncPgConnection, whom: Whom<'_>) -> Result<(Uuid, String), AppError> {
    let unknown = || {
        AppError::not_found(
            "hospital_unknown",
            "この都道府県の支援事業の対象病院に、このG-MIS IDの病院がありません。IDを確認してください。",
        )
    };
    let gmis = GmisId::parse(whom.hospital).ok().ok_or_else(unknown)?;
    let hospital = nominations::hospital(conn, whom.program, i16::from(whom.prefecture.number()), gmis.as_str()).await?;
    Ok((hospital.ok_or_else(unknown)?, gmis.as_str().to_owned()))
}

async fn standing(conn: &mut AsyncPgConnection, book: Book, whom: Whom<'_>, hospital: Uuid) -> Result<Option<StandingRow>, AppError> {
    let rows = nominations::standing(conn, book, whom.program, Some(i16::from(whom.prefecture.number()))).await?;
    Ok(rows.into_iter().find(|row| row.hospital_id == hospital))
}

async fn say(
    conn: &mut AsyncPgConnection,
    permit: &Permit<ChooseHospitals>,
    book: Book,
    (whom, hospital, gmis): (Whom<'_>, Uuid, String),
    (action, withdrawn, reason): (&'static str, bool, String),
    now: DateTime<Utc>,
) -> Result<Said, AppError> {
    let number = i16::from(whom.prefecture.number());
    let actor = permit.actor();
    nominations::append(
        conn,
        book,
        (whom.program, number, hospital),
        (withdrawn, &reason),
        (actor.account(), now),
    )
    .await?;
    let entry = audit::Entry {
        action,
        hospital: Some(hospital),
        prefecture: Some(number),
        details: json!({"program": whom.program, "reason": reason}),
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok(Said {
        hospital: gmis,
        reason,
        recorded_at: now,
        in_force: !withdrawn,
    })
}
