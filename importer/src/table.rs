//! Plain tables with named columns: the frame and the quotas. Finds the header under any titles; knows no survey.

use std::collections::BTreeMap;

use survey::fault::Fault;

use crate::folding::fold;
use crate::formulas::{self, UNCALCULATED, UNCALCULATED_MESSAGE};
use crate::place::Place;
use crate::workbook::{CellValue, Row, Sheet, Workbook};

/// Rows in which a header is looked for.
const ROWS_LOOKED_AT: usize = 60;

/// A column of a table: what it is called in files, and in messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<C> {
    pub(crate) id: C,
    /// The name in messages.
    pub(crate) shown: &'static str,
    /// Names in headers, folded.
    pub(crate) names: &'static [&'static str],
    pub(crate) required: bool,
}

/// A table found on a sheet.
#[derive(Debug)]
pub(crate) struct Table<'a, C> {
    pub(crate) sheet: &'a str,
    columns: BTreeMap<C, u16>,
    date_1904: bool,
    /// Rows below the header.
    pub(crate) rows: &'a [Row],
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'t, 'a, C> {
    table: &'t Table<'a, C>,
    row: &'a Row,
}

/// Finds the first visible sheet with all required columns.
///
/// # Errors
/// A fault that names the columns missing, or the second of two columns of one name.
pub(crate) fn find<'a, C: Copy + Ord>(workbook: &'a Workbook, columns: &[Column<C>]) -> Result<Table<'a, C>, Box<Fault>> {
    find_stacked(workbook, columns, 0)
}

/// As [`find`], for a header that may be stacked: columns that the header row does not name may be named in one of the rows `above` it, as they
/// are where one heading stands over several and the others are merged with the row below.
///
/// # Errors
/// As [`find`].
pub(crate) fn find_stacked<'a, C: Copy + Ord>(
    workbook: &'a Workbook,
    columns: &[Column<C>],
    above: usize,
) -> Result<Table<'a, C>, Box<Fault>> {
    let mut best: Option<(usize, Fault)> = None;
    for sheet in workbook.sheets.iter().filter(|sheet| sheet.is_examined()) {
        for (index, row) in sheet.rows.iter().enumerate().take(ROWS_LOOKED_AT) {
            let mut found = header(sheet, row, columns)?;
            let over = sheet.rows.get(index.saturating_sub(above)..index).unwrap_or_default();
            for row in over.iter().rev() {
                for (id, column) in header(sheet, row, columns)? {
                    found.entry(id).or_insert(column);
                }
            }
            let missing: Vec<&str> = columns
                .iter()
                .filter(|column| column.required && !found.contains_key(&column.id))
                .map(|column| column.shown)
                .collect();
            if missing.is_empty() {
                return Ok(Table {
                    sheet: &sheet.name,
                    columns: found,
                    date_1904: workbook.date_1904,
                    rows: sheet.rows.get(index + 1..).unwrap_or_default(),
                });
            }
            if best.as_ref().is_none_or(|(known, _)| found.len() > *known) {
                let message = format!("見出しに次の列がありません: {}。列を加えてください。", missing.join("、"));
                let place = Place::new(&sheet.name, row.cells.first().map_or(0, |cell| cell.column), row.number);
                best = Some((
                    found.len(),
                    place.mark(Fault::error("column_missing", message)).expected(missing.join("、")),
                ));
            }
        }
    }
    Err(Box::new(best.map_or_else(
        || {
            Fault::error(
                "layout_unknown",
                "表示されているシートに表がありません。見出しの行のある表が入ったシートを表示して保存し、送り直してください。",
            )
        },
        |(_, fault)| fault,
    )))
}

/// The most columns of a table that any row of a visible sheet names: which of two kinds of table a file was meant to be.
pub(crate) fn named<C: Copy + Ord>(workbook: &Workbook, columns: &[Column<C>]) -> usize {
    let sheets = workbook.sheets.iter().filter(|sheet| sheet.is_examined());
    sheets
        .flat_map(|sheet| sheet.rows.iter().take(ROWS_LOOKED_AT))
        .map(|row| {
            let names: Vec<String> = row.cells.iter().map(|cell| fold(&cell.value.shown())).collect();
            let is_named = |column: &&Column<C>| names.iter().any(|name| column.names.contains(&name.as_str()));
            columns.iter().filter(is_named).count()
        })
        .max()
        .unwrap_or(0)
}

