//! The nation's shares of every question, read back from the machine file of a release.

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

/// By the key of an option: percent; where there is none, the reason (`suppressed`, `base_zero` ..).
pub type Shares = BTreeMap<String, Result<f64, String>>;

/// By the key of a question or indicator: percent of each option over all hospitals of the nation.
///
/// # Errors
/// [`ReportError::Csv`] if it is no such file.
pub fn national_shares(data_csv: &[u8]) -> Result<BTreeMap<String, Shares>, ReportError> {
    let mut reader = csv::Reader::from_reader(data_csv.strip_prefix(BOM).unwrap_or(data_csv));
    let mut shares: BTreeMap<String, Shares> = BTreeMap::new();
    for line in reader.deserialize() {
        let line: Line = line.map_err(csv_error)?;
        let is_whole = line.area_code == NATION.0 && line.band_key == ALL && line.banding == ALL;
        if is_whole && line.metric == "percent" {
            let question = shares.entry(line.question_key).or_default();
            question.insert(line.option_key, line.value.ok_or(line.value_state));
        }
    }
    Ok(shares)
}
