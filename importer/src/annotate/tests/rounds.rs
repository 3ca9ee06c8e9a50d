//! Rounds of annotating and mending.

use rust_xlsxwriter::{ConditionalFormatDuplicate, DataValidation, Format, Note, Workbook as Writer};
use survey::answer::EntryPath;

use super::files::{between, colour, notes, parts, typed};
use super::*;
use crate::annotate::markup::position;
use crate::template::{Filling, bulk, form};
use crate::workbook::address;

const SHEET: &str = "xl/worksheets/sheet1.xml";

/// Columns of the bulk template of 2024, from 0: the identifiers, four fields of the respondent, then the questions.
fn answered(column: u16) -> &'static str {
    match column {
        4..8 => "記入",
        12 | 20..24 => "①",
        _ => "はい",
    }
}

fn columns() -> u16 {
    let workbook = read(
        &bulk(survey::find("2024").unwrap().first_edition(), &[], &Filling::default()).unwrap(),
        &Limits::default(),
    )
    .unwrap();
    workbook.sheets[0].rows[0].cells.last().unwrap().column + 1
}

/// The bulk template with three hospitals, and ten wrong answers in each row.
fn wrong() -> (Vec<u8>, Vec<String>) {
    let edition = survey::find("2024").unwrap().first_edition();
    let hospitals: Vec<_> = (1..=3).map(hospital).collect();
    let mut values = Vec::new();
    let mut wrong = Vec::new();
    for row in 2..=4_u32 {
        for column in 4..columns() {
            // Not Q10-1: of a question whose gate must be mended first nothing is said yet.
            let bad = (8..17).contains(&column) || column == 18;
            values.push((address(column, row), if bad { "検討中<&>" } else { answered(column) }));
            if bad {
                wrong.push(address(column, row));
            }
        }
    }
    let values: Vec<(&str, String)> = values
        .iter()
        .map(|(cell, text)| (cell.as_str(), text.replace('&', "&amp;").replace('<', "&lt;")))
        .collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(cell, text)| (*cell, text.as_str())).collect();
    (
        typed(&bulk(edition, &hospitals, &Filling::default()).unwrap(), SHEET, &values),
        wrong,
    )
}

#[test]
fn thirty_wrong_answers_come_back_in_place_and_pass_when_they_are_mended() {
    let (bytes, wrong) = wrong();
    let found = faults(&examined(&bytes, EntryPath::Proxy));
    let errors: Vec<&str> = found
        .iter()
        .filter(|fault| fault.is_error())
        .filter_map(|fault| fault.cell.as_deref())
        .collect();
    assert_eq!(errors, wrong.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(wrong.len(), 30);

    let back = annotated(&bytes, &found);
    assert!(!back.rewritten, "{:?}", back.detail);
    let looked_at = parts(&back.bytes);
    let noted = notes(&looked_at, "xl/comments1.xml");
    for cell in &wrong {
        assert!(colour(&looked_at, SHEET, cell).starts_with("FFFFB"), "{cell}");
        assert!(
            noted[cell].contains("見つかった値：検討中&lt;&amp;&gt;\n求められる値："),
            "{}",
            noted[cell]
        );
        assert!(noted[cell].contains("直し方："), "{}", noted[cell]);
    }
    assert_eq!(colour(&looked_at, SHEET, "E2"), "FFFFF9E0", "the template's own fill of an answer");
    assert_eq!(looked_at["xl/drawings/vmlDrawing1.vml"].matches("<x:Row>").count(), 30);
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    let column = columns();
    assert_eq!(value(&workbook, "回答", column, 1), "エラー");
    for row in 2..=4 {
        let text = value(&workbook, "回答", column, row);
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.starts_with(&format!("I{row}（エラー）：")), "{text}");
    }
    assert_eq!(cells(&workbook), cells(&read(&bytes, &Limits::default()).unwrap()));
    let list = &looked_at[list_part(&looked_at).as_str()];
    for cell in &wrong {
        assert!(list.contains(&format!("location=\"&apos;回答&apos;!{cell}\"")), "{cell}");
    }

    let mended: Vec<(&str, &str)> = wrong
        .iter()
        .map(|cell| (cell.as_str(), answered(position(cell).unwrap().0)))
        .collect();
    let sent = typed(&back.bytes, SHEET, &mended);
    let passed = examined(&sent, EntryPath::Proxy);
    assert_eq!(faults(&passed), []);
    assert_eq!(passed.hospitals.len(), 3);

    let clean = annotated(&sent, &[]);
    let looked_at = parts(&clean.bytes);
    for cell in &wrong {
        assert_eq!(colour(&looked_at, SHEET, cell), "FFFFF9E0", "{cell} has its fill back");
    }
    assert!(notes(&looked_at, "xl/comments1.xml").is_empty());
    assert!(!looked_at["xl/drawings/vmlDrawing1.vml"].contains("<x:Row>"));
    assert_eq!(value(&read(&clean.bytes, &Limits::default()).unwrap(), "回答", column, 2), "");
}

