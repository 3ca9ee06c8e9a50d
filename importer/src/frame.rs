//! The frame (調査対象名簿) as a file: hospitals with their identifiers, prefecture, municipality and beds, and attributes where it has any.
//!
//! A row with an error is left out and reported. Numbers in place of identifiers are refused here, since there is no frame yet to check a lost zero against.

use std::collections::HashMap;

use survey::area::MunicipalityCode;
use survey::attribute::Attributes;
use survey::fault::Fault;
use survey::hospital::{Beds, FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;
use unicode_normalization::UnicodeNormalization;

use crate::attributes;
use crate::table::{self, Column, Line};
use crate::workbook::{CellValue, Workbook};

/// Columns of a frame and of a master; the five from the opening on only a master has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    Gmis,
    InstitutionCode,
    Name,
    Prefecture,
    Municipality,
    Beds,
    Opened,
    Closed,
    Successor,
    FormerGmis,
    FormerCode,
    /// Of the catalogue of attributes, by its index.
    Attribute(usize),
    /// A name of codes, by its index in the catalogue.
    CodeName(usize),
}

const COLUMNS: &[Column<Of>] = &[
    Column {
        id: Of::Gmis,
        shown: "G-MIS ID",
        names: &["gmisid", "gmis", "gmisユザid", "gmisユザ", "gmis番号"],
        required: true,
    },
    Column {
        id: Of::InstitutionCode,
        shown: "医療機関コード",
        names: &["institutioncode", "医療機関コド", "保険医療機関コド", "医療機関番号"],
        required: false,
    },
    Column {
        id: Of::Name,
        shown: "医療機関名",
        names: &["name", "医療機関名", "医療機関名称", "病院名", "病院名称", "施設名"],
        required: true,
    },
    Column {
        id: Of::Prefecture,
        shown: "都道府県",
        names: &["prefecture", "都道府県", "都道府県名", "都道府県コド"],
        required: true,
    },
    Column {
        id: Of::Municipality,
        shown: "市区町村コード",
        names: &["municipalitycode", "municipality", "市区町村コド", "市町村コド", "団体コド"],
        required: false,
    },
    Column {
        id: Of::Beds,
        shown: "病床数",
        names: &["beds", "病床数", "許可病床数"],
        required: true,
    },
];

/// Reads a frame for its hospitals alone, as [`examine_frame_with_attributes`] does: an attribute that is wrong is a fault here too.
#[must_use]
pub fn examine_frame(workbook: &Workbook) -> (Vec<FrameHospital>, Vec<Fault>) {
    let (hospitals, faults) = examine_frame_with_attributes(workbook);
    (hospitals.into_iter().map(|(hospital, _)| hospital).collect(), faults)
}

/// Reads a frame with what it says of each hospital. Hospitals come in the order of the file, each identifier once; the faults have their cells.
#[must_use]
pub fn examine_frame_with_attributes(workbook: &Workbook) -> (Vec<(FrameHospital, Attributes)>, Vec<Fault>) {
    let columns = attributes::with(COLUMNS);
    let table = match table::find(workbook, &columns) {
        Ok(table) => table,
        Err(fault) => return (Vec::new(), vec![*fault]),
    };
    let mut hospitals: Vec<(FrameHospital, Attributes)> = Vec::new();
    let mut faults = table.formulas(&columns);
    let mut gmis_seen: HashMap<GmisId, String> = HashMap::new();
    let mut codes_seen: HashMap<InstitutionCode, String> = HashMap::new();
    for line in table.lines() {
        let (hospital, attributes) = match hospital(&line) {
            Ok(found) => found,
            Err(found) => {
                faults.extend(found);
                continue;
            }
        };
        let twice = gmis_seen
            .insert(hospital.gmis.clone(), line.place(Of::Gmis).cell())
            .map(|first| (Of::Gmis, first));
        let code = hospital.institution_code.clone();
        let twice = twice.or_else(|| {
            codes_seen
                .insert(code?, line.place(Of::InstitutionCode).cell())
                .map(|first| (Of::InstitutionCode, first))
        });
        match twice {
            Some((column, first)) => {
                let message = format!("同じ番号の病院が{first}にもあります。どちらかを削除するか、番号を直してください。");
                faults.push(*line.error(column, "hospital_duplicate", message, "ファイルの中で重複しない番号"));
            }
            None => hospitals.push((hospital, attributes)),
        }
    }
    (hospitals, faults)
}

