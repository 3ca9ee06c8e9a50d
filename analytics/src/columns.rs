//! The snapshot as polars columns: place, beds and one byte column a slot, and conditions on them. Nothing is counted here.

use crate::attributes::{self, Combinations};
use crate::estimate;
use crate::kernel::Stretches;
use crate::targets::Target;
use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, Expr, IntoSeries, PolarsNumericType, PolarsResult, Scalar, UInt8Type, UInt16Type,
    UInt32Type, col, lit,
};
use std::collections::{BTreeMap, BTreeSet};
use survey::area::{Area, MunicipalityCode};
use survey::attribute::{Attributes, Names, catalogue};
use survey::band::Banding;
use survey::bands::{BandRange, Bands};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;

/// Name of the prefecture column (u8, 1..=47).
pub(crate) const PREFECTURE: &str = "prefecture";
/// Name of the municipality column (u32, five digits as a number; 0 where it is not known).
pub(crate) const MUNICIPALITY: &str = "municipality";
/// The designated city that a municipality is a ward of: the city's area includes its wards.
const CITY: &str = "city";
/// The licensed beds (u16), from which every banding is cut.
const BEDS: &str = "beds";

/// The frame and the responses of a snapshot, column by column.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) frame: DataFrame,
    pub(crate) responses: DataFrame,
    /// Which rows of the responses stand together.
    pub(crate) stretches: Stretches,
    pub(crate) municipalities: Municipalities,
    pub(crate) combinations: Combinations,
    /// Names that the frame gives to codes.
    pub(crate) names: Names,
}

/// The municipalities where hospitals of the frame are, `None` for those of a prefecture whose municipality is not known.
#[derive(Clone, Default)]
pub(crate) struct Municipalities {
    all: BTreeSet<(PrefectureCode, Option<MunicipalityCode>)>,
    /// The one that was named last: hospitals of a municipality mostly follow each other.
    last: Option<(PrefectureCode, Option<MunicipalityCode>)>,
}

