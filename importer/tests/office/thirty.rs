//! A prefecture's file with faults in thirty places and more: it comes back with each of them in its place, LibreOffice opens and saves it, and mended
//! there it passes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

use importer::annotate::annotate;
use importer::{Examination, Limits, Request, Workbook, examine, read};
use rust_xlsxwriter::Workbook as Writer;
use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;
use survey::question::Kind;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{Folder, part, shown};

/// What was typed wrongly, and what it is mended to.
const MENDED: [(&str, &str); 4] = [
    ("検討中", "はい"),
    ("①、⑤", "①、②"),
    ("無回答", "いいえ"),
    ("多数の世代", "3世代以上"),
];
const HOSPITALS: u32 = 3;

/// The columns of a bulk file with a right answer for each: a hospital that is asked everything.
fn right(edition: &Edition) -> Vec<(String, &'static str)> {
    let mut columns = vec![("G-MIS ID".to_owned(), "")];
    for question in edition.questions() {
        match &question.kind {
            Kind::Respondent(fields) => columns.extend(fields.iter().map(|field| (format!("respondent.{}", field.key), "記入"))),
            Kind::YesNo(_) | Kind::Text(_) => columns.push((question.key.to_string(), "はい")),
            Kind::One(_) | Kind::Several(_) => columns.push((question.key.to_string(), "①")),
        }
    }
    columns
}

/// The file, and the cells in which something is wrong.
fn wrong(edition: &Edition) -> (Vec<u8>, BTreeSet<String>) {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("回答").unwrap();
    let mut cells = BTreeSet::new();
    for ((heading, right), column) in right(edition).iter().zip(0_u16..) {
        sheet.write_string(0, column, heading).unwrap();
        // Gates are right: of what hangs on a gate that must be mended first nothing is said.
        let typed = match heading.as_str() {
            "safety_manager_placed"
            | "information_policy_defined"
            | "network_map_known"
            | "incident_contacts_known"
            | "bcp_drilled"
            | "server_services_stopped" => MENDED[0].0,
            "consultation_desk" => MENDED[1].0,
            "alerts_collected" | "backup_offline" | "backup_leak_protection" => MENDED[2].0,
            "backup_generations" => MENDED[3].0,
            _ => right,
        };
        for row in 1..=HOSPITALS {
            if typed != *right {
                cells.insert(importer::workbook::address(column, row + 1));
            }
            let text = if heading == "G-MIS ID" {
                format!("AB{row:05}")
            } else {
                typed.to_owned()
            };
            sheet.write_string(row, column, text).unwrap();
        }
    }
    (writer.save_to_buffer().unwrap(), cells)
}

fn examined(workbook: &Workbook) -> Examination {
    let hospital = |number: u32| FrameHospital {
        gmis: GmisId::parse(&format!("AB{number:05}")).unwrap(),
        institution_code: None,
        name: format!("試験{number}病院"),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(120).unwrap(),
    };
    let frame = Frame::new((1..=HOSPITALS).map(hospital).collect()).unwrap();
    let request = Request {
        numbering: None,
        path: EntryPath::Workbook,
    };
    examine(workbook, survey::find("2024").unwrap(), &request, &frame, &|_| {
        HospitalFacts::default()
    })
}

fn faults(examination: &Examination) -> Vec<Fault> {
    let of_hospitals = examination.hospitals.iter().flat_map(|verdict| &verdict.faults);
    examination.faults.iter().chain(of_hospitals).cloned().collect()
}

/// Types into the saved file: every cell that is one of the wrong words becomes the right one. Longer texts that quote them stay.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if name == "xl/sharedStrings.xml" {
            let mut text = String::from_utf8(content).unwrap();
            for (wrong, right) in MENDED {
                assert!(text.contains(&format!(">{wrong}</t>")), "{wrong}");
                text = text.replace(&format!(">{wrong}</t>"), &format!(">{right}</t>"));
            }
            content = text.into_bytes();
        }
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The cells that an attribute of the sheet's parts names, each with how often.
fn named(xml: &str, before: &str) -> BTreeMap<String, usize> {
    let mut cells = BTreeMap::new();
    for piece in xml.split(before).skip(1) {
        *cells.entry(piece.split('"').next().unwrap().to_owned()).or_default() += 1;
    }
    cells
}

#[test]
fn faults_in_thirty_places_come_back_in_place_open_in_libreoffice_and_pass_when_they_are_mended() {
    let edition = survey::find("2024").unwrap().first_edition();
    let (bytes, cells) = wrong(edition);
    assert!(cells.len() >= 30, "{} places", cells.len());
    let once: BTreeMap<String, usize> = cells.iter().map(|cell| (cell.clone(), 1)).collect();
    let found = examined(&read(&bytes, &Limits::default()).unwrap());
    let mut found_at: Vec<String> = faults(&found).iter().filter_map(|fault| fault.cell.clone()).collect();
    found_at.sort();
    assert_eq!(found_at, cells.iter().cloned().collect::<Vec<_>>(), "one fault in each place");
    let codes: BTreeSet<String> = faults(&found).iter().map(|fault| fault.code.to_string()).collect();
    assert_eq!(codes.len(), 3, "{codes:?}");

    let back = annotate(&bytes, &faults(&found), &Limits::default()).unwrap();
    assert!(!back.rewritten, "{:?}", back.detail);
    let folder = Folder::new("thirty");
    let saved = folder.converted(&back.bytes, "xlsx");
    // The file as it goes out, and as LibreOffice keeps it.
    for (who, bytes) in [("we", &back.bytes), ("LibreOffice", &saved)] {
        let notes = part(bytes, "xl/comments1.xml");
        assert_eq!(notes.matches("【調査票の指摘】").count(), cells.len(), "{who}");
        assert_eq!(named(&notes, "<comment ref=\""), once, "notes, {who}");
        let list = part(bytes, "xl/worksheets/sheet2.xml").replace("&apos;", "").replace('\'', "");
        assert_eq!(named(&list, "location=\"回答!"), once, "links, {who}");
        let workbook = read(bytes, &Limits::default()).unwrap();
        let column = u16::try_from(right(edition).len()).unwrap();
        assert_eq!(shown(&workbook, column, 1), "エラー");
        let mut told = BTreeMap::new();
        for row in 2..=HOSPITALS + 1 {
            for line in shown(&workbook, column, row).lines() {
                let cell = line.split('（').next().unwrap().to_owned();
                assert!(cell.ends_with(&row.to_string()), "row {row}: {line}");
                *told.entry(cell).or_default() += 1;
            }
        }
        assert_eq!(told, once, "column エラー, {who}");
        let again = examined(&workbook);
        assert_eq!(faults(&again).len(), cells.len(), "still wrong, {who}");
    }
    let passed = examined(&read(&mended(&saved), &Limits::default()).unwrap());
    assert_eq!(faults(&passed), []);
    assert_eq!(passed.hospitals.len(), 3);
}
