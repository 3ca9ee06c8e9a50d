//! What the contractor is handed: the hospitals of accepted lists with whom to call and what the work is estimated at, who was replaced, and the table in which
//! results come back. Neither answers nor scores nor reasons: they are not needed to support a hospital.

use std::collections::BTreeMap;

use rust_xlsxwriter::{DataValidation, DataValidationRule, Worksheet, XlsxError};
use survey::support::{OfflineBackup, Progress, RESULT_HEADS};

use super::{ListLine, ListText, PrefectureList, Replacement, Value, band_label, write_heads, write_row};
use crate::report::page::{self, Pen, Styles};
use crate::report::text;
use crate::report::{ReportError, workbook_error};
use crate::selection::list::{ListState, Standing};

/// Columns before those of the effort.
const LINES: [(&str, u32); 10] = [
    ("番号", 56),
    ("都道府県", 76),
    ("G-MIS ID", 84),
    ("保険医療機関コード", 130),
    ("病院名", 240),
    ("許可病床数", 70),
    ("病床規模区分", 104),
    ("順位", 46),
    ("担当者連絡先", 200),
    ("想定作業量（人日）", 130),
];
const REPLACED: [(&str, u32); 6] = [
    ("都道府県", 90),
    ("差替え日", 100),
    ("外れた病院（G-MIS ID）", 170),
    ("外れた病院", 260),
    ("後任の病院（G-MIS ID）", 170),
    ("後任の病院", 260),
];
const RESULT_WIDTHS: [u32; 8] = [90, 240, 90, 110, 90, 90, 130, 320];

/// The hospitals of accepted lists as a workbook; prefectures whose lists are not accepted yet are named on the cover.
///
/// # Errors
/// [`ReportError::Workbook`]: a defect.
pub fn hand_over(lists: &[PrefectureList], replaced: &[Replacement], words: &ListText) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let title = format!("{} 支援対象病院（受託事業者用）", words.title);
        let (mut workbook, styles) = page::workbook(&title, "厚生労働省", words.as_of)?;
        let accepted = lists.iter().filter(|list| list.state == Some(ListState::Accepted));
        let lines: Vec<(&PrefectureList, &ListLine)> = accepted
            .flat_map(|list| list.of(Standing::Chosen).map(move |line| (list, line)))
            .collect();
        write_cover(workbook.add_worksheet(), &styles, (lists, &lines, words), &title)?;
        write_hospitals(workbook.add_worksheet(), &styles, (&lines, words), &title)?;
        write_replaced(workbook.add_worksheet(), &styles, replaced, &title)?;
        write_results(workbook.add_worksheet(), &styles, &lines, &title)?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

type Lines<'a> = [(&'a PrefectureList, &'a ListLine)];

