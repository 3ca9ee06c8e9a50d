//! CSV and TSV. Row numbers are those that Excel shows for the file: blank lines count, line breaks inside quotes do not.

use csv::{ReaderBuilder, StringRecord};

use super::rows::{Budget, Incoming, Rows, give};
use super::{Stopped, Take, text};
use crate::limits::Limits;
use crate::pieces::Piece;
use crate::refusal::Refusal;
use crate::workbook::FileKind;

/// Reads a text file as one visible sheet without a name; every value is text.
pub(super) fn stream<E>(bytes: &[u8], (kind, separator): (FileKind, u8), limits: &Limits, take: Take<'_, E>) -> Result<(), Stopped<E>> {
    let (decoded, encoding) = text::decode(bytes)?;
    // One kind of line end makes the counting of lines exact; old programs write a lone CR.
    let mut decoded = decoded.replace("\r\n", "\n").replace('\r', "\n");
    if !decoded.ends_with('\n') {
        decoded.push('\n');
    }
    let file = Piece::File {
        kind,
        encoding: Some(encoding),
        date_1904: false,
    };
    let sheet = Piece::Sheet {
        name: String::new(),
        hidden: false,
    };
    [file, sheet].into_iter().try_for_each(&mut *take).map_err(Stopped::Taker)?;
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(decoded.as_bytes());
    let mut budget = Budget::new(limits);
    let mut rows = Rows::new("");
    let mut record = StringRecord::new();
    let mut number = 0_u64;
    loop {
        let line = reader.position().line();
        let more = reader
            .read_record(&mut record)
            .map_err(|error| Refusal::unreadable(error.to_string()))?;
        if !more {
            break;
        }
        let passed = reader.position().line().saturating_sub(line);
        let inside: usize = record.iter().map(|field| field.matches('\n').count()).sum();
        number += passed.saturating_sub(u64::try_from(inside).unwrap_or(0)).max(1);
        let row = u32::try_from(number).unwrap_or(u32::MAX);
        for (column, field) in record.iter().enumerate() {
            budget.visit()?;
            rows.push(row, u32::try_from(column).unwrap_or(u32::MAX), Incoming::Text(field), &mut budget)?;
        }
        give(rows.complete(), take)?;
    }
    give(rows.finish(), take)
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::read::read;
    use crate::workbook::CellValue;

    fn rows(text: &str) -> Vec<(u32, Vec<(u16, String)>)> {
        let workbook = read(text.as_bytes(), &Limits::default()).unwrap();
        let shown = |row: &crate::workbook::Row| (row.number, row.cells.iter().map(|cell| (cell.column, cell.value.shown())).collect());
        workbook.sheets[0].rows.iter().map(shown).collect()
    }

    fn cell(column: u16, text: &str) -> (u16, String) {
        (column, text.to_owned())
    }

    #[test]
    fn rows_bear_the_numbers_that_excel_shows() {
        let expected = vec![
            (1, vec![cell(0, "a"), cell(1, "b\nc")]),
            (4, vec![cell(0, "d")]),
            (5, vec![cell(1, "e")]),
        ];
        assert_eq!(rows("a,\"b\r\nc\"\r\n\r\n\r\nd,\r\n,e"), expected);
        assert_eq!(rows("a,\"b\nc\"\n,,\n\nd\n,e\n"), expected);
        assert_eq!(rows("a,\"b\rc\"\r\r\rd\r,e\r"), expected);
    }

    #[test]
    fn identifiers_keep_their_zeros_and_stay_text() {
        let workbook = read(b"0110113719,1\n", &Limits::default()).unwrap();
        assert_eq!(workbook.sheets[0].rows[0].cells[0].value, CellValue::Text("0110113719".to_owned()));
    }

    #[test]
    fn a_quote_that_is_never_closed_passes_the_text_limit() {
        let text = format!("a,\"b\n{}", "c,d\n".repeat(100_000));
        assert_eq!(read(text.as_bytes(), &Limits::default()).unwrap_err().code, "text_too_long");
    }
}
