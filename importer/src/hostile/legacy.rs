//! Workbooks of the old format (.xls) that claim much, go in circles, or repeat a long text.

use std::io::{Cursor, Write};

use cfb::{CompoundFile, Version};

use super::HostileFile;

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;

pub(super) fn files() -> Vec<HostileFile> {
    let file = |name, code, bytes| HostileFile { name, bytes, code };
    let whole = container("Workbook", &book(&[], &number(0, 0)));
    let half = whole.get(..whole.len() / 2).unwrap_or_default().to_vec();
    vec![
        file("blank.xls", "file_empty", container("Workbook", &book(&[], &[]))),
        file("truncated.xls", "file_unreadable", half),
        file("circle.xls", "file_unreadable", circle(whole)),
        file("letter.doc", "file_kind_unknown", container("WordDocument", b"a letter")),
        file(
            "password.xls",
            "file_password",
            container("Workbook", &book(&[(0x002F, vec![1, 0, 1, 0])], &number(0, 0))),
        ),
        file(
            "corner-cells.xls",
            "too_many_cells",
            container("Workbook", &book(&[], &[number(0, 0), number(40_000, 255)].concat())),
        ),
        file(
            "far-row.xls",
            "too_many_rows",
            container("Workbook", &book(&[], &number(65_535, 0))),
        ),
        file("many-cells.xls", "too_many_cells", container("Workbook", &book(&[], &many_cells()))),
        file("repeated-text.xls", "inflated_too_large", container("Workbook", &repeated_text())),
        file("many-sheets.xls", "too_many_sheets", container("Workbook", &many_sheets())),
        file(
            "beyond-the-end.xls",
            "file_unreadable",
            container("Workbook", &book(&[], &[0x03, 0x02, 0xFF, 0xFF])),
        ),
        file(
            "string-table-claim.xls",
            "file_unreadable",
            container("Workbook", &book(&[(0x00FC, [0xFF; 40].to_vec())], &number(0, 0))),
        ),
    ]
}

/// A harmless workbook whose sheet claims more rows than there are.
#[cfg(test)]
pub(super) fn claiming() -> Vec<u8> {
    let mut claim = vec![0; 14];
    for byte in claim.iter_mut().take(12).skip(4) {
        *byte = 0xFF;
    }
    container("Workbook", &book(&[], &[record(0x0200, &claim), number(2, 1)].concat()))
}

/// A workbook with a formula in C3 whose text is missing.
#[cfg(test)]
pub(crate) fn uncalculated() -> Vec<u8> {
    let cell = [2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0];
    container("Workbook", &book(&[], &[number(2, 1), record(0x0006, &cell)].concat()))
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    [kind.to_le_bytes().as_slice(), &length.to_le_bytes(), data].concat()
}

/// A cell with the number 1.
fn number(row: u16, column: u16) -> Vec<u8> {
    let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
    record(0x0203, &[place.as_slice(), &1_f64.to_le_bytes()].concat())
}

fn begin(kind: u8) -> Vec<u8> {
    record(BOF, &[0, 6, kind, 0, 0, 0, 0, 0])
}

fn bound_sheet(position: usize) -> Vec<u8> {
    let position = u32::try_from(position).unwrap_or(0).to_le_bytes();
    record(0x0085, &[position.as_slice(), &[0, 0, 1, 0, b'A']].concat())
}

/// A stream with one sheet, behind the global records given.
fn book(globals: &[(u16, Vec<u8>)], cells: &[u8]) -> Vec<u8> {
    let globals: Vec<u8> = globals.iter().flat_map(|(kind, data)| record(*kind, data)).collect();
    let head = begin(5);
    let tail = [globals, record(EOF, &[])].concat();
    let position = head.len() + bound_sheet(0).len() + tail.len();
    [head, bound_sheet(position), tail, begin(16), cells.to_vec(), record(EOF, &[])].concat()
}

/// More than a million cells in records of 255 each.
fn many_cells() -> Vec<u8> {
    let mut cells = Vec::new();
    for row in 0..4_500_u16 {
        let mut data = [row.to_le_bytes(), [0, 0]].concat();
        data.extend([0; 6].repeat(255));
        data.extend([254, 0]);
        cells.extend(record(0x00BD, &data));
    }
    cells
}

/// A text of 8,000 characters that 20,000 cells name: 14 bytes for each.
fn repeated_text() -> Vec<u8> {
    let mut table = vec![1, 0, 0, 0, 1, 0, 0, 0];
    table.extend(8_000_u16.to_le_bytes());
    table.push(0);
    table.extend([b'A'; 8_000]);
    let cell = |row: u16| record(0x00FD, &[row.to_le_bytes().as_slice(), &[0; 8]].concat());
    book(&[(0x00FC, table)], &(0..20_000).flat_map(cell).collect::<Vec<u8>>())
}

/// Many sheets that are all the same one.
fn many_sheets() -> Vec<u8> {
    [begin(5), bound_sheet(0).repeat(5_000), record(EOF, &[])].concat()
}

/// A container with one stream.
fn container(name: &str, stream: &[u8]) -> Vec<u8> {
    let made = || -> std::io::Result<Vec<u8>> {
        let mut file = CompoundFile::create_with_version(Version::V3, Cursor::new(Vec::new()))?;
        file.create_stream(name)?.write_all(stream)?;
        // Long enough to have sectors of its own.
        file.create_stream("Pictures")?.write_all(&[7; 9_000])?;
        file.flush()?;
        Ok(file.into_inner().into_inner())
    };
    made().unwrap_or_default()
}

/// Every sector is followed by itself; a reader that follows the chain fills the memory.
fn circle(mut file: Vec<u8>) -> Vec<u8> {
    let table = file
        .get(76..80)
        .and_then(|bytes| bytes.first_chunk::<4>())
        .map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let start = usize::try_from(table).unwrap_or(0).saturating_add(1).saturating_mul(512);
    for sector in 0..128_u32 {
        let place = start + usize::try_from(sector).unwrap_or(0) * 4;
        if let Some(bytes) = file.get_mut(place..place + 4)
            && bytes != [0xFF; 4]
            && sector != table
        {
            bytes.copy_from_slice(&sector.to_le_bytes());
        }
    }
    file
}
