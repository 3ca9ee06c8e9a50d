//! Which hospital of the frame a row speaks of.
//!
//! By G-MIS ID, by institution code, or by both, which then must agree. A number in place of an identifier (a zero lost, `1234E56` taken
//! for a number) is accepted only if exactly one hospital of the frame fits it.

use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;

use crate::formulas::uncalculated;
use crate::record::{Found, Record};
use crate::workbook::CellValue;

/// The hospital of a record, or the faults that say why there is none; with the hospital there may be warnings.
pub(crate) fn resolve<'f>(record: &Record<'_>, frame: &'f Frame) -> Result<(&'f FrameHospital, Vec<Fault>), Vec<Fault>> {
    // An identifier that nobody has calculated is not read around by way of the other one: both may have been meant.
    let uncalculated: Vec<Fault> = [&record.gmis, &record.institution_code]
        .into_iter()
        .flatten()
        .filter_map(uncalculated)
        .collect();
    if !uncalculated.is_empty() {
        return Err(uncalculated);
    }
    let by_gmis = look_up(record.gmis.as_ref(), frame, gmis_in_frame);
    let by_code = look_up(record.institution_code.as_ref(), frame, code_in_frame);
    let hospital = match (by_gmis, by_code) {
        (Some(Ok(one)), Some(Ok(other))) if one.gmis != other.gmis => return Err(vec![disagreement(record, one, other)]),
        // A code that the frame does not know is no reason to doubt the ID: a move or a merger brings a new code.
        (Some(Ok(hospital)), Some(Err(fault))) => {
            return Ok((hospital, [vec![warned(fault)], other_prefecture(record, hospital)].concat()));
        }
        (Some(Ok(hospital)), _) | (None, Some(Ok(hospital))) => hospital,
        (Some(Err(fault)), _) | (None, Some(Err(fault))) => return Err(vec![fault]),
        (None, None) => {
            let message = "G-MIS IDが空欄です。どの病院の回答かがわかるように、G-MIS IDを記入してください。";
            return Err(vec![
                record
                    .anchor
                    .mark(Fault::error("hospital_missing", message))
                    .expected("G-MIS ID（英数字7桁または8桁）"),
            ]);
        }
    };
    Ok((hospital, other_prefecture(record, hospital)))
}

type LookUp = for<'f> fn(&str, &'f Frame) -> Option<&'f FrameHospital>;

fn gmis_in_frame<'f>(text: &str, frame: &'f Frame) -> Option<&'f FrameHospital> {
    GmisId::parse(text).ok().and_then(|id| frame.by_gmis(&id))
}

fn code_in_frame<'f>(text: &str, frame: &'f Frame) -> Option<&'f FrameHospital> {
    InstitutionCode::parse(text).ok().and_then(|code| frame.by_institution_code(&code))
}

/// `None` if the cell is blank or missing.
fn look_up<'f>(found: Option<&Found<'_>>, frame: &'f Frame, exact: LookUp) -> Option<Result<&'f FrameHospital, Fault>> {
    let found = found?;
    let value = found.value?;
    let shown = value.shown();
    let candidates = match value {
        CellValue::Number(number) => frame.candidates_for_number(*number),
        CellValue::Text(text) => match exact(text, frame) {
            Some(hospital) => return Some(Ok(hospital)),
            // A CSV file has only text: what Excel took for a number when it saved the file looks like one here.
            None => text
                .trim()
                .parse()
                .map(|number| frame.candidates_for_number(number))
                .unwrap_or_default(),
        },
        CellValue::Bool(_) | CellValue::Error(_) | CellValue::Uncalculated => Vec::new(),
    };
    Some(match candidates.as_slice() {
        [hospital] => Ok(*hospital),
        [] => {
            let message = format!("「{shown}」の病院は、この調査の対象名簿にありません。G-MIS IDを確かめてください。");
            Err(found
                .place
                .mark(Fault::error("hospital_unknown", message))
                .found(&shown)
                .expected("対象名簿にある病院のG-MIS ID"))
        }
        several => {
            let ids = several
                .iter()
                .take(5)
                .map(|hospital| hospital.gmis.as_str())
                .collect::<Vec<_>>()
                .join("、");
            let message = format!(
                "「{shown}」は数値になっているため、どの病院か決められません（{ids} など）。セルを文字列にして、IDを入力し直してください。"
            );
            Err(found
                .place
                .mark(Fault::error("hospital_ambiguous", message))
                .found(&shown)
                .expected(ids))
        }
    })
}

fn disagreement(record: &Record<'_>, by_gmis: &FrameHospital, by_code: &FrameHospital) -> Fault {
    let message = format!(
        "G-MIS ID（{}）と医療機関コード（{}）が別の病院を指しています。どちらかを直してください。",
        by_gmis.gmis, by_code.gmis
    );
    let shown = |found: &Option<Found<'_>>| {
        found
            .as_ref()
            .and_then(|found| found.value)
            .map(CellValue::shown)
            .unwrap_or_default()
    };
    let found = format!("{} / {}", shown(&record.gmis), shown(&record.institution_code));
    let expected = by_gmis
        .institution_code
        .as_ref()
        .map_or_else(|| "空欄".to_owned(), ToString::to_string);
    record
        .anchor
        .mark(Fault::error("hospital_conflict", message))
        .found(found)
        .expected(expected)
}

/// An institution code that the frame does not know, beside an ID that it does.
fn warned(fault: Fault) -> Fault {
    let mut warning = Fault::warning(
        "institution_code_unknown",
        "医療機関コードが対象名簿と一致しません。G-MIS IDで病院を特定しました。",
    );
    warning.sheet = fault.sheet;
    warning.cell = fault.cell;
    warning.found = fault.found;
    warning
}

/// Warns where the row names another prefecture than the frame: a sign that rows slipped.
fn other_prefecture(record: &Record<'_>, hospital: &FrameHospital) -> Vec<Fault> {
    let Some(found) = &record.prefecture else { return Vec::new() };
    let Some(shown) = found.value.map(CellValue::shown) else {
        return Vec::new();
    };
    match PrefectureCode::parse(&shown) {
        Ok(named) if named != hospital.prefecture => {
            let message = format!(
                "都道府県が対象名簿（{}）と異なります。行がずれていないか確かめてください。",
                hospital.prefecture.name()
            );
            vec![
                found
                    .place
                    .mark(Fault::warning("hospital_prefecture_differs", message))
                    .found(&shown)
                    .expected(hospital.prefecture.name()),
            ]
        }
        _ => Vec::new(),
    }
}
