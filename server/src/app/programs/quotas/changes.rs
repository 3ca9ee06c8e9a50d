//! What changes of a programme's quotas, told before it is stored, and stored in one way: in turn, with a reason, audited.

use std::collections::{BTreeMap, BTreeSet};

use analytics::selection::Quota;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use survey::band::{Band, Banding};
use survey::prefecture::PrefectureCode;

use super::Change;
use crate::app::frames::prefecture_of;
use crate::auth::actor::Actor;
use crate::db::programs::ProgramRow;
use crate::db::quotas::{self, Origin, QuotaRow};
use crate::db::{audit, lists};
use crate::error::AppError;

/// The longest reason, in characters.
const REASON: usize = 2_000;

/// A cell whose number becomes another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellChange {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: String,
    /// What was in force; `None`: nothing.
    pub before: Option<u32>,
    /// What it becomes.
    pub hospitals: u32,
    /// The version that was in force; 0: none.
    pub version: i32,
}

/// Cells with their numbers, each once, by prefecture and band.
pub(super) type Cells = BTreeMap<(PrefectureCode, &'static str), u32>;

/// The name of the turn that whoever changes quotas of a programme takes first.
pub(super) fn turn(program: &str) -> String {
    format!("quotas {program}")
}

pub(super) fn program_band(key: &str) -> Result<&'static Band, AppError> {
    Band::of_key(key).ok_or_else(|| unknown_band(key))
}

/// The band of a key in the banding of a programme.
pub(super) fn band_in(banding: Banding, key: &str) -> Result<&'static Band, AppError> {
    banding.band(key).ok_or_else(|| unknown_band(key))
}

fn unknown_band(key: &str) -> AppError {
    let keys = |banding: Banding| banding.bands().iter().map(|band| band.key).collect::<Vec<_>>().join("、");
    AppError::invalid(
        "quota_invalid",
        format!(
            "この事業に病床規模区分「{}」はありません。事業の区分（{}、または6区分の事業では {}）のいずれかにしてください。",
            survey::fault::excerpt(key),
            keys(Banding::Program),
            keys(Banding::Survey)
        ),
    )
}

/// That a programme has bands, also where its cells are not the asker's to see.
///
/// # Errors
/// `quota_invalid`.
pub(super) fn require_bands<'b>(program: &ProgramRow, mut bands: impl Iterator<Item = &'b str>) -> Result<(), AppError> {
    let banding = Banding::parse(&program.banding).map_err(AppError::internal)?;
    match bands.find(|band| banding.band(band).is_none()) {
        Some(band) => Err(unknown_band(band)),
        None => Ok(()),
    }
}

/// Locks the cells that are to change, with all of their prefectures: whoever chooses there waits, and counts against the new numbers.
///
/// # Errors
/// `quota_invalid` for a band that the programme has not; or the database is away.
pub(super) async fn lock<'c>(
    conn: &mut AsyncPgConnection,
    program: &str,
    cells: impl Iterator<Item = (PrefectureCode, &'c str)>,
) -> Result<(), AppError> {
    let cells: BTreeSet<(i16, String)> = cells
        .map(|(prefecture, band)| (i16::from(prefecture.number()), band.to_owned()))
        .collect();
    let prefectures: BTreeSet<i16> = cells.iter().map(|(prefecture, _)| *prefecture).collect();
    let prefectures: Vec<i16> = prefectures.into_iter().collect();
    let locked: BTreeSet<(i16, String)> = lists::lock_cells(conn, program, &prefectures).await?.into_iter().collect();
    match cells.difference(&locked).next() {
        Some((_, band)) => Err(unknown_band(band)),
        None => Ok(()),
    }
}

pub(super) fn cells_of(list: &[Quota]) -> Result<Cells, AppError> {
    let mut cells = Cells::new();
    for cell in list {
        let band = program_band(&cell.band)?;
        if i32::try_from(cell.hospitals).is_err() {
            return Err(AppError::invalid(
                "quota_invalid",
                "支援枠の病院数が大きすぎます。数を確認してください。",
            ));
        }
        if cells.insert((cell.prefecture, band.key), cell.hospitals).is_some() {
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
    Ok(cells)
}

/// Hospitals and version by cell.
pub(super) type InForce<'q> = BTreeMap<(PrefectureCode, &'q str), (u32, i32)>;

/// The quotas in force with their versions, by cell.
pub(super) fn by_cell(in_force: &[QuotaRow]) -> Result<InForce<'_>, AppError> {
    let cell = |row: &QuotaRow| {
        let prefecture = prefecture_of(row.prefecture)?;
        let hospitals = u32::try_from(row.hospitals).map_err(AppError::internal)?;
        Ok((prefecture, hospitals))
    };
    in_force
        .iter()
        .map(|row| cell(row).map(|(prefecture, hospitals)| ((prefecture, row.band.as_str()), (hospitals, row.version))))
        .collect()
}

