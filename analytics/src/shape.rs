//! Which rows a table has, counted or not, in a fixed order, and how cells add up to them. Counts nothing.
//!
//! Every region, prefecture, band and value of an attribute has its row also where nobody stands; municipalities and codes such as those of medical
//! areas are those of the frame, because a prefecture has many without a hospital, and what they are crossed with is what the frame has of them. That
//! the frame does not say an attribute is a row where it is so. A cross of places has the pairs that exist: a prefecture stands in its own region only.

use crate::attributes::{self, Combination, NOT_SAID};
use crate::by::{By, Dimension};
use crate::columns::Columns;
use crate::cube::{Cell, Counts};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use survey::area::{Area, MunicipalityCode};
use survey::attribute::{Attribute, Names as CodeNames, UNKNOWN, Vocabulary};
use survey::bands::{BandRange, Bands};
use survey::prefecture::PrefectureCode;
use survey::region::Region;

/// The value of each dimension as a number, 0 beyond the last one; the order of rows is the order of these.
pub(crate) type Key = [u32; 3];

/// The whole area, the one key of a table without dimensions.
const WHOLE: Key = [0; 3];

/// Where the municipality is not known: after all that are.
const NOT_KNOWN: u32 = u32::MAX;

/// One value that a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceValue {
    /// Of which dimension.
    pub dimension: Dimension,
    /// Stable: `kanto`, `13`, `13104` (`unknown` where the frame does not know), `20-99`, `medical_corporation`.
    pub key: String,
    /// As on screen.
    pub label: String,
}

/// The key of the row that a cell falls into.
fn key_of(cell: Cell, by: By) -> Key {
    let mut key = WHOLE;
    let mut said = cell.attributes.into_iter();
    for (place, dimension) in key.iter_mut().zip(by.dimensions()) {
        *place = match dimension {
            Dimension::Region => region_number(cell.prefecture),
            Dimension::Prefecture => u32::from(cell.prefecture),
            Dimension::Municipality if cell.municipality == 0 => NOT_KNOWN,
            Dimension::Municipality => cell.municipality,
            Dimension::Band => u32::from(cell.band),
            Dimension::Attribute(_) => said.next().filter(|number| *number != NOT_SAID).unwrap_or(NOT_KNOWN),
        };
    }
    key
}

fn region_number(prefecture: u8) -> u32 {
    let region = PrefectureCode::new(prefecture).ok().map(Region::of);
    let index = Region::ALL.iter().position(|other| Some(*other) == region);
    index.and_then(|index| u32::try_from(index).ok()).unwrap_or(NOT_KNOWN)
}

/// The rows of an area by some dimensions in their order, whatever is counted.
#[derive(Debug)]
pub(crate) struct Shape {
    by: By,
    keys: Vec<Key>,
    names: Vec<Arc<RowNames>>,
}

impl Shape {
    pub(crate) fn new(area: &Area, by: By, bands: &Bands, columns: &Columns) -> Shape {
        let ranges = bands.ranges();
        let keys: Vec<Key> = keys(area, by, bands, columns).into_iter().collect();
        let names = keys.iter().map(|key| Arc::new(names(*key, by, &ranges, &columns.names)));
        Shape {
            by,
            names: names.collect(),
            keys,
        }
    }

    /// How each row is printed.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &Arc<RowNames>> {
        self.names.iter()
    }

    /// The row that a cell falls into, counted from 0.
    pub(crate) fn row(&self, cell: Cell) -> Option<usize> {
        self.row_from(0, cell)
    }

    /// The same, looked for from a row on: cells that follow each other mostly fall into rows that do.
    fn row_from(&self, row: usize, cell: Cell) -> Option<usize> {
        if self.by == By::AREA {
            return Some(0);
        }
        let key = key_of(cell, self.by);
        let near = (row..=row + 1).find(|row| self.keys.get(*row) == Some(&key));
        near.or_else(|| self.keys.binary_search(&key).ok())
    }

    /// The measures of each row, row after row; zeros where no cell falls into it.
    pub(crate) fn fold(&self, counts: &Counts) -> Folded {
        let measures = counts.measures();
        let mut rows = Folded {
            numbers: vec![0; self.keys.len() * measures],
            measures,
        };
        let mut last = 0;
        for (cell, numbers) in counts.iter() {
            let Some(row) = self.row_from(last, cell) else { continue };
            last = row;
            for (sum, number) in rows.numbers.iter_mut().skip(row * measures).zip(numbers) {
                *sum += number;
            }
        }
        rows
    }
}

/// The measures of rows.
#[derive(Clone)]
pub(crate) struct Folded {
    numbers: Vec<u64>,
    measures: usize,
}

impl Folded {
    /// Those of each row, in the order of the shape.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u64]> {
        self.numbers.chunks(self.measures.max(1))
    }
}

/// Rows of shapes that are kept beside one snapshot, some hundreds of bytes each: those that every question's table is asked for by.
const MOST_ROWS: u64 = 20_000;

/// The shapes that a snapshot was asked for: whatever question is counted, its rows and their names are the same.
#[derive(Clone)]
pub(crate) struct Shapes(Cache<(Area, By, Option<Bands>), Arc<Shape>>);

impl Shapes {
    pub(crate) fn new() -> Shapes {
        let rows = |_: &_, shape: &Arc<Shape>| u32::try_from(shape.keys.len()).unwrap_or(u32::MAX);
        Shapes(Cache::builder().max_capacity(MOST_ROWS).weigher(rows).build())
    }

