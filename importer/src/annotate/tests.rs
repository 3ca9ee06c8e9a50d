//! Files go out with their faults in them, come back mended, and pass.

pub(crate) mod files;
mod rounds;
mod strange;

use std::collections::BTreeMap;

use survey::answer::{EntryPath, HospitalFacts};
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;

use super::{Annotated, HEADING, annotate};
use crate::{CellValue, Examination, Limits, Request, Workbook, examine, read};

pub(super) fn hospital(number: usize) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(&format!("AB{number:05}")).unwrap(),
        institution_code: None,
        name: format!("試験{number}病院"),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(120).unwrap(),
    }
}

pub(super) fn examined(bytes: &[u8], path: EntryPath) -> Examination {
    let frame = Frame::new((1..=3).map(hospital).collect()).unwrap();
    let request = Request { numbering: None, path };
    let workbook = read(bytes, &Limits::default()).unwrap();
    examine(&workbook, survey::find("2024").unwrap(), &request, &frame, &|_| {
        HospitalFacts::default()
    })
}

pub(super) fn faults(examination: &Examination) -> Vec<Fault> {
    let hospitals = examination.hospitals.iter().flat_map(|verdict| &verdict.faults);
    examination.faults.iter().chain(hospitals).cloned().collect()
}

/// Cells with their values, but for the sheets of ours and the column of faults.
pub(super) fn cells(workbook: &Workbook) -> BTreeMap<(String, u32, u16), CellValue> {
    let mut cells = BTreeMap::new();
    for sheet in workbook.sheets.iter().filter(|sheet| !super::is_ours(&sheet.name)) {
        let heading = |value: &CellValue| *value == CellValue::Text(HEADING.to_owned());
        let ours = sheet
            .rows
            .iter()
            .find_map(|row| row.cells.iter().rev().find(|cell| heading(&cell.value)));
        for row in &sheet.rows {
            for cell in row.cells.iter().filter(|cell| Some(cell.column) != ours.map(|ours| ours.column)) {
                cells.insert((sheet.name.clone(), row.number, cell.column), cell.value.clone());
            }
        }
    }
    cells
}

/// The value of a cell as it is shown; empty if there is none.
pub(super) fn value(workbook: &Workbook, sheet: &str, column: u16, row: u32) -> String {
    let sheet = workbook.sheets.iter().find(|candidate| candidate.name == sheet).unwrap();
    let row = sheet.rows.iter().find(|candidate| candidate.number == row);
    row.and_then(|row| row.value(column)).map(CellValue::shown).unwrap_or_default()
}

pub(super) fn annotated(bytes: &[u8], faults: &[Fault]) -> Annotated {
    annotate(bytes, faults, &Limits::default()).unwrap()
}