fn write_cover(
    sheet: &mut Worksheet,
    styles: &Styles,
    (lists, lines, words): (&[PrefectureList], &Lines<'_>, &ListText),
    title: &str,
) -> Result<(), XlsxError> {
    page::set_up(sheet, title, &[220, 110, 130, 480])?;
    sheet.set_name("表紙")?;
    let mut pen = Pen { sheet, styles };
    pen.text_over(0, (0, 3), title, &styles.cover_title)?;
    pen.sheet.set_row_height(0, 2.0 * page::wrapped_height(title, 640))?;
    let waiting = lists.iter().filter(|list| list.state != Some(ListState::Accepted));
    let waiting: Vec<&str> = waiting.map(|list| list.prefecture.name()).collect();
    let waiting = if waiting.is_empty() {
        "なし（すべての都道府県のリストを受理済み）".to_owned()
    } else {
        waiting.join("、")
    };
    let texts = [
        ("作成時点", text::time_ja(words.as_of)),
        ("受理前の都道府県（この名簿に含まれない）", waiting),
        (
            "取扱い",
            "この名簿は、支援対象病院への連絡と支援の実施のためだけに用い、終了後は消去してください。調査の回答は含みません。".to_owned(),
        ),
        (
            "結果の報告",
            "「結果報告」のシートに記入し、このファイルのまま返送してください。記入した行だけが取り込まれます。".to_owned(),
        ),
    ];
    let mut row = 2;
    for (name, value) in &texts {
        pen.text(row, 0, name, &styles.head)?;
        pen.text_over(row, (1, 3), value, &styles.wrapped)?;
        let height = page::wrapped_height(value, 720).max(page::wrapped_height(name, 220));
        pen.sheet.set_row_height(row, height)?;
        row += 1;
    }
    row += 1;
    write_heads(&mut pen, row, ["病床規模区分", "病院数", "想定作業量（人日）", "1病院あたりの想定"])?;
    let (mut hospitals, mut tenths) = (0_u64, 0_u64);
    for band in words.banding.bands() {
        row += 1;
        let count = lines.iter().filter(|(_, line)| line.band == band.key).count();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let effort = words.effort.get(band.key);
        let of_band = count.saturating_mul(effort.map_or(0, |effort| u64::from(effort.person_days)));
        hospitals = hospitals.saturating_add(count);
        tenths = tenths.saturating_add(of_band);
        write_effort(&mut pen, row, (band.label, count, of_band))?;
        let each = effort.map_or_else(String::new, |effort| {
            let days = effort.days.iter();
            let days: Vec<String> = days
                .map(|(people, days)| format!("調査員{people}人で{}日", decimal(*days)))
                .collect();
            format!("{}人日（{}）", decimal(effort.person_days), days.join("、"))
        });
        pen.text(row, 3, &each, &styles.label)?;
    }
    write_effort(&mut pen, row + 1, ("合計", hospitals, tenths))?;
    pen.text(row + 1, 3, "", &styles.label)
}

fn write_effort(pen: &mut Pen<'_>, row: u32, (name, hospitals, tenths): (&str, u64, u64)) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, name, &styles.label)?;
    pen.count(row, 1, hospitals)?;
    pen.percent(row, 2, Some(page::number(tenths) / 10.0))
}

/// 25 tenths are 2.5.
fn decimal(tenths: u32) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

fn write_hospitals(sheet: &mut Worksheet, styles: &Styles, (lines, words): (&Lines<'_>, &ListText), title: &str) -> Result<(), XlsxError> {
    // The numbers of surveyors that any band's effort is given for.
    let people: std::collections::BTreeSet<u8> = words.effort.values().flat_map(|effort| effort.days.keys().copied()).collect();
    let heads: Vec<String> = people.iter().map(|people| format!("想定日数（調査員{people}人）")).collect();
    let mut widths: Vec<u32> = LINES.iter().map(|(_, width)| *width).collect();
    widths.extend(heads.iter().map(|_| 130));
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("支援対象病院")?;
    let mut pen = Pen { sheet, styles };
    let all = LINES.iter().map(|(head, _)| *head).chain(heads.iter().map(String::as_str));
    write_heads(&mut pen, 0, all)?;
    let none = BTreeMap::new();
    for (row, (list, line)) in (1_u32..).zip(lines) {
        let effort = words.effort.get(&line.band);
        let days = effort.map_or(&none, |effort| &effort.days);
        let mut values = vec![
            Value::Count(u64::from(row)),
            Value::Text(list.prefecture.name()),
            Value::Text(&line.gmis),
            Value::Text(line.institution_code.as_deref().unwrap_or("（なし）")),
            Value::Text(&line.name),
            Value::Count(u64::from(line.beds.number())),
            Value::Owned(band_label(&line.band)),
            line.rank.map_or(Value::Text(""), |rank| Value::Count(u64::from(rank))),
            Value::Text(&line.contact),
            effort.map_or(Value::Text(""), |effort| Value::Tenths(effort.person_days)),
        ];
        values.extend(
            people
                .iter()
                .map(|people| days.get(people).map_or(Value::Text(""), |days| Value::Tenths(*days))),
        );
        write_row(&mut pen, row, &values, &widths)?;
    }
    pen.sheet.set_freeze_panes(1, 5)?.set_repeat_rows(0, 0)?;
    Ok(())
}

fn write_replaced(sheet: &mut Worksheet, styles: &Styles, replaced: &[Replacement], title: &str) -> Result<(), XlsxError> {
    let widths = REPLACED.map(|(_, width)| width);
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("差替え")?;
    let mut pen = Pen { sheet, styles };
    write_heads(&mut pen, 0, REPLACED.map(|(head, _)| head))?;
    for (row, one) in (1_u32..).zip(replaced) {
        let values = [
            Value::Text(one.prefecture.name()),
            Value::Owned(one.on.format("%Y-%m-%d").to_string()),
            Value::Text(&one.left.0),
            Value::Text(&one.left.1),
            Value::Text(&one.came.0),
            Value::Text(&one.came.1),
        ];
        write_row(&mut pen, row, &values, &widths)?;
    }
    if replaced.is_empty() {
        pen.text(1, 0, "差替えはありません。", &styles.plain)?;
    }
    pen.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    Ok(())
}

/// The table to fill in: one line a hospital, its choices as drop-downs over the whole column.
fn write_results(sheet: &mut Worksheet, styles: &Styles, lines: &Lines<'_>, title: &str) -> Result<(), XlsxError> {
    page::set_up(sheet, title, &RESULT_WIDTHS)?;
    sheet.set_name("結果報告")?;
    let mut pen = Pen { sheet, styles };
    write_heads(&mut pen, 0, RESULT_HEADS)?;
    let last = u32::try_from(lines.len()).unwrap_or(u32::MAX).max(1);
    for (row, (_, line)) in (1_u32..).zip(lines) {
        pen.text(row, 0, &line.gmis, &styles.label)?;
        pen.text(row, 1, &line.name, &styles.wrapped)?;
        for column in 2..8 {
            pen.text(row, column, "", &styles.wrapped)?;
        }
        pen.sheet.set_row_height(row, page::wrapped_height(&line.name, 240))?;
    }
    let choices = [
        (2, Progress::ALL.map(Progress::label).to_vec(), "実施状況を選んでください。"),
        (
            6,
            OfflineBackup::ALL.map(OfflineBackup::label).to_vec(),
            "オフラインバックアップの状況を選んでください。",
        ),
    ];
    for (column, labels, message) in choices {
        let list = DataValidation::new().allow_list_strings(&labels)?.set_error_message(message)?;
        pen.sheet.add_data_validation(1, column, last, column, &list)?;
    }
    for column in [4, 5] {
        let whole = DataValidation::new()
            .allow_whole_number(DataValidationRule::GreaterThanOrEqualTo(0))
            .set_error_message("0以上の整数を記入してください。")?;
        pen.sheet.add_data_validation(1, column, last, column, &whole)?;
    }
    pen.sheet.set_freeze_panes(1, 2)?.set_repeat_rows(0, 0)?;
    Ok(())
}
