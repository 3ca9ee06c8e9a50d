//! How templates look, and the properties of the document.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, ProtectionOptions, Workbook, Worksheet, XlsxError,
};
use survey::edition::Edition;

use chrono::Datelike;

/// The formats of a template.
pub(super) struct Style {
    pub(super) title: Format,
    pub(super) header: Format,
    pub(super) section: Format,
    pub(super) text: Format,
    /// What is known of a hospital and stays as it is.
    pub(super) known: Format,
    /// The same, where it is entered.
    pub(super) identifier: Format,
    pub(super) choice: Format,
    pub(super) free: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name("Yu Gothic")
                .set_font_size(10)
                .set_text_wrap()
                .set_align(FormatAlign::Top)
        };
        let ruled = || base().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00BF_BFBF));
        let answer = || ruled().set_background_color(Color::RGB(0x00FF_F9E0)).set_unlocked();
        Self {
            title: Format::new().set_font_name("Yu Gothic").set_font_size(14).set_bold(),
            header: ruled().set_bold().set_background_color(Color::RGB(0x00DC_E6F1)),
            section: base().set_bold(),
            text: ruled(),
            // Text format: Excel would otherwise take leading zeros and read 1234E56 as a number.
            known: ruled().set_num_format("@"),
            identifier: ruled().set_num_format("@").set_unlocked(),
            choice: answer(),
            free: answer().set_num_format("@"),
        }
    }
}

/// Dates the document with the printing of the edition: the same input gives the same bytes.
pub(super) fn date(workbook: &mut Workbook, edition: &Edition) -> Result<(), XlsxError> {
    let printed = edition.printed();
    let year = u16::try_from(printed.year()).unwrap_or(1900);
    let month = u8::try_from(printed.month()).unwrap_or(1);
    let day = u8::try_from(printed.day()).unwrap_or(1);
    let created = ExcelDateTime::from_ymd(year, month, day)?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(title(edition))
            .set_subject(edition.id().as_str())
            .set_creation_datetime(&created),
    );
    Ok(())
}

/// The title of the edition's survey; its id where the survey did not come with the program.
pub(super) fn title(edition: &Edition) -> String {
    let id = edition.survey().as_str();
    survey::find(id).map_or_else(|| id.to_owned(), |survey| survey.title().to_owned())
}

/// The height in points of a row whose cells hold these texts in columns of these widths. Not every program fits rows to wrapped text when it
/// opens a file, and a cut question is a question misread.
pub(crate) fn row_height(cells: &[(&str, f64)]) -> f64 {
    const LINE: f64 = 14.0;
    const MOST: f64 = 409.0;
    let lines = cells
        .iter()
        .map(|(text, width)| text.lines().map(|line| lines_of(line, *width)).sum::<f64>())
        .fold(1.0, f64::max);
    (lines * LINE + 4.0).min(MOST)
}

fn lines_of(line: &str, width: f64) -> f64 {
    (text_width(line) / (width - 1.0)).ceil().max(1.0)
}

/// A text's width in the unit of column widths, which is a half-width character; Japanese ones take two, and bold ones a little more.
pub(super) fn text_width(text: &str) -> f64 {
    let units: u32 = text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    f64::from(units) * 1.05
}

/// Locks everything but the cells to be filled in. Without a password: it keeps from slips, and who has to change more may.
pub(super) fn protect(sheet: &mut Worksheet) {
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        insert_rows: true,
        delete_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::default()
    });
}

/// A4, across, with page numbers; so many pages side by side.
pub(super) fn print_on_a4(sheet: &mut Worksheet, pages: u16) {
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(pages, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    sheet.set_footer("&L&A&R&P / &N");
}
