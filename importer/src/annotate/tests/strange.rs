//! Files that are unlike what Excel writes, faults that lead nowhere, and texts that want out of their cells.

use proptest::prelude::*;
use rust_xlsxwriter::{Formula, Workbook as Writer};
use survey::answer::EntryPath;

use super::files::{between, packed, parts};
use super::*;

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn small() -> Vec<u8> {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    for (column, heading) in ["G-MIS ID", "Q2", "Q3"].iter().enumerate() {
        sheet.write_string(0, column.try_into().unwrap(), *heading).unwrap();
    }
    sheet.write_string(1, 0, "AB00001").unwrap();
    sheet.write_formula(1, 1, Formula::new("=\"？\"").set_result("？")).unwrap();
    writer.save_to_buffer().unwrap()
}

fn fault(cell: &str) -> Fault {
    Fault::error("value_unreadable", "直してください。").at("回答", cell)
}

#[test]
fn macros_are_taken_out_and_the_list_says_so() {
    let mut parts_of = parts(&small());
    let relations = parts_of.get_mut("xl/_rels/workbook.xml.rels").unwrap();
    *relations = relations.replace(
        "</Relationships>",
        "<Relationship Id=\"rIdM\" Type=\"http://schemas.microsoft.com/office/2006/relationships/vbaProject\" Target=\"vbaProject.bin\"/></Relationships>",
    );
    let types = parts_of.get_mut("[Content_Types].xml").unwrap();
    *types = types
        .replace(super::super::book::MAIN, "application/vnd.ms-excel.sheet.macroEnabled.main+xml")
        .replace(
            "</Types>",
            "<Override PartName=\"/xl/vbaProject.bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/></Types>",
        );
    parts_of.insert("xl/vbaProject.bin".to_owned(), "macro".to_owned());
    let back = annotated(&packed(&parts_of), &[fault("B2")]);
    assert!(back.macros_removed && !back.rewritten, "{:?}", back.detail);
    let after = parts(&back.bytes);
    assert!(!after.keys().any(|name| name.contains("vba")));
    assert!(!after["[Content_Types].xml"].contains("vba") && !after["[Content_Types].xml"].contains("macroEnabled"));
    assert!(!after["xl/_rels/workbook.xml.rels"].contains("vba"));
    assert!(after.values().any(|text| text.contains("マクロは取り除きました")));
    assert!(after[SHEET].contains("<f>\"？\"</f>"), "formulas stay");
}

#[test]
fn a_text_file_comes_back_as_a_workbook_with_the_same_rows() {
    let text = "一覧,,\nG-MIS ID,Q2,Q3,備考\n0012345,？,はい,\"=1+1\n2行目\"\nAB00001,？,はい,\n";
    let found = faults(&examined(text.as_bytes(), EntryPath::Proxy));
    let back = annotated(text.as_bytes(), &found);
    assert!(back.rewritten);
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    for (cell, expected) in [((0, 3), "0012345"), ((3, 3), "=1+1\n2行目"), ((4, 2), "エラー")] {
        assert_eq!(value(&workbook, "回答", cell.0, cell.1), expected);
    }
    assert!(
        value(&workbook, "回答", 4, 4).contains("B4（エラー）："),
        "{}",
        value(&workbook, "回答", 4, 4)
    );
    let after = parts(&back.bytes);
    assert!(after.values().any(|text| text.contains("新しいブック（.xlsx）に写して")));
    assert!(!after.values().any(|text| text.contains("<f>")));
    let again = faults(&examined(&back.bytes, EntryPath::Proxy));
    assert_eq!(
        again.iter().map(|fault| (&fault.code, &fault.cell)).collect::<Vec<_>>(),
        found.iter().map(|fault| (&fault.code, &fault.cell)).collect::<Vec<_>>()
    );
}

