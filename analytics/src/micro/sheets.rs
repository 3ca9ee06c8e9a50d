//! Micro-data as CSV and as a workbook: plain tables without formatting, text only.

use super::{MicroData, MicroError};
use crate::report::{ROWS_PER_SHEET, csv_writer};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

/// The lines as CSV: UTF-8 with BOM, CRLF.
///
/// # Errors
/// [`MicroError::Writing`]: a defect.
pub fn csv(data: &MicroData<'_>) -> Result<Vec<u8>, MicroError> {
    let failed = |error: &dyn std::fmt::Display| MicroError::Writing(error.to_string());
    let mut writer = csv_writer();
    let names = data.variables().iter().map(|variable| variable.name.as_str());
    writer.write_record(names).map_err(|error| failed(&error))?;
    for line in data.lines() {
        writer
            .write_record(line.iter().map(|value| value.as_bytes()))
            .map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// The lines as a workbook, a further sheet from 1,048,575 lines on; a line is in memory at a time.
///
/// # Errors
/// [`MicroError::Writing`]: no place for temporary files, or a defect.
pub fn workbook(data: &MicroData<'_>) -> Result<Vec<u8>, MicroError> {
    split(data, ROWS_PER_SHEET)
}

/// With so many lines a sheet.
pub(super) fn split(data: &MicroData<'_>, most: usize) -> Result<Vec<u8>, MicroError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let made = ExcelDateTime::from_timestamp(data.as_of.timestamp())?;
        workbook.set_properties(&DocProperties::new().set_title(data.survey.title()).set_creation_datetime(&made));
        let mut lines = data.lines().peekable();
        let mut number = 1_u32;
        loop {
            let sheet = workbook.add_worksheet_with_constant_memory()?;
            let name = if number == 1 {
                "microdata".to_owned()
            } else {
                format!("microdata_{number}")
            };
            sheet.set_name(name)?;
            for (column, variable) in (0_u16..).zip(data.variables()) {
                sheet.write_string(0, column, &variable.name)?;
            }
            for (row, line) in (1_u32..).zip(lines.by_ref().take(most)) {
                for (column, value) in (0_u16..).zip(line) {
                    sheet.write_string(row, column, value)?;
                }
            }
            if lines.peek().is_none() {
                return workbook.save_to_buffer();
            }
            number += 1;
        }
    };
    write().map_err(|error| MicroError::Writing(error.to_string()))
}
