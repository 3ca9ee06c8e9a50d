//! The look at an OpenDocument spreadsheet: how many cells stand behind its repeated cells and rows.
//!
//! calamine writes every repetition out before anybody can count, and waits for ever for the end of a table that has none. The events
//! come from the same XML parser with the same settings, so that both see the same cells. No value is read.

use std::io::{BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::limits::Limits;
use crate::refusal::Refusal;

const MIMETYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
const MANIFEST: &str = "META-INF/manifest.xml";
/// Bytes of the manifest that are looked at; one entry for each part and picture.
const MANIFEST_BYTES: u64 = 4 << 20;

/// Refuses other OpenDocument files and those with a password, whose parts are noise.
pub(super) fn check_kind(archive: &mut ZipArchive<impl Read + Seek>) -> Result<(), Refusal> {
    let mimetype = part(archive, "mimetype", 100)?;
    if mimetype.trim_ascii() != MIMETYPE {
        return Err(Refusal::not_supported(
            "表計算以外のOpenDocument形式のファイル",
            "OpenDocument, no spreadsheet",
        ));
    }
    if super::bytes::find(&part(archive, MANIFEST, MANIFEST_BYTES)?, b"encryption-data").is_some() {
        return Err(Refusal::password("OpenDocument with encryption-data"));
    }
    Ok(())
}

fn part(archive: &mut ZipArchive<impl Read + Seek>, name: &str, most: u64) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: &dyn std::fmt::Display| Refusal::unreadable(format!("{name}: {error}"));
    let mut bytes = Vec::new();
    let entry = archive.by_name(name).map_err(|error| unreadable(&error))?;
    entry.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// Counts the cells of all tables as they will be when every repetition is written out.
pub(super) fn check_content(archive: &mut ZipArchive<impl Read + Seek>, limits: &Limits) -> Result<(), Refusal> {
    let entry = archive.by_name("content.xml").map_err(|error| unreadable(error.to_string()))?;
    let mut reader = Reader::from_reader(BufReader::new(entry));
    reader.config_mut().expand_empty_elements = true;
    let mut count = Count::new(limits);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(|error| unreadable(error.to_string()))? {
            Event::Start(start) => count.start(&start)?,
            Event::End(end) => count.end(end.name().0)?,
            Event::Text(text) => count.text(text.len()),
            Event::GeneralRef(_) => count.text(4),
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    if count.depth == 0 {
        Ok(())
    } else {
        Err(unreadable("elements without end"))
    }
}

fn unreadable(detail: impl std::fmt::Display) -> Refusal {
    Refusal::unreadable(format!("content.xml: {detail}"))
}

/// What is open, and what was counted.
struct Count<'a> {
    limits: &'a Limits,
    depth: u32,
    in_table: bool,
    in_row: bool,
    /// Depth of the cell that is open.
    cell: Option<u32>,
    sheets: usize,
    area: u64,
    text: u64,
    row: Row,
    table: Table,
}

#[derive(Default)]
struct Table {
    rows: u64,
    /// Rows up to the last that has a value, and the widest.
    used_rows: u64,
    width: u64,
}

#[derive(Default)]
struct Row {
    repeated: u64,
    columns: u64,
    used: u64,
    text: u64,
    cell_repeated: u64,
    cell_text: u64,
    cell_used: bool,
}

impl<'a> Count<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            depth: 0,
            in_table: false,
            in_row: false,
            cell: None,
            sheets: 0,
            area: 0,
            text: 0,
            row: Row::default(),
            table: Table::default(),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        self.depth += 1;
        let name = start.name();
        match name.0 {
            "table:table" | "table:table-row" if self.cell.is_some() || self.in_row => return Err(unreadable("a table within a table")),
            "table:table" if self.in_table => return Err(unreadable("a table within a table")),
            "table:table" => {
                self.in_table = true;
                self.sheets += 1;
                self.table = Table::default();
            }
            "table:table-row" if self.in_table => {
                self.in_row = true;
                self.row = Row {
                    repeated: repeated(start, "table:number-rows-repeated")?,
                    ..Row::default()
                };
            }
            "table:table-cell" | "table:covered-table-cell" if self.in_row => {
                if self.cell.replace(self.depth).is_some() {
                    return Err(unreadable("a cell within a cell"));
                }
                self.row.cell_repeated = repeated(start, "table:number-columns-repeated")?;
                self.row.cell_text = 0;
                self.row.cell_used = false;
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| unreadable(error.to_string()))?;
                    if attribute.key.0.starts_with("office:") || attribute.key.0 == "table:formula" {
                        self.row.cell_used = true;
                        self.text(attribute.value.len());
                    }
                }
            }
            // So many spaces.
            "text:s" if self.cell.is_some() => self.text(usize::try_from(repeated(start, "text:c")?).unwrap_or(usize::MAX)),
            _ => {}
        }
        if self.sheets > self.limits.sheets {
            return Err(Refusal::too_many_cells(format!("more than {} tables", self.limits.sheets)));
        }
        Ok(())
    }

    fn text(&mut self, bytes: usize) {
        if self.cell.is_some() {
            self.row.cell_text = self.row.cell_text.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    fn end(&mut self, name: &str) -> Result<(), Refusal> {
        match name {
            "table:table-cell" | "table:covered-table-cell" if self.cell == Some(self.depth) => {
                self.cell = None;
                let row = &mut self.row;
                row.columns = row.columns.saturating_add(row.cell_repeated);
                if row.cell_used {
                    row.used = row.columns;
                    row.text = row.text.saturating_add(row.cell_text.saturating_mul(row.cell_repeated));
                }
            }
            "table:table-row" if self.in_row => {
                self.in_row = false;
                self.end_row()?;
            }
            "table:table" if self.in_table => {
                self.in_table = false;
                self.area = self.area.saturating_add(self.table.used_rows.saturating_mul(self.table.width));
            }
            _ => {}
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// The rectangle of a table grows to its last row and its widest; whatever passes a limit ends the count.
    fn end_row(&mut self) -> Result<(), Refusal> {
        let limits = self.limits;
        self.table.rows = self.table.rows.saturating_add(self.row.repeated);
        if self.row.used == 0 {
            return Ok(());
        }
        self.table.used_rows = self.table.rows;
        self.table.width = self.table.width.max(self.row.used);
        self.text = self.text.saturating_add(self.row.text.saturating_mul(self.row.repeated));
        let area = self.area.saturating_add(self.table.used_rows.saturating_mul(self.table.width));
        if self.table.used_rows > u64::from(limits.rows) {
            return Err(Refusal::too_far("too_many_rows", "行", self.table.used_rows, limits.rows));
        }
        if self.row.used > u64::from(limits.columns) {
            return Err(Refusal::too_far("too_many_columns", "列", self.row.used, u32::from(limits.columns)));
        }
        if area > limits.whole_cells {
            return Err(Refusal::too_many_cells(format!("tables of {area} cells")));
        }
        if self.text > limits.whole_text_bytes {
            return Err(Refusal::too_large_inside(format!("{} bytes of text", self.text)));
        }
        Ok(())
    }
}

fn repeated(start: &BytesStart<'_>, name: &str) -> Result<u64, Refusal> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| unreadable(error.to_string()))?;
        if attribute.key.0 == name {
            let value: Option<u64> = attribute.value.parse().ok();
            return value.ok_or_else(|| unreadable(format!("{name}: {}", attribute.value)));
        }
    }
    Ok(1)
}
