//! Support programmes: opening one, and listing them. Their quotas, candidates and lists have modules of their own.

pub mod candidates;
pub mod choosing;
pub mod quotas;

use analytics::selection::Criteria;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::prefecture::PrefectureCode;

use crate::app::state::State;
use crate::app::{surveys, windows};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadPrograms, SetQuotas};
use crate::db::audit;
use crate::db::programs::{self, ProgramRow};
use crate::db::transaction::{Mode, as_actor};
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
