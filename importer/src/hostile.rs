//! Builds the files that break readers of spreadsheets, for tests of the importer, of the parsing child and of the server.
//!
//! Behind the feature `hostile`, because no program needs them. Each one is refused with a clear reason; none of them may be stored in the
//! repository, where a virus scanner or a curious person would open it.

mod archive;
#[cfg(test)]
pub(crate) mod legacy;
#[cfg(not(test))]
mod legacy;
mod opendocument;

use archive::{Archive, book};

/// Cells of the file with many cells: 600 MB of XML in a few megabytes.
const MANY_CELLS: usize = 50_000_000;
/// Bytes of the file with one long text.
const LONG_TEXT: usize = 500_000_000;
const MANY_ENTRIES: usize = 100_000;
const BOMB_BYTES: u32 = 300 << 20;

/// One hostile file.
#[derive(Debug, Clone)]
pub struct HostileFile {
    /// A file name that says what is wrong with it.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The code of the refusal that it must get.
    pub code: &'static str,
}

/// All hostile files as name and bytes.
#[must_use]
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    described().into_iter().map(|file| (file.name, file.bytes)).collect()
}

/// All hostile files with the code of the refusal that each must get.
#[must_use]
pub fn described() -> Vec<HostileFile> {
    [office_files(), opendocument::files(), legacy::files()].concat()
}

fn office_files() -> Vec<HostileFile> {
    let file = |name, code, bytes| HostileFile { name, bytes, code };
    let whole = book(&sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"), None);
    let half = whole.get(..whole.len() / 2).unwrap_or_default().to_vec();
    vec![
        file("empty.xlsx", "file_empty", Vec::new()),
        file("blank.csv", "file_empty", b"\r\n \r\n".to_vec()),
        file("blank.xlsx", "file_empty", book(&sheet(""), None)),
        file("random.xlsx", "file_kind_unknown", noise(4_096)),
        file("truncated.xlsx", "file_unreadable", half),
        file("web-page.xlsx", "file_kind_unknown", web_page()),
        file("half-cp932.csv", "encoding_unknown", half_cp932()),
        file("endless-quote.csv", "text_too_long", endless_quote()),
        file("corner-cells.xlsx", "too_many_rows", corner_cells()),
        file(
            "wide.xlsx",
            "too_many_columns",
            book(&sheet("<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>"), None),
        ),
        file(
            "string-table-claim.xlsx",
            "file_unreadable",
            string_table_claim("4000000000", false),
        ),
        file(
            "string-table-claim-utf16.xlsx",
            "file_unreadable",
            string_table_claim("4000000000", true),
        ),
        file(
            "far-column.xlsx",
            "too_many_columns",
            book(&sheet("<row r=\"1\"><c r=\"ZZZZZZ1\"><v>1</v></c></row>"), None),
        ),
        file("many-cells.xlsx", "too_many_cells", many_cells()),
        file("many-rows.xlsx", "too_many_rows", many_rows()),
        file("long-text.xlsx", "text_too_long", long_text()),
        file("long-cdata.xlsx", "file_unreadable", long_cdata()),
        file("many-entries.xlsx", "too_many_entries", many_entries()),
        file("many-styles.xlsx", "too_many_cells", many_styles()),
        file("bomb.xlsx", "inflated_too_large", bomb()),
        file("lying-size.xlsx", "file_unreadable", archive::claim_size(bomb(), BOMB_BYTES, 10)),
        file("broken.xls", "file_unreadable", broken_container(b"W\0o\0r\0k\0b\0o\0o\0k\0")),
        file(
            "password.xlsx",
            "file_password",
            broken_container(b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"),
        ),
    ]
}

/// A spreadsheet with these tables, for tests of what is harmless.
#[cfg(test)]
pub(crate) fn spreadsheet(tables: &str) -> Vec<u8> {
    opendocument::book(tables)
}

/// A workbook with one sheet of these rows, for tests of what no writer of ours writes.
#[cfg(test)]
pub(crate) fn workbook(rows: &str) -> Vec<u8> {
    book(&sheet(rows), None)
}

fn sheet(rows: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

/// Bytes without meaning, the same in every run (a linear congruential generator).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, _, _, high] = state.to_le_bytes();
        high
    })
    .take(length)
    .collect()
}

fn web_page() -> Vec<u8> {
    "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><body><table><tr><td>G-MIS ID</td></tr></table></body></html>".into()
}

/// CP932 in its first line, something else in its second.
fn half_cp932() -> Vec<u8> {
    let (good, _, _) = encoding_rs::SHIFT_JIS.encode("G-MIS ID,電子カルテ\r\n");
    [&good, b"AB12345,\xFF\xFE\x81\r\n".as_slice()].concat()
}

