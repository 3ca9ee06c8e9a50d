//! The questionnaire as data and its one evaluator, with the words of the field: prefectures, areas, identifiers, bands, windows.
//!
//! Ground rules: pure. No I/O, no clock, no randomness, no knowledge of workbooks, databases or HTTP; the same input gives the same output.
//! Every way in (page, API, workbook, `chosa check`) asks [`evaluate::evaluate`], so that no path has rules of its own.

pub mod answer;
pub mod area;
pub mod attribute;
pub mod band;
pub mod bands;
pub mod codes;
pub mod condition;
pub mod crosswalk;
pub mod device;
pub mod edition;
pub mod evaluate;
pub mod fault;
pub mod frame;
pub mod hospital;
pub mod indicator;
pub mod prefecture;
pub mod question;
pub mod region;
pub mod schema;
pub mod submission;
pub mod support;
pub mod survey;
pub mod window;

pub use survey::{all, compiled_in, find, intake_forms};
