//! Reads fonts, fills and cell formats of a style sheet.

use std::collections::HashMap;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Format, KnownFill, Styles};
use crate::annotate::fills::{Colours, Fill};
use crate::annotate::markup::{Uneditable, attribute, attributes, check_declaration, element, empty, prefix};

impl Styles {
    /// Reads a style sheet; `colours` are those of an earlier round.
    pub(in crate::annotate) fn parse<R: BufRead>(source: R, mut colours: Colours) -> Result<Self, Uneditable> {
        let mut reader = Reader::from_reader(source);
        let mut found = Found::default();
        let mut buffer = Vec::new();
        let mut depth = 0_usize;
        let mut group = String::new();
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            check_declaration(&event)?;
            match event {
                Event::Start(start) if depth == 2 => {
                    let start = start.into_owned();
                    let xml = element(&mut reader, &start)?;
                    found.add(&group, &start, xml)?;
                }
                Event::Empty(start) if depth == 2 => {
                    let xml = empty(&start)?;
                    found.add(&group, &start, xml)?;
                }
                Event::Start(start) => {
                    if depth == 0 {
                        found.prefix = prefix(&start);
                    }
                    start.local_name().as_ref().clone_into(&mut group);
                    depth += 1;
                }
                Event::End(_) => depth = depth.saturating_sub(1),
                Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
        if found.fonts.is_empty() || found.fills.is_empty() || found.formats.is_empty() {
            return Err(Uneditable("the style sheet lacks fonts, fills or cell formats".to_owned()));
        }
        colours.avoid(found.fills.iter().map(|known| known.fill.clone()));
        let mut positions = HashMap::new();
        for (format, index) in found.formats.iter().zip(0_u32..) {
            positions.entry(format.canonical()).or_insert(index);
        }
        Ok(Self {
            prefix: found.prefix,
            had: (found.fonts.len(), found.fills.len(), found.formats.len()),
            fonts: found.fonts,
            fills: found.fills,
            formats: found.formats,
            positions,
            marked: HashMap::new(),
            restored: HashMap::new(),
            colours,
        })
    }
}

#[derive(Debug, Default)]
struct Found {
    prefix: String,
    fonts: Vec<String>,
    fills: Vec<KnownFill>,
    formats: Vec<Format>,
}

impl Found {
    fn add(&mut self, group: &str, start: &BytesStart<'_>, xml: String) -> Result<(), Uneditable> {
        match group {
            "fonts" => self.fonts.push(xml),
            "fills" => self.fills.push(KnownFill { fill: fill(&xml)?, xml }),
            "cellXfs" => self.formats.push(Format {
                attributes: attributes(start)?,
                inner: inner(&xml).to_owned(),
            }),
            _ => {}
        }
        Ok(())
    }
}

/// What stands between the first tag of an element and its last.
fn inner(xml: &str) -> &str {
    let begun = xml.split_once('>').map(|(_, rest)| rest).unwrap_or_default();
    begun.rsplit_once("</").map(|(inner, _)| inner).unwrap_or_default()
}

fn fill(xml: &str) -> Result<Fill, Uneditable> {
    let mut reader = Reader::from_reader(xml.as_bytes());
    let mut fill = Fill::default();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "patternFill" => {
                    fill.pattern = attribute(&start, "patternType")?
                        .filter(|pattern| pattern != "none")
                        .unwrap_or_default()
                }
                "fgColor" => colour(&start, &mut fill.fore)?,
                "bgColor" => colour(&start, &mut fill.back)?,
                _ => {}
            },
            Event::Eof => return Ok(if fill.pattern.is_empty() { Fill::default() } else { fill }),
            _ => {}
        }
        buffer.clear();
    }
}

fn colour(start: &BytesStart<'_>, kept: &mut Vec<(String, String)>) -> Result<(), Uneditable> {
    for (key, value) in attributes(start)? {
        Fill::add(kept, &key, &value);
    }
    Ok(())
}
