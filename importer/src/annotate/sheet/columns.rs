//! The widths and default formats of columns (`cols`): a width for the column of faults, the others as they were.

use quick_xml::Writer;
use quick_xml::events::{BytesStart, Event};

use crate::annotate::markup::{Uneditable, attribute, with_attribute, written};

/// Width of the column of faults, in half-width characters.
const WIDTH: &str = "60";

/// The columns of a sheet while they pass by. Columns are counted from 1 here, as the XML has them.
#[derive(Debug)]
pub(super) struct Columns {
    /// The column of faults.
    faults: Option<u32>,
    placed: bool,
    seen: bool,
    /// First and last column, and their format.
    formats: Vec<(u32, u32, u32)>,
}

impl Columns {
    pub(super) fn new(column: Option<u16>) -> Self {
        Self {
            faults: column.map(|column| u32::from(column) + 1),
            placed: column.is_none(),
            seen: false,
            formats: Vec::new(),
        }
    }

    /// Whether the sheet has a list of columns, or needs none.
    pub(super) fn written(&self) -> bool {
        self.seen || self.placed
    }

    /// The default format of a column, from 0.
    pub(super) fn format(&self, column: u16) -> Option<u32> {
        let column = u32::from(column) + 1;
        let range = self.formats.iter().find(|(first, last, _)| (*first..=*last).contains(&column));
        range.map(|(_, _, format)| *format)
    }

    /// One entry, as XML; what covers the column of faults is divided.
    pub(super) fn take(&mut self, col: &BytesStart<'_>) -> Result<String, Uneditable> {
        self.seen = true;
        let number = |name: &str| Ok::<_, Uneditable>(attribute(col, name)?.and_then(|text| text.parse::<u32>().ok()));
        let (Some(first), Some(last)) = (number("min")?, number("max")?) else {
            return Err(Uneditable("a column without its number".to_owned()));
        };
        if let Some(format) = number("style")? {
            self.formats.push((first, last, format));
        }
        let mut xml = String::new();
        let Some(faults) = self.faults.filter(|faults| !self.placed && *faults <= last) else {
            return range(col, first, last);
        };
        self.placed = true;
        let prefix = super::prefix(col);
        if faults < first {
            xml.push_str(&own(&prefix, faults));
            xml.push_str(&range(col, first, last)?);
            return Ok(xml);
        }
        if first < faults {
            xml.push_str(&range(col, first, faults - 1)?);
        }
        xml.push_str(&own(&prefix, faults));
        if faults < last {
            xml.push_str(&range(col, faults + 1, last)?);
        }
        Ok(xml)
    }

    /// What is still missing at the end of the list.
    pub(super) fn rest(&mut self, prefix: &str) -> String {
        let missing = self.faults.filter(|_| !self.placed);
        self.placed = true;
        missing.map_or_else(String::new, |faults| own(prefix, faults))
    }

    /// A whole list, for a sheet that has none.
    pub(super) fn alone(&mut self, prefix: &str) -> String {
        format!("<{prefix}cols>{}</{prefix}cols>", self.rest(prefix))
    }
}

fn own(prefix: &str, column: u32) -> String {
    format!("<{prefix}col min=\"{column}\" max=\"{column}\" width=\"{WIDTH}\" customWidth=\"1\"/>")
}

fn range(col: &BytesStart<'_>, first: u32, last: u32) -> Result<String, Uneditable> {
    let col = with_attribute(
        &with_attribute(col, "min", Some(&first.to_string()))?,
        "max",
        Some(&last.to_string()),
    )?;
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Empty(col))?;
    written(writer.into_inner())
}
