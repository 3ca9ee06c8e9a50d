//! The long form: a row for each cell, with prefecture, band and number.

use survey::band::Banding;
use survey::fault::Fault;

use super::{Entry, PREFECTURE_UNKNOWN, Part, QUOTA_INVALID, Read, band, number_of_hospitals, prefecture};
use crate::table::{self, Column, Line};
use crate::workbook::Workbook;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Prefecture,
    Band,
    Hospitals,
}

const COLUMNS: &[Column<Of>] = &[
    Column {
        id: Of::Prefecture,
        shown: "都道府県",
        names: super::wide::PREFECTURE_NAMES,
        required: true,
    },
    Column {
        id: Of::Band,
        shown: "病床規模区分",
        names: &["band", "病床規模区分", "病床規模", "病床区分", "区分"],
        required: true,
    },
    Column {
        id: Of::Hospitals,
        shown: "支援枠",
        names: &["hospitals", "quota", "支援枠", "枠", "病院数", "支援枠数"],
        required: true,
    },
];

/// Every row as an entry, and the faults of the others.
pub(super) fn read(workbook: &Workbook, banding: Banding) -> Result<Read<Entry<'_>>, Box<Fault>> {
    let table = table::find(workbook, COLUMNS)?;
    let mut entries = Vec::new();
    let mut faults = table.formulas(COLUMNS);
    for line in table.lines() {
        match entry(&line, banding) {
            Ok(entry) => entries.push(entry),
            Err(found) => faults.extend(found),
        }
    }
    Ok((entries, faults))
}

fn entry<'a>(line: &Line<'_, 'a, Of>, banding: Banding) -> Result<Entry<'a>, Vec<Fault>> {
    let shown_band = line.shown(Of::Band);
    let prefecture = prefecture(&line.shown(Of::Prefecture));
    // The row of all prefectures and all bands often leaves the band empty.
    let band = if shown_band.is_empty() && prefecture == Some(Part::All) {
        Some(Part::All)
    } else {
        band(&shown_band, banding)
    };
    let hospitals = number_of_hospitals(&line.shown(Of::Hospitals));
    if let (Some(prefecture), Some(band), Some(hospitals)) = (prefecture, band, hospitals) {
        return Ok(Entry {
            prefecture,
            band,
            hospitals,
            place: line.place(Of::Hospitals),
        });
    }
    let mut faults = Vec::new();
    if prefecture.is_none() {
        let (code, message, expected) = PREFECTURE_UNKNOWN;
        faults.push(*line.error(Of::Prefecture, code, message, expected));
    }
    if band.is_none() {
        let labels: Vec<&str> = banding.bands().iter().map(|band| band.label).collect();
        let message = "病床規模区分の形式が正しくありません。確かめて直してください。";
        faults.push(*line.error(Of::Band, "band_unknown", message, &labels.join("、")));
    }
    if hospitals.is_none() {
        let (code, message, expected) = QUOTA_INVALID;
        faults.push(*line.error(Of::Hospitals, code, message, expected));
    }
    Err(faults)
}
