//! Workbooks to hand out, blank or with the last answers: a bulk table for many hospitals and a form for one.
//!
//! What they look like is decided here; what can be read back is decided by `layout` and `headings`, which know no templates. The same
//! input gives the same bytes: the date of the document is that of the printing. Texts are written as strings, never as formulas.

mod bulk;
mod filling;
mod form;
mod lists;
mod style;

use rust_xlsxwriter::XlsxError;

pub use bulk::bulk;
pub use filling::Filling;
pub use form::form;
pub(crate) use style::row_height;

/// Why a template could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// More hospitals than a sheet has rows.
    #[error("{0} hospitals do not fit on one sheet")]
    TooManyHospitals(usize),
    /// More questions than a sheet has columns or rows.
    #[error("too many questions for one sheet")]
    TooManyQuestions,
    /// The workbook could not be written; a bug of ours or out of memory.
    #[error("the workbook cannot be written")]
    Workbook(#[from] XlsxError),
}

/// What stands in a cell where a choice is to be made, so that template and reader agree.
pub use lists::options;

#[cfg(test)]
mod tests;
