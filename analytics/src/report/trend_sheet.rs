//! Two surveys side by side on one sheet (推移): a block for each question that compares, with all hospitals, the panel, transitions and charts.
//! Counts nothing: it prints trend tables by band.

use super::chart::{PercentChart, Series};
use super::page::{self, Pen, Styles};
use super::scope::Hidden;
use super::trends::{ShownRow, ShownTrend};
use crate::estimated::Estimate;
use crate::trend::{TrendChange, TrendPanel, TrendShare, TrendTransition};
use rust_xlsxwriter::{Worksheet, XlsxError};

/// Name of the sheet.
pub(super) const NAME: &str = "推移";
/// What the two kinds of rows are called.
const ALL: &str = "すべての病院";
const PANEL: &str = "両年に回答した病院";
const WIDTHS: [u32; 18] = [190, 56, 56, 56, 52, 52, 52, 52, 56, 56, 56, 52, 52, 52, 52, 52, 52, 52];
/// Columns of the weighted share of the earlier and of the later year.
const ESTIMATES: (u16, u16) = (5, 12);
const CHART_ROWS: u32 = 12;
const CHART_SIZES: [(u32, u32); 2] = [(430, 215), (650, 215)];
/// Where the chart of bands begins.
const SECOND_CHART: u16 = 6;
const WORDS: [&str; 3] = [
    "単位：病院。％は母数に対する単純集計の割合。推計は、都道府県と病床規模ごとに調査対象病院数で重みづけした割合（％）。下限と上限は95％信頼区間。増減はポイント。",
    "母数は両年でそろえた病院であり、設問ごとの集計表の母数とは異なることがある。「両年に回答した病院」は、両方の年に回答し、どちらの年にも母数に入る病院。病床規模は後の年による。",
    "「－」は、母数が0のため計算できないこと、またはすべての病院が回答したため標本による誤差がないことを示す。「X」は秘匿した数値（公表版のみ）。",
];

/// What goes on the sheet.
pub(super) struct TrendSheet<'a> {
    pub(super) foot: &'a str,
    pub(super) area: &'a str,
    /// By band, in the order of the crosswalk.
    pub(super) trends: &'a [ShownTrend],
}

impl TrendSheet<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet, styles: &Styles) -> Result<(), XlsxError> {
        page::set_up(sheet, self.foot, &WIDTHS)?;
        sheet.set_name(NAME)?;
        let mut pen = Pen { sheet, styles };
        pen.text(0, 0, &format!("{NAME}（{}）", self.area), &styles.title)?;
        let mut next = 1;
        for line in WORDS {
            note(&mut pen, next, line)?;
            next += 1;
        }
        let mut breaks = Vec::new();
        for shown in self.trends {
            if next > 5 {
                breaks.push(next);
            }
            let block = Block { shown, area: self.area };
            let transitions = block.write(&mut pen, next)?;
            // On a page of its own, or it would be cut in two.
            breaks.push(transitions);
            next = block.write_transitions(&mut pen, transitions)? + 1;
        }
        pen.sheet.set_page_breaks(&breaks)?.set_freeze_panes(1, 1)?.set_repeat_rows(0, 0)?;
        Ok(())
    }
}

/// One question.
struct Block<'a> {
    shown: &'a ShownTrend,
    area: &'a str,
}

