//! The machine files: the observations of a survey as workbook and as CSV, plain tables without any formatting (the 30 rules of
//! 行政データにおける機械可読性に関するルール).

use super::observations::{COLUMNS, Observation, observations};
use super::scope::Scope;
use super::value::Value;
use super::{ReportError, code_table, csv_error, definitions, page, workbook_error};
use crate::snapshot::Snapshot;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

/// A sheet has 1,048,576 rows, one of them the header; what is more goes to a further sheet (polars#20870: writers that pass the limit write nothing).
pub(crate) const ROWS_PER_SHEET: usize = 1_048_575;
/// Excel takes a CSV file for UTF-8 only with this mark.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The data as a workbook: `data`, `code_table`, `definitions`, one table a sheet. Call it from a plain thread.
///
/// # Errors
/// [`ReportError`]: a defect, or no place for temporary files.
pub fn data_xlsx(snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
    xlsx_of(Scope::live(snapshot))
}

/// What may be shown, as a workbook.
pub(super) fn xlsx_of(scope: Scope<'_>) -> Result<Vec<u8>, ReportError> {
    let snapshot = scope.snapshot;
    let survey = snapshot.survey().id().as_str();
    let observations = observations(scope)?;
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&page::properties(snapshot.survey().title(), "", snapshot.as_of())?);
        let mut chunks = observations.chunks(ROWS_PER_SHEET);
        write_data(&mut workbook, "data", survey, chunks.next().unwrap_or_default())?;
        for (number, chunk) in (2_u32..).zip(chunks) {
            write_data(&mut workbook, &format!("data_{number}"), survey, chunk)?;
        }
        let codes = code_table::rows(scope);
        write_table(
            &mut workbook,
            "code_table",
            &code_table::CODE_COLUMNS,
            codes.iter().map(|row| row.as_slice()),
        )?;
        let definitions = definitions::rows(scope);
        write_table(
            &mut workbook,
            "definitions",
            &definitions::DEFINITION_COLUMNS,
            definitions.iter().map(|row| row.as_slice()),
        )?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

/// Row by row to a temporary file: the rows of the data would take hundreds of megabytes otherwise. Rows must come in order.
fn write_data(workbook: &mut Workbook, name: &str, survey: &str, observations: &[Observation]) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet_with_low_memory()?;
    sheet.set_name(name)?;
    let columns: Vec<&str> = COLUMNS.iter().map(|column| column.0).collect();
    write_header(sheet, &columns)?;
    for (row, observation) in (1_u32..).zip(observations) {
        let (before, after) = observation.fields(survey);
        let mut column = 0_u16;
        for text in before {
            sheet.write_string(row, column, text)?;
            column += 1;
        }
        if let Some(number) = observation.value.number() {
            sheet.write_number(row, column, number)?;
        }
        for text in after {
            column += 1;
            sheet.write_string(row, column, text)?;
        }
    }
    Ok(())
}

fn write_table<'a>(
    workbook: &mut Workbook,
    name: &str,
    columns: &[&str],
    rows: impl Iterator<Item = &'a [String]>,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    write_header(sheet, columns)?;
    for (row, fields) in (1_u32..).zip(rows) {
        for (column, field) in (0_u16..).zip(fields) {
            sheet.write_string(row, column, field)?;
        }
    }
    Ok(())
}

fn write_header(sheet: &mut Worksheet, columns: &[&str]) -> Result<(), XlsxError> {
    for (column, name) in (0_u16..).zip(columns) {
        sheet.write_string(0, column, *name)?;
    }
    Ok(())
}

/// The data as CSV: UTF-8 with BOM, CRLF, the same rows as the sheet `data`. Call it from a plain thread.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn data_csv(snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
    csv_of(Scope::live(snapshot))
}

/// What may be shown, as CSV.
pub(super) fn csv_of(scope: Scope<'_>) -> Result<Vec<u8>, ReportError> {
    let survey = scope.snapshot.survey().id().as_str();
    let mut writer = csv_writer();
    writer.write_record(COLUMNS.iter().map(|column| column.0)).map_err(csv_error)?;
    for observation in &observations(scope)? {
        let (before, after) = observation.fields(survey);
        let value = match observation.value {
            Value::Hospitals(count) => count.to_string(),
            Value::Percent(percent) => format!("{percent:.1}"),
            Value::None(..) => String::new(),
        };
        writer
            .write_record(before.into_iter().chain([value.as_str()]).chain(after))
            .map_err(csv_error)?;
    }
    writer.into_inner().map_err(csv_error)
}

/// A table of text as CSV, spelled as [`data_csv`].
pub(crate) fn csv_table<'a>(columns: &[&str], rows: impl Iterator<Item = impl Iterator<Item = &'a str>>) -> Result<Vec<u8>, ReportError> {
    let mut writer = csv_writer();
    writer.write_record(columns).map_err(csv_error)?;
    for row in rows {
        writer.write_record(row).map_err(csv_error)?;
    }
    writer.into_inner().map_err(csv_error)
}

pub(crate) fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BOM.to_vec())
}
