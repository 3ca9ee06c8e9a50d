//! The list of one prefecture's selection as a workbook: how each cell was filled, the hospitals with their scores, the criteria, and the hashes by
//! which the same choice can be shown again. The notice does not print its form (別紙様式): the columns are this project's.

use super::page::{self, Pen, Styles};
use super::text::{self, ProgramText};
use super::{ReportError, workbook_error};
use crate::selection::{CellResult, ChosenHospital, Selection};
use rust_xlsxwriter::{Worksheet, XlsxError};
use survey::band::Band;

/// Width of a criterion's column.
const CRITERION_PIXELS: u32 = 72;

/// The list as a workbook.
///
/// # Errors
/// [`ReportError::Workbook`]: a defect.
pub fn selection_list(selection: &Selection, words: &ProgramText) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let title = format!("{}（{}）", words.title, selection.prefecture.name());
        let (mut workbook, styles) = page::workbook(&title, &words.publisher, words.as_of)?;
        write_summary(workbook.add_worksheet(), &styles, selection, &title)?;
        write_hospitals(workbook.add_worksheet(), &styles, selection, &title)?;
        write_criteria(workbook.add_worksheet(), &styles, selection, &title)?;
        if let Some(outcome) = &selection.wishes {
            super::wishes::write(workbook.add_worksheet(), &styles, outcome, &title)?;
        }
        write_origin(workbook.add_worksheet(), &styles, selection, words, &title)?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

fn write_summary(sheet: &mut Worksheet, styles: &Styles, selection: &Selection, title: &str) -> Result<(), XlsxError> {
    let widths = [140, 90, 110, 90, 90, 110, 110, 420];
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("選定結果")?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, title, &styles.title)?;
    let state = if selection.complete {
        "すべての枠を過不足なく選定しました。"
    } else {
        "不足している枠があります。"
    };
    pen.text(1, 0, state, &styles.plain)?;
    let heads = [
        "病床規模区分",
        "支援枠",
        "候補病院数",
        "選定数",
        "不足数",
        "境界の得点",
        "境界の同点数",
        "状況",
    ];
    for (column, name) in (0..).zip(heads) {
        pen.text(3, column, name, &styles.head)?;
    }
    let mut row = 3;
    for cell in &selection.cells {
        row += 1;
        write_cell(&mut pen, row, cell)?;
    }
    row += 1;
    pen.text(row, 0, "合計", &styles.section)?;
    let sums: [fn(&CellResult) -> u32; 4] = [
        |cell| cell.quota,
        |cell| cell.candidates,
        |cell| cell.chosen.len().try_into().unwrap_or(u32::MAX),
        |cell| cell.missing,
    ];
    for (column, of) in (1..).zip(sums) {
        pen.count(row, column, selection.cells.iter().map(|cell| u64::from(of(cell))).sum())?;
    }
    if selection.candidates_without_cell > 0 {
        let line = format!(
            "支援枠のない病床規模区分の候補病院が{}病院あります（選定の対象外）。",
            selection.candidates_without_cell
        );
        pen.text(row + 2, 0, &line, &styles.plain)?;
    }
    pen.sheet.set_freeze_panes(4, 1)?.set_repeat_rows(3, 3)?;
    Ok(())
}

fn write_cell(pen: &mut Pen<'_>, row: u32, cell: &CellResult) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, &band_label(&cell.band), &styles.label)?;
    let chosen = u64::try_from(cell.chosen.len()).unwrap_or(u64::MAX);
    let counts = [u64::from(cell.quota), u64::from(cell.candidates), chosen, u64::from(cell.missing)];
    for (column, count) in (1..).zip(counts) {
        pen.count(row, column, count)?;
    }
    match cell.boundary_score {
        Some(score) => pen.count(row, 5, score)?,
        None => pen.text(row, 5, "－", &styles.dash)?,
    }
    pen.count(row, 6, u64::from(cell.tied_at_boundary))?;
    let state = situation(cell);
    pen.paragraph(row, 7, &state, 420)?;
    Ok(())
}

/// What happened in the cell and what to do next.
fn situation(cell: &CellResult) -> String {
    if cell.missing > 0 {
        return format!(
            "候補が{}病院不足しています。理由を付けた推薦で補うか、支援枠の調整を事前に相談してください。",
            cell.missing
        );
    }
    if cell.tied_at_boundary > 0 {
        return format!(
            "支援枠どおり選定しました。境界の得点に{}病院が並び、G-MIS IDの順で決めました。",
            cell.tied_at_boundary
        );
    }
    "支援枠どおり選定しました。".to_owned()
}

