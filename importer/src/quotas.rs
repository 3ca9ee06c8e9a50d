//! Quotas (支援枠) as a file: how many hospitals each prefecture chooses in each band of the programme.

use std::collections::HashMap;

use survey::band::{Band, Banding};
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;
use unicode_normalization::UnicodeNormalization;

use crate::folding::fold;
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
        names: &["prefecture", "都道府県", "都道府県名", "都道府県コド"],
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

/// Reads quotas as prefecture, key of the programme's band and number of hospitals, in the order of the file; the faults have their cells.
#[must_use]
pub fn examine_quotas(workbook: &Workbook) -> (Vec<(PrefectureCode, String, u32)>, Vec<Fault>) {
    let table = match table::find(workbook, COLUMNS) {
        Ok(table) => table,
        Err(fault) => return (Vec::new(), vec![*fault]),
    };
    let mut quotas = Vec::new();
    let mut faults = table.formulas(COLUMNS);
    let mut seen: HashMap<(PrefectureCode, &str), String> = HashMap::new();
    for line in table.lines() {
        let (prefecture, band, hospitals) = match quota(&line) {
            Ok(quota) => quota,
            Err(found) => {
                faults.extend(found);
                continue;
            }
        };
        if let Some(first) = seen.insert((prefecture, band.key), line.place(Of::Hospitals).cell()) {
            let message = format!(
                "{}の{}の枠が{first}にもあります。どちらかを削除してください。",
                prefecture.name(),
                band.label
            );
            faults.push(*line.error(Of::Hospitals, "quota_duplicate", message, "都道府県と区分の組ごとに1行"));
        } else {
            quotas.push((prefecture, band.key.to_owned(), hospitals));
        }
    }
    (quotas, faults)
}

fn quota(line: &Line<'_, '_, Of>) -> Result<(PrefectureCode, &'static Band, u32), Vec<Fault>> {
    let prefecture = PrefectureCode::parse(&line.shown(Of::Prefecture));
    let band = band(&line.shown(Of::Band));
    let hospitals = number_of_hospitals(&line.shown(Of::Hospitals));
    if let (Ok(prefecture), Some(band), Some(hospitals)) = (&prefecture, band, hospitals) {
        return Ok((*prefecture, band, hospitals));
    }
    let mut faults = Vec::new();
    if prefecture.is_err() {
        faults.push(*line.error(
            Of::Prefecture,
            "prefecture_unknown",
            "都道府県の形式が正しくありません。確かめて直してください。",
            "都道府県名または2桁のコード",
        ));
    }
    if band.is_none() {
        let expected = Banding::Program
            .bands()
            .iter()
            .map(|band| band.label)
            .collect::<Vec<_>>()
            .join("、");
        faults.push(*line.error(
            Of::Band,
            "band_unknown",
            "病床規模区分の形式が正しくありません。確かめて直してください。",
            &expected,
        ));
    }
    if hospitals.is_none() {
        faults.push(*line.error(
            Of::Hospitals,
            "quota_invalid",
            "支援枠は0以上の整数で記入してください。",
            "0以上の整数",
        ));
    }
    Err(faults)
}

/// A number with or without commas and the unit that hospitals are counted in.
fn number_of_hospitals(text: &str) -> Option<u32> {
    let normal: String = text.nfkc().filter(|character| !matches!(character, ',' | ' ')).collect();
    let number = ["病院", "か所", "ヶ所", "箇所", "件"]
        .iter()
        .find_map(|unit| normal.trim().strip_suffix(unit));
    number.unwrap_or(normal.trim()).parse().ok()
}

/// By key or label; the dash between the numbers is written in many ways and folds away.
fn band(text: &str) -> Option<&'static Band> {
    let folded = fold(text);
    Banding::Program.bands().iter().find(|band| {
        let key = fold(band.key);
        folded == fold(band.label) || folded == key || folded == format!("{key}床")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::read::read;

    fn examined(text: &str) -> (Vec<(u8, String, u32)>, Vec<Fault>) {
        let (quotas, faults) = examine_quotas(&read(text.as_bytes(), &Limits::default()).unwrap());
        (
            quotas
                .into_iter()
                .map(|(prefecture, band, hospitals)| (prefecture.number(), band, hospitals))
                .collect(),
            faults,
        )
    }

    #[test]
    fn quotas_are_read_by_key_and_by_label() {
        let expected = vec![(13, "20-199".to_owned(), 5), (13, "400+".to_owned(), 0)];
        assert_eq!(
            examined("prefecture,band,hospitals\n13,20-199,5\n13,400+,0\n"),
            (expected.clone(), Vec::new())
        );
        assert_eq!(
            examined("都道府県,病床規模区分,支援枠\n東京,20～199床,５\n東京都,400床以上,0\n"),
            (expected, Vec::new())
        );
    }

    #[test]
    fn faults_have_their_cells() {
        let (quotas, faults) = examined("prefecture,band,hospitals\n13,20-199,5\n東京,20〜199床,6\n13,20-99,-1\n");
        assert_eq!(quotas.len(), 1);
        let found: Vec<(&str, &str)> = faults
            .iter()
            .map(|fault| (fault.code.as_ref(), fault.cell.as_deref().unwrap()))
            .collect();
        assert_eq!(found, [("quota_duplicate", "C3"), ("band_unknown", "B4"), ("quota_invalid", "C4")]);
    }
}
