//! How the reading workbooks look on screen and on paper: formats, page set-up, and a pen that writes one cell. Knows no table.

use super::text;
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// Made to be told apart by everybody, and on every Windows since 2018; others fall back to their own Gothic.
pub(super) const FONT: &str = "BIZ UDPゴシック";
/// ISO/Excel number of A4.
const A4: u8 = 9;

const HEAD: Color = Color::RGB(0xD9_E6_F7);
const SECTION: Color = Color::RGB(0xF2_F2_F2);
const LINE: Color = Color::RGB(0xA6_A6_A6);

/// The formats of a workbook, made once.
pub(super) struct Styles {
    pub(super) cover_title: Format,
    pub(super) title: Format,
    pub(super) note: Format,
    pub(super) plain: Format,
    pub(super) wrapped: Format,
    pub(super) head: Format,
    pub(super) section: Format,
    pub(super) label: Format,
    pub(super) count: Format,
    pub(super) percent: Format,
    pub(super) dash: Format,
    pub(super) mark: Format,
    pub(super) link: Format,
}

impl Styles {
    fn new() -> Styles {
        let base = || {
            Format::new()
                .set_font_name(FONT)
                .set_font_size(11)
                .set_align(FormatAlign::VerticalCenter)
        };
        let ruled = || base().set_border(FormatBorder::Thin).set_border_color(LINE);
        Styles {
            cover_title: base().set_font_size(22).set_bold().set_text_wrap(),
            title: base().set_font_size(14).set_bold(),
            note: base().set_font_size(10).set_text_wrap().set_align(FormatAlign::Top),
            plain: base(),
            wrapped: ruled().set_text_wrap().set_indent(1),
            head: ruled()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_background_color(HEAD),
            section: ruled().set_bold().set_background_color(SECTION),
            label: ruled().set_indent(1),
            count: ruled().set_num_format("#,##0"),
            percent: ruled().set_num_format("0.0"),
            dash: ruled().set_align(FormatAlign::Right),
            mark: ruled().set_align(FormatAlign::Center),
            link: base()
                .set_font_color(Color::RGB(0x00_17_C1))
                .set_underline(rust_xlsxwriter::FormatUnderline::Single),
        }
    }
}

/// A workbook whose only date is `as_of`, so that two runs give the same bytes.
pub(super) fn workbook(title: &str, publisher: &str, as_of: DateTime<Utc>) -> Result<(Workbook, Styles), XlsxError> {
    let mut workbook = Workbook::new();
    let font = Format::new()
        .set_font_name(FONT)
        .set_font_size(11)
        .set_align(FormatAlign::VerticalCenter);
    workbook.set_default_format(&font, 20, 72)?;
    workbook.set_properties(&properties(title, publisher, as_of)?);
    Ok((workbook, Styles::new()))
}

/// Document properties dated `as_of`; without them the library writes the time of the run.
pub(super) fn properties(title: &str, publisher: &str, as_of: DateTime<Utc>) -> Result<DocProperties, XlsxError> {
    let created = ExcelDateTime::from_timestamp(as_of.timestamp())?;
    Ok(DocProperties::new()
        .set_title(text::footer(title))
        .set_author(text::footer(publisher))
        .set_creation_datetime(&created))
}

/// A4 across with page numbers; columns as wide as said, shrunk together where they would not fit one page, whatever font stands in for ours.
/// (Excel passes over page breaks set by hand then and breaks where the page is full; LibreOffice keeps them.)
pub(super) fn set_up(sheet: &mut Worksheet, foot: &str, widths: &[u32]) -> Result<(), XlsxError> {
    for (column, width) in (0_u16..).zip(widths) {
        sheet.set_column_width_pixels(column, *width)?;
    }
    sheet
        .set_landscape()
        .set_paper_size(A4)
        .set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3)
        .set_print_fit_to_pages(1, 0)
        .set_footer(format!("&L{}&R&P / &N", text::footer(foot)))
        .set_screen_gridlines(false);
    Ok(())
}

/// A pen on one sheet.
pub(super) struct Pen<'a> {
    pub(super) sheet: &'a mut Worksheet,
    pub(super) styles: &'a Styles,
}

impl Pen<'_> {
    /// Text, whatever it begins with.
    pub(super) fn text(&mut self, row: u32, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(row, column, text::cell(text), format)?;
        Ok(())
    }

    /// Text that wraps in a column of so many pixels, and a row as high as it needs: not every program fits rows when it opens a file.
    pub(super) fn paragraph(&mut self, row: u32, column: u16, text: &str, pixels: u32) -> Result<(), XlsxError> {
        let styles = self.styles;
        self.text(row, column, text, &styles.wrapped)?;
        self.sheet.set_row_height(row, wrapped_height(text, pixels))?;
        Ok(())
    }

    /// Text over several columns of a row.
    pub(super) fn text_over(&mut self, row: u32, columns: (u16, u16), text: &str, format: &Format) -> Result<(), XlsxError> {
        if columns.0 == columns.1 {
            return self.text(row, columns.0, text, format);
        }
        self.sheet.merge_range(row, columns.0, row, columns.1, &text::cell(text), format)?;
        Ok(())
    }

    /// A heading over several rows of a column.
    pub(super) fn head_down(&mut self, rows: (u32, u32), column: u16, text: &str) -> Result<(), XlsxError> {
        self.sheet.merge_range(rows.0, column, rows.1, column, text, &self.styles.head)?;
        Ok(())
    }

    /// A number of hospitals.
    pub(super) fn count(&mut self, row: u32, column: u16, count: u64) -> Result<(), XlsxError> {
        self.sheet
            .write_number_with_format(row, column, number(count), &self.styles.count)?;
        Ok(())
    }

    /// The mark of a number that is hidden, over as many columns as the number and its share take. Below the mark's first cell all are empty: a chart
    /// leaves a gap for an empty cell, and draws text as 0.
    pub(super) fn mark(&mut self, row: u32, columns: (u16, u16), mark: &str) -> Result<(), XlsxError> {
        let styles = self.styles;
        self.text_over(row, columns, mark, &styles.mark)
    }

    /// A percentage over several columns, or － where there is nothing to divide by.
    pub(super) fn percent_over(&mut self, row: u32, columns: (u16, u16), percent: Option<f64>) -> Result<(), XlsxError> {
        let styles = self.styles;
        self.text_over(row, columns, "－", &styles.dash)?;
        self.percent(row, columns.0, percent)
    }

    /// A percentage, or － where there is nothing to divide by.
    pub(super) fn percent(&mut self, row: u32, column: u16, percent: Option<f64>) -> Result<(), XlsxError> {
        match percent {
            Some(percent) => self.sheet.write_number_with_format(row, column, percent, &self.styles.percent)?,
            None => self.sheet.write_string_with_format(row, column, "－", &self.styles.dash)?,
        };
        Ok(())
    }
}

/// A count as Excel holds it.
#[expect(clippy::as_conversions, reason = "counts of rows in memory stay below 2^53, where f64 is exact")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

/// Height in points of text that wraps at this many pixels; a full-width letter of 11 points takes about 16 pixels.
pub(super) fn wrapped_height(text: &str, pixels: u32) -> f64 {
    let letters: u32 = text.chars().map(|letter| if letter.is_ascii() { 9 } else { 16 }).sum();
    let lines = letters.div_ceil(pixels.saturating_sub(20).max(1)).max(1);
    f64::from(lines.min(20)) * 15.0 + 3.0
}