fn header<C: Copy + Ord>(sheet: &Sheet, row: &Row, columns: &[Column<C>]) -> Result<BTreeMap<C, u16>, Box<Fault>> {
    let mut found = BTreeMap::new();
    for cell in &row.cells {
        let folded = fold(&cell.value.shown());
        let Some(column) = columns.iter().find(|column| column.names.contains(&folded.as_str())) else {
            continue;
        };
        if let Some(first) = found.insert(column.id, cell.column) {
            let place = Place::new(&sheet.name, cell.column, row.number);
            let first = Place::new(&sheet.name, first, row.number).cell();
            let message = format!(
                "「{}」の列が2つあります（{first}と{}）。正しい方だけを残してください。",
                column.shown,
                place.cell()
            );
            return Err(Box::new(place.mark(Fault::error("column_duplicate", message))));
        }
    }
    Ok(found)
}

impl<'a, C: Copy + Ord> Table<'a, C> {
    /// A warning for each column whose formulas gave their kept values.
    pub(crate) fn formulas(&self, columns: &[Column<C>]) -> Vec<Fault> {
        let of_column = |column: &Column<C>| {
            let number = *self.columns.get(&column.id)?;
            let cells = self.rows.iter().filter_map(|row| Some((row.number, row.cell(number)?)));
            let mut cached = cells.filter(|(_, cell)| formulas::is_cached(&cell.value, cell.formula));
            let (row, cell) = cached.next()?;
            let place = Place::new(self.sheet, number, row);
            let message = formulas::cached_message(column.shown, cached.count() + 1, &place.full());
            Some(place.mark(Fault::warning(formulas::CACHED, message)).found(cell.value.shown()))
        };
        columns.iter().filter_map(of_column).collect()
    }

    /// The rows that have a value in a column of the table.
    pub(crate) fn lines<'t>(&'t self) -> impl Iterator<Item = Line<'t, 'a, C>> {
        self.rows
            .iter()
            .map(|row| Line { table: self, row })
            .filter(|line| self.columns.keys().any(|&column| line.value(column).is_some()))
    }
}

impl<'a, C: Copy + Ord> Line<'_, 'a, C> {
    /// The value in a column, if the table has the column and the cell a value.
    pub(crate) fn value(&self, column: C) -> Option<&'a CellValue> {
        self.row.value(*self.table.columns.get(&column)?)
    }

    /// Whether serial numbers of dates count from 1904.
    pub(crate) fn date_1904(&self) -> bool {
        self.table.date_1904
    }

    /// The value as a person sees it; empty if there is none.
    pub(crate) fn shown(&self, column: C) -> String {
        self.value(column).map(CellValue::shown).unwrap_or_default()
    }

    /// Where a column's cell of this row is.
    pub(crate) fn place(&self, column: C) -> Place<'a> {
        Place::new(
            self.table.sheet,
            self.table.columns.get(&column).copied().unwrap_or(0),
            self.row.number,
        )
    }

    /// An error at a column's cell, with what stood there. Boxed, because faults stand in results that are mostly `Ok`.
    pub(crate) fn error(&self, column: C, code: &'static str, message: impl Into<String>, expected: &str) -> Box<Fault> {
        let shown = self.shown(column);
        // Whatever is wrong with the value of a formula, there is none.
        if self.value(column) == Some(&CellValue::Uncalculated) {
            return Box::new(
                self.place(column)
                    .mark(Fault::error(UNCALCULATED, UNCALCULATED_MESSAGE))
                    .expected(expected),
            );
        }
        let fault = self.place(column).mark(Fault::error(code, message)).expected(expected);
        Box::new(if shown.is_empty() { fault } else { fault.found(shown) })
    }
}