#[test]
fn a_sheet_out_of_order_or_in_another_namespace_is_written_anew() {
    let turned = |change: &dyn Fn(&str) -> String| {
        let mut parts = parts(&small());
        let sheet = parts.get_mut(SHEET).unwrap();
        *sheet = change(sheet);
        annotated(&packed(&parts), &[fault("B2")])
    };
    let strict = turned(&|xml| {
        xml.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            "http://purl.oclc.org/ooxml/spreadsheetml/main",
        )
    });
    let unordered = turned(&|xml| xml.replace("<row r=\"1\"", "<row r=\"9\""));
    for back in [strict, unordered] {
        assert!(back.rewritten);
        let workbook = read(&back.bytes, &Limits::default()).unwrap();
        assert_eq!(value(&workbook, "回答", 0, 2), "AB00001");
    }
}

#[test]
fn prefixes_of_other_programs_are_kept() {
    let mut parts_of = parts(&small());
    let sheet = parts_of.get_mut(SHEET).unwrap();
    for name in [
        "worksheet",
        "dimension",
        "sheetViews",
        "sheetView",
        "sheetFormatPr",
        "sheetData",
        "row",
        "pageMargins",
    ] {
        *sheet = sheet
            .replace(&format!("<{name} "), &format!("<x:{name} "))
            .replace(&format!("<{name}>"), &format!("<x:{name}>"));
        *sheet = sheet.replace(&format!("</{name}>"), &format!("</x:{name}>"));
    }
    for name in ["c", "v", "f"] {
        *sheet = sheet
            .replace(&format!("<{name} "), &format!("<x:{name} "))
            .replace(&format!("<{name}>"), &format!("<x:{name}>"));
        *sheet = sheet.replace(&format!("</{name}>"), &format!("</x:{name}>"));
    }
    *sheet = sheet.replace("xmlns=", "xmlns:x=");
    let back = annotated(&packed(&parts_of), &[fault("B2"), fault("C9")]);
    assert!(!back.rewritten, "{:?}", back.detail);
    let after = parts(&back.bytes);
    assert!(after[SHEET].contains("<x:row r=\"9\"><x:c r=\"C9\""), "{}", after[SHEET]);
    assert_eq!(value(&read(&back.bytes, &Limits::default()).unwrap(), "回答", 3, 1), "エラー");
}

#[test]
fn shared_formulas_and_formats_of_new_cells_are_those_of_the_sheet() {
    let mut parts_of = parts(&small());
    let sheet = parts_of.get_mut(SHEET).unwrap();
    let shared = "<f t=\"shared\" ref=\"B2:B3\" si=\"0\">A1&amp;\"x\"</f><v>？</v>";
    let (before, after) = sheet.split_once("<row r=\"2\"").unwrap();
    let (_, behind) = after.split_once("</row>").unwrap();
    *sheet = format!(
        "{before}<row r=\"2\"><c r=\"A2\"/><c r=\"B2\" t=\"str\">{shared}</c></row><row><c r=\"A3\"/><c t=\"str\"><f t=\"shared\" si=\"0\"/><v>？</v></c></row>{behind}"
    );
    let back = annotated(&packed(&parts_of), &[fault("B2"), fault("B3"), fault("C3")]);
    assert!(!back.rewritten, "{:?}", back.detail);
    let after = parts(&back.bytes);
    assert!(
        after[SHEET].contains(shared) && after[SHEET].contains("<f t=\"shared\" si=\"0\"/>"),
        "{}",
        after[SHEET]
    );
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    assert!(
        value(&workbook, "回答", 3, 3).lines().count() == 2,
        "rows and cells that do not say where they are"
    );
}

#[test]
fn faults_without_a_place_stand_in_the_list_only() {
    let nowhere = [
        Fault::error("a", "ファイル全体"),
        Fault::warning("b", "別のシート").at("ない", "A1"),
        Fault::warning("c", "番地でない").at("回答", "=A1"),
        Fault::warning("d", "遠すぎる").at("回答", "XFE1"),
    ];
    let back = annotated(&small(), &nowhere);
    let after = parts(&back.bytes);
    let list = after.values().find(|text| text.contains("求められる値")).unwrap();
    assert!(
        ["ファイル全体", "別のシート", "番地でない", "遠すぎる"]
            .iter()
            .all(|text| list.contains(text))
    );
    assert!(!list.contains("<hyperlink"));
    assert!(!after.keys().any(|name| name.contains("comments")));
    assert_eq!(after[SHEET], parts(&small())[SHEET]);
}

