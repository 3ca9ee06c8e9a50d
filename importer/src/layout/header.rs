//! The cells of a header that stands in one row or in two.
//!
//! In tables made by hand some headings are merged over two rows (`G-MIS ID`), and others stand in the lower row under a common title
//! (`バックアップ` above `Q12-1`, `Q12-2`). A merged cell has its value in its first row and column only.

use crate::headings::{Heading, Headings};
use crate::workbook::{CellValue, Row, Sheet};

/// A heading with its place (column from 0, row from 1) and meaning.
#[derive(Debug)]
pub(super) struct HeaderCell {
    pub(super) column: u16,
    pub(super) row: u32,
    pub(super) shown: String,
    pub(super) heading: Heading,
}

/// The cells of the header that begins in a row (an index), and the index of its last row.
pub(super) fn cells(sheet: &Sheet, index: usize, row: &Row, headings: &Headings) -> (Vec<HeaderCell>, usize) {
    let upper = of_row(row, headings);
    let Some(below) = sheet
        .rows
        .get(index + 1)
        .filter(|below| below.number == row.number.saturating_add(1))
    else {
        return (upper, index);
    };
    let identifiers = upper
        .iter()
        .filter(|cell| matches!(cell.heading, Heading::Gmis | Heading::InstitutionCode));
    let mut identifiers = identifiers.map(|cell| cell.column).peekable();
    // Below the heading of an identifier stands an identifier, unless the heading takes both rows.
    if identifiers.peek().is_none() || identifiers.any(|column| below.cell(column).is_some()) {
        return (upper, index);
    }
    let lower = of_row(below, headings);
    // Answers are numbers too, and a number may be that of a question: only a wording or a number with its letter makes a header.
    let named = |cell: &&HeaderCell| matches!(cell.heading, Heading::Item(_)) && !bare(&cell.shown);
    if !lower.iter().any(|cell| named(&cell)) || below.cells.iter().any(|cell| !matches!(cell.value, CellValue::Text(_))) {
        return (upper, index);
    }
    (merged(upper, lower), index + 1)
}

fn of_row(row: &Row, headings: &Headings) -> Vec<HeaderCell> {
    let cell = |cell: &crate::Cell| {
        let shown = cell.value.shown();
        HeaderCell {
            column: cell.column,
            row: row.number,
            heading: headings.identify(&shown),
            shown,
        }
    };
    row.cells.iter().map(cell).collect()
}

/// The lower heading of a column, unless only the upper one means something; two that mean different questions are a conflict.
fn merged(upper: Vec<HeaderCell>, lower: Vec<HeaderCell>) -> Vec<HeaderCell> {
    let mut cells = upper;
    for mut low in lower {
        let Some(high) = cells.iter_mut().find(|cell| cell.column == low.column) else {
            cells.push(low);
            continue;
        };
        match (&high.heading, &low.heading) {
            (Heading::Item(one), Heading::Item(other)) if one != other => low.heading = Heading::Conflict,
            (Heading::Item(_), _) | (_, Heading::Unknown) => continue,
            _ => {}
        }
        *high = low;
    }
    cells.sort_by_key(|cell| cell.column);
    cells
}

fn bare(shown: &str) -> bool {
    !shown.chars().any(char::is_alphabetic)
}
