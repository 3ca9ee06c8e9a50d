//! The notes of a sheet (`comments`): ours come and go, those of the user stay.
//!
//! Excel keeps one note a cell. Where the user has one already, ours is written below it and is cut off again in the next round; where
//! a conversation stands (threaded comments), nothing is added.

use std::collections::BTreeMap;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::MARK;
use super::findings::SheetFindings;
use super::markup::{Uneditable, attribute, check_declaration, element, empty, position, prefix, text, with_attribute};

/// Who writes our notes.
const AUTHOR: &str = "chosa";
/// Authors of conversations begin like this.
const CONVERSATION: &str = "tc=";

/// A note as it stands in the file.
#[derive(Debug)]
struct Note {
    cell: (u16, u32),
    author: String,
    /// The whole element.
    xml: String,
}

/// The notes of a sheet.
#[derive(Debug)]
pub(super) struct Notes {
    prefix: String,
    /// The first tag, with its namespaces.
    root: String,
    authors: Vec<String>,
    notes: Vec<Note>,
    /// What stands behind the notes.
    rest: String,
}

/// Cells whose shape has to go, and cells that need one.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    pub(super) gone: Vec<(u16, u32)>,
    pub(super) new: Vec<(u16, u32)>,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            root: "<comments xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">".to_owned(),
            authors: Vec::new(),
            notes: Vec::new(),
            rest: String::new(),
        }
    }
}

impl Notes {
    /// Reads the notes of a sheet.
    pub(super) fn parse<R: BufRead>(source: R) -> Result<Self, Uneditable> {
        let mut reader = Reader::from_reader(source);
        let mut notes = Self::default();
        let mut buffer = Vec::new();
        let mut depth = 0_usize;
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            check_declaration(&event)?;
            match event {
                Event::Start(start) => {
                    let start = start.into_owned();
                    match (depth, start.local_name().as_ref()) {
                        (0, _) => {
                            notes.prefix = prefix(&start);
                            notes.root = format!("<{}{}>", start.name().as_ref(), start.attributes_raw());
                            depth += 1;
                        }
                        (1, "authors" | "commentList") => depth += 1,
                        (2, "author") => {
                            let xml = element(&mut reader, &start)?;
                            notes.authors.push(plain(&xml)?);
                        }
                        (2, "comment") => {
                            let xml = element(&mut reader, &start)?;
                            notes.add(&start, xml)?;
                        }
                        (1, _) => notes.rest.push_str(&element(&mut reader, &start)?),
                        _ => depth += 1,
                    }
                }
                Event::Empty(start) => match (depth, start.local_name().as_ref()) {
                    (2, "author") => notes.authors.push(String::new()),
                    (1, "authors" | "commentList") => {}
                    (1, _) => notes.rest.push_str(&empty(&start)?),
                    _ => {}
                },
                Event::End(_) => depth = depth.saturating_sub(1),
                Event::Eof => return Ok(notes),
                _ => {}
            }
            buffer.clear();
        }
    }

    fn add(&mut self, start: &BytesStart<'_>, xml: String) -> Result<(), Uneditable> {
        let author = attribute(start, "authorId")?.and_then(|id| id.parse::<usize>().ok());
        let author = author.and_then(|id| self.authors.get(id)).cloned().unwrap_or_default();
        let cell = attribute(start, "ref")?.as_deref().and_then(position);
        let cell = cell.ok_or_else(|| Uneditable("a note without its cell".to_owned()))?;
        self.notes.push(Note { cell, author, xml });
        Ok(())
    }

    /// Takes our notes out and writes those of this round.
    pub(super) fn replace(&mut self, findings: &SheetFindings) -> Result<Shapes, Uneditable> {
        let mut shapes = Shapes::default();
        let mut kept = Vec::with_capacity(self.notes.len());
        for mut note in std::mem::take(&mut self.notes) {
            let own = note.author == AUTHOR || plain(&note.xml)?.trim_start().starts_with(MARK) || without_ours(&mut note.xml)?;
            if own {
                shapes.gone.push(note.cell);
            } else {
                kept.push(note);
            }
        }
        self.notes = kept;
        let mut positions: BTreeMap<(u16, u32), usize> = self.notes.iter().enumerate().map(|(index, note)| (note.cell, index)).collect();
        for (row, findings) in &findings.rows {
            for (column, cell) in findings.cells.iter().filter(|(_, cell)| !cell.note.is_empty()) {
                let at = (*column, *row);
                match positions.remove(&at).and_then(|index| self.notes.get_mut(index)) {
                    Some(note) => append(note, &self.prefix, &cell.note),
                    None => {
                        self.notes.push(own(&self.prefix, at, &cell.note));
                        shapes.new.push(at);
                    }
                }
            }
        }
        Ok(shapes)
    }

    /// The part as XML.
    pub(super) fn xml(&self) -> Result<String, Uneditable> {
        let prefix = &self.prefix;
        let mut authors = self.authors.clone();
        if !authors.iter().any(|author| author == AUTHOR) {
            authors.push(AUTHOR.to_owned());
        }
        let ids: BTreeMap<&str, usize> = authors
            .iter()
            .enumerate()
            .rev()
            .map(|(index, author)| (author.as_str(), index))
            .collect();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n{}<{prefix}authors>",
            self.root
        );
        for author in &authors {
            xml.push_str(&format!("<{prefix}author>{}</{prefix}author>", quick_xml::escape::escape(author)));
        }
        xml.push_str(&format!("</{prefix}authors><{prefix}commentList>"));
        for note in &self.notes {
            let id = ids.get(note.author.as_str()).copied().unwrap_or(0);
            xml.push_str(&with_author(&note.xml, id)?);
        }
        xml.push_str(&format!("</{prefix}commentList>{}</{prefix}comments>", self.rest));
        Ok(xml)
    }
}

