//! Choosing exactly the quota of every cell, and the list that comes of it.

use std::collections::BTreeMap;
use std::mem::take;

use analytics::report::{self, ProgramText};
use analytics::selection::list::Discard;
use analytics::selection::{self, Selection};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::candidates::inputs;
use super::lists::steps;
use super::wishes::{names, off_thread};
use super::{require, require_prefecture};
use crate::app::idempotency::{Answer, Key, once};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{ChooseHospitals, Permit, ReadPrograms};
use crate::db::audit;
use crate::db::programs::ProgramRow;
use crate::db::selections::{self, SelectionRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A selection as answered.
#[derive(Debug, Serialize)]
pub struct SelectionReport {
    /// Number of the run within programme and prefecture.
    pub number: i32,
    /// By the server's clock.
    pub chosen_at: DateTime<Utc>,
    /// Whether the run before gave the same list, if there was one.
    pub same_as_before: Option<bool>,
    /// The whole result.
    pub selection: Selection,
}

/// Chooses a prefecture's hospitals: exactly the quota of every cell, the same for the same inputs. A cell that is short is named, not overfilled elsewhere.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `quota_missing`, `wishes_infeasible`, `wishes_too_hard`, `list_state` once the list is handed in, `list_adjusted` unless adjustments by hand are to be
/// discarded; those of idempotency; or the database is away.
pub async fn choose(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    program: &str,
    prefecture: PrefectureCode,
    discard: Discard,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    once(state, actor, key, async |conn, now| {
        let program = require(conn, program).await?;
        let number = i16::from(prefecture.number());
        take_turn(conn, &format!("selection {} {number}", program.id)).await?;
        let mut inputs = inputs(conn, &program, prefecture).await?;
        if inputs.quotas.is_empty() {
            return Err(AppError::conflict(
                "quota_missing",
                "この都道府県の支援枠がまだ設定されていません。厚生労働省の担当者にご確認ください。",
            ));
        }
        let (candidates, quotas, criteria) = (take(&mut inputs.candidates), take(&mut inputs.quotas), inputs.criteria.clone());
        let names = names(&candidates);
        let chosen = off_thread(&names, move || selection::choose(&candidates, &quotas, &criteria)).await?;
        let before = selections::latest(conn, &program.id, number).await?;
        let same_as_before = before.as_ref().map(|row| row.result_hash == chosen.result_hash);
        let report = SelectionReport {
            number: before.map_or(0, |row| row.number).saturating_add(1),
            chosen_at: now,
            same_as_before,
            selection: chosen,
        };
        let id = store(conn, actor, &program, prefecture, &inputs.ids, &report).await?;
        steps::propose(conn, (actor, &program), (id, &report.selection), (&inputs.ids, discard), now).await?;
        Ok((201, report))
    })
    .await
}

/// The current selection of a prefecture. Looking is noted in the audit: it shows what hospitals answered.
///
/// # Errors
/// `selection_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn current(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: PrefectureCode,
) -> Result<SelectionReport, AppError> {
    require_prefecture(permit.actor(), prefecture)?;
    let number = i16::from(prefecture.number());
    let (actor, now) = (permit.actor(), state.now());
    let row = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        let row = selections::latest(conn, program, number).await?.ok_or_else(|| {
            AppError::not_found(
                "selection_unknown",
                "この都道府県の選定はまだ行われていません。先に選定を行ってください。",
            )
        })?;
        let entry = audit::Entry {
            action: "read_selection",
            prefecture: Some(number),
            details: json!({"program": program, "number": row.number}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(row)
    })
    .await?;
    let selection = serde_json::from_value(row.result).map_err(AppError::internal)?;
    Ok(SelectionReport {
        number: row.number,
        chosen_at: row.chosen_at,
        same_as_before: None,
        selection,
    })
}

/// The current selection as a workbook.
///
/// # Errors
/// As [`current`].
pub async fn list_file(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: PrefectureCode,
) -> Result<Vec<u8>, AppError> {
    let report = current(state, permit, program, prefecture).await?;
    let row = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await
    })
    .await?;
    let words = ProgramText {
        title: row.title,
        publisher: prefecture.name().to_owned(),
        as_of: report.chosen_at,
        notes: vec![format!("選定に用いた回答の根拠：{}", row.use_rule)],
    };
    tokio::task::spawn_blocking(move || report::selection_list(&report.selection, &words))
        .await
        .map_err(AppError::internal)?
        .map_err(AppError::internal)
}

async fn store(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    program: &ProgramRow,
    prefecture: PrefectureCode,
    ids: &BTreeMap<String, Uuid>,
    report: &SelectionReport,
) -> Result<Uuid, AppError> {
    let number = i16::from(prefecture.number());
    let row = SelectionRow {
        id: Uuid::now_v7(),
        program_id: program.id.clone(),
        prefecture: number,
        number: report.number,
        complete: report.selection.complete,
        inputs_hash: report.selection.inputs_hash.clone(),
        result_hash: report.selection.result_hash.clone(),
        result: serde_json::to_value(&report.selection).map_err(AppError::internal)?,
        account_id: actor.account(),
        chosen_at: report.chosen_at,
    };
    let mut chosen = Vec::new();
    for cell in &report.selection.cells {
        for hospital in &cell.chosen {
            let gmis = &hospital.scored.candidate.gmis;
            let id = ids
                .get(gmis)
                .copied()
                .ok_or_else(|| AppError::internal(format!("a chosen hospital is unknown: {gmis}")))?;
            let rank = i32::try_from(hospital.rank).map_err(AppError::internal)?;
            let score = i64::try_from(hospital.scored.score).map_err(AppError::internal)?;
            chosen.push((id, cell.band.clone(), rank, score));
        }
    }
    selections::insert(conn, &row, &chosen).await?;
    let details = json!({"program": program.id, "number": report.number, "complete": report.selection.complete, "result": report.selection.result_hash});
    let entry = audit::Entry {
        action: "choose_hospitals",
        prefecture: Some(number),
        details,
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, report.chosen_at, entry).await?;
    Ok(row.id)
}
