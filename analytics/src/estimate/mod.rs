//! Estimates for all hospitals of the frame from those that answered: weights, proportions with their precision, changes between years.
//! Pure arithmetic on counts by prefecture x survey band; counts nothing itself, hides nothing, rounds nothing, knows no polars.
//!
//! Formulas, assumptions and references are in `docs/methods.md`. In short: within a prefecture x band the hospitals that answered are taken as
//! a simple random sample of the frame's. Cells with few respondents share a weight ([`Design`]); a proportion is a ratio of weighted counts
//! with linearised variance and finite-population correction ([`Design::proportion`]); its interval is Wilson's on the effective sample size.
//!
//! Every share here lies between 0 and 1, not in percent; every weight is hospitals of the frame per respondent.

mod change;
mod collapse;
mod design;
mod interval;
mod linear;
mod panel;
mod proportion;
mod question;
#[cfg(test)]
mod tests;

pub use change::{Both, Change, Difference, DifferencePrecision, Year, change};
pub use design::{Design, DesignError, Group, Merged};
pub use interval::{Interval, Z_95};
pub use panel::{PanelChange, Transitions};
pub use proportion::{EstimateError, Part, Precision, Proportion};
pub use question::{QuestionCounts, QuestionEstimate, ResponseRate};

use survey::band::Banding;

/// A frame cell: prefecture number (1 to 47) and index of the band in [`Banding::Survey`] (0 to 5). The same pair that the cube counts by.
pub type Cell = (u8, u8);

/// The band of another banding in which a survey band lies whole, as an index into its bands; `None` for a band that does not exist.
/// With it a domain such as prefecture x programme class is a choice of cells.
pub fn class_of(cell: Cell, banding: Banding) -> Option<usize> {
    let band = Banding::Survey.bands().get(usize::from(cell.1))?;
    banding
        .bands()
        .iter()
        .position(|class| class.min <= band.min && class.max.is_none_or(|most| band.max.is_some_and(|max| max <= most)))
}

/// A count as a number to reckon with; exact up to 2^53. There is no lossless conversion to name, and `as` is forbidden here.
fn real(count: u64) -> f64 {
    const HALF: f64 = 4_294_967_296.0;
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(u32::MAX));
    half(count >> 32) * HALF + half(count)
}
