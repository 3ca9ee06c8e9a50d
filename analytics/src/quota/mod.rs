//! Quotas computed from a total: largest remainder for one list, divisor methods, and biproportional apportionment for a matrix whose row and
//! column totals are given ([docs/quotas.md](../../../docs/quotas.md)).
//!
//! Pure, and exact: every decision compares products of whole numbers, never rounded ones, so the same input gives the same output on every
//! machine. Rows and columns are positions here; who they are (prefectures, bands) is the caller's knowledge.

mod biproportional;
mod check;
mod divisor;
mod error;
mod exact;
mod flow;
mod grid;
mod limits;
mod multipliers;
mod problem;
mod remainder;
mod rounding;
mod sentence;
mod start;
#[cfg(test)]
mod tests;
mod ties;

pub use biproportional::{Biproportional, biproportional};
pub use check::is_optimal;
pub use divisor::divisor_method;
pub use error::{Cut, Line, LineFault, ListError, QuotaError};
pub use limits::{Bounds, MAX_SEATS, Shares};
pub use multipliers::{Divisor, divisors_prove};
pub use problem::{MAX_CELLS, MAX_SMALLER_SIDE, Request};
pub use remainder::largest_remainder;
pub use rounding::Rounding;
