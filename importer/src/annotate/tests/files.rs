//! Workbooks as archives of XML, looked into and changed by plain text search: other code than that which is tested.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::annotate::markup::position;

/// All parts as text.
pub(crate) fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        parts.insert(entry.name().unwrap().into_owned(), String::from_utf8_lossy(&bytes).into_owned());
    }
    parts
}

pub(crate) fn packed(parts: &BTreeMap<String, String>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What stands between two texts, for every place where they stand.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let pieces = text.split(before).skip(1);
    pieces.map(|piece| piece.split(after).next().unwrap()).collect()
}

/// Types texts into cells of a sheet, as a person would: formats stay.
pub(crate) fn typed(bytes: &[u8], part: &str, values: &[(&str, &str)]) -> Vec<u8> {
    let mut parts = parts(bytes);
    let xml = parts.get_mut(part).unwrap();
    for (cell, text) in values {
        let (column, row) = position(cell).unwrap();
        let begin = xml.find(&format!("<row r=\"{row}\"")).unwrap();
        let begin = begin + xml.get(begin..).unwrap().find('>').unwrap() + 1;
        let end = begin + xml.get(begin..).unwrap().find("</row>").unwrap();
        let mut kept = Vec::new();
        let mut format = column_format(xml, column);
        for piece in xml.get(begin..end).unwrap().split("<c r=\"").skip(1) {
            let found = position(piece.split('"').next().unwrap()).unwrap().0;
            if found == column {
                format = between(piece, " s=\"", "\"")
                    .first()
                    .map(|s| format!(" s=\"{s}\""))
                    .unwrap_or_default();
            } else {
                kept.push((found, format!("<c r=\"{piece}")));
            }
        }
        kept.push((
            column,
            format!("<c r=\"{cell}\"{format} t=\"inlineStr\"><is><t>{text}</t></is></c>"),
        ));
        kept.sort();
        let row: String = kept.into_iter().map(|(_, xml)| xml).collect();
        xml.replace_range(begin..end, &row);
    }
    packed(&parts)
}

/// The format that a new cell takes from its column.
fn column_format(sheet: &str, column: u16) -> String {
    let number = |tag: &str, key: &str| between(tag, key, "\"").first().and_then(|text| text.parse::<u16>().ok());
    let mut columns = between(sheet, "<col ", ">").into_iter();
    let found = columns.find(|tag| (number(tag, "min=\"").unwrap()..=number(tag, "max=\"").unwrap()).contains(&(column + 1)));
    let style = found.and_then(|tag| number(tag, "style=\""));
    style.map(|style| format!(" s=\"{style}\"")).unwrap_or_default()
}

/// The colour of a cell's fill, by the style sheet; empty if it has none.
pub(crate) fn colour(parts: &BTreeMap<String, String>, part: &str, cell: &str) -> String {
    let sheet = &parts[part];
    let Some(piece) = sheet.split(&format!("<c r=\"{cell}\"")).nth(1) else {
        return String::new();
    };
    let tag = piece.split('>').next().unwrap();
    let style: usize = between(tag, " s=\"", "\"").first().map_or(0, |style| style.parse().unwrap());
    let styles = &parts["xl/styles.xml"];
    let formats = between(styles, "<cellXfs", "</cellXfs>")[0];
    let format = formats.split("<xf ").nth(style + 1).unwrap();
    let fill: usize = between(format, "fillId=\"", "\"")[0].parse().unwrap();
    let fills = between(styles, "<fills", "</fills>")[0];
    let fill = fills.split("<fill>").nth(fill + 1).unwrap();
    between(fill, "<fgColor rgb=\"", "\"")
        .first()
        .copied()
        .unwrap_or_default()
        .to_owned()
}

/// The cells that have a note, and the note.
pub(crate) fn notes(parts: &BTreeMap<String, String>, part: &str) -> BTreeMap<String, String> {
    let pieces = parts[part].split("<comment ").skip(1);
    pieces
        .map(|piece| {
            let texts: Vec<&str> = piece
                .split("<t")
                .skip(2)
                .filter_map(|text| text.split_once('>'))
                .map(|(_, text)| text.split("</t>").next().unwrap())
                .collect();
            (between(piece, "ref=\"", "\"")[0].to_owned(), texts.concat())
        })
        .collect()
}
