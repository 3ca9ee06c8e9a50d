//! The style sheet of a workbook: which fill a cell has, and formats added for cells that are marked or mended.
//!
//! A format that is added copies the cell's own and changes the fill only, so that number format, border and protection stay.

mod parse;
mod write;

use std::collections::HashMap;

use survey::fault::Severity;

use super::fills::{Colours, Fill};

/// Attributes that say no more than that another one counts.
const IMPLIED: &str = "applyFill";
const WRAPPED: &str = " wrapText=\"1\"";

/// A fill of the style sheet.
#[derive(Debug, Clone)]
struct KnownFill {
    fill: Fill,
    xml: String,
}

/// A cell format (`xf`): its attributes, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Format {
    attributes: Vec<(String, String)>,
    inner: String,
}

/// The formats that the summary and the column use.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnFormats {
    /// Bold, in one line.
    pub(super) title: u32,
    pub(super) text: u32,
    pub(super) bold: u32,
    pub(super) link: u32,
}

/// A style sheet while formats are added to it.
#[derive(Debug)]
pub(super) struct Styles {
    prefix: String,
    fonts: Vec<String>,
    fills: Vec<KnownFill>,
    formats: Vec<Format>,
    /// How many of each the file had.
    had: (usize, usize, usize),
    positions: HashMap<Format, u32>,
    marked: HashMap<(u32, Severity), u32>,
    /// `None` for a format that is not ours.
    restored: HashMap<u32, Option<u32>>,
    colours: Colours,
}

impl Format {
    fn get(&self, key: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    fn with(&self, key: &str, value: &str) -> Self {
        let mut changed = self.clone();
        match changed.attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => value.clone_into(old),
            None => changed.attributes.push((key.to_owned(), value.to_owned())),
        }
        changed
    }

    /// What makes it look as it looks, so that equal formats are found equal.
    fn canonical(&self) -> Self {
        let mut attributes = self.attributes.clone();
        attributes.retain(|(key, _)| key != IMPLIED);
        attributes.sort();
        Self {
            attributes,
            inner: self.inner.clone(),
        }
    }
}

impl Styles {
    /// The format for a cell of format `style` that has a fault.
    pub(super) fn marked(&mut self, style: u32, severity: Severity) -> u32 {
        let base = self.restored(style).unwrap_or(style);
        if let Some(&known) = self.marked.get(&(base, severity)) {
            return known;
        }
        let ours = self.colours.over(severity, &self.fill_of(base));
        let marked = self.filled(base, &ours);
        self.marked.insert((base, severity), marked);
        marked
    }

    /// The format that a cell had before it was marked; `None` if it is not marked.
    pub(super) fn restored(&mut self, style: u32) -> Option<u32> {
        if let Some(&known) = self.restored.get(&style) {
            return known;
        }
        let below = self.colours.below(&self.fill_of(style)).cloned();
        let restored = below.map(|below| self.filled(style, &below));
        self.restored.insert(style, restored);
        restored
    }

    /// The colours in use, to be kept.
    pub(super) fn colours(&self) -> &Colours {
        &self.colours
    }

    /// Formats for texts of ours.
    pub(super) fn own_formats(&mut self) -> OwnFormats {
        let prefix = self.prefix.clone();
        let (bold, link) = (
            format!("<{prefix}font><{prefix}b/><{prefix}sz val=\"11\"/><{prefix}name val=\"Yu Gothic\"/></{prefix}font>"),
            format!(
                "<{prefix}font><{prefix}u/><{prefix}sz val=\"11\"/><{prefix}color rgb=\"FF0563C1\"/><{prefix}name val=\"Yu Gothic\"/></{prefix}font>"
            ),
        );
        let (bold, link) = (self.font(bold), self.font(link));
        let mut format = |font: usize, wrapped: &str| {
            let attributes = [
                ("numFmtId", "49"),
                ("fontId", &font.to_string()),
                ("fillId", "0"),
                ("borderId", "0"),
                ("xfId", "0"),
            ];
            let applied = [("applyNumberFormat", "1"), ("applyFont", "1"), ("applyAlignment", "1")];
            let all = attributes.into_iter().chain(applied);
            self.intern(Format {
                attributes: all.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
                inner: format!("<{prefix}alignment vertical=\"top\"{wrapped}/>"),
            })
        };
        OwnFormats {
            title: format(bold, ""),
            text: format(0, WRAPPED),
            bold: format(bold, WRAPPED),
            link: format(link, WRAPPED),
        }
    }

    fn fill_of(&self, style: u32) -> Fill {
        let format = usize::try_from(style).ok().and_then(|index| self.formats.get(index));
        let fill = format.and_then(|format| format.get("fillId")?.parse::<usize>().ok());
        fill.and_then(|index| self.fills.get(index))
            .map(|known| known.fill.clone())
            .unwrap_or_default()
    }

    /// A format as `style`, with another fill.
    fn filled(&mut self, style: u32, fill: &Fill) -> u32 {
        let position = self.fills.iter().position(|known| known.fill == *fill).unwrap_or_else(|| {
            let xml = fill.xml(&self.prefix);
            self.fills.push(KnownFill { fill: fill.clone(), xml });
            self.fills.len() - 1
        });
        let index = usize::try_from(style).unwrap_or(usize::MAX);
        let Some(format) = self.formats.get(index).or_else(|| self.formats.first()) else {
            return style;
        };
        let changed = format.with("fillId", &position.to_string()).with(IMPLIED, "1");
        self.intern(changed)
    }

    fn intern(&mut self, format: Format) -> u32 {
        let canonical = format.canonical();
        if let Some(&known) = self.positions.get(&canonical) {
            return known;
        }
        let index = u32::try_from(self.formats.len()).unwrap_or(u32::MAX);
        self.formats.push(format);
        self.positions.insert(canonical, index);
        index
    }

    fn font(&mut self, xml: String) -> usize {
        self.fonts.iter().position(|known| *known == xml).unwrap_or_else(|| {
            self.fonts.push(xml);
            self.fonts.len() - 1
        })
    }
}
