//! Coverage, effort and plans for people: tables of prefectures and bands, with sentences on what remains and what nobody knows.

use std::io::{self, Write};

use analytics::planning::coverage::{Counts, Coverage};

use crate::app::programs::planning::coverage::CoverageReport;
use crate::app::programs::planning::effort::EffortReport;
use crate::app::programs::planning::sheet::{Dates, Line, Totals};
use crate::app::programs::planning::terms::{Per, Terms};
use crate::app::programs::planning::years::{PlanReport, YearReport};
use crate::cli::columns::{self, Align};

pub(super) fn coverage(out: &mut dyn Write, report: &CoverageReport) -> io::Result<()> {
    let headings = columns_of(
        "都道府県・区分",
        &[
            "病院",
            "電子カルテあり",
            "支援済み",
            "選定中",
            "受理済み",
            "残り",
            "不明",
            "なし",
            "対象外",
        ],
    );
    let row = |name: String, coverage: &Coverage| {
        let Counts {
            supported,
            accepted,
            remaining,
            ..
        } = coverage.ehr;
        let numbers = [
            coverage.hospitals,
            coverage.ehr.hospitals,
            supported,
            coverage.ehr.chosen() - accepted,
            accepted,
            remaining,
            coverage.unclear.hospitals + coverage.unanswered.hospitals,
            coverage.no_ehr.hospitals,
            coverage.left.hospitals,
        ];
        [name]
            .into_iter()
            .chain(numbers.map(|number| number.to_string()))
            .collect::<Vec<_>>()
    };
    let prefectures = report
        .prefectures
        .iter()
        .map(|line| row(format!("{} {}", line.key, line.name), &line.coverage));
    let bands = report.bands.iter().map(|line| row(line.name.to_owned(), &line.coverage));
    let rows: Vec<Vec<String>> = prefectures.chain(bands).chain([row("計".to_owned(), &report.total)]).collect();
    columns::write(out, &headings, &rows)?;
    let total = &report.total;
    writeln!(
        out,
        "電子カルテのある{}病院のうち、支援済みは{}、今年度の選定リストにあるのは{}、残りは{}です。",
        total.ehr.hospitals,
        total.ehr.supported,
        total.ehr.chosen(),
        total.ehr.remaining
    )?;
    writeln!(
        out,
        "回答がないか空欄のため電子カルテの有無が分からない病院が、別に{}あります。",
        total.unclear.hospitals + total.unanswered.hospitals
    )
}

pub(super) fn effort(out: &mut dyn Write, report: &EffortReport) -> io::Result<()> {
    terms(out, &report.terms)?;
    let bands = report
        .sheet
        .bands
        .iter()
        .map(|line| totals(line.name.to_owned(), &line.totals, &report.terms));
    let rows: Vec<Vec<String>> = prefectures(&report.sheet.prefectures, &report.terms)
        .chain(bands)
        .chain([totals("計".to_owned(), &report.sheet.total, &report.terms)])
        .collect();
    columns::write(out, &columns_of("都道府県・区分", &WORK), &rows)?;
    dates(out, report.sheet.total.calendar.as_ref())
}

pub(super) fn plan(out: &mut dyn Write, report: &PlanReport) -> io::Result<()> {
    terms(out, &report.terms)?;
    for year in &report.years {
        writeln!(out)?;
        writeln!(out, "{}年度（総数 {}）", year.fiscal_year, year.asked)?;
        let heading = [WORK.as_slice(), &["残り"]].concat();
        let with_remaining = |mut row: Vec<String>, remaining: u64| {
            row.push(remaining.to_string());
            row
        };
        let of_prefectures = report_lines(year, &report.terms).map(|(row, remaining)| with_remaining(row, remaining));
        let of_bands = year.sheet.bands.iter().map(|line| {
            let after = year.cells.iter().filter(|cell| cell.band == line.key).map(|cell| cell.remaining);
            with_remaining(totals(line.name.to_owned(), &line.totals, &report.terms), after.sum())
        });
        let total = with_remaining(totals("計".to_owned(), &year.sheet.total, &report.terms), year.remaining);
        let rows: Vec<Vec<String>> = of_prefectures.chain(of_bands).chain([total]).collect();
        columns::write(out, &columns_of("都道府県・区分", &heading), &rows)?;
        if let Some(beyond) = year.beyond_remaining.filter(|beyond| *beyond > 0) {
            writeln!(out, "総数が残りの病院より{beyond}多いため、残りのすべてを充てました。")?;
        }
        dates(out, year.sheet.total.calendar.as_ref())?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "計画の後に残る電子カルテ導入病院は{}です。ほかに、電子カルテの有無が分からない病院が{}あります（計画に含みません）。",
        report.uncovered, report.unknown
    )
}

