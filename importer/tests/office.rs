//! What another office program makes of our files: LibreOffice opens them, and gives back what was written.
//!
//! These tests need `soffice`; where it is missing they fail and say so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends here"
)]

#[path = "office/thirty.rs"]
mod thirty;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use importer::annotate::annotate;
use importer::template::Filling;
use importer::{Limits, Workbook, read};
use rust_xlsxwriter::{Note, Workbook as Writer};
use survey::fault::Fault;

/// A folder of its own that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("importer-office-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Converts a workbook with LibreOffice and returns what it wrote.
    fn converted(&self, bytes: &[u8], to: &str) -> Vec<u8> {
        let source = self.0.join("book.xlsx");
        std::fs::write(&source, bytes).unwrap();
        let out = self.0.join("out");
        let output = Command::new("soffice")
            .arg(format!("-env:UserInstallation=file://{}", self.0.join("profile").display()))
            .args(["--headless", "--convert-to", to, "--outdir"])
            .arg(&out)
            .arg(&source)
            .output()
            .expect("these tests need LibreOffice: install libreoffice-calc, so that `soffice` can be started");
        let file = out.join(format!("book.{to}"));
        assert!(file.exists(), "soffice wrote no {to}: {}", String::from_utf8_lossy(&output.stderr));
        let mut bytes = Vec::new();
        std::fs::File::open(file).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone: Result<(), std::io::Error> = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A form with styles, a protected sheet, and a note of somebody.
fn book() -> Vec<u8> {
    let mut writer = Writer::new();
    let green = rust_xlsxwriter::Format::new().set_background_color("C6EFCE");
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    for (heading, column) in ["G-MIS ID", "Q2", "Q3"].into_iter().zip(0_u16..) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for row in 1..=3_u32 {
        sheet.write_string(row, 0, format!("AB0000{row}")).unwrap();
        sheet.write_string_with_format(row, 1, "？", &green).unwrap();
    }
    sheet.insert_note(1, 0, &Note::new("課長に確認").set_author("佐藤")).unwrap();
    writer.save_to_buffer().unwrap()
}

fn faults() -> Vec<Fault> {
    (2..=4)
        .map(|row| {
            Fault::error("value_unreadable", "はい か いいえ に直してください。")
                .at("回答", format!("B{row}"))
                .found("？")
        })
        .collect()
}

fn shown(workbook: &Workbook, column: u16, row: u32) -> String {
    let row = workbook.sheets[0].rows.iter().find(|candidate| candidate.number == row);
    row.and_then(|row| row.value(column))
        .map(importer::CellValue::shown)
        .unwrap_or_default()
}

#[test]
fn libreoffice_opens_an_annotated_workbook_and_keeps_what_was_written() {
    let folder = Folder::new("opens");
    let back = annotate(&book(), &faults(), &Limits::default()).unwrap();
    assert!(!back.rewritten, "{:?}", back.detail);
    assert!(folder.converted(&back.bytes, "pdf").starts_with(b"%PDF"));
    let saved = folder.converted(&back.bytes, "xlsx");
    let workbook = read(&saved, &Limits::default()).unwrap();
    assert_eq!(shown(&workbook, 3, 1), "エラー");
    assert!(shown(&workbook, 3, 4).contains("B4（エラー）："));
    let names: Vec<(&str, bool)> = workbook.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.hidden)).collect();
    assert_eq!(names, [("回答", false), ("指摘一覧", false), ("_chosa_marks", true)]);
    let notes = part(&saved, "xl/comments1.xml");
    assert_eq!(notes.matches("【調査票の指摘】").count(), 3);
    assert!(notes.contains("課長に確認"));
    assert!(part(&saved, "xl/worksheets/sheet2.xml").contains("<hyperlink "));
}

