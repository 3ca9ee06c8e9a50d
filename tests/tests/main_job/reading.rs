//! Reading what leaves: workbooks through calamine and through their parts, CSV through its own rules. Knows no figures.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use calamine::{Data, Range, Reader, Xlsx};

/// Sheets of a workbook in their order.
pub(crate) fn sheets(bytes: &[u8]) -> Vec<(String, Range<Data>)> {
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    workbook.worksheets()
}

/// One sheet of a workbook.
pub(crate) fn sheet(bytes: &[u8], name: &str) -> Range<Data> {
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    workbook.worksheet_range(name).unwrap()
}

/// The XML parts of a workbook by name.
pub(crate) fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        parts.insert(part.name().unwrap().into_owned(), text);
    }
    parts
}

/// The files of an archive by name.
pub(crate) fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

/// The parts that are sheets.
pub(crate) fn sheet_parts(parts: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet"))
}

/// A cell as an Excel user reads it.
pub(crate) fn shown(cell: Option<&Data>) -> String {
    cell.map(ToString::to_string).unwrap_or_default()
}

/// A number of a cell.
pub(crate) fn number(cell: Option<&Data>) -> f64 {
    match cell {
        Some(Data::Float(number)) => *number,
        other => panic!("{other:?} is no number"),
    }
}

/// A CSV file of ours: UTF-8 with its mark, CRLF, as many fields in every record (a reader that is not told to be lenient refuses others); the
/// header first.
pub(crate) fn csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").expect("a byte-order mark")).unwrap();
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    let records = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .into_records();
    let records: Vec<Vec<String>> = records.map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(records.len(), text.matches("\r\n").count(), "L1-14: a record a line");
    records
}

/// The cells that differ between two workbooks of the same shape: sheet, row and column from its first cell, and what stands to the left.
pub(crate) fn different_cells(one: &Path, other: &Path) -> Vec<String> {
    let (one, other) = (sheets(&std::fs::read(one).unwrap()), sheets(&std::fs::read(other).unwrap()));
    assert_eq!(one.len(), other.len());
    let mut different = Vec::new();
    for ((name, cells), (other_name, other_cells)) in one.iter().zip(&other) {
        assert_eq!(
            (name, cells.get_size(), cells.start()),
            (other_name, other_cells.get_size(), other_cells.start())
        );
        // Every sheet of ours but the cover begins at A1; places are told from the first cell.
        let differ = cells.rows().zip(other_cells.rows()).enumerate().flat_map(|(row, (one, other))| {
            one.iter()
                .zip(other)
                .enumerate()
                .filter(|(_, (one, other))| one != other)
                .map(move |(column, _)| (row, column))
                .collect::<Vec<_>>()
        });
        different.extend(differ.map(|(row, column)| {
            let label = shown(cells.get((row, column.saturating_sub(1))));
            format!("{name} {row},{column} {label}")
        }));
    }
    different
}
