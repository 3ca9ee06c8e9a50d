//! The national list: how far each prefecture has come and how its cells are filled, and every chosen hospital of the country.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::{ListText, PrefectureList, Value, band_label, state_ja, write_heads, write_row};
use crate::report::page::{self, Pen, Styles};
use crate::report::text;
use crate::report::{ReportError, workbook_error};
use crate::selection::list::Standing;

const LINES: [(&str, u32); 10] = [
    ("番号", 56),
    ("都道府県", 76),
    ("状況", 76),
    ("G-MIS ID", 84),
    ("保険医療機関コード", 130),
    ("病院名", 240),
    ("許可病床数", 70),
    ("病床規模区分", 104),
    ("順位", 46),
    ("選定理由", 300),
];

/// The lists of all prefectures as a workbook, in their order; each hospital with the state of its list.
///
/// # Errors
/// [`ReportError::Workbook`]: a defect.
pub fn national_list(lists: &[PrefectureList], words: &ListText) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let title = format!("{} 支援対象病院（全国）", words.title);
        let (mut workbook, styles) = page::workbook(&title, "厚生労働省", words.as_of)?;
        write_progress(workbook.add_worksheet(), &styles, (lists, words), &title)?;
        write_hospitals(workbook.add_worksheet(), &styles, lists, &title)?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

fn write_progress(
    sheet: &mut Worksheet,
    styles: &Styles,
    (lists, words): (&[PrefectureList], &ListText),
    title: &str,
) -> Result<(), XlsxError> {
    let bands = words.banding.bands();
    let mut widths = vec![90, 80, 230];
    widths.extend(bands.iter().flat_map(|_| [64, 64]));
    widths.extend([64, 64, 64]);
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("集計")?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, title, &styles.title)?;
    pen.text(1, 0, &format!("作成時点：{}", text::time_ja(words.as_of)), &styles.plain)?;
    for (column, head) in (0..).zip(["都道府県", "状況", "提出日時"]) {
        pen.head_down((3, 4), column, head)?;
    }
    let mut column = 3;
    for head in bands.iter().map(|band| band.label) {
        pen.text_over(3, (column, column + 1), head, &styles.head)?;
        pen.text(4, column, "支援枠", &styles.head)?;
        pen.text(4, column + 1, "選定", &styles.head)?;
        column += 2;
    }
    pen.text_over(3, (column, column + 2), "合計", &styles.head)?;
    for (offset, head) in (0..).zip(["支援枠", "選定", "差"]) {
        pen.text(4, column + offset, head, &styles.head)?;
    }
    let mut sums = vec![(0_u64, 0_u64); bands.len()];
    let mut row = 4;
    for list in lists {
        row += 1;
        let cells: Vec<(u64, u64)> = bands
            .iter()
            .map(|band| (list.quota(band.key), list.count(band.key, Standing::Chosen)))
            .collect();
        for (sum, cell) in sums.iter_mut().zip(&cells) {
            *sum = (sum.0.saturating_add(cell.0), sum.1.saturating_add(cell.1));
        }
        let handed_in = list.handed_in_at.map_or_else(|| "－".to_owned(), text::time_ja);
        write_cells(&mut pen, row, [list.prefecture.name(), state_ja(list.state), &handed_in], &cells)?;
    }
    write_cells(&mut pen, row + 1, ["全国", "", ""], &sums)?;
    pen.sheet.set_freeze_panes(5, 1)?.set_repeat_rows(3, 4)?;
    Ok(())
}

fn write_cells(pen: &mut Pen<'_>, row: u32, texts: [&str; 3], cells: &[(u64, u64)]) -> Result<(), XlsxError> {
    let styles = pen.styles;
    for (column, text) in (0..).zip(texts) {
        pen.text(row, column, text, &styles.label)?;
    }
    let mut column = 3;
    for (quota, chosen) in cells {
        pen.count(row, column, *quota)?;
        pen.count(row, column + 1, *chosen)?;
        column += 2;
    }
    let quota: u64 = cells.iter().map(|(quota, _)| quota).sum();
    let chosen: u64 = cells.iter().map(|(_, chosen)| chosen).sum();
    pen.count(row, column, quota)?;
    pen.count(row, column + 1, chosen)?;
    let sign = if chosen < quota { "-" } else { "+" };
    match chosen.abs_diff(quota) {
        0 => pen.text(row, column + 2, "0", &styles.dash),
        apart => pen.text(row, column + 2, &format!("{sign}{apart}"), &styles.dash),
    }
}

fn write_hospitals(sheet: &mut Worksheet, styles: &Styles, lists: &[PrefectureList], title: &str) -> Result<(), XlsxError> {
    let widths = LINES.map(|(_, width)| width);
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("支援対象病院")?;
    let mut pen = Pen { sheet, styles };
    write_heads(&mut pen, 0, LINES.map(|(head, _)| head))?;
    let mut row = 0;
    for list in lists {
        for line in list.of(Standing::Chosen) {
            row += 1;
            let values = [
                Value::Count(u64::from(row)),
                Value::Text(list.prefecture.name()),
                Value::Text(state_ja(list.state)),
                Value::Text(&line.gmis),
                Value::Text(line.institution_code.as_deref().unwrap_or("（なし）")),
                Value::Text(&line.name),
                Value::Count(u64::from(line.beds.number())),
                Value::Owned(band_label(&line.band)),
                line.rank.map_or(Value::Text(""), |rank| Value::Count(u64::from(rank))),
                Value::Text(&line.reason),
            ];
            write_row(&mut pen, row, &values, &widths)?;
        }
    }
    pen.sheet.set_freeze_panes(1, 6)?.set_repeat_rows(0, 0)?;
    if row > 0 {
        pen.sheet.autofilter(0, 0, row, 9)?;
    }
    Ok(())
}
