//! Cells of the formats that calamine reads whole (.xls, .ods).

use calamine::{CellType, Data, Range};

use super::rows::{Budget, Incoming, Rows};
use crate::refusal::Refusal;
use crate::workbook::CellValue;

/// The cells of a range with their row and column, both from 0, of the sheet.
pub(super) fn cells<T: CellType>(range: &Range<T>) -> impl Iterator<Item = ((u32, u32), &T)> {
    let (row, column) = range.start().unwrap_or_default();
    range
        .rows()
        .zip(row..)
        .flat_map(move |(cells, row)| cells.iter().zip(column..).map(move |(cell, column)| ((row, column), cell)))
}

/// The value of a cell; `error` if its text is the name of an error.
pub(super) fn incoming(value: &Data, error: bool) -> Option<Incoming<'_>> {
    match value {
        Data::Empty => None,
        Data::Int(whole) => whole.to_string().parse().ok().map(Incoming::number),
        Data::Float(float) => Some(Incoming::number(*float)),
        Data::DateTime(date) => Some(Incoming::number(date.as_f64())),
        Data::String(text) if error => Some(Incoming::Value(CellValue::Error(text.clone()))),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Some(Incoming::Text(text)),
        Data::Bool(truth) => Some(Incoming::Value(CellValue::Bool(*truth))),
        Data::Error(error) => Some(Incoming::Value(CellValue::Error(error.to_string()))),
    }
}

/// Adds a cell.
pub(super) fn push(
    rows: &mut Rows<'_>,
    (row, column): (u32, u32),
    incoming: Incoming<'_>,
    formula: bool,
    budget: &mut Budget<'_>,
) -> Result<(), Refusal> {
    let row = row.saturating_add(1);
    if formula {
        rows.push_formula(row, column, incoming, budget)
    } else {
        rows.push(row, column, incoming, budget)
    }
}

/// Adds a formula without a value.
pub(super) fn push_uncalculated(rows: &mut Rows<'_>, place: (u32, u32), budget: &mut Budget<'_>) -> Result<(), Refusal> {
    push(rows, place, Incoming::Value(CellValue::Uncalculated), true, budget)
}
