//! A share of all hospitals of the frame, by the ratio estimator, with its precision. Knows no questions: only a base and a part of it.

use super::design::Design;
use super::interval::{Interval, Limited, effective_size, wilson};
use super::linear::{Tally, covariance};
use super::{Cell, real};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why counts do not fit the design that they are estimated with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// More hospitals are counted in a cell than answered there.
    #[error("prefecture {prefecture}, band {band}: {counted} hospitals are counted, {respondents} answered")]
    MoreThanRespondents {
        /// Number of the prefecture.
        prefecture: u8,
        /// Index of the survey band.
        band: u8,
        /// Hospitals counted.
        counted: u64,
        /// Hospitals that answered.
        respondents: u64,
    },
    /// A part is larger than the whole that it is a part of.
    #[error("prefecture {prefecture}, band {band}: {part} is more than the base {base}")]
    PartAboveBase {
        /// Number of the prefecture.
        prefecture: u8,
        /// Index of the survey band.
        band: u8,
        /// The part.
        part: u64,
        /// What it should be a part of.
        base: u64,
    },
    /// Answered, blank, no answer and not asked are not n.
    #[error("prefecture {prefecture}, band {band}: the states add up to {states}, n is {n}")]
    StatesDoNotAddUp {
        /// Number of the prefecture.
        prefecture: u8,
        /// Index of the survey band.
        band: u8,
        /// Sum of the states.
        states: u64,
        /// Counted submissions.
        n: u64,
    },
    /// What two surveys have in common is more than one of them has.
    #[error("prefecture {prefecture}, band {band}: {common} hospitals are in common ({what}), the survey itself has {own}")]
    MoreInCommon {
        /// Number of the prefecture.
        prefecture: u8,
        /// Index of the survey band.
        band: u8,
        /// What was counted.
        what: &'static str,
        /// Counted in both surveys.
        common: u64,
        /// Counted in the one.
        own: u64,
    },
}

/// Hospitals of a cell, or of the part of it that lies in a domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// Hospitals that the share divides by.
    pub base: u64,
    /// Those of them that are counted.
    pub count: u64,
}

/// How well a share is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Precision {
    /// Every hospital of all cells concerned answered: the share has no sampling error and no interval.
    Complete,
    /// Known from a part of the hospitals.
    Sampled {
        /// Linearised, with finite-population correction.
        variance: f64,
        /// Square root of the variance.
        standard_error: f64,
        /// n*, hospitals: see `docs/methods.md`.
        effective_size: f64,
        /// Wilson's at 95 %.
        interval: Interval,
    },
    /// The nation has one respondent, so that nothing is known about how hospitals differ.
    Unknown,
}

/// A share, unweighted and weighted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proportion {
    /// Hospitals that the unweighted share divides by.
    pub base: u64,
    /// Hospitals counted of them.
    pub count: u64,
    /// `count / base`, unrounded.
    pub unweighted: f64,
    /// Estimated hospitals of the frame in the base.
    pub weighted_base: f64,
    /// Estimated hospitals of the frame counted of them.
    pub weighted_count: f64,
    /// `weighted_count / weighted_base`: the estimate.
    pub share: f64,
    /// How well it is known.
    pub precision: Precision,
    /// The groups of more than one cell that the base touches, as indices into [`Design::groups`].
    pub merged: Vec<usize>,
}

impl Proportion {
    /// Variance of [`Proportion::share`]; `None` where it is unknown.
    pub fn variance(&self) -> Option<f64> {
        match self.precision {
            Precision::Complete => Some(0.0),
            Precision::Sampled { variance, .. } => Some(variance),
            Precision::Unknown => None,
        }
    }

    /// The share with its limits; a complete one is its own limit.
    pub(super) fn limited(&self) -> Limited {
        let interval = match self.precision {
            Precision::Sampled { interval, .. } => interval,
            Precision::Complete | Precision::Unknown => Interval {
                low: self.share,
                high: self.share,
            },
        };
        Limited {
            share: self.share,
            interval,
        }
    }
}

