//! Planning a support programme: whom it covers, what that takes, when it ends, and a plan over years.
//!
//! Pure and integer only: days of work are tenths of days, and a date is an argument. Nothing here chooses hospitals or sets a quota; a plan says numbers
//! of cells. How a total is given to cells is the caller's choice among the methods of [`crate::quota`].

pub mod calendar;
pub mod coverage;
pub mod teams;
pub mod workload;
pub mod years;

#[cfg(test)]
mod tests;
