//! One question on one sheet: the area, its bands with a chart, and on further pages its prefectures, all under one heading.

use super::chart::{PercentChart, Series};
use super::page::{self, Pen, Styles};
use super::rows::Rows;
use super::scope::{Hidden, Line, Lines};
use super::text;
use crate::estimated::{Estimate, Known};
use crate::percent::percent;
use crate::table::TableRow;
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
const OPTION_PIXELS: (u32, u32) = (62, 88);
/// Heading of the estimates.
const ESTIMATES: &str = "推計（調査対象の全病院についての割合）";

/// What goes on the sheet.
pub(super) struct QuestionSheet<'a> {
    pub(super) name: &'a str,
    pub(super) question: &'a Question,
    pub(super) foot: &'a str,
    pub(super) area: &'a str,
    /// With estimates.
    pub(super) by_band: &'a Lines,
    /// `None` where the area lies in one prefecture: its only row would repeat the total.
    pub(super) by_prefecture: Option<&'a Lines>,
    /// By prefecture and the three bands of the programme; as `by_prefecture`.
    pub(super) by_prefecture_band: Option<&'a Lines>,
    /// For a question that an earlier answer frees from.
    pub(super) by_answer: Option<&'a ByAnswer>,
}

/// The whole area by an earlier answer.
pub(super) struct ByAnswer {
    pub(super) heading: String,
    /// Label of the earlier answer, and the question among the hospitals that gave it.
    pub(super) rows: Vec<(String, Line)>,
}

