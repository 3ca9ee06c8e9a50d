//! The difference of one share between two surveys, for all hospitals of either frame. The hospitals that answered both make the two estimates
//! correlated; how much is estimated from them. Decides not what may be compared: that is the crosswalk's.

use super::design::Design;
use super::interval::{Interval, difference};
use super::proportion::{EstimateError, Part, Precision, Proportion};
use super::{Cell, real};
use serde::Serialize;
use std::collections::BTreeMap;

/// One survey of the two: its design, and base and count by cell.
#[derive(Debug, Clone, Copy)]
pub struct Year<'a> {
    /// Frame, respondents and weights of the survey.
    pub design: &'a Design,
    /// The share's counts in the domain.
    pub parts: &'a BTreeMap<Cell, Part>,
}

/// What two surveys have in common in one cell of the earlier and one of the later frame (mostly the same cell).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Both {
    /// Hospitals that are in both frames.
    pub hospitals: u64,
    /// Those that answered both, by what they are in the earlier survey (row) and in the later (column): 0 outside of the base or of the
    /// domain, 1 in the base and not counted, 2 counted.
    pub states: [[u64; 3]; 3],
}

impl Both {
    /// Hospitals that answered both surveys.
    pub fn answered(&self) -> u64 {
        self.states.iter().flatten().sum()
    }

    fn add(&mut self, other: &Both) {
        self.hospitals += other.hospitals;
        for (sum, state) in self.states.iter_mut().flatten().zip(other.states.iter().flatten()) {
            *sum += state;
        }
    }

    /// Hospitals by state in the earlier survey.
    fn earlier(&self) -> [u64; 3] {
        self.states.map(|row| row.iter().sum())
    }

    /// Hospitals by state in the later survey.
    fn later(&self) -> [u64; 3] {
        let mut sums = [0; 3];
        for row in &self.states {
            for (sum, state) in sums.iter_mut().zip(row) {
                *sum += state;
            }
        }
        sums
    }
}

/// A difference of two shares and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// Later minus earlier, between -1 and 1.
    pub value: f64,
    /// How well it is known.
    pub precision: DifferencePrecision,
}

/// How well a difference is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DifferencePrecision {
    /// Every hospital answered both times.
    Complete,
    /// Known from a part of the hospitals.
    Sampled {
        /// Of the two estimates; 0 where nobody answered both, or nothing is said about it.
        correlation: f64,
        /// Square root of the two variances less twice the covariance.
        standard_error: f64,
        /// Square-and-add on the intervals of the two, with the correlation, at 95 %.
        interval: Interval,
    },
    /// One of the two has no variance.
    Unknown,
}

/// One share in two surveys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// In the earlier survey.
    pub earlier: Proportion,
    /// In the later survey.
    pub later: Proportion,
    /// Later minus earlier.
    pub difference: Difference,
}

/// Compares a share between two surveys; `None` where one of them has nobody in the base. An empty `both` takes the two samples as independent,
/// which makes the standard error too large where mostly the same hospitals answered alike.
///
/// # Errors
/// [`EstimateError`]: counts that do not fit their design or each other.
pub fn change(earlier: Year, later: Year, both: &BTreeMap<(Cell, Cell), Both>) -> Result<Option<Change>, EstimateError> {
    fit(
        earlier,
        both.iter().map(|((cell, _), both)| (*cell, both.hospitals, both.earlier())),
    )?;
    fit(later, both.iter().map(|((_, cell), both)| (*cell, both.hospitals, both.later())))?;
    let (Some(one), Some(two)) = (earlier.design.proportion(earlier.parts)?, later.design.proportion(later.parts)?) else {
        return Ok(None);
    };
    let covariance = covariance(Linearised::new(earlier, &one), Linearised::new(later, &two), both);
    Ok(Some(Change {
        difference: between(&two, &one, covariance),
        earlier: one,
        later: two,
    }))
}

/// `one - other` with its precision. A covariance beyond what two variances allow (it is estimated from other hospitals than they) is cut.
pub(super) fn between(one: &Proportion, other: &Proportion, covariance: f64) -> Difference {
    let precision = match (one.precision, other.precision, one.variance(), other.variance()) {
        (Precision::Complete, Precision::Complete, ..) => DifferencePrecision::Complete,
        (_, _, Some(first), Some(second)) => {
            let most = (first * second).sqrt();
            let covariance = covariance.clamp(-most, most);
            let correlation = if most > 0.0 { covariance / most } else { 0.0 };
            DifferencePrecision::Sampled {
                correlation,
                standard_error: (first + second - 2.0 * covariance).max(0.0).sqrt(),
                interval: difference(one.limited(), other.limited(), correlation),
            }
        }
        _ => DifferencePrecision::Unknown,
    };
    Difference {
        value: one.share - other.share,
        precision,
    }
}

