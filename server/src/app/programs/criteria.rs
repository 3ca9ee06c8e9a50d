//! A prefecture's own criteria: copied from the programme's national default, looked at before they are saved, a version for every change.

use analytics::selection::criteria::{MOST_CHARACTERS, MOST_ITEMS, MOST_POINTS};
use analytics::selection::{self, Comparison, Criteria, CriteriaError};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::{Value, json};
use survey::prefecture::PrefectureCode;

use super::candidates::{inputs, note_reading, take_turn_of};
use super::wishes::{self, off_thread};
use super::{require, require_prefecture};
use crate::app::state::State;
use crate::app::surveys;
use crate::app::versions::Seen;
use crate::auth::permit::{ChooseHospitals, Permit, ReadPrograms};
use crate::db::audit;
use crate::db::criteria::{self, CriteriaRow};
use crate::db::programs::ProgramRow;
use crate::db::transaction::{Mode, as_actor};
use crate::error::{AppError, Refusal};

/// Criteria in force.
#[derive(Debug, Serialize)]
pub struct InForce {
    /// 0: the programme's national default; else the prefecture's own, from 1.
    pub version: i32,
    /// Name and items.
    pub criteria: Criteria,
}

/// The criteria in force for a prefecture.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadPrograms>, program: &str, prefecture: PrefectureCode) -> Result<InForce, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        let program = require(conn, program).await?;
        in_force(conn, &program, prefecture).await
    })
    .await
}

/// Those of the prefecture, or else the programme's national default.
pub(super) async fn in_force(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<InForce, AppError> {
    let own = criteria::current(conn, &program.id, i16::from(prefecture.number())).await?;
    let (version, stored) = own.map_or_else(|| (0, program.criteria.clone()), |row| (row.version, row.criteria));
    Ok(InForce {
        version,
        criteria: serde_json::from_value(stored).map_err(AppError::internal)?,
    })
}

/// What other criteria would change: who comes within the quota of each cell, who leaves it, whose rank moves. Nothing is stored but that somebody looked.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `criteria_invalid`, `wishes_infeasible`, `wishes_too_hard`; or the database is away.
pub async fn preview(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    program: &str,
    prefecture: PrefectureCode,
    wanted: Value,
) -> Result<Comparison, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let wanted = checked(&program, wanted)?;
        let inputs = inputs(conn, &program, prefecture).await?;
        note_reading(conn, actor, ("preview_criteria", now), (&program, prefecture), &inputs).await?;
        let names = wishes::names(&inputs.candidates);
        off_thread(&names, move || {
            selection::compare(&inputs.candidates, &inputs.quotas, &inputs.criteria, &wanted)
        })
        .await
    })
    .await
}

/// Sets a prefecture's own criteria. Whether their wishes can hold is not asked here: that changes with every answer, and the preview says it. Those that are in force already make no further version.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `criteria_invalid`; `criteria_changed` when somebody else set others after `seen`.
pub async fn set(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    program: &str,
    prefecture: PrefectureCode,
    (wanted, seen): (Value, Seen),
) -> Result<InForce, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        take_turn_of(conn, &program.id, prefecture).await?;
        let wanted = checked(&program, wanted)?;
        let before = in_force(conn, &program, prefecture).await?;
        // Sent again after the answer was lost: it is done.
        if before.version > 0 && before.criteria == wanted {
            return Ok(before);
        }
        if seen != Seen::Version(before.version) {
            let message = "ほかの人が先に選定基準を変更しました。最新の選定基準を読み直し、変更の影響を確かめてから保存してください。";
            return Err(AppError::Stale(Refusal::new("criteria_changed", message), Vec::new()));
        }
        let number = i16::from(prefecture.number());
        let row = CriteriaRow {
            program_id: program.id.clone(),
            prefecture: number,
            version: before.version.saturating_add(1),
            criteria: serde_json::to_value(&wanted).map_err(AppError::internal)?,
            account_id: actor.account(),
            set_at: now,
        };
        criteria::insert(conn, &row).await?;
        let entry = audit::Entry {
            action: "set_criteria",
            prefecture: Some(number),
            details: json!({"program": program.id, "version": row.version}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(InForce {
            version: row.version,
            criteria: wanted,
        })
    })
    .await
}

