//! The form of a prefecture: a cover that says how its cells are filled, the list in the programme's columns, and the reserves.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{ListLine, ListText, PrefectureList, Value, band_label, state_ja, write_heads, write_row};
use crate::program::FormField;
use crate::report::page::{self, Pen, Styles};
use crate::report::text;
use crate::report::{ReportError, workbook_error};
use crate::selection::list::{ListState, Standing};

/// The form of a prefecture as a workbook. Before it is handed in every sheet says that it is a draft.
///
/// # Errors
/// [`ReportError::Workbook`]: a defect.
pub fn list_form(list: &PrefectureList, words: &ListText) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let title = format!("{} 支援対象病院リスト（{}）{}", words.title, list.prefecture.name(), draft(list));
        let (mut workbook, styles) = page::workbook(&title, list.prefecture.name(), words.as_of)?;
        write_cover(workbook.add_worksheet(), &styles, list, words)?;
        for (name, standing) in [("別紙様式", Standing::Chosen), ("補欠", Standing::Reserve)] {
            let heading = match standing {
                Standing::Chosen => title.clone(),
                _ => format!("補欠（繰上げの順） {}{}", list.prefecture.name(), draft(list)),
            };
            let lines: Vec<&ListLine> = list.of(standing).collect();
            write_lines(workbook.add_worksheet(), &styles, (list, words), (name, &heading, &lines))?;
        }
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

fn draft(list: &PrefectureList) -> &'static str {
    match list.state {
        Some(ListState::HandedIn | ListState::Accepted) => "",
        _ => "【案・未提出】",
    }
}

fn write_cover(sheet: &mut Worksheet, styles: &Styles, list: &PrefectureList, words: &ListText) -> Result<(), XlsxError> {
    let title = format!("支援対象病院リストの提出について{}", draft(list));
    page::set_up(sheet, &title, &[200, 110, 110, 110, 360])?;
    sheet.set_name("送付状")?;
    let mut pen = Pen { sheet, styles };
    pen.text_over(0, (0, 4), &title, &styles.cover_title)?;
    pen.sheet.set_row_height(0, 40)?;
    let never = || "未提出".to_owned();
    let lines = [
        ("事業", words.title.clone()),
        ("都道府県", list.prefecture.name().to_owned()),
        ("状況", format!("{}（第{}版）", state_ja(list.state), list.version)),
        ("提出期限", text::time_ja(list.deadline)),
        ("提出日時", list.handed_in_at.map_or_else(never, text::time_ja)),
        ("作成時点", text::time_ja(words.as_of)),
    ];
    let mut row = 2;
    for (name, value) in &lines {
        pen.text(row, 0, name, &styles.head)?;
        pen.text_over(row, (1, 4), value, &styles.wrapped)?;
        pen.sheet.set_row_height(row, page::wrapped_height(value, 690))?;
        row += 1;
    }
    row += 1;
    write_heads(&mut pen, row, ["病床規模区分", "支援枠", "選定", "補欠", "過不足"])?;
    let mut sums = [0_u64; 3];
    for band in words.banding.bands() {
        row += 1;
        let counts = [
            list.quota(band.key),
            list.count(band.key, Standing::Chosen),
            list.count(band.key, Standing::Reserve),
        ];
        write_counts(&mut pen, row, band.label, counts)?;
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
    }
    row += 1;
    write_counts(&mut pen, row, "合計", sums)?;
    pen.sheet.set_portrait();
    Ok(())
}

fn write_counts(pen: &mut Pen<'_>, row: u32, name: &str, counts: [u64; 3]) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, name, &styles.label)?;
    for (column, count) in (1..).zip(counts) {
        pen.count(row, column, count)?;
    }
    let [quota, chosen, _] = counts;
    pen.text(row, 4, &fill(quota, chosen), &styles.label)
}

/// How a cell stands against its quota, in words.
fn fill(quota: u64, chosen: u64) -> String {
    match chosen.cmp(&quota) {
        std::cmp::Ordering::Equal => "過不足なし".to_owned(),
        std::cmp::Ordering::Less => format!("{}病院不足", quota.saturating_sub(chosen)),
        std::cmp::Ordering::Greater => format!("{}病院超過", chosen.saturating_sub(quota)),
    }
}

fn write_lines(
    sheet: &mut Worksheet,
    styles: &Styles,
    (list, words): (&PrefectureList, &ListText),
    (name, heading, lines): (&str, &str, &[&ListLine]),
) -> Result<(), XlsxError> {
    let widths: Vec<u32> = words.form.iter().map(|column| width(column.field)).collect();
    page::set_up(sheet, heading, &widths)?;
    sheet.set_name(name)?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, heading, &styles.title)?;
    write_heads(&mut pen, 2, words.form.iter().map(|column| column.header.as_str()))?;
    for (number, line) in (1_u32..).zip(lines) {
        let values: Vec<Value<'_>> = words.form.iter().map(|column| value(column.field, number, list, line)).collect();
        write_row(&mut pen, number.saturating_add(2), &values, &widths)?;
    }
    if lines.is_empty() {
        pen.text(3, 0, "該当する病院はありません。", &styles.plain)?;
    }
    pen.sheet.set_freeze_panes(3, 0)?.set_repeat_rows(2, 2)?;
    Ok(())
}

fn value<'a>(field: FormField, number: u32, list: &'a PrefectureList, line: &'a ListLine) -> Value<'a> {
    match field {
        FormField::Number => Value::Count(u64::from(number)),
        FormField::Prefecture => Value::Text(list.prefecture.name()),
        FormField::GmisId => Value::Text(&line.gmis),
        FormField::InstitutionCode => Value::Text(line.institution_code.as_deref().unwrap_or("（なし）")),
        FormField::Name => Value::Text(&line.name),
        FormField::Beds => Value::Count(u64::from(line.beds.number())),
        FormField::Band => Value::Owned(band_label(&line.band)),
        FormField::Rank => line.rank.map_or(Value::Text(""), |rank| Value::Count(u64::from(rank))),
        FormField::Reason => Value::Text(&line.reason),
        FormField::Contact => Value::Text(&line.contact),
        FormField::Remarks => Value::Text(""),
    }
}

fn width(field: FormField) -> u32 {
    match field {
        FormField::Number | FormField::Rank => 46,
        FormField::Prefecture | FormField::Beds => 70,
        FormField::GmisId => 84,
        FormField::InstitutionCode => 130,
        FormField::Band => 104,
        FormField::Name => 210,
        FormField::Reason => 280,
        FormField::Contact => 160,
        FormField::Remarks => 100,
    }
}
