//! Rows of a table under each other: values cell by cell, formats a column at a time. What a cell looks like in the end is the same as if [`Pen`] had
//! written it.
//!
//! Why: rust_xlsxwriter finds a format by hashing all of it, again for each cell, which was a quarter of the time that the reading workbook took
//! (docs/performance.md). A range of cells is found once. The first cell of each format is still written with it, so that formats are numbered in the
//! order in which they are first used, and the bytes stay the same.

use super::page::{self, Pen};
use rust_xlsxwriter::{Format, XlsxError};

/// Cells under each other that are still without their format.
struct Bare<'a> {
    rows: (u32, u32),
    format: &'a Format,
}

/// Rows that are being written. [`Rows::dress`] ends them; without it, cells are left without a format.
#[must_use = "cells have no format before they are dressed"]
pub(super) struct Rows<'p, 'a> {
    pub(super) pen: &'p mut Pen<'a>,
    /// Formats that the sheet knows.
    used: Vec<&'a Format>,
    /// By column.
    bare: Vec<Option<Bare<'a>>>,
}

impl<'p, 'a> Rows<'p, 'a> {
    pub(super) fn new(pen: &'p mut Pen<'a>) -> Rows<'p, 'a> {
        Rows {
            pen,
            used: Vec::new(),
            bare: Vec::new(),
        }
    }

    /// The name of a row.
    pub(super) fn label(&mut self, row: u32, label: &str) -> Result<(), XlsxError> {
        let format = &self.pen.styles.label;
        // An empty cell comes to be with its format only.
        if label.is_empty() || !self.is_left(row, 0, format)? {
            return self.pen.text(row, 0, label, format);
        }
        self.pen.sheet.write_string(row, 0, super::text::cell(label))?;
        Ok(())
    }

    /// A number of hospitals.
    pub(super) fn count(&mut self, row: u32, column: u16, count: u64) -> Result<(), XlsxError> {
        if !self.is_left(row, column, &self.pen.styles.count)? {
            return self.pen.count(row, column, count);
        }
        self.pen.sheet.write_number(row, column, page::number(count))?;
        Ok(())
    }

    /// A percentage, or － where there is nothing to divide by.
    pub(super) fn percent(&mut self, row: u32, column: u16, percent: Option<f64>) -> Result<(), XlsxError> {
        match percent {
            Some(percent) if self.is_left(row, column, &self.pen.styles.percent)? => {
                self.pen.sheet.write_number(row, column, percent)?;
                Ok(())
            }
            _ => self.pen.percent(row, column, percent),
        }
    }

    /// Gives every cell that is still without it its format.
    pub(super) fn dress(mut self) -> Result<(), XlsxError> {
        let bare = std::mem::take(&mut self.bare);
        (0..).zip(bare).try_for_each(|(column, bare)| self.give(column, bare))
    }

    /// Whether the format of a cell is left for later; otherwise it is to be written with it, now and the only time.
    fn is_left(&mut self, row: u32, column: u16, format: &'a Format) -> Result<bool, XlsxError> {
        if !self.used.iter().any(|used| std::ptr::eq(*used, format)) {
            self.used.push(format);
            return Ok(false);
        }
        let place = usize::from(column);
        if self.bare.len() <= place {
            self.bare.resize_with(place + 1, || None);
        }
        let Some(own) = self.bare.get_mut(place) else {
            return Ok(false);
        };
        if let Some(bare) = own
            && std::ptr::eq(bare.format, format)
            && bare.rows.1 + 1 == row
        {
            bare.rows.1 = row;
            return Ok(true);
        }
        let before = own.replace(Bare { rows: (row, row), format });
        self.give(column, before)?;
        Ok(true)
    }

    fn give(&mut self, column: u16, bare: Option<Bare<'a>>) -> Result<(), XlsxError> {
        if let Some(Bare { rows, format }) = bare {
            self.pen.sheet.set_range_format(rows.0, column, rows.1, column, format)?;
        }
        Ok(())
    }
}
