//! Workbooks: merged titles, formulas, headers over two rows, and copies that went back with findings.

use rust_xlsxwriter::{Format, Formula, Workbook as Writer};
use serde_json::json;
use survey::answer::EntryPath;
use survey::evaluate::State;
use survey::fault::Fault;

use super::{brief, examined_as};
use crate::examination::Verdict;

/// A workbook as offices send it: a merged title, a header with line breaks, formulas, numbers, booleans, formatted blank rows, a hidden copy.
fn office_workbook() -> Vec<u8> {
    let mut writer = Writer::new();
    let grey = Format::new().set_background_color("#EEEEEE");
    let sheet = writer.add_worksheet().set_name("回答一覧").unwrap();
    sheet
        .merge_range(0, 0, 0, 8, "令和5年度 サイバーセキュリティ調査 回答一覧", &grey)
        .unwrap();
    for (heading, column) in [
        "No.",
        "都道府県",
        "Ｇ－ＭＩＳ\nユーザーＩＤ",
        "Q11\n自組織において、電子カルテシステムを使用していますか。",
        "Q6",
        "12-1",
        "Ｑ１２－２",
        "Q2",
    ]
    .iter()
    .zip(0_u16..)
    {
        sheet.write_string(2, column, *heading).unwrap();
    }
    sheet.write_number(4, 0, 1).unwrap();
    sheet.write_string(4, 1, "北海道").unwrap();
    sheet
        .write_formula(4, 2, Formula::new("=\"AB\"&12345").set_result("AB12345"))
        .unwrap();
    sheet.write_boolean(4, 3, true).unwrap();
    sheet.write_string(4, 4, "①、③").unwrap();
    sheet.write_number(4, 5, 2).unwrap();
    sheet.write_string(4, 6, "3つ以上").unwrap();
    sheet.write_formula(4, 7, Formula::new("=NA()").set_result("#N/A")).unwrap();
    sheet.write_string(5, 1, "大阪").unwrap();
    sheet.write_number(5, 2, 12345).unwrap();
    sheet.write_number(5, 3, 0).unwrap();
    for row in 6..3_000 {
        for column in 0..8 {
            sheet.write_blank(row, column, &grey).unwrap();
        }
    }
    let copy = writer.add_worksheet().set_name("控え").unwrap();
    copy.write_string(0, 0, "G-MIS ID").unwrap().write_string(0, 1, "Q11").unwrap();
    copy.write_string(1, 0, "AB12345").unwrap().write_string(1, 1, "いいえ").unwrap();
    copy.set_hidden(true);
    writer.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_as_offices_send_it_is_read() {
    let found = examined_as(&office_workbook(), "2024", None, EntryPath::Proxy);
    assert_eq!(found.hospitals.len(), 2);
    let first = &found.hospitals[0];
    assert_eq!(
        (first.hospital.as_str(), first.sheet.as_str(), first.row),
        ("AB12345", "回答一覧", 5)
    );
    assert_eq!(&first.answers, json!({"ehr_in_use": "yes", "consultation_desk": ["own_institution", "other_institution"], "backup_frequency": "weekly", "backup_copies": "three_or_more"}).as_object().unwrap());
    assert!(brief(&first.faults).contains(&("value_unreadable", "H5", "safety_manager_placed")));
    assert_eq!(first.faults[0].sheet.as_deref(), Some("回答一覧"));
    assert!(brief(&found.faults).contains(&("choice_by_number", "F5", "backup_frequency")));
    let of_copy: Vec<&Fault> = found.faults.iter().filter(|fault| fault.code == "hidden_sheet_passed").collect();
    assert!(matches!(of_copy[..], [fault] if !fault.is_error() && fault.message.contains("「控え」にも1病院分の回答")));
    // A number in the column of IDs fits one hospital; the row says another prefecture than the frame.
    assert_eq!(found.hospitals[1].hospital, "0012345");
    assert_eq!(brief(&found.hospitals[1].faults)[0], ("hospital_prefecture_differs", "B6", ""));
}

#[test]
fn formulas_give_their_kept_values_with_one_warning_for_each_column() {
    let found = examined_as(&office_workbook(), "2024", None, EntryPath::Proxy);
    let cached: Vec<&Fault> = found.faults.iter().filter(|fault| fault.code == "formula_cached").collect();
    assert_eq!(cached.len(), 1, "an error value is a fault of its own: {cached:?}");
    assert_eq!(
        (cached[0].cell.as_deref(), cached[0].found.as_deref()),
        (Some("C5"), Some("AB12345"))
    );
    assert!(!cached[0].is_error() && cached[0].message.contains("1個"));
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet();
    for (heading, column) in ["G-MIS ID", "Q11", "Q2"].iter().zip(0_u16..) {
        sheet.write_string(0, column, *heading).unwrap();
    }
    for (row, id) in [(1, "AB12345"), (2, "AB12346")] {
        sheet.write_string(row, 0, id).unwrap();
        sheet.write_formula(row, 1, Formula::new("=A1").set_result("いいえ")).unwrap();
    }
    let found = examined_as(&writer.save_to_buffer().unwrap(), "2024", None, EntryPath::Proxy);
    let cached: Vec<&Fault> = found.faults.iter().filter(|fault| fault.code == "formula_cached").collect();
    assert_eq!(cached.len(), 1);
    assert!(
        cached[0].message.contains("2個") && cached[0].message.contains("Sheet1!B2"),
        "{}",
        cached[0].message
    );
    assert_eq!(cached[0].question.as_deref(), Some("ehr_in_use"));
    assert!(found.hospitals.iter().all(|verdict| verdict.answers["ehr_in_use"] == json!("no")));
}

#[test]
fn a_formula_that_was_never_calculated_is_an_error_that_says_what_to_do() {
    let text = |cell: &str, text: &str| format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let header = format!(
        "<row r=\"1\">{}{}{}</row>",
        text("A1", "G-MIS ID"),
        text("B1", "Q11"),
        text("C1", "Q12")
    );
    let rows = format!(
        "{header}<row r=\"2\">{}<c r=\"B2\"><f>1</f></c>{}</row><row r=\"3\"><c r=\"A3\"><f>1</f></c>{}</row>",
        text("A2", "AB12345"),
        text("C2", "はい"),
        text("B3", "はい")
    );
    let found = examined_as(&crate::hostile::workbook(&rows), "2024", None, EntryPath::Proxy);
    let of = |verdict: &Verdict| {
        let faults = verdict.faults.iter().filter(|fault| fault.code == "formula_uncalculated");
        faults
            .map(|fault| (fault.cell.clone().unwrap(), fault.question.clone(), fault.is_error()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&found.hospitals[0]), [("B2".to_owned(), Some("ehr_in_use".to_owned()), true)]);
    assert_eq!(found.hospitals[0].states["ehr_in_use"], State::Invalid);
    assert_eq!(found.hospitals[0].states["ehr_backup"], State::Undetermined);
    assert!(!found.hospitals[0].answers.contains_key("ehr_in_use"));
    assert_eq!(of(&found.hospitals[1]), [("A3".to_owned(), None, true)]);
    assert!(found.hospitals[1].faults[0].message.contains("上書き保存"));
}

#[test]
fn a_header_in_two_rows_with_merged_cells_is_read() {
    let mut writer = Writer::new();
    let plain = Format::new();
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    sheet.merge_range(0, 0, 1, 5, "調査の回答", &plain).unwrap();
    for (column, heading) in [(0, "No."), (1, "G-MIS ID"), (5, "備考")] {
        sheet.merge_range(3, column, 4, column, heading, &plain).unwrap();
    }
    sheet.merge_range(3, 2, 3, 4, "電子カルテ", &plain).unwrap();
    for (column, heading) in [(2, "Q11\n電子カルテの使用"), (3, "Q12"), (4, "バックアップの\n更新頻度")] {
        sheet.write_string(4, column, heading).unwrap();
    }
    for (column, cell) in [(1, "AB12345"), (2, "はい"), (3, "○"), (4, "②")] {
        sheet.write_string(5, column, cell).unwrap();
    }
    let found = examined_as(&writer.save_to_buffer().unwrap(), "2024", None, EntryPath::Proxy);
    assert!(
        found.faults.iter().all(|fault| fault.code == "column_missing"),
        "{:?}",
        brief(&found.faults)
    );
    assert_eq!((found.hospitals.len(), found.hospitals[0].row), (1, 6));
    let answers = json!({"ehr_in_use": "yes", "ehr_backup": "yes", "backup_frequency": "weekly"});
    assert_eq!(&found.hospitals[0].answers, answers.as_object().unwrap());
}

/// What a workbook holds that went back to its sender with findings, and comes in again as it is.
#[test]
fn findings_about_an_earlier_copy_are_neither_answers_nor_faults() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    for (column, heading) in [(0, "エラー"), (1, "G-MIS ID"), (2, "Q11"), (3, "Q2"), (4, "ｴﾗｰ")] {
        sheet.write_string(0, column, heading).unwrap();
    }
    for (column, cell) in [
        (0, "C2 「Q11」の値を読み取れません。"),
        (1, "AB12345"),
        (2, "いいえ"),
        (3, "はい"),
        (4, "Q2"),
    ] {
        sheet.write_string(1, column, cell).unwrap();
    }
    sheet.write_string(2, 0, "この行の病院は…").unwrap();
    for (name, hidden) in [("指摘一覧", false), ("_chosa", true)] {
        let list = writer.add_worksheet().set_name(name).unwrap();
        list.write_string(0, 0, "G-MIS ID").unwrap().write_string(0, 1, "Q11").unwrap();
        list.write_string(1, 0, "AB12346").unwrap().write_string(1, 1, "はい").unwrap();
        list.set_hidden(hidden);
    }
    let found = examined_as(&writer.save_to_buffer().unwrap(), "2024", None, EntryPath::Proxy);
    assert!(
        found.faults.iter().all(|fault| fault.code == "column_missing"),
        "{:?}",
        brief(&found.faults)
    );
    assert_eq!(found.hospitals.len(), 1);
    assert_eq!(
        &found.hospitals[0].answers,
        json!({"ehr_in_use": "no", "safety_manager_placed": "yes"}).as_object().unwrap()
    );
}
