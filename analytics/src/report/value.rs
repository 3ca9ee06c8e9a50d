//! One value of the machine data: a number with its unit, or the reason why there is none.

use super::page;

/// State of a percentage that has nothing to divide by.
pub(super) const BASE_ZERO: &str = "base_zero";
/// State of a limit of an estimate that has none.
pub(super) const NO_INTERVAL: &str = "no_interval";

/// A count of hospitals, a percentage, or the reason why there is no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Hospitals(u64),
    Percent(f64),
    /// With its unit and state.
    None(&'static str, &'static str),
}

/// Unit of counts.
pub(super) const HOSPITALS: &str = "hospitals";
/// Unit of shares.
pub(super) const PERCENT: &str = "percent";

impl Value {
    pub(super) fn unit(self) -> &'static str {
        match self {
            Value::Hospitals(_) => HOSPITALS,
            Value::Percent(_) => PERCENT,
            Value::None(unit, _) => unit,
        }
    }

    pub(super) fn state(self) -> &'static str {
        match self {
            Value::None(_, state) => state,
            Value::Hospitals(_) | Value::Percent(_) => "value",
        }
    }

    /// The number, if there is one.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Value::Hospitals(count) => Some(page::number(count)),
            Value::Percent(percent) => Some(percent),
            Value::None(..) => None,
        }
    }

    /// A share, or none for this reason.
    pub(super) fn percent(percent: Option<f64>, otherwise: &'static str) -> Value {
        percent.map_or(Value::None(PERCENT, otherwise), Value::Percent)
    }
}
