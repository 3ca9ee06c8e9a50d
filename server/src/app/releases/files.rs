//! The files of a release as bytes. Which distributions they may show is the decision's; who may have them is said beside each.

use analytics::Snapshot;
use analytics::micro::{self, MicroData, Unit};
use analytics::report::{self, ReportError, ReportText};
use analytics::suppress::Decision;
use survey::survey::Survey;

use super::basis::codes;
use crate::app::frames;
use crate::app::microdata::Form;
use crate::app::statistics::WORKBOOK;
use crate::db::releases::MemberRow;
use crate::error::AppError;

/// Media type of a CSV file.
const CSV: &str = "text/csv; charset=utf-8";

/// A file that was made.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
    /// For the ministry only.
    pub(super) restricted: bool,
}

/// What the files are made of.
pub(super) struct Contents<'a> {
    pub(super) survey: &'static Survey,
    pub(super) snapshot: &'a Snapshot,
    pub(super) decision: &'a Decision,
    pub(super) number: i32,
    pub(super) note: &'a str,
    pub(super) earlier: Option<(&'a Snapshot, &'a Decision)>,
    pub(super) members: &'a [MemberRow],
    pub(super) words: &'a ReportText,
}

/// All files, by name. Call it from a plain thread.
pub(super) fn write(contents: &Contents<'_>) -> Result<Vec<Made>, AppError> {
    let id = contents.survey.id();
    let public = |name: String, media_type, bytes: Result<Vec<u8>, ReportError>| {
        Ok::<_, AppError>(Made {
            name,
            media_type,
            bytes: bytes.map_err(AppError::internal)?,
            restricted: false,
        })
    };
    let codebook =
        micro::codebook_csv(&MicroData::new(contents.survey, contents.snapshot.as_of(), Vec::new()).map_err(AppError::internal)?);
    Ok(vec![
        micro_data(contents)?,
        Made {
            name: Form::Codebook.name(contents.survey),
            media_type: Form::Codebook.media_type(),
            bytes: codebook.map_err(AppError::internal)?,
            restricted: false,
        },
        public(data_name(contents.survey), CSV, data(contents))?,
        public(
            format!("houkoku_{id}.xlsx"),
            WORKBOOK,
            report::houkoku(contents.snapshot, contents.earlier.map(|(snapshot, _)| snapshot), contents.words),
        )?,
    ])
}

/// The coded answers that were counted, without identities.
fn micro_data(contents: &Contents<'_>) -> Result<Made, AppError> {
    let counted = contents
        .members
        .iter()
        .filter_map(|member| Some((member, member.counted.as_ref()?)));
    let unit = |(member, counted)| -> Result<Unit, AppError> {
        let member: &MemberRow = member;
        Ok(Unit {
            identity: None,
            prefecture: frames::prefecture_of(member.prefecture)?,
            beds: frames::beds_of(member.beds)?,
            codes: codes(contents.survey, counted)?.to_vec(),
        })
    };
    let units = counted.map(unit).collect::<Result<_, _>>()?;
    let data = MicroData::new(contents.survey, contents.snapshot.as_of(), units).map_err(AppError::internal)?;
    Ok(Made {
        name: Form::Archive.name(contents.survey),
        media_type: Form::Archive.media_type(),
        bytes: micro::archive(&data).map_err(AppError::internal)?,
        restricted: true,
    })
}

/// Name of the file of all published numbers.
pub(super) fn data_name(survey: &Survey) -> String {
    format!("data_{}.csv", survey.id())
}

/// The published numbers, as they are compared with what a later program counts.
pub(super) fn data(contents: &Contents<'_>) -> Result<Vec<u8>, ReportError> {
    report::data_csv(contents.snapshot)
}
