//! Response rates on one sheet: the area, its bands, its prefectures with a chart.

use super::chart::{PercentChart, Series};
use super::page::{self, Pen, Styles};
use crate::rate::{RateRow, RateTable};
use rust_xlsxwriter::{Worksheet, XlsxError};

/// Name of the sheet.
pub(super) const NAME: &str = "回収状況";
const HEAD: u32 = 2;
const TOTAL: u32 = 3;
/// The bands' chart stands beside their table, the prefectures' below both; rows of 20 pixels.
const BAND_CHART: (u32, u16) = (TOTAL, 5);
const BAND_CHART_SIZE: (u32, u32) = (490, 250);
const PREFECTURE_CHART: (u32, u16) = (TOTAL + 14, 0);
const PREFECTURE_CHART_SIZE: (u32, u32) = (1_010, 310);
const PREFECTURE_TABLE: u32 = PREFECTURE_CHART.0 + 17;

/// What goes on the sheet.
pub(super) struct RateSheet<'a> {
    pub(super) foot: &'a str,
    pub(super) area: &'a str,
    pub(super) by_band: &'a RateTable,
    /// `None` where the area lies in one prefecture.
    pub(super) by_prefecture: Option<&'a RateTable>,
}

impl RateSheet<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
        page::set_up(sheet, self.foot, &[150, 120, 120, 120, 10, 490])?;
        sheet.set_name(NAME)?;
        let mut pen = Pen { sheet, styles };
        pen.text(0, 0, NAME, &styles.title)?;
        pen.text(
            1,
            0,
            "単位：病院。回収率は、調査対象病院数に対する集計対象の回答数の割合（％）。",
            &styles.plain,
        )?;
        for (column, name) in (0..).zip(["区分", "調査対象病院数", "回答数 (n)", "回収率（％）"]) {
            pen.text(HEAD, column, name, &styles.head)?;
        }
        write_row(&mut pen, TOTAL, self.area, &self.by_band.total)?;
        let bands = write_section(&mut pen, TOTAL + 1, "病床規模別", &self.by_band.rows)?;
        let chart_of_bands = chart("回収率（病床規模別）", bands, BAND_CHART_SIZE);
        // A little lower than the heading, or its frame would be printed with the heading on every page.
        pen.sheet
            .insert_chart_with_offset(BAND_CHART.0, BAND_CHART.1, &chart_of_bands, 0, 8)?;
        if let Some(table) = self.by_prefecture {
            pen.sheet.set_page_breaks(&[PREFECTURE_TABLE])?;
            let rows = write_section(&mut pen, PREFECTURE_TABLE, "都道府県別", &table.rows)?;
            let chart = chart("回収率（都道府県別）", rows, PREFECTURE_CHART_SIZE);
            pen.sheet.insert_chart(PREFECTURE_CHART.0, PREFECTURE_CHART.1, &chart)?;
        }
        pen.sheet.set_freeze_panes(TOTAL, 1)?.set_repeat_rows(HEAD, HEAD)?;
        Ok(())
    }
}

fn write_section(pen: &mut Pen<'_>, start: u32, name: &str, rows: &[RateRow]) -> Result<(u32, u32), XlsxError> {
    pen.text_over(start, (0, 3), name, &pen.styles.section)?;
    let mut row = start;
    for line in rows {
        row += 1;
        let label = line
            .names
            .band_label
            .as_deref()
            .or(line.names.prefecture_name.as_deref())
            .unwrap_or_default();
        write_row(pen, row, label, line)?;
    }
    Ok((start + 1, row))
}

fn write_row(pen: &mut Pen<'_>, row: u32, label: &str, line: &RateRow) -> Result<(), XlsxError> {
    pen.text(row, 0, label, &pen.styles.label)?;
    pen.count(row, 1, line.targets)?;
    pen.count(row, 2, line.responses)?;
    pen.percent(row, 3, line.percent)
}

fn chart(title: &str, rows: (u32, u32), size: (u32, u32)) -> rust_xlsxwriter::Chart {
    let series = [Series {
        name: "回収率".to_owned(),
        column: 3,
    }];
    PercentChart {
        sheet: NAME,
        title,
        rows,
        series: &series,
        stacked: false,
        size,
    }
    .draw()
}
