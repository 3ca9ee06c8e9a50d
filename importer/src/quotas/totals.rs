//! Entries to quotas: a cell stands once, and every total of the file is the sum of its cells.

use std::collections::HashMap;

use survey::fault::Fault;
use survey::prefecture::PrefectureCode;

use super::{Entry, Part};
use crate::place::Place;

/// What a total is called, folded.
pub(super) const NAMES: &[&str] = &["計", "合計", "総計", "総数", "全国", "全国計", "全国合計", "全区分", "total"];

/// The cells of a file in its order; the faults are given those of cells that stand twice and, where every cell could be read, of totals that are wrong.
pub(super) fn settle(entries: &[Entry<'_>], mut faults: Vec<Fault>) -> (Vec<(PrefectureCode, String, u32)>, Vec<Fault>) {
    let mut cells: Vec<(PrefectureCode, String, u32)> = Vec::new();
    let mut seen: HashMap<(PrefectureCode, &str), Place<'_>> = HashMap::new();
    for entry in entries {
        let (Part::One(prefecture), Part::One(band)) = (entry.prefecture, entry.band) else {
            continue;
        };
        if let Some(first) = seen.insert((prefecture, band.key), entry.place) {
            let message = format!(
                "{}の{}の枠が{}にもあります。どちらかを削除してください。",
                prefecture.name(),
                band.label,
                first.cell()
            );
            let fault = entry.place.mark(Fault::error("quota_duplicate", message));
            faults.push(fault.found(entry.hospitals.to_string()).expected("都道府県と区分の組ごとに1つ"));
        } else {
            cells.push((prefecture, band.key.to_owned(), entry.hospitals));
        }
    }
    if cells.is_empty() && !faults.iter().any(Fault::is_error) {
        let message = "見出しの下に支援枠がありません。都道府県ごとの支援枠を記入してください。";
        faults.push(Fault::error("quota_missing", message));
    }
    if !faults.iter().any(Fault::is_error) {
        faults.extend(entries.iter().filter_map(|entry| wrong_total(entry, &cells)));
    }
    (cells, faults)
}

/// The fault of a total that is not the sum of its cells.
fn wrong_total(entry: &Entry<'_>, cells: &[(PrefectureCode, String, u32)]) -> Option<Fault> {
    let of = match (entry.prefecture, entry.band) {
        (Part::One(_), Part::One(_)) => return None,
        (Part::One(prefecture), Part::All) => prefecture.name().to_owned(),
        (Part::All, Part::One(band)) => band.label.to_owned(),
        (Part::All, Part::All) => "全体".to_owned(),
    };
    let holds = |(prefecture, band, _): &&(PrefectureCode, String, u32)| {
        let is_of_prefecture = entry.prefecture == Part::All || entry.prefecture == Part::One(*prefecture);
        let is_of_band = match entry.band {
            Part::All => true,
            Part::One(one) => one.key == band,
        };
        is_of_prefecture && is_of_band
    };
    let sum: u64 = cells.iter().filter(holds).map(|(_, _, hospitals)| u64::from(*hospitals)).sum();
    let written = u64::from(entry.hospitals);
    if sum == written {
        return None;
    }
    let message = format!(
        "{of}の計は{written}ですが、枠の合計は{sum}で、{}の差があります。枠か計を直してください。",
        sum.abs_diff(written)
    );
    let fault = entry.place.mark(Fault::error("quota_total_wrong", message));
    Some(fault.found(written.to_string()).expected(sum.to_string()))
}