impl Design {
    /// The share of `count` in `base` over all hospitals of the frame that belong to the domain. A domain (nation, region, band, municipality,
    /// hospitals with another answer) is made by counting only its hospitals, or by leaving cells out; the design stays that of the survey.
    /// `None` where no respondent is in the base.
    ///
    /// # Errors
    /// [`EstimateError`]: counts that cannot be of this design's respondents.
    pub fn proportion(&self, parts: &BTreeMap<Cell, Part>) -> Result<Option<Proportion>, EstimateError> {
        for (cell, part) in parts {
            self.fits(*cell, part.base)?;
            within(*cell, part.count, part.base)?;
        }
        let mut sums: BTreeMap<usize, Part> = BTreeMap::new();
        for (index, part) in parts.iter().filter_map(|(cell, part)| Some((self.index(*cell)?, part))) {
            let sum = sums.entry(index).or_default();
            sum.base += part.base;
            sum.count += part.count;
        }
        sums.retain(|_, sum| sum.base > 0);
        Ok((!sums.is_empty()).then(|| self.ratio(&sums)))
    }

    fn ratio(&self, sums: &BTreeMap<usize, Part>) -> Proportion {
        let groups = || sums.iter().filter_map(|(index, sum)| Some((self.groups().get(*index)?, *sum)));
        let weighted = |part: fn(Part) -> u64| {
            groups()
                .filter_map(|(group, sum)| Some(group.weight()? * real(part(sum))))
                .sum::<f64>()
        };
        let counted = |part: fn(Part) -> u64| sums.values().copied().map(part).sum::<u64>();
        let (base, count) = (counted(|sum| sum.base), counted(|sum| sum.count));
        let (weighted_base, weighted_count) = (weighted(|sum| sum.base), weighted(|sum| sum.count));
        let share = weighted_count / weighted_base;
        let values = |sum: Part| [(sum.count, 1.0 - share), (sum.base - sum.count, -share)];
        let tallies = |sum: Part| {
            let tally = |(respondents, value): (u64, f64)| Tally {
                respondents,
                first: value / weighted_base,
                second: value / weighted_base,
            };
            values(sum).map(tally).to_vec()
        };
        let precision = if groups().all(|(group, _)| group.is_complete()) {
            Precision::Complete
        } else {
            covariance(groups().map(|(group, sum)| (group, tallies(sum))))
                .and_then(|variance| sampled(share, variance, base, weighted_base))
                .unwrap_or(Precision::Unknown)
        };
        let merged = sums
            .keys()
            .copied()
            .filter(|index| self.groups().get(*index).is_some_and(|group| group.cells.len() > 1));
        Proportion {
            base,
            count,
            unweighted: real(count) / real(base),
            weighted_base,
            weighted_count,
            share,
            precision,
            merged: merged.collect(),
        }
    }

    /// Whether so many hospitals can have answered in the cell.
    pub(super) fn fits(&self, cell: Cell, counted: u64) -> Result<(), EstimateError> {
        let respondents = self.size(cell).respondents;
        if counted > respondents {
            return Err(EstimateError::MoreThanRespondents {
                prefecture: cell.0,
                band: cell.1,
                counted,
                respondents,
            });
        }
        Ok(())
    }
}

fn sampled(share: f64, variance: f64, base: u64, weighted_base: f64) -> Option<Precision> {
    let effective_size = effective_size(share, variance, base, weighted_base)?;
    Some(Precision::Sampled {
        variance,
        standard_error: variance.sqrt(),
        effective_size,
        interval: wilson(share, effective_size),
    })
}

/// Whether a part is no more than its whole.
pub(super) fn within(cell: Cell, part: u64, base: u64) -> Result<(), EstimateError> {
    if part > base {
        return Err(EstimateError::PartAboveBase {
            prefecture: cell.0,
            band: cell.1,
            part,
            base,
        });
    }
    Ok(())
}
