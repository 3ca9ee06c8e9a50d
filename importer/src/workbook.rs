//! What a file holds once it is read: sheets, rows and cells, with nothing interpreted.
//!
//! The same shape for every kind of file. It crosses the border between the parsing child and the server as JSON, therefore
//! everything here is serde. Dates are numbers: only the question that a cell answers can say that a number is a date.

use serde::{Deserialize, Serialize};

/// Kinds of files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Office Open XML workbook (.xlsx).
    Xlsx,
    /// The same with macros (.xlsm). They are neither read nor kept.
    Xlsm,
    /// Workbook of Excel 5 to 2003 (.xls).
    Xls,
    /// OpenDocument spreadsheet (.ods).
    Ods,
    /// Text separated by commas.
    Csv,
    /// Text separated by tabs.
    Tsv,
}

/// How a text file was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// CP932, what Japanese Excel calls Shift_JIS.
    Cp932,
    /// UTF-16 in either order of bytes, with a byte order mark; Excel calls it Unicode text.
    Utf16,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workbook {
    /// Kind of the file.
    pub kind: FileKind,
    /// Encoding, for text files only.
    pub encoding: Option<Encoding>,
    /// Whether serial numbers of dates count from 1904, as old versions of Excel for the Mac had it, and not from 1900.
    #[serde(default)]
    pub date_1904: bool,
    /// Sheets in the order of the file; one without a name for a text file.
    pub sheets: Vec<Sheet>,
}

/// Sheets that are added to a workbook when it goes back to its sender with what was found in it. They hold no answers.
const FINDINGS_SHEETS: [&str; 2] = ["指摘一覧", "_chosa"];

/// One sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// Name as on the tab; empty for a text file.
    pub name: String,
    /// Hidden sheets are read, so that answers on them can be pointed out; none is taken from there.
    pub hidden: bool,
    /// Rows that hold at least one value, in ascending order.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// Whether answers are looked for here: on visible sheets, and never on those that hold findings about an earlier copy of the file.
    #[must_use]
    pub fn is_examined(&self) -> bool {
        !self.hidden && !self.holds_findings()
    }

    /// Whether it was added to the workbook when it went back to its sender.
    pub(crate) fn holds_findings(&self) -> bool {
        FINDINGS_SHEETS.contains(&self.name.trim()) || crate::annotate::is_list_of_faults(&self.name)
    }
}

/// One row with at least one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Row number as Excel shows it, from 1.
    pub number: u32,
    /// Cells with a value, in ascending order of their columns.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The value in a column (from 0), if there is one.
    #[must_use]
    pub fn value(&self, column: u16) -> Option<&CellValue> {
        self.cell(column).map(|cell| &cell.value)
    }

    /// The cell in a column (from 0), if it has a value.
    #[must_use]
    pub fn cell(&self, column: u16) -> Option<&Cell> {
        let index = self.cells.binary_search_by_key(&column, |cell| cell.column).ok()?;
        self.cells.get(index)
    }
}

/// One cell with a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Column number from 0.
    pub column: u16,
    /// Its value; for a formula the value that the last program cached.
    pub value: CellValue,
    /// Whether a formula stands in the cell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub formula: bool,
}

/// The value of a cell. Blank cells do not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellValue {
    /// Text as written, never empty or blank.
    Text(String),
    /// A finite number; dates and times are numbers too.
    Number(f64),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error value such as `#N/A`.
    Error(String),
    /// A formula that no program has calculated yet: what the cell will show is not in the file.
    Uncalculated,
}

impl CellValue {
    /// The value as a person sees it in the cell, whole numbers without a decimal point.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => shown_number(*number),
            Self::Bool(true) => "TRUE".to_owned(),
            Self::Bool(false) => "FALSE".to_owned(),
            Self::Uncalculated => "（計算されていない数式）".to_owned(),
        }
    }
}

/// A number as Excel shows it: 15 significant digits, because the file carries the raw float (7 as 7.0000000000000009).
fn shown_number(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    format!("{rounded}")
}

/// The address of a cell as Excel writes it (`A1`), from a column counted from 0 and a row counted from 1.
#[must_use]
pub fn address(column: u16, row: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u32::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters
        .iter()
        .rev()
        .chain(row.to_string().chars().collect::<Vec<_>>().iter())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_excel() {
        for (column, row, expected) in [
            (0, 1, "A1"),
            (25, 2, "Z2"),
            (26, 3, "AA3"),
            (701, 9, "ZZ9"),
            (702, 1, "AAA1"),
            (16_383, 1_048_576, "XFD1048576"),
        ] {
            assert_eq!(address(column, row), expected);
        }
    }

    #[test]
    fn numbers_are_shown_without_the_noise_of_floats() {
        for (number, expected) in [
            (7.000_000_000_000_001, "7"),
            (0.1 + 0.2, "0.3"),
            (123_456_789.0, "123456789"),
            (-2.5, "-2.5"),
            (0.0, "0"),
        ] {
            assert_eq!(CellValue::Number(number).shown(), expected);
        }
    }
}
