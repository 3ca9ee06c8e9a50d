//! Bytes of a file to rows of cells.
//!
//! Always scans first, always streams, and stops at the first limit that is passed. Nothing is interpreted here.

mod delimited;
mod ods;
mod rows;
pub(crate) mod text;
mod whole;
mod xls;
mod xlsx;

use std::convert::Infallible;
use std::io::{Cursor, Read, Seek};

use crate::limits::Limits;
use crate::pieces::{Collector, Piece, pieces};
use crate::refusal::Refusal;
use crate::scan::{scan, whole};
use crate::workbook::{FileKind, Workbook};

/// Why reading ended before the end of the file.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The file is refused: nothing of it is used, whatever was given before.
    Refused(Refusal),
    /// Whoever takes the pieces failed.
    Taker(E),
}

impl<E> From<Refusal> for Stopped<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes pieces as they are read.
type Take<'a, E> = &'a mut dyn FnMut(Piece) -> Result<(), E>;

/// Reads a file, whatever its kind.
///
/// # Errors
/// A [`Refusal`] if the file is not one that is read, is broken, or passes a limit; nothing of it is returned then.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, Refusal> {
    let mut collector = Collector::default();
    let read = stream::<Infallible>(Cursor::new(bytes), limits, &mut |piece| {
        collector.take(piece);
        Ok(())
    });
    match read {
        Ok(()) => collector.finish().ok_or_else(|| Refusal::unreadable("no pieces")),
        Err(Stopped::Refused(refusal)) => Err(refusal),
    }
}

/// Reads a file and gives each piece away as soon as it is complete. Of .xlsx and .xlsm one row is in memory at a time, beside the table of strings; of
/// CSV and TSV one row beside the text; the others are read whole by their library.
///
/// # Errors
/// As [`read`], at any moment; and the error of `take`.
pub fn stream<E>(mut file: impl Read + Seek, limits: &Limits, take: Take<'_, E>) -> Result<(), Stopped<E>> {
    let kind = scan(&mut file, limits)?;
    let mut blank = true;
    let take: Take<'_, E> = &mut |piece| {
        blank &= !matches!(piece, Piece::Row(_));
        take(piece)
    };
    match kind {
        FileKind::Xlsx | FileKind::Xlsm => xlsx::stream(file, kind, limits, take)?,
        FileKind::Xls => pieces(xls::read(&whole(&mut file)?, limits)?, take).map_err(Stopped::Taker)?,
        FileKind::Ods => pieces(ods::read(&whole(&mut file)?, limits)?, take).map_err(Stopped::Taker)?,
        FileKind::Csv => delimited::stream(&whole(&mut file)?, (kind, b','), limits, take)?,
        FileKind::Tsv => delimited::stream(&whole(&mut file)?, (kind, b'\t'), limits, take)?,
    }
    if blank {
        return Err(Stopped::Refused(Refusal::new(
            "file_empty",
            "値の入ったセルが1つもありません。回答を記入して保存したファイルを送ってください。",
            "no cell with a value",
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
