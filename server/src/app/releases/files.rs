//! The files of a release as bytes. Which distributions they may show is the decision's; who may have them is said beside each.

use analytics::micro::{self, MicroData, Unit};
use analytics::report::{self, Release, ReportError, ReportText};
use survey::survey::Survey;

use super::basis::codes;
use crate::app::frames;
use crate::app::microdata::Form;
use crate::app::statistics::{File, WORKBOOK};
use crate::db::releases::MemberRow;
use crate::error::AppError;

/// Media type of a CSV file.
const CSV: &str = "text/csv; charset=utf-8";
/// Media type of an archive.
const ZIP: &str = "application/zip";

/// A file that was made.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
    /// For the ministry only.
    pub(super) restricted: bool,
}

/// Name, media type and bytes of a file for everybody.
type Written = (String, &'static str, Result<Vec<u8>, ReportError>);

/// All files. Call it from a plain thread.
pub(super) fn write(survey: &Survey, release: &Release<'_>, words: &ReportText, members: &[MemberRow]) -> Result<Vec<Made>, AppError> {
    let id = survey.id();
    let public: [Written; 7] = [
        (File::Houkoku.name(survey), WORKBOOK, report::houkoku_of(release, words)),
        (File::DataXlsx.name(survey), WORKBOOK, report::data_xlsx_of(release)),
        (File::DataCsv.name(survey), CSV, report::data_csv_of(release)),
        (format!("data_{id}.zip"), ZIP, report::data_parquet_of(release)),
        (File::CodeTable.name(survey), CSV, report::code_table_of(release)),
        (File::Definitions.name(survey), CSV, report::definitions_of(release)),
        (format!("codebook_{id}.csv"), CSV, report::codebook_of(release)),
    ];
    let mut files = vec![micro_data(survey, release, members)?];
    for (name, media_type, bytes) in public {
        files.push(Made {
            name,
            media_type,
            bytes: bytes.map_err(AppError::internal)?,
            restricted: false,
        });
    }
    Ok(files)
}

/// The coded answers that were counted, without identities.
fn micro_data(survey: &Survey, release: &Release<'_>, members: &[MemberRow]) -> Result<Made, AppError> {
    let counted = members.iter().filter_map(|member| Some((member, member.counted.as_ref()?)));
    let unit = |(member, counted)| -> Result<Unit, AppError> {
        let member: &MemberRow = member;
        Ok(Unit {
            identity: None,
            prefecture: frames::prefecture_of(member.prefecture)?,
            beds: frames::beds_of(member.beds)?,
            codes: codes(survey, counted)?.to_vec(),
        })
    };
    let units = counted.map(unit).collect::<Result<_, _>>()?;
    let data = MicroData::new(survey, release.snapshot.as_of(), units).map_err(AppError::internal)?;
    Ok(Made {
        name: Form::Archive.name(survey),
        media_type: Form::Archive.media_type(),
        bytes: micro::archive(&data).map_err(AppError::internal)?,
        restricted: true,
    })
}
