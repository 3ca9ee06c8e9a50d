//! Where something stands in a file, and how a fault is given its place.

use survey::fault::Fault;

use crate::workbook::address;

/// A cell of a sheet. The sheet of a text file has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    sheet: &'a str,
    column: u16,
    row: u32,
}

impl<'a> Place<'a> {
    /// A cell by its sheet, its column (from 0) and its row (from 1).
    pub(crate) fn new(sheet: &'a str, column: u16, row: u32) -> Self {
        Self { sheet, column, row }
    }

    /// The sheet.
    pub(crate) fn sheet(&self) -> &'a str {
        self.sheet
    }

    /// Its column (from 0) and row (from 1).
    pub(crate) fn numbers(&self) -> (u16, u32) {
        (self.column, self.row)
    }

    /// The address as Excel writes it.
    pub(crate) fn cell(&self) -> String {
        address(self.column, self.row)
    }

    /// The address with its sheet, for messages that name a second cell.
    pub(crate) fn full(&self) -> String {
        if self.sheet.is_empty() {
            self.cell()
        } else {
            format!("{}!{}", self.sheet, self.cell())
        }
    }

    /// Gives a fault this place.
    pub(crate) fn mark(&self, mut fault: Fault) -> Fault {
        fault.sheet = (!self.sheet.is_empty()).then(|| self.sheet.to_owned());
        fault.cell = Some(self.cell());
        fault
    }
}
