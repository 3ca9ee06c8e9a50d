//! A workbook as an archive of parts: parts by name, and the relations that say which part belongs to which.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::markup::{Uneditable, attribute};

/// Relations that a part may have.
const MOST_RELATIONS: usize = 100_000;

/// The archive.
pub(super) struct Package<'a> {
    pub(super) archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Lower-case names to positions: parts are the same whatever their case.
    positions: BTreeMap<String, usize>,
}

/// One relation of a part.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) id: String,
    kind: String,
    target: String,
    mode: Option<String>,
}

/// The relations of a part.
#[derive(Debug, Clone, Default)]
pub(super) struct Relations {
    pub(super) all: Vec<Relation>,
    /// Folder of the part, with a slash at its end, or nothing.
    folder: String,
}

/// A part's name as names are compared.
pub(super) fn comparable(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Uneditable> {
        let mut archive = ZipArchive::new(Cursor::new(bytes))?;
        let mut positions = BTreeMap::new();
        for index in 0..archive.len() {
            let name = comparable(&archive.by_index_raw(index)?.name()?);
            if positions.insert(name, index).is_some() {
                return Err(Uneditable("two parts of one name".to_owned()));
            }
        }
        Ok(Self { archive, positions })
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.positions.contains_key(&comparable(part))
    }

    /// A part to read from.
    pub(super) fn part(&mut self, part: &str) -> Result<impl BufRead, Uneditable> {
        let position = self.positions.get(&comparable(part)).copied();
        let position = position.ok_or_else(|| Uneditable(format!("no part {part}")))?;
        Ok(BufReader::new(self.archive.by_index(position)?))
    }

    /// The relations of a part; none if it has no list of them.
    pub(super) fn relations(&mut self, part: &str) -> Result<Relations, Uneditable> {
        let mut relations = Relations::of(part);
        let list = relations_part(part);
        if !self.has(&list) {
            return Ok(relations);
        }
        let mut reader = Reader::from_reader(self.part(&list)?);
        let mut buffer = Vec::new();
        loop {
            match reader.read_event_into(&mut buffer)? {
                Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "Relationship" => {
                    let get = |key: &str| attribute(&start, key);
                    relations.all.push(Relation {
                        id: get("Id")?.unwrap_or_default(),
                        kind: get("Type")?.unwrap_or_default(),
                        target: get("Target")?.unwrap_or_default(),
                        mode: get("TargetMode")?,
                    });
                    if relations.all.len() > MOST_RELATIONS {
                        return Err(Uneditable("too many relations".to_owned()));
                    }
                }
                Event::Eof => return Ok(relations),
                _ => {}
            }
            buffer.clear();
        }
    }

    /// A name that no part has yet: `before`, a number, `after`.
    pub(super) fn free_name(&self, before: &str, after: &str, taken: &BTreeSet<String>) -> String {
        let names = (1_u32..).map(|number| format!("{before}{number}{after}"));
        let mut free = names.filter(|name| !self.has(name) && !taken.contains(name));
        free.next().unwrap_or_default()
    }
}

/// The part that holds the relations of a part.
pub(super) fn relations_part(part: &str) -> String {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{folder}{slash}_rels/{name}.rels")
}

impl Relation {
    /// Whether it is of a kind, by the last word of its type (`comments`, `styles`).
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.rsplit_once('/').map_or(self.kind.as_str(), |(_, last)| last) == kind && self.mode.as_deref() != Some("External")
    }
}

impl Relations {
    fn of(part: &str) -> Self {
        Self {
            all: Vec::new(),
            folder: part.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default(),
        }
    }

    /// The part that a relation leads to, from the root of the archive.
    pub(super) fn part(&self, relation: &Relation) -> String {
        let path = match relation.target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{}{}", self.folder, relation.target),
        };
        let mut steps: Vec<&str> = Vec::new();
        for step in path.split('/') {
            match step {
                "" | "." => {}
                ".." => drop(steps.pop()),
                step => steps.push(step),
            }
        }
        steps.join("/")
    }

    /// The part of the first relation of a kind.
    pub(super) fn first(&self, kind: &str) -> Option<String> {
        self.all
            .iter()
            .find(|relation| relation.is(kind))
            .map(|relation| self.part(relation))
    }

    /// The part of a relation.
    pub(super) fn by_id(&self, id: &str) -> Option<String> {
        self.all
            .iter()
            .find(|relation| relation.id == id)
            .map(|relation| self.part(relation))
    }

    /// Adds a relation to a part and returns its id.
    pub(super) fn add(&mut self, kind: &str, part: &str) -> String {
        let mut ids = (1_u32..).map(|number| format!("rIdChosa{number}"));
        let id = ids
            .find(|id| self.all.iter().all(|relation| relation.id != *id))
            .unwrap_or_default();
        self.all.push(Relation {
            id: id.clone(),
            kind: format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"),
            target: format!("/{part}"),
            mode: None,
        });
        id
    }

    pub(super) fn xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">".to_owned();
        for relation in &self.all {
            let mode = relation.mode.as_ref().map(|mode| format!(" TargetMode=\"{}\"", escape(mode)));
            xml.push_str(&format!(
                "<Relationship Id=\"{}\" Type=\"{}\" Target=\"{}\"{}/>",
                escape(&relation.id),
                escape(&relation.kind),
                escape(&relation.target),
                mode.unwrap_or_default()
            ));
        }
        xml.push_str("</Relationships>");
        xml
    }
}
