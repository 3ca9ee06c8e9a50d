//! Bytes of a file to rows of cells.
//!
//! Always scans first, always streams, and stops at the first limit that is passed. Nothing is interpreted here.

mod delimited;
mod ods;
mod rows;
pub(crate) mod text;
mod whole;
mod xls;
mod xlsx;

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::scan::scan;
use crate::workbook::{FileKind, Workbook};

/// Reads a file, whatever its kind.
///
/// # Errors
/// A [`Refusal`] if the file is not one that is read, is broken, or passes a limit; nothing of it is returned then.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let kind = scan(bytes, limits)?;
    let workbook = match kind {
        FileKind::Xlsx | FileKind::Xlsm => xlsx::read(bytes, kind, limits)?,
        FileKind::Xls => xls::read(bytes, limits)?,
        FileKind::Ods => ods::read(bytes, limits)?,
        FileKind::Csv => delimited::read(bytes, kind, b',', limits)?,
        FileKind::Tsv => delimited::read(bytes, kind, b'\t', limits)?,
    };
    if workbook.sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(Refusal::new(
            "file_empty",
            "値の入ったセルが1つもありません。回答を記入して保存したファイルを送ってください。",
            "no cell with a value",
        ));
    }
    Ok(workbook)
}

#[cfg(test)]
mod tests;
