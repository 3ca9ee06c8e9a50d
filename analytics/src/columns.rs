//! The snapshot as polars columns: place, beds and one byte column a slot, and conditions on them. Nothing is counted here.

use crate::attributes::{self, Combinations};
use crate::estimate;
use crate::kernel::{self, Stretch};
use crate::snapshot::{FrameEntry, Response};
use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, Expr, IntoSeries, NamedFrom, PolarsNumericType, PolarsResult, Scalar, Series, UInt8Type,
    UInt16Type, UInt32Type, col, lit,
};
use std::collections::{BTreeMap, BTreeSet};
use survey::area::{Area, MunicipalityCode};
use survey::attribute::{Attributes, Names, catalogue};
use survey::band::Banding;
use survey::bands::{BandRange, Bands};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

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
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) municipalities: Municipalities,
    pub(crate) combinations: Combinations,
    /// Names that the frame gives to codes.
    pub(crate) names: Names,
}

/// The municipalities where hospitals of the frame or responses are, `None` for those of a prefecture whose municipality is not known.
#[derive(Clone)]
pub(crate) struct Municipalities(BTreeSet<(PrefectureCode, Option<MunicipalityCode>)>);

impl Municipalities {
    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(PrefectureCode, Option<MunicipalityCode>)> {
        self.0.iter()
    }

    /// Prefecture and municipality of an area as the columns hold them.
    pub(crate) fn within(&self, area: &Area) -> impl Iterator<Item = (u8, u32)> {
        let inside = self
            .0
            .iter()
            .filter(|(prefecture, municipality)| area.covers(*prefecture, municipality.as_ref()));
        inside.map(|(prefecture, municipality)| (prefecture.number(), municipality_number(municipality.as_ref())))
    }
}

/// Columns that rows are still added to. Nothing is kept of a row but its numbers.
pub(crate) struct Filling {
    frame: Places,
    responses: Places,
    codes: Vec<Vec<u8>>,
    seen: BTreeSet<(u8, u32)>,
    municipalities: Municipalities,
}

impl Filling {
    pub(crate) fn new(survey: &Survey) -> Filling {
        Filling {
            frame: Places::default(),
            responses: Places::default(),
            codes: vec![Vec::new(); survey.layout().len()],
            seen: BTreeSet::new(),
            municipalities: Municipalities(BTreeSet::new()),
        }
    }

    pub(crate) fn frame(&mut self, entry: &FrameEntry) {
        self.frame.push(entry.prefecture, entry.municipality.as_ref(), entry.beds);
        self.know(entry.prefecture, entry.municipality.as_ref());
    }

    /// A byte that is missing is 0, not asked; the snapshot has refused such rows.
    pub(crate) fn response(&mut self, response: &Response) {
        self.responses
            .push(response.prefecture, response.municipality.as_ref(), response.beds);
        self.know(response.prefecture, response.municipality.as_ref());
        for (index, column) in self.codes.iter_mut().enumerate() {
            column.push(response.codes.get(index).copied().unwrap_or_default());
        }
    }

    fn know(&mut self, prefecture: PrefectureCode, municipality: Option<&MunicipalityCode>) {
        if self.seen.insert((prefecture.number(), municipality_number(municipality))) {
            self.municipalities.0.insert((prefecture, municipality.cloned()));
        }
    }

    /// The columns, with the responses of one prefecture and bed number together; `beside` is put in the same order.
    pub(crate) fn columns<T: Copy + Default>(self, beside: &mut Vec<T>) -> PolarsResult<Columns> {
        let order = self.responses.order();
        let mut columns = self.responses.sorted(&order).columns();
        for (index, codes) in self.codes.into_iter().enumerate() {
            columns.push(column::<UInt8Type>(&slot_column(index), ordered(&codes, &order)));
        }
        *beside = ordered(beside, &order);
        let (rows, frame_rows) = (order.len(), self.frame.beds.len());
        columns.extend(unsaid_columns(rows));
        let stretches = kernel::stretches(order.iter().map(|(prefecture, beds, _)| (*prefecture, *beds)));
        Ok(Columns {
            frame: DataFrame::new(frame_rows, [self.frame.columns(), unsaid_columns(frame_rows)].concat())?,
            responses: DataFrame::new(rows, columns)?,
            stretches,
            combinations: Combinations::unsaid(&self.municipalities),
            municipalities: self.municipalities,
            names: Names::default(),
        })
    }
}

impl Columns {
    /// The same with what is known of the hospitals of the frame's rows and of the responses' rows.
    pub(crate) fn with_attributes(mut self, frame: &[Option<&Attributes>], responses: &[Option<&Attributes>]) -> PolarsResult<Columns> {
        let known: BTreeMap<u32, &MunicipalityCode> = self
            .municipalities
            .iter()
            .filter_map(|(_, code)| Some((municipality_number(code.as_ref()), code.as_ref()?)))
            .collect();
        let mut names = Names::default();
        let mut places = BTreeSet::new();
        for (rows, said) in [(&mut self.frame, frame), (&mut self.responses, responses)] {
            let numbers: Vec<Vec<u32>> = said.iter().map(|attributes| attributes::numbers(*attributes)).collect();
            let prefectures = rows.column(PREFECTURE)?.u8()?.into_no_null_iter();
            let municipalities = rows.column(MUNICIPALITY)?.u32()?.into_no_null_iter();
            for ((prefecture, municipality), (attributes, numbers)) in prefectures.zip(municipalities).zip(said.iter().zip(&numbers)) {
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
                rows.with_column(Series::new(attributes::column(attribute).into(), values).into())?;
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

/// Place and beds, a number a row.
#[derive(Default)]
struct Places {
    prefectures: Vec<u8>,
    municipalities: Vec<u32>,
    cities: Vec<u32>,
    beds: Vec<u16>,
}

impl Places {
    fn push(&mut self, prefecture: PrefectureCode, municipality: Option<&MunicipalityCode>, beds: Beds) {
        self.prefectures.push(prefecture.number());
        self.municipalities.push(municipality_number(municipality));
        let city = municipality.and_then(MunicipalityCode::designated_city);
        self.cities.push(municipality_number(city.as_ref()));
        self.beds.push(beds.number());
    }

    /// Prefecture, beds and row, sorted: rows of the same place and beds stay in their order.
    fn order(&self) -> Vec<(u8, u16, usize)> {
        let places = self.prefectures.iter().zip(&self.beds).enumerate();
        let mut order: Vec<(u8, u16, usize)> = places.map(|(row, (prefecture, beds))| (*prefecture, *beds, row)).collect();
        order.sort_unstable();
        order
    }

    fn sorted(self, order: &[(u8, u16, usize)]) -> Places {
        Places {
            prefectures: ordered(&self.prefectures, order),
            municipalities: ordered(&self.municipalities, order),
            cities: ordered(&self.cities, order),
            beds: ordered(&self.beds, order),
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

/// The values of the rows in another order.
fn ordered<T: Copy + Default>(values: &[T], order: &[(u8, u16, usize)]) -> Vec<T> {
    order
        .iter()
        .map(|(.., row)| values.get(*row).copied().unwrap_or_default())
        .collect()
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
    municipality.and_then(|code| code.as_str().parse().ok()).unwrap_or(0)
}
