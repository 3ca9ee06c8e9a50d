//! The rows of a file as a new workbook, for kinds that cannot be given back with faults in them: text files, and workbooks that are
//! too unlike what Excel writes. What somebody wrote is written as text, never as a formula.

use std::collections::BTreeSet;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook as Writer, XlsxError};

use crate::workbook::{CellValue, Workbook};

/// UTF-16 units of a cell of Excel.
const CELL_UNITS: usize = 32_767;
/// UTF-16 units of a sheet's name.
const NAME_UNITS: usize = 31;
/// The sheet of a text file, which has no name.
const UNNAMED: &str = "回答";

/// The new workbook, the names that its sheets got, and whether a text had to be cut.
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    pub(super) names: Vec<String>,
    pub(super) cut: bool,
}

/// Writes the same values to the same cells.
pub(super) fn rewrite(workbook: &Workbook) -> Result<Plain, XlsxError> {
    let mut writer = Writer::new();
    // A fixed date: the same input gives the same bytes.
    let properties = DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    writer.set_properties(&properties);
    let mut names: Vec<String> = Vec::new();
    let mut cut = false;
    let mut shown = false;
    for sheet in workbook.sheets.iter().filter(|sheet| !super::is_ours(&sheet.name)) {
        let name = name(&sheet.name, &names);
        let target = writer.add_worksheet().set_name(&name)?;
        names.push(name);
        if sheet.hidden {
            target.set_hidden(true);
        } else if !shown {
            target.set_active(true);
            shown = true;
        }
        for row in &sheet.rows {
            let number = row.number.saturating_sub(1);
            for cell in &row.cells {
                match &cell.value {
                    CellValue::Number(value) => target.write_number(number, cell.column, *value)?,
                    CellValue::Bool(value) => target.write_boolean(number, cell.column, *value)?,
                    // What it would show is not in the file; the fault at its place says so.
                    CellValue::Uncalculated => continue,
                    CellValue::Text(text) | CellValue::Error(text) => {
                        let short = fitting(text, CELL_UNITS);
                        cut |= short.len() < text.len();
                        target.write_string(number, cell.column, short)?
                    }
                };
            }
        }
    }
    if !shown {
        // A workbook with hidden sheets only could not be opened.
        writer.add_worksheet().set_name(name(UNNAMED, &names))?.set_active(true);
    }
    Ok(Plain {
        bytes: writer.save_to_buffer()?,
        names,
        cut,
    })
}

/// A name that Excel takes and no other sheet has.
fn name(wanted: &str, taken: &[String]) -> String {
    let allowed: String = wanted
        .chars()
        .map(|character| {
            if matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\') {
                '_'
            } else {
                character
            }
        })
        .filter(|character| !character.is_control())
        .collect();
    let allowed = allowed.trim_matches('\'');
    let base = if allowed.trim().is_empty() { UNNAMED } else { allowed };
    let taken: BTreeSet<String> = taken.iter().map(|name| name.to_lowercase()).collect();
    let numbered = (2_u32..).map(|number| {
        let number = format!("_{number}");
        format!("{}{number}", fitting(base, NAME_UNITS - number.len()))
    });
    let mut names = std::iter::once(fitting(base, NAME_UNITS)).chain(numbered);
    names.find(|name| !taken.contains(&name.to_lowercase())).unwrap_or_default()
}

/// At most so many UTF-16 units.
fn fitting(text: &str, units: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.len_utf16();
            used <= units
        })
        .collect()
}
