//! Collects cells into rows and counts them against the limits.

use super::{Stopped, Take};
use crate::limits::Limits;
use crate::pieces::Piece;
use crate::refusal::Refusal;
use crate::workbook::{Cell, CellValue, Row, address};

/// What is left of the limits that hold for a whole file.
#[derive(Debug, Clone)]
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    cells: usize,
    visited: u64,
    text: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            cells: 0,
            visited: 0,
            text: 0,
        }
    }

    /// Counts a cell that was looked at, with or without a value.
    pub(super) fn visit(&mut self) -> Result<(), Refusal> {
        self.visited += 1;
        if self.visited > self.limits.visited_cells {
            return Err(Refusal::too_many_cells(format!(
                "more than {} cells looked at",
                self.limits.visited_cells
            )));
        }
        Ok(())
    }

    /// Counts a text before it is copied.
    fn admit_text(&mut self, place: &str, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.limits.text_bytes {
            return Err(Refusal::too_long(place, format!("{bytes} bytes in one cell")));
        }
        self.text = self.text.saturating_add(bytes);
        if self.text > self.limits.total_text_bytes {
            return Err(Refusal::too_large_inside(format!(
                "more than {} bytes of text",
                self.limits.total_text_bytes
            )));
        }
        Ok(())
    }
}

/// Gives rows away.
pub(super) fn give<E>(rows: impl IntoIterator<Item = Row>, take: Take<'_, E>) -> Result<(), Stopped<E>> {
    rows.into_iter().try_for_each(|row| take(Piece::Row(row))).map_err(Stopped::Taker)
}

/// Refuses a workbook of too many sheets.
pub(super) fn check_sheets(sheets: usize, limits: &Limits) -> Result<(), Refusal> {
    if sheets <= limits.sheets {
        return Ok(());
    }
    Err(Refusal::new(
        "too_many_sheets",
        format!(
            "シートが多すぎます（{sheets}枚。上限は{}枚）。ファイルを分けて送ってください。",
            limits.sheets
        ),
        format!("{sheets} sheets"),
    ))
}

/// A value on its way into a row: text is not copied before it is counted.
pub(super) enum Incoming<'a> {
    Text(&'a str),
    Value(CellValue),
}

impl Incoming<'_> {
    /// A number; "INF" in a cell is text that looked like a number to a parser, and JSON has no such numbers.
    pub(super) fn number(number: f64) -> Self {
        Self::Value(if number.is_finite() {
            CellValue::Number(number)
        } else {
            CellValue::Text(number.to_string())
        })
    }
}

/// The rows of one sheet while they are collected.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    sheet: &'a str,
    rows: Vec<Row>,
    sorted: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(sheet: &'a str) -> Self {
        Self {
            sheet,
            rows: Vec::new(),
            sorted: true,
        }
    }

    /// Adds a value. `row` counts from 1, `column` from 0; blank text is no value.
    pub(super) fn push(&mut self, row: u32, column: u32, incoming: Incoming<'_>, budget: &mut Budget<'_>) -> Result<(), Refusal> {
        self.push_cell(row, column, incoming, false, budget)
    }

    /// As [`push`](Self::push), for a cell with a formula.
    pub(super) fn push_formula(&mut self, row: u32, column: u32, cached: Incoming<'_>, budget: &mut Budget<'_>) -> Result<(), Refusal> {
        self.push_cell(row, column, cached, true, budget)
    }

    fn push_cell(&mut self, row: u32, column: u32, incoming: Incoming<'_>, formula: bool, budget: &mut Budget<'_>) -> Result<(), Refusal> {
        if let Incoming::Text(text) = incoming
            && text.trim().is_empty()
        {
            return Ok(());
        }
        let limits = budget.limits;
        if row > limits.rows {
            return Err(self.beyond("too_many_rows", "行", &row.to_string(), &limits.rows.to_string()));
        }
        let column = match u16::try_from(column) {
            Ok(column) if column < limits.columns => column,
            _ => {
                let shown = u16::try_from(column).map_or_else(|_| column.to_string(), |column| address(column, row));
                return Err(self.beyond("too_many_columns", "列", &shown, &limits.columns.to_string()));
            }
        };
        budget.cells += 1;
        if budget.cells > limits.cells {
            return Err(Refusal::too_many_cells(format!("more than {} cells with a value", limits.cells)));
        }
        let value = match incoming {
            Incoming::Text(text) => {
                budget.admit_text(&self.place(&address(column, row)), text.len())?;
                CellValue::Text(text.to_owned())
            }
            Incoming::Value(value) => value,
        };
        self.append(row, Cell { column, value, formula });
        Ok(())
    }

    fn append(&mut self, number: u32, cell: Cell) {
        match self.rows.last_mut() {
            Some(last) if last.number == number => {
                self.sorted &= last.cells.last().is_none_or(|before| before.column < cell.column);
                last.cells.push(cell);
            }
            last => {
                self.sorted &= last.is_none_or(|before| before.number < number);
                self.rows.push(Row { number, cells: vec![cell] });
            }
        }
    }

    fn place(&self, cell: &str) -> String {
        if self.sheet.is_empty() {
            format!("セル{cell}に")
        } else {
            format!("シート「{}」のセル{cell}に", self.sheet)
        }
    }

    fn beyond(&self, code: &'static str, unit: &str, found: &str, most: &str) -> Refusal {
        let sheet = if self.sheet.is_empty() {
            String::new()
        } else {
            format!("シート「{}」の", self.sheet)
        };
        Refusal::new(
            code,
            format!(
                "{sheet}{unit}が多すぎます（{found}に値があります。上限は{most}{unit}）。使っていない{unit}を削除するか、ファイルを分けて送ってください。"
            ),
            format!("value at {found}, limit {most}"),
        )
    }

    /// The name of the sheet.
    pub(super) fn sheet(&self) -> &'a str {
        self.sheet
    }

    /// Whether everything came in order so far.
    pub(super) fn is_sorted(&self) -> bool {
        self.sorted
    }

    /// Takes the next row that is complete, as long as everything comes in order: the one before the last.
    pub(super) fn complete(&mut self) -> Option<Row> {
        let complete = self.sorted && self.rows.len() > 1;
        complete.then(|| self.rows.remove(0))
    }

    /// The rows in ascending order, each with its cells in ascending order. Files are sorted as a rule; where one is not, the later of
    /// two values for the same cell wins, as it does in Excel.
    pub(super) fn finish(self) -> Vec<Row> {
        let mut rows = self.rows;
        if self.sorted {
            return rows;
        }
        rows.sort_by_key(|row| row.number);
        let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            match merged.last_mut() {
                Some(last) if last.number == row.number => last.cells.extend(row.cells),
                _ => merged.push(row),
            }
        }
        for row in &mut merged {
            row.cells.reverse();
            row.cells.sort_by_key(|cell| cell.column);
            row.cells.dedup_by_key(|cell| cell.column);
        }
        merged
    }
}
