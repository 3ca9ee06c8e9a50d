//! Counting in polars: how many rows of each prefecture and band satisfy each measure, in one pass. Knows neither questions nor percentages.

use crate::columns::{self, PREFECTURE};
use polars::prelude::{Column, DataFrame, DataType, Expr, IntoLazy, PolarsError, PolarsResult, col, len, lit};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::band::Banding;

/// A group of rows that fall together: prefecture number and index of the band.
pub(crate) type Cell = (u8, u8);

/// What one number of a cell counts.
pub(crate) enum Measure {
    /// Every row.
    Rows,
    /// Rows whose byte in this slot equals the code.
    Equal { slot: usize, code: u8 },
    /// Rows whose byte in this slot is at least the code.
    AtLeast { slot: usize, code: u8 },
}

impl Measure {
    /// The rows that satisfy the measure.
    fn condition(&self) -> Expr {
        match self {
            Measure::Rows => lit(true),
            Measure::Equal { slot, code } => col(columns::slot_column(*slot)).eq(lit(*code)),
            Measure::AtLeast { slot, code } => col(columns::slot_column(*slot)).gt_eq(lit(*code)),
        }
    }

    /// The measure as an i64: a u32 count wraps silently once something is taken from it (polars#18054, #28660).
    fn expression(&self, name: usize) -> Expr {
        let counted = match self {
            Measure::Rows => len().cast(DataType::Int64),
            Measure::Equal { .. } | Measure::AtLeast { .. } => self.condition().cast(DataType::Int64).sum(),
        };
        counted.alias(measure_column(name))
    }
}

fn measure_column(index: usize) -> String {
    format!("measure_{index}")
}

/// The measures of every cell that has rows in the area; cells without rows are absent. Group order is not stable in polars: the map sorts.
pub(crate) fn count(
    frame: &DataFrame,
    area: &Area,
    banding: Banding,
    only: Option<&Measure>,
    measures: &[Measure],
) -> Result<BTreeMap<Cell, Vec<u64>>, PolarsError> {
    let band = columns::band_column(banding);
    let rows = match columns::inside(area) {
        Some(condition) => frame.clone().lazy().filter(condition),
        None => frame.clone().lazy(),
    };
    let rows = match only {
        Some(measure) => rows.filter(measure.condition()),
        None => rows,
    };
    let expressions: Vec<Expr> = measures
        .iter()
        .enumerate()
        .map(|(index, measure)| measure.expression(index))
        .collect();
    let counted = rows.group_by([col(PREFECTURE), col(band)]).agg(expressions).collect()?;

    let keys: Vec<Cell> = bytes(counted.column(PREFECTURE)?)?
        .into_iter()
        .zip(bytes(counted.column(band)?)?)
        .collect();
    let mut cells: BTreeMap<Cell, Vec<u64>> = keys.iter().map(|key| (*key, Vec::with_capacity(measures.len()))).collect();
    for index in 0..measures.len() {
        let values = counts(counted.column(&measure_column(index))?)?;
        for (key, value) in keys.iter().zip(values) {
            if let Some(cell) = cells.get_mut(key) {
                cell.push(value);
            }
        }
    }
    Ok(cells)
}

fn bytes(column: &Column) -> PolarsResult<Vec<u8>> {
    Ok(column.u8()?.iter().flatten().collect())
}

fn counts(column: &Column) -> PolarsResult<Vec<u64>> {
    Ok(column
        .i64()?
        .iter()
        .map(|value| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0))
        .collect())
}