impl Block<'_> {
    /// Writes shares and charts; the first row below them.
    fn write(&self, pen: &mut Pen<'_>, start: u32) -> Result<u32, XlsxError> {
        let styles = pen.styles;
        let (earlier, later) = (&self.shown.table.earlier, &self.shown.table.later);
        let name = if earlier.label == later.label {
            later.label.clone()
        } else {
            format!("{}（{}年は「{}」）", later.label, earlier.survey, earlier.label)
        };
        pen.text(start, 0, &name, &styles.title)?;
        note(pen, start + 1, &self.shown.table.note)?;
        let yes = [earlier, later].map(|year| format!("{}年は「{}」", year.survey, year.yes.join("」「")));
        note(pen, start + 2, &format!("「はい」に数える答え：{}", yes.join("、")))?;

        let head = start + 3;
        self.write_heads(pen, head)?;
        let whole = head + 2;
        write_all(pen, whole, ALL, self.shown.total())?;
        write_panel(pen, whole + 1, PANEL, self.shown.total())?;
        let bands = whole + 3;
        pen.text_over(bands - 1, (0, 17), &format!("病床規模別・{ALL}"), &styles.section)?;
        let mut row = bands;
        for band in self.shown.bands() {
            write_all(pen, row, band.band().unwrap_or_default(), band)?;
            row += 1;
        }
        let last_band = row - 1;
        pen.text_over(row, (0, 17), &format!("病床規模別・{PANEL}"), &styles.section)?;
        row += 1;
        for band in self.shown.bands() {
            write_panel(pen, row, band.band().unwrap_or_default(), band)?;
            row += 1;
        }
        self.insert_charts(pen, row, &later.label, [(whole, whole + 1), (bands, last_band)])?;
        Ok(row + CHART_ROWS)
    }

    fn write_heads(&self, pen: &mut Pen<'_>, row: u32) -> Result<(), XlsxError> {
        let styles = pen.styles;
        pen.head_down((row, row + 1), 0, "区分")?;
        for (column, year) in [(1, &self.shown.table.earlier), (8, &self.shown.table.later)] {
            pen.text_over(row, (column, column + 6), &format!("{}年", year.survey), &styles.head)?;
            for (column, name) in (column..).zip(["回答数\n(n)", "母数", "はい", "％", "推計", "下限", "上限"]) {
                pen.text(row + 1, column, name, &styles.head)?;
            }
        }
        pen.text_over(row, (15, 17), "増減（推計）", &styles.head)?;
        for (column, name) in (15..).zip(["増減", "下限", "上限"]) {
            pen.text(row + 1, column, name, &styles.head)?;
        }
        pen.sheet.set_row_height(row + 1, 33)?;
        Ok(())
    }

    /// The panel's transitions; the first row below them.
    fn write_transitions(&self, pen: &mut Pen<'_>, start: u32) -> Result<u32, XlsxError> {
        let styles = pen.styles;
        let (from, to) = (&self.shown.table.earlier.survey, &self.shown.table.later.survey);
        let heading = format!("{}：{PANEL}の変化（{from}年の答え → {to}年の答え）", self.shown.table.later.label);
        pen.text_over(start, (0, 15), &heading, &styles.section)?;
        pen.head_down((start + 1, start + 2), 0, "区分")?;
        pen.head_down((start + 1, start + 2), 1, "母数")?;
        for (column, name) in [(2, "いいえ → はい"), (7, "はい → いいえ")] {
            pen.text_over(start + 1, (column, column + 4), name, &styles.head)?;
            for (column, name) in (column..).zip(["病院数", "％", "推計", "下限", "上限"]) {
                pen.text(start + 2, column, name, &styles.head)?;
            }
        }
        for (column, name) in [(12, "はい → はい"), (14, "いいえ → いいえ")] {
            pen.text_over(start + 1, (column, column + 1), name, &styles.head)?;
            pen.text(start + 2, column, "病院数", &styles.head)?;
            pen.text(start + 2, column + 1, "％", &styles.head)?;
        }
        pen.sheet.set_row_height(start + 1, 33)?;
        let mut row = start + 3;
        for line in std::iter::once(self.shown.total()).chain(self.shown.bands()) {
            pen.text(row, 0, line.band().unwrap_or(self.area), &styles.label)?;
            match line.panel() {
                Ok(panel) => write_transitions(pen, row, panel)?,
                Err(hidden) => (1..16).try_for_each(|column| pen.mark(row, (column, column), hidden.mark()))?,
            }
            row += 1;
        }
        Ok(row)
    }

    /// All and panel of the area, and all by band, both years beside each other. Nothing is drawn of a year without a base.
    fn insert_charts(&self, pen: &mut Pen<'_>, row: u32, name: &str, rows: [(u32, u32); 2]) -> Result<(), XlsxError> {
        let drawn = |row: ShownRow<'_>| row.all().is_ok_and(|all| all.earlier.base > 0 && all.later.base > 0);
        if !std::iter::once(self.shown.total()).chain(self.shown.bands()).any(drawn) {
            return Ok(());
        }
        let series = [(&self.shown.table.earlier, ESTIMATES.0), (&self.shown.table.later, ESTIMATES.1)].map(|(year, column)| Series {
            name: format!("{}年", year.survey),
            column,
        });
        let titles = [format!("{name}：「はい」の割合（推計）"), format!("{name}（病床規模別、{ALL}）")];
        for (((rows, title), size), column) in rows.into_iter().zip(titles).zip(CHART_SIZES).zip([0, SECOND_CHART]) {
            let chart = PercentChart {
                sheet: NAME,
                title: &title,
                rows,
                series: &series,
                stacked: false,
                size,
            };
            pen.sheet.insert_chart_with_offset(row, column, &chart.draw(), 0, 8)?;
        }
        Ok(())
    }
}

