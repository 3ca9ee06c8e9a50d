//! One table that somebody asked for, as CSV and as a workbook: a row for each row of the table and one for the whole, numbers as numbers.

use super::{ReportError, csv_error, data, page, workbook_error};
use crate::estimated::Estimate;
use crate::table::{Table, TableRow};
use rust_xlsxwriter::XlsxError;

/// One cell.
enum Cell {
    Text(String),
    Count(u64),
    Percent(Option<f64>),
}

/// The table as CSV: UTF-8 with BOM, CRLF.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn table_csv(table: &Table) -> Result<Vec<u8>, ReportError> {
    let mut writer = data::csv_writer();
    writer.write_record(heads(table)).map_err(csv_error)?;
    for row in rows(table) {
        let fields = row.into_iter().map(|cell| match cell {
            Cell::Text(text) => text,
            Cell::Count(count) => count.to_string(),
            Cell::Percent(percent) => percent.map(|percent| format!("{percent:.1}")).unwrap_or_default(),
        });
        writer.write_record(fields).map_err(csv_error)?;
    }
    writer.into_inner().map_err(csv_error)
}

/// The table as a workbook with one sheet, its header in the first row.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn table_xlsx(table: &Table, publisher: &str) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let (mut workbook, _) = page::workbook(&table.label, publisher, table.as_of)?;
        let sheet = workbook.add_worksheet();
        sheet.set_name("集計表")?;
        for (column, head) in (0_u16..).zip(heads(table)) {
            sheet.write_string(0, column, head)?;
        }
        for (place, row) in (1_u32..).zip(rows(table)) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) => sheet.write_string(place, column, text)?,
                    Cell::Count(count) => sheet.write_number(place, column, page::number(count))?,
                    Cell::Percent(Some(percent)) => sheet.write_number(place, column, percent)?,
                    Cell::Percent(None) => sheet,
                };
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

/// Whether it says what the shares would be of all hospitals.
fn is_estimated(table: &Table) -> bool {
    table.total.options.iter().any(|option| option.estimate.is_some())
}

fn heads(table: &Table) -> Vec<String> {
    let mut heads: Vec<String> = table.by.dimensions().map(|dimension| dimension.label().to_owned()).collect();
    if heads.is_empty() {
        heads.push("区分".to_owned());
    }
    heads.extend(["回答数", "母数"].map(str::to_owned));
    for choice in &table.choices {
        heads.push(choice.label.clone());
        heads.push(format!("{}（%）", choice.label));
        if is_estimated(table) {
            heads.extend(["推計%", "推計の下限%", "推計の上限%"].map(|what| format!("{}（{what}）", choice.label)));
        }
    }
    heads.extend(["空欄", "無回答", "非該当"].map(str::to_owned));
    heads
}

fn rows(table: &Table) -> Vec<Vec<Cell>> {
    let total = [&table.total]
        .into_iter()
        .filter(|_| table.by.dimensions().next().is_some() || table.rows.is_empty());
    table.rows.iter().chain(total).map(|row| cells(table, row)).collect()
}

fn cells(table: &Table, row: &TableRow) -> Vec<Cell> {
    let mut cells: Vec<Cell> = row.names.place.iter().map(|place| Cell::Text(place.label.clone())).collect();
    let names = table.by.dimensions().count().max(1);
    while cells.len() < names {
        cells.push(Cell::Text("全体".to_owned()));
    }
    cells.extend([Cell::Count(row.n), Cell::Count(row.base)]);
    for option in &row.options {
        cells.extend([Cell::Count(option.count), Cell::Percent(option.percent)]);
        if is_estimated(table) {
            let of = |limit: fn(&Estimate) -> Option<f64>| Cell::Percent(option.estimate.as_deref().and_then(limit));
            cells.extend([
                of(|estimate| Some(estimate.percent)),
                of(|estimate| estimate.low),
                of(|estimate| estimate.high),
            ]);
        }
    }
    cells.extend([Cell::Count(row.blank), Cell::Count(row.no_answer), Cell::Count(row.not_asked)]);
    cells
}
