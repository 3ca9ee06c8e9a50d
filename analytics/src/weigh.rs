//! Weighted estimates beside the counts of a table: strata from the cells, the design of the survey, and a row's shares. Counts nothing and
//! makes no formula (`estimate` does).

use crate::columns;
use crate::cube::Counts;
use crate::estimate::{self, Design, QuestionCounts};
use crate::estimated::Estimate;
use crate::percent::percent;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::table::{ItemNonresponse, TableError, TableRow};
use polars::prelude::DataFrame;
use std::collections::BTreeMap;
use survey::area::Area;

/// What of a row lies in each prefecture x survey band.
pub(crate) type Strata = BTreeMap<estimate::Cell, Vec<u64>>;

/// The frame of the nation and who answered, with their weights.
pub(crate) fn design(snapshot: &Snapshot) -> Result<Design, TableError> {
    let sizes = |rows: &DataFrame| -> Result<BTreeMap<estimate::Cell, u64>, TableError> {
        let mut sizes = BTreeMap::new();
        for (cell, _) in columns::places(rows, &Area::Nation).map_err(failed)? {
            *sizes.entry(cell).or_default() += 1;
        }
        Ok(sizes)
    };
    let columns = snapshot.columns();
    Design::new(&sizes(&columns.frame)?, &sizes(&columns.responses)?).map_err(failed)
}

/// The measures of all cells by the row that they fall into, and in it by stratum.
pub(crate) fn strata(counts: &Counts, shape: &Shape) -> BTreeMap<usize, Strata> {
    let mut rows: BTreeMap<usize, Strata> = BTreeMap::new();
    for (cell, numbers) in counts.iter() {
        let Some(row) = shape.row(cell) else { continue };
        let row = rows.entry(row).or_default();
        let sums = row.entry((cell.prefecture, cell.stratum)).or_insert_with(|| vec![0; numbers.len()]);
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += number;
        }
    }
    rows
}

/// Puts the estimates into a row that was counted from these strata; of none, there is nothing to estimate.
pub(crate) fn weigh(row: &mut TableRow, design: &Design, strata: Option<&Strata>) -> Result<(), TableError> {
    let Some(strata) = strata else { return Ok(()) };
    let counts = |measures: &Vec<u64>| QuestionCounts::from_measures(measures).unwrap_or_default();
    let cells = strata.iter().map(|(cell, measures)| (*cell, counts(measures))).collect();
    let found = design.question(&cells, |_| true).map_err(failed)?;
    for (option, share) in row.options.iter_mut().zip(&found.options) {
        option.estimate = share.as_ref().map(Estimate::new).map(Box::new);
    }
    let asked = found.counts.asked();
    let count = found.counts.blank + found.counts.no_answer;
    let item = (asked > 0).then(|| ItemNonresponse {
        asked,
        count,
        percent: percent(count, asked),
        estimate: found.item_nonresponse.as_ref().map(Estimate::new),
    });
    row.item_nonresponse = item.map(Box::new);
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> TableError {
    TableError::Counting(error.to_string())
}
