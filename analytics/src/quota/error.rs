//! What is wrong with a request for quotas, with every number that an explanation needs; the Japanese sentences are in `sentence.rs`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why one list could not be apportioned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// A list of bounds is not as long as the list of weights.
    #[error("{weights} weights, but {bounds} {which} bounds")]
    Length {
        /// How many weights there are.
        weights: usize,
        /// How many bounds there are.
        bounds: usize,
        /// `lower` or `upper`.
        which: &'static str,
    },
    /// A lower bound over the upper bound; an entry of weight 0 has the upper bound 0.
    #[error("entry {entry}: the lower bound {lower} is over the upper bound {upper}")]
    BoundsCross {
        /// The position of the entry, from 0.
        entry: usize,
        /// Its lower bound.
        lower: u64,
        /// Its upper bound.
        upper: u64,
    },
    /// The lower bounds ask for more than there is.
    #[error("{seats} seats, but the lower bounds ask for {asked}")]
    TooFew {
        /// The total to give.
        seats: u64,
        /// The sum of the lower bounds.
        asked: u64,
    },
    /// The upper bounds hold less than there is.
    #[error("{seats} seats, but the entries hold at most {room}")]
    TooMany {
        /// The total to give.
        seats: u64,
        /// The sum of the upper bounds.
        room: u64,
    },
    /// More seats than [`super::MAX_SEATS`].
    #[error("{seats} seats are more than {most}")]
    Seats {
        /// The total to give.
        seats: u64,
        /// The most there may be.
        most: u64,
    },
}

/// Why a matrix could not be apportioned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QuotaError {
    /// A matrix or list of the request is not of the size that the totals say.
    #[error("{what} is not of {rows} rows and {columns} columns")]
    Shape {
        /// Which part of the request.
        what: &'static str,
        /// The number of row totals.
        rows: usize,
        /// The number of column totals.
        columns: usize,
    },
    /// More cells, or more of the fewer of rows and columns, than are worked out.
    #[error("{rows} rows and {columns} columns are too many")]
    TooLarge {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        columns: usize,
    },
    /// More seats than [`super::MAX_SEATS`].
    #[error("{seats} seats are more than {most}")]
    Seats {
        /// The sum of the row or column totals; `u64::MAX` where it is even more.
        seats: u64,
        /// The most there may be.
        most: u64,
    },
    /// The totals of the rows and of the columns do not sum to the same.
    #[error("the row totals sum to {rows}, the column totals to {columns}")]
    TotalsDiffer {
        /// The sum of the row totals.
        rows: u64,
        /// The sum of the column totals.
        columns: u64,
    },
    /// A lower bound over the upper bound; a cell of weight 0 has the upper bound 0.
    #[error("row {row}, column {column}: the lower bound {lower} is over the upper bound {upper}")]
    BoundsCross {
        /// The position of the row, from 0.
        row: usize,
        /// The position of the column, from 0.
        column: usize,
        /// The lower bound of the cell.
        lower: u64,
        /// The upper bound of the cell.
        upper: u64,
    },
    /// Rows or columns that contradict their own cells; all of them, rows first.
    #[error("{} rows or columns cannot have their totals", .0.len())]
    Lines(Vec<LineFault>),
    /// Each row and column could have its total, but not all together.
    #[error("rows {:?} ask for {}, but there is room for {}", .0.rows, .0.asked, .0.room())]
    Cut(Cut),
}

/// A row or a column, by its position from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "line", content = "position")]
pub enum Line {
    /// A row.
    Row(usize),
    /// A column.
    Column(usize),
}

/// A row or column whose total is not between the sums of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFault {
    /// Which.
    pub line: Line,
    /// Its total.
    pub total: u64,
    /// The sum of its lower bounds.
    pub least: u64,
    /// The sum of its upper bounds.
    pub most: u64,
}

/// Rows that together ask for more than the columns and the bounds leave them. Of all such sets it is one with the greatest shortage, so the
/// shortage is the least number of seats that would have to move, or of caps to be raised.
///
/// What the rows can have at most: in `columns`, what those columns have less what the other rows must have there; elsewhere, their caps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The rows that ask for too much, in order.
    pub rows: Vec<usize>,
    /// The columns whose totals bind them, in order; may be empty. In the columns not named their caps bind.
    pub columns: Vec<usize>,
    /// The sum of the totals of `rows`.
    pub asked: u64,
    /// The sum of the totals of `columns`.
    pub in_columns: u64,
    /// The sum of the lower bounds of the other rows in `columns`.
    pub kept_for_others: u64,
    /// The sum of the upper bounds of `rows` outside `columns`.
    pub caps_elsewhere: u64,
}

impl Cut {
    /// The most that the rows can have.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.in_columns
            .saturating_sub(self.kept_for_others)
            .saturating_add(self.caps_elsewhere)
    }

    /// By how many seats the rows ask for too much.
    #[must_use]
    pub fn shortage(&self) -> u64 {
        self.asked.saturating_sub(self.room())
    }
}
