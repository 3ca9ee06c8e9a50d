//! The private Postgres from outside, with real Postgres programs: made, used, refused, killed in every way, and up again. Each test has a folder of
//! its own and ends what it started, by the process numbers that it was told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod access;
mod folders;
mod kills;
mod place;
