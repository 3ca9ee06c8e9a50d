//! Writes the style sheet again, with what was added at the end of its fonts, fills and cell formats.

use std::io::{BufRead, Write};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

use super::{Format, Styles};
use crate::annotate::markup::{Uneditable, with_attribute};

impl Styles {
    /// Copies the style sheet from `source`, which it was parsed from.
    pub(in crate::annotate) fn write<R: BufRead, W: Write>(&self, source: R, target: W) -> Result<(), Uneditable> {
        let mut reader = Reader::from_reader(source);
        let mut writer = Writer::new(target);
        let mut buffer = Vec::new();
        let mut depth = 0_usize;
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            match &event {
                Event::Eof => return Ok(()),
                Event::Start(start) => {
                    depth += 1;
                    let total = self
                        .added(start.local_name().as_ref())
                        .filter(|_| depth == 2)
                        .map(|(total, _)| total.to_string());
                    match total {
                        Some(total) => writer.write_event(Event::Start(with_attribute(start, "count", Some(&total))?))?,
                        None => writer.write_event(event)?,
                    }
                }
                Event::End(end) => {
                    if depth == 2
                        && let Some((_, xml)) = self.added(end.local_name().as_ref())
                    {
                        writer.get_mut().write_all(xml.as_bytes())?;
                    }
                    depth = depth.saturating_sub(1);
                    writer.write_event(event)?;
                }
                _ => writer.write_event(event)?,
            }
            buffer.clear();
        }
    }

    /// How many elements a group has now, and those that were added.
    fn added(&self, group: &str) -> Option<(usize, String)> {
        let (fonts, fills, formats) = self.had;
        match group {
            "fonts" => Some((self.fonts.len(), self.fonts.iter().skip(fonts).cloned().collect())),
            "fills" => Some((
                self.fills.len(),
                self.fills.iter().skip(fills).map(|known| known.xml.as_str()).collect(),
            )),
            "cellXfs" => Some((
                self.formats.len(),
                self.formats.iter().skip(formats).map(|format| self.format_xml(format)).collect(),
            )),
            _ => None,
        }
    }

    fn format_xml(&self, format: &Format) -> String {
        let prefix = &self.prefix;
        let mut start = BytesStart::new(format!("{prefix}xf"));
        for (key, value) in &format.attributes {
            start.push_attribute((key.as_str(), value.as_str()));
        }
        let attributes = start.attributes_raw();
        format!("<{prefix}xf{attributes}>{}</{prefix}xf>", format.inner)
    }
}
