//! The numbers of a trend as they are handed out: counts, percents and points with one decimal. Estimates nothing.

use crate::estimate::{Difference, DifferencePrecision, PanelChange, Proportion, Transitions};
use crate::estimated::{Estimate, Known, hundredths, tenths};
use crate::percent::percent;
use serde::{Deserialize, Serialize};

/// Later minus earlier, weighted, in percentage points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendChange {
    /// The difference of the unrounded estimates, one decimal; positive where the share grew.
    pub points: f64,
    /// How well it is known.
    pub known: Known,
    /// In percentage points, two decimals; only where it is sampled.
    pub standard_error: Option<f64>,
    /// Lower limit at 95 %, one decimal; only where it is sampled.
    pub low: Option<f64>,
    /// Upper limit at 95 %, one decimal; only where it is sampled.
    pub high: Option<f64>,
}

/// A share of yes in one year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendShare {
    /// Counted submissions (hospitals).
    pub n: u64,
    /// Of those, the harmonised base.
    pub base: u64,
    /// Of those, yes.
    pub count: u64,
    /// `count` of `base`, unweighted, one decimal; `None` where the base is 0.
    pub percent: Option<f64>,
    /// For all hospitals of the frame; `None` where the base is 0.
    pub estimate: Option<Estimate>,
}

/// All hospitals, whether they answered once or twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendAll {
    /// The earlier year.
    pub earlier: TrendShare,
    /// The later year.
    pub later: TrendShare,
    /// Later minus earlier; `None` where one of them has no base.
    pub change: Option<TrendChange>,
}

/// The hospitals that answered both surveys. Both years have the same n and the same base: who is in the base of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPanel {
    /// Hospitals that are in both frames: what the panel's estimates speak of.
    pub hospitals: u64,
    /// The earlier year.
    pub earlier: TrendShare,
    /// The later year.
    pub later: TrendShare,
    /// Later minus earlier in the panel; `None` where the base is 0.
    pub change: Option<TrendChange>,
    /// No -> yes.
    pub gained: TrendTransition,
    /// Yes -> no.
    pub lost: TrendTransition,
    /// Yes both times.
    pub stayed_yes: TrendTransition,
    /// No both times. The four add up to the base.
    pub stayed_no: TrendTransition,
}

/// What became of hospitals of the panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendTransition {
    /// Hospitals.
    pub count: u64,
    /// Of the panel's base, unweighted, one decimal; `None` where the base is 0.
    pub percent: Option<f64>,
    /// Of the panel's base, for all hospitals of both frames; given for the two that change.
    pub estimate: Option<Estimate>,
    /// Of those that said the same the first time, for all hospitals of both frames; given for the two that change.
    pub of_earlier: Option<Estimate>,
}

impl TrendAll {
    pub(super) fn new(earlier: (u64, Option<&Proportion>), later: (u64, Option<&Proportion>), change: Option<&Difference>) -> TrendAll {
        TrendAll {
            earlier: TrendShare::new(earlier.0, earlier.1),
            later: TrendShare::new(later.0, later.1),
            change: change.map(TrendChange::new),
        }
    }
}

impl TrendPanel {
    /// Of hospitals in both frames, those that answered both, and their transitions where somebody is in both bases.
    pub(super) fn new(hospitals: u64, n: u64, panel: Option<&PanelChange>) -> TrendPanel {
        let counts = panel.map_or_else(Transitions::default, |panel| panel.counts);
        let transition = |count: u64, estimate: Option<&Proportion>, of_earlier: Option<&Proportion>| TrendTransition {
            count,
            percent: percent(count, counts.base()),
            estimate: estimate.map(Estimate::new),
            of_earlier: of_earlier.map(Estimate::new),
        };
        TrendPanel {
            hospitals,
            earlier: TrendShare::new(n, panel.map(|panel| &panel.earlier)),
            later: TrendShare::new(n, panel.map(|panel| &panel.later)),
            change: panel.map(|panel| TrendChange::new(&panel.net)),
            gained: transition(
                counts.gained,
                panel.map(|panel| &panel.gained),
                panel.and_then(|panel| panel.gained_of_no.as_ref()),
            ),
            lost: transition(
                counts.lost,
                panel.map(|panel| &panel.lost),
                panel.and_then(|panel| panel.lost_of_yes.as_ref()),
            ),
            stayed_yes: transition(counts.stayed_yes, None, None),
            stayed_no: transition(counts.stayed_no, None, None),
        }
    }
}

impl TrendShare {
    fn new(n: u64, proportion: Option<&Proportion>) -> TrendShare {
        let (base, count) = proportion.map_or((0, 0), |found| (found.base, found.count));
        TrendShare {
            n,
            base,
            count,
            percent: percent(count, base),
            estimate: proportion.map(Estimate::new),
        }
    }
}

impl TrendChange {
    fn new(difference: &Difference) -> TrendChange {
        let (known, limits) = match difference.precision {
            DifferencePrecision::Complete => (Known::Complete, None),
            DifferencePrecision::Unknown => (Known::Unknown, None),
            DifferencePrecision::Sampled {
                standard_error, interval, ..
            } => (Known::Sampled, Some((standard_error, interval))),
        };
        TrendChange {
            points: tenths(difference.value),
            known,
            standard_error: limits.map(|(error, _)| hundredths(error)),
            low: limits.map(|(_, interval)| tenths(interval.low)),
            high: limits.map(|(_, interval)| tenths(interval.high)),
        }
    }
}
