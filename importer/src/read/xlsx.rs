//! Office Open XML workbooks, through calamine's streaming cell reader only.
//!
//! `worksheet_range` is never called: it allocates what the corner cells of a sheet claim and aborts the process (calamine#684).

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::rows::{Budget, Incoming, Rows};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::workbook::{CellValue, FileKind, Sheet, Workbook};

/// Reads all worksheets, hidden ones flagged.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    // Some broken references (a column of nine letters) overflow inside calamine and panic in builds that check arithmetic.
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes, limits))).unwrap_or_else(|_| Err(Refusal::unreadable("calamine panicked")))
}

fn read_sheets(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let mut xlsx: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let listed = xlsx.sheets_metadata().to_vec();
    if listed.len() > limits.sheets {
        return Err(Refusal::new(
            "too_many_sheets",
            format!(
                "シートが多すぎます（{}枚。上限は{}枚）。ファイルを分けて送ってください。",
                listed.len(),
                limits.sheets
            ),
            format!("{} sheets", listed.len()),
        ));
    }
    let date_1904 = xlsx.has_1904_epoch();
    let mut budget = Budget::new(limits);
    let mut sheets = Vec::new();
    for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let mut rows = Rows::new(&sheet.name);
        let mut cells = xlsx.worksheet_cells_reader(&sheet.name).map_err(unreadable)?;
        while let Some(cell) = cells.next_cell().map_err(unreadable)? {
            budget.visit()?;
            let (row, column) = cell.get_position();
            if let Some(incoming) = incoming(cell.get_value()) {
                rows.push(row.saturating_add(1), column, incoming, &mut budget)?;
            }
        }
        sheets.push(Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
            rows: rows.finish(),
        });
    }
    Ok(Workbook {
        kind: FileKind::Xlsx,
        encoding: None,
        date_1904,
        sheets,
    })
}

fn incoming<'a>(value: &'a DataRef<'a>) -> Option<Incoming<'a>> {
    let number = |number: f64| {
        // "INF" in a cell is text that looked like a number to the parser; JSON has no such numbers.
        Incoming::Value(if number.is_finite() {
            CellValue::Number(number)
        } else {
            CellValue::Text(number.to_string())
        })
    };
    match value {
        DataRef::Empty => None,
        DataRef::Int(whole) => whole.to_string().parse().ok().map(number),
        DataRef::Float(float) => Some(number(*float)),
        DataRef::DateTime(date) => Some(number(date.as_f64())),
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
