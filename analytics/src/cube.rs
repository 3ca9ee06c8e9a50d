//! Counting: how many rows of each finest cell satisfy each measure, in one pass. The kernel counts where it can, polars the rest. Knows neither
//! questions nor percentages.

use crate::attributes;
use crate::columns::{self, Columns, MUNICIPALITY, PREFECTURE};
use crate::kernel;
use polars::prelude::{Column, DataFrame, DataType, Expr, IntoLazy, PolarsError, PolarsResult, col, len};
use survey::area::Area;
use survey::attribute::Attribute;
use survey::band::Banding;
use survey::bands::Bands;
use survey::codes::FIRST_OPTION;

/// Name of the column that the banding is cut into.
const BAND: &str = "band";
/// Name of the column of survey bands.
const STRATUM: &str = "stratum";

/// A group of rows that fall together in every table: no dimension tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    /// 1 to 47.
    pub(crate) prefecture: u8,
    /// Five digits as a number; 0 where it is not known.
    pub(crate) municipality: u32,
    /// Index into the banding.
    pub(crate) band: u8,
    /// Index of the survey band: with the prefecture the stratum that weights are made in, whatever the banding is.
    pub(crate) stratum: u8,
    /// Of the attributes asked for, in their order; 0 where the frame does not say, and beyond the last one.
    pub(crate) attributes: [u32; 3],
}

/// Cells that have rows, ascending, and of each one number a measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    cells: Vec<Cell>,
    /// Those of a cell after those of the cell before.
    numbers: Vec<u64>,
    measures: usize,
}

impl Counts {
    pub(crate) fn new(measures: usize) -> Counts {
        Counts {
            cells: Vec::new(),
            numbers: Vec::new(),
            measures,
        }
    }

    /// More of the last cell, or of one after it.
    pub(crate) fn add(&mut self, cell: Cell, numbers: impl Iterator<Item = u64>) {
        if self.cells.last() != Some(&cell) {
            self.cells.push(cell);
            self.numbers.resize(self.numbers.len() + self.measures, 0);
        }
        let own = self.numbers.len().saturating_sub(self.measures);
        for (sum, number) in self.numbers.iter_mut().skip(own).zip(numbers) {
            *sum += number;
        }
    }

    pub(crate) fn measures(&self) -> usize {
        self.measures
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Cell, &[u64])> {
        self.cells.iter().copied().zip(self.numbers.chunks(self.measures.max(1)))
    }
}

/// What one number of a cell counts.
pub(crate) enum Measure {
    /// Every row.
    Rows,
    /// Rows with this byte in a slot.
    Code { slot: usize, code: u8 },
    /// Rows with the byte of an option in a slot.
    Answered { slot: usize },
    /// Rows with the byte of another option than these in a slot.
    Other { slot: usize, than: Vec<u8> },
    /// Rows for which this holds.
    Where(Expr),
}

/// What tells the cells of a count apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Prefecture, band and stratum; the municipality of a cell may be 0 whatever it is.
    PrefectureBand,
    /// Everything that a cell has.
    Finest,
}

impl Measure {
    /// The measure as an i64: a u32 count wraps silently once something is taken from it (polars#18054, #28660).
    fn expression(&self, name: usize) -> Expr {
        let sum = |condition: Expr| condition.cast(DataType::Int64).sum();
        let counted = match self {
            Measure::Rows => len().cast(DataType::Int64),
            Measure::Code { slot, code } => sum(columns::slot_is(*slot, *code)),
            Measure::Answered { slot } => sum(columns::slot_from(*slot, FIRST_OPTION)),
            Measure::Other { slot, than } => sum(than.iter().fold(columns::slot_from(*slot, FIRST_OPTION), |other, code| {
                other.and(columns::slot_is(*slot, *code).not())
            })),
            Measure::Where(condition) => sum(condition.clone()),
        };
        counted.alias(measure_column(name))
    }
}

fn measure_column(index: usize) -> String {
    format!("measure_{index}")
}

