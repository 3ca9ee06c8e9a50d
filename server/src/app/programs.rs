//! Support programmes: opening one, quotas, candidates, and choosing exactly the quota of every cell.

use std::collections::BTreeMap;

use analytics::report::{self, ProgramText};
use analytics::selection::{
    self, CandidateHospital, Criteria, HospitalRecord, NotEligible, Quota, ScoredCandidate, Selection, SurveyAnswers,
};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use crate::app::frames;
use crate::app::idempotency::{Answer, Key, once};
use crate::app::state::State;
use crate::app::{surveys, windows};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{ChooseHospitals, Permit, ReadPrograms, SetQuotas};
use crate::db::audit;
use crate::db::programs::{self, ProgramRow, QuotaRow};
use crate::db::selections::{self, SelectionRow};
use crate::db::snapshots::{self, AnsweredRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// What opens a programme.
#[derive(Debug, Clone)]
pub struct NewProgram {
    /// Short name.
    pub id: String,
    /// Western year.
    pub fiscal_year: i32,
    /// Japanese title.
    pub title: String,
    /// Surveys whose answers decide, the latest first; the first one's frame gives hospitals and beds.
    pub surveys: Vec<String>,
    /// The recorded rule on using answers.
    pub use_rule: String,
    /// When lists are due.
    pub deadline: DateTime<Utc>,
}

/// A hospital that may not be chosen, and why.
#[derive(Debug, Serialize)]
pub struct Excluded {
    /// G-MIS ID.
    pub hospital: String,
    /// Name.
    pub name: String,
    /// Stable reason with its details.
    #[serde(flatten)]
    pub reason: NotEligible,
    /// The reason in Japanese.
    pub message: String,
}

/// Candidates of a prefecture in the order of choice, and the hospitals that are none.
#[derive(Debug, Serialize)]
pub struct Candidates {
    /// With score and parts.
    pub candidates: Vec<ScoredCandidate>,
    /// With reasons.
    pub excluded: Vec<Excluded>,
}

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

/// Opens a programme with the national default of the criteria.
///
/// # Errors
/// `survey_unknown`, `program_exists`, `program_invalid`, `time_invalid`; or the database is away.
pub async fn open(state: &State, permit: &Permit<SetQuotas>, new: &NewProgram) -> Result<ProgramRow, AppError> {
    let frame_survey = new
        .surveys
        .first()
        .ok_or_else(|| AppError::invalid("program_invalid", "選定に使う調査を1つ以上指定してください。"))?;
    for id in &new.surveys {
        surveys::known(id)?;
    }
    let latest_first = new
        .surveys
        .windows(2)
        .all(|pair| matches!(pair, [later, earlier] if later > earlier));
    if !latest_first {
        return Err(AppError::invalid(
            "program_invalid",
            "選定に使う調査は、新しい順に重複なく指定してください。",
        ));
    }
    if new.use_rule.trim().is_empty() || new.title.trim().is_empty() {
        return Err(AppError::invalid(
            "program_invalid",
            "事業名と、調査の回答を選定に用いる根拠を記入してください。",
        ));
    }
    let id_fits = (1..=32).contains(&new.id.len()) && new.id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if !id_fits {
        return Err(AppError::invalid(
            "program_invalid",
            "事業の識別名は、半角の英小文字、数字、-、_ で32文字以内にしてください。",
        ));
    }
    windows::require_known_century(&[new.deadline])?;
    let criteria = Criteria::national().map_err(AppError::internal)?;
    let now = state.now();
    let actor = permit.actor();
    let row = ProgramRow {
        id: new.id.clone(),
        fiscal_year: new.fiscal_year,
        title: new.title.clone(),
        surveys: new.surveys.clone(),
        frame_survey: frame_survey.clone(),
        use_rule: new.use_rule.clone(),
        criteria: serde_json::to_value(&criteria).map_err(AppError::internal)?,
        deadline: new.deadline,
        opened_at: now,
    };
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        if !programs::insert(conn, &row).await? {
            return Err(AppError::conflict(
                "program_exists",
                "この名前の支援事業は既にあります。別の名前を付けてください。",
            ));
        }
        let entry = audit::Entry {
            action: "open_program",
            details: json!({"program": row.id}),
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await?;
    Ok(row)
}

/// All programmes.
///
/// # Errors
/// The database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>) -> Result<Vec<ProgramRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(programs::list(conn).await?)
    })
    .await
}

