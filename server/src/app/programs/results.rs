//! What came of supporting the hospitals of accepted lists (支援結果): brought in as the contractor's file, all or nothing; read by the ministry, and by a prefecture
//! that asked for it and was granted it.

pub mod requests;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use importer::results::{SupportResult, examine_results};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use survey::fault::{Fault, excerpt};
use survey::prefecture::PrefectureCode;

use super::{require, require_prefecture};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{BringResults, Permit, ReadPrograms};
use crate::db::audit;
use crate::db::results::{self, ResultRow, SupportedRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// A file of results.
#[derive(Debug, Clone)]
pub struct ResultFile {
    /// For people only.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What a file brings, or brought.
#[derive(Debug, Serialize)]
pub struct ResultReport {
    /// Whether it was stored: not in a preview.
    pub stored: bool,
    /// Hospitals of the file.
    pub hospitals: usize,
    /// Hospitals without a result so far.
    pub new: usize,
    /// Hospitals whose result becomes another one.
    pub changed: usize,
    /// Errors are refused as a whole; warnings are not.
    pub faults: Vec<Fault>,
}

/// A supported hospital with its result.
#[derive(Debug, Serialize)]
pub struct Supported {
    /// Two digits.
    pub prefecture: String,
    /// G-MIS ID.
    pub gmis: String,
    /// Name.
    pub name: String,
    /// Key of its band.
    pub band: String,
    /// Whether it left the list since.
    pub left: bool,
    /// `None`: nothing was reported yet.
    pub result: Option<Reported>,
}

/// A result as answered.
#[derive(Debug, Serialize)]
pub struct Reported {
    /// From 1.
    pub version: i32,
    /// done, running, waiting, declined.
    pub progress: String,
    /// The day of the site survey.
    pub surveyed_on: Option<NaiveDate>,
    /// Connections to networks outside.
    pub connections: Option<i32>,
    /// Findings that need something done.
    pub findings: Option<i32>,
    /// made, planned, absent.
    pub offline_backup: Option<String>,
    /// Remarks.
    pub remarks: String,
    /// By the server's clock.
    pub recorded_at: DateTime<Utc>,
}

/// Says what a file would bring. Stores nothing.
///
/// # Errors
/// `program_unknown`; `file_refused`, `results_faulty` with the faults; or the database is away.
pub async fn preview(state: &State, permit: &Permit<BringResults>, program: &str, file: &ResultFile) -> Result<ResultReport, AppError> {
    let (said, faults) = read(state, file).await?;
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        let hospitals = said.len();
        let brought = brought(conn, program, said, faults).await?;
        Ok(report(false, hospitals, brought))
    })
    .await
}

/// Brings results in: what differs from what is in force becomes a new version.
///
/// # Errors
/// As [`preview`]. Then nothing is stored.
pub async fn bring(state: &State, permit: &Permit<BringResults>, program: &str, file: &ResultFile) -> Result<ResultReport, AppError> {
    let (said, faults) = read(state, file).await?;
    let (actor, now) = (permit.actor(), state.now());
    let hash = hex::encode(Sha256::digest(&file.bytes));
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        take_turn(conn, &format!("results {program}")).await?;
        let hospitals = said.len();
        let brought = brought(conn, program, said, faults).await?;
        let row = |(row, said): &(SupportedRow, SupportResult)| -> Result<ResultRow, AppError> {
            let count = |count: Option<u32>| count.map(i32::try_from).transpose().map_err(AppError::internal);
            Ok(ResultRow {
                program_id: program.to_owned(),
                hospital_id: row.hospital_id,
                version: row.version.unwrap_or(0).saturating_add(1),
                prefecture: row.prefecture,
                progress: said.progress.as_str().to_owned(),
                surveyed_on: said.surveyed_on,
                connections: count(said.connections)?,
                findings: count(said.findings)?,
                offline_backup: said.offline_backup.map(|one| one.as_str().to_owned()),
                remarks: said.remarks.clone(),
                file_hash: hash.clone(),
                account_id: actor.account(),
                recorded_at: now,
            })
        };
        let rows: Vec<ResultRow> = brought.differing.iter().map(row).collect::<Result<_, _>>()?;
        results::insert(conn, &rows).await?;
        let entry = audit::Entry {
            action: "bring_results",
            details: json!({"program": program, "file_name": excerpt(&file.file_name), "sha256": hash, "hospitals": rows.len()}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(report(true, hospitals, brought))
    })
    .await
}