/// The measures of the responses, as [`count`] gives them, by the kernel where it can. Of so many rows and more it counts on all cores.
pub(crate) fn count_responses(
    columns: &Columns,
    (detail, spread_from): (Detail, usize),
    area: &Area,
    bands: &Bands,
    attributes: &[&'static Attribute],
    only: &[Expr],
    measures: &[Measure],
) -> Result<Counts, PolarsError> {
    if detail == Detail::PrefectureBand
        && only.is_empty()
        && let Some(cells) = count_stretches((columns, spread_from), area, bands, measures)
    {
        return Ok(cells);
    }
    count(&columns.responses, area, bands, attributes, only, measures)
}

/// By the kernel; `None` if it cannot.
fn count_stretches((columns, spread_from): (&Columns, usize), area: &Area, bands: &Bands, measures: &[Measure]) -> Option<Counts> {
    let inside = match area {
        Area::Nation => None,
        Area::Prefecture(prefecture) => Some(prefecture.number()),
        Area::Municipality(_) => return None,
    };
    let classes = classes(bands);
    let cell = |prefecture: u8, beds: u16| {
        let step = classes.partition_point(|(bound, ..)| *bound <= beds).saturating_sub(1);
        let (_, band, stratum) = classes.get(step).copied().unwrap_or_default();
        inside.is_none_or(|inside| inside == prefecture).then_some(Cell {
            prefecture,
            municipality: 0,
            band,
            stratum,
            attributes: [attributes::NOT_SAID; 3],
        })
    };
    let places = kernel::Places {
        bounds: classes.iter().map(|(bound, ..)| *bound).collect(),
        cell,
    };
    kernel::count(
        (&columns.stretches, spread_from),
        &places,
        |slot| columns::bytes(&columns.responses, slot),
        measures,
    )
}

/// Every number of beds from which on a band or a stratum is another one, ascending, with both. Asked once for each stretch.
fn classes(bands: &Bands) -> Vec<(u16, u8, u8)> {
    let strata = Bands::from(Banding::Survey);
    let class = |bands: &Bands, beds: u16| {
        let reached = bands.lower_bounds().iter().filter(|bound| beds >= **bound).count();
        u8::try_from(reached.saturating_sub(1)).unwrap_or(u8::MAX)
    };
    let mut bounds = [bands.lower_bounds(), strata.lower_bounds()].concat();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
        .into_iter()
        .map(|beds| (beds, class(bands, beds), class(&strata, beds)))
        .collect()
}

/// The measures of every cell that has rows in the area for which all of `only` holds; cells without rows are absent. Group order is not stable
/// in polars.
pub(crate) fn count(
    frame: &DataFrame,
    area: &Area,
    bands: &Bands,
    attributes: &[&'static Attribute],
    only: &[Expr],
    measures: &[Measure],
) -> Result<Counts, PolarsError> {
    let rows = columns::inside(area)
        .into_iter()
        .chain(only.iter().cloned())
        .fold(frame.clone().lazy(), |rows, condition| rows.filter(condition));
    let expressions: Vec<Expr> = measures
        .iter()
        .enumerate()
        .map(|(index, measure)| measure.expression(index))
        .collect();
    let stratum = columns::band(&Bands::from(Banding::Survey)).alias(STRATUM);
    let places = [col(PREFECTURE), col(MUNICIPALITY), columns::band(bands).alias(BAND), stratum];
    let said = attributes.iter().map(|attribute| col(attributes::column(attribute)));
    let keys: Vec<Expr> = places.into_iter().chain(said).collect();
    let counted = rows.group_by(keys).agg(expressions).collect()?;
    let keys = cells(&counted, attributes)?;
    let columns = (0..measures.len()).map(|index| counts(counted.column(&measure_column(index))?));
    let columns = columns.collect::<PolarsResult<Vec<Vec<u64>>>>()?;
    let mut order: Vec<(Cell, usize)> = keys.into_iter().zip(0..).collect();
    order.sort_unstable();
    let mut counts = Counts::new(measures.len());
    for (cell, row) in order {
        counts.add(cell, columns.iter().map(|column| column.get(row).copied().unwrap_or_default()));
    }
    Ok(counts)
}

fn cells(counted: &DataFrame, attributes: &[&'static Attribute]) -> PolarsResult<Vec<Cell>> {
    let prefectures = counted.column(PREFECTURE)?.u8()?;
    let municipalities = counted.column(MUNICIPALITY)?.u32()?;
    let bands = counted.column(BAND)?.u8()?;
    let strata = counted.column(STRATUM)?.u8()?;
    let numbers = prefectures
        .iter()
        .flatten()
        .zip(municipalities.iter().flatten())
        .zip(bands.iter().flatten().zip(strata.iter().flatten()));
    let mut cells: Vec<Cell> = numbers
        .map(|((prefecture, municipality), (band, stratum))| Cell {
            prefecture,
            municipality,
            band,
            stratum,
            attributes: [attributes::NOT_SAID; 3],
        })
        .collect();
    for (place, attribute) in attributes.iter().enumerate() {
        let values = counted.column(&attributes::column(attribute))?.u32()?;
        for (cell, value) in cells.iter_mut().zip(values.iter().flatten()) {
            if let Some(own) = cell.attributes.get_mut(place) {
                *own = value;
            }
        }
    }
    Ok(cells)
}

fn counts(column: &Column) -> PolarsResult<Vec<u64>> {
    Ok(column
        .i64()?
        .iter()
        .map(|value| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0))
        .collect())
}
