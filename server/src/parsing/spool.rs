//! A file that was read, row by row out of memory: the lines of its child, as they came.

use std::io;

use importer::plan::{Rows, Standing};
use importer::{Piece, Row};

use crate::scratch::{Scratch, Span, Writer};

/// The rows of a file.
#[derive(Debug)]
pub struct Spool {
    lines: Scratch,
    sheets: Vec<Vec<(u32, Span)>>,
}

/// While they come.
#[derive(Debug)]
pub(super) struct Spooling {
    lines: Writer,
    /// Number and place of each row of each sheet.
    sheets: Vec<Vec<(u32, Span)>>,
}

impl Spooling {
    pub(super) fn new() -> io::Result<Spooling> {
        Ok(Spooling {
            lines: Writer::new()?,
            sheets: Vec::new(),
        })
    }

    pub(super) fn take(&mut self, piece: &Piece, line: &[u8]) -> io::Result<()> {
        match (piece, self.sheets.last_mut()) {
            (Piece::Sheet { .. }, _) => self.sheets.push(Vec::new()),
            (Piece::Row(row), Some(rows)) => rows.push((row.number, self.lines.append(line)?)),
            (Piece::Again, Some(rows)) => rows.clear(),
            (Piece::File { .. } | Piece::Row(_) | Piece::Again, _) => {}
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<Spool> {
        Ok(Spool {
            lines: self.lines.finish()?,
            sheets: self.sheets,
        })
    }
}

impl Spool {
    /// The rows that a hospital is judged by.
    ///
    /// # Errors
    /// The disk fails, or the spool is not of this file.
    pub fn rows(&self, place: Standing) -> io::Result<Vec<Row>> {
        let missing = || io::Error::other("rows that were never read");
        let rows = self.sheets.get(place.sheet).ok_or_else(missing)?;
        let wanted = match place.rows {
            Rows::All => rows.as_slice(),
            Rows::One(number) => {
                let found = rows.binary_search_by_key(&number, |(number, _)| *number);
                let index = found.map_err(|_not_there| missing())?;
                rows.get(index..=index).ok_or_else(missing)?
            }
        };
        wanted.iter().map(|(_, span)| self.row(*span)).collect()
    }

    fn row(&self, span: Span) -> io::Result<Row> {
        match serde_json::from_slice(&self.lines.read(span)?)? {
            Piece::Row(row) => Ok(row),
            _ => Err(io::Error::other("a line that is no row")),
        }
    }
}
