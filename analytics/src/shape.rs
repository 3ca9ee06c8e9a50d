//! Which rows a table has, counted or not, in a fixed order, and how cells add up to them. Counts nothing.
//!
//! Every region, prefecture and band of the area has its row also where nobody stands; municipalities are those of the frame, because a prefecture
//! has many without a hospital. A cross of places has the pairs that exist: a prefecture stands in its own region only.

use crate::by::{By, Dimension};
use crate::columns::Municipalities;
use crate::cube::Cell;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use survey::area::Area;
use survey::bands::{BandRange, Bands};
use survey::prefecture::PrefectureCode;
use survey::region::Region;

/// The value of each dimension as a number, 0 beyond the last one; the order of rows is the order of these.
pub(crate) type Key = [u32; 3];

/// The measures of rows.
pub(crate) type Rows = BTreeMap<Key, Vec<u64>>;

/// The whole area, the one key of a table without dimensions.
pub(crate) const WHOLE: Key = [0; 3];

/// Where the municipality is not known: after all that are.
const NOT_KNOWN: u32 = u32::MAX;

/// One value that a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceValue {
    /// Of which dimension.
    pub dimension: Dimension,
    /// Stable: `kanto`, `13`, `13104` (`unknown` where the frame does not know), `20-99`.
    pub key: String,
    /// As on screen.
    pub label: String,
}

/// The key of the row that a cell falls into.
pub(crate) fn key_of(cell: Cell, by: By) -> Key {
    let mut key = WHOLE;
    for (place, dimension) in key.iter_mut().zip(by.dimensions()) {
        *place = match dimension {
            Dimension::Region => region_number(cell.prefecture),
            Dimension::Prefecture => u32::from(cell.prefecture),
            Dimension::Municipality if cell.municipality == 0 => NOT_KNOWN,
            Dimension::Municipality => cell.municipality,
            Dimension::Band => u32::from(cell.band),
        };
    }
    key
}

fn region_number(prefecture: u8) -> u32 {
    let region = PrefectureCode::new(prefecture).ok().map(Region::of);
    let index = Region::ALL.iter().position(|other| Some(*other) == region);
    index.and_then(|index| u32::try_from(index).ok()).unwrap_or(NOT_KNOWN)
}

/// The measures of all cells by the row that they fall into; rows without cells are absent.
pub(crate) fn fold(cells: &BTreeMap<Cell, Vec<u64>>, by: By) -> Rows {
    let mut rows = Rows::new();
    for (cell, counts) in cells {
        let sums = rows.entry(key_of(*cell, by)).or_insert_with(|| vec![0; counts.len()]);
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    rows
}

/// The rows of a table in their order.
pub(crate) fn rows(area: &Area, by: By, bands: &Bands, municipalities: &Municipalities) -> BTreeSet<Key> {
    let places: Vec<(u8, u32)> = if by.has(Dimension::Municipality) {
        municipalities.within(area).collect()
    } else {
        prefectures(area).map(|prefecture| (prefecture.number(), 0)).collect()
    };
    let bands = u8::try_from(bands.ranges().len()).unwrap_or(u8::MAX);
    let cells = places.into_iter().flat_map(|(prefecture, municipality)| {
        (0..bands).map(move |band| Cell {
            prefecture,
            municipality,
            band,
            // No row is told apart by it.
            stratum: 0,
        })
    });
    cells.map(|cell| key_of(cell, by)).collect()
}

/// The prefectures that an area touches: all, itself, or the one that a municipality lies in.
fn prefectures(area: &Area) -> impl Iterator<Item = PrefectureCode> {
    PrefectureCode::all().filter(move |prefecture| match area {
        Area::Nation => true,
        Area::Prefecture(one) => one == prefecture,
        Area::Municipality(municipality) => municipality.prefecture() == *prefecture,
    })
}

/// How a row is printed: each value by itself, and prefecture and band once more where readers look for them.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) place: Vec<PlaceValue>,
    pub(crate) prefecture: Option<String>,
    pub(crate) prefecture_name: Option<String>,
    pub(crate) band: Option<String>,
    pub(crate) band_label: Option<String>,
}

pub(crate) fn names(key: Key, by: By, ranges: &[BandRange]) -> Names {
    let place: Vec<PlaceValue> = by
        .dimensions()
        .zip(key)
        .map(|(dimension, number)| value(dimension, number, ranges))
        .collect();
    let of = |dimension| place.iter().find(|value| value.dimension == dimension);
    let (prefecture, band) = (of(Dimension::Prefecture), of(Dimension::Band));
    Names {
        prefecture: prefecture.map(|value| value.key.clone()),
        prefecture_name: prefecture.map(|value| value.label.clone()),
        band: band.map(|value| value.key.clone()),
        band_label: band.map(|value| value.label.clone()),
        place,
    }
}

fn value(dimension: Dimension, number: u32, ranges: &[BandRange]) -> PlaceValue {
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    let prefecture = |number: u32| u8::try_from(number).ok().and_then(|number| PrefectureCode::new(number).ok());
    let named = match dimension {
        Dimension::Region => Region::ALL
            .get(index)
            .map(|region| (region.key().to_owned(), region.name().to_owned())),
        Dimension::Prefecture => prefecture(number).map(|prefecture| (prefecture.code(), prefecture.name().to_owned())),
        // The first two of the five digits are the prefecture's, whose name tells people where to look: names of municipalities are not kept.
        Dimension::Municipality => {
            prefecture(number / 1_000).map(|prefecture| (format!("{number:05}"), format!("{}{number:05}", prefecture.name())))
        }
        Dimension::Band => ranges.get(index).map(|range| (range.key.clone(), range.label.clone())),
    };
    let (key, label) = named.unwrap_or_else(|| ("unknown".to_owned(), format!("{}不明", dimension.label())));
    PlaceValue { dimension, key, label }
}
