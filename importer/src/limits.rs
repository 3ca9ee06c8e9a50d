//! How much of a file the importer is willing to look at.
//!
//! Only numbers live here; the places that count say which limit was passed. The limits bound memory and time of one file
//! whatever its headers claim, so they count what is really there: bytes while they inflate, cells while they stream.

/// Upper bounds for one file. `Default` holds the values of the service; tests use smaller ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as it arrived.
    pub file_bytes: usize,
    /// Entries of a zip archive.
    pub entries: usize,
    /// Bytes of a single zip entry, counted while inflating.
    pub entry_bytes: u64,
    /// Bytes of all zip entries together, counted while inflating.
    pub inflated_bytes: u64,
    /// Bytes of XML between two `<`: the longest text or tag that a sheet or the string table may hold. Excel's longest cell,
    /// 32,767 characters, stays below it even if every character is written as an entity.
    pub text_run_bytes: u64,
    /// Entries of the shared string table, declared or real.
    pub shared_strings: u64,
    /// Sheets of a workbook.
    pub sheets: usize,
    /// The highest row number (1-based) that may hold a value.
    pub rows: u32,
    /// The highest column number (1-based) that may hold a value.
    pub columns: u16,
    /// Cells with a value, over all sheets.
    pub cells: usize,
    /// Cells looked at, with or without a value, over all sheets: thousands of formatted blank rows after the data are usual.
    pub visited_cells: u64,
    /// Cells of the rectangles that the values of .xls and .ods sheets span, blank ones among them: these files are read whole.
    pub whole_cells: u64,
    /// Bytes of the texts of .xls and .ods files, each as often as it stands in a cell.
    pub whole_text_bytes: u64,
    /// Bytes (UTF-8) of the text of one cell.
    pub text_bytes: usize,
    /// Bytes (UTF-8) of the text of all cells together.
    pub total_text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 32 << 20,
            entries: 2_000,
            entry_bytes: 192 << 20,
            inflated_bytes: 256 << 20,
            text_run_bytes: 1 << 20,
            shared_strings: 1_000_000,
            sheets: 200,
            rows: 50_000,
            columns: 512,
            cells: 2_000_000,
            visited_cells: 3_000_000,
            whole_cells: 1_000_000,
            whole_text_bytes: 48 << 20,
            text_bytes: 32_767 * 4,
            total_text_bytes: 128 << 20,
        }
    }
}
