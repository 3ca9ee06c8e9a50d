//! The rows of a sheet: cells are marked, mended, added to the column of faults; rows and cells that are missing are made.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};
use survey::fault::Severity;

use super::Plan;
use super::columns::Columns;
use crate::annotate::findings::RowFindings;
use crate::annotate::markup::{Uneditable, attribute, position, text, with_attribute};
use crate::annotate::outline::HEADING;
use crate::annotate::styles::Styles;
use crate::workbook::address;

/// What becomes of a cell.
#[derive(Debug)]
enum Change {
    Mark(Severity),
    Heading,
    Text(String),
    /// A text of an earlier round goes.
    Remove,
}

pub(super) struct Rows<'a, W: Write> {
    writer: &'a mut Writer<W>,
    plan: &'a Plan<'a>,
    styles: &'a mut Styles,
    columns: &'a Columns,
    prefix: &'a str,
    /// Number of the row that was written last.
    last: u32,
}

/// A row while its cells pass by.
struct Line {
    number: u32,
    changes: BTreeMap<u16, Change>,
    /// Column of the next cell that does not say its own.
    next: u16,
    /// The format of cells that do not exist.
    format: Option<u32>,
    /// The format of the cell before.
    beside: u32,
}

impl<'a, W: Write> Rows<'a, W> {
    pub(super) fn new(
        writer: &'a mut Writer<W>,
        plan: &'a Plan<'a>,
        styles: &'a mut Styles,
        columns: &'a Columns,
        prefix: &'a str,
    ) -> Self {
        Self {
            writer,
            plan,
            styles,
            columns,
            prefix,
            last: 0,
        }
    }