impl Municipalities {
    pub(crate) fn know(&mut self, prefecture: PrefectureCode, municipality: Option<MunicipalityCode>) {
        let place = (prefecture, municipality);
        if self.last.as_ref() != Some(&place) {
            self.all.insert(place.clone());
            self.last = Some(place);
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(PrefectureCode, Option<MunicipalityCode>)> {
        self.all.iter()
    }

    /// Prefecture and municipality of an area as the columns hold them.
    pub(crate) fn within(&self, area: &Area) -> impl Iterator<Item = (u8, u32)> {
        let inside = self
            .all
            .iter()
            .filter(|(prefecture, municipality)| area.covers(*prefecture, municipality.as_ref()));
        inside.map(|(prefecture, municipality)| (prefecture.number(), municipality_number(municipality.as_ref())))
    }
}

/// Rows that are put into columns together: their bytes stay in the nearest cache while one slot after another is read from them.
const AT_ONCE: usize = 256;

/// Responses that are still added to, row by row.
pub(crate) struct Responses {
    targets: Vec<Target>,
    /// One byte a slot, row after row.
    codes: Vec<u8>,
    slots: usize,
}

impl Responses {
    /// With room for so many rows; more may come.
    pub(crate) fn new(slots: usize, rows: usize) -> Responses {
        Responses {
            targets: Vec::with_capacity(rows),
            codes: Vec::with_capacity(rows * slots),
            slots,
        }
    }

    /// Codes of another length than the layout's are the snapshot's to refuse.
    pub(crate) fn push(&mut self, target: Target, codes: &[u8]) {
        self.targets.push(target);
        self.codes.extend_from_slice(codes);
    }

    /// The columns, with the responses of one prefecture and bed number together, and the hospital of each of their rows.
    pub(crate) fn columns(self, frame: Places, municipalities: Municipalities) -> PolarsResult<(Columns, Vec<Target>)> {
        let order = frame.order(&self.targets);
        let targets: Vec<Target> = order.iter().filter_map(|(.., row)| self.targets.get(*row).copied()).collect();
        let places = frame.of(&targets);
        let mut columns = places.columns();
        let slots = self.slots(&order).into_iter().enumerate();
        columns.extend(slots.map(|(index, codes)| column::<UInt8Type>(&slot_column(index), codes)));
        let usual = [Banding::Survey, Banding::Program].into_iter().flat_map(|banding| banding.bands());
        let usual = usual.map(|band| band.min);
        let (rows, frame_rows) = (order.len(), frame.beds.len());
        columns.extend(unsaid_columns(rows));
        let columns = Columns {
            frame: DataFrame::new(frame_rows, [frame.columns(), unsaid_columns(frame_rows)].concat())?,
            responses: DataFrame::new(rows, columns)?,
            stretches: Stretches::new(order.iter().map(|(prefecture, beds, _)| (*prefecture, *beds)), usual),
            combinations: Combinations::unsaid(&municipalities),
            municipalities,
            names: Names::default(),
        };
        Ok((columns, targets))
    }

    /// The bytes of each slot, in the order.
    fn slots(self, order: &[Placed]) -> Vec<Vec<u8>> {
        // Each by itself: a copy of an empty vector has no room.
        let mut slots: Vec<Vec<u8>> = (0..self.slots).map(|_| Vec::with_capacity(order.len())).collect();
        for together in order.chunks(AT_ONCE) {
            for (slot, column) in slots.iter_mut().enumerate() {
                let byte = |(.., row): &Placed| self.codes.get(row * self.slots + slot).copied();
                // A byte that is missing is 0, not asked; the snapshot has refused such rows.
                column.extend(together.iter().map(|placed| byte(placed).unwrap_or_default()));
            }
        }
        slots
    }
}

impl Columns {
    /// The same with what is known of the hospitals of the frame's rows; `responses` are the rows of the frame of those that answered.
    pub(crate) fn with_attributes(mut self, frame: &[Option<&Attributes>], responses: &[Target]) -> PolarsResult<Columns> {
        let known: BTreeMap<u32, &MunicipalityCode> = self
            .municipalities
            .iter()
            .filter_map(|(_, code)| Some((municipality_number(code.as_ref()), code.as_ref()?)))
            .collect();
        let mut names = Names::default();
        let mut places = BTreeSet::new();
        let numbers: Vec<Vec<u32>> = frame.iter().map(|attributes| attributes::numbers(*attributes)).collect();
        let prefectures = self.frame.column(PREFECTURE)?.u8()?.into_no_null_iter();
        let municipalities = self.frame.column(MUNICIPALITY)?.u32()?.into_no_null_iter();
        for ((prefecture, municipality), (attributes, numbers)) in prefectures.zip(municipalities).zip(frame.iter().zip(&numbers)) {
            let municipality = known.get(&municipality).copied();
            if let Some(attributes) = attributes {
                names.note(attributes, municipality);
            }
            if let Ok(prefecture) = PrefectureCode::new(prefecture) {
                places.insert((prefecture, municipality.cloned(), numbers.clone()));
            }
        }
        for (index, attribute) in catalogue().attributes().iter().enumerate() {
            let values: Vec<u32> = numbers
                .iter()
                .map(|numbers| numbers.get(index).copied().unwrap_or_default())
                .collect();
            let answered = ordered(&values, responses.iter().map(|target| target.index()));
            for (rows, values) in [(&mut self.responses, answered), (&mut self.frame, values)] {
                rows.with_column(column::<UInt32Type>(&attributes::column(attribute), values))?;
            }
        }
        (self.names, self.combinations) = (names, Combinations::of(places));
        Ok(self)
    }
}

/// Columns of attributes that nobody said anything of: one number each, however many rows.
fn unsaid_columns(rows: usize) -> Vec<Column> {
    let column = |attribute| Column::new_scalar(attributes::column(attribute).into(), Scalar::from(attributes::NOT_SAID), rows);
    catalogue().attributes().iter().map(column).collect()
}

/// Name of a slot's column (u8, the codes of `survey::codes`).
fn slot_column(index: usize) -> String {
    format!("slot_{index}")
}

/// The rows whose byte in a slot is this code.
pub(crate) fn slot_is(slot: usize, code: u8) -> Expr {
    col(slot_column(slot)).eq(lit(code))
}

/// The rows whose byte in a slot is this code or above it.
pub(crate) fn slot_from(slot: usize, code: u8) -> Expr {
    col(slot_column(slot)).gt_eq(lit(code))
}

/// The index of each row's band (u8): how many lower bounds its beds reach, less the first, 20, which everybody reaches after the snapshot's check.
pub(crate) fn band(bands: &Bands) -> Expr {
    let reached = bands
        .lower_bounds()
        .iter()
        .map(|bound| col(BEDS).gt_eq(lit(*bound)).cast(DataType::UInt8));
    reached.reduce(|sum, more| sum + more).unwrap_or_else(|| lit(1_u8)) - lit(1_u8)
}

/// The rows of an area, or `None` where the area is the nation and every row stays.
pub(crate) fn inside(area: &Area) -> Option<Expr> {
    match area {
        Area::Nation => None,
        Area::Prefecture(prefecture) => Some(of_prefecture(*prefecture)),
        Area::Municipality(municipality) => Some(of_prefecture(municipality.prefecture()).and(of_municipality(municipality))),
    }
}

/// The rows of a prefecture.
pub(crate) fn of_prefecture(prefecture: PrefectureCode) -> Expr {
    col(PREFECTURE).eq(lit(prefecture.number()))
}

/// The rows of a municipality; of a designated city its wards too.
pub(crate) fn of_municipality(municipality: &MunicipalityCode) -> Expr {
    let code = lit(municipality_number(Some(municipality)));
    col(MUNICIPALITY).eq(code.clone()).or(col(CITY).eq(code))
}

/// The rows whose beds fall in a class.
pub(crate) fn of_beds(range: &BandRange) -> Expr {
    let above = col(BEDS).gt_eq(lit(range.min));
    match range.max {
        Some(max) => above.and(col(BEDS).lt_eq(lit(max))),
        None => above,
    }
}

/// The survey cell of every row, and whether the row lies in the area; in the order of the rows.
pub(crate) fn places(rows: &DataFrame, area: &Area) -> PolarsResult<Vec<(estimate::Cell, bool)>> {
    let wanted = match area {
        Area::Municipality(municipality) => municipality_number(Some(municipality)),
        Area::Nation | Area::Prefecture(_) => 0,
    };
    let prefectures = rows.column(PREFECTURE)?.u8()?.into_no_null_iter();
    let bounds = Bands::from(Banding::Survey);
    let reached = |beds: u16| bounds.lower_bounds().iter().filter(|bound| beds >= **bound).count();
    let bands = rows
        .column(BEDS)?
        .u16()?
        .into_no_null_iter()
        .map(|beds| u8::try_from(reached(beds).saturating_sub(1)).unwrap_or(u8::MAX));
    let municipalities = rows.column(MUNICIPALITY)?.u32()?.into_no_null_iter();
    let cities = rows.column(CITY)?.u32()?.into_no_null_iter();
    let place = |((prefecture, band), (municipality, city)): ((u8, u8), (u32, u32))| {
        let inside = match area {
            Area::Nation => true,
            Area::Prefecture(one) => one.number() == prefecture,
            Area::Municipality(_) => wanted == municipality || wanted == city,
        };
        ((prefecture, band), inside)
    };
    Ok(prefectures.zip(bands).zip(municipalities.zip(cities)).map(place).collect())
}

/// The codes of one slot, in the order of the rows.
pub(crate) fn codes(responses: &DataFrame, slot: usize) -> PolarsResult<Vec<u8>> {
    Ok(responses.column(&slot_column(slot))?.u8()?.into_no_null_iter().collect())
}

/// The bytes of one slot, one a row in the order of the rows.
pub(crate) fn bytes(responses: &DataFrame, slot: usize) -> Option<&[u8]> {
    responses.column(&slot_column(slot)).ok()?.u8().ok()?.cont_slice().ok()
}

/// Prefecture, beds and row of a response.
type Placed = (u8, u16, usize);

/// Place and beds, a number a row.
#[derive(Default)]
pub(crate) struct Places {
    prefectures: Vec<u8>,
    municipalities: Vec<u32>,
    cities: Vec<u32>,
    beds: Vec<u16>,
}

impl Places {
    pub(crate) fn push(&mut self, prefecture: PrefectureCode, municipality: Option<&MunicipalityCode>, beds: Beds) {
        self.prefectures.push(prefecture.number());
        self.municipalities.push(municipality_number(municipality));
        let city = municipality.and_then(MunicipalityCode::designated_city);
        self.cities.push(municipality_number(city.as_ref()));
        self.beds.push(beds.number());
    }

    /// Where some of the hospitals are, and the row of each, sorted: rows of the same place and beds stay in their order.
    fn order(&self, targets: &[Target]) -> Vec<Placed> {
        let placed = |(row, target): (usize, &Target)| {
            let prefecture = self.prefectures.get(target.index()).copied().unwrap_or_default();
            (prefecture, self.beds.get(target.index()).copied().unwrap_or_default(), row)
        };
        let mut order: Vec<Placed> = targets.iter().enumerate().map(placed).collect();
        order.sort_unstable();
        order
    }

    /// Those of some of the hospitals.
    fn of(&self, targets: &[Target]) -> Places {
        let rows = || targets.iter().map(|target| target.index());
        Places {
            prefectures: ordered(&self.prefectures, rows()),
            municipalities: ordered(&self.municipalities, rows()),
            cities: ordered(&self.cities, rows()),
            beds: ordered(&self.beds, rows()),
        }
    }

    fn columns(self) -> Vec<Column> {
        vec![
            column::<UInt8Type>(PREFECTURE, self.prefectures),
            column::<UInt32Type>(MUNICIPALITY, self.municipalities),
            column::<UInt32Type>(CITY, self.cities),
            column::<UInt16Type>(BEDS, self.beds),
        ]
    }
}

/// The values of these rows.
fn ordered<T: Copy + Default>(values: &[T], rows: impl Iterator<Item = usize>) -> Vec<T> {
    rows.map(|row| values.get(row).copied().unwrap_or_default()).collect()
}

/// A column that takes the numbers without copying them.
fn column<T: PolarsNumericType>(name: &str, values: Vec<T::Native>) -> Column
where
    ChunkedArray<T>: IntoSeries,
{
    ChunkedArray::<T>::from_vec(name.into(), values).into_series().into()
}

/// Five digits as a number; 0, which is nobody's code, where the municipality is not known.
pub(crate) fn municipality_number(municipality: Option<&MunicipalityCode>) -> u32 {
    municipality.map_or(0, MunicipalityCode::number)
}
