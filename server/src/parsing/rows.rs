//! A workbook as it crosses the pipe: a line of JSON for what is not rows, then a line for each row.
//!
//! Neither side has more than one row as text in memory. A line from memory is read several times as fast as a stream byte by byte.

use std::io::{self, BufRead, Write};

use importer::Row;

use super::child::Outcome;

/// Prints what came of a file. A row that was printed is let go.
pub(super) fn write(out: &mut impl Write, outcome: Outcome) -> io::Result<()> {
    let Outcome::Ok(mut workbook) = outcome else {
        serde_json::to_writer(&mut *out, &outcome)?;
        return out.write_all(b"\n");
    };
    let rows: Vec<Vec<Row>> = workbook.sheets.iter_mut().map(|sheet| std::mem::take(&mut sheet.rows)).collect();
    let counts: Vec<usize> = rows.iter().map(Vec::len).collect();
    serde_json::to_writer(&mut *out, &(Outcome::Ok(workbook), counts))?;
    out.write_all(b"\n")?;
    for row in rows.into_iter().flatten() {
        serde_json::to_writer(&mut *out, &row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads what [`write()`] printed; `None` if it is anything else, or cut off.
pub(super) fn read(input: &mut impl BufRead) -> Option<Outcome> {
    let mut line = Vec::new();
    next(input, &mut line)?;
    if let Ok(outcome @ Outcome::Refused(_)) = serde_json::from_slice(&line) {
        return Some(outcome);
    }
    let (Outcome::Ok(mut workbook), counts): (Outcome, Vec<usize>) = serde_json::from_slice(&line).ok()? else {
        return None;
    };
    if counts.len() != workbook.sheets.len() {
        return None;
    }
    for (sheet, count) in workbook.sheets.iter_mut().zip(counts) {
        // Not as many as it says: it may say anything.
        for _ in 0..count {
            next(input, &mut line)?;
            sheet.rows.push(serde_json::from_slice(&line).ok()?);
        }
    }
    Some(Outcome::Ok(workbook))
}

fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> Option<()> {
    line.clear();
    input.read_until(b'\n', line).ok()?;
    // What is cut off has no end.
    (line.last() == Some(&b'\n')).then_some(())
}

#[cfg(test)]
mod tests {
    use importer::{Cell, CellValue, FileKind, Sheet, Workbook};

    use super::*;

    fn workbook() -> Workbook {
        let cell = |column, value| Cell {
            column,
            value,
            formula: false,
        };
        let row = |number| Row {
            number,
            cells: vec![
                cell(0, CellValue::Text("改行\nと\"引用\"".to_owned())),
                cell(2, CellValue::Number(0.1)),
            ],
        };
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

    fn printed(outcome: Outcome) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, outcome).unwrap();
        out
    }

    #[test]
    fn a_workbook_crosses_the_pipe_unchanged() {
        let bytes = printed(Outcome::Ok(workbook()));
        assert!(matches!(read(&mut bytes.as_slice()), Some(Outcome::Ok(read)) if read == workbook()));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_nothing() {
        let bytes = printed(Outcome::Ok(workbook()));
        for end in 0..bytes.len() {
            assert!(read(&mut &bytes[..end]).is_none(), "{end}");
        }
    }
}
