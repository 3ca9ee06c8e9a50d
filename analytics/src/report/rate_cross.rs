//! Response rates of every prefecture by the six bands on one sheet, side by side. Counts nothing.

use super::page::{self, Pen, Styles};
use super::rows::Rows;
use crate::rate::{RateRow, RateTable};
use rust_xlsxwriter::{Worksheet, XlsxError};
use survey::band::Banding;

/// Name of the sheet.
pub(super) const NAME: &str = "回収状況（都道府県×規模）";
const HEAD: u32 = 2;
const FIRST: u32 = HEAD + 2;
/// Columns of one band.
const EACH: u16 = 3;
const PIXELS: [u32; 3] = [50, 50, 50];

/// What goes on the sheet.
pub(super) struct RateCross<'a> {
    pub(super) foot: &'a str,
    pub(super) area: &'a str,
    /// The nation by band: its rows are the first line.
    pub(super) by_band: &'a RateTable,
    pub(super) by_prefecture: &'a RateTable,
    /// By prefecture, then by survey band.
    pub(super) by_both: &'a RateTable,
}

impl RateCross<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
        let bands = Banding::Survey.bands();
        let mut widths = vec![90];
        widths.extend(std::iter::repeat_n(PIXELS, bands.len() + 1).flatten());
        page::set_up(sheet, self.foot, &widths)?;
        sheet.set_name(NAME)?;
        let mut pen = Pen { sheet, styles };
        pen.text(0, 0, NAME, &styles.title)?;
        pen.text(
            1,
            0,
            "単位：病院。対象は調査対象病院数、回答は集計対象の回答数、％は回収率。「－」は対象の病院がないことを示す。",
            &styles.plain,
        )?;
        pen.head_down((HEAD, HEAD + 1), 0, "区分")?;
        let heads = std::iter::once("全規模").chain(bands.iter().map(|band| band.label));
        for (first, name) in (1..).step_by(usize::from(EACH)).zip(heads) {
            pen.text_over(HEAD, (first, first + EACH - 1), name, &styles.head)?;
            for (column, name) in (first..).zip(["対象", "回答", "％"]) {
                pen.text(HEAD + 1, column, name, &styles.head)?;
            }
        }
        let nation: Vec<&RateRow> = std::iter::once(&self.by_band.total).chain(&self.by_band.rows).collect();
        let mut rows = Rows::new(&mut pen);
        write_line(&mut rows, FIRST, self.area, &nation)?;
        for (row, prefecture) in (FIRST + 1..).zip(&self.by_prefecture.rows) {
            let own = self
                .by_both
                .rows
                .iter()
                .filter(|row| row.names.prefecture == prefecture.names.prefecture);
            let line: Vec<&RateRow> = std::iter::once(prefecture).chain(own).collect();
            write_line(
                &mut rows,
                row,
                prefecture.names.prefecture_name.as_deref().unwrap_or_default(),
                &line,
            )?;
        }
        rows.dress()?;
        pen.sheet.set_freeze_panes(FIRST, 1)?.set_repeat_rows(HEAD, HEAD + 1)?;
        Ok(())
    }
}

/// All sizes, then the bands from small to large.
fn write_line(rows: &mut Rows<'_, '_>, row: u32, label: &str, line: &[&RateRow]) -> Result<(), XlsxError> {
    rows.label(row, label)?;
    for (column, rates) in (1..).step_by(usize::from(EACH)).zip(line) {
        rows.count(row, column, rates.targets)?;
        rows.count(row, column + 1, rates.responses)?;
        rows.percent(row, column + 2, rates.percent)?;
    }
    Ok(())
}
