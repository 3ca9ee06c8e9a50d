//! Opening a survey, closing a window early, and extending: audited acts with a reason.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::json;
use survey::area::{Area, MunicipalityCode};
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::frames;
use crate::app::state::State;
use crate::app::times::{Announced, shown};
use crate::auth::permit::{GrantTime, Permit, ReadSurveys};
use crate::db::surveys::{ClosureRow, ExtensionRow, WindowRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::db::{audit, surveys};
use crate::error::AppError;

/// Windows of a survey, the earliest first.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadSurveys>, survey: &Survey) -> Result<Vec<Announced>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Announced::load(conn, survey).await
    })
    .await
}

/// An extension with the G-MIS ID of the hospital that it is for, if it is for one.
#[derive(Debug, Clone)]
pub struct Extension {
    /// As stored.
    pub row: ExtensionRow,
    /// G-MIS ID in the survey's frame.
    pub hospital: Option<String>,
}

/// Extensions of a survey that the actor may see, the oldest first.
///
/// # Errors
/// The database is away.
pub async fn extensions(state: &State, permit: &Permit<ReadSurveys>, survey: &Survey) -> Result<Vec<Extension>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let rows = surveys::named_extensions(conn, survey.id().as_str()).await?;
        Ok(rows.into_iter().map(|(row, hospital)| Extension { row, hospital }).collect())
    })
    .await
}

/// Opens a survey again, with a reason, as an audited act.
///
/// # Errors
/// `reason_missing`, `time_invalid`, `window_backwards`, or the database is away.
pub async fn open(
    state: &State,
    permit: &Permit<GrantTime>,
    survey: &Survey,
    times: (DateTime<Utc>, DateTime<Utc>),
    reason: &str,
) -> Result<WindowRow, AppError> {
    let (opens, closes) = times;
    require_reason(reason)?;
    require_known_century(&[opens, closes])?;
    if opens >= closes {
        return Err(AppError::invalid(
            "window_backwards",
            "調査期間の終わりは始まりより後にしてください。",
        ));
    }
    let actor = permit.actor();
    let now = state.now();
    let row = WindowRow {
        id: Uuid::now_v7(),
        survey_id: survey.id().as_str().to_owned(),
        opens,
        closes,
        reason: reason.to_owned(),
        account_id: actor.account(),
    };
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        surveys::insert_window(conn, &row).await?;
        let details = json!({"opens": opens, "closes": closes, "reason": reason});
        let entry = audit::Entry {
            action: "open_window",
            survey: Some(survey.id().as_str()),
            details,
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await?;
    Ok(row)
}

/// Ends a window before its announced end, with a reason, as an audited act: the one of this id, or the one that is open. Answers that were taken
/// stay; extensions that were granted hold.
///
/// # Errors
/// `reason_missing`, `time_invalid`, `window_unknown`, `window_not_open` when none is, `window_not_earlier` when it ends before that anyway,
/// `window_past` for a moment that is over; or the database is away.
pub async fn close(
    state: &State,
    permit: &Permit<GrantTime>,
    survey: &Survey,
    window: Option<Uuid>,
    closes: Option<DateTime<Utc>>,
    reason: &str,
) -> Result<Announced, AppError> {
    require_reason(reason)?;
    let (actor, now) = (permit.actor(), state.now());
    // The last second of a window is included: what arrives after this act is no longer taken.
    let this_moment = now - TimeDelta::seconds(1);
    let closes = closes.unwrap_or(this_moment);
    require_known_century(&[closes])?;
    if closes < this_moment {
        return Err(AppError::invalid(
            "window_past",
            "過去の日時では終了できません。既に受け付けた回答があるためです。現在以降の日時を指定してください。",
        ));
    }
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        take_turn(conn, "windows").await?;
        let all = Announced::load(conn, survey).await?;
        let found = match window {
            Some(id) => all
                .into_iter()
                .find(|announced| announced.window.id == id)
                .ok_or_else(|| AppError::not_found("window_unknown", "この調査期間がありません。調査期間の一覧でIDを確認してください。"))?,
            None => all
                .into_iter()
                .rfind(|announced| announced.held().is_some_and(|window| window.takes(now)))
                .ok_or_else(|| {
                    AppError::conflict(
                        "window_not_open",
                        "現在開いている調査期間がありません。これから始まる期間を取りやめるときは、そのIDを指定してください。",
                    )
                })?,
        };
        if closes >= found.closes() {
            return Err(AppError::conflict(
                "window_not_earlier",
                format!(
                    "この調査期間は{}に終了します。それより前の日時を指定してください。延ばす場合は期限延長を使ってください。",
                    shown(found.closes())
                ),
            ));
        }
        let row = ClosureRow {
            id: Uuid::now_v7(),
            window_id: found.window.id,
            survey_id: survey.id().as_str().to_owned(),
            closes,
            reason: reason.trim().to_owned(),
            account_id: actor.account(),
        };
        surveys::insert_closure(conn, &row).await?;
        let entry = audit::Entry {
            action: "close_window",
            survey: Some(survey.id().as_str()),
            details: json!({"window": row.window_id, "announced": found.window.closes, "closes": closes, "reason": row.reason}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(Announced {
            window: found.window,
            closure: Some(row),
        })
    })
    .await
}

/// For whom a survey is extended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extended {
    /// One hospital, by G-MIS ID.
    Hospital(String),
    /// A prefecture.
    Prefecture(PrefectureCode),
    /// A municipality.
    Municipality(MunicipalityCode),
}