fn note(pen: &mut Pen<'_>, row: u32, text: &str) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text_over(row, (0, 17), text, &styles.note)?;
    pen.sheet.set_row_height(row, page::wrapped_height(text, WIDTHS.iter().sum()))?;
    Ok(())
}

fn write_all(pen: &mut Pen<'_>, row: u32, name: &str, line: ShownRow<'_>) -> Result<(), XlsxError> {
    match line.all() {
        Ok(all) => write_row(pen, row, name, [&all.earlier, &all.later], all.change.as_ref()),
        Err(hidden) => write_marks(pen, row, name, Some(line.n()), hidden),
    }
}

fn write_panel(pen: &mut Pen<'_>, row: u32, name: &str, line: ShownRow<'_>) -> Result<(), XlsxError> {
    match line.panel() {
        Ok(panel) => write_row(pen, row, name, [&panel.earlier, &panel.later], panel.change.as_ref()),
        Err(hidden) => write_marks(pen, row, name, None, hidden),
    }
}

/// A hidden row: of all hospitals, n stays. The cells of the charts are left empty, for they would draw a mark as 0.
fn write_marks(pen: &mut Pen<'_>, row: u32, name: &str, n: Option<[u64; 2]>, hidden: Hidden) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, name, &styles.label)?;
    for (index, column) in [1, 8].into_iter().enumerate() {
        match n.and_then(|n| n.get(index).copied()) {
            Some(n) => pen.count(row, column, n)?,
            None => pen.mark(row, (column, column), hidden.mark())?,
        }
        pen.mark(row, (column + 1, column + 6), hidden.mark())?;
    }
    pen.mark(row, (15, 17), hidden.mark())
}

/// What became of the hospitals of the panel.
fn write_transitions(pen: &mut Pen<'_>, row: u32, panel: &TrendPanel) -> Result<(), XlsxError> {
    pen.count(row, 1, panel.earlier.base)?;
    write_changed(pen, row, 2, &panel.gained)?;
    write_changed(pen, row, 7, &panel.lost)?;
    for (column, stayed) in [(12, &panel.stayed_yes), (14, &panel.stayed_no)] {
        pen.count(row, column, stayed.count)?;
        pen.percent(row, column + 1, stayed.percent)?;
    }
    Ok(())
}

fn write_row(pen: &mut Pen<'_>, row: u32, name: &str, years: [&TrendShare; 2], change: Option<&TrendChange>) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, name, &styles.label)?;
    for (column, share) in [1, 8].into_iter().zip(years) {
        for (column, count) in (column..).zip([share.n, share.base, share.count]) {
            pen.count(row, column, count)?;
        }
        pen.percent(row, column + 3, share.percent)?;
        write_estimate(pen, row, column + 4, share.estimate.as_ref())?;
    }
    let numbers = [
        change.map(|change| change.points),
        change.and_then(|change| change.low),
        change.and_then(|change| change.high),
    ];
    for (column, number) in (15..).zip(numbers) {
        pen.percent(row, column, number)?;
    }
    Ok(())
}

fn write_changed(pen: &mut Pen<'_>, row: u32, column: u16, transition: &TrendTransition) -> Result<(), XlsxError> {
    pen.count(row, column, transition.count)?;
    pen.percent(row, column + 1, transition.percent)?;
    write_estimate(pen, row, column + 2, transition.estimate.as_ref())
}

fn write_estimate(pen: &mut Pen<'_>, row: u32, column: u16, estimate: Option<&Estimate>) -> Result<(), XlsxError> {
    pen.percent(row, column, estimate.map(|estimate| estimate.percent))?;
    pen.percent(row, column + 1, estimate.and_then(|estimate| estimate.low))?;
    pen.percent(row, column + 2, estimate.and_then(|estimate| estimate.high))
}
