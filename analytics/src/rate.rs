//! Response rates: counted submissions against the hospitals of the frame. Knows no question.

use crate::cube::{self, Measure};
use crate::percent::percent;
use crate::shape::{self, By, Place};
use crate::snapshot::Snapshot;
use crate::table::TableError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use survey::area::Area;
use survey::band::Banding;

/// Which rates. The area is mandatory, as it is for tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRequest {
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: By,
    /// Which bed classes; it matters for rows by band only.
    pub banding: Banding,
}

/// Response rates of an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateTable {
    /// The survey's id.
    pub survey: String,
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: By,
    /// Which bed classes.
    pub banding: Banding,
    /// When the answers were read.
    pub as_of: DateTime<Utc>,
    /// A row for every prefecture and band asked for, also without targets; by prefecture code, then from small to large.
    pub rows: Vec<RateRow>,
    /// The area as a whole.
    pub total: RateRow,
}

/// One row of rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateRow {
    /// Two-digit prefecture code, in rows by prefecture.
    pub prefecture: Option<String>,
    /// The prefecture's formal name, in rows by prefecture.
    pub prefecture_name: Option<String>,
    /// The band's key, in rows by band.
    pub band: Option<String>,
    /// The band as printed, in rows by band.
    pub band_label: Option<String>,
    /// Hospitals of the frame.
    pub targets: u64,
    /// Counted submissions.
    pub responses: u64,
    /// Percent of the targets with one decimal, rounded half up; `None` without targets.
    pub percent: Option<f64>,
}

/// Counts targets and responses. Call it from a plain thread (see the crate's documentation).
///
/// # Errors
/// [`TableError::Counting`] only: a defect.
pub fn response_rates(snapshot: &Snapshot, request: &RateRequest) -> Result<RateTable, TableError> {
    let count = |frame| {
        cube::count(frame, &request.area, request.banding, None, &[Measure::Rows]).map_err(|error| TableError::Counting(error.to_string()))
    };
    let targets = count(&snapshot.columns().frame)?;
    let responses = count(&snapshot.columns().responses)?;
    let row = |place: Place| {
        let names = shape::names(place, request.banding);
        let targets: u64 = place.sum(&targets, 1).into_iter().sum();
        let responses: u64 = place.sum(&responses, 1).into_iter().sum();
        RateRow {
            prefecture: names.prefecture,
            prefecture_name: names.prefecture_name,
            band: names.band,
            band_label: names.band_label,
            targets,
            responses,
            percent: percent(responses, targets),
        }
    };
    Ok(RateTable {
        survey: snapshot.survey().id().as_str().to_owned(),
        area: request.area.clone(),
        by: request.by,
        banding: request.banding,
        as_of: snapshot.as_of(),
        rows: shape::places(&request.area, request.by, request.banding)
            .into_iter()
            .map(row)
            .collect(),
        total: row(Place::WHOLE),
    })
}
