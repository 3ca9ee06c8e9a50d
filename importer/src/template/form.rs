//! The form of one hospital: a row for each question, the answer beside it.

use rust_xlsxwriter::{Workbook, Worksheet};
use survey::answer::EntryPath;
use survey::edition::Edition;
use survey::hospital::FrameHospital;
use survey::question::{Field, Kind, Question};

use super::TemplateError;
use super::filling::Filling;
use super::lists::{Lists, explanation};
use super::style::{Style, date, print_on_a4, protect, row_height, title};

const NUMBER_WIDTH: f64 = 15.0;
const WORDING_WIDTH: f64 = 52.0;
const ANSWER_WIDTH: f64 = 26.0;
const EXPLANATION_WIDTH: f64 = 60.0;
const NOTE: &str =
    "色の付いた「回答」の欄に記入して保存し、このファイルを送ってください。【　】の条件に当てはまらない設問は空欄のままにします。";
const HEADER: [&str; 4] = ["設問番号", "設問", "回答", "選択肢・説明"];
/// Row of the header, from 0.
const HEADER_ROW: u32 = 7;

/// A form, filled with the hospital's identifiers if it is given, and with its answers if the filling has them.
///
/// # Errors
/// [`TemplateError`] if it cannot be written.
pub fn form(edition: &Edition, hospital: Option<&FrameHospital>, filling: &Filling<'_>) -> Result<Vec<u8>, TemplateError> {
    let gmis = hospital.map(|hospital| &hospital.gmis);
    let mut workbook = Workbook::new();
    date(&mut workbook, edition)?;
    let style = Style::new();
    let mut lists = Lists::default();
    let sheet = workbook.add_worksheet().set_name("調査票")?;
    for (width, column) in [NUMBER_WIDTH, WORDING_WIDTH, ANSWER_WIDTH, EXPLANATION_WIDTH]
        .into_iter()
        .zip(0_u16..)
    {
        sheet.set_column_width(column, width)?;
    }
    head(sheet, &style, edition, hospital)?;
    let mut row = HEADER_ROW + 1;
    let mut section = "";
    for question in edition.questions() {
        if question.section != section {
            section = &question.section;
            sheet.write_string_with_format(row, 1, format!("【{section}】"), &style.section)?;
            row += 1;
        }
        for (wording, explanation, field) in lines(question, edition) {
            let free = matches!(question.kind, Kind::Text(_) | Kind::Respondent(_));
            sheet.write_string_with_format(row, 0, question.number.as_deref().unwrap_or_default(), &style.text)?;
            sheet.write_string_with_format(row, 1, wording, &style.text)?;
            let format = if free { &style.free } else { &style.choice };
            match filling.text(gmis, question, field, EntryPath::Workbook) {
                Some(text) => sheet.write_string_with_format(row, 2, text, format)?,
                None => sheet.write_blank(row, 2, format)?,
            };
            sheet.set_row_height(row, row_height(&[(wording, WORDING_WIDTH), (&explanation, EXPLANATION_WIDTH)]))?;
            sheet.write_string_with_format(row, 3, explanation, &style.text)?;
            sheet.add_data_validation(row, 2, row, 2, &lists.validation(question, EntryPath::Workbook)?)?;
            row += 1;
        }
    }
    sheet.set_freeze_panes(HEADER_ROW + 1, 0)?;
    print_on_a4(sheet, 1);
    sheet.set_repeat_rows(HEADER_ROW, HEADER_ROW)?;
    protect(sheet);
    lists.write(&mut workbook)?;
    filling.stamp(&mut workbook, edition, gmis)?;
    Ok(workbook.save_to_buffer()?)
}

fn head(sheet: &mut Worksheet, style: &Style, edition: &Edition, hospital: Option<&FrameHospital>) -> Result<(), TemplateError> {
    sheet.write_string_with_format(0, 0, title(edition), &style.title)?;
    sheet.write_string(1, 0, NOTE)?;
    let code = hospital.and_then(|hospital| hospital.institution_code.as_ref());
    let known = [
        ("G-MIS ID", hospital.map(|hospital| hospital.gmis.as_str())),
        ("医療機関コード", code.map(|code| code.as_str())),
        ("医療機関名", hospital.map(|hospital| hospital.name.as_str())),
        ("都道府県", hospital.map(|hospital| hospital.prefecture.name())),
    ];
    for ((caption, value), row) in known.iter().zip(2_u32..) {
        sheet.write_string_with_format(row, 0, *caption, &style.header)?;
        match value {
            Some(value) => sheet.write_string_with_format(row, 1, *value, &style.known)?,
            None => sheet.write_blank(row, 1, &style.free)?,
        };
    }
    for (heading, column) in HEADER.into_iter().zip(0_u16..) {
        sheet.write_string_with_format(HEADER_ROW, column, heading, &style.header)?;
    }
    Ok(())
}

/// The rows of a question: one, or one for each field of the respondent.
fn lines<'a>(question: &'a Question, edition: &Edition) -> Vec<(&'a str, String, Option<&'a Field>)> {
    let values = explanation(question, edition, EntryPath::Workbook);
    match &question.kind {
        Kind::Respondent(fields) => fields
            .iter()
            .map(|field| (field.label.as_str(), values.clone(), Some(field)))
            .collect(),
        _ => vec![(&question.item_wording, format!("{values}\n{}", question.guidance), None)],
    }
}
