//! Intervals for shares and for differences of shares. Knows no design: it gets estimates and variances.

use super::real;
use serde::Serialize;

/// The 97.5 % point of the standard normal distribution: intervals are two-sided at 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Two limits, lower first. Of a share between 0 and 1, of a difference between -1 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// The size of a simple random sample, drawn with replacement, that would know the share as well: p (1 - p) / v. Where the variance is 0,
/// because all answered alike, n / (1 - f) with f the part of the weighted base that answered; `None` where f is 1.
pub(super) fn effective_size(share: f64, variance: f64, base: u64, weighted_base: f64) -> Option<f64> {
    if variance > 0.0 {
        return Some(share * (1.0 - share) / variance);
    }
    let base = real(base);
    // n / (1 - n/N) without the rounding of 1 - f.
    (weighted_base > base).then(|| base * weighted_base / (weighted_base - base))
}

/// Wilson's score interval (1927) at 95 % for a share known as well as from `size` independent draws.
pub(super) fn wilson(share: f64, size: f64) -> Interval {
    let square = Z_95 * Z_95;
    let scale = 1.0 + square / size;
    let centre = (share + square / (2.0 * size)) / scale;
    let half = Z_95 / scale * (share * (1.0 - share) / size + square / (4.0 * size * size)).sqrt();
    Interval {
        // At the ends the limit is the end itself; rounding would put it a hair beside.
        low: if share <= 0.0 { 0.0 } else { (centre - half).max(0.0) },
        high: if share >= 1.0 { 1.0 } else { (centre + half).min(1.0) },
    }
}

/// An estimate with limits of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limited {
    pub(super) share: f64,
    pub(super) interval: Interval,
}

/// Limits of `one - other` from the limits of the two and the correlation of the estimates (square-and-add: Newcombe 1998, Zou and Donner 2008).
/// Unlike estimate +- 1.96 SE they are not of length 0 where both shares are 0 or 1.
pub(super) fn difference(one: Limited, other: Limited, correlation: f64) -> Interval {
    let distance = |this: f64, that: f64| (this * this - 2.0 * correlation * this * that + that * that).max(0.0).sqrt();
    let between = one.share - other.share;
    let below = distance(one.share - one.interval.low, other.interval.high - other.share);
    let above = distance(one.interval.high - one.share, other.share - other.interval.low);
    Interval {
        low: (between - below).max(-1.0),
        high: (between + above).min(1.0),
    }
}