fn hospital(line: &Line<'_, '_, Of>) -> Result<(FrameHospital, Attributes), Vec<Fault>> {
    let mut faults = Vec::new();
    let gmis = kept(gmis(line, Of::Gmis), &mut faults);
    let institution_code = kept(institution_code(line, Of::InstitutionCode), &mut faults);
    let name = kept(name(line), &mut faults);
    let prefecture = kept(prefecture(line), &mut faults);
    let municipality = kept(
        prefecture.map_or(Ok(None), |prefecture| municipality(line, prefecture)),
        &mut faults,
    );
    let beds = kept(beds(line), &mut faults);
    let attributes = prefecture.map(|prefecture| attributes::read(line, prefecture, &mut faults));
    match (gmis, institution_code, name, prefecture, municipality, beds) {
        (Some(gmis), Some(institution_code), Some(name), Some(prefecture), Some(municipality), Some(beds)) if faults.is_empty() => {
            let hospital = FrameHospital {
                gmis,
                institution_code,
                name,
                prefecture,
                municipality,
                beds,
            };
            Ok((hospital, attributes.unwrap_or_default()))
        }
        _ => Err(faults),
    }
}

/// The value, or its fault put aside: all fields of a row are looked at before the row is given up.
pub(crate) fn kept<T>(result: Result<T, Box<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(*fault)).ok()
}

pub(crate) fn gmis(line: &Line<'_, '_, Of>, column: Of) -> Result<GmisId, Box<Fault>> {
    let expected = "英数字7桁または8桁";
    if let Some(CellValue::Number(_)) = line.value(column) {
        let message = "G-MIS IDが数値になっています。先頭の0が失われていないか確かめ、セルを文字列にして入力し直してください。";
        return Err(line.error(column, "gmis_id_numeric", message, expected));
    }
    let message = "G-MIS IDの形式が正しくありません。確かめて直してください。";
    GmisId::parse(&line.shown(column))
        .ok()
        .ok_or_else(|| line.error(column, "gmis_id_invalid", message, expected))
}

pub(crate) fn institution_code(line: &Line<'_, '_, Of>, column: Of) -> Result<Option<InstitutionCode>, Box<Fault>> {
    let shown = line.shown(column);
    if shown.is_empty() {
        return Ok(None);
    }
    let message = "医療機関コードの形式が正しくありません（桁数または検査数字）。確かめて直してください。";
    InstitutionCode::parse(&shown).ok().map(Some).ok_or_else(|| {
        line.error(
            column,
            "institution_code_invalid",
            message,
            "10桁の医療機関コード（検査数字を含む）",
        )
    })
}

pub(crate) fn name(line: &Line<'_, '_, Of>) -> Result<String, Box<Fault>> {
    match line.value(Of::Name) {
        Some(CellValue::Text(name)) => Ok(name.trim().to_owned()),
        _ => Err(line.error(
            Of::Name,
            "hospital_name_missing",
            "医療機関名が空欄です。記入してください。",
            "医療機関名",
        )),
    }
}

pub(crate) fn prefecture(line: &Line<'_, '_, Of>) -> Result<PrefectureCode, Box<Fault>> {
    let message = "都道府県の形式が正しくありません。確かめて直してください。";
    PrefectureCode::parse(&line.shown(Of::Prefecture))
        .ok()
        .ok_or_else(|| line.error(Of::Prefecture, "prefecture_unknown", message, "都道府県名または2桁のコード"))
}

fn beds(line: &Line<'_, '_, Of>) -> Result<Beds, Box<Fault>> {
    let expected = "20以上の整数";
    match bed_number(line) {
        Some(beds) if beds.is_hospital() => Ok(beds),
        Some(_) => {
            let message = "20床未満は診療所のため、調査の対象になりません。病床数を確かめてください。";
            Err(line.error(Of::Beds, "beds_not_hospital", message, expected))
        }
        None => Err(line.error(
            Of::Beds,
            "beds_invalid",
            "病床数の形式が正しくありません。整数で記入してください。",
            expected,
        )),
    }
}

/// The beds as a number, with or without `床` and commas; whether they make a hospital is asked by the caller.
pub(crate) fn bed_number(line: &Line<'_, '_, Of>) -> Option<Beds> {
    let digits: String = line
        .shown(Of::Beds)
        .nfkc()
        .filter(|character| !matches!(character, ',' | '床' | ' '))
        .collect();
    digits.parse().ok().and_then(|number| Beds::new(number).ok())
}

