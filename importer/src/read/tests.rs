//! The same answers out of every format; see `tests/files/README.md` for how the files were made.

use proptest::prelude::*;
use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;

use super::*;
use crate::{CellValue, Encoding, Examination, Request, examine, master};

macro_rules! made {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../tests/files/", $name)).as_slice())
    };
}

const WORKBOOKS: [(&str, &[u8]); 4] = [
    made!("answers.xlsx"),
    made!("answers.xlsm"),
    made!("answers.xls"),
    made!("answers.ods"),
];
const TEXTS: [(&str, &[u8]); 6] = [
    made!("answers.utf8.csv"),
    made!("answers.bom.csv"),
    made!("answers.cp932.csv"),
    made!("answers.utf8.tsv"),
    made!("answers.utf16le.tsv"),
    made!("answers.utf16be.csv"),
];
const MASTERS: [(&str, &[u8]); 3] = [made!("master1904.xlsx"), made!("master1904.xls"), made!("master1904.ods")];

fn opened(bytes: &[u8]) -> Workbook {
    read(bytes, &Limits::default()).unwrap()
}

fn examined(workbook: &Workbook) -> Examination {
    let hospital = |gmis: &str, code: Option<&str>, prefecture| FrameHospital {
        gmis: GmisId::parse(gmis).unwrap(),
        institution_code: code.map(|code| InstitutionCode::parse(code).unwrap()),
        name: "試験病院".to_owned(),
        prefecture: PrefectureCode::new(prefecture).unwrap(),
        municipality: None,
        beds: Beds::new(150).unwrap(),
    };
    let frame = Frame::new(vec![
        hospital("AB12345", Some("0110113719"), 1),
        hospital("AB12346", None, 2),
        hospital("0012345", None, 13),
    ]);
    let request = Request {
        numbering: None,
        path: EntryPath::Proxy,
    };
    examine(workbook, survey::find("2024").unwrap(), &request, &frame.unwrap(), &|_| {
        HospitalFacts::default()
    })
}

fn expected() -> Value {
    json!([
        ["AB12345", 4, {
            "respondent": {"name": "髙﨑 花子", "corporation": "㈱試験会", "organisation": "試験病院", "contact": "011-000-0000"},
            "safety_manager_placed": "yes", "ehr_in_use": "yes", "ehr_backup": "yes", "backup_frequency": "daily",
            "backup_copies": "three_or_more", "consultation_desk": ["own_institution", "other_institution"],
        }],
        ["AB12346", 5, {
            "respondent": {"name": "山田 太郎", "corporation": "試験会", "organisation": "第二病院", "contact": "017-000-0000"},
            "safety_manager_placed": "yes", "ehr_in_use": "yes", "ehr_backup": "no",
            "consultation_desk": ["own_institution", "other_institution"],
        }],
        ["0012345", 7, {
            "respondent": {"name": "鈴木", "corporation": "試験会", "organisation": "第三病院", "contact": "03-0000-0000"},
            "safety_manager_placed": "no", "ehr_in_use": "no", "consultation_desk": ["none_unwanted"],
        }],
    ])
}

#[test]
fn the_same_answers_come_out_of_every_format() {
    for (name, bytes) in WORKBOOKS.into_iter().chain(TEXTS) {
        let found = examined(&opened(bytes));
        let shown: Vec<Value> = found
            .hospitals
            .iter()
            .map(|verdict| json!([verdict.hospital, verdict.row, verdict.answers]))
            .collect();
        assert_eq!(Value::from(shown), expected(), "{name}");
        assert!(
            !found.faults.iter().any(survey::fault::Fault::is_error),
            "{name}: {:?}",
            found.faults
        );
    }
}

#[test]
fn each_format_is_known_by_its_content() {
    let kinds = [FileKind::Xlsx, FileKind::Xlsm, FileKind::Xls, FileKind::Ods];
    for ((name, bytes), kind) in WORKBOOKS.into_iter().zip(kinds) {
        let workbook = opened(bytes);
        assert_eq!((workbook.kind, workbook.encoding), (kind, None), "{name}");
        let sheets: Vec<(&str, bool)> = workbook.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.hidden)).collect();
        assert_eq!(sheets, [("回答一覧", false), ("控え", true)], "{name}");
        assert_eq!(
            workbook.sheets[0].rows.last().map(|row| row.number),
            Some(7),
            "{name}: formatted blank rows are none"
        );
        let formulas: Vec<(u32, u16)> = workbook.sheets[0]
            .rows
            .iter()
            .flat_map(|row| row.cells.iter().filter(|cell| cell.formula).map(|cell| (row.number, cell.column)))
            .collect();
        // LibreOffice writes TRUE into .xls as a formula.
        let expected = if kind == FileKind::Xls {
            vec![(4, 2), (4, 8), (4, 14), (5, 9)]
        } else {
            vec![(4, 2), (4, 14), (5, 9)]
        };
        assert_eq!(formulas, expected, "{name}");
    }
    let texts = [
        (FileKind::Csv, Encoding::Utf8),
        (FileKind::Csv, Encoding::Utf8),
        (FileKind::Csv, Encoding::Cp932),
        (FileKind::Tsv, Encoding::Utf8),
        (FileKind::Tsv, Encoding::Utf16),
        (FileKind::Csv, Encoding::Utf16),
    ];
    for ((name, bytes), (kind, encoding)) in TEXTS.into_iter().zip(texts) {
        let workbook = opened(bytes);
        assert_eq!((workbook.kind, workbook.encoding), (kind, Some(encoding)), "{name}");
    }
}

