//! OpenDocument spreadsheets, through calamine, which reads them whole: the scan has counted the cells before.
//!
//! Dates arrive as text in ISO form, whatever the calendar of the document.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, Ods, Reader, SheetVisible};

use super::rows::{self, Budget, Rows};
use super::whole;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::workbook::{FileKind, Sheet, Workbook};

/// Error values as LibreOffice writes them into the text of a cell.
const ERRORS: [&str; 7] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"];

/// Reads all sheets, hidden ones flagged.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes, limits))).unwrap_or_else(|_| Err(Refusal::unreadable("calamine panicked")))
}

fn read_sheets(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let unreadable = |error: calamine::OdsError| Refusal::unreadable(error.to_string());
    let mut ods: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unreadable)?;
    let listed = ods.sheets_metadata().to_vec();
    rows::check_sheets(listed.len(), limits)?;
    let mut budget = Budget::new(limits);
    let mut sheets = Vec::new();
    for sheet in &listed {
        let formulas = ods.worksheet_formula(&sheet.name).map_err(unreadable)?;
        let values = ods.worksheet_range(&sheet.name).map_err(unreadable)?;
        let mut rows = Rows::new(&sheet.name);
        for (place, value) in whole::cells(&values) {
            budget.visit()?;
            let formula = formulas.get_value(place).is_some_and(|formula| !formula.is_empty());
            let error = matches!(value, Data::String(text) if formula && ERRORS.contains(&text.as_str()));
            match whole::incoming(value, error) {
                Some(incoming) => whole::push(&mut rows, place, incoming, formula, &mut budget)?,
                None if formula => whole::push_uncalculated(&mut rows, place, &mut budget)?,
                None => {}
            }
        }
        // Formulas outside of the rectangle of values have none.
        for (place, formula) in whole::cells(&formulas) {
            if !formula.is_empty() && values.get_value(place).is_none() {
                whole::push_uncalculated(&mut rows, place, &mut budget)?;
            }
        }
        sheets.push(Sheet {
            name: sheet.name.clone(),
            hidden: sheet.visible != SheetVisible::Visible,
            rows: rows.finish(),
        });
    }
    Ok(Workbook {
        kind: FileKind::Ods,
        encoding: None,
        date_1904: false,
        sheets,
    })
}
