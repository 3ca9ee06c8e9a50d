//! What the tests of the whole system share: a database of its own for each test, the server booted as `chosa serve` boots it, clients over real
//! HTTP, and a small made world. No mocks: Postgres, the server and the parsing child are the real ones.
//!
//! Must not decide what is right: expectations stand in the tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in what it is made of too"
)]

pub mod app;
pub mod binary;
pub mod client;
pub mod cutting;
pub mod database;
pub mod files;
pub mod nation;
pub mod pages;
pub mod postgres;
pub mod smtp;
pub mod world;
pub mod zipped;
