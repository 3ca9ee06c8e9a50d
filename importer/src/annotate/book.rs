//! The parts that name all others: the workbook with its list of sheets, and the list of content types.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

use super::markup::{Uneditable, attribute, check_declaration, prefix, with_attribute};
use super::package::comparable;

/// The content type of a workbook without macros that is no template.
pub(super) const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
/// Content types of other workbooks; saved as .xlsx, Excel would not open them.
const OTHER_MAINS: &[&str] = &[
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
];
const VML: &str = "application/vnd.openxmlformats-officedocument.vmlDrawing";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct ListedSheet {
    pub(super) name: String,
    pub(super) relation: String,
    number: u32,
}

/// A sheet that is added at the end.
#[derive(Debug)]
pub(super) struct AddedSheet {
    pub(super) name: String,
    pub(super) relation: String,
    /// Kept out of sight, and out of the list of hidden sheets.
    pub(super) hidden: bool,
}

/// The sheets that a workbook lists.
pub(super) fn sheets<R: BufRead>(source: R) -> Result<Vec<ListedSheet>, Uneditable> {
    let mut reader = Reader::from_reader(source);
    let mut sheets = Vec::new();
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        check_declaration(&event)?;
        match event {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "sheet" => sheets.push(ListedSheet {
                name: attribute(&start, "name")?.unwrap_or_default(),
                relation: attribute(&start, "id")?.unwrap_or_default(),
                number: attribute(&start, "sheetId")?.and_then(|number| number.parse().ok()).unwrap_or(0),
            }),
            Event::Eof => return Ok(sheets),
            _ => {}
        }
        buffer.clear();
    }
}

/// Copies the workbook with sheets added to its list: at the end, because names refer to sheets by their position.
pub(super) fn add_sheets<R: BufRead, W: Write>(
    source: R,
    target: W,
    listed: &[ListedSheet],
    added: &[AddedSheet],
) -> Result<(), Uneditable> {
    let mut reader = Reader::from_reader(source);
    let mut writer = Writer::new(target);
    let highest = listed.iter().map(|sheet| sheet.number).max().unwrap_or(0);
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        match &event {
            Event::Eof => return Ok(()),
            Event::End(end) if end.local_name().as_ref() == "sheets" => {
                let name = end.name();
                let prefix = name.as_ref().strip_suffix("sheets").unwrap_or_default();
                for (sheet, number) in added.iter().zip(highest.saturating_add(1)..) {
                    let state = if sheet.hidden { " state=\"veryHidden\"" } else { "" };
                    let xml = format!(
                        "<{prefix}sheet name=\"{}\" sheetId=\"{number}\"{state} xmlns:r=\"{RELATIONSHIPS}\" r:id=\"{}\"/>",
                        escape(&sheet.name),
                        escape(&sheet.relation)
                    );
                    writer.get_mut().write_all(xml.as_bytes())?;
                }
            }
            _ => {}
        }
        writer.write_event(event)?;
        buffer.clear();
    }
}

/// Changes to the list of content types.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// Parts that are gone, comparable.
    pub(super) gone: Vec<String>,
    /// Parts that are new, with the last word of their type (`comments`, `worksheet`).
    pub(super) new: BTreeMap<String, &'static str>,
}

/// Copies the list of content types with changes.
pub(super) fn edit_types<R: BufRead, W: Write>(source: R, target: W, types: &Types) -> Result<(), Uneditable> {
    let mut reader = Reader::from_reader(source);
    let mut writer = Writer::new(target);
    let mut drawings = false;
    let mut names = String::new();
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        check_declaration(&event)?;
        match &event {
            Event::Eof => return Ok(()),
            Event::Start(start) if start.local_name().as_ref() == "Types" => names = prefix(start),
            // No program writes these with an end tag of their own.
            Event::Start(_) => return Err(Uneditable("a content type that is no empty element".to_owned())),
            Event::Empty(start) => {
                drawings |= attribute(start, "Extension")?.is_some_and(|extension| extension.eq_ignore_ascii_case("vml"));
                let part = attribute(start, "PartName")?.map(|part| comparable(&part)).unwrap_or_default();
                let kind = attribute(start, "ContentType")?.unwrap_or_default();
                if types.gone.contains(&part) {
                    buffer.clear();
                    continue;
                }
                if OTHER_MAINS.contains(&kind.as_str()) {
                    writer.write_event(Event::Empty(with_attribute(start, "ContentType", Some(MAIN))?))?;
                    buffer.clear();
                    continue;
                }
            }
            Event::End(end) if end.local_name().as_ref() == "Types" => {
                if !drawings {
                    write!(writer.get_mut(), "<{names}Default Extension=\"vml\" ContentType=\"{VML}\"/>")?;
                }
                for (part, kind) in &types.new {
                    write!(
                        writer.get_mut(),
                        "<{names}Override PartName=\"/{}\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml\"/>",
                        escape(part)
                    )?;
                }
            }
            _ => {}
        }
        writer.write_event(event)?;
        buffer.clear();
    }
}