#[test]
fn texts_of_a_fault_stay_texts() {
    let evil = "=HYPERLINK(\"http://x\")</t></is></c><c><f>1+1</f>\u{0}\u{8}_x0000_]]>";
    let found = [Fault::error("a", evil).at("回答", "B2").found(evil).expected(evil)];
    let back = annotated(&small(), &found);
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    let shown = "=HYPERLINK(\"http://x\")</t></is></c><c><f>1+1</f>_x0000_]]>";
    assert_eq!(value(&workbook, "回答", 3, 2), format!("B2（エラー）：{shown}"));
    let after = parts(&back.bytes);
    assert_eq!(
        after.values().map(|text| text.matches("<f>").count()).sum::<usize>(),
        1,
        "the user's own formula"
    );
    for text in after.values().filter(|text| text.contains("HYPERLINK")) {
        assert!(between(text, "<c ", ">").iter().all(|tag| tag.contains("r=\"")));
    }
}

#[test]
fn thousands_of_faults_keep_their_fills_and_texts_and_the_list_says_what_it_lacks() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    for column in 0..6 {
        sheet
            .write_string(0, column, if column == 0 { "G-MIS ID".to_owned() } else { format!("Q{column}") })
            .unwrap();
    }
    let bytes = writer.save_to_buffer().unwrap();
    let places = (2..=5_001_u32).flat_map(|row| (0..5_u16).map(move |column| crate::workbook::address(column, row)));
    let found: Vec<Fault> = places.map(|cell| fault(&cell)).collect();
    let back = annotated(&bytes, &found);
    let after = parts(&back.bytes);
    assert_eq!(after["xl/comments1.xml"].matches("<comment ").count(), 5_000);
    assert_eq!(
        super::files::colour(&after, SHEET, "E5001"),
        super::files::colour(&after, SHEET, "A2")
    );
    let list = after.values().find(|text| text.contains("求められる値")).unwrap();
    assert!(list.contains("20000か所には注記を付けていません") && list.contains("残りの5000件はこの一覧に載せていません"));
    assert_eq!(list.matches("<hyperlink ").count(), 20_000);
    let workbook = read(&back.bytes, &Limits::default()).unwrap();
    assert_eq!(value(&workbook, "回答", 6, 5_001).lines().count(), 5);
}

fn cell() -> impl Strategy<Value = (u32, u16, String)> {
    (1..40_u32, 0..12_u16, "[a-zA-Z0-9ぁ-ん㈱髙=&<>\"' ]{0,12}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever a sheet holds and wherever the faults are: the cells are the same, once and again, and the second round adds nothing.
    #[test]
    fn cells_are_the_same_after_any_round(
        values in prop::collection::vec(cell(), 1..60),
        places in prop::collection::vec((1..50_u32, 0..14_u16, any::<bool>()), 0..30),
    ) {
        let mut writer = Writer::new();
        let sheet = writer.add_worksheet().set_name("回答").unwrap();
        for (row, column, text) in &values {
            sheet.write_string(*row, *column, text).unwrap();
        }
        sheet.write_string(0, 0, "G-MIS ID").unwrap();
        let bytes = writer.save_to_buffer().unwrap();
        let found: Vec<Fault> = places
            .iter()
            .map(|(row, column, grave)| {
                let fault = if *grave { Fault::error("a", "直す") } else { Fault::warning("b", "見る") };
                fault.at("回答", crate::workbook::address(*column, *row))
            })
            .collect();
        let before = read(&bytes, &Limits::default()).unwrap();
        let first = annotated(&bytes, &found);
        prop_assert!(!first.rewritten, "{:?}", first.detail);
        let once = read(&first.bytes, &Limits::default()).unwrap();
        prop_assert_eq!(cells(&once), cells(&before));
        let second = annotated(&first.bytes, &found);
        let (one, two) = (parts(&first.bytes), parts(&second.bytes));
        prop_assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
        for (name, text) in &one {
            prop_assert_eq!(&two[name], text, "{}", name);
        }
        let clean = annotated(&first.bytes, &[]);
        prop_assert_eq!(cells(&read(&clean.bytes, &Limits::default()).unwrap()), cells(&before));
    }
}
