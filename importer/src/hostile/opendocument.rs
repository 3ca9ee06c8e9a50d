//! OpenDocument spreadsheets that are small and stand for millions of cells.

use super::HostileFile;
use super::archive::Archive;

const MIMETYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";
const VALUE: &str = "office:value-type=\"float\" office:value=\"1\"";

pub(super) fn files() -> Vec<HostileFile> {
    let file = |name, code, bytes| HostileFile { name, bytes, code };
    let cell = |repeated: u64| format!("<table:table-cell {VALUE} table:number-columns-repeated=\"{repeated}\"/>");
    let rows = |repeated: u64, cells: &str| format!("<table:table-row table:number-rows-repeated=\"{repeated}\">{cells}</table:table-row>");
    let text = |repeated: u64, inner: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\" table:number-columns-repeated=\"{repeated}\"><text:p>{inner}</text:p></table:table-cell>"
        )
    };
    let nested = format!(
        "<table:table-row><table:table-cell>{}</table:table-cell></table:table-row>",
        table(&rows(1, &cell(1)))
    );
    vec![
        file(
            "blank.ods",
            "file_empty",
            book(&table(&rows(
                1_048_576,
                "<table:table-cell table:number-columns-repeated=\"16384\"/>",
            ))),
        ),
        file(
            "repeated-columns.ods",
            "too_many_columns",
            book(&table(&rows(1, &cell(4_000_000_000)))),
        ),
        file("repeated-rows.ods", "too_many_rows", book(&table(&rows(1_048_576, &cell(1))))),
        file("repeated-cells.ods", "too_many_cells", book(&table(&rows(40_000, &cell(500))))),
        file(
            "far-apart.ods",
            "too_many_cells",
            book(&table(
                &(rows(1, &cell(500)) + &rows(40_000, "<table:table-cell/>") + &rows(1, &cell(1))),
            )),
        ),
        file(
            "many-tables.ods",
            "too_many_cells",
            book(&table(&rows(1_000, &cell(500))).repeat(100)),
        ),
        file(
            "repeated-text.ods",
            "inflated_too_large",
            book(&table(&rows(10, &text(500, &"あ".repeat(10_000))))),
        ),
        file(
            "repeated-spaces.ods",
            "inflated_too_large",
            book(&table(&rows(1, &text(1, "<text:s text:c=\"4000000000\"/>")))),
        ),
        file(
            "no-number.ods",
            "file_unreadable",
            book(&table(
                "<table:table-row table:number-rows-repeated=\"-1\"><table:table-cell/></table:table-row>",
            )),
        ),
        file("table-without-end.ods", "file_unreadable", packed(MIMETYPE, &without_end(), None)),
        file("table-in-a-table.ods", "file_unreadable", book(&table(&nested))),
        file(
            "password.ods",
            "file_password",
            packed(MIMETYPE, "\u{1}\u{2}", Some("<manifest:encryption-data/>")),
        ),
        file(
            "letter.odt",
            "file_kind_not_supported",
            packed("application/vnd.oasis.opendocument.text", &document(""), None),
        ),
    ]
}

fn table(rows: &str) -> String {
    format!("<table:table table:name=\"Sheet1\">{rows}</table:table>")
}

fn document(tables: &str) -> String {
    format!(
        "<office:document-content><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
}

/// calamine waits for the end of such a table for ever.
fn without_end() -> String {
    format!("<office:document-content><table:table table:name=\"Sheet1\"><table:table-row><table:table-cell {VALUE}/></table:table-row>")
}

/// A spreadsheet of these tables.
pub(super) fn book(tables: &str) -> Vec<u8> {
    packed(MIMETYPE, &document(tables), None)
}

fn packed(mimetype: &str, content: &str, manifest: Option<&str>) -> Vec<u8> {
    let mut archive = Archive::empty();
    archive.start("mimetype");
    archive.text(mimetype);
    archive.start("META-INF/manifest.xml");
    archive.text(&format!(
        "<manifest:manifest><manifest:file-entry>{}</manifest:file-entry></manifest:manifest>",
        manifest.unwrap_or_default()
    ));
    archive.start("content.xml");
    archive.text(content);
    archive.finish()
}
