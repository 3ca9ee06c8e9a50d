//! One question on one sheet: the area, its bands with a chart, and on further pages its prefectures, all under one heading.

use super::chart::{PercentChart, Series};
use super::page::{self, Pen, Styles};
use super::text;
use crate::table::{Table, TableRow};
use rust_xlsxwriter::{Worksheet, XlsxError};
use survey::question::{Kind, Question};

const TITLE: u32 = 0;
const WORDING: u32 = 1;
const ASKED: u32 = 2;
const HEAD: u32 = 3;
const SUBHEAD: u32 = 4;
const TOTAL: u32 = 5;
/// Rows of 20 pixels that the chart covers.
const CHART_ROWS: u32 = 17;
const CHART_SIZE: (u32, u32) = (860, 320);
/// Printing across the paper becomes unreadable beyond this; a question with more options keeps its columns and shrinks.
const OPTION_PIXELS: (u32, u32) = (76, 58);

/// What goes on the sheet.
pub(super) struct QuestionSheet<'a> {
    pub(super) name: &'a str,
    pub(super) question: &'a Question,
    pub(super) foot: &'a str,
    pub(super) area: &'a str,
    pub(super) by_band: &'a Table,
    /// `None` where the area lies in one prefecture: its only row would repeat the total.
    pub(super) by_prefecture: Option<&'a Table>,
    /// For a question that an earlier answer frees from.
    pub(super) by_answer: Option<&'a ByAnswer>,
}

/// The whole area by an earlier answer.
pub(super) struct ByAnswer {
    pub(super) heading: String,
    /// Label of the earlier answer, and the question among the hospitals that gave it.
    pub(super) rows: Vec<(String, TableRow)>,
}

