//! The XML of a sheet, edited as it streams by: cells of the column, formats of marked and mended cells, the reference to the notes.
//!
//! What is not named here is written as it was read. A sheet whose rows or cells are not in order is left to be written anew.

mod columns;
mod look;
mod rows;

use std::io::{BufRead, Write};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

pub(super) use look::look;

use super::findings::SheetFindings;
use super::markup::{Uneditable, attribute, check_declaration, position, prefix, with_attribute};
use super::styles::{OwnFormats, Styles};
use crate::workbook::address;
use columns::Columns;
use rows::Rows;

/// Elements of a sheet that stand behind the reference to the drawing of the notes.
const BEHIND_DRAWING: &[&str] = &[
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
];
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// What is done to a sheet.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) findings: &'a SheetFindings,
    /// Where the faults go, from 0; `None` if there is no room.
    pub(super) column: Option<u16>,
    /// The relation of a drawing that is new.
    pub(super) drawing: Option<String>,
    pub(super) formats: OwnFormats,
}

/// Copies a sheet with the plan's changes.
pub(super) fn edit<R: BufRead, W: Write>(source: R, target: W, plan: &Plan<'_>, styles: &mut Styles) -> Result<(), Uneditable> {
    let mut reader = Reader::from_reader(source);
    let mut editor = Editor {
        writer: Writer::new(target),
        plan,
        styles,
        prefix: String::new(),
        depth: 0,
        columns: Columns::new(plan.column),
        drawing: plan.drawing.is_some(),
    };
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        check_declaration(&event)?;
        match event {
            Event::Eof => return Ok(()),
            Event::Start(start) => {
                let start = start.into_owned();
                editor.start(&mut reader, &start)?;
            }
            Event::Empty(start) => editor.empty(&start)?,
            Event::End(end) => {
                if editor.depth == 1 {
                    editor.refer_to_drawing()?;
                }
                editor.depth = editor.depth.saturating_sub(1);
                editor.writer.write_event(Event::End(end))?;
            }
            other => editor.writer.write_event(other)?,
        }
        buffer.clear();
    }
}

struct Editor<'a, W: Write> {
    writer: Writer<W>,
    plan: &'a Plan<'a>,
    styles: &'a mut Styles,
    prefix: String,
    depth: usize,
    columns: Columns,
    /// Whether the drawing has still to be referred to.
    drawing: bool,
}

impl<W: Write> Editor<'_, W> {
    fn start<R: BufRead>(&mut self, reader: &mut Reader<R>, start: &BytesStart<'_>) -> Result<(), Uneditable> {
        let name = start.local_name().as_ref().to_owned();
        if self.depth == 0 {
            self.prefix = prefix(start);
        }
        if self.depth == 1 {
            self.before(&name)?;
            match name.as_str() {
                "cols" => return self.cols(reader, start),
                "sheetData" => {
                    self.writer.write_event(Event::Start(start.borrow()))?;
                    self.rows().all(reader)?;
                    return Ok(self.writer.write_event(Event::End(start.to_end()))?);
                }
                _ => {}
            }
        }
        self.depth += 1;
        Ok(self.writer.write_event(Event::Start(start.borrow()))?)
    }

    fn empty(&mut self, start: &BytesStart<'_>) -> Result<(), Uneditable> {
        let name = start.local_name().as_ref().to_owned();
        if self.depth == 1 {
            self.before(&name)?;
            match name.as_str() {
                "dimension" => {
                    let changed = self.dimension(start)?;
                    return Ok(self.writer.write_event(Event::Empty(changed))?);
                }
                "sheetData" => {
                    self.writer.write_event(Event::Start(start.borrow()))?;
                    self.rows().missing()?;
                    return Ok(self.writer.write_event(Event::End(start.to_end()))?);
                }
                _ => {}
            }
        }
        Ok(self.writer.write_event(Event::Empty(start.borrow()))?)
    }

    /// What has to stand in front of a child of the sheet.
    fn before(&mut self, name: &str) -> Result<(), Uneditable> {
        if name == "sheetData" && !self.columns.written() {
            let xml = self.columns.alone(&self.prefix);
            self.writer.get_mut().write_all(xml.as_bytes())?;
        }
        if BEHIND_DRAWING.contains(&name) {
            self.refer_to_drawing()?;
        }
        Ok(())
    }

    fn refer_to_drawing(&mut self) -> Result<(), Uneditable> {
        if let Some(relation) = self.plan.drawing.as_ref().filter(|_| self.drawing) {
            let prefix = &self.prefix;
            let xml = format!("<{prefix}legacyDrawing xmlns:r=\"{RELATIONSHIPS}\" r:id=\"{relation}\"/>");
            self.writer.get_mut().write_all(xml.as_bytes())?;
        }
        self.drawing = false;
        Ok(())
    }

    fn cols<R: BufRead>(&mut self, reader: &mut Reader<R>, start: &BytesStart<'_>) -> Result<(), Uneditable> {
        self.writer.write_event(Event::Start(start.borrow()))?;
        let mut buffer = Vec::new();
        loop {
            match reader.read_event_into(&mut buffer)? {
                Event::Empty(col) | Event::Start(col) => {
                    let xml = self.columns.take(&col)?;
                    self.writer.get_mut().write_all(xml.as_bytes())?;
                }
                Event::End(end) if end.local_name().as_ref() == "cols" => {
                    let xml = self.columns.rest(&self.prefix);
                    self.writer.get_mut().write_all(xml.as_bytes())?;
                    return Ok(self.writer.write_event(Event::End(end))?);
                }
                Event::Eof => return Err(Uneditable("a sheet ends inside of its columns".to_owned())),
                _ => {}
            }
            buffer.clear();
        }
    }

    fn rows(&mut self) -> Rows<'_, W> {
        Rows::new(&mut self.writer, self.plan, self.styles, &self.columns, &self.prefix)
    }

    /// The extent of the sheet, with the column and the rows that are added.
    fn dimension(&self, start: &BytesStart<'_>) -> Result<BytesStart<'static>, Uneditable> {
        let extent = attribute(start, "ref")?.unwrap_or_default();
        let (first, last) = extent.split_once(':').unwrap_or((&extent, &extent));
        let (Some(first), Some(last)) = (position(first), position(last)) else {
            return Ok(start.to_owned());
        };
        let rows = &self.plan.findings.rows;
        let columns = rows.values().flat_map(|row| row.cells.keys().copied());
        let columns: Vec<u16> = columns.chain(self.plan.column).chain([first.0, last.0]).collect();
        let rows: Vec<u32> = rows.keys().copied().chain([first.1, last.1]).collect();
        let corner = |column: Option<&u16>, row: Option<&u32>| address(column.copied().unwrap_or(0), row.copied().unwrap_or(1));
        let widened = format!(
            "{}:{}",
            corner(columns.iter().min(), rows.iter().min()),
            corner(columns.iter().max(), rows.iter().max())
        );
        if widened.split_once(':') == Some((&extent, &extent)) {
            return Ok(start.to_owned());
        }
        with_attribute(start, "ref", Some(&widened))
    }
}
