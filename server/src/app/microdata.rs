//! Micro-data (個票データ) for those who may have them: the coded answers of an area, read as who asks, without identities unless a reason is given.
//! Each file is written into the audit before it leaves.

use analytics::micro::{self, Identity, MicroData, MicroError, Unit};
use serde::Deserialize;
use serde_json::json;
use survey::area::Area;
use survey::attribute::Attributes;
use survey::survey::Survey;

use crate::app::frames;
use crate::app::state::State;
use crate::app::statistics::{WORKBOOK, on_thread};
use crate::auth::actor::Role;
use crate::auth::permit::{ExportMicroData, Permit};
use crate::db::snapshots::MicroRow;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, snapshots};
use crate::error::AppError;

/// The forms that micro-data come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Parquet by survey and prefecture with the codebook, in one archive.
    Archive,
    /// One CSV file.
    Csv,
    /// A workbook.
    Workbook,
    /// What the values mean.
    Codebook,
}

impl Form {
    /// The form of a name that requests use: `microdata.zip`, `microdata.csv`, `microdata.xlsx`, `codebook.csv`.
    pub fn parse(name: &str) -> Option<Form> {
        match name {
            "microdata.zip" => Some(Form::Archive),
            "microdata.csv" => Some(Form::Csv),
            "microdata.xlsx" => Some(Form::Workbook),
            "codebook.csv" => Some(Form::Codebook),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Archive => "application/zip",
            Form::Csv | Form::Codebook => "text/csv; charset=utf-8",
            Form::Workbook => WORKBOOK,
        }
    }

    /// What to call the file.
    pub fn name(self, survey: &Survey) -> String {
        let id = survey.id();
        match self {
            Form::Archive => format!("microdata_{id}.zip"),
            Form::Csv => format!("microdata_{id}.csv"),
            Form::Workbook => format!("microdata_{id}.xlsx"),
            Form::Codebook => format!("codebook_{id}.csv"),
        }
    }
}

/// Which micro-data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The nation or a prefecture.
    pub area: Area,
    /// Whether to say which hospital is which, and for what.
    pub identities: Option<String>,
}

/// Whether somebody may have these.
///
/// # Errors
/// `area_not_yours`, `area_invalid`, `identities_not_permitted`, `reason_missing`.
pub fn require(permit: &Permit<ExportMicroData>, wanted: &Wanted) -> Result<(), AppError> {
    if matches!(wanted.area, Area::Municipality(_)) {
        return Err(AppError::invalid(
            "area_invalid",
            "個票データの地域は nation（全国）か都道府県コード2桁で指定してください。",
        ));
    }
    frames::require_area(permit.actor(), &wanted.area)?;
    let Some(reason) = &wanted.identities else { return Ok(()) };
    if matches!(permit.actor().role(), Role::MinistryAnalyst) {
        return Err(AppError::forbidden(
            "identities_not_permitted",
            "病院が分かる個票データを出力する権限がありません。病院名などを含まない個票データを使うか、厚生労働省の管理者に依頼してください。",
        ));
    }
    if reason.trim().is_empty() {
        return Err(AppError::invalid(
            "reason_missing",
            "病院が分かる個票データには、使う理由（reason）を書いてください。監査記録に残ります。",
        ));
    }
    Ok(())
}

/// Makes a file, and says so in the audit.
///
/// # Errors
/// As [`require`]; or the database is away.
pub async fn file(
    state: &State,
    permit: &Permit<ExportMicroData>,
    survey: &'static Survey,
    wanted: &Wanted,
    form: Form,
) -> Result<Vec<u8>, AppError> {
    require(permit, wanted)?;
    let (actor, identified) = (permit.actor(), wanted.identities.is_some());
    let prefecture = match &wanted.area {
        Area::Prefecture(code) => Some(i16::from(code.number())),
        _ => None,
    };
    let (as_of, rows) = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let as_of = snapshots::changed_at(conn, survey.id().as_str()).await?;
        Ok((as_of, snapshots::micro(conn, survey.id().as_str(), prefecture).await?))
    })
    .await?;
    let hospitals = rows.len();
    let bytes = on_thread(move || -> Result<Vec<u8>, AppError> {
        let units = rows
            .into_iter()
            .map(|row| unit(survey, row, identified))
            .collect::<Result<_, _>>()?;
        let data = MicroData::new(survey, as_of, units).map_err(AppError::internal)?;
        write(&data, form).map_err(AppError::internal)
    })
    .await??;
    let details = json!({"file": form.name(survey), "hospitals": hospitals, "identities": identified, "reason": wanted.identities});
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let entry = audit::Entry {
            action: "export_microdata",
            survey: Some(survey.id().as_str()),
            hospital: None,
            prefecture,
            details,
        };
        Ok(audit::insert(conn, actor, state.now(), entry).await?)
    })
    .await?;
    Ok(bytes)
}

fn write(data: &MicroData<'_>, form: Form) -> Result<Vec<u8>, MicroError> {
    match form {
        Form::Archive => micro::archive(data),
        Form::Csv => micro::csv(data),
        Form::Workbook => micro::workbook(data),
        Form::Codebook => micro::codebook_csv(data),
    }
}

fn unit(survey: &Survey, row: MicroRow, identified: bool) -> Result<Unit, AppError> {
    if row.layout_hash != survey.layout().hash() {
        return Err(AppError::internal(format!(
            "a counted revision has the layout {}, this program's is {}",
            row.layout_hash,
            survey.layout().hash()
        )));
    }
    let municipality = frames::municipality_of(&row.municipality)?;
    let attributes = Attributes::deserialize(&row.attributes).map_err(AppError::internal)?;
    Ok(Unit {
        identity: identified.then_some(Identity {
            gmis: row.gmis_id,
            name: row.name,
            municipality,
            attributes,
        }),
        prefecture: frames::prefecture_of(row.prefecture)?,
        beds: frames::beds_of(row.beds)?,
        codes: row.codes,
    })
}