impl QuestionSheet<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
        let options = self.by_band.choices.len();
        let mut widths = vec![150, 64, 64];
        widths.extend(std::iter::repeat_n([OPTION_PIXELS.0, OPTION_PIXELS.1], options).flatten());
        widths.extend([58, 58, 58]);
        page::set_up(sheet, self.foot, &widths)?;
        sheet.set_name(self.name)?;
        let mut pen = Pen { sheet, styles };
        self.write_head(&mut pen, &widths)?;

        self.write_row(&mut pen, TOTAL, self.area, &self.by_band.total)?;
        let bands = self.write_section(&mut pen, TOTAL + 1, "病床規模別", &self.by_band.rows)?;
        let mut next = bands.1 + 2;
        if let Some(by_answer) = self.by_answer {
            next = self.write_by_answer(&mut pen, bands.1 + 1, by_answer)? + 2;
        }
        if let Some(chart) = self.chart(bands) {
            pen.sheet.insert_chart(next, 0, &chart)?;
            next += CHART_ROWS;
        }
        if let Some(table) = self.by_prefecture {
            pen.sheet.set_page_breaks(&[next])?;
            self.write_section(&mut pen, next, "都道府県別", &table.rows)?;
        }
        pen.sheet.set_freeze_panes(TOTAL, 1)?.set_repeat_rows(HEAD, SUBHEAD)?;
        Ok(())
    }

    fn write_head(&self, pen: &mut Pen<'_>, widths: &[u32]) -> Result<(), XlsxError> {
        let last = u16::try_from(widths.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let styles = pen.styles;
        let wording = format!("設問：{}", text::one_line(&self.question.item_wording));
        let asked = format!(
            "対象：{}。単位：病院。％は母数（設問に回答した病院）に対する割合。",
            self.question.base
        );
        pen.text_over(TITLE, (0, last), &self.question.heading(), &styles.title)?;
        let across: u32 = widths.iter().sum();
        for (row, line) in [(WORDING, &wording), (ASKED, &asked)] {
            pen.text_over(row, (0, last), line, &styles.note)?;
            pen.sheet.set_row_height(row, page::wrapped_height(line, across))?;
        }
        pen.sheet.set_row_height(TITLE, 22)?;
        let longest = self
            .by_band
            .choices
            .iter()
            .map(|choice| page::wrapped_height(&choice.label, OPTION_PIXELS.0 + OPTION_PIXELS.1));
        pen.sheet.set_row_height(HEAD, longest.fold(18.0, f64::max))?;

        for (column, name) in [(0, "区分"), (1, "回答数\n(n)"), (2, "母数")] {
            pen.head_down((HEAD, SUBHEAD), column, name)?;
        }
        let mut column = 3;
        for choice in &self.by_band.choices {
            pen.text_over(HEAD, (column, column + 1), &choice.label, &styles.head)?;
            pen.text(SUBHEAD, column, "病院数", &styles.head)?;
            pen.text(SUBHEAD, column + 1, "％", &styles.head)?;
            column += 2;
        }
        for (column, name) in (column..).zip(["空欄", "無回答", "非該当"]) {
            pen.head_down((HEAD, SUBHEAD), column, name)?;
        }
        Ok(())
    }

    /// A section heading and its rows; first and last row of the numbers.
    fn write_section(&self, pen: &mut Pen<'_>, start: u32, name: &str, rows: &[TableRow]) -> Result<(u32, u32), XlsxError> {
        let last = u16::try_from(5 + 2 * self.by_band.choices.len()).unwrap_or(u16::MAX);
        pen.text_over(start, (0, last), name, &pen.styles.section)?;
        let mut row = start;
        for line in rows {
            row += 1;
            let label = line.band_label.as_deref().or(line.prefecture_name.as_deref()).unwrap_or(self.area);
            self.write_row(pen, row, label, line)?;
        }
        Ok((start + 1, row))
    }

    /// The section by an earlier answer; its last row.
    fn write_by_answer(&self, pen: &mut Pen<'_>, start: u32, by_answer: &ByAnswer) -> Result<u32, XlsxError> {
        let last = u16::try_from(5 + 2 * self.by_band.choices.len()).unwrap_or(u16::MAX);
        pen.text_over(start, (0, last), &by_answer.heading, &pen.styles.section)?;
        let mut row = start;
        for (label, line) in &by_answer.rows {
            row += 1;
            self.write_row(pen, row, label, line)?;
        }
        Ok(row)
    }

    fn write_row(&self, pen: &mut Pen<'_>, row: u32, label: &str, line: &TableRow) -> Result<(), XlsxError> {
        pen.text(row, 0, label, &pen.styles.label)?;
        pen.count(row, 1, line.n)?;
        pen.count(row, 2, line.base)?;
        let mut column = 3;
        for option in &line.options {
            pen.count(row, column, option.count)?;
            pen.percent(row, column + 1, option.percent)?;
            column += 2;
        }
        for (column, count) in (column..).zip([line.blank, line.no_answer, line.not_asked]) {
            pen.count(row, column, count)?;
        }
        Ok(())
    }

    /// Free text and questions that nobody answered have no chart; of yes and no, one share says all.
    fn chart(&self, rows: (u32, u32)) -> Option<rust_xlsxwriter::Chart> {
        if self.by_band.total.base == 0 || matches!(self.question.kind, Kind::Text(_) | Kind::Respondent(_)) {
            return None;
        }
        let shown = if matches!(self.question.kind, Kind::YesNo(_)) {
            1
        } else {
            usize::MAX
        };
        let columns = (4_u16..).step_by(2).zip(&self.by_band.choices).take(shown);
        let series: Vec<Series> = columns
            .map(|(column, choice)| Series {
                name: choice.label.clone(),
                column,
            })
            .collect();
        let title = match (&self.question.kind, self.by_band.choices.first()) {
            (Kind::YesNo(_), Some(yes)) => format!("「{}」の割合（病床規模別）", yes.label),
            _ => format!("{}（病床規模別）", self.question.label),
        };
        let stacked = matches!(self.question.kind, Kind::One(_));
        Some(
            PercentChart {
                sheet: self.name,
                title: &title,
                rows,
                series: &series,
                stacked,
                size: CHART_SIZE,
            }
            .draw(),
        )
    }
}
