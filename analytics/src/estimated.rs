//! Estimates as they are handed out: percent with one decimal, standard errors with two. Estimates nothing itself.

use crate::estimate::{Precision, Proportion};
use serde::{Deserialize, Serialize};

/// How well an estimate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Every hospital concerned answered: no sampling error and no interval.
    Complete,
    /// From a part of the hospitals: standard error and interval are given.
    Sampled,
    /// Too few answered to say.
    Unknown,
}

/// A weighted share of all hospitals of the frame, in percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate, one decimal.
    pub percent: f64,
    /// How well it is known.
    pub known: Known,
    /// In percentage points, two decimals; only where it is sampled.
    pub standard_error: Option<f64>,
    /// Lower limit at 95 %, one decimal; only where it is sampled.
    pub low: Option<f64>,
    /// Upper limit at 95 %, one decimal; only where it is sampled.
    pub high: Option<f64>,
}

impl Estimate {
    pub(crate) fn new(proportion: &Proportion) -> Estimate {
        let (known, limits) = match proportion.precision {
            Precision::Complete => (Known::Complete, None),
            Precision::Unknown => (Known::Unknown, None),
            Precision::Sampled {
                standard_error, interval, ..
            } => (Known::Sampled, Some((standard_error, interval))),
        };
        Estimate {
            percent: tenths(proportion.share),
            known,
            standard_error: limits.map(|(error, _)| hundredths(error)),
            low: limits.map(|(_, interval)| tenths(interval.low)),
            high: limits.map(|(_, interval)| tenths(interval.high)),
        }
    }
}

/// A share as percent with one decimal. Adding 0 turns -0 into 0, which would be printed with its sign.
pub(crate) fn tenths(share: f64) -> f64 {
    (share * 1_000.0).round() / 10.0 + 0.0
}

/// A share as percent with two decimals: the errors of large surveys are small.
pub(crate) fn hundredths(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0 + 0.0
}
