//! Writes zip archives with the bare parts of a workbook, streaming, so that a bomb needs no memory to build.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>",
    ),
    (
        "_rels/.rels",
        "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    ),
    (
        "xl/workbook.xml",
        "<workbook><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
    ),
];

/// An archive that is being written. Writing into memory does not fail, so results are not passed on.
pub(super) struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
}

impl Archive {
    /// A workbook with one sheet, or, with `None`, everything but the sheet.
    pub(super) fn book(sheet: Option<&str>) -> Self {
        let mut archive = Self::empty();
        for (name, text) in PARTS {
            archive.start(name);
            archive.text(text);
        }
        if let Some(sheet) = sheet {
            archive.start("xl/worksheets/sheet1.xml");
            archive.text(sheet);
        }
        archive
    }

    /// An archive without any part.
    pub(super) fn empty() -> Self {
        Self {
            writer: ZipWriter::new(Cursor::new(Vec::new())),
        }
    }

    pub(super) fn start(&mut self, name: &str) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1));
        self.writer.start_file(name, options).unwrap_or_default();
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap_or_default();
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.finish().map(Cursor::into_inner).unwrap_or_default()
    }
}

/// A whole workbook with one sheet and, if given, a string table.
pub(super) fn book(sheet: &str, strings: Option<&[u8]>) -> Vec<u8> {
    let mut archive = Archive::book(Some(sheet));
    if let Some(strings) = strings {
        archive.start("xl/sharedStrings.xml");
        archive.bytes(strings);
    }
    archive.finish()
}

/// Replaces an uncompressed size wherever the headers of an archive hold it.
pub(super) fn claim_size(mut archive: Vec<u8>, real: u32, claimed: u32) -> Vec<u8> {
    let real = real.to_le_bytes();
    let mut start = 0;
    while let Some(position) = archive
        .get(start..)
        .and_then(|rest| rest.windows(4).position(|window| window == real))
    {
        let place = start + position;
        if let Some(bytes) = archive.get_mut(place..place + 4) {
            bytes.copy_from_slice(&claimed.to_le_bytes());
        }
        start = place + 4;
    }
    archive
}