/// Excel takes the zero of prefectures 01 to 09; the prefecture of the row says whether it did.
pub(crate) fn municipality(line: &Line<'_, '_, Of>, prefecture: PrefectureCode) -> Result<Option<MunicipalityCode>, Box<Fault>> {
    let shown = line.shown(Of::Municipality);
    if shown.is_empty() {
        return Ok(None);
    }
    [shown.clone(), format!("0{shown}")]
        .iter()
        .filter_map(|text| MunicipalityCode::parse(text).ok())
        .find(|code| code.prefecture() == prefecture)
        .map(Some)
        .ok_or_else(|| {
            let message = "市区町村コードの形式が正しくないか、都道府県と一致しません。確かめて直してください。";
            line.error(
                Of::Municipality,
                "municipality_invalid",
                message,
                "5桁（または検査数字を含む6桁）の市区町村コード",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::read::read;

    fn examined(text: &str) -> (Vec<FrameHospital>, Vec<Fault>) {
        examine_frame(&read(text.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn a_frame_is_read_under_either_names() {
        let text =
            "gmis_id,institution_code,name,prefecture,municipality_code,beds\nab12345,110113719,㈱試験病院,1 北海道,1101,\"1,200\"\n";
        let (hospitals, faults) = examined(text);
        assert_eq!(faults, []);
        let hospital = &hospitals[0];
        assert_eq!(
            (hospital.gmis.as_str(), hospital.name.as_str(), hospital.beds.number()),
            ("AB12345", "㈱試験病院", 1200)
        );
        assert_eq!(hospital.institution_code.as_ref().map(InstitutionCode::as_str), Some("0110113719"));
        assert_eq!(hospital.municipality.as_ref().map(MunicipalityCode::as_str), Some("01101"));
        let (hospitals, faults) = examined("対象名簿,,,\n病院名,許可病床数,都道府県,G-MIS ID\n試験病院,20床,青森,AB12346\n");
        assert_eq!((hospitals.len(), faults), (1, Vec::new()));
    }

    #[test]
    fn formulas_give_their_kept_values_with_a_warning() {
        let mut writer = rust_xlsxwriter::Workbook::new();
        let sheet = writer.add_worksheet().set_name("名簿").unwrap();
        let sheet = sheet.write_row(0, 0, ["gmis_id", "name", "prefecture", "beds"]).unwrap();
        for (row, gmis) in [(1, "AB12345"), (2, "AB12346")] {
            let beds = rust_xlsxwriter::Formula::new("=100+50").set_result("150");
            sheet
                .write_row(row, 0, [gmis, "試験病院", "青森"])
                .unwrap()
                .write_formula(row, 3, beds)
                .unwrap();
        }
        let (hospitals, faults) = examine_frame(&read(&writer.save_to_buffer().unwrap(), &Limits::default()).unwrap());
        assert_eq!(hospitals.len(), 2);
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        assert_eq!(
            (fault.code.as_ref(), fault.cell.as_deref(), fault.is_error()),
            ("formula_cached", Some("D2"), false)
        );
        assert!(fault.message.contains("数式のセルが2個"), "{}", fault.message);
    }

    #[test]
    fn rows_with_errors_are_left_out_with_their_cells() {
        let text = "gmis_id,name,prefecture,beds\nAB12345,甲,東京,100\nAB12345,乙,東京,100\nAB1,丙,東京都,19\nAB12347,丁,江戸,x\n";
        let (hospitals, faults) = examined(text);
        assert_eq!(hospitals.len(), 1);
        let found: Vec<(&str, &str)> = faults
            .iter()
            .map(|fault| (fault.code.as_ref(), fault.cell.as_deref().unwrap()))
            .collect();
        let expected = [
            ("hospital_duplicate", "A3"),
            ("gmis_id_invalid", "A4"),
            ("beds_not_hospital", "D4"),
            ("prefecture_unknown", "C5"),
            ("beds_invalid", "D5"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn missing_columns_are_named() {
        let (_, faults) = examined("gmis_id,name\nAB12345,甲\n");
        assert_eq!(faults[0].code, "column_missing");
        assert_eq!(faults[0].expected.as_deref(), Some("都道府県、病床数"));
    }
}
