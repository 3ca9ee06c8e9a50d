//! Templates come back as they went out, or with a name for what happened to them.

use std::collections::BTreeMap;

use survey::answer::{EntryPath, HospitalFacts};
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital};
use survey::prefecture::PrefectureCode;

use super::*;
use crate::template::{Filling, bulk, form};
use crate::{Decision, Limits, Request, examine, read};

const KEY: &[u8] = b"a key of the ministry";

fn hospital(number: usize) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(&format!("AB{number:05}")).unwrap(),
        institution_code: None,
        name: format!("試験{number}病院"),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(120).unwrap(),
    }
}

fn survey(id: &str) -> &'static Survey {
    survey::find(id).unwrap()
}

/// A form of the first hospital with one answer.
fn filled(id: &str, key: Option<&[u8]>) -> Workbook {
    let answers = serde_json::from_str(r#"{"ehr_in_use": "yes"}"#).unwrap();
    let answers = BTreeMap::from([(hospital(1).gmis, answers)]);
    let filling = Filling {
        answers: Some(&answers),
        key,
    };
    let bytes = form(survey(id).first_edition(), Some(&hospital(1)), &filling).unwrap();
    read(&bytes, &Limits::default()).unwrap()
}

/// Codes of the stamp's faults, each with the word of its severity, and how many hospitals are left.
fn checked(workbook: &Workbook, id: &str, key: &[u8]) -> (Vec<String>, usize) {
    let frame = Frame::new(vec![hospital(1), hospital(2)]).unwrap();
    let request = Request {
        numbering: None,
        path: EntryPath::Workbook,
    };
    let mut examination = examine(workbook, survey(id), &request, &frame, &|_| HospitalFacts::default());
    check(&mut examination, workbook, survey(id), key);
    let verdicts = examination.hospitals.iter().flat_map(|verdict| &verdict.faults);
    let faults = examination.faults.iter().chain(verdicts);
    let codes = faults
        .filter(|fault| fault.code.starts_with("template_"))
        .map(|fault| format!("{} {:?}", fault.code, fault.severity));
    (codes.collect(), examination.hospitals.len())
}

fn set(workbook: &mut Workbook, sheet: &str, from: &str, to: &str) {
    let sheet = workbook.sheets.iter_mut().find(|candidate| candidate.name == sheet).unwrap();
    let mut cells = sheet.rows.iter_mut().flat_map(|row| &mut row.cells);
    let cell = cells.find(|cell| cell.value == CellValue::Text(from.to_owned())).unwrap();
    cell.value = CellValue::Text(to.to_owned());
}

#[test]
fn a_stamp_comes_back_and_one_that_is_missing_is_allowed() {
    let workbook = filled("2024", Some(KEY));
    let stamp = read_stamp(&workbook).unwrap();
    assert_eq!((stamp.survey.as_str(), stamp.hospital.as_str()), ("2024", "AB00001"));
    assert_eq!(stamp, Stamp::new(survey("2024").first_edition(), Some(&hospital(1).gmis), KEY));
    assert_eq!(checked(&workbook, "2024", KEY), (vec![], 1));
    assert!(workbook.sheets.iter().any(|sheet| sheet.name == SHEET && sheet.hidden));
    assert_eq!(checked(&filled("2024", None), "2024", KEY), (vec![], 1));
    let table = bulk(
        survey("2024").first_edition(),
        &[hospital(1)],
        &Filling {
            key: Some(KEY),
            ..Filling::default()
        },
    )
    .unwrap();
    let table = read(&table, &Limits::default()).unwrap();
    assert_eq!(read_stamp(&table).unwrap().hospital, "");
    assert_eq!(checked(&table, "2024", KEY).0, Vec::<String>::new());
}

#[test]
fn whatever_is_changed_in_a_stamp_or_signed_with_another_key_is_altered() {
    let altered = (vec!["template_altered Error".to_owned()], 0);
    assert_eq!(checked(&filled("2024", Some(b"another")), "2024", KEY), altered);
    let stamp = read_stamp(&filled("2024", Some(KEY))).unwrap();
    for (name, value) in stamp.lines() {
        let mut workbook = filled("2024", Some(KEY));
        // Another value, another name, and a tag that is no number.
        set(&mut workbook, SHEET, value, &format!("{value}0"));
        assert_eq!(checked(&workbook, "2024", KEY), altered, "{name}");
        let mut workbook = filled("2024", Some(KEY));
        set(&mut workbook, SHEET, name, "x");
        assert_eq!(checked(&workbook, "2024", KEY), altered, "{name}");
    }
    let mut workbook = filled("2024", Some(KEY));
    set(&mut workbook, SHEET, &stamp.tag, &"あ".repeat(22));
    assert_eq!(checked(&workbook, "2024", KEY), altered);
}

#[test]
fn a_template_of_another_survey_or_of_an_older_print_is_named() {
    assert_eq!(
        checked(&filled("2022", Some(KEY)), "2024", KEY),
        (vec!["template_other_survey Error".to_owned()], 0)
    );
    let stamped = |change: fn(&mut Stamp)| {
        let mut stamp = Stamp::new(survey("2024").first_edition(), Some(&hospital(1).gmis), KEY);
        let old = stamp.clone();
        change(&mut stamp);
        stamp.tag = hexadecimal(&stamp.mac(KEY).unwrap().finalize().into_bytes());
        let mut workbook = filled("2024", Some(KEY));
        for ((_, from), (_, to)) in old.lines().into_iter().zip(stamp.lines()) {
            set(&mut workbook, SHEET, from, to);
        }
        checked(&workbook, "2024", KEY)
    };
    let stale = (vec!["template_stale Error".to_owned()], 0);
    assert_eq!(stamped(|stamp| stamp.hash = "0".repeat(64)), stale);
    assert_eq!(stamped(|stamp| stamp.edition = "2024-old".to_owned()), stale);
    assert_eq!(
        stamped(|stamp| stamp.version = "0".to_owned()),
        (vec!["template_stale Warning".to_owned()], 1)
    );
}

#[test]
fn a_form_of_one_hospital_with_the_answers_of_another_is_swapped() {
    let mut workbook = filled("2024", Some(KEY));
    set(&mut workbook, "調査票", "AB00001", "AB00002");
    let frame = Frame::new(vec![hospital(1), hospital(2)]).unwrap();
    let request = Request {
        numbering: None,
        path: EntryPath::Workbook,
    };
    let mut examination = examine(&workbook, survey("2024"), &request, &frame, &|_| HospitalFacts::default());
    check(&mut examination, &workbook, survey("2024"), KEY);
    let verdict = &examination.hospitals[0];
    assert_eq!(verdict.verdict, Decision::Rejected);
    let fault = &verdict.faults[0];
    assert_eq!(
        (fault.code.as_ref(), fault.found.as_deref(), fault.expected.as_deref()),
        ("template_swapped", Some("AB00002"), Some("AB00001"))
    );
    assert!(fault.message.contains("AB00001") && fault.message.contains("AB00002"));
}

#[test]
fn fields_cannot_run_into_each_other() {
    let tag = |survey: &str, edition: &str| {
        let mut stamp = Stamp::new(self::survey("2024").first_edition(), None, KEY);
        stamp.survey = survey.to_owned();
        stamp.edition = edition.to_owned();
        hexadecimal(&stamp.mac(KEY).unwrap().finalize().into_bytes())
    };
    assert_ne!(tag("2024", "1"), tag("202", "41"));
}