/// The values whose weighted sum varies as the share does: (y - p x) / X, less their mean in the group.
struct Linearised<'a> {
    design: &'a Design,
    /// Of a hospital outside of the base, in it and not counted, counted.
    values: [f64; 3],
    /// By index of the group; groups without base are absent and have mean 0.
    means: BTreeMap<usize, f64>,
}

impl<'a> Linearised<'a> {
    fn new(year: Year<'a>, proportion: &Proportion) -> Linearised<'a> {
        let (share, base) = (proportion.share, proportion.weighted_base);
        let (no, yes) = (-share / base, (1.0 - share) / base);
        let mut means: BTreeMap<usize, f64> = BTreeMap::new();
        for (cell, part) in year.parts {
            if let (Some(index), Some(group)) = (year.design.index(*cell), year.design.group(*cell))
                && group.respondents > 0
            {
                let sum = real(part.count) * yes + real(part.base - part.count) * no;
                *means.entry(index).or_default() += sum / real(group.respondents);
            }
        }
        Linearised {
            design: year.design,
            values: [0.0, no, yes],
            means,
        }
    }

    /// The deviations of the three states from the mean of a group.
    fn deviations(&self, group: usize) -> [f64; 3] {
        let mean = self.means.get(&group).copied().unwrap_or(0.0);
        self.values.map(|value| value - mean)
    }
}

/// Covariance of the two shares from the hospitals that answered both (`docs/methods.md`, Change between two surveys). With one group, one frame
/// and fixed sizes it is without bias (Tam 1984); pairs of groups in which nobody answered both say nothing and are left out.
fn covariance(earlier: Linearised, later: Linearised, both: &BTreeMap<(Cell, Cell), Both>) -> f64 {
    let mut pairs: BTreeMap<(usize, usize), Both> = BTreeMap::new();
    let mut common: BTreeMap<usize, Both> = BTreeMap::new();
    for ((one, two), counts) in both {
        if let (Some(one), Some(two)) = (earlier.design.index(*one), later.design.index(*two)) {
            pairs.entry((one, two)).or_default().add(counts);
            common.entry(one).or_default().add(counts);
        }
    }
    let mut sum = 0.0;
    for ((one, two), counts) in &pairs {
        let (Some(first), Some(second), Some(common)) =
            (earlier.design.groups().get(*one), later.design.groups().get(*two), common.get(one))
        else {
            continue;
        };
        let (Some(first_weight), Some(second_weight)) = (first.weight(), second.weight()) else {
            continue;
        };
        if counts.answered() == 0 || first.respondents < 2 || second.respondents < 2 {
            continue;
        }
        let (n_first, n_second) = (real(first.respondents), real(second.respondents));
        let unbiased = n_first * n_second / ((n_first - 1.0) * (n_second - 1.0) + real(counts.answered()) - 1.0);
        let surplus = first_weight * second_weight - real(common.hospitals) / real(common.answered());
        let (rows, columns) = (earlier.deviations(*one), later.deviations(*two));
        let products = counts.states.iter().zip(rows).map(|(row, first)| {
            let second: f64 = row
                .iter()
                .zip(columns)
                .map(|(respondents, second)| real(*respondents) * second)
                .sum();
            first * second
        });
        sum += surplus * unbiased * products.sum::<f64>();
    }
    sum
}

/// Whether what is in common is contained in one survey: hospitals in its frame, respondents in its respondents, base and count in its counts.
fn fit(year: Year, common: impl Iterator<Item = (Cell, u64, [u64; 3])>) -> Result<(), EstimateError> {
    let mut sums: BTreeMap<Cell, (u64, [u64; 3])> = BTreeMap::new();
    for (cell, hospitals, states) in common {
        let sum = sums.entry(cell).or_default();
        sum.0 += hospitals;
        for (sum, state) in sum.1.iter_mut().zip(states) {
            *sum += state;
        }
    }
    for (cell, (hospitals, [outside, no, yes])) in sums {
        let (size, part) = (year.design.size(cell), year.parts.get(&cell).copied().unwrap_or_default());
        year.design.fits(cell, part.base)?;
        super::proportion::within(cell, part.count, part.base)?;
        let limits = [
            ("hospitals", hospitals, size.hospitals),
            ("answered, of the hospitals in common", outside + no + yes, hospitals),
            ("outside of the base", outside, size.respondents - part.base),
            ("in the base, not counted", no, part.base - part.count),
            ("counted", yes, part.count),
        ];
        for (what, common, own) in limits {
            if common > own {
                return Err(EstimateError::MoreInCommon {
                    prefecture: cell.0,
                    band: cell.1,
                    what,
                    common,
                    own,
                });
            }
        }
    }
    Ok(())
}
