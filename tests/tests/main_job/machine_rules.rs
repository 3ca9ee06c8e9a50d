//! The machine files of the API against the 30 rules of machine readability (行政データにおける機械可読性に関するルール), as far as a program can check
//! them. L1-01 is the two formats themselves; the figures are compared elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use calamine::Data;
use survey::prefecture::PrefectureCode;
use tests::app::TestApp;
use tests::database::TestDatabase;

use crate::files::{COLUMNS, VALUE, analyst, download};
use crate::reading;

/// Columns of the data that hold no codes.
const UNCODED: [&str; 3] = ["question_number", "area_name", "value"];

/// One table of plain cells: what a program reads in either format.
fn assert_plain_table(name: &str, rows: &[Vec<String>]) {
    let header = &rows[0];
    assert_eq!(header.iter().collect::<BTreeSet<_>>().len(), header.len(), "{name}: L2-03");
    let physical = |column: &String| column.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') && !column.is_empty();
    assert!(header.iter().all(physical), "{name}: L1-05, L3-08 {header:?}");
    for (row, cells) in rows.iter().enumerate() {
        assert_eq!(
            cells.len(),
            header.len(),
            "{name} row {row}: L1-02, L1-04, nothing stands beside the table"
        );
        assert!(cells.iter().any(|cell| !cell.is_empty()), "{name} row {row}: L1-03");
    }
    for cell in rows.iter().flatten().collect::<HashSet<_>>() {
        assert!(
            cell.trim() == cell && !cell.contains(['\n', '\r', '\t', '\u{3000}']),
            "{name}: L1-06 {cell:?}"
        );
        // Circled and bracketed numbers, Roman numerals, squared words; halfwidth katakana; gaiji of the private area.
        let own = |c: char| matches!(u32::from(c), 0x2150..=0x24FF | 0x3200..=0x33FF | 0xFF61..=0xFF9F | 0xE000..=0xF8FF);
        assert!(!cell.contains(own), "{name}: L1-08 {cell:?}");
        assert!(
            !cell.starts_with(['=', '+', '@']),
            "{name}: a formula to Excel, which opens CSV too: {cell:?}"
        );
    }
}

