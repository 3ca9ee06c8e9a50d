//! Pages as they are read without JavaScript, over HTTP on a real server: what is shown to whom, where forms lead, what is stored and what is not.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test fails by panicking, in its helpers too"
)]

mod accounts;
mod answers;
mod ministry;
mod programs;
mod programs_board;
mod programs_inspections;
mod programs_national;
mod programs_planned;
mod programs_results;
mod programs_said;
mod protection;
mod rights;
mod surveys;
