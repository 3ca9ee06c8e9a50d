//! The machine files against the 30 rules (行政データにおける機械可読性に関するルール), as far as a program can check them.

use super::made::Made;
use super::workbooks::{open, parts, sheet_parts};
use crate::report::{code_table_csv, data_csv, data_xlsx, definitions_csv};
use crate::{By, TableRequest, table};
use calamine::{Data, Range, Reader};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;
use survey::area::Area;
use survey::band::Banding;

const VALUE: usize = 9;

/// The data workbook of one made survey, read once for all tests: reading 700,000 cells takes seconds in a debug build.
struct Published {
    made: Made,
    bytes: Vec<u8>,
    sheets: BTreeMap<String, Range<Data>>,
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let made = Made::new("2022", 31, 120);
    let bytes = data_xlsx(&made.snapshot()).unwrap();
    let sheets = open(&bytes).worksheets().into_iter().collect();
    Published { made, bytes, sheets }
});

/// A CSV file of ours as rows of text, header first; asserts the encoding and the line ends.
pub(super) fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").expect("BOM")).unwrap();
    assert!(text.ends_with("\r\n"));
    let rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    // L1-14: one record a line.
    assert_eq!(rows.len(), text.matches("\r\n").count());
    assert_eq!(text.matches('\n').count(), rows.len());
    rows
}

pub(super) fn assert_plain_table(name: &str, rows: &[Vec<String>]) {
    let header = &rows[0];
    let unique: BTreeSet<&String> = header.iter().collect();
    assert_eq!(unique.len(), header.len(), "{name}: L2-03");
    for column in header {
        assert!(
            column
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'),
            "{name}: L3-08 {column}"
        );
    }
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.len(), header.len(), "{name} row {index}: L1-02");
        assert!(row.iter().any(|cell| !cell.is_empty()), "{name} row {index}: L1-03");
    }
    for cell in rows.iter().flatten().collect::<HashSet<&String>>() {
        assert_eq!(cell.trim(), cell, "{name}: L1-06");
        assert!(!cell.contains(['\n', '\r', '\t']), "{name}: L1-06 {cell}");
        // L1-08: circled numbers, squared words, Roman numerals and box characters of single platforms.
        assert!(
            !cell
                .chars()
                .any(|letter| ('\u{2150}'..='\u{24ff}').contains(&letter) || ('\u{3200}'..='\u{33ff}').contains(&letter))
        );
    }
}

/// Every rule that the parts of a data workbook show.
pub(super) fn check_data_workbook(bytes: &[u8]) {
    let sheets: BTreeMap<String, Range<Data>> = open(bytes).worksheets().into_iter().collect();
    let parts = parts(bytes);
    assert!(
        !parts
            .keys()
            .any(|name| ["drawing", "chart", "media", "comment"].iter().any(|object| name.contains(object))),
        "L1-10"
    );
    for (name, xml) in sheet_parts(&parts) {
        assert!(!xml.contains("<mergeCell"), "{name}: L1-12");
        assert!(!xml.contains("hidden=") && !xml.contains("outlineLevel"), "{name}: L1-13");
        assert!(!xml.contains("<f>"), "{name}: L2-06");
        assert!(!xml.contains(" s=\""), "{name}: L1-11, no formats at all");
    }
    assert!(!parts["xl/workbook.xml"].contains("state=\"hidden\""), "L1-13");

    assert_eq!(open(bytes).sheet_names(), ["data", "code_table", "definitions"]);
    for (name, range) in &sheets {
        assert_eq!(range.start(), Some((0, 0)), "{name}: L3-01");
        let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_plain_table(name, &rows);
    }
    for row in sheets["data"].rows().skip(1) {
        let empty: Vec<usize> = (0..row.len()).filter(|column| row[*column] == Data::Empty).collect();
        let state = row[VALUE + 2].to_string();
        // L1-09 and L3-03: what is empty says why.
        assert_eq!(empty, if state == "value" { Vec::new() } else { vec![VALUE] }, "{row:?}");
        assert!(matches!(row[VALUE], Data::Float(_) | Data::Empty), "L2-01: {row:?}");
        assert!(matches!(row[4], Data::String(_)), "L3-06: 01 stays 01");
    }
}

#[test]
fn the_data_workbook_keeps_the_rules_that_a_program_can_check() {
    check_data_workbook(&PUBLISHED.bytes);
}

