//! Two machine files of the same numbers, compared value by value: columns may have come since, rows may have changed their order.

use super::{ReportError, csv_error};
use serde::Serialize;
use std::collections::BTreeMap;

/// The columns that hold what was observed; all others say of what.
const OBSERVED: [&str; 2] = ["value", "value_state"];

/// A number that is not the same in both files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataDifference {
    /// Of what: the columns of the first file that say so, each as `column=value`.
    pub of: Vec<String>,
    /// Value and state in the first file; `None`: it has no such row.
    pub first: Option<(String, String)>,
    /// Value and state in the second.
    pub second: Option<(String, String)>,
}

type Rows = BTreeMap<Vec<String>, (String, String)>;

/// How many numbers the first file has, and each that is another or missing in the second, or that only the second has. Columns that only the second
/// file has are not looked at.
///
/// # Errors
/// [`ReportError::Csv`] if one of them is no such file.
pub fn compare_data(first: &[u8], second: &[u8]) -> Result<(usize, Vec<DataDifference>), ReportError> {
    let columns = columns(first)?;
    let (first, mut second) = (rows(first, &columns)?, rows(second, &columns)?);
    let compared = first.len();
    let mut differences = Vec::new();
    for (key, value) in first {
        let other = second.remove(&key);
        if other.as_ref() != Some(&value) {
            differences.push(difference(&columns, key, Some(value), other));
        }
    }
    differences.extend(second.into_iter().map(|(key, value)| difference(&columns, key, None, Some(value))));
    Ok((compared, differences))
}

fn difference(columns: &[String], key: Vec<String>, first: Option<(String, String)>, second: Option<(String, String)>) -> DataDifference {
    let of = columns.iter().zip(key).map(|(column, value)| format!("{column}={value}"));
    DataDifference {
        of: of.collect(),
        first,
        second,
    }
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::Reader::from_reader(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

/// The columns of a file that say of what a value is.
fn columns(bytes: &[u8]) -> Result<Vec<String>, ReportError> {
    let mut reader = reader(bytes);
    let header = reader.headers().map_err(csv_error)?;
    Ok(header.iter().filter(|name| !OBSERVED.contains(name)).map(str::to_owned).collect())
}

fn rows(bytes: &[u8], columns: &[String]) -> Result<Rows, ReportError> {
    let mut reader = reader(bytes);
    let header = reader.headers().map_err(csv_error)?.clone();
    let place = |name: &str| {
        let place = header.iter().position(|other| other == name);
        place.ok_or_else(|| ReportError::Csv(format!("there is no column {name}")))
    };
    let places = columns.iter().map(|name| place(name)).collect::<Result<Vec<_>, _>>()?;
    let [value, state] = OBSERVED.map(place);
    let (value, state) = (value?, state?);
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let field = |place: usize| record.get(place).unwrap_or_default().to_owned();
        let key = places.iter().map(|place| field(*place)).collect();
        if rows.insert(key, (field(value), field(state))).is_some() {
            return Err(ReportError::Csv(format!(
                "line {} says again what an earlier one says",
                record.position().map_or(0, csv::Position::line)
            )));
        }
    }
    Ok(rows)
}
