//! Response rates: counted submissions against the hospitals of the frame. Knows no question.

use crate::by::By;
use crate::cube::{self, Measure};
use crate::filter::Filter;
use crate::percent::percent;
use crate::shape::RowNames;
use crate::snapshot::Snapshot;
use crate::table::TableError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use survey::area::Area;
use survey::bands::Bands;

/// Which rates. The area is mandatory, as it is for tables.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateRequest {
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: By,
    /// Which bed classes; they matter for rows and filters by band only.
    pub banding: Bands,
    /// Only hospitals for which all of these hold: places and classes, because who has not answered has no answer to filter by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
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
    pub banding: Bands,
    /// Only hospitals for which all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// When the answers were read.
    pub as_of: DateTime<Utc>,
    /// The rows of a [`Table`](crate::Table), also without targets.
    pub rows: Vec<RateRow>,
    /// The area as a whole.
    pub total: RateRow,
}

/// One row of rates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RateRow {
    /// What the row is about.
    #[serde(flatten)]
    pub names: Arc<RowNames>,
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
/// [`TableError::FilterByAnswer`] and [`TableError::UnknownBand`]; [`TableError::Counting`] is a defect.
pub fn response_rates(snapshot: &Snapshot, request: &RateRequest) -> Result<RateTable, TableError> {
    let mut only = Vec::new();
    for filter in &request.filters {
        if let Filter::Answer { question, .. } = filter {
            return Err(TableError::FilterByAnswer {
                question: question.to_string(),
            });
        }
        only.push(filter.condition(snapshot.survey(), &request.banding)?);
    }
    let attributes = request.by.attributes();
    let count = |frame| {
        cube::count(frame, &request.area, &request.banding, &attributes, &only, &[Measure::Rows])
            .map_err(|error| TableError::Counting(error.to_string()))
    };
    let columns = snapshot.columns();
    let (targets, responses) = (count(&columns.frame)?, count(&columns.responses)?);
    let rows = |by: By| -> Vec<RateRow> {
        let shape = snapshot.shape(&request.area, by, &request.banding);
        let (targets, responses) = (shape.fold(&targets), shape.fold(&responses));
        let counted = targets.iter().flatten().zip(responses.iter().flatten());
        let row = |(names, (targets, responses)): (&Arc<RowNames>, (&u64, &u64))| RateRow {
            names: Arc::clone(names),
            targets: *targets,
            responses: *responses,
            percent: percent(*responses, *targets),
        };
        shape.names().zip(counted).map(row).collect()
    };
    Ok(RateTable {
        survey: snapshot.survey().id().as_str().to_owned(),
        area: request.area.clone(),
        by: request.by,
        banding: request.banding.clone(),
        filters: request.filters.clone(),
        as_of: snapshot.as_of(),
        rows: rows(request.by),
        // Of no dimensions there is one row.
        total: rows(By::AREA).pop().unwrap_or_default(),
    })
}