fn list_part(parts: &std::collections::BTreeMap<String, String>) -> String {
    parts
        .iter()
        .find(|(name, text)| name.starts_with("xl/worksheets/") && text.contains("求められる値"))
        .unwrap()
        .0
        .clone()
}

#[test]
fn what_was_not_touched_is_the_same_byte_for_byte() {
    let (bytes, _) = wrong();
    let found = faults(&examined(&bytes, EntryPath::Proxy));
    let (before, after) = (parts(&bytes), parts(&annotated(&bytes, &found).bytes));
    for (name, text) in &before {
        if ![
            "[Content_Types].xml",
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
            "xl/styles.xml",
            SHEET,
        ]
        .contains(&name.as_str())
        {
            assert_eq!(after.get(name), Some(text), "{name}");
        }
    }
    let validations = |parts: &std::collections::BTreeMap<String, String>| {
        parts[SHEET].split_once("</sheetData>").unwrap().1.replace(
            "<legacyDrawing xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" r:id=\"rIdChosa2\"/>",
            "",
        )
    };
    assert_eq!(validations(&before), validations(&after));
    assert!(before[SHEET].contains("dataValidations"));
    let names = |parts: &std::collections::BTreeMap<String, String>| {
        between(&parts["xl/workbook.xml"], "<definedNames>", "</definedNames>")[0].to_owned()
    };
    assert_eq!(names(&before), names(&after));
}

#[test]
fn a_second_round_replaces_the_first() {
    let (bytes, _) = wrong();
    let found = faults(&examined(&bytes, EntryPath::Proxy));
    let first = annotated(&bytes, &found);
    let second = annotated(&first.bytes, &faults(&examined(&first.bytes, EntryPath::Proxy)));
    let (one, two) = (parts(&first.bytes), parts(&second.bytes));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, text) in &one {
        assert_eq!(&two[name], text, "{name}");
    }
}

#[test]
fn a_form_comes_back_with_the_faults_beside_its_rows() {
    let edition = survey::find("2024").unwrap().first_edition();
    let bytes = typed(
        &form(edition, None, &Filling::default()).unwrap(),
        SHEET,
        &[("C10", "山田"), ("C16", "検討中")],
    );
    let found = faults(&examined(&bytes, EntryPath::Workbook));
    assert!(found.iter().any(|fault| fault.code == "hospital_missing"), "{found:?}");
    let back = annotated(&bytes, &found);
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    assert_eq!(value(&workbook, "調査票", 4, 8), "エラー");
    assert!(value(&workbook, "調査票", 4, 3).starts_with("B3（エラー）：G-MIS IDが空欄です"));
    // The text beside the blank ID is no ID.
    assert_eq!(faults(&examined(&back.bytes, EntryPath::Workbook)), found);
    let with_id = typed(&back.bytes, SHEET, &[("B3", "AB00001")]);
    let again = faults(&examined(&with_id, EntryPath::Workbook));
    assert!(
        again
            .iter()
            .any(|fault| fault.cell.as_deref() == Some("C16") && fault.code == "value_unreadable"),
        "{again:?}"
    );
    let second = annotated(&with_id, &again);
    let workbook = read(&second.bytes, &Limits::default()).unwrap();
    assert_eq!(value(&workbook, "調査票", 4, 3), "");
    assert!(value(&workbook, "調査票", 4, 16).starts_with("C16（エラー）："));
    assert_eq!(value(&workbook, "調査票", 5, 8), "", "one column only");
}

