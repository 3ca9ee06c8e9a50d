//! The bulk table: a row for each hospital of the frame, a column for each question, and a sheet that explains the columns.

use rust_xlsxwriter::{Workbook, Worksheet};
use survey::answer::EntryPath;
use survey::edition::Edition;
use survey::hospital::FrameHospital;
use survey::question::{Field, Kind, Question};

use super::TemplateError;
use super::filling::Filling;
use super::lists::{Lists, explanation};
use super::style::{Style, date, print_on_a4, protect, row_height, text_width, title};

/// Rows of an Excel sheet.
const SHEET_ROWS: usize = 1_048_576;
/// Rows with drop-downs below the last hospital, for those that the frame lacks.
const SPARE_ROWS: u32 = 200;
/// Narrowest and widest column of a question; between them a wording takes about seven lines.
const NARROWEST: f64 = 18.0;
const WIDEST: f64 = 44.0;
const HEADING_LINES: f64 = 7.0;
const EXPLAINED_WIDTH: f64 = 60.0;
/// Columns that name the hospital, with their widths.
const HOSPITAL: [(&str, f64); 4] = [
    ("G-MIS ID", 12.0),
    ("医療機関コード", 14.0),
    ("医療機関名", 30.0),
    ("都道府県", 10.0),
];

/// A table for many hospitals, filled with the hospitals given and with the answers that the filling has. A prefecture enters it for them, so that 無回答 can be chosen.
///
/// # Errors
/// [`TemplateError`] if the hospitals do not fit on a sheet.
pub fn bulk(edition: &Edition, hospitals: &[FrameHospital], filling: &Filling<'_>) -> Result<Vec<u8>, TemplateError> {
    if hospitals.len() + 1 > SHEET_ROWS {
        return Err(TemplateError::TooManyHospitals(hospitals.len()));
    }
    let mut workbook = Workbook::new();
    date(&mut workbook, edition)?;
    let style = Style::new();
    let mut lists = Lists::default();
    let sheet = workbook.add_worksheet().set_name("回答")?;
    hospital_columns(sheet, &style, hospitals)?;
    let last = u32::try_from(hospitals.len())
        .unwrap_or(u32::MAX)
        .saturating_add(SPARE_ROWS)
        .min(1_048_575);
    let columns = columns(edition);
    let widths: Vec<f64> = columns
        .iter()
        .map(|(heading, ..)| (text_width(heading) / HEADING_LINES).clamp(NARROWEST, WIDEST))
        .collect();
    for (((heading, question, field), width), offset) in columns.iter().zip(&widths).zip(0_u16..) {
        let column = u16::try_from(HOSPITAL.len()).unwrap_or(0) + offset;
        let free = matches!(question.kind, Kind::Text(_) | Kind::Respondent(_));
        sheet.set_column_width(column, *width)?;
        let format = if free { &style.free } else { &style.choice };
        sheet.set_column_format(column, format)?;
        sheet.write_string_with_format(0, column, heading, &style.header)?;
        sheet.add_data_validation(1, column, last, column, &lists.validation(question, EntryPath::Proxy)?)?;
        for (hospital, row) in hospitals.iter().zip(1_u32..) {
            if let Some(text) = filling.text(Some(&hospital.gmis), question, *field, EntryPath::Proxy) {
                sheet.write_string_with_format(row, column, text, format)?;
            }
        }
    }
    let headings: Vec<(&str, f64)> = columns
        .iter()
        .zip(&widths)
        .map(|((heading, ..), width)| (heading.as_str(), *width))
        .collect();
    sheet.set_row_height(0, row_height(&headings))?;
    sheet.set_freeze_panes(1, 3)?;
    print_on_a4(sheet, pages(&widths));
    sheet.set_repeat_rows(0, 0)?.set_repeat_columns(0, 2)?;
    protect(sheet);
    explain(workbook.add_worksheet().set_name("記入方法")?, &style, edition)?;
    lists.write(&mut workbook)?;
    filling.stamp(&mut workbook, edition, None)?;
    Ok(workbook.save_to_buffer()?)
}

