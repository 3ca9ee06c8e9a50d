//! The files of a release (公表版): the same files as of a live count, without what the decision hides. Decides nothing, stores nothing.

use super::data::{self, csv_of, xlsx_of};
use super::scope::Scope;
use super::text::ReportText;
use super::{ReportError, code_table, codebook, definitions, houkoku, parquet};
use crate::micro::pack;
use crate::snapshot::Snapshot;
use crate::suppress::Decision;
use survey::area::Area;

/// Frozen counts of a survey, and what of them is published.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The counted answers and the frame.
    pub snapshot: &'a Snapshot,
    /// 1 for the first release of the survey; each correction has the next number.
    pub number: u32,
    /// Why there is this release, such as what was corrected; Japanese, printed as it is.
    pub note: Option<&'a str>,
    /// What is hidden; made of this snapshot.
    pub decision: &'a Decision,
    /// The release of the earlier survey that trends compare with; without it there is no sheet of trends.
    pub earlier: Option<(&'a Snapshot, &'a Decision)>,
}

/// The workbook for reading. Call it, and all others here, from a plain thread.
///
/// # Errors
/// [`ReportError::Area`] if the text speaks of another area than the nation; others are defects.
pub fn houkoku_of(release: &Release<'_>, words: &ReportText) -> Result<Vec<u8>, ReportError> {
    if words.area != Area::Nation {
        return Err(ReportError::Area);
    }
    houkoku::workbook(Scope::of(release), release.earlier.map(|(snapshot, _)| snapshot), words)
}

/// The trends as the workbook prints them, for the attack on them.
#[cfg(test)]
pub(crate) fn trends_of(release: &Release<'_>) -> Result<Vec<super::trends::ShownTrend>, ReportError> {
    let earlier = release.earlier.map(|(snapshot, _)| snapshot);
    earlier.map_or(Ok(Vec::new()), |earlier| {
        super::trends::shown(Scope::of(release), earlier, &Area::Nation)
    })
}

/// The data as a workbook: `data`, `code_table`, `definitions`, one table a sheet.
///
/// # Errors
/// [`ReportError`]: a defect, or no place for temporary files.
pub fn data_xlsx_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    xlsx_of(Scope::of(release))
}

/// The data as CSV: UTF-8 with BOM, CRLF, one observation a row.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn data_csv_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    csv_of(Scope::of(release))
}

/// The data as Parquet in a zip archive, a file for each area in folders that DuckDB, Spark and polars know (`survey=2024/prefecture=13`, the nation is
/// `prefecture=00`), with code table, definitions and codebook beside.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn data_parquet_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    let beside = [
        ("code_table.csv".to_owned(), code_table_of(release)?),
        ("definitions.csv".to_owned(), definitions_of(release)?),
        ("codebook.csv".to_owned(), codebook_of(release)?),
    ];
    let files: Vec<(String, Vec<u8>)> = beside.into_iter().chain(parquet::partitions(Scope::of(release))?).collect();
    pack(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))).map_err(|error| ReportError::Parquet(error.to_string()))
}

/// Every code of the data, as CSV.
///
/// # Errors
/// [`ReportError::Csv`]: a defect.
pub fn code_table_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    code_table::csv(Scope::of(release))
}

/// What every column, metric and symbol of the data means, how and of what it was made, as CSV.
///
/// # Errors
/// [`ReportError::Csv`]: a defect.
pub fn definitions_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    definitions::csv(Scope::of(release))
}

/// Every question with its wordings, who was asked, and its options, as CSV.
///
/// # Errors
/// [`ReportError::Csv`]: a defect.
pub fn codebook_of(release: &Release<'_>) -> Result<Vec<u8>, ReportError> {
    data::csv_table(
        &codebook::COLUMNS,
        codebook::rows(release.snapshot).iter().map(|row| row.iter().map(String::as_str)),
    )
}
