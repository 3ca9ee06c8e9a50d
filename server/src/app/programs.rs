//! Support programmes: opening one, and listing them. Their quotas, candidates and lists have modules of their own.

pub mod candidates;
pub mod choosing;
pub mod criteria;
pub mod lists;
pub mod nominations;
pub mod planning;
pub mod quotas;
pub mod results;
mod wishes;

use std::collections::BTreeMap;

use analytics::program::{self, Effort, FormColumn, ProgramError};
use analytics::selection::Criteria;
use analytics::selection::facts::is_intake_form;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use survey::band::{Band, Banding};
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use crate::app::state::State;
use crate::app::{surveys, windows};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadPrograms, SetQuotas};
use crate::db::audit;
use crate::db::programs::{self, ExtensionRow, ProgramRow};
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
    /// What is usual if nobody says otherwise.
    pub terms: Terms,
}

/// Terms of a programme that have a usual value.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The bands of its cells.
    pub banding: Banding,
    /// Whether answers are used by the recorded rule or only with recorded consent.
    pub consent: Consent,
    /// The survey that is its intake form (意向調査).
    pub intake_survey: Option<String>,
    /// Effort by band; `None`: as the notice estimates.
    pub effort: Option<BTreeMap<String, Effort>>,
    /// Columns of the form; `None`: the usual ones.
    pub form: Option<Vec<FormColumn>>,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            banding: Banding::Program,
            consent: Consent::Rule,
            intake_survey: None,
            effort: None,
            form: None,
        }
    }
}

/// By what right answers are used for choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// By the recorded rule of the programme.
    Rule,
    /// Only of hospitals that consented in the intake form.
    Recorded,
}

impl Consent {
    fn as_str(self) -> &'static str {
        match self {
            Consent::Rule => "rule",
            Consent::Recorded => "recorded",
        }
    }
}

/// Opens a programme with the national default of the criteria.
///
/// # Errors
/// `survey_unknown`, `program_exists`, `program_invalid`, `time_invalid`; or the database is away.
pub async fn open(state: &State, permit: &Permit<SetQuotas>, new: &NewProgram) -> Result<ProgramRow, AppError> {
    let frame_survey = new
        .surveys
        .first()
        .ok_or_else(|| AppError::invalid("program_invalid", "選定に使う調査を1つ以上指定してください。").at("surveys"))?;
    for id in &new.surveys {
        if is_intake_form(surveys::known(id)?) {
            return Err(AppError::invalid(
                "program_invalid",
                "選定に使う調査に意向調査は指定できません。意向調査は、希望と同意を尋ねる調査として指定してください。",
            )
            .at("surveys"));
        }
    }
    let latest_first = new
        .surveys
        .windows(2)
        .all(|pair| matches!(pair, [later, earlier] if later > earlier));
    if !latest_first {
        return Err(AppError::invalid("program_invalid", "選定に使う調査は、新しい順に重複なく指定してください。").at("surveys"));
    }
    if new.title.trim().is_empty() {
        return Err(AppError::invalid("program_invalid", "事業名を記入してください。").at("title"));
    }
    if new.use_rule.trim().is_empty() {
        return Err(AppError::invalid("program_invalid", "調査の回答を選定に用いる根拠を記入してください。").at("use_rule"));
    }
    let id_fits = (1..=32).contains(&new.id.len()) && new.id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if !id_fits {
        return Err(AppError::invalid(
            "program_invalid",
            "事業の識別名は、半角の英小文字、数字、-、_ で32文字以内にしてください。",
        )
        .at("id"));
    }
    windows::require_known_century(&[new.deadline]).map_err(|error| error.at("deadline"))?;
    let (effort, form) = checked(&new.terms)?;
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
        banding: new.terms.banding.as_str().to_owned(),
        consent: new.terms.consent.as_str().to_owned(),
        intake_survey: new.terms.intake_survey.clone(),
        effort,
        form,
    };
    let most = |band: &Band| band.max.map_or(i32::MAX, i32::from);
    let bands = new
        .terms
        .banding
        .bands()
        .iter()
        .map(|band| (band.key, i32::from(band.min), most(band)));
    let bands: Vec<(&str, i32, i32)> = bands.collect();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        if !programs::insert(conn, &row).await? {
            return Err(AppError::conflict("program_exists", "この名前の支援事業は既にあります。別の名前を付けてください。").at("id"));
        }
        let frozen = programs::freeze(conn, &row, &bands).await?;
        let entry = audit::Entry {
            action: "open_program",
            details: json!({"program": row.id, "hospitals": frozen}),
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await?;
    Ok(row)
}

