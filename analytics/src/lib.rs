//! From coded answers to numbers and lists: tables of a question, response rates, the choice of hospitals for a support programme, and the
//! workbooks and CSV files that carry them.
//!
//! Pure: data in, data or bytes out. No database, no HTTP, no clock (every time is an argument) and no knowledge of how answers arrived.
//! polars counts inside and appears in no signature; rust_xlsxwriter writes and appears in no signature.
//!
//! **Call [`table()`], [`response_rates`] and everything in [`report`] from a plain thread** (`tokio::task::spawn_blocking`, `actix_web::web::block`):
//! polars starts work with `LazyFrame::collect`, which panics on a current-thread async runtime (pola-rs/polars#26576, #26902).
//!
//! Numbers follow one set of definitions everywhere: `n` is the counted submissions of a cell, `base` those that answered the question, and
//! `base + blank + no_answer + not_asked = n`. A percentage divides by the base.

mod attributes;
mod by;
mod columns;
mod cube;
pub mod estimate;
mod estimated;
mod filter;
mod grouped;
mod kernel;
pub mod micro;
mod percent;
pub mod picture;
mod plan;
pub mod planning;
pub mod program;
pub mod quota;
mod rate;
pub mod report;
pub mod selection;
mod shape;
mod snapshot;
pub mod suppress;
mod table;
mod table_rows;
mod targets;
#[cfg(test)]
mod tests;
pub mod trend;
mod weigh;

pub use by::{By, ByError, Dimension};
pub use estimated::{Estimate, Known};
pub use filter::{Filter, FilterError};
pub use grouped::grouped;
pub use rate::{RateRequest, RateRow, RateTable, response_rates};
pub use shape::{PlaceValue, RowNames};
pub use snapshot::{Snapshot, SnapshotError};
pub use table::{ItemNonresponse, OptionCount, Table, TableChoice, TableError, TableRequest, TableRow, table, tables};
pub use table_rows::TableRows;
pub use targets::{FrameEntry, Target, Targets};
