//! Quotas (支援枠) as a file: how many hospitals each prefecture chooses in each band of the programme. In the long form a row is a cell
//! (都道府県, 病床規模区分, 支援枠), in the wide form a row is a prefecture and each band a column. Totals (計) of either are checked and are no cells.

mod lines;
mod long;
#[cfg(test)]
mod tests;
mod totals;
mod wide;

use survey::band::{Band, Banding};
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;
use unicode_normalization::UnicodeNormalization;

use crate::folding::fold;
use crate::place::Place;
use crate::table;
use crate::workbook::Workbook;

/// A whole, or one of its parts: what a row or a column of quotas is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<T> {
    One(T),
    /// 計.
    All,
}

/// A number of a file, for a cell or for a total.
#[derive(Debug)]
struct Entry<'a> {
    prefecture: Part<PrefectureCode>,
    band: Part<&'static Band>,
    hospitals: u32,
    place: Place<'a>,
}

/// What could be read, and the faults of what could not.
type Read<T> = (Vec<T>, Vec<Fault>);

/// Reads the quotas of a programme of this banding as prefecture, key of its band and number of hospitals, in the order of the file; the faults have their cells.
#[must_use]
pub fn examine_quotas(workbook: &Workbook, banding: Banding) -> (Vec<(PrefectureCode, String, u32)>, Vec<Fault>) {
    // Two bands in one row are the headings of the wide form: a row of the long form has one.
    let read = if table::named(workbook, wide::bands(banding)) >= 2 {
        wide::read(workbook, banding)
    } else {
        long::read(workbook, banding)
    };
    match read {
        Ok((entries, faults)) => totals::settle(&entries, faults),
        Err(fault) => (Vec::new(), vec![*fault]),
    }
}

/// Reads totals of prefectures (都道府県, 計), in the order of the file; the faults have their cells.
#[must_use]
pub fn examine_prefecture_totals(workbook: &Workbook) -> (Vec<(PrefectureCode, u32)>, Vec<Fault>) {
    match lines::read(workbook) {
        Ok(read) => read,
        Err(fault) => (Vec::new(), vec![*fault]),
    }
}

/// A prefecture in any of the ways it is written, or a total.
fn prefecture(text: &str) -> Option<Part<PrefectureCode>> {
    match PrefectureCode::parse(text) {
        Ok(code) => Some(Part::One(code)),
        Err(_) => is_total(text).then_some(Part::All),
    }
}

/// By key or label, or a total; the dash between the numbers is written in many ways and folds away.
fn band(text: &str, banding: Banding) -> Option<Part<&'static Band>> {
    let folded = fold(text);
    let mut bands = banding.bands().iter();
    let one = bands.find(|band| {
        let key = fold(band.key);
        folded == fold(band.label) || folded == key || folded == format!("{key}床")
    });
    one.map(Part::One).or_else(|| is_total(text).then_some(Part::All))
}

fn is_total(text: &str) -> bool {
    totals::NAMES.contains(&fold(text).as_str())
}

/// A number with or without commas and the unit that hospitals are counted in.
fn number_of_hospitals(text: &str) -> Option<u32> {
    let normal: String = text.nfkc().filter(|character| !matches!(character, ',' | ' ')).collect();
    let number = ["病院", "か所", "ヶ所", "箇所", "件"]
        .iter()
        .find_map(|unit| normal.trim().strip_suffix(unit));
    number.unwrap_or(normal.trim()).parse().ok()
}

const PREFECTURE_UNKNOWN: (&str, &str, &str) = (
    "prefecture_unknown",
    "都道府県の形式が正しくありません。確かめて直してください。",
    "都道府県名または2桁のコード",
);
const QUOTA_INVALID: (&str, &str, &str) = ("quota_invalid", "支援枠は0以上の整数で記入してください。", "0以上の整数");
