//! A file as it crosses the pipe: a line of JSON for each piece, and a last one that says how it ended.
//!
//! Neither side has more than one row as text in memory. A line from memory is read several times as fast as a stream byte by byte.

use std::io::{self, BufRead, Write};

use importer::Piece;
use serde::{Deserialize, Serialize};

use super::child::Refused;

/// How a file ended: the last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ended {
    /// That was all of it.
    Whole,
    /// Why there is nothing of it, whatever came before.
    Refused(Refused),
}

/// Prints a piece.
pub(super) fn write(out: &mut impl Write, piece: &Piece) -> io::Result<()> {
    serde_json::to_writer(&mut *out, piece)?;
    out.write_all(b"\n")
}

/// Prints the end.
pub(super) fn end(out: &mut impl Write, ended: &Ended) -> io::Result<()> {
    serde_json::to_writer(&mut *out, ended)?;
    out.write_all(b"\n")
}

/// Reads what [`write()`] and [`end`] printed, and gives each piece with its line; `None` if it is anything else, or cut off.
pub(super) fn read(input: &mut impl BufRead, mut take: impl FnMut(Piece, &[u8]) -> io::Result<()>) -> Option<Ended> {
    let (mut line, mut order) = (Vec::new(), Order::Nothing);
    loop {
        next(input, &mut line)?;
        let Ok(piece) = serde_json::from_slice(&line) else {
            let ended = serde_json::from_slice(&line).ok()?;
            return (ended != Ended::Whole || order != Order::Nothing).then_some(ended);
        };
        order = order.after(&piece)?;
        if let Err(error) = take(piece, &line) {
            tracing::error!(%error, "what a child prints cannot be kept");
            return None;
        }
    }
}

fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> Option<()> {
    line.clear();
    input.read_until(b'\n', line).ok()?;
    // What is cut off has no end.
    (line.last() == Some(&b'\n')).then_some(())
}

/// What came before: a child that lost its mind may print anything in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Nothing,
    File,
    /// The number of the last row.
    Sheet(u32),
}

impl Order {
    fn after(self, piece: &Piece) -> Option<Order> {
        match (self, piece) {
            (Order::Nothing, Piece::File { .. }) => Some(Order::File),
            (Order::File | Order::Sheet(_), Piece::Sheet { .. }) | (Order::Sheet(_), Piece::Again) => Some(Order::Sheet(0)),
            (Order::Sheet(last), Piece::Row(row)) if row.number > last => Some(Order::Sheet(row.number)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use importer::{Cell, CellValue, FileKind, Row, Sheet, Workbook, pieces};

    use super::*;

    fn row(number: u32) -> Row {
        let cell = |column, value| Cell {
            column,
            value,
            formula: false,
        };
        Row {
            number,
            cells: vec![
                cell(0, CellValue::Text("改行\nと\"引用\"".to_owned())),
                cell(2, CellValue::Number(0.1)),
            ],
        }
    }

    fn workbook() -> Workbook {
        let sheet = |name: &str, rows: u32| Sheet {
            name: name.to_owned(),
            hidden: false,
            rows: (1..=rows).map(row).collect(),
        };
        Workbook {
            kind: FileKind::Xlsx,
            encoding: None,
            date_1904: true,
            sheets: vec![sheet("回答", 3), sheet("空", 0), sheet("回答2", 1)],
        }
    }

    fn printed(ended: &Ended) -> Vec<u8> {
        let mut out = Vec::new();
        pieces::pieces(workbook(), &mut |piece| write(&mut out, &piece)).unwrap();
        end(&mut out, ended).unwrap();
        out
    }

    fn collected(mut bytes: &[u8]) -> (Option<Ended>, Option<Workbook>) {
        let mut collector = pieces::Collector::default();
        let ended = read(&mut bytes, |piece, _| {
            collector.take(piece);
            Ok(())
        });
        (ended, collector.finish())
    }

    #[test]
    fn a_workbook_crosses_the_pipe_unchanged() {
        assert_eq!(collected(&printed(&Ended::Whole)), (Some(Ended::Whole), Some(workbook())));
    }

    #[test]
    fn a_file_may_be_refused_in_the_middle() {
        let refused = || {
            Ended::Refused(Refused {
                code: "text_too_long".to_owned(),
                message: "長".to_owned(),
                detail: "long".to_owned(),
            })
        };
        assert_eq!(collected(&printed(&refused())).0, Some(refused()));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_nothing() {
        let bytes = printed(&Ended::Whole);
        for end in 0..bytes.len() {
            assert_eq!(collected(&bytes[..end]).0, None, "{end}");
        }
    }

    #[test]
    fn what_is_out_of_order_is_nothing() {
        let lines = |pieces: &[&str]| format!("{}\n\"whole\"\n", pieces.join("\n"));
        let file = r#"{"file":{"kind":"csv","encoding":"utf8","date_1904":false}}"#;
        let sheet = r#"{"sheet":{"name":"","hidden":false}}"#;
        let (one, two) = (r#"{"row":{"number":1,"cells":[]}}"#, r#"{"row":{"number":2,"cells":[]}}"#);
        for sound in [&[file, sheet, one, two][..], &[file, sheet, two, r#""again""#, one]] {
            assert_eq!(collected(lines(sound).as_bytes()).0, Some(Ended::Whole), "{sound:?}");
        }
        for broken in [&[][..], &[sheet, one], &[file, one], &[file, sheet, two, one], &[file, file]] {
            assert_eq!(collected(lines(broken).as_bytes()).0, None, "{broken:?}");
        }
    }
}