/// Criteria that can be used with a programme.
fn checked(program: &ProgramRow, wanted: Value) -> Result<Criteria, AppError> {
    let surveys = program
        .surveys
        .iter()
        .map(|id| surveys::known(id))
        .collect::<Result<Vec<_>, AppError>>()?;
    let refuse = |error: CriteriaError| {
        tracing::debug!(%error, "criteria refused");
        AppError::invalid("criteria_invalid", sentence(&error))
    };
    let criteria = Criteria::from_json(wanted).map_err(refuse)?;
    criteria.check_against(&surveys).map_err(refuse)?;
    Ok(criteria)
}

/// What is wrong with criteria, and what to do, in Japanese.
pub fn sentence(error: &CriteriaError) -> String {
    let shown = survey::fault::excerpt;
    match error {
        CriteriaError::Unreadable(_) => {
            "選定基準を読み取れません。nameと、itemsの並びと、あればwishesの並びだけを書いてください。".to_owned()
        }
        CriteriaError::UnreadableItem { number, key, .. } => format!(
            "選定基準の{number}番目の項目（{}）を読み取れません。key、label、points（1以上の整数）、whenを書いてください。whenは、question と is、attribute と is、\
             beds_at_least、only_hospital_of、finding_at_least（と within_years）、wish のいずれか、groupは need か region です。",
            shown(key)
        ),
        CriteriaError::Empty(_) => {
            "選定基準には、名前（name）と1つ以上の項目（items）が必要です。項目のkeyとlabelも空欄にできません。".to_owned()
        }
        CriteriaError::BadName(name) => format!(
            "選定基準の「{}」は使えません。keyは半角の英小文字・数字・_で、名前と項目名は{MOST_CHARACTERS}文字以内で書いてください。",
            shown(name)
        ),
        CriteriaError::TooMuch(key) if key.is_empty() => format!("選定基準の項目が多すぎます。{MOST_ITEMS}項目以内にしてください。"),
        CriteriaError::TooMuch(key) => format!(
            "選定基準の項目 {} の点数が大きすぎます。{MOST_POINTS}点以内にしてください。",
            shown(key)
        ),
        CriteriaError::DoubleKey(key) => format!("選定基準の項目 {} が2回あります。1つにしてください。", shown(key)),
        CriteriaError::NeverHolds(key) => format!(
            "選定基準の項目 {} は決して加点されません。点数は1以上、選択肢は1つ以上、立入検査のlevelは1～3、年数は1～50にしてください。",
            shown(key)
        ),
        CriteriaError::UnknownAnswer { key, question, option } => format!(
            "選定基準の項目 {} が指す設問「{}」の選択肢「{}」は、この事業で用いる調査にありません。キーを確認してください。",
            shown(key),
            shown(question),
            shown(option)
        ),
        CriteriaError::UnknownAttribute { key, attribute, value } if value.is_empty() => format!(
            "選定基準の項目 {} の「{}」には、唯一の病院かどうかを数える単位がありません。medical_area（二次医療圏）を指定してください。",
            shown(key),
            shown(attribute)
        ),
        CriteriaError::UnknownAttribute { key, attribute, value } => format!(
            "選定基準の項目 {} が指す属性「{}」の値「{}」はありません。属性の一覧で確認してください。",
            shown(key),
            shown(attribute),
            shown(value)
        ),
        CriteriaError::UnreadableWish { .. }
        | CriteriaError::TooManyWishes
        | CriteriaError::WishWithoutBound(_)
        | CriteriaError::UnknownWished { .. } => wishes::sentence(error),
    }
}