#[test]
fn the_csv_files_keep_the_rules_and_say_the_same_as_the_workbook() {
    let Published { made, bytes: xlsx, sheets } = &*PUBLISHED;
    let snapshot = made.snapshot();
    let (data, codes, definitions) = (
        data_csv(&snapshot).unwrap(),
        code_table_csv(&snapshot).unwrap(),
        definitions_csv(&snapshot).unwrap(),
    );
    assert_eq!(data, data_csv(&made.snapshot()).unwrap(), "two runs, the same bytes");
    assert!(*xlsx == data_xlsx(&snapshot).unwrap(), "two runs, the same bytes");
    for (name, bytes) in [("data", &data), ("code_table", &codes), ("definitions", &definitions)] {
        let rows = read_csv(bytes);
        assert_plain_table(name, &rows);
        let range = &sheets[name];
        assert_eq!(range.height(), rows.len());
        for (from_csv, from_xlsx) in rows.iter().zip(range.rows()).step_by(7) {
            for (column, cell) in from_xlsx.iter().enumerate() {
                match cell {
                    Data::Float(number) => assert_eq!(from_csv[column].parse::<f64>().unwrap(), *number),
                    other => assert_eq!(from_csv[column], other.to_string()),
                }
            }
        }
    }
}

#[test]
fn every_code_is_in_the_code_table_and_every_column_is_defined() {
    let made = Made::new("2024", 33, 60);
    let snapshot = made.snapshot();
    let rows = read_csv(&data_csv(&snapshot).unwrap());
    let codes: BTreeSet<(String, String, String)> = read_csv(&code_table_csv(&snapshot).unwrap())
        .into_iter()
        .skip(1)
        .map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
        .collect();
    let definitions: BTreeSet<String> = read_csv(&definitions_csv(&snapshot).unwrap())
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    for column in &rows[0] {
        assert!(definitions.contains(&format!("column_{column}")), "L3-08: {column}");
    }
    for item in ["as_of", "source", "encoding", "missing", "update_history", "term_base"] {
        assert!(definitions.contains(item), "L3-08: {item}");
    }
    let coded = [
        "survey_id",
        "question_key",
        "banding",
        "area_code",
        "band_key",
        "option_key",
        "metric",
        "unit",
        "value_state",
    ];
    let columns: Vec<usize> = coded
        .iter()
        .map(|name| rows[0].iter().position(|column| column == name).unwrap())
        .collect();
    let mut keys = BTreeSet::new();
    for row in &rows[1..] {
        for (name, column) in coded.iter().zip(&columns) {
            let question = if *name == "option_key" && row[*column] != "all" {
                row[1].clone()
            } else {
                "all".to_owned()
            };
            assert!(
                codes.contains(&((*name).to_owned(), question, row[*column].clone())),
                "L3-02: {name} {}",
                row[*column]
            );
        }
        // L3-09: one observation a row, so everything before the value is a key.
        assert!(keys.insert(row[..VALUE].to_vec()), "twice: {row:?}");
    }
}

#[test]
fn the_observations_are_the_numbers_of_the_tables() {
    let made = Made::new("2024", 34, 150);
    let snapshot = made.snapshot();
    let rows = read_csv(&data_csv(&snapshot).unwrap());
    let values: BTreeMap<Vec<&str>, &str> = rows[1..]
        .iter()
        .map(|row| ([1, 3, 4, 6, 7, 8].map(|column| row[column].as_str()).to_vec(), row[VALUE].as_str()))
        .collect();
    let questions = made.survey.questions().iter().filter(|question| question.is_coded());
    let indicators = survey::indicator::of(made.survey).iter().map(|indicator| &indicator.key);
    for key in questions.map(|question| &question.key).chain(indicators) {
        for (banding, name) in [(Banding::Survey, "survey"), (Banding::Program, "program")] {
            let request = TableRequest {
                question: key.clone(),
                area: Area::Nation,
                by: By::PREFECTURE_BAND,
                banding: banding.into(),
                filters: Vec::new(),
                estimates: false,
            };
            for row in table(&snapshot, &request).unwrap().rows {
                let (prefecture, band) = (row.names.prefecture.clone().unwrap(), row.names.band.clone().unwrap());
                let value = |option: &str, metric: &str| values[&vec![key.as_str(), name, &prefecture, &band, option, metric]].to_owned();
                assert_eq!(value("all", "n"), row.n.to_string());
                assert_eq!(value("all", "base"), row.base.to_string());
                for option in &row.options {
                    assert_eq!(value(&option.choice.key, "count"), option.count.to_string());
                    let percent = option.percent.map_or(String::new(), |percent| format!("{percent:.1}"));
                    assert_eq!(value(&option.choice.key, "percent"), percent);
                }
            }
        }
    }
    assert_eq!(values[&vec!["response", "all", "00", "all", "all", "targets"]], "150");
}
