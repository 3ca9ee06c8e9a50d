//! Totals of prefectures, as they are given for computing quotas: a row for each, with its total.

use std::collections::BTreeMap;

use survey::fault::Fault;
use survey::prefecture::PrefectureCode;

use super::{PREFECTURE_UNKNOWN, Part, QUOTA_INVALID, Read, number_of_hospitals, prefecture};
use crate::table::{self, Column};
use crate::workbook::Workbook;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Prefecture,
    Total,
}

const COLUMNS: &[Column<Of>] = &[
    Column {
        id: Of::Prefecture,
        shown: "都道府県",
        names: super::wide::PREFECTURE_NAMES,
        required: true,
    },
    Column {
        id: Of::Total,
        shown: "計",
        names: &[
            "計",
            "合計",
            "総計",
            "総数",
            "total",
            "hospitals",
            "quota",
            "支援枠",
            "枠",
            "病院数",
        ],
        required: true,
    },
];

/// The totals in the order of the file, and the faults of the other rows. The row of all (計) is checked and is no prefecture.
pub(super) fn read(workbook: &Workbook) -> Result<Read<(PrefectureCode, u32)>, Box<Fault>> {
    let table = table::find(workbook, COLUMNS)?;
    let mut faults = table.formulas(COLUMNS);
    let mut totals = Vec::new();
    let mut seen: BTreeMap<PrefectureCode, String> = BTreeMap::new();
    let mut of_all = Vec::new();
    for line in table.lines() {
        let Some(part) = prefecture(&line.shown(Of::Prefecture)) else {
            let (code, message, expected) = PREFECTURE_UNKNOWN;
            faults.push(*line.error(Of::Prefecture, code, message, expected));
            continue;
        };
        let Some(hospitals) = number_of_hospitals(&line.shown(Of::Total)) else {
            let (code, message, expected) = QUOTA_INVALID;
            faults.push(*line.error(Of::Total, code, message, expected));
            continue;
        };
        match part {
            Part::All => of_all.push((line, hospitals)),
            Part::One(code) => {
                if let Some(first) = seen.insert(code, line.place(Of::Total).cell()) {
                    let message = format!("{}の計が{first}にもあります。どちらかを削除してください。", code.name());
                    faults.push(*line.error(Of::Total, "quota_duplicate", message, "都道府県ごとに1つ"));
                } else {
                    totals.push((code, hospitals));
                }
            }
        }
    }
    if !faults.iter().any(Fault::is_error) {
        let sum: u64 = totals.iter().map(|(_, hospitals)| u64::from(*hospitals)).sum();
        for (line, _) in of_all.iter().filter(|(_, written)| u64::from(*written) != sum) {
            let message = format!("全国の計が都道府県の計の合計（{sum}）と合いません。どちらかを直してください。");
            faults.push(*line.error(Of::Total, "quota_total_wrong", message, &sum.to_string()));
        }
    }
    Ok((totals, faults))
}

#[cfg(test)]
mod tests {
    use super::super::examine_prefecture_totals;
    use crate::limits::Limits;
    use crate::read::read;

    /// Numbers by prefecture, and faults as cell and code.
    type Examined = (Vec<(u8, u32)>, Vec<(String, String)>);

    fn examined(text: &str) -> Examined {
        let (totals, faults) = examine_prefecture_totals(&read(text.as_bytes(), &Limits::default()).unwrap());
        let faults = faults
            .iter()
            .map(|fault| (fault.code.to_string(), fault.cell.clone().unwrap_or_default()));
        (
            totals.iter().map(|(code, total)| (code.number(), *total)).collect(),
            faults.collect(),
        )
    }

    #[test]
    fn totals_are_read_and_their_sum_is_checked() {
        assert_eq!(
            examined("都道府県,計\n13,10\n大阪,\"1,005\"\n全国,1015\n"),
            (vec![(13, 10), (27, 1005)], Vec::new())
        );
        let (_, faults) = examined("都道府県,計\n13,10\n全国,11\n");
        assert_eq!(faults, [("quota_total_wrong".to_owned(), "B3".to_owned())]);
        let (_, faults) = examined("都道府県,計\n13,10\n東京都,10\n大坂,1\n14,\n");
        let codes: Vec<(&str, &str)> = faults.iter().map(|(code, cell)| (code.as_str(), cell.as_str())).collect();
        assert_eq!(
            codes,
            [("quota_duplicate", "B3"), ("prefecture_unknown", "A4"), ("quota_invalid", "B5")]
        );
    }
}