impl QuestionSheet<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
        let options = self.by_band.choices.len();
        let mut widths = vec![174, 64, 64];
        widths.extend(std::iter::repeat_n([OPTION_PIXELS.0, OPTION_PIXELS.1], options).flatten());
        widths.extend([58, 58, 58]);
        page::set_up(sheet, self.foot, &widths)?;
        sheet.set_name(self.name)?;
        let mut pen = Pen { sheet, styles };
        self.write_head(&mut pen, &widths)?;

        let mut total = Rows::new(&mut pen);
        self.write_row(&mut total, TOTAL, self.area, &self.by_band.total)?;
        total.dress()?;
        let bands = self.write_section(&mut pen, TOTAL + 1, "病床規模別", &self.by_band.rows)?;
        let mut next = bands.1 + 2;
        if let Some(by_answer) = self.by_answer {
            next = self.write_by_answer(&mut pen, bands.1 + 1, by_answer)? + 2;
        }
        if let Some(chart) = self.chart(bands) {
            pen.sheet.insert_chart(next, 0, &chart)?;
            next += CHART_ROWS;
        }
        let mut breaks = vec![next];
        next = self.write_estimates(&mut pen, next)? + 2;
        if let Some(table) = self.by_prefecture {
            next = self.write_section(&mut pen, next, "都道府県別", &table.rows)?.1 + 1;
        }
        if let Some(table) = self.by_prefecture_band {
            breaks.push(next);
            self.write_section(&mut pen, next, "都道府県別・病床規模別（3区分）", &table.rows)?;
        }
        pen.sheet.set_page_breaks(&breaks)?;
        pen.sheet.set_freeze_panes(TOTAL, 1)?.set_repeat_rows(HEAD, SUBHEAD)?;
        Ok(())
    }

    fn write_head(&self, pen: &mut Pen<'_>, widths: &[u32]) -> Result<(), XlsxError> {
        let last = u16::try_from(widths.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let styles = pen.styles;
        let wording = format!("設問：{}", text::one_line(&self.question.item_wording));
        let lines = [Some(self.by_band), self.by_prefecture, self.by_prefecture_band]
            .into_iter()
            .flatten();
        // Only the bands have estimates at all.
        let withheld = self.by_band.all().any(|line| line.counted.as_ref().is_ok_and(withholds));
        let legend = if withheld || lines.flat_map(Lines::all).any(|line| line.counted.is_err()) {
            "「X」「＊」は示さない数値（「方法と注意」を参照）。"
        } else {
            ""
        };
        let asked = format!(
            "対象：{}。単位：病院。％は母数（設問に回答した病院）に対する割合。{legend}",
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
    fn write_section(&self, pen: &mut Pen<'_>, start: u32, name: &str, rows: &[Line]) -> Result<(u32, u32), XlsxError> {
        let last = u16::try_from(5 + 2 * self.by_band.choices.len()).unwrap_or(u16::MAX);
        pen.text_over(start, (0, last), name, &pen.styles.section)?;
        let mut written = Rows::new(pen);
        let mut row = start;
        for line in rows {
            row += 1;
            self.write_row(&mut written, row, &line.label(self.area), line)?;
        }
        written.dress()?;
        Ok((start + 1, row))
    }

    /// The section by an earlier answer; its last row.
    fn write_by_answer(&self, pen: &mut Pen<'_>, start: u32, by_answer: &ByAnswer) -> Result<u32, XlsxError> {
        let last = u16::try_from(5 + 2 * self.by_band.choices.len()).unwrap_or(u16::MAX);
        pen.text_over(start, (0, last), &by_answer.heading, &pen.styles.section)?;
        let mut written = Rows::new(pen);
        let mut row = start;
        for (label, line) in &by_answer.rows {
            row += 1;
            self.write_row(&mut written, row, label, line)?;
        }
        written.dress()?;
        Ok(row)
    }

    fn write_row(&self, rows: &mut Rows<'_, '_>, row: u32, label: &str, line: &Line) -> Result<(), XlsxError> {
        rows.label(row, label)?;
        rows.count(row, 1, line.n)?;
        let counted = match &line.counted {
            Ok(counted) => counted,
            Err(hidden) => return self.write_marks(rows.pen, row, hidden.mark()),
        };
        rows.count(row, 2, counted.base)?;
        let mut column = 3;
        for option in &counted.options {
            rows.count(row, column, option.count)?;
            rows.percent(row, column + 1, option.percent)?;
            column += 2;
        }
        for (column, count) in (column..).zip([counted.blank, counted.no_answer, counted.not_asked]) {
            rows.count(row, column, count)?;
        }
        Ok(())
    }

    /// A hidden distribution: everything but n.
    fn write_marks(&self, pen: &mut Pen<'_>, row: u32, mark: &str) -> Result<(), XlsxError> {
        pen.mark(row, (2, 2), mark)?;
        let mut column = 3;
        for _ in &self.by_band.choices {
            pen.mark(row, (column, column + 1), mark)?;
            column += 2;
        }
        (column..column + 3).try_for_each(|column| pen.mark(row, (column, column), mark))
    }

    /// The estimates of the area and its bands, and item non-response; the last row.
    fn write_estimates(&self, pen: &mut Pen<'_>, start: u32) -> Result<u32, XlsxError> {
        let styles = pen.styles;
        let tail = u16::try_from(3 + 2 * self.by_band.choices.len()).unwrap_or(u16::MAX);
        pen.text_over(start, (0, tail + 2), ESTIMATES, &styles.section)?;
        for (column, name) in (0..).zip(["区分", "回答数\n(n)", "母数"]) {
            pen.text(start + 1, column, name, &styles.head)?;
        }
        for column in (3..tail).step_by(2) {
            pen.text(start + 1, column, "推計％", &styles.head)?;
            pen.text(start + 1, column + 1, "95％\n信頼区間", &styles.head)?;
        }
        pen.text_over(start + 1, (tail, tail + 2), "項目無回答率\n（％、集計値）", &styles.head)?;
        pen.sheet.set_row_height(start + 1, 33)?;
        let mut row = start + 1;
        for line in self.by_band.all() {
            row += 1;
            pen.text(row, 0, &line.label(self.area), &styles.label)?;
            pen.count(row, 1, line.n)?;
            match &line.counted {
                Ok(counted) => write_estimate(pen, row, tail, counted)?,
                Err(hidden) => {
                    self.write_marks(pen, row, hidden.mark())?;
                }
            }
        }
        Ok(row)
    }

    /// Free text and questions that nobody answered have no chart; of yes and no, one share says all.
    fn chart(&self, rows: (u32, u32)) -> Option<rust_xlsxwriter::Chart> {
        let answered = |line: &Line| line.counted.as_ref().is_ok_and(|row| row.base > 0);
        if !self.by_band.rows.iter().any(answered) || matches!(self.question.kind, Kind::Text(_) | Kind::Respondent(_)) {
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

/// Base, estimates and item non-response of a row whose last three columns begin at `tail`.
fn write_estimate(pen: &mut Pen<'_>, row: u32, tail: u16, counted: &TableRow) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.count(row, 2, counted.base)?;
    for (column, option) in (3..tail).step_by(2).zip(&counted.options) {
        if option.estimate.is_none() && counted.base > 0 {
            pen.mark(row, (column, column + 1), Hidden::Suppressed.mark())?;
            continue;
        }
        pen.percent(row, column, option.estimate.as_deref().map(|estimate| estimate.percent))?;
        pen.text(row, column + 1, &interval(option.estimate.as_deref()), &styles.dash)?;
    }
    let silent = counted.blank + counted.no_answer;
    pen.percent_over(row, (tail, tail + 2), percent(silent, counted.base + silent))
}

/// Whether estimates are missing where somebody answered: the audit of a release withholds them.
fn withholds(row: &TableRow) -> bool {
    row.base > 0 && row.options.iter().any(|option| option.estimate.is_none())
}

/// `60.0～64.2`; 全数 where all hospitals answered, so that nothing was left to chance.
fn interval(estimate: Option<&Estimate>) -> String {
    match estimate {
        Some(Estimate {
            low: Some(low),
            high: Some(high),
            ..
        }) => format!("{low:.1}～{high:.1}"),
        Some(Estimate {
            known: Known::Complete, ..
        }) => "全数".to_owned(),
        _ => "－".to_owned(),
    }
}