#[test]
fn nothing_of_the_macros_is_kept() {
    let (_, with_macros) = WORKBOOKS[1];
    let kept = serde_json::to_string(&opened(with_macros)).unwrap();
    assert!(!kept.contains("no macro in here") && kept.contains("AB12345"));
}

#[test]
fn a_cell_of_a_date_is_the_same_day_in_every_format() {
    for (name, bytes) in MASTERS {
        let workbook = opened(bytes);
        assert_eq!(workbook.date_1904, name != "master1904.ods", "{name}");
        let (rows, faults) = master::examine_master(&workbook);
        assert_eq!(faults, [], "{name}");
        let days: Vec<[String; 2]> = rows
            .iter()
            .map(|row| [row.opened_on, row.closed_on].map(|day| day.map_or_else(String::new, |day| day.to_string())))
            .collect();
        assert_eq!(days, [["1990-04-01", ""], ["1964-10-10", "2024-03-08"]], "{name}");
    }
}

#[test]
fn half_of_a_file_is_refused_in_every_format() {
    for (name, bytes) in WORKBOOKS {
        let refusal = read(&bytes[..bytes.len() / 2], &Limits::default()).unwrap_err();
        assert_eq!(refusal.code, "file_unreadable", "{name}: {refusal}");
    }
}

#[test]
fn limits_hold_for_files_that_are_read_whole() {
    let small = Limits {
        whole_cells: 100,
        ..Limits::default()
    };
    let short = Limits {
        whole_text_bytes: 100,
        ..Limits::default()
    };
    for (name, bytes) in [WORKBOOKS[2], WORKBOOKS[3]] {
        assert_eq!(read(bytes, &small).unwrap_err().code, "too_many_cells", "{name}");
        assert_eq!(read(bytes, &short).unwrap_err().code, "inflated_too_large", "{name}");
    }
}

#[test]
fn a_value_is_the_same_however_it_is_kept() {
    let cells = |workbook: &Workbook| -> Vec<(u32, u16, CellValue)> {
        let rows = workbook.sheets[0].rows.iter();
        rows.flat_map(|row| row.cells.iter().map(|cell| (row.number, cell.column, cell.value.clone())))
            .collect()
    };
    let of_xlsx = cells(&opened(WORKBOOKS[0].1));
    for (name, bytes) in WORKBOOKS {
        let mut found = cells(&opened(bytes));
        if name == "answers.xls" {
            let truth = found.iter_mut().find(|(row, column, _)| (*row, *column) == (4, 8)).unwrap();
            assert_eq!(std::mem::replace(&mut truth.2, CellValue::Bool(true)), CellValue::Number(1.0));
        }
        assert_eq!(found, of_xlsx, "{name}");
    }
}

#[test]
fn a_formula_that_was_never_calculated_is_not_blank() {
    let of_xlsx = "<row r=\"3\"><c r=\"B3\"><v>1</v></c><c r=\"C3\"><f>B3&amp;1</f></c><c r=\"D3\"><f>B3</f><v></v></c><c r=\"E3\" t=\"str\"><f>B3</f><v></v></c></row>";
    let of_ods = "<table:table table:name=\"Sheet1\"><table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
                  <table:table-row><table:table-cell/><table:table-cell office:value-type=\"float\" office:value=\"1\"/>\
                  <table:table-cell table:formula=\"of:=1\"/></table:table-row></table:table>";
    for (name, bytes, columns) in [
        ("xlsx", crate::hostile::workbook(of_xlsx), vec![2, 3]),
        ("ods", crate::hostile::spreadsheet(of_ods), vec![2]),
        ("xls", crate::hostile::legacy::uncalculated(), vec![2]),
    ] {
        let workbook = opened(&bytes);
        let row = &workbook.sheets[0].rows[0];
        let found: Vec<u16> = row
            .cells
            .iter()
            .filter(|cell| cell.value == CellValue::Uncalculated && cell.formula)
            .map(|cell| cell.column)
            .collect();
        assert_eq!((row.number, found), (3, columns), "{name}");
    }
}