    /// The shape, made unless it is kept. The columns must always be the same.
    pub(crate) fn get(&self, area: &Area, by: By, bands: &Bands, columns: &Columns) -> Arc<Shape> {
        let told_apart = by.has(Dimension::Band).then(|| bands.clone());
        let make = || Arc::new(Shape::new(area, by, bands, columns));
        self.0.get_with((area.clone(), by, told_apart), make)
    }
}

/// What tells the rows of a table apart.
fn keys(area: &Area, by: By, bands: &Bands, columns: &Columns) -> BTreeSet<Key> {
    let attributes = by.attributes();
    let coded = |attribute: &&Attribute| matches!(attribute.vocabulary, Vocabulary::Codes { .. });
    let places: Vec<Combination> = if attributes.is_empty() && by.has(Dimension::Municipality) {
        let known = columns.municipalities.within(area);
        known
            .map(|(prefecture, municipality)| (prefecture, municipality, [NOT_SAID; 3]))
            .collect()
    } else if by.has(Dimension::Municipality) || attributes.iter().any(coded) {
        columns.combinations.within(area, &attributes).into_iter().collect()
    } else {
        let of = |prefecture: PrefectureCode| (prefecture.number(), 0, [NOT_SAID; 3]);
        every_value(prefectures(area).map(of).collect(), &attributes, area, columns)
    };
    let bands = if by.has(Dimension::Band) {
        u8::try_from(bands.ranges().len()).unwrap_or(u8::MAX)
    } else {
        1
    };
    let cells = places.into_iter().flat_map(|(prefecture, municipality, attributes)| {
        (0..bands).map(move |band| Cell {
            prefecture,
            municipality,
            band,
            // No row is told apart by it.
            stratum: 0,
            attributes,
        })
    });
    cells.map(|cell| key_of(cell, by)).collect()
}

/// The places with each value of each attribute, and without one where somebody of the area has none.
fn every_value(places: Vec<Combination>, attributes: &[&'static Attribute], area: &Area, columns: &Columns) -> Vec<Combination> {
    let unsaid = columns.combinations.within(area, attributes);
    let mut all = places;
    for (place, attribute) in attributes.iter().enumerate() {
        let of = |(_, _, numbers): &Combination| numbers.get(place) == Some(&NOT_SAID);
        let first = u32::from(!unsaid.iter().any(of));
        let last = u32::try_from(attribute.values().len()).unwrap_or(NOT_SAID);
        let with = |(prefecture, municipality, mut numbers): Combination, number: u32| {
            if let Some(own) = numbers.get_mut(place) {
                *own = number;
            }
            (prefecture, municipality, numbers)
        };
        all = all
            .into_iter()
            .flat_map(|one| (first..=last).map(move |number| with(one, number)))
            .collect();
    }
    all
}

/// The prefectures that an area touches: all, itself, or the one that a municipality lies in.
fn prefectures(area: &Area) -> impl Iterator<Item = PrefectureCode> {
    PrefectureCode::all().filter(move |prefecture| match area {
        Area::Nation => true,
        Area::Prefecture(one) => one == prefecture,
        Area::Municipality(municipality) => municipality.prefecture() == *prefecture,
    })
}

/// What a row is about: each value by itself, and prefecture and band once more where readers look for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNames {
    /// In the order of `by`; empty for the area as a whole.
    pub place: Vec<PlaceValue>,
    /// Two-digit prefecture code, in rows by prefecture.
    pub prefecture: Option<String>,
    /// The prefecture's formal name, in rows by prefecture.
    pub prefecture_name: Option<String>,
    /// The band's key, in rows by band.
    pub band: Option<String>,
    /// The band as printed, in rows by band.
    pub band_label: Option<String>,
}

fn names(key: Key, by: By, ranges: &[BandRange], codes: &CodeNames) -> RowNames {
    let place: Vec<PlaceValue> = by
        .dimensions()
        .zip(key)
        .map(|(dimension, number)| value(dimension, number, ranges, codes))
        .collect();
    let of = |dimension| place.iter().find(|value| value.dimension == dimension);
    let (prefecture, band) = (of(Dimension::Prefecture), of(Dimension::Band));
    RowNames {
        prefecture: prefecture.map(|value| value.key.clone()),
        prefecture_name: prefecture.map(|value| value.label.clone()),
        band: band.map(|value| value.key.clone()),
        band_label: band.map(|value| value.label.clone()),
        place,
    }
}

fn value(dimension: Dimension, number: u32, ranges: &[BandRange], codes: &CodeNames) -> PlaceValue {
    let index = usize::try_from(number).unwrap_or(usize::MAX);
    let prefecture = |number: u32| u8::try_from(number).ok().and_then(|number| PrefectureCode::new(number).ok());
    let named = match dimension {
        Dimension::Region => Region::ALL
            .get(index)
            .map(|region| (region.key().to_owned(), region.name().to_owned())),
        Dimension::Prefecture => prefecture(number).map(|prefecture| (prefecture.code(), prefecture.name().to_owned())),
        // The first two of the five digits are the prefecture's.
        Dimension::Municipality => prefecture(number / 1_000).map(|prefecture| {
            let code = format!("{number:05}");
            // As the frame calls it, else by the list of all municipalities.
            let listed = || MunicipalityCode::parse(&code).ok().and_then(|code| code.name());
            let label = attributes::place_label(prefecture, &code, codes.of(dimension.as_str(), &code).or_else(listed));
            (code, label)
        }),
        Dimension::Attribute(attribute) if number != NOT_KNOWN => attributes::words(attribute, number, codes),
        Dimension::Attribute(_) => None,
        Dimension::Band => ranges.get(index).map(|range| (range.key.clone(), range.label.clone())),
    };
    let (key, label) = named.unwrap_or_else(|| (UNKNOWN.to_owned(), format!("{}不明", dimension.label())));
    PlaceValue { dimension, key, label }
}