fn write_hospitals(sheet: &mut Worksheet, styles: &Styles, selection: &Selection, title: &str) -> Result<(), XlsxError> {
    let heads = [
        "都道府県",
        "病床規模区分",
        "順位",
        "G-MIS ID",
        "医療機関コード",
        "医療機関名",
        "許可病床数",
        "得点",
    ];
    let mut widths = vec![80, 100, 46, 84, 104, 240, 70, 56];
    widths.extend(selection.criteria.items.iter().map(|_| CRITERION_PIXELS));
    widths.push(80);
    page::set_up(sheet, title, &widths)?;
    sheet.set_name("支援対象病院一覧")?;
    let mut pen = Pen { sheet, styles };
    let criteria = || selection.criteria.items.iter().map(|item| item.label.as_str());
    for (column, name) in (0..).zip(heads.into_iter().chain(criteria()).chain(["判定に用いた調査"])) {
        pen.text(0, column, name, &styles.head)?;
    }
    pen.sheet.set_row_height(
        0,
        criteria()
            .map(|label| page::wrapped_height(label, CRITERION_PIXELS))
            .fold(20.0, f64::max),
    )?;
    let chosen = selection.cells.iter().flat_map(|cell| cell.chosen.iter());
    for (row, hospital) in (1..).zip(chosen) {
        write_hospital(&mut pen, row, selection, hospital)?;
    }
    pen.sheet.set_freeze_panes(1, 6)?.set_repeat_rows(0, 0)?;
    Ok(())
}

fn write_hospital(pen: &mut Pen<'_>, row: u32, selection: &Selection, hospital: &ChosenHospital) -> Result<(), XlsxError> {
    let styles = pen.styles;
    let candidate = &hospital.scored.candidate;
    pen.text(row, 0, candidate.prefecture.name(), &styles.label)?;
    pen.text(row, 1, &band_label(&candidate.band), &styles.label)?;
    pen.count(row, 2, u64::from(hospital.rank))?;
    pen.text(row, 3, &candidate.gmis, &styles.label)?;
    pen.text(row, 4, candidate.institution_code.as_deref().unwrap_or("（なし）"), &styles.label)?;
    pen.paragraph(row, 5, &candidate.name, 240)?;
    pen.count(row, 6, u64::from(candidate.beds.number()))?;
    pen.count(row, 7, hospital.scored.score)?;
    let mut column = 8;
    for item in &selection.criteria.items {
        let part = hospital.scored.parts.iter().find(|part| part.criterion == item.key);
        pen.count(row, column, part.map_or(0, |part| u64::from(part.points)))?;
        column += 1;
    }
    pen.text(row, column, &candidate.survey, &styles.label)
}

fn write_criteria(sheet: &mut Worksheet, styles: &Styles, selection: &Selection, title: &str) -> Result<(), XlsxError> {
    page::set_up(sheet, title, &[560, 80])?;
    sheet.set_name("選定基準")?;
    let mut pen = Pen { sheet, styles };
    pen.text(0, 0, &format!("選定基準：{}", selection.criteria.name), &styles.title)?;
    pen.text(1, 0, rule(selection), &styles.plain)?;
    pen.text(3, 0, "項目", &styles.head)?;
    pen.text(3, 1, "点数", &styles.head)?;
    for (row, item) in (4_u32..).zip(&selection.criteria.items) {
        pen.paragraph(row, 0, &item.label, 560)?;
        pen.count(row, 1, u64::from(item.points))?;
    }
    pen.sheet.set_freeze_panes(4, 0)?.set_repeat_rows(3, 3)?;
    Ok(())
}

fn write_origin(sheet: &mut Worksheet, styles: &Styles, selection: &Selection, words: &ProgramText, title: &str) -> Result<(), XlsxError> {
    page::set_up(sheet, title, &[220, 640])?;
    sheet.set_name("作成情報")?;
    let mut pen = Pen { sheet, styles };
    let time = text::time_ja(words.as_of);
    let lines = [
        ("事業", words.title.as_str()),
        ("都道府県", selection.prefecture.name()),
        ("作成", words.publisher.as_str()),
        ("基準時点", time.as_str()),
        ("入力のハッシュ値（SHA-256）", selection.inputs_hash.as_str()),
        ("結果のハッシュ値（SHA-256）", selection.result_hash.as_str()),
        (
            "再現性",
            "同じ候補、支援枠、選定基準からは、入力の順序によらず同じ結果とハッシュ値が得られる。",
        ),
    ];
    let notes = words.notes.iter().map(|note| ("注", note.as_str()));
    for (row, (name, value)) in (0_u32..).zip(lines.into_iter().chain(notes)) {
        pen.text(row, 0, name, &styles.head)?;
        pen.paragraph(row, 1, value, 640)?;
    }
    Ok(())
}

/// How the list came to be, in a sentence.
fn rule(selection: &Selection) -> &'static str {
    if selection.wishes.is_none() {
        return "あてはまる項目の点数の合計を得点とし、得点の高い順、同点はG-MIS IDの順に、支援枠の数だけ選定する。";
    }
    "あてはまる項目の点数の合計を得点とし、支援枠の数と希望（シート「希望」）をすべて満たす選び方のうち得点の合計が最大のもの、同点は得点、G-MIS IDの順に先の病院を含むものを選定する。"
}

pub(super) fn band_label(key: &str) -> String {
    Band::of_key(key).map_or_else(|| key.to_owned(), |band| band.label.to_owned())
}