/// The quotas in force: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn quotas(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<QuotaRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(programs::quotas(conn, program, None).await?)
    })
    .await
}

/// Sets quotas: each changed cell gets a new version. Cells that are not named stay as they are.
///
/// # Errors
/// `program_unknown`, `quota_invalid`; or the database is away.
pub async fn set_quotas(state: &State, permit: &Permit<SetQuotas>, program: &str, cells: &[Quota]) -> Result<usize, AppError> {
    let mut rows = BTreeMap::new();
    for cell in cells {
        let band = Banding::Program.band(&cell.band).ok_or_else(|| {
            AppError::invalid(
                "quota_invalid",
                format!(
                    "病床規模区分「{}」はありません。20-199、200-399、400+ のいずれかにしてください。",
                    survey::fault::excerpt(&cell.band)
                ),
            )
        })?;
        let hospitals = i32::try_from(cell.hospitals)
            .map_err(|_too_many| AppError::invalid("quota_invalid", "支援枠の病院数が大きすぎます。数を確認してください。"))?;
        if rows.insert((i16::from(cell.prefecture.number()), band.key), hospitals).is_some() {
            return Err(AppError::invalid(
                "quota_invalid",
                format!(
                    "{} {} の支援枠が2回指定されています。1つにしてください。",
                    cell.prefecture.name(),
                    band.label
                ),
            ));
        }
    }
    let rows: Vec<(i16, String, i32)> = rows
        .into_iter()
        .map(|((prefecture, band), n)| (prefecture, band.to_owned(), n))
        .collect();
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        take_turn(conn, &format!("quotas {program}")).await?;
        let changed = programs::set_quotas(conn, program, &rows, actor.account(), now).await?;
        let entry = audit::Entry {
            action: "set_quotas",
            details: json!({"program": program, "cells": changed}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(changed)
    })
    .await
}

/// The candidates of a prefecture with their scores, and who is none and why. Looking is noted in the audit: answers are used for choosing.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn candidates(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: PrefectureCode,
) -> Result<Candidates, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let inputs = inputs(conn, &program, prefecture).await?;
        let entry = audit::Entry {
            action: "read_candidates",
            prefecture: Some(i16::from(prefecture.number())),
            details: json!({"program": program.id, "candidates": inputs.candidates.len()}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(Candidates {
            candidates: selection::rank(&inputs.candidates, &inputs.criteria),
            excluded: inputs.excluded,
        })
    })
    .await
}

/// Chooses a prefecture's hospitals: exactly the quota of every cell, the same for the same inputs. A cell that is short is named, not overfilled elsewhere.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`, `quota_missing`; those of idempotency; or the database is away.
pub async fn choose(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    program: &str,
    prefecture: PrefectureCode,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    once(state, actor, key, async |conn, now| {
        let program = require(conn, program).await?;
        let number = i16::from(prefecture.number());
        take_turn(conn, &format!("selection {} {number}", program.id)).await?;
        let inputs = inputs(conn, &program, prefecture).await?;
        if inputs.quotas.is_empty() {
            return Err(AppError::conflict(
                "quota_missing",
                "この都道府県の支援枠がまだ設定されていません。厚生労働省の担当者にご確認ください。",
            ));
        }
        let chosen = selection::choose(&inputs.candidates, &inputs.quotas, &inputs.criteria).map_err(AppError::internal)?;
        let before = selections::latest(conn, &program.id, number).await?;
        let same_as_before = before.as_ref().map(|row| row.result_hash == chosen.result_hash);
        let report = SelectionReport {
            number: before.map_or(0, |row| row.number).saturating_add(1),
            chosen_at: now,
            same_as_before,
            selection: chosen,
        };
        store(conn, actor, &program, prefecture, &inputs.ids, &report).await?;
        Ok((201, report))
    })
    .await
}

