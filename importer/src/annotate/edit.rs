//! Brings the parts together: what is changed, what is new, what goes, and everything else copied without being inflated.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::book::{AddedSheet, ListedSheet, Types, add_sheets, edit_types, sheets};
use super::fills::Colours;
use super::findings::Findings;
use super::markup::Uneditable;
use super::notes::{Notes, Shapes};
use super::package::{Package, Relations, comparable, relations_part};
use super::sheet::{self, Plan, look};
use super::styles::Styles;
use super::{LIST, MEMORY, drawing, summary};

const TYPES: &str = "[Content_Types].xml";
/// Key of the hidden sheet's line that names the list.
const LIST_KEY: &str = "list";

/// An edited workbook.
pub(super) struct Edited {
    pub(super) bytes: Vec<u8>,
    pub(super) macros_removed: bool,
}

/// What an earlier round left in the hidden sheet: keys and values.
pub(super) type Memory = Vec<(String, String)>;

/// What happens to a part that exists.
enum Fate {
    Gone,
    Text(String),
    Sheet(usize),
    Drawing(usize),
    Types,
    Book,
    /// Written at the end, when all formats are known.
    Styles,
}

/// A sheet that is edited.
struct Target<'f> {
    plan: Plan<'f>,
    shapes: Shapes,
}

/// The workbook while it is taken apart.
struct Edit<'a, 'f> {
    package: Package<'a>,
    fates: BTreeMap<String, Fate>,
    new: Vec<(String, String)>,
    targets: Vec<Target<'f>>,
    types: Types,
    taken: BTreeSet<String>,
}

/// Writes findings into a workbook. `columns` is the number of columns that readers look at.
pub(super) fn edit(bytes: &[u8], findings: &Findings, memory: &Memory, remarks: &[String], columns: u16) -> Result<Edited, Uneditable> {
    let mut edit = Edit {
        package: Package::open(bytes)?,
        fates: BTreeMap::new(),
        new: Vec::new(),
        targets: Vec::new(),
        types: Types::default(),
        taken: BTreeSet::new(),
    };
    let root = edit.package.relations("")?;
    let book = root
        .first("officeDocument")
        .ok_or_else(|| Uneditable("no workbook part".to_owned()))?;
    let mut relations = edit.package.relations(&book)?;
    let listed = sheets(edit.package.part(&book)?)?;
    let styles_part = relations.first("styles").ok_or_else(|| Uneditable("no style sheet".to_owned()))?;
    let lines = memory.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut styles = Styles::parse(edit.package.part(&styles_part)?, Colours::remembered(lines))?;
    let macros_removed = edit.remove_macros(&mut relations)?;
    let formats = styles.own_formats();
    for (name, sheet) in &findings.sheets {
        let part = listed
            .iter()
            .find(|listed| listed.name == *name)
            .and_then(|listed| relations.by_id(&listed.relation));
        let part = part.ok_or_else(|| Uneditable(format!("no part of sheet {name:?}")))?;
        let seen = look(edit.package.part(&part)?)?;
        let plan = Plan {
            findings: sheet,
            column: seen.column(sheet, columns),
            drawing: None,
            formats,
        };
        edit.sheet(part, plan, seen.drawing.as_deref())?;
    }
    let name = list_name(&listed, memory);
    let mut added = Vec::new();
    let list = edit.own_sheet(&mut relations, &listed, &name, false, &mut added);
    let kept = edit.own_sheet(&mut relations, &listed, MEMORY, true, &mut added);
    let mut remarks = remarks.to_vec();
    if macros_removed {
        remarks.push("マクロは取り除きました。ファイルの種類は .xlsx です。".to_owned());
    }
    edit.new.push((list, summary::list(findings, &remarks, formats)));
    edit.fates.insert(comparable(&book), Fate::Book);
    edit.fates.insert(comparable(&styles_part), Fate::Styles);
    edit.fates.insert(comparable(TYPES), Fate::Types);
    edit.put(relations_part(&book), relations.xml());
    let mut output = edit.write(&mut styles, |source, target| add_sheets(source, target, &listed, &added))?;
    let mut lines = styles.colours().lines();
    lines.push((LIST_KEY.to_owned(), name));
    begin(&mut output, &kept)?;
    output.write_all(summary::memory(&lines).as_bytes())?;
    begin(&mut output, &styles_part)?;
    styles.write(edit.package.part(&styles_part)?, &mut output)?;
    Ok(Edited {
        bytes: output.finish()?.into_inner(),
        macros_removed,
    })
}

/// The name of the list: that of the earlier round, or one that the user has not taken.
fn list_name(listed: &[ListedSheet], memory: &Memory) -> String {
    let earlier = memory.iter().find(|(key, _)| key == LIST_KEY).map(|(_, name)| name);
    if let Some(name) = earlier.filter(|name| name.starts_with(LIST)) {
        return name.clone();
    }
    let mut names = std::iter::once(LIST.to_owned()).chain((2_u32..).map(|number| format!("{LIST}{number}")));
    names
        .find(|name| listed.iter().all(|sheet| sheet.name != *name))
        .unwrap_or_default()
}

fn begin(output: &mut ZipWriter<Cursor<Vec<u8>>>, part: &str) -> Result<(), Uneditable> {
    Ok(output.start_file(part, SimpleFileOptions::default())?)
}

