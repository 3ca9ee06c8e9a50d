//! The shapes that Excel shows notes in: a drawing in VML, which programs still write beside the notes.
//!
//! Excel's VML is not always well-formed (`<br>` without an end in the captions of buttons), so that ends are not checked here.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

use super::markup::{Uneditable, check_declaration};
use super::notes::Shapes;

/// First number of a shape in a new drawing, as Excel has it.
const FIRST: u32 = 1025;
/// The prefixes that our shapes use; the first tag of a drawing declares them.
const NAMESPACES: &str = " xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" xmlns:x=\"urn:schemas-microsoft-com:office:excel\"";
const SHAPE_TYPE: &str = "<v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\"><v:stroke joinstyle=\"miter\"/><v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>";

/// A drawing for a sheet that has none.
pub(super) fn new(shapes: &Shapes) -> String {
    let blocks = u32::try_from(shapes.new.len()).unwrap_or(u32::MAX) / 1024 + 1;
    let blocks = (1..=blocks).map(|block| block.to_string()).collect::<Vec<_>>().join(",");
    let shapes: String = shapes.new.iter().zip(FIRST..).map(|(cell, number)| shape(*cell, number)).collect();
    format!(
        "<xml{NAMESPACES}><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"{blocks}\"/></o:shapelayout>{SHAPE_TYPE}{shapes}</xml>"
    )
}

/// Copies a drawing without the shapes that go and with those that are new.
pub(super) fn edit<R: BufRead, W: Write>(source: R, target: W, shapes: &Shapes) -> Result<(), Uneditable> {
    let mut reader = Reader::from_reader(source);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut writer = Writer::new(target);
    let gone: BTreeSet<(u16, u32)> = shapes.gone.iter().copied().collect();
    let mut highest = FIRST - 1;
    let mut typed = false;
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer)?;
        check_declaration(&event)?;
        match event {
            Event::Start(start) if start.local_name().as_ref() == "shape" => {
                let found = Shape::read(&mut reader, Event::Start(start.into_owned()))?;
                if !found.cell.is_some_and(|cell| gone.contains(&cell)) {
                    highest = highest.max(found.number);
                    writer.get_mut().write_all(&found.xml)?;
                }
            }
            Event::End(end) if end.local_name().as_ref() == "xml" => {
                if !typed {
                    writer.get_mut().write_all(SHAPE_TYPE.as_bytes())?;
                }
                for (cell, number) in shapes.new.iter().zip(highest.saturating_add(1)..) {
                    writer.get_mut().write_all(shape(*cell, number).as_bytes())?;
                }
                writer.write_event(Event::End(end))?;
            }
            Event::Eof => return Ok(()),
            other => {
                if let Event::Start(start) = &other {
                    if start.local_name().as_ref() == "xml"
                        && !["xmlns:v=", "xmlns:o=", "xmlns:x="]
                            .iter()
                            .all(|prefix| start.attributes_raw().contains(prefix))
                    {
                        return Err(Uneditable("a drawing with other prefixes than Excel writes".to_owned()));
                    }
                    typed |= start.local_name().as_ref() == "shapetype" && start.attributes_raw().contains("\"_x0000_t202\"");
                }
                writer.write_event(other)?;
            }
        }
        buffer.clear();
    }
}

/// A shape as it stands in a drawing.
struct Shape {
    /// The number in its id.
    number: u32,
    /// The cell whose note it shows.
    cell: Option<(u16, u32)>,
    xml: Vec<u8>,
}

impl Shape {
    fn read<R: BufRead>(reader: &mut Reader<R>, first: Event<'static>) -> Result<Self, Uneditable> {
        let mut writer = Writer::new(Vec::new());
        let number = match &first {
            Event::Start(start) => super::markup::attribute(start, "id")?
                .and_then(|id| id.rsplit_once("_s").and_then(|(_, number)| number.parse().ok()))
                .unwrap_or(0),
            _ => 0,
        };
        writer.write_event(first)?;
        let (mut row, mut column, mut inside, mut note) = (None, None, String::new(), false);
        let mut buffer = Vec::new();
        loop {
            let event = reader.read_event_into(&mut buffer)?;
            let ended = match &event {
                Event::Start(start) => {
                    start.local_name().as_ref().clone_into(&mut inside);
                    note |= inside == "ClientData" && start.attributes_raw().contains("\"Note\"");
                    false
                }
                Event::Text(text) => {
                    let number = text.xml10_content().trim().parse::<u32>().ok();
                    match inside.as_str() {
                        "Row" => row = row.or(number),
                        "Column" => column = column.or(number),
                        _ => {}
                    }
                    false
                }
                Event::End(end) => {
                    inside.clear();
                    end.local_name().as_ref() == "shape"
                }
                Event::Eof => return Err(Uneditable("a drawing ends inside of a shape".to_owned())),
                _ => false,
            };
            writer.write_event(event)?;
            buffer.clear();
            if ended {
                break;
            }
        }
        let cell = column.zip(row).filter(|_| note);
        Ok(Self {
            number,
            cell: cell.and_then(|(column, row)| Some((u16::try_from(column).ok()?, row.checked_add(1)?))),
            xml: writer.into_inner(),
        })
    }
}

/// The box of a note, beside its cell, shown when the pointer is on the cell.
fn shape((column, row): (u16, u32), number: u32) -> String {
    let left = column.saturating_add(1).min(16_380);
    let top = row.saturating_sub(2).min(1_048_560);
    let row = row.saturating_sub(1);
    format!(
        "<v:shape id=\"_x0000_s{number}\" type=\"#_x0000_t202\" style=\"position:absolute;margin-left:60pt;margin-top:2pt;width:240pt;height:120pt;z-index:1;visibility:hidden\" fillcolor=\"#ffffe1\" o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/><v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/><v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div></v:textbox><x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left}, 15, {top}, 2, {}, 31, {}, 9</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>",
        left + 3,
        top + 7
    )
}
