//! The files that leave: a workbook for reading, a workbook and CSV files for machines, and the list of a selection as a workbook.
//!
//! Bytes out, nothing stored. The reading workbook and the machine files are separate on purpose: titles, charts and merged headings of the first
//! break the 30 rules of 行政データにおける機械可読性に関するルール by nature. Two runs on the same input give the same bytes: every date in a file
//! is the `as_of` of its input, zip entries carry the zip format's first day. Text is only ever written as text, never as a formula.

mod chart;
mod chase;
mod code_table;
mod codebook;
mod compare;
mod counting;
mod data;
mod definitions;
mod front;
mod houkoku;
mod list;
mod listed;
mod observations;
mod page;
mod parquet;
mod question_sheet;
mod rate_cross;
mod rate_sheet;
mod release;
mod rows;
mod scope;
mod shares;
mod single;
mod text;
mod trend_sheet;
mod trends;
mod value;
mod weights;
mod wishes;

pub use chase::{ChaseLine, ChaseText, chase_list};
pub use code_table::code_table_csv;
pub use compare::{DataDifference, compare_data};
pub(crate) use data::{ROWS_PER_SHEET, csv_table, csv_writer};
pub use data::{data_csv, data_xlsx};
pub use definitions::definitions_csv;
pub use houkoku::houkoku;
pub use list::selection_list;
pub use listed::{ListLine, ListText, PrefectureList, Replacement, hand_over, list_form, national_list};
#[cfg(test)]
pub(crate) use release::trends_of;
pub use release::{Release, code_table_of, codebook_of, data_csv_of, data_parquet_of, data_xlsx_of, definitions_of, houkoku_of};
pub use shares::{Shares, national_shares};
pub use single::{table_csv, table_xlsx};
pub use text::{ProgramText, ReportText};

use crate::table::TableError;
use crate::trend::TrendError;

/// Why a file could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// A table could not be counted.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A trend could not be counted.
    #[error(transparent)]
    Trend(#[from] TrendError),
    /// A release is of the nation.
    #[error("a release is of the nation, not of a part of it")]
    Area,
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(String),
    /// The Parquet files could not be written.
    #[error("the Parquet files could not be written: {0}")]
    Parquet(String),
    /// The CSV file could not be written.
    #[error("the CSV file could not be written: {0}")]
    Csv(String),
}

/// rust_xlsxwriter's error stays out of the public type.
fn workbook_error(error: rust_xlsxwriter::XlsxError) -> ReportError {
    ReportError::Workbook(error.to_string())
}

/// csv's error stays out of the public type.
fn csv_error(error: impl std::fmt::Display) -> ReportError {
    ReportError::Csv(error.to_string())
}