/// Extends a survey for a hospital or an area, with a reason, as an audited act.
///
/// # Errors
/// `reason_missing`, `time_invalid`, `hospital_unknown`, or the database is away.
pub async fn extend(
    state: &State,
    permit: &Permit<GrantTime>,
    survey: &Survey,
    whom: &Extended,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<Extension, AppError> {
    require_reason(reason)?;
    require_known_century(&[until])?;
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let named = match whom {
            Extended::Hospital(gmis) => Some(frames::require(conn, survey, gmis).await?),
            Extended::Prefecture(_) | Extended::Municipality(_) => None,
        };
        let hospital = named.as_ref().map(|hospital| hospital.hospital_id);
        let row = ExtensionRow {
            id: Uuid::now_v7(),
            survey_id: survey.id().as_str().to_owned(),
            hospital_id: hospital,
            prefecture: match whom {
                Extended::Prefecture(code) => Some(i16::from(code.number())),
                Extended::Hospital(_) | Extended::Municipality(_) => None,
            },
            municipality: match whom {
                Extended::Municipality(code) => Some(code.to_string()),
                Extended::Hospital(_) | Extended::Prefecture(_) => None,
            },
            until,
            reason: reason.to_owned(),
            account_id: actor.account(),
        };
        surveys::insert_extension(conn, &row).await?;
        let details =
            json!({"until": until, "reason": reason, "area": row.prefecture.map(|p| p.to_string()).or_else(|| row.municipality.clone())});
        let entry = audit::Entry {
            action: "grant_extension",
            survey: Some(survey.id().as_str()),
            hospital,
            prefecture: row.prefecture,
            details,
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(Extension {
            row,
            hospital: named.map(|hospital| hospital.gmis_id),
        })
    })
    .await
}

/// Refuses times that are slips; some of them Postgres could not even keep.
///
/// # Errors
/// `time_invalid`.
pub fn require_known_century(times: &[DateTime<Utc>]) -> Result<(), AppError> {
    if times.iter().all(|time| (2000..2200).contains(&time.year())) {
        return Ok(());
    }
    Err(AppError::invalid(
        "time_invalid",
        "日時は西暦2000年から2199年までで指定してください。",
    ))
}

fn require_reason(reason: &str) -> Result<(), AppError> {
    if reason.trim().is_empty() {
        return Err(AppError::invalid(
            "reason_missing",
            "理由を記入してください。理由は記録に残ります。",
        ));
    }
    Ok(())
}

/// The area of a scope, for those who ask by area.
pub fn whom_of_area(area: &Area) -> Option<Extended> {
    match area {
        Area::Nation => None,
        Area::Prefecture(code) => Some(Extended::Prefecture(*code)),
        Area::Municipality(code) => Some(Extended::Municipality(code.clone())),
    }
}
