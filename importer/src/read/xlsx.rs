//! Office Open XML workbooks, through calamine's streaming cell reader only.
//!
//! `worksheet_range` is never called: it allocates what the corner cells of a sheet claim and aborts the process (calamine#684).

use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::rows::{self, Budget, Incoming, Rows, give};
use super::{Stopped, Take};
use crate::limits::Limits;
use crate::pieces::Piece;
use crate::refusal::Refusal;
use crate::workbook::{CellValue, FileKind};

/// Reads all worksheets, hidden ones flagged.
pub(super) fn stream<E>(file: impl Read + Seek, kind: FileKind, limits: &Limits, take: Take<'_, E>) -> Result<(), Stopped<E>> {
    // Some broken references (a column of nine letters) overflow inside calamine and panic in builds that check arithmetic.
    catch_unwind(AssertUnwindSafe(|| read_sheets(file, kind, limits, take)))
        .unwrap_or_else(|_| Err(Refusal::unreadable("calamine panicked").into()))
}

fn read_sheets<E>(file: impl Read + Seek, kind: FileKind, limits: &Limits, take: Take<'_, E>) -> Result<(), Stopped<E>> {
    let mut xlsx: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
    let listed = xlsx.sheets_metadata().to_vec();
    rows::check_sheets(listed.len(), limits)?;
    let file = Piece::File {
        kind,
        encoding: None,
        date_1904: xlsx.has_1904_epoch(),
    };
    take(file).map_err(Stopped::Taker)?;
    let mut budget = Budget::new(limits);
    for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let begun = Piece::Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
        };
        take(begun).map_err(Stopped::Taker)?;
        let mut again = budget.clone();
        let mut rows = Rows::new(&sheet.name);
        read_cells(&mut xlsx, &mut rows, &mut budget, |rows| {
            give(rows.complete(), take)?;
            Ok(rows.is_sorted())
        })?;
        if !rows.is_sorted() {
            // Programs that write cells in no order are rare: then the sheet has to be sorted, and so be read whole.
            take(Piece::Again).map_err(Stopped::Taker)?;
            rows = Rows::new(&sheet.name);
            read_cells(&mut xlsx, &mut rows, &mut again, |_| Ok(true))?;
            budget = again;
        }
        give(rows.finish(), take)?;
    }
    Ok(())
}

/// Adds the cells of a sheet to its rows, as long as `more` after each.
fn read_cells<E>(
    xlsx: &mut Xlsx<impl Read + Seek>,
    rows: &mut Rows<'_>,
    budget: &mut Budget<'_>,
    mut more: impl FnMut(&mut Rows<'_>) -> Result<bool, Stopped<E>>,
) -> Result<(), Stopped<E>> {
    let mut cells = xlsx.worksheet_cells_reader(rows.sheet()).map_err(unreadable)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(unreadable)? {
        budget.visit()?;
        let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1);
        match (incoming(&cell.value), cell.formula) {
            (Some(incoming), None) => rows.push(row, column, incoming, budget)?,
            (Some(cached), Some(_)) => rows.push_formula(row, column, cached, budget)?,
            // An empty text is a value (and a blank cell); no value at all was never calculated.
            (None, Some(_)) => rows.push_formula(row, column, Incoming::Value(CellValue::Uncalculated), budget)?,
            (None, None) => {}
        }
        if !more(rows)? {
            break;
        }
    }
    Ok(())
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
