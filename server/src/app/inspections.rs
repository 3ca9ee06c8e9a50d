//! Findings of inspections (立入検査): level, day and note, entered by the prefecture that inspected. They belong to the hospital and to no one programme;
//! criteria of programmes look at them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::hospital::GmisId;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use crate::app::frames::day_in_japan;
use crate::app::idempotency::{Answer, Key, once};
use crate::app::programs::{require_prefecture, required_reason};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{ChooseHospitals, Permit, ReadPrograms};
use crate::db::audit;
use crate::db::inspections::{self, FoundRow, InspectionRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// Most characters of a note.
const NOTE: usize = 1_000;

/// A finding that is to be entered.
#[derive(Debug, Clone)]
pub struct NewInspection {
    /// G-MIS ID that the hospital bears today.
    pub hospital: String,
    /// 1 advice by word of mouth, 2 finding in writing, 3 grave deficiency.
    pub level: i16,
    /// Day of the inspection, not in the future.
    pub inspected_on: NaiveDate,
    /// What was found; may be empty.
    pub note: String,
}

/// The findings in force of a prefecture, the latest inspection first.
///
/// # Errors
/// `prefecture_not_yours`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, prefecture: PrefectureCode) -> Result<Vec<FoundRow>, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(inspections::standing(conn, Some(i16::from(prefecture.number()))).await?)
    })
    .await
}

/// Enters a finding.
///
/// # Errors
/// `prefecture_not_yours`, `hospital_unknown`, `inspection_invalid`; those of idempotency; or the database is away.
pub async fn enter(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    prefecture: PrefectureCode,
    new: &NewInspection,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    require_sound(state, new)?;
    once(state, actor, key, async |conn, now| {
        let (row, gmis) = entered(conn, (actor, now), prefecture, new).await?;
        Ok((201, json!({"id": row.id, "hospital": gmis.as_str(), "recorded_at": now})))
    })
    .await
}

/// Takes a finding back that was entered by mistake.
///
/// # Errors
/// `prefecture_not_yours`, `inspection_unknown`, `reason_missing`, `reason_too_long`; those of idempotency; or the database is away.
pub async fn withdraw(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    (prefecture, id): (PrefectureCode, Uuid),
    reason: &str,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    let reason = required_reason(reason)?;
    once(state, actor, key, async |conn, now| {
        taken_back(conn, (actor, now), (prefecture, id), &reason).await?;
        Ok((200, json!({"id": id, "reason": reason, "recorded_at": now})))
    })
    .await
}

/// Corrects a finding: it is taken back with the reason, and another one entered in its place, both or neither.
///
/// # Errors
/// As [`enter`] and [`withdraw`].
pub async fn correct(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    (prefecture, id): (PrefectureCode, Uuid),
    (new, reason): (&NewInspection, &str),
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    require_sound(state, new)?;
    let reason = required_reason(reason)?;
    once(state, actor, key, async |conn, now| {
        taken_back(conn, (actor, now), (prefecture, id), &reason).await?;
        let (row, _) = entered(conn, (actor, now), prefecture, new).await?;
        Ok((201, json!({"id": row.id, "instead_of": id, "recorded_at": now})))
    })
    .await
}

fn require_sound(state: &State, new: &NewInspection) -> Result<(), AppError> {
    let most = i16::from(analytics::selection::facts::MOST_LEVEL);
    if !(1..=most).contains(&new.level) {
        let message = format!("指摘の区分（level）は1～{most}で指定してください（1：口頭指導、2：文書指摘、3：重大な不備）。");
        return Err(AppError::invalid("inspection_invalid", message));
    }
    if new.inspected_on > day_in_japan(state.now()) || new.inspected_on.year() < 2000 {
        let message = "立入検査の日は、西暦2000年から今日までの日付で指定してください。";
        return Err(AppError::invalid("inspection_invalid", message));
    }
    if new.note.trim().chars().count() > NOTE {
        return Err(AppError::invalid(
            "inspection_invalid",
            "指摘の内容は1,000文字以内で記入してください。",
        ));
    }
    Ok(())
}

async fn entered(
    conn: &mut AsyncPgConnection,
    (actor, now): (&Actor, DateTime<Utc>),
    prefecture: PrefectureCode,
    new: &NewInspection,
) -> Result<(InspectionRow, GmisId), AppError> {
    let number = i16::from(prefecture.number());
    let unknown = || {
        AppError::not_found(
            "hospital_unknown",
            "この都道府県に、このG-MIS IDの病院がありません。IDを確認してください。",
        )
    };
    let gmis = GmisId::parse(&new.hospital).ok().ok_or_else(unknown)?;
    let hospital_id = inspections::hospital(conn, number, gmis.as_str()).await?.ok_or_else(unknown)?;
    let row = InspectionRow {
        id: Uuid::now_v7(),
        version: 1,
        hospital_id,
        prefecture: number,
        level: new.level,
        inspected_on: new.inspected_on,
        note: new.note.trim().to_owned(),
        withdrawn: false,
        reason: None,
        account_id: actor.account(),
        recorded_at: now,
    };
    inspections::insert(conn, &row).await?;
    let entry = audit::Entry {
        action: "enter_inspection",
        hospital: Some(hospital_id),
        prefecture: Some(number),
        details: json!({"inspection": row.id, "level": row.level, "inspected_on": row.inspected_on}),
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok((row, gmis))
}

async fn taken_back(
    conn: &mut AsyncPgConnection,
    (actor, now): (&Actor, DateTime<Utc>),
    (prefecture, id): (PrefectureCode, Uuid),
    reason: &str,
) -> Result<(), AppError> {
    let number = i16::from(prefecture.number());
    take_turn(conn, &format!("inspection {id}")).await?;
    let found = inspections::find(conn, number, id).await?;
    let before = found.filter(|row| !row.withdrawn).ok_or_else(|| {
        AppError::not_found(
            "inspection_unknown",
            "この立入検査の指摘はないか、取り消し済みです。一覧を確認してください。",
        )
    })?;
    let row = InspectionRow {
        version: before.version.saturating_add(1),
        withdrawn: true,
        reason: Some(reason.to_owned()),
        account_id: actor.account(),
        recorded_at: now,
        ..before
    };
    inspections::insert(conn, &row).await?;
    let entry = audit::Entry {
        action: "withdraw_inspection",
        hospital: Some(row.hospital_id),
        prefecture: Some(number),
        details: json!({"inspection": id, "reason": reason}),
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}
