//! The snapshot as polars columns: place, beds and one byte column a slot, and conditions on them. Nothing is counted here.

use crate::attributes::{self, Combinations};
use crate::estimate;
use crate::snapshot::{FrameEntry, Response};
use polars::prelude::{Column, DataFrame, DataType, Expr, NamedFrom, PolarsResult, Scalar, Series, col, lit};
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

impl Columns {
    pub(crate) fn new(survey: &Survey, frame: &[FrameEntry], responses: &[Response]) -> PolarsResult<Columns> {
        let of_frame = frame.iter().map(|entry| (entry.prefecture, entry.municipality.clone()));
        let of_responses = responses
            .iter()
            .map(|response| (response.prefecture, response.municipality.clone()));
        let municipalities = Municipalities(of_frame.chain(of_responses).collect());
        let places = frame
            .iter()
            .map(|entry| (entry.prefecture, entry.municipality.as_ref(), entry.beds));
        let frame = DataFrame::new(frame.len(), [place_columns(places), unsaid_columns(frame.len())].concat())?;
        let places = responses
            .iter()
            .map(|response| (response.prefecture, response.municipality.as_ref(), response.beds));
        let mut columns = [place_columns(places), unsaid_columns(responses.len())].concat();
        for index in 0..survey.layout().len() {
            let codes: Vec<u8> = responses
                .iter()
                .map(|response| response.codes.get(index).copied().unwrap_or_default())
                .collect();
            columns.push(Series::new(slot_column(index).into(), codes).into());
        }
        Ok(Columns {
            frame,
            responses: DataFrame::new(responses.len(), columns)?,
            combinations: Combinations::unsaid(&municipalities),
            municipalities,
            names: Names::default(),
        })
    }

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

fn place_columns<'a>(places: impl Iterator<Item = (PrefectureCode, Option<&'a MunicipalityCode>, Beds)>) -> Vec<Column> {
    let (mut prefecture, mut municipality, mut city, mut bed_numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (code, place, beds) in places {
        prefecture.push(code.number());
        municipality.push(municipality_number(place));
        city.push(municipality_number(place.and_then(MunicipalityCode::designated_city).as_ref()));
        bed_numbers.push(beds.number());
    }
    vec![
        Series::new(PREFECTURE.into(), prefecture).into(),
        Series::new(MUNICIPALITY.into(), municipality).into(),
        Series::new(CITY.into(), city).into(),
        Series::new(BEDS.into(), bed_numbers).into(),
    ]
}

/// Five digits as a number; 0, which is nobody's code, where the municipality is not known.
pub(crate) fn municipality_number(municipality: Option<&MunicipalityCode>) -> u32 {
    municipality.and_then(|code| code.as_str().parse().ok()).unwrap_or(0)
}
