//! tests
pub mod postgres;
