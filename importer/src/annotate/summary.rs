//! The sheets that are added: the list of faults with links to their cells, and the hidden one that remembers colours.
//!
//! Every text is an inline string, never a formula, and the links lead to cells of this workbook only.

use quick_xml::escape::escape;

use super::findings::{Findings, Listed, severity_name};
use super::markup::text;
use super::styles::OwnFormats;
use crate::template::row_height;
use crate::workbook::address;

const BEGIN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";
/// Headings of the list with their widths.
const COLUMNS: [(&str, u32); 7] = [
    ("シート", 14),
    ("セル", 8),
    ("重大度", 9),
    ("設問", 36),
    ("見つかった値", 24),
    ("求められる値", 36),
    ("直し方", 60),
];

/// Height of one line in points, and how much larger than in a template a line is.
const LINE: f64 = 18.0;
const LARGER: f64 = 1.15;

/// Cells of a sheet that is being written.
struct Cells {
    xml: String,
    row: u32,
}

impl Cells {
    fn row(&mut self, values: &[(&str, u32)]) {
        self.row += 1;
        // Not every program fits rows to their texts when it opens a file. A sentence above the table may run on to the right.
        let wrapped = values
            .iter()
            .zip(COLUMNS)
            .map(|((value, _), (_, width))| (*value, f64::from(width)));
        let height = if values.len() > 1 {
            row_height(&wrapped.collect::<Vec<_>>()) * LARGER
        } else {
            LINE
        };
        self.xml
            .push_str(&format!("<row r=\"{}\" ht=\"{height:.1}\" customHeight=\"1\">", self.row));
        for ((value, format), column) in values.iter().zip(0_u16..).filter(|((value, _), _)| !value.is_empty()) {
            self.xml.push_str(&format!(
                "<c r=\"{}\" s=\"{format}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                address(column, self.row),
                text(value)
            ));
        }
        self.xml.push_str("</row>");
    }
}

/// The list of faults. `remarks` are sentences about the file.
pub(super) fn list(findings: &Findings, remarks: &[String], formats: OwnFormats) -> String {
    let mut cells = Cells {
        xml: String::new(),
        row: 0,
    };
    for (remark, first) in opening(findings).iter().chain(remarks).zip((0..1).chain(std::iter::repeat(1))) {
        cells.row(&[(remark, if first == 0 { formats.title } else { 0 })]);
    }
    let header = cells.row + 1;
    cells.row(&COLUMNS.map(|(heading, _)| (heading, formats.bold)));
    let mut links = String::new();
    for listed in &findings.listed {
        let format = if listed.linked { formats.link } else { formats.text };
        let (sheet, cell) = (
            listed.sheet.as_deref().unwrap_or_default(),
            listed.cell.as_deref().unwrap_or_default(),
        );
        let texts = [
            severity_name(listed.severity),
            &listed.subject,
            &listed.found,
            &listed.expected,
            &listed.message,
        ];
        let values: Vec<(&str, u32)> = [(sheet, formats.text), (cell, format)]
            .into_iter()
            .chain(texts.map(|text| (text, formats.text)))
            .collect();
        cells.row(&values);
        links.push_str(&link(listed, cells.row));
    }
    let columns: String = COLUMNS
        .iter()
        .zip(1..)
        .map(|((_, width), column)| format!("<col min=\"{column}\" max=\"{column}\" width=\"{width}\" customWidth=\"1\"/>"))
        .collect();
    let links = if links.is_empty() {
        links
    } else {
        format!("<hyperlinks>{links}</hyperlinks>")
    };
    format!(
        "{BEGIN}<sheetPr><tabColor rgb=\"FFC00000\"/><pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"{header}\" topLeftCell=\"A{}\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>{}</sheetData>{links}<pageMargins left=\"0.4\" right=\"0.4\" top=\"0.5\" bottom=\"0.5\" header=\"0.3\" footer=\"0.3\"/><pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>",
        header + 1,
        cells.xml
    )
}

/// What the file's owner is to do, and how much there is.
fn opening(findings: &Findings) -> Vec<String> {
    let mut lines = vec![format!("指摘一覧（エラー {}件、警告 {}件）", findings.errors, findings.warnings)];
    lines.push(if findings.errors > 0 {
        "色の付いたセルを直して保存し、このファイルをそのまま送ってください。「セル」を押すと、その場所へ移ります。".to_owned()
    } else if findings.warnings > 0 {
        "エラーはありません。警告の内容を確かめ、直す場合は直して保存し、このファイルをそのまま送ってください。".to_owned()
    } else {
        "指摘はありません。".to_owned()
    });
    if findings.without_note > 0 {
        lines.push(format!(
            "数が多いため、{}か所には注記を付けていません。「エラー」の列を見てください。",
            findings.without_note
        ));
    }
    if findings.unlisted() > 0 {
        lines.push(format!(
            "数が多いため、残りの{}件はこの一覧に載せていません。直して送ると、次に表示します。",
            findings.unlisted()
        ));
    }
    lines
}

fn link(listed: &Listed, row: u32) -> String {
    match (&listed.sheet, &listed.cell) {
        (Some(sheet), Some(cell)) if listed.linked => {
            let location = format!("'{}'!{cell}", sheet.replace('\'', "''"));
            format!("<hyperlink ref=\"B{row}\" location=\"{}\" display=\"{cell}\"/>", escape(location))
        }
        _ => String::new(),
    }
}

/// The hidden sheet: key and value in each row.
pub(super) fn memory(lines: &[(String, String)]) -> String {
    let mut cells = Cells {
        xml: String::new(),
        row: 0,
    };
    for (key, value) in lines {
        cells.row(&[(key, 0), (value, 0)]);
    }
    format!("{BEGIN}<sheetData>{}</sheetData></worksheet>", cells.xml)
}
