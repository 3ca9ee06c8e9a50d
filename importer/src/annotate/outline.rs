//! Where the faults of a sheet can be written: its header row, the column behind the last one in use, and what a row is about.
//!
//! It knows no survey: identifiers and the headings of a form are the same in all of them.

use crate::folding::fold;
use crate::headings::identifies;
use crate::layout::{Form, ROWS_LOOKED_AT, form};
use crate::workbook::{CellValue, Row, Sheet};

/// The heading of the column that faults are written to.
pub(super) const HEADING: &str = "エラー";

/// What is known of a sheet before it is edited.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    sheet: &'a Sheet,
    header: Option<usize>,
    form: Option<Form>,
    /// The column of an earlier round, from 0.
    pub(super) earlier: Option<u16>,
}

impl<'a> Outline<'a> {
    /// Looks at a sheet. `annotated` tells whether the workbook went through an earlier round: only then is a column of that heading ours.
    /// `first_fault` is the topmost row with a fault, from 1.
    pub(super) fn of(sheet: &'a Sheet, annotated: bool, first_fault: Option<u32>) -> Self {
        let looked_at = || sheet.rows.iter().enumerate().take(ROWS_LOOKED_AT);
        let form = looked_at().find_map(|(index, row)| form(index, row));
        let table = || {
            let header = looked_at().find(|(_, row)| row.cells.len() > 2 && row.cells.iter().any(|cell| identifies(&cell.value.shown())));
            header.map(|(index, _)| index)
        };
        // Quotas have no identifier: the first of the widest rows above the first fault.
        let widest = || {
            let above = looked_at().filter(|(_, row)| first_fault.is_none_or(|first| row.number <= first));
            above.rev().max_by_key(|(_, row)| row.cells.len()).map(|(index, _)| index)
        };
        let header = form.as_ref().map(|form| form.header).or_else(table).or_else(widest);
        let earlier = header
            .filter(|_| annotated)
            .and_then(|index| sheet.rows.get(index))
            .and_then(|row| row.cells.iter().rev().find(|cell| fold(&cell.value.shown()) == fold(HEADING)))
            .map(|cell| cell.column);
        Self {
            sheet,
            header,
            form,
            earlier,
        }
    }

    /// The header row, from 1.
    pub(super) fn header(&self) -> Option<u32> {
        self.header_row().map(|row| row.number)
    }

    fn header_row(&self) -> Option<&'a Row> {
        self.header.and_then(|index| self.sheet.rows.get(index))
    }

    /// The first column behind all values and all faults, from 0, that of an earlier round not counted.
    pub(super) fn free_column(&self, faults: &[(u16, u32)]) -> u16 {
        let used = self.sheet.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.column);
        used.chain(faults.iter().map(|(column, _)| *column))
            .filter(|column| Some(*column) != self.earlier)
            .max()
            .map_or(0, |last| last.saturating_add(1))
    }

    /// What the cell is about, in the words of the file: the column's heading, or number and wording of a form's row.
    pub(super) fn subject(&self, column: u16, row: u32) -> Option<String> {
        let header = self.header_row().filter(|header| header.number < row)?;
        let shown = |row: &Row, column: u16| row.value(column).map(CellValue::shown);
        let text = match &self.form {
            Some(form) => {
                let row = self.sheet.rows.iter().find(|candidate| candidate.number == row)?;
                let parts = [form.number, form.wording].into_iter().flatten();
                parts.filter_map(|column| shown(row, column)).collect::<Vec<_>>().join(" ")
            }
            None => shown(header, column)?,
        };
        Some(survey::fault::excerpt(&text.split_whitespace().collect::<Vec<_>>().join(" "))).filter(|text| !text.is_empty())
    }
}
