//! The user's own workbook back, with what is wrong written into it.
//!
//! A column エラー beside the rows, the cells filled and with a note, a sheet 指摘一覧 that links to each cell; the rest stays as it was.
//! Mended and sent again, the same file passes: the readers pass over what was written here, and another round replaces it.

/// The sheet that lists the faults.
const LIST: &str = "指摘一覧";

/// Whether a sheet is a list of faults of an earlier round, by its name.
pub(crate) fn is_list_of_faults(name: &str) -> bool {
    name.starts_with(LIST)
}
