//! Parts of a workbook changed in place, as a program or a person would have left them.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A part of a workbook as text.
///
/// # Panics
/// If there is none.
pub fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The names of the parts of an archive.
///
/// # Panics
/// If it is none.
pub fn names(bytes: &[u8]) -> Vec<String> {
    let archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.file_names().map(|name| name.unwrap().to_string()).collect()
}

/// The workbook with one part changed.
///
/// # Panics
/// If there is no such part, or nothing changed in it.
pub fn change(bytes: &[u8], name: &str, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let before = part(bytes, name);
    let after = change(&before);
    assert_ne!(before, after, "nothing to change in {name}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index(index).unwrap();
        if file.name().unwrap() == name {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(after.as_bytes()).unwrap();
        } else {
            writer.raw_copy_file(file).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}
