//! A first look at a sheet: what has to be known before it is edited.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::annotate::findings::SheetFindings;
use crate::annotate::markup::{Uneditable, attribute, attributes, position};

/// Namespace of sheets as Excel writes them by default. The strict variant has other names for relations as well.
const TRANSITIONAL: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// What a sheet holds beside its cells.
#[derive(Debug, Default)]
pub(in crate::annotate) struct Look {
    /// The relation of the drawing of its notes.
    pub(in crate::annotate) drawing: Option<String>,
    /// Merged ranges: first column and row, last column and row.
    merged: Vec<((u16, u32), (u16, u32))>,
}

/// Looks at a sheet.
pub(in crate::annotate) fn look<R: BufRead>(source: R) -> Result<Look, Uneditable> {
    let mut reader = Reader::from_reader(source);
    let mut look = Look::default();
    let mut root = true;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Start(start) | Event::Empty(start) => {
                if std::mem::take(&mut root) {
                    let transitional = |(key, value): &(String, String)| key.starts_with("xmlns") && value == TRANSITIONAL;
                    if !attributes(&start)?.iter().any(transitional) {
                        return Err(Uneditable("a sheet in another namespace".to_owned()));
                    }
                }
                match start.local_name().as_ref() {
                    "legacyDrawing" => look.drawing = attribute(&start, "id")?,
                    "mergeCell" => look.merged.extend(attribute(&start, "ref")?.as_deref().and_then(range)),
                    _ => {}
                }
            }
            Event::Eof => return Ok(look),
            _ => {}
        }
        buffer.clear();
    }
}

fn range(text: &str) -> Option<((u16, u32), (u16, u32))> {
    let (first, last) = text.split_once(':')?;
    Some((position(first)?, position(last)?))
}

impl Look {
    /// The column for the faults: that of the findings, or the next one that lies in no merged range of a row that is written to.
    pub(in crate::annotate) fn column(&self, findings: &SheetFindings, columns: u16) -> Option<u16> {
        // A sheet without faults gets no column, one of an earlier round stays.
        findings.header.filter(|_| findings.earlier || !findings.rows.is_empty())?;
        if findings.earlier {
            return Some(findings.column);
        }
        let written = |first: u32, last: u32| {
            findings.header.is_some_and(|header| (first..=last).contains(&header)) || findings.rows.range(first..=last).next().is_some()
        };
        let mut column = findings.column;
        while let Some((_, (last, _))) = self
            .merged
            .iter()
            .find(|((left, top), (right, bottom))| (*left..=*right).contains(&column) && top <= bottom && written(*top, *bottom))
        {
            column = last.saturating_add(1);
        }
        (column < columns).then_some(column)
    }
}
