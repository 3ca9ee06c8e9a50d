//! The wide form: a row for each prefecture and a column for each band, as quotas are printed. The headings may be in two rows, with one heading
//! over all bands and 都道府県 and 計 beside it.

use survey::band::Banding;
use survey::fault::Fault;

use super::{Entry, PREFECTURE_UNKNOWN, Part, QUOTA_INVALID, Read, number_of_hospitals, prefecture};
use crate::table::{self, Column, Line};
use crate::workbook::Workbook;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Prefecture,
    /// By its place in the programme's banding.
    Band(usize),
    Total,
}

/// Headings, folded.
pub(super) const PREFECTURE_NAMES: &[&str] = &["prefecture", "都道府県", "都道府県名", "都道府県コド"];

/// How many rows of headings may stand over the one that names the bands.
const STACKED: usize = 2;

const fn of_band(place: usize, shown: &'static str, names: &'static [&'static str]) -> Column<Of> {
    Column {
        id: Of::Band(place),
        shown,
        names,
        required: true,
    }
}

/// The bands of programmes of three, and of six; a test holds them against their bandings.
const PROGRAM: [Column<Of>; 3] = [
    of_band(0, "20～199床", &["20199", "20199床"]),
    of_band(1, "200～399床", &["200399", "200399床"]),
    of_band(2, "400床以上", &["400+", "400+床", "400床以上", "400以上"]),
];
const SURVEY: [Column<Of>; 6] = [
    of_band(0, "20～99床", &["2099", "2099床"]),
    of_band(1, "100～199床", &["100199", "100199床"]),
    of_band(2, "200～299床", &["200299", "200299床"]),
    of_band(3, "300～399床", &["300399", "300399床"]),
    of_band(4, "400～499床", &["400499", "400499床"]),
    of_band(5, "500床以上", &["500+", "500+床", "500床以上", "500以上"]),
];

/// The columns of a programme's bands.
pub(super) fn bands(banding: Banding) -> &'static [Column<Of>] {
    match banding {
        Banding::Program => &PROGRAM,
        Banding::Survey => &SURVEY,
    }
}

fn columns(banding: Banding) -> Vec<Column<Of>> {
    let prefecture = Column {
        id: Of::Prefecture,
        shown: "都道府県",
        names: PREFECTURE_NAMES,
        required: true,
    };
    let total = Column {
        id: Of::Total,
        shown: "計",
        names: super::totals::NAMES,
        required: false,
    };
    [&[prefecture], bands(banding), &[total]].concat()
}

/// Every number as an entry, and the faults of the other cells.
pub(super) fn read(workbook: &Workbook, banding: Banding) -> Result<Read<Entry<'_>>, Box<Fault>> {
    let columns = columns(banding);
    let table = table::find_stacked(workbook, &columns, STACKED)?;
    let mut entries = Vec::new();
    let mut faults = table.formulas(&columns);
    for line in table.lines() {
        let written = line.shown(Of::Prefecture);
        let Some(prefecture) = prefecture(&written) else {
            faults.push(stranger(&line, banding));
            continue;
        };
        for (column, part) in parts(banding) {
            let shown = line.shown(column);
            if let Some(hospitals) = number_of_hospitals(&shown) {
                let place = line.place(column);
                entries.push(Entry {
                    prefecture,
                    band: part,
                    hospitals,
                    place,
                });
            } else if !shown.is_empty() {
                let (code, message, expected) = QUOTA_INVALID;
                faults.push(*line.error(column, code, message, expected));
            } else if prefecture != Part::All && part != Part::All {
                let message = "支援枠が空欄です。選定しない枠には0を記入してください。";
                faults.push(*line.error(column, "quota_blank", message, QUOTA_INVALID.2));
            }
        }
    }
    Ok((entries, faults))
}

/// The columns with numbers.
fn parts(banding: Banding) -> impl Iterator<Item = (Of, Part<&'static survey::band::Band>)> {
    let bands = banding.bands().iter().enumerate();
    bands
        .map(|(place, band)| (Of::Band(place), Part::One(band)))
        .chain([(Of::Total, Part::All)])
}

/// A row that is no prefecture's: a note under the table, if it has no number.
fn stranger(line: &Line<'_, '_, Of>, banding: Banding) -> Fault {
    if parts(banding).all(|(column, _)| line.value(column).is_none()) {
        let message = "都道府県でも計でもない行を読み飛ばしました。支援枠の行であれば、都道府県名を直してください。";
        let note = line.place(Of::Prefecture).mark(Fault::warning("row_ignored", message));
        return note.found(line.shown(Of::Prefecture));
    }
    let (code, message, expected) = PREFECTURE_UNKNOWN;
    *line.error(Of::Prefecture, code, message, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folding::fold;

    #[test]
    fn the_columns_are_the_bands_of_the_programme() {
        for banding in [Banding::Program, Banding::Survey] {
            assert_eq!(banding.bands().len(), bands(banding).len());
            for (place, (band, column)) in banding.bands().iter().zip(bands(banding)).enumerate() {
                assert_eq!((column.id, column.shown), (Of::Band(place), band.label));
                for name in [band.label, band.key, &format!("{}床", band.key)] {
                    assert!(column.names.contains(&fold(name).as_str()), "{name}");
                }
            }
        }
    }
}