    /// Copies all rows, up to the end of the data.
    pub(super) fn all<R: BufRead>(&mut self, reader: &mut Reader<R>) -> Result<(), Uneditable> {
        let mut buffer = Vec::new();
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            match event {
                Event::Start(start) if start.local_name().as_ref() == "row" => {
                    let start = start.into_owned();
                    let mut line = self.begin(&start)?;
                    self.cells(reader, &mut line)?;
                    self.finish(&mut line, &start)?;
                }
                Event::Empty(start) if start.local_name().as_ref() == "row" => {
                    let start = start.into_owned();
                    let mut line = self.begin(&start)?;
                    self.finish(&mut line, &start)?;
                }
                Event::End(_) => return self.missing(),
                Event::Eof => return Err(Uneditable("a sheet ends inside of its rows".to_owned())),
                other => self.writer.write_event(other)?,
            }
            buffer.clear();
        }
    }

    /// Makes the rows that follow the last one of the sheet.
    pub(super) fn missing(&mut self) -> Result<(), Uneditable> {
        self.make_rows(u32::MAX)
    }

    /// Makes the rows that are missing in front of one.
    fn make_rows(&mut self, before: u32) -> Result<(), Uneditable> {
        let rows = &self.plan.findings.rows;
        let header = self.plan.findings.header.filter(|_| self.plan.column.is_some());
        let first = self.last.saturating_add(1);
        let mut numbers: Vec<u32> = rows.range(first..before.max(first)).map(|(number, _)| *number).collect();
        numbers.extend(header.filter(|header| (first..before).contains(header) && !rows.contains_key(header)));
        numbers.sort_unstable();
        for number in numbers {
            let mut start = BytesStart::new(format!("{}row", self.prefix));
            start.push_attribute(("r", number.to_string().as_str()));
            let mut line = self.line(number, None);
            self.writer.write_event(Event::Start(start.borrow()))?;
            self.last = number;
            self.finish(&mut line, &start)?;
        }
        Ok(())
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<Line, Uneditable> {
        let number = match attribute(start, "r")? {
            Some(text) => text.parse().map_err(|error| Uneditable(format!("row {text:?}: {error}")))?,
            None => self.last.saturating_add(1),
        };
        if number <= self.last {
            return Err(Uneditable(format!("row {number} comes after row {}", self.last)));
        }
        self.make_rows(number)?;
        self.last = number;
        let custom = attribute(start, "customFormat")?.is_some_and(|custom| matches!(custom.as_str(), "1" | "true"));
        let format = attribute(start, "s")?.filter(|_| custom).and_then(|style| style.parse().ok());
        let line = self.line(number, format);
        // The range of columns that a row claims to have is no longer true; it may be left out.
        let start = if line.changes.values().all(|change| matches!(change, Change::Remove)) {
            start.borrow()
        } else {
            with_attribute(start, "spans", None)?
        };
        self.writer.write_event(Event::Start(start))?;
        Ok(line)
    }

    fn line(&self, number: u32, format: Option<u32>) -> Line {
        let findings = &self.plan.findings;
        let row = findings.rows.get(&number);
        let cells = row.into_iter().flat_map(|row| &row.cells);
        let mut changes: BTreeMap<u16, Change> = cells.map(|(column, cell)| (*column, Change::Mark(cell.severity))).collect();
        if let Some(column) = self.plan.column {
            let text = row.map(|row: &RowFindings| row.text.as_str()).unwrap_or_default();
            if findings.header == Some(number) {
                changes.insert(column, Change::Heading);
            } else if !text.is_empty() {
                changes.insert(column, Change::Text(text.to_owned()));
            } else if findings.earlier {
                changes.insert(column, Change::Remove);
            }
        }
        Line {
            number,
            changes,
            next: 0,
            format,
            beside: 0,
        }
    }

    fn cells<R: BufRead>(&mut self, reader: &mut Reader<R>, line: &mut Line) -> Result<(), Uneditable> {
        let mut buffer = Vec::new();
        let mut depth = 0_usize;
        let mut dropping = false;
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            match event {
                Event::Start(start) if depth == 0 => {
                    depth = 1;
                    dropping = match self.cell(line, &start)? {
                        Some(cell) => {
                            self.writer.write_event(Event::Start(cell))?;
                            false
                        }
                        None => true,
                    };
                }
                Event::Empty(start) if depth == 0 => {
                    if let Some(cell) = self.cell(line, &start)? {
                        self.writer.write_event(Event::Empty(cell))?;
                    }
                }
                Event::End(_) if depth == 0 => return Ok(()),
                Event::Eof => return Err(Uneditable("a sheet ends inside of a row".to_owned())),
                event => {
                    match event {
                        Event::Start(_) => depth += 1,
                        Event::End(_) => depth -= 1,
                        _ => {}
                    }
                    if !dropping {
                        self.writer.write_event(event)?;
                    }
                    dropping &= depth > 0;
                }
            }
            buffer.clear();
        }
    }

    /// What is written for a cell: with its format changed or not, or nothing if ours takes its place.
    fn cell(&mut self, line: &mut Line, start: &BytesStart<'_>) -> Result<Option<BytesStart<'static>>, Uneditable> {
        if start.local_name().as_ref() != "c" {
            return Ok(Some(start.to_owned()));
        }
        let column = match attribute(start, "r")? {
            Some(reference) => match position(&reference) {
                Some((column, row)) if row == line.number => column,
                _ => return Err(Uneditable(format!("cell {reference:?} in row {}", line.number))),
            },
            None => line.next,
        };
        if column < line.next {
            return Err(Uneditable(format!("cells of row {} are not in order", line.number)));
        }
        self.make_cells(line, column)?;
        line.next = column.saturating_add(1);
        let style = attribute(start, "s")?.and_then(|style| style.parse().ok()).unwrap_or(0);
        match line.changes.remove(&column) {
            Some(Change::Mark(severity)) => {
                line.beside = self.styles.restored(style).unwrap_or(style);
                let marked = self.styles.marked(style, severity);
                Ok(Some(with_attribute(start, "s", Some(&marked.to_string()))?))
            }
            Some(Change::Remove) => Ok(None),
            Some(change) => {
                self.make(line, column, &change)?;
                Ok(None)
            }
            None => {
                let restored = self.styles.restored(style);
                line.beside = restored.unwrap_or(style);
                match restored {
                    Some(restored) => Ok(Some(with_attribute(start, "s", Some(&restored.to_string()))?)),
                    None => Ok(Some(start.to_owned())),
                }
            }
        }
    }

    /// Makes the cells that are missing in front of a column.
    fn make_cells(&mut self, line: &mut Line, before: u16) -> Result<(), Uneditable> {
        while let Some(entry) = line.changes.first_entry().filter(|entry| *entry.key() < before) {
            let (column, change) = entry.remove_entry();
            self.make(line, column, &change)?;
        }
        Ok(())
    }

    fn make(&mut self, line: &mut Line, column: u16, change: &Change) -> Result<(), Uneditable> {
        let prefix = self.prefix;
        let reference = address(column, line.number);
        let base = line.format.or_else(|| self.columns.format(column)).unwrap_or(0);
        let written = |style: u32, raw: &str| {
            format!(
                "<{prefix}c r=\"{reference}\" s=\"{style}\" t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
                text(raw)
            )
        };
        let xml = match change {
            Change::Remove => return Ok(()),
            Change::Mark(severity) => {
                line.beside = base;
                format!("<{prefix}c r=\"{reference}\" s=\"{}\"/>", self.styles.marked(base, *severity))
            }
            Change::Heading => written(line.beside, HEADING),
            Change::Text(raw) => written(self.plan.formats.text, raw),
        };
        Ok(self.writer.get_mut().write_all(xml.as_bytes())?)
    }

    /// Makes the cells that are missing at the end of a row, and ends it.
    fn finish(&mut self, line: &mut Line, start: &BytesStart<'_>) -> Result<(), Uneditable> {
        while let Some((column, change)) = line.changes.pop_first() {
            self.make(line, column, &change)?;
        }
        Ok(self.writer.write_event(Event::End(start.to_end()))?)
    }
}
