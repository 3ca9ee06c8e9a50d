//! Office Open XML workbooks, through calamine's streaming cell reader only.
//!
//! `worksheet_range` is never called: it allocates what the corner cells of a sheet claim and aborts the process (calamine#684).

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::rows::{self, Budget, Incoming, Rows};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::workbook::{CellValue, FileKind, Sheet, Workbook};

/// Reads all worksheets, hidden ones flagged.
pub(super) fn read(bytes: &[u8], kind: FileKind, limits: &Limits) -> Result<Workbook, Refusal> {
    // Some broken references (a column of nine letters) overflow inside calamine and panic in builds that check arithmetic.
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes, kind, limits))).unwrap_or_else(|_| Err(Refusal::unreadable("calamine panicked")))
}

fn read_sheets(bytes: &[u8], kind: FileKind, limits: &Limits) -> Result<Workbook, Refusal> {
    let mut xlsx: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let listed = xlsx.sheets_metadata().to_vec();
    rows::check_sheets(listed.len(), limits)?;
    let date_1904 = xlsx.has_1904_epoch();
    let mut budget = Budget::new(limits);
    let mut sheets = Vec::new();
    for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let mut rows = Rows::new(&sheet.name);
        let mut cells = xlsx.worksheet_cells_reader(&sheet.name).map_err(unreadable)?;
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(unreadable)? {
            budget.visit()?;
            let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1);
            match (incoming(&cell.value), cell.formula) {
                (Some(incoming), None) => rows.push(row, column, incoming, &mut budget)?,
                (Some(cached), Some(_)) => rows.push_formula(row, column, cached, &mut budget)?,
                // An empty text is a value (and a blank cell); no value at all was never calculated.
                (None, Some(_)) => rows.push_formula(row, column, Incoming::Value(CellValue::Uncalculated), &mut budget)?,
                (None, None) => {}
            }
        }
        sheets.push(Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
            rows: rows.finish(),
        });
    }
    Ok(Workbook {
        kind,
        encoding: None,
        date_1904,
        sheets,
    })
}

fn incoming<'a>(value: &'a DataRef<'a>) -> Option<Incoming<'a>> {
    match value {
        DataRef::Empty => None,
        DataRef::Int(whole) => whole.to_string().parse().ok().map(Incoming::number),
        DataRef::Float(float) => Some(Incoming::number(*float)),
        DataRef::DateTime(date) => Some(Incoming::number(date.as_f64())),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(Incoming::Text(text)),
        DataRef::SharedString(text) => Some(Incoming::Text(text)),
        DataRef::Bool(truth) => Some(Incoming::Value(CellValue::Bool(*truth))),
        DataRef::Error(error) => Some(Incoming::Value(CellValue::Error(error.to_string()))),
    }
}

/// Takes the error by value so that it can stand in `map_err`.
fn unreadable(error: XlsxError) -> Refusal {
    Refusal::unreadable(error.to_string())
}
