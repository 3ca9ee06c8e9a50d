//! Which rows a table has: every prefecture of the area and every band of the banding, counted or not, in a fixed order. Counts nothing.

use crate::cube::Cell;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One row: the area as a whole.
    Area,
    /// A row for each prefecture of the area.
    Prefecture,
    /// A row for each band of the banding.
    Band,
    /// A row for each prefecture and band.
    PrefectureBand,
}

/// The place of one row: a prefecture, a band, both, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) prefecture: Option<PrefectureCode>,
    pub(crate) band: Option<usize>,
}

impl Place {
    /// The whole area.
    pub(crate) const WHOLE: Place = Place {
        prefecture: None,
        band: None,
    };

    fn holds(self, cell: Cell) -> bool {
        self.prefecture.is_none_or(|prefecture| prefecture.number() == cell.0) && self.band.is_none_or(|band| band == usize::from(cell.1))
    }

    /// The measures of all cells that fall into this place, added up; zeros where there are none.
    pub(crate) fn sum(self, cells: &BTreeMap<Cell, Vec<u64>>, measures: usize) -> Vec<u64> {
        let mut sums = vec![0_u64; measures];
        for (_, counts) in cells.iter().filter(|(cell, _)| self.holds(**cell)) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        sums
    }
}

/// The rows of a table in their order: prefecture code, then band from small to large.
pub(crate) fn places(area: &Area, by: By, banding: Banding) -> Vec<Place> {
    let bands = || 0..banding.bands().len();
    match by {
        By::Area => vec![Place::WHOLE],
        By::Prefecture => prefectures(area)
            .map(|prefecture| Place {
                prefecture: Some(prefecture),
                band: None,
            })
            .collect(),
        By::Band => bands()
            .map(|band| Place {
                prefecture: None,
                band: Some(band),
            })
            .collect(),
        By::PrefectureBand => prefectures(area)
            .flat_map(|prefecture| {
                bands().map(move |band| Place {
                    prefecture: Some(prefecture),
                    band: Some(band),
                })
            })
            .collect(),
    }
}

/// The prefectures that an area touches: all, itself, or the one that a municipality lies in.
fn prefectures(area: &Area) -> impl Iterator<Item = PrefectureCode> {
    PrefectureCode::all().filter(move |prefecture| match area {
        Area::Nation => true,
        Area::Prefecture(one) => one == prefecture,
        Area::Municipality(municipality) => municipality.prefecture() == *prefecture,
    })
}

/// How a place is printed: prefecture code and name, band key and label.
pub(crate) struct Names {
    pub(crate) prefecture: Option<String>,
    pub(crate) prefecture_name: Option<String>,
    pub(crate) band: Option<String>,
    pub(crate) band_label: Option<String>,
}

pub(crate) fn names(place: Place, banding: Banding) -> Names {
    let band = place.band.and_then(|index| banding.bands().get(index));
    Names {
        prefecture: place.prefecture.map(|prefecture| prefecture.code()),
        prefecture_name: place.prefecture.map(|prefecture| prefecture.name().to_owned()),
        band: band.map(|band| band.key.to_owned()),
        band_label: band.map(|band| band.label.to_owned()),
    }
}