/// Effort and form as they are kept.
fn checked(terms: &Terms) -> Result<(Value, Value), AppError> {
    if let Some(id) = &terms.intake_survey {
        if !is_intake_form(surveys::known(id)?) {
            return Err(AppError::invalid(
                "program_invalid",
                "支援の希望と回答の利用への同意を尋ねる意向調査を指定してください。",
            )
            .at("intake_survey"));
        }
    } else if terms.consent == Consent::Recorded {
        return Err(AppError::invalid(
            "program_invalid",
            "回答の利用に病院の同意を要する事業では、同意を尋ねる意向調査を指定してください。",
        )
        .at("intake_survey"));
    }
    let effort = terms.effort.clone().unwrap_or_else(|| program::usual_effort(terms.banding));
    let form = terms.form.clone().unwrap_or_else(program::usual_form);
    let invalid = |error: ProgramError| AppError::invalid("program_invalid", sentence(&error));
    program::check_effort(&effort, terms.banding).map_err(|error| invalid(error).at("effort"))?;
    program::check_form(&form).map_err(|error| invalid(error).at("form"))?;
    let value = |value: Result<Value, serde_json::Error>| value.map_err(AppError::internal);
    Ok((value(serde_json::to_value(effort))?, value(serde_json::to_value(form))?))
}

fn sentence(error: &ProgramError) -> String {
    match error {
        ProgramError::Bands { expected, .. } => format!(
            "工数は、病床規模区分（{}）のそれぞれについて1つずつ指定してください。",
            expected.join("、")
        ),
        ProgramError::NoEffort(band) => format!("病床規模区分 {band} の工数に0があります。人日と日数は1（0.1日）以上にしてください。"),
        ProgramError::DoubleField(field) => format!("様式に同じ項目（{field:?}）が2回あります。1つにしてください。"),
        ProgramError::MissingField(_) => "様式には、G-MIS IDと病院名の列が必要です。追加してください。".to_owned(),
        ProgramError::Header(header) => format!(
            "様式の列見出し「{}」は使えません。1～40文字の見出しを付けてください。",
            survey::fault::excerpt(header)
        ),
    }
}

/// Grants a prefecture a longer deadline, or another one than was granted before.
///
/// # Errors
/// `program_unknown`, `reason_missing`, `time_invalid`; or the database is away.
pub async fn extend(
    state: &State,
    permit: &Permit<SetQuotas>,
    program: &str,
    prefecture: PrefectureCode,
    (deadline, reason): (DateTime<Utc>, &str),
) -> Result<ExtensionRow, AppError> {
    windows::require_known_century(&[deadline])?;
    let reason = required_reason(reason)?;
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let row = ExtensionRow {
            id: Uuid::now_v7(),
            program_id: program.id,
            prefecture: i16::from(prefecture.number()),
            deadline,
            reason,
            account_id: actor.account(),
            granted_at: now,
        };
        programs::extend(conn, &row).await?;
        let entry = audit::Entry {
            action: "extend_program",
            prefecture: Some(row.prefecture),
            details: json!({"program": row.program_id, "deadline": row.deadline, "reason": row.reason}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(row)
    })
    .await
}

/// The longer deadlines in force: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn extensions(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<ExtensionRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(programs::extensions(conn, program).await?)
    })
    .await
}

/// Until when a prefecture may hand its list in.
async fn deadline_of(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<DateTime<Utc>, AppError> {
    let number = i16::from(prefecture.number());
    let extensions = programs::extensions(conn, &program.id).await?;
    let own = extensions.iter().find(|extension| extension.prefecture == number);
    Ok(own.map_or(program.deadline, |extension| extension.deadline))
}

/// A reason as it is kept.
///
/// # Errors
/// `reason_missing` when nothing is said, `reason_too_long` over 1,000 characters.
pub(super) fn required_reason(reason: &str) -> Result<String, AppError> {
    const CHARACTERS: usize = 1_000;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(AppError::invalid("reason_missing", "理由を記入してください。記録に残ります。").at("reason"));
    }
    if reason.chars().count() > CHARACTERS {
        return Err(AppError::invalid("reason_too_long", "理由は1,000文字以内で記入してください。").at("reason"));
    }
    Ok(reason.to_owned())
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

/// One programme.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<ProgramRow, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await
    })
    .await
}

pub(super) fn require_prefecture(actor: &Actor, prefecture: PrefectureCode) -> Result<(), AppError> {
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