pub(super) fn require_seen(in_force: &[QuotaRow], change: &Change) -> Result<(), AppError> {
    let known = by_cell(in_force)?;
    for cell in &change.cells {
        let (hospitals, version) = known
            .get(&(cell.quota.prefecture, cell.quota.band.as_str()))
            .copied()
            .unwrap_or_default();
        if cell.seen.is_some_and(|seen| seen != version) {
            return Err(AppError::conflict(
                "quota_changed",
                format!(
                    "{} {} の支援枠は、確認された後に変更されています（現在は{hospitals}、第{version}版）。最新の支援枠を確認してから、もう一度設定してください。",
                    cell.quota.prefecture.name(),
                    program_band(&cell.quota.band)?.label
                ),
            ));
        }
    }
    Ok(())
}

/// Which cells change, in the order of prefectures and bands.
pub(super) fn changes(in_force: &[QuotaRow], cells: &Cells) -> Result<Vec<CellChange>, AppError> {
    let known = by_cell(in_force)?;
    let change = |((prefecture, band), hospitals): (&(PrefectureCode, &'static str), &u32)| {
        let before = known.get(&(*prefecture, *band)).copied();
        let changes = before.is_none_or(|(before, _)| before != *hospitals);
        changes.then(|| CellChange {
            prefecture: *prefecture,
            band: (*band).to_owned(),
            before: before.map(|(before, _)| before),
            hospitals: *hospitals,
            version: before.map_or(0, |(_, version)| version),
        })
    };
    Ok(cells.iter().filter_map(change).collect())
}

/// SHA-256 of changes: a preview shows it, and storing can be bound to it.
pub(super) fn hash_of(changes: &[CellChange]) -> Result<String, AppError> {
    let bytes = serde_json::to_vec(changes).map_err(AppError::internal)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

pub(super) fn require_hash(expected: Option<&str>, hash: &str) -> Result<(), AppError> {
    if expected.is_some_and(|expected| expected != hash) {
        return Err(AppError::conflict(
            "quota_changed",
            "確認した後に支援枠または候補病院が変わったため、変更の内容が異なります。もう一度確認してから設定してください。",
        ));
    }
    Ok(())
}

/// A reason that will be kept.
///
/// # Errors
/// `reason_missing`, `reason_too_long`.
pub(super) fn reason_of(text: Option<&str>) -> Result<&str, AppError> {
    let text = text.map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(AppError::invalid(
            "reason_missing",
            "設定済みの支援枠を変えるには、理由を記入してください。理由は記録に残ります。",
        )
        .at("reason"));
    }
    if text.chars().count() > REASON {
        return Err(AppError::invalid("reason_too_long", format!("理由は{REASON}文字以内で記入してください。")).at("reason"));
    }
    Ok(text)
}

/// What is kept beside a change.
pub(super) struct Said<'a> {
    pub(super) reason: Option<&'a str>,
    pub(super) action: &'static str,
    /// An object.
    pub(super) details: Value,
}

/// Stores changes with an audit row. The caller has the turn, and read what was in force after it took it.
pub(super) async fn write(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    program: &str,
    changes: &[CellChange],
    mut said: Said<'_>,
    now: DateTime<Utc>,
) -> Result<usize, AppError> {
    lock(
        conn,
        program,
        changes.iter().map(|change| (change.prefecture, change.band.as_str())),
    )
    .await?;
    let given = said.reason.filter(|reason| !reason.trim().is_empty());
    let reason = if given.is_some() || changes.iter().any(|change| change.version > 0) {
        Some(reason_of(given)?)
    } else {
        None
    };
    let origin = Origin {
        account_id: actor.account(),
        reason,
        request_id: None,
        now,
    };
    let changed = quotas::set(conn, program, &rows_of(changes)?, origin).await?;
    if let Value::Object(details) = &mut said.details {
        details.insert("program".to_owned(), json!(program));
        details.insert("cells".to_owned(), json!(changed));
    }
    let entry = audit::Entry {
        action: said.action,
        details: said.details,
        ..audit::Entry::default()
    };
    audit::insert(conn, actor, now, entry).await?;
    Ok(changed)
}

fn rows_of(changes: &[CellChange]) -> Result<Vec<(i16, String, i32)>, AppError> {
    let row = |change: &CellChange| {
        let hospitals = i32::try_from(change.hospitals).map_err(AppError::internal)?;
        Ok((i16::from(change.prefecture.number()), change.band.clone(), hospitals))
    };
    changes.iter().map(row).collect()
}