fn own(prefix: &str, cell: (u16, u32), note: &str) -> Note {
    let reference = crate::workbook::address(cell.0, cell.1);
    let note = text(note);
    Note {
        cell,
        author: AUTHOR.to_owned(),
        xml: format!(
            "<{prefix}comment ref=\"{reference}\" authorId=\"0\"><{prefix}text><{prefix}r><{prefix}rPr><{prefix}sz val=\"9\"/><{prefix}rFont val=\"Yu Gothic\"/></{prefix}rPr><{prefix}t xml:space=\"preserve\">{note}</{prefix}t></{prefix}r></{prefix}text></{prefix}comment>"
        ),
    }
}

/// Writes ours below a note of the user.
fn append(note: &mut Note, prefix: &str, ours: &str) {
    if note.author.starts_with(CONVERSATION) {
        return;
    }
    let end = format!("</{prefix}text>");
    if let Some((before, after)) = note.xml.rsplit_once(&end) {
        note.xml = format!(
            "{before}<{prefix}r><{prefix}t xml:space=\"preserve\">\n{}</{prefix}t></{prefix}r>{end}{after}",
            text(ours)
        );
    }
}

/// Cuts ours off a note; `true` if nothing is left of it then.
fn without_ours(xml: &mut String) -> Result<bool, Uneditable> {
    let Some((before, after)) = xml.split_once(MARK) else {
        return Ok(false);
    };
    let mut kept = before.trim_end().to_owned();
    // The tags that are open where ours begins, closed again.
    let mut open: Vec<String> = Vec::new();
    let mut reader = Reader::from_reader(kept.as_bytes());
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let mut remarked = false;
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Start(start) => open.push(start.name().as_ref().to_owned()),
            Event::End(_) => drop(open.pop()),
            Event::Text(text) => remarked |= !text.xml10_content().trim().is_empty(),
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    for name in open.into_iter().rev() {
        // What follows the text in the note (its place in newer versions) is kept.
        if name.ends_with("comment")
            && let Some((_, behind)) = after.rsplit_once("text>")
        {
            kept.push_str(behind);
        } else {
            kept.push_str(&format!("</{name}>"));
        }
    }
    *xml = kept;
    Ok(!remarked)
}

fn with_author(xml: &str, author: usize) -> Result<String, Uneditable> {
    let mut reader = Reader::from_reader(xml.as_bytes());
    let mut buffer = Vec::new();
    match reader.read_event_into(&mut buffer)? {
        Event::Start(start) => {
            let changed = with_attribute(&start, "authorId", Some(&author.to_string()))?;
            element(&mut reader, &changed)
        }
        _ => Err(Uneditable("a note that is no element".to_owned())),
    }
}

/// The text of an element.
fn plain(xml: &str) -> Result<String, Uneditable> {
    let mut reader = Reader::from_reader(xml.as_bytes());
    let mut plain = String::new();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Text(text) => plain.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = quick_xml::escape::resolve_predefined_entity(&reference.xml10_content());
                match (reference.resolve_char_ref()?, named) {
                    (Some(character), _) => plain.push(character),
                    (None, named) => plain.push_str(named.unwrap_or_default()),
                }
            }
            Event::Eof => return Ok(plain),
            _ => {}
        }
        buffer.clear();
    }
}
