//! The nation's shares of one question, read back from the machine file of a release.

use super::data::BOM;
use super::observations::{ALL, NATION};
use super::{ReportError, csv_error};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The columns that are looked at.
#[derive(Deserialize)]
struct Line {
    question_key: String,
    banding: String,
    area_code: String,
    band_key: String,
    option_key: String,
    metric: String,
    value: Option<f64>,
    value_state: String,
}

/// Percent of each option of a question or indicator over all hospitals of the nation; where there is none, the reason (`suppressed`, `base_zero` ..).
///
/// # Errors
/// [`ReportError::Csv`] if it is no such file.
pub fn national_shares(data_csv: &[u8], question: &str) -> Result<BTreeMap<String, Result<f64, String>>, ReportError> {
    let mut reader = csv::Reader::from_reader(data_csv.strip_prefix(BOM).unwrap_or(data_csv));
    let mut shares = BTreeMap::new();
    for line in reader.deserialize() {
        let line: Line = line.map_err(csv_error)?;
        let is_whole = line.area_code == NATION.0 && line.band_key == ALL && line.banding == ALL;
        if is_whole && line.question_key == question && line.metric == "percent" {
            shares.insert(line.option_key, line.value.ok_or(line.value_state));
        }
    }
    Ok(shares)
}
