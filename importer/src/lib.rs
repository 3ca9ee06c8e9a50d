//! Files of answers in, answers and faults out; blank templates out.
//!
//! Pure functions of bytes: no file is opened, no process started, no clock read. The server runs [`read()`] in a child process with limited
//! memory and time, because a parser of other people's files may abort; [`scan()`](scan::scan) refuses what is known to make it abort.
//! Rules of the questionnaire belong to `survey`; rights, windows and what is already stored belong to the server.
//!
//! A file goes through `scan` (safe to parse?), `read` (rows of cells), then one of `examine` (answers), `frame::examine_frame`,
//! `master::examine_master` and `quotas::examine_quotas`.

pub mod annotate;
mod answers;
mod attributes;
#[cfg(test)]
mod cases;
pub mod contacts;
pub mod date;
pub mod examination;
pub mod examine;
mod folding;
mod formulas;
pub mod frame;
mod headings;
#[cfg(any(test, feature = "hostile"))]
pub mod hostile;
mod identity;
mod layout;
pub mod limits;
pub mod master;
pub mod outline;
pub mod pieces;
mod place;
pub mod plan;
pub mod quotas;
pub mod read;
mod record;
pub mod refusal;
pub mod results;
pub mod scan;
mod spelling;
pub mod stamp;
mod table;
pub mod template;
pub mod workbook;

pub use examination::{Decision, Examination, Request, Verdict};
pub use examine::examine;
pub use limits::Limits;
pub use outline::Outline;
pub use pieces::Piece;
pub use plan::Plan;
pub use read::read;
pub use refusal::Refusal;
pub use workbook::{Cell, CellValue, Encoding, FileKind, Row, Sheet, Workbook};
