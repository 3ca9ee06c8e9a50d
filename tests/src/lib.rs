//! tests
pub mod binary;
pub mod postgres;
