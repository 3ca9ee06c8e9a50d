//! The snapshot as polars columns: place, bands and one byte column a slot. Nothing is counted here.

use crate::cube::Cell;
use crate::snapshot::{FrameEntry, Response};
use polars::prelude::{Column, DataFrame, Expr, NamedFrom, PolarsResult, Series, col, lit};
use survey::area::{Area, MunicipalityCode};
use survey::band::Banding;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

/// Name of the prefecture column (u8, 1..=47).
pub(crate) const PREFECTURE: &str = "prefecture";
const MUNICIPALITY: &str = "municipality";
/// The designated city that a municipality is a ward of: the city's area includes its wards.
const CITY: &str = "city";
/// No band: cannot happen after the snapshot's check, and would show in no row if it did.
const NO_BAND: u8 = u8::MAX;

/// The frame and the responses of a snapshot, column by column.
#[derive(Clone)]
pub(crate) struct Columns {
    pub(crate) frame: DataFrame,
    pub(crate) responses: DataFrame,
}

impl Columns {
    pub(crate) fn new(survey: &Survey, frame: &[FrameEntry], responses: &[Response]) -> PolarsResult<Columns> {
        let places = frame
            .iter()
            .map(|entry| (entry.prefecture, entry.municipality.as_ref(), entry.beds));
        let frame = DataFrame::new(frame.len(), place_columns(places))?;
        let places = responses
            .iter()
            .map(|response| (response.prefecture, response.municipality.as_ref(), response.beds));
        let mut columns = place_columns(places);
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
        })
    }
}

/// Name of a slot's column (u8, the codes of `survey::codes`).
pub(crate) fn slot_column(index: usize) -> String {
    format!("slot_{index}")
}

/// Name of a banding's column (u8, index into its bands).
pub(crate) fn band_column(banding: Banding) -> &'static str {
    match banding {
        Banding::Survey => "band_survey",
        Banding::Program => "band_program",
    }
}

/// The rows of an area, or `None` where the area is the nation and every row stays.
pub(crate) fn inside(area: &Area) -> Option<Expr> {
    match area {
        Area::Nation => None,
        Area::Prefecture(prefecture) => Some(col(PREFECTURE).eq(lit(prefecture.number()))),
        Area::Municipality(municipality) => {
            let code = lit(municipality_number(Some(municipality)));
            Some(col(MUNICIPALITY).eq(code.clone()).or(col(CITY).eq(code)))
        }
    }
}

/// The survey cell of every row, and whether the row lies in the area; in the order of the rows.
pub(crate) fn places(rows: &DataFrame, area: &Area) -> PolarsResult<Vec<(Cell, bool)>> {
    let wanted = match area {
        Area::Municipality(municipality) => municipality_number(Some(municipality)),
        Area::Nation | Area::Prefecture(_) => 0,
    };
    let prefectures = rows.column(PREFECTURE)?.u8()?.into_no_null_iter();
    let bands = rows.column(band_column(Banding::Survey))?.u8()?.into_no_null_iter();
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
    let (mut prefecture, mut municipality, mut city) = (Vec::new(), Vec::new(), Vec::new());
    let (mut survey_band, mut program_band) = (Vec::new(), Vec::new());
    for (code, place, beds) in places {
        prefecture.push(code.number());
        municipality.push(municipality_number(place));
        city.push(municipality_number(place.and_then(MunicipalityCode::designated_city).as_ref()));
        survey_band.push(band_number(Banding::Survey, beds));
        program_band.push(band_number(Banding::Program, beds));
    }
    vec![
        Series::new(PREFECTURE.into(), prefecture).into(),
        Series::new(MUNICIPALITY.into(), municipality).into(),
        Series::new(CITY.into(), city).into(),
        Series::new(band_column(Banding::Survey).into(), survey_band).into(),
        Series::new(band_column(Banding::Program).into(), program_band).into(),
    ]
}

fn band_number(banding: Banding, beds: Beds) -> u8 {
    banding.band_of(beds).and_then(|index| u8::try_from(index).ok()).unwrap_or(NO_BAND)
}

/// Five digits as a number; 0, which is nobody's code, where the municipality is not known.
fn municipality_number(municipality: Option<&MunicipalityCode>) -> u32 {
    municipality.and_then(|code| code.as_str().parse().ok()).unwrap_or(0)
}