/// The current selection of a prefecture.
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
    let row = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        selections::latest(conn, program, number).await?.ok_or_else(|| {
            AppError::not_found(
                "selection_unknown",
                "この都道府県の選定はまだ行われていません。先に選定を行ってください。",
            )
        })
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

fn require_prefecture(actor: &Actor, prefecture: PrefectureCode) -> Result<(), AppError> {
    match actor.role() {
        Role::Prefecture(own) if *own != prefecture => Err(AppError::forbidden(
            "prefecture_not_yours",
            format!("候補病院と選定は自分の都道府県（{}）のものだけを扱えます。", own.name()),
        )),
        _ => Ok(()),
    }
}

async fn require(conn: &mut AsyncPgConnection, program: &str) -> Result<ProgramRow, AppError> {
    programs::find(conn, program)
        .await?
        .ok_or_else(|| AppError::not_found("program_unknown", "この支援事業はありません。名前を確認してください。"))
}

/// Everything that choosing reads, from one transaction.
struct Inputs {
    candidates: Vec<CandidateHospital>,
    excluded: Vec<Excluded>,
    quotas: Vec<Quota>,
    criteria: Criteria,
    ids: BTreeMap<String, Uuid>,
}

async fn inputs(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<Inputs, AppError> {
    let number = i16::from(prefecture.number());
    let rows = snapshots::answered(conn, &program.id, &program.frame_survey, &program.surveys, number).await?;
    let ids = rows.iter().map(|row| (row.gmis_id.clone(), row.hospital_id)).collect();
    let mut candidates = Vec::new();
    let mut excluded = Vec::new();
    for record in records(program, rows)? {
        match selection::eligible(&record) {
            Ok(candidate) => candidates.push(candidate),
            Err(reason) => {
                let message = reason.message();
                excluded.push(Excluded {
                    hospital: record.gmis,
                    name: record.name,
                    reason,
                    message,
                });
            }
        }
    }
    let quotas = programs::quotas(conn, &program.id, Some(number))
        .await?
        .into_iter()
        .map(|row| {
            Ok(Quota {
                prefecture,
                band: row.band,
                hospitals: u32::try_from(row.hospitals).map_err(AppError::internal)?,
            })
        })
        .collect::<Result<_, AppError>>()?;
    let criteria = serde_json::from_value(program.criteria.clone()).map_err(AppError::internal)?;
    Ok(Inputs {
        candidates,
        excluded,
        quotas,
        criteria,
        ids,
    })
}

/// One record a hospital, with its answers to each of the programme's surveys, the latest first.
fn records(program: &ProgramRow, rows: Vec<AnsweredRow>) -> Result<Vec<HospitalRecord>, AppError> {
    let mut records: BTreeMap<String, HospitalRecord> = BTreeMap::new();
    for row in rows {
        let answers = match (&row.survey_id, &row.codes) {
            (Some(id), Some(codes)) => Some((id.clone(), selection::decode(surveys::known(id)?, codes))),
            _ => None,
        };
        if !records.contains_key(&row.gmis_id) {
            let record = HospitalRecord {
                gmis: row.gmis_id.clone(),
                institution_code: row.institution_code,
                name: row.name,
                prefecture: frames::prefecture_of(row.prefecture)?,
                municipality: frames::municipality_of(&row.municipality)?.map(|code| code.to_string()),
                beds: frames::beds_of(row.beds)?,
                chosen_earlier: (row.earlier > 0).then(|| "以前の年度".to_owned()),
                surveys: program
                    .surveys
                    .iter()
                    .map(|id| SurveyAnswers {
                        survey: id.clone(),
                        answers: None,
                    })
                    .collect(),
            };
            records.insert(row.gmis_id.clone(), record);
        }
        if let (Some((id, answers)), Some(record)) = (answers, records.get_mut(&row.gmis_id))
            && let Some(place) = record.surveys.iter_mut().find(|place| place.survey == id)
        {
            place.answers = Some(answers);
        }
    }
    Ok(records.into_values().collect())
}

async fn store(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    program: &ProgramRow,
    prefecture: PrefectureCode,
    ids: &BTreeMap<String, Uuid>,
    report: &SelectionReport,
) -> Result<(), AppError> {
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
    Ok(audit::insert(conn, actor, report.chosen_at, entry).await?)
}