const WORK: [&str; 5] = ["病院", "人日", "1班の日数", "営業日", "終わりの日"];

fn columns_of<'h>(first: &'h str, headings: &[&'h str]) -> Vec<(&'h str, Align)> {
    [(first, Align::Left)]
        .into_iter()
        .chain(headings.iter().map(|heading| (*heading, Align::Right)))
        .collect()
}

fn prefectures<'l>(lines: &'l [Line], terms: &'l Terms) -> impl Iterator<Item = Vec<String>> + use<'l> {
    lines
        .iter()
        .map(|line| totals(format!("{} {}", line.key, line.name), &line.totals, terms))
}

fn report_lines<'l>(year: &'l YearReport, terms: &'l Terms) -> impl Iterator<Item = (Vec<String>, u64)> + use<'l> {
    let rows = prefectures(&year.sheet.prefectures, terms).zip(&year.sheet.prefectures);
    rows.map(|(row, line)| {
        let after = year
            .cells
            .iter()
            .filter(|cell| cell.prefecture.code() == line.key)
            .map(|cell| cell.remaining);
        (row, after.sum())
    })
}

fn totals(name: String, of: &Totals, terms: &Terms) -> Vec<String> {
    let days = of.work.team_days.get(&terms.surveyors).copied().unwrap_or_default();
    let calendar = of.calendar.as_ref();
    let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        name,
        of.work.hospitals.to_string(),
        in_days(of.work.person_days),
        in_days(days),
        shown(calendar.and_then(|dates| dates.working_days).map(|days| days.to_string())),
        shown(calendar.and_then(|dates| dates.ends_on).map(|day| day.to_string())),
    ]
}

/// Tenths as days.
fn in_days(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn terms(out: &mut dyn Write, terms: &Terms) -> io::Result<()> {
    let per_hospital = terms.effort.iter().map(|effort| {
        let days = effort.days.get(&terms.surveyors).copied().unwrap_or_default();
        format!("{}人日（{}日）", in_days(u64::from(effort.person_days)), in_days(u64::from(days)))
    });
    let per_hospital: Vec<String> = per_hospital.collect();
    writeln!(
        out,
        "1病院あたり（病床規模の小さい順、調査員{}人の班）: {}{}",
        terms.surveyors,
        per_hospital.join("、"),
        if terms.what_if { "（仮の値）" } else { "" }
    )?;
    if let Some(teams) = terms.teams {
        let per = match terms.per {
            Per::Nation => "全国で",
            Per::Prefecture => "都道府県ごとに",
        };
        writeln!(out, "{per}{teams}班、{}から", terms.from)?;
    }
    Ok(())
}

fn dates(out: &mut dyn Write, dates: Option<&Dates>) -> io::Result<()> {
    let Some(dates) = dates else { return Ok(()) };
    if let (Some(days), Some(end)) = (dates.working_days, dates.ends_on) {
        writeln!(out, "{}から{days}営業日で、{end}に終わります。", dates.from)?;
    }
    match (dates.until, dates.teams_needed) {
        (Some(until), Some(teams)) => writeln!(out, "{until}までに終えるには、{teams}班が必要です。")?,
        (Some(until), None) => writeln!(
            out,
            "{until}までには、1病院も終わらない枠があるため、班を増やしても間に合いません。"
        )?,
        (None, _) => {}
    }
    if !dates.holidays_known {
        writeln!(out, "祝日が分からない年を含むため、その年は土曜日と日曜日だけを休みとしています。")?;
    }
    Ok(())
}