/// The supported hospitals with their results, of a prefecture or of all. That somebody read them of a prefecture is noted.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; `results_not_granted` for a prefecture that was not granted them; or the database is away.
pub async fn list(
    state: &State,
    permit: &Permit<ReadPrograms>,
    program: &str,
    prefecture: Option<PrefectureCode>,
) -> Result<Vec<Supported>, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let of = match actor.role() {
        Role::Prefecture(own) => {
            require_prefecture(actor, prefecture.unwrap_or(*own))?;
            Some(*own)
        }
        _ => prefecture,
    };
    let number = of.map(|of| i16::from(of.number()));
    let rows = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        if let (Role::Prefecture(_), Some(number)) = (actor.role(), number)
            && !results::is_granted(conn, program, number).await?
        {
            return Err(AppError::forbidden(
                "results_not_granted",
                "支援結果の提供がまだ認められていません。厚生労働省に提供を依頼し、回答をお待ちください。",
            ));
        }
        let entry = audit::Entry {
            action: "read_results",
            prefecture: number,
            details: json!({"program": program}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(results::supported(conn, program, number).await?)
    })
    .await?;
    Ok(rows.into_iter().map(supported).collect())
}

/// Parsed in the limited child and examined.
async fn read(state: &State, file: &ResultFile) -> Result<(Vec<SupportResult>, Vec<Fault>), AppError> {
    let workbook = state.shared.parser.parse(&file.bytes).await?.map_err(|fault| {
        AppError::faulty(
            "file_refused",
            "ファイルを読み込めませんでした。何も保存されていません。理由を確認して送り直してください。",
            vec![fault],
        )
    })?;
    tokio::task::spawn_blocking(move || examine_results(&workbook))
        .await
        .map_err(AppError::internal)
}

/// What a file brings that is not in force already.
struct Brought {
    new: usize,
    differing: Vec<(SupportedRow, SupportResult)>,
    faults: Vec<Fault>,
}

async fn brought(
    conn: &mut AsyncPgConnection,
    program: &str,
    said: Vec<SupportResult>,
    mut faults: Vec<Fault>,
) -> Result<Brought, AppError> {
    let known = results::supported(conn, program, None).await?;
    let mut known: BTreeMap<String, SupportedRow> = known.into_iter().map(|row| (row.gmis_id.clone(), row)).collect();
    let mut differing = Vec::new();
    for result in said {
        match known.remove(result.gmis.as_str()) {
            Some(row) if !is_in_force(&row, &result) => differing.push((row, result)),
            Some(_) => {}
            None => {
                let message = format!(
                    "{}は、この事業の受理されたリストにありません。渡した名簿の病院かどうか確認してください。",
                    result.gmis
                );
                faults.push(Fault::error("result_not_supported", message));
            }
        }
    }
    if faults.iter().any(Fault::is_error) {
        return Err(AppError::faulty(
            "results_faulty",
            "支援結果のファイルに誤りがあるため、取り込みませんでした。何も保存されていません。直して送り直してください。",
            faults,
        ));
    }
    Ok(Brought {
        new: differing.iter().filter(|(row, _)| row.version.is_none()).count(),
        differing,
        faults,
    })
}

fn is_in_force(row: &SupportedRow, said: &SupportResult) -> bool {
    let count = |count: Option<u32>| count.and_then(|count| i32::try_from(count).ok());
    row.progress.as_deref() == Some(said.progress.as_str())
        && row.surveyed_on == said.surveyed_on
        && row.connections == count(said.connections)
        && row.findings == count(said.findings)
        && row.offline_backup.as_deref() == said.offline_backup.map(|one| one.as_str())
        && row.remarks.as_deref() == Some(said.remarks.as_str())
}

fn report(stored: bool, hospitals: usize, brought: Brought) -> ResultReport {
    ResultReport {
        stored,
        hospitals,
        new: brought.new,
        changed: brought.differing.len().saturating_sub(brought.new),
        faults: brought.faults,
    }
}

fn supported(row: SupportedRow) -> Supported {
    let result = match (row.version, row.progress, row.recorded_at) {
        (Some(version), Some(progress), Some(recorded_at)) => Some(Reported {
            version,
            progress,
            surveyed_on: row.surveyed_on,
            connections: row.connections,
            findings: row.findings,
            offline_backup: row.offline_backup,
            remarks: row.remarks.unwrap_or_default(),
            recorded_at,
        }),
        _ => None,
    };
    Supported {
        prefecture: format!("{:02}", row.prefecture),
        gmis: row.gmis_id,
        name: row.name,
        band: row.band,
        left: row.standing == "left",
        result,
    }
}
