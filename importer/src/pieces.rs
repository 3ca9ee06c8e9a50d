//! A file as it is read, piece by piece, so that nobody has to have all of it in memory.
//!
//! Pieces cross the border between the parsing child and the server as JSON, therefore everything here is serde.

use serde::{Deserialize, Serialize};

use crate::workbook::{Encoding, FileKind, Row, Sheet, Workbook};

/// A piece of a file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Piece {
    /// What is known of it before its sheets; once, first.
    File {
        /// As in [`Workbook`].
        kind: FileKind,
        /// As in [`Workbook`].
        encoding: Option<Encoding>,
        /// As in [`Workbook`].
        date_1904: bool,
    },
    /// The next sheet begins.
    Sheet {
        /// As in [`Sheet`].
        name: String,
        /// As in [`Sheet`].
        hidden: bool,
    },
    /// The next row of the sheet, in ascending order.
    Row(Row),
    /// The rows of the sheet so far are void: they were not in order, and come again.
    Again,
}

/// Puts a workbook together of its pieces.
#[derive(Debug, Default)]
pub struct Collector {
    workbook: Option<Workbook>,
}

impl Collector {
    /// Takes the next piece. Rows before any sheet, and sheets before the file, are dropped.
    pub fn take(&mut self, piece: Piece) {
        let sheets = self.workbook.as_mut().map(|workbook| &mut workbook.sheets);
        match (piece, sheets) {
            (Piece::File { kind, encoding, date_1904 }, _) => {
                self.workbook = Some(Workbook {
                    kind,
                    encoding,
                    date_1904,
                    sheets: Vec::new(),
                });
            }
            (Piece::Sheet { name, hidden }, Some(sheets)) => sheets.push(Sheet {
                name,
                hidden,
                rows: Vec::new(),
            }),
            (Piece::Row(row), Some(sheets)) => {
                if let Some(sheet) = sheets.last_mut() {
                    sheet.rows.push(row);
                }
            }
            (Piece::Again, Some(sheets)) => {
                if let Some(sheet) = sheets.last_mut() {
                    sheet.rows.clear();
                }
            }
            (_, None) => {}
        }
    }

    /// The workbook; `None` if there was no file.
    #[must_use]
    pub fn finish(self) -> Option<Workbook> {
        self.workbook
    }
}

/// Takes a workbook that was read whole apart.
///
/// # Errors
/// Whatever `take` fails with.
pub fn pieces<E>(workbook: Workbook, take: &mut dyn FnMut(Piece) -> Result<(), E>) -> Result<(), E> {
    take(Piece::File {
        kind: workbook.kind,
        encoding: workbook.encoding,
        date_1904: workbook.date_1904,
    })?;
    for sheet in workbook.sheets {
        take(Piece::Sheet {
            name: sheet.name,
            hidden: sheet.hidden,
        })?;
        for row in sheet.rows {
            take(Piece::Row(row))?;
        }
    }
    Ok(())
}