/// A sheet that has everything already: fills of its own, a note, a second note on a cell with a fault, a merged title.
fn furnished() -> Vec<u8> {
    let mut writer = Writer::new();
    let green = Format::new().set_background_color("C6EFCE").set_bold();
    let sheet = writer.add_worksheet().set_name("A 'B' & C").unwrap();
    sheet.merge_range(0, 0, 0, 8, "令和6年の回答", &green).unwrap();
    for (column, heading) in ["G-MIS ID", "Q2", "Q3", "備考"].iter().enumerate() {
        sheet
            .write_string_with_format(1, column.try_into().unwrap(), *heading, &green)
            .unwrap();
    }
    sheet.write_string(2, 0, "AB00001").unwrap();
    sheet.write_string_with_format(2, 1, "？", &green).unwrap();
    sheet.write_string(2, 2, "はい").unwrap();
    sheet.insert_note(2, 1, &Note::new("課長に確認").set_author("佐藤")).unwrap();
    sheet.insert_note(2, 3, &Note::new("あとで").set_author("鈴木")).unwrap();
    sheet.set_autofit_max_width(10).autofit();
    sheet.protect();
    sheet.autofilter(1, 0, 2, 3).unwrap();
    sheet
        .set_print_area(0, 0, 9, 3)
        .unwrap()
        .set_freeze_panes(2, 1)
        .unwrap()
        .set_landscape();
    sheet
        .add_conditional_format(2, 1, 9, 2, &ConditionalFormatDuplicate::new().set_format(&green))
        .unwrap();
    let list = DataValidation::new().allow_list_strings(&["はい", "いいえ"]).unwrap();
    sheet.add_data_validation(2, 1, 9, 2, &list).unwrap();
    writer.save_to_buffer().unwrap()
}

#[test]
fn notes_fills_and_protection_of_the_user_stay() {
    let bytes = furnished();
    let all = faults(&examined(&bytes, EntryPath::Proxy));
    let found: Vec<Fault> = all.into_iter().filter(|fault| fault.code == "value_unreadable").collect();
    assert_eq!(found.len(), 1);
    let before = parts(&bytes);
    let first = annotated(&bytes, &found);
    assert!(!first.rewritten, "{:?}", first.detail);
    let one = parts(&first.bytes);
    let (old, new) = (notes(&before, "xl/comments1.xml"), notes(&one, "xl/comments1.xml"));
    assert_eq!(new["D3"], old["D3"]);
    assert!(
        new["B3"].starts_with(&old["B3"]) && new["B3"].contains("【調査票の指摘】エラー\n見つかった値：？"),
        "{}",
        new["B3"]
    );
    assert_eq!(one["xl/drawings/vmlDrawing1.vml"].matches("<x:Row>").count(), 2);
    assert!(one[SHEET].contains("<sheetProtection"));
    assert_eq!(
        between(&one[SHEET], "<mergeCells", "</mergeCells>"),
        between(&before[SHEET], "<mergeCells", "</mergeCells>")
    );
    let behind = |parts: &std::collections::BTreeMap<String, String>| parts[SHEET].split_once("</sheetData>").unwrap().1.to_owned();
    for element in [
        "<autoFilter",
        "<mergeCells",
        "<conditionalFormatting",
        "<dataValidations",
        "<pageSetup",
        "<legacyDrawing",
    ] {
        assert!(behind(&before).contains(element), "{element}");
    }
    assert_eq!(behind(&one), behind(&before));
    let names = |parts: &std::collections::BTreeMap<String, String>| {
        between(&parts["xl/workbook.xml"], "<definedNames>", "</definedNames>")[0].to_owned()
    };
    assert_eq!(names(&one), names(&before));
    assert!(colour(&one, SHEET, "B3").starts_with("FFFFB"));
    let workbook = read(&first.bytes, &Limits::default()).unwrap();
    assert_eq!(value(&workbook, "A 'B' & C", 4, 2), "エラー");
    assert!(one[list_part(&one).as_str()].contains("location=\"&apos;A &apos;&apos;B&apos;&apos; &amp; C&apos;!B3\""));
    let second = parts(&annotated(&first.bytes, &[]).bytes);
    assert_eq!(notes(&second, "xl/comments1.xml"), old);
    assert_eq!(colour(&second, SHEET, "B3"), "FFC6EFCE");
}