fn endless_quote() -> Vec<u8> {
    format!("G-MIS ID,1\nAB12345,\"{}", "はい,\n".repeat(200_000)).into_bytes()
}

/// calamine's `worksheet_range` allocates the whole rectangle between the two cells (calamine#684).
fn corner_cells() -> Vec<u8> {
    book(
        &sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"),
        None,
    )
}

/// calamine reserves memory for as many strings as the table claims (calamine#693).
fn string_table_claim(count: &str, wide: bool) -> Vec<u8> {
    let table = format!("<sst uniqueCount=\"{count}\"><si><t>a</t></si></sst>");
    let bytes = if wide {
        [0xFEFF]
            .into_iter()
            .chain(table.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect()
    } else {
        table.into_bytes()
    };
    book(&sheet("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>"), Some(&bytes))
}

fn many_cells() -> Vec<u8> {
    let row = format!("<row>{}</row>", "<c><v>1</v></c>".repeat(500));
    let mut archive = Archive::book(None);
    archive.start("xl/worksheets/sheet1.xml");
    archive.text("<worksheet><sheetData>");
    for _ in 0..MANY_CELLS / 500 {
        archive.text(&row);
    }
    archive.text("</sheetData></worksheet>");
    archive.finish()
}

fn many_rows() -> Vec<u8> {
    let rows: String = (1..=60_000).map(|row| format!("<row r=\"{row}\"><c><v>1</v></c></row>")).collect();
    book(&sheet(&rows), None)
}

fn long_text() -> Vec<u8> {
    let block = "A".repeat(1_000_000);
    let mut archive = Archive::book(None);
    archive.start("xl/worksheets/sheet1.xml");
    archive.text("<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>");
    for _ in 0..LONG_TEXT / block.len() {
        archive.text(&block);
    }
    archive.text("</t></is></c></row></sheetData></worksheet>");
    archive.finish()
}

/// A text that no run without `<` betrays.
fn long_cdata() -> Vec<u8> {
    let text = "<".repeat(4_000_000);
    book(
        &sheet(&format!(
            "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t><![CDATA[{text}]]></t></is></c></row>"
        )),
        None,
    )
}

fn many_entries() -> Vec<u8> {
    let mut archive = Archive::book(Some(&sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>")));
    for index in 0..MANY_ENTRIES {
        archive.start(&format!("xl/media/{index}.txt"));
    }
    archive.finish()
}

fn many_styles() -> Vec<u8> {
    let mut archive = Archive::book(Some(&sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>")));
    archive.start("xl/styles.xml");
    archive.text(&format!(
        "<styleSheet><cellXfs>{}</cellXfs></styleSheet>",
        "<xf/>".repeat(2_000_000)
    ));
    archive.finish()
}

/// A picture that inflates to more than any limit; the lying copy claims ten bytes in its headers.
fn bomb() -> Vec<u8> {
    let block = vec![0_u8; 1 << 20];
    let mut archive = Archive::book(Some(&sheet("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>")));
    archive.start("xl/media/image1.bmp");
    for _ in 0..BOMB_BYTES >> 20 {
        archive.bytes(&block);
    }
    archive.finish()
}

/// The first bytes of an OLE container with a stream of this name.
fn broken_container(stream: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    bytes.resize(1_536, 0);
    bytes.extend_from_slice(stream);
    bytes.resize(2_048, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::read::read;

    #[test]
    fn every_hostile_file_is_refused_with_its_reason() {
        let mut wrong = Vec::new();
        for file in described() {
            let found = read(&file.bytes, &Limits::default()).map_or_else(|refusal| refusal.code, |_| "accepted");
            if found != file.code {
                wrong.push((file.name, found));
            }
        }
        assert_eq!(wrong, []);
    }

    #[test]
    fn harmless_files_from_the_same_builders_are_read() {
        let table = "<table:table table:name=\"Sheet1\"><table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
                     <table:table-row><table:table-cell/><table:table-cell office:value-type=\"float\" office:value=\"1\"/></table:table-row></table:table>";
        for bytes in [opendocument::book(table), legacy::claiming()] {
            let workbook = read(&bytes, &Limits::default()).unwrap();
            assert_eq!(
                (workbook.sheets[0].rows[0].number, workbook.sheets[0].rows[0].cells[0].column),
                (3, 1)
            );
        }
    }

    #[test]
    fn a_harmless_book_from_the_same_builder_is_read() {
        let bytes = book(
            &sheet("<row r=\"2\"><c r=\"B2\" t=\"s\"><v>0</v></c></row>"),
            Some(b"<sst uniqueCount=\"1\"><si><t>a</t></si></sst>"),
        );
        let workbook = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(workbook.sheets[0].rows[0].number, 2);
    }
}