impl<'f> Edit<'_, 'f> {
    /// Replaces a part, or makes it.
    fn put(&mut self, part: String, text: String) {
        if self.package.has(&part) {
            self.fates.insert(comparable(&part), Fate::Text(text));
        } else {
            self.new.push((part, text));
        }
    }

    /// A sheet to be edited, with its notes and their drawing.
    fn sheet(&mut self, part: String, mut plan: Plan<'f>, drawing: Option<&str>) -> Result<(), Uneditable> {
        let mut relations = self.package.relations(&part)?;
        let had = relations.all.len();
        let known = relations.first("comments");
        let mut notes = match &known {
            Some(part) => Notes::parse(self.package.part(part)?)?,
            None => Notes::default(),
        };
        let shapes = notes.replace(plan.findings)?;
        let index = self.targets.len();
        if known.is_some() || !shapes.new.is_empty() {
            let name = known.unwrap_or_else(|| self.added_part(&mut relations, "comments", "xl/comments", ".xml"));
            self.put(name, notes.xml()?);
        }
        match drawing.and_then(|id| relations.by_id(id)) {
            Some(part) if !shapes.new.is_empty() || !shapes.gone.is_empty() => {
                self.fates.insert(comparable(&part), Fate::Drawing(index));
            }
            None if !shapes.new.is_empty() => {
                let name = self.package.free_name("xl/drawings/vmlDrawing", ".vml", &self.taken);
                self.taken.insert(name.clone());
                plan.drawing = Some(relations.add("vmlDrawing", &name));
                self.new.push((name, drawing::new(&shapes)));
            }
            _ => {}
        }
        if relations.all.len() > had {
            self.put(relations_part(&part), relations.xml());
        }
        self.fates.insert(comparable(&part), Fate::Sheet(index));
        self.targets.push(Target { plan, shapes });
        Ok(())
    }

    fn added_part(&mut self, relations: &mut Relations, kind: &'static str, before: &str, after: &str) -> String {
        let name = self.package.free_name(before, after, &self.taken);
        self.taken.insert(name.clone());
        relations.add(kind, &name);
        self.types.new.insert(name.clone(), kind);
        name
    }

    /// The part of a sheet of ours: that of the earlier round, whose content goes, or a new one.
    fn own_sheet(
        &mut self,
        relations: &mut Relations,
        listed: &[ListedSheet],
        name: &str,
        hidden: bool,
        added: &mut Vec<AddedSheet>,
    ) -> String {
        let known = listed
            .iter()
            .find(|sheet| sheet.name == name)
            .and_then(|sheet| relations.by_id(&sheet.relation));
        if let Some(part) = known {
            self.fates.insert(comparable(&part), Fate::Gone);
            self.fates.insert(comparable(&relations_part(&part)), Fate::Gone);
            return part;
        }
        let part = self.added_part(relations, "worksheet", "xl/worksheets/sheet", ".xml");
        let relation = relations.all.last().map(|relation| relation.id.clone()).unwrap_or_default();
        added.push(AddedSheet {
            name: name.to_owned(),
            relation,
            hidden,
        });
        part
    }

    /// Takes out the macros: their part, what belongs to it, and its relation.
    fn remove_macros(&mut self, relations: &mut Relations) -> Result<bool, Uneditable> {
        let Some(part) = relations.first("vbaProject") else {
            return Ok(false);
        };
        relations.all.retain(|relation| !relation.is("vbaProject"));
        let inner = self.package.relations(&part)?;
        let parts = inner
            .all
            .iter()
            .map(|relation| inner.part(relation))
            .chain([relations_part(&part), part]);
        for part in parts {
            let part = comparable(&part);
            self.types.gone.push(part.clone());
            self.fates.insert(part, Fate::Gone);
        }
        Ok(true)
    }

    /// Writes all parts that exist and those that are new, but for those that wait for the formats.
    fn write(
        &mut self,
        styles: &mut Styles,
        book: impl Fn(&mut dyn std::io::BufRead, &mut ZipWriter<Cursor<Vec<u8>>>) -> Result<(), Uneditable>,
    ) -> Result<ZipWriter<Cursor<Vec<u8>>>, Uneditable> {
        let mut output = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..self.package.archive.len() {
            let name = self.package.archive.by_index_raw(index)?.name()?.into_owned();
            let Some(fate) = self.fates.get(&comparable(&name)) else {
                output.raw_copy_file(self.package.archive.by_index_raw(index)?)?;
                continue;
            };
            if matches!(fate, Fate::Gone | Fate::Styles) {
                continue;
            }
            begin(&mut output, &name)?;
            let mut source = std::io::BufReader::new(self.package.archive.by_index(index)?);
            match fate {
                Fate::Text(text) => output.write_all(text.as_bytes())?,
                Fate::Types => edit_types(source, &mut output, &self.types)?,
                Fate::Book => book(&mut source, &mut output)?,
                Fate::Sheet(target) => {
                    if let Some(target) = self.targets.get(*target) {
                        sheet::edit(source, &mut output, &target.plan, styles)?;
                    }
                }
                Fate::Drawing(target) => {
                    if let Some(target) = self.targets.get(*target) {
                        drawing::edit(source, &mut output, &target.shapes)?;
                    }
                }
                Fate::Gone | Fate::Styles => {}
            }
        }
        for (part, text) in &self.new {
            begin(&mut output, part)?;
            output.write_all(text.as_bytes())?;
        }
        Ok(output)
    }
}