#[test]
fn libreoffice_opens_an_annotated_template_and_reads_the_same_answers() {
    let folder = Folder::new("template");
    let edition = survey::find("2024").unwrap().first_edition();
    let filling = Filling {
        answers: None,
        key: Some(b"key"),
    };
    let form = importer::template::form(edition, None, &filling).unwrap();
    let faults: Vec<Fault> = (10..=30)
        .map(|row| Fault::error("answer_missing", "回答がありません。").at("調査票", format!("C{row}")))
        .collect();
    let back = annotate(&form, &faults, &Limits::default()).unwrap();
    assert!(!back.rewritten, "{:?}", back.detail);
    assert!(folder.converted(&back.bytes, "pdf").starts_with(b"%PDF"));
    let saved = folder.converted(&back.bytes, "xlsx");
    let (before, after) = (
        read(&back.bytes, &Limits::default()).unwrap(),
        read(&saved, &Limits::default()).unwrap(),
    );
    assert_eq!(after.sheets, before.sheets);
    assert_eq!(importer::stamp::read_stamp(&after), importer::stamp::read_stamp(&before));
    assert!(importer::stamp::read_stamp(&after).is_some());
    let sheet = part(&saved, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<sheetProtection ") && sheet.contains("<dataValidation "));
}

#[test]
fn a_workbook_saved_by_libreoffice_goes_through_further_rounds() {
    let folder = Folder::new("rounds");
    let first = annotate(&folder.converted(&book(), "xlsx"), &faults(), &Limits::default()).unwrap();
    assert!(!first.rewritten, "{:?}", first.detail);
    let saved = folder.converted(&first.bytes, "xlsx");
    let again = annotate(&saved, &faults()[..1], &Limits::default()).unwrap();
    assert!(!again.rewritten, "{:?}", again.detail);
    let workbook = read(&again.bytes, &Limits::default()).unwrap();
    assert_eq!(workbook.sheets.len(), 3);
    assert_eq!(
        [shown(&workbook, 3, 1), shown(&workbook, 4, 1)],
        ["エラー".to_owned(), String::new()]
    );
    assert!(!shown(&workbook, 3, 2).is_empty());
    assert_eq!(shown(&workbook, 3, 4), "");
    let notes = part(&again.bytes, "xl/comments1.xml");
    assert_eq!(notes.matches("【調査票の指摘】").count(), 1);
    assert_eq!(notes.matches("<comment ").count(), 2, "{notes}");
    assert!(notes.contains("課長に確認"));
    // The mended cells have their own fill again, although LibreOffice numbered all styles anew.
    let last = folder.converted(&annotate(&again.bytes, &[], &Limits::default()).unwrap().bytes, "xlsx");
    let styles = part(&last, "xl/styles.xml");
    assert!(styles.contains("C6EFCE"));
    let before = part(&folder.converted(&book(), "xlsx"), "xl/worksheets/sheet1.xml");
    let fill = |bytes: &[u8], sheet: &str, cell: &str| {
        let tag = sheet
            .split(&format!("<c r=\"{cell}\""))
            .nth(1)
            .unwrap()
            .split('>')
            .next()
            .unwrap()
            .to_owned();
        let style: usize = tag.split(" s=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        let styles = part(bytes, "xl/styles.xml");
        let formats = styles.split("<cellXfs").nth(1).unwrap();
        let fill: usize = formats
            .split("<xf ")
            .nth(style + 1)
            .unwrap()
            .split("fillId=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        styles
            .split("<fill>")
            .nth(fill + 1)
            .unwrap()
            .split("</fill>")
            .next()
            .unwrap()
            .to_owned()
    };
    assert!(fill(&folder.converted(&book(), "xlsx"), &before, "B3").contains("C6EFCE"));
    assert!(fill(&last, &part(&last, "xl/worksheets/sheet1.xml"), "B3").contains("C6EFCE"));
}

/// Writes files where a person can look at them: `IMPORTER_ANNOTATED=/some/folder cargo test files_for_looking_at`.
#[test]
fn files_for_looking_at() {
    let Ok(folder) = std::env::var("IMPORTER_ANNOTATED") else { return };
    let survey = survey::find("2024").unwrap();
    let form = importer::template::form(survey.first_edition(), None, &Filling::default()).unwrap();
    let request = importer::Request {
        numbering: None,
        path: survey::answer::EntryPath::Workbook,
    };
    let frame = survey::frame::Frame::new(Vec::new()).unwrap();
    let found = importer::examine(&read(&form, &Limits::default()).unwrap(), survey, &request, &frame, &|_| {
        survey::answer::HospitalFacts::default()
    });
    let mut faults = [found.faults, faults()].concat();
    faults.extend(
        (10..=30).map(|row| Fault::error("answer_missing", "回答がありません。一覧から選んでください。").at("調査票", format!("C{row}"))),
    );
    for (name, bytes) in [("annotated", book()), ("form", form)] {
        let back = annotate(&bytes, &faults, &Limits::default()).unwrap();
        std::fs::write(format!("{folder}/{name}.xlsx"), &back.bytes).unwrap();
    }
}