fn assert_no_objects_and_formats(bytes: &[u8]) {
    let parts = reading::parts(bytes);
    let objects = ["drawing", "chart", "media", "comment", "vba"];
    assert!(
        !parts.keys().any(|name| objects.iter().any(|object| name.contains(object))),
        "L1-10"
    );
    assert!(
        !parts["xl/workbook.xml"].contains("state=\"hidden\"") && !parts["xl/workbook.xml"].contains("veryHidden"),
        "L1-13"
    );
    for (name, xml) in reading::sheet_parts(&parts) {
        assert!(!xml.contains(" s=\"") && !xml.contains("conditionalFormatting"), "{name}: L1-11");
        assert!(!xml.contains("<mergeCell"), "{name}: L1-12");
        assert!(!xml.contains("hidden=") && !xml.contains("outlineLevel"), "{name}: L1-13");
        assert!(!xml.contains("<f>") && !xml.contains("<f "), "{name}: L2-06");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_files_keep_the_rules_and_say_the_same() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let client = analyst(&app).await;
    let mut files = BTreeMap::new();
    for table in ["data", "code_table", "definitions"] {
        // L1-14, L1-15, and the encoding, are checked in reading it.
        files.insert(table, reading::csv(&download(&client, "2024", &format!("{table}.csv")).await));
    }
    for (name, rows) in &files {
        assert_plain_table(name, rows);
    }
    assert_eq!(files["data"][0], COLUMNS, "L1-05");
    let of_2022 = reading::csv(&download(&client, "2022", "data.csv").await);
    assert_eq!(of_2022[0], files["data"][0], "L3-07");
    assert_definitions(&files["definitions"]);
    assert_data(&files["data"], &files["code_table"]);

    let workbook = download(&client, "2024", "data.xlsx").await;
    assert_no_objects_and_formats(&workbook);
    let sheets = reading::sheets(&workbook);
    assert_eq!(
        sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["data", "code_table", "definitions"],
        "L1-02, L3-02, L3-08"
    );
    for (name, range) in &sheets {
        assert_eq!(range.start(), Some((0, 0)), "{name}: L3-01");
        let from_csv = &files[name.as_str()];
        assert_eq!(range.height(), from_csv.len(), "{name}");
        for (cells, texts) in range.rows().zip(from_csv) {
            for (column, (cell, text)) in cells.iter().zip(texts).enumerate() {
                match cell {
                    // L2-01: numbers are numbers, and nothing else is: 01 stays 01 (L3-06).
                    Data::Float(value) => assert_eq!((text.parse(), name.as_str(), column), (Ok(*value), "data", VALUE)),
                    Data::Empty => assert_eq!((text.as_str(), column), ("", VALUE), "{name}: L1-09, L2-02"),
                    Data::String(cell) => assert_eq!(cell, text, "{name}"),
                    other => panic!("{name}: {other:?}"),
                }
            }
        }
    }
}

/// What the definitions have to say: L3-03 to L3-05, L3-07, L3-08.
fn assert_definitions(rows: &[Vec<String>]) {
    let definitions: BTreeMap<&str, &str> = rows.iter().skip(1).map(|row| (row[0].as_str(), row[2].as_str())).collect();
    for column in COLUMNS {
        assert!(definitions.contains_key(format!("column_{column}").as_str()), "L3-08: {column}");
    }
    let items = ["title", "source", "update_history", "missing", "layout_version", "long_format"];
    for item in items {
        assert!(!definitions[item].is_empty(), "L3-08: {item}");
    }
    assert!(definitions["encoding"].contains("BOM"), "L3-08");
    // When what is counted changed last, whatever the time of the server: `nation::last_change()` in Japan.
    assert!(definitions["as_of"].starts_with("2024-06-03T13:00:00+09:00"), "L3-05");
}

fn assert_data(rows: &[Vec<String>], code_table: &[Vec<String>]) {
    let code = |row: &'_ [String]| (row[0].clone(), row[1].clone(), row[2].clone());
    let codes: HashSet<(String, String, String)> = code_table.iter().skip(1).map(|row| code(row)).collect();
    let nation = [("00".to_owned(), "全国")];
    let names: BTreeMap<String, &str> = PrefectureCode::all().map(|code| (code.code(), code.name())).chain(nation).collect();
    let mut keys = HashSet::new();
    for row in rows.iter().skip(1) {
        assert!(keys.insert(&row[..VALUE]), "L3-09: twice {row:?}");
        assert_eq!(names[&row[4]], row[5], "L3-06");
        let mut left_out = row.iter().enumerate().filter(|(column, cell)| *column != VALUE && cell.is_empty());
        assert_eq!(left_out.next(), None, "L2-02: {row:?}");
        // L1-09, L3-03: only a percentage has no value, and its state says why: nothing to divide by, or an estimate without error.
        assert_eq!(row[VALUE].is_empty(), row[11] != "value", "{row:?}");
        let shares = ["percent", "item_nonresponse", "weighted_percent", "ci_low", "ci_high"].contains(&row[8].as_str());
        let states = if row[8].starts_with("ci_") {
            ["value", "base_zero", "no_interval"]
        } else {
            ["value", "base_zero", "base_zero"]
        };
        assert!(states[..if shares { 3 } else { 1 }].contains(&row[11].as_str()), "{row:?}");
        assert_eq!(row[10], if shares { "percent" } else { "hospitals" }, "L3-04");
        for (column, cell) in COLUMNS.iter().zip(row).filter(|(column, _)| !UNCODED.contains(column)) {
            let of_a_question = *column == "option_key" && cell != "all";
            let question = if of_a_question { row[1].clone() } else { "all".to_owned() };
            let code = ((*column).to_owned(), question, cell.clone());
            assert!(codes.contains(&code), "L2-04, L3-02: {code:?}");
        }
    }
    // L1-07, L2-05: what somebody wrote in words is in no cell.
    assert!(!rows.iter().flatten().any(|cell| cell.contains("試験機")));
}