/// Pieces of a file by their kinds, with the numbers of rows.
fn streamed(bytes: &[u8]) -> Vec<String> {
    let mut shown = Vec::new();
    let read = stream::<Infallible>(Cursor::new(bytes), &Limits::default(), &mut |piece| {
        shown.push(match piece {
            Piece::File { .. } => "file".to_owned(),
            Piece::Sheet { .. } => "sheet".to_owned(),
            Piece::Row(row) => row.number.to_string(),
            Piece::Again => "again".to_owned(),
        });
        Ok(())
    });
    if let Err(Stopped::Refused(refusal)) = read {
        shown.push(refusal.code.to_owned());
    }
    shown
}

#[test]
fn rows_are_given_away_as_they_come() {
    let row = |number: u32, cells: &str| format!("<row r=\"{number}\">{cells}</row>");
    let cell = |place: &str| format!("<c r=\"{place}\"><v>1</v></c>");
    let sorted = crate::hostile::workbook(&[row(1, &cell("A1")), row(4, &cell("C4")), row(5, &cell("B5"))].concat());
    assert_eq!(streamed(&sorted), ["file", "sheet", "1", "4", "5"]);
    let unsorted = crate::hostile::workbook(&[row(1, &cell("A1")), row(4, &cell("C4")), row(9, &cell("A9")), row(2, &cell("B2"))].concat());
    assert_eq!(streamed(&unsorted), ["file", "sheet", "1", "4", "again", "1", "2", "4", "9"]);
    let cut = crate::hostile::workbook(&format!("{}{}<row", row(1, &cell("A1")), row(2, &cell("A2"))));
    assert_eq!(streamed(&cut), ["file", "sheet", "1", "file_unreadable"]);
    let far = crate::hostile::workbook(&[row(1, &cell("A1")), row(2, &cell("A2")), row(60_000, &cell("A60000"))].concat());
    assert_eq!(streamed(&far), ["file", "sheet", "1", "too_many_rows"]);
    assert_eq!(streamed(b"a,b\n\nc,\n"), ["file", "sheet", "1", "3"]);
    assert_eq!(streamed(b",\n,\n"), ["file", "sheet", "file_empty"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Cells in any order, some twice: rows and cells come out in order, and the later of two values is the one that counts.
    #[test]
    fn cells_in_any_order_are_read_in_order(cells in prop::collection::vec((1_u32..9, 0_u16..6), 1..30)) {
        let mut expected = std::collections::BTreeMap::new();
        let mut xml = String::new();
        for (value, (row, column)) in cells.iter().enumerate() {
            expected.insert((*row, *column), value.to_string());
            let place = crate::workbook::address(*column, *row);
            xml += &format!("<row r=\"{row}\"><c r=\"{place}\"><v>{value}</v></c></row>");
        }
        let workbook = opened(&crate::hostile::workbook(&xml));
        let found = workbook.sheets[0].rows.iter().flat_map(|row| row.cells.iter().map(|cell| ((row.number, cell.column), cell.value.shown())));
        prop_assert_eq!(found.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
    }

    /// A damaged container or record is refused or read; it never hangs, and never ends the process.
    #[test]
    fn a_damaged_xls_file_ends_in_an_answer(damage in prop::collection::vec((0_usize..12_000, any::<u8>()), 1..6)) {
        let mut bytes = WORKBOOKS[2].1.to_vec();
        for (place, byte) in damage {
            bytes[place] = byte;
        }
        if let Err(refusal) = read(&bytes, &Limits::default()) {
            prop_assert!(!refusal.message.is_empty());
        }
    }

    /// Repeated cells and rows, wherever they stand, are counted as they are read.
    #[test]
    fn repeated_cells_of_ods_files_are_all_there(
        rows in prop::collection::vec((1_u32..4, prop::collection::vec((any::<bool>(), 1_u16..4), 0..5)), 1..6)
    ) {
        let mut expected = Vec::new();
        let mut table = String::new();
        let mut number = 0;
        for (repeated, cells) in &rows {
            let mut columns = Vec::new();
            let mut column = 0;
            table += &format!("<table:table-row table:number-rows-repeated=\"{repeated}\">");
            for (filled, wide) in cells {
                let value = if *filled { " office:value-type=\"float\" office:value=\"7\"" } else { "" };
                table += &format!("<table:table-cell{value} table:number-columns-repeated=\"{wide}\"/>");
                columns.extend((column..column + wide).filter(|_| *filled));
                column += wide;
            }
            table += "</table:table-row>";
            for _ in 0..*repeated {
                number += 1;
                expected.extend(columns.iter().map(|column| (number, *column)));
            }
        }
        let bytes = crate::hostile::spreadsheet(&format!("<table:table table:name=\"Sheet1\">{table}</table:table>"));
        match read(&bytes, &Limits::default()) {
            Err(refusal) => {
                prop_assert_eq!(refusal.code, "file_empty");
                prop_assert_eq!(expected, []);
            }
            Ok(workbook) => {
                let found: Vec<(u32, u16)> = workbook.sheets[0].rows.iter().flat_map(|row| row.cells.iter().map(|cell| (row.number, cell.column))).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