fn hospital_columns(sheet: &mut Worksheet, style: &Style, hospitals: &[FrameHospital]) -> Result<(), TemplateError> {
    for ((heading, width), column) in HOSPITAL.iter().zip(0_u16..) {
        sheet.set_column_width(column, *width)?;
        sheet.set_column_format(column, &style.identifier)?;
        sheet.write_string_with_format(0, column, *heading, &style.header)?;
    }
    for (hospital, row) in hospitals.iter().zip(1_u32..) {
        sheet.write_string_with_format(row, 0, hospital.gmis.as_str(), &style.identifier)?;
        if let Some(code) = &hospital.institution_code {
            sheet.write_string_with_format(row, 1, code.as_str(), &style.identifier)?;
        }
        sheet.write_string_with_format(row, 2, &hospital.name, &style.identifier)?;
        sheet.write_string_with_format(row, 3, hospital.prefecture.name(), &style.identifier)?;
    }
    Ok(())
}

/// Pages side by side, so that a line of a page is no longer than can be read; the first columns are printed on each.
fn pages(widths: &[f64]) -> u16 {
    const READABLE: f64 = 210.0;
    let repeated: f64 = HOSPITAL.iter().take(3).map(|(_, width)| width).sum();
    let mut pages = 1;
    let mut used = HOSPITAL.iter().map(|(_, width)| width).sum::<f64>();
    for width in widths {
        if used + width > READABLE {
            pages += 1;
            used = repeated;
        }
        used += width;
    }
    pages
}

/// Headings of everything that is answered: number and wording, what a clerk reads.
fn columns(edition: &Edition) -> Vec<(String, &Question, Option<&Field>)> {
    let mut columns = Vec::new();
    for question in edition.questions() {
        let number = question.number.as_deref().map(|number| format!("{number} ")).unwrap_or_default();
        match &question.kind {
            Kind::Respondent(fields) => columns.extend(
                fields
                    .iter()
                    .map(|field| (format!("{number}回答者：{}", field.label), question, Some(field))),
            ),
            _ => columns.push((format!("{number}{}", question.item_wording), question, None)),
        }
    }
    columns
}

fn explain(sheet: &mut Worksheet, style: &Style, edition: &Edition) -> Result<(), TemplateError> {
    for (column, width) in [(0, 10.0), (1, EXPLAINED_WIDTH), (2, EXPLAINED_WIDTH)] {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string_with_format(0, 0, title(edition), &style.title)?;
    let notes = [
        "「回答」シートに、1病院を1行で記入してください。見出しの行は変えないでください。シートは保護してあります（パスワードはありません）。",
        "記入していない病院の行は読み込みません。「無回答」は、病院が回答しなかった設問にだけ選んでください。空欄は無回答になりません。",
    ];
    for (note, row) in notes.iter().zip(1_u32..) {
        sheet.write_string(row, 0, *note)?;
    }
    for (heading, column) in ["設問番号", "設問", "記入できる値"].into_iter().zip(0_u16..) {
        sheet.write_string_with_format(4, column, heading, &style.header)?;
    }
    for (question, row) in edition.questions().iter().zip(5_u32..) {
        sheet.write_string_with_format(row, 0, question.number.as_deref().unwrap_or_default(), &style.text)?;
        sheet.write_string_with_format(row, 1, &question.item_wording, &style.text)?;
        let values = explanation(question, edition, EntryPath::Proxy);
        sheet.set_row_height(
            row,
            row_height(&[(&question.item_wording, EXPLAINED_WIDTH), (&values, EXPLAINED_WIDTH)]),
        )?;
        sheet.write_string_with_format(row, 2, values, &style.text)?;
    }
    print_on_a4(sheet, 1);
    sheet.set_repeat_rows(4, 4)?;
    protect(sheet);
    Ok(())
}
