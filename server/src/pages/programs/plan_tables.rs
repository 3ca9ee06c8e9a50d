//! Effort and plan as tables: whole numbers with tenths of days, dates of teams where teams or an end were given. Counts nothing.

use crate::app::programs::planning::effort::EffortReport;
use crate::app::programs::planning::sheet::{Dates, Line, Totals};
use crate::app::programs::planning::terms;
use crate::app::programs::planning::years::PlanReport;
use crate::pages::words;

/// A table.
pub struct Table {
    pub caption: String,
    pub heads: Vec<String>,
    /// Name, numbers.
    pub lines: Vec<(String, Vec<String>)>,
    /// The line under them.
    pub total: Option<(String, Vec<String>)>,
}

/// By what was counted, in words.
pub struct Terms {
    pub facts: Vec<(&'static str, String)>,
    pub note: String,
}

impl Terms {
    /// In words, with the bands in their order.
    pub fn of(terms: &terms::Terms, bands: &[Line]) -> Terms {
        let person_days = bands.iter().zip(&terms.effort).map(|(band, effort)| {
            let days = effort
                .days
                .get(&terms.surveyors)
                .copied()
                .map_or_else(String::new, |days| format!("、{}日", tenths(u64::from(days))));
            format!("{}：{}人日{days}", band.name, tenths(u64::from(effort.person_days)))
        });
        let mut facts = vec![
            ("1病院の作業", person_days.collect::<Vec<_>>().join("　")),
            ("1班の調査員", format!("{}名", terms.surveyors)),
            ("始める日", words::date(terms.from)),
        ];
        if let Some(teams) = terms.teams {
            let per = if terms.per == terms::Per::Prefecture {
                "都道府県ごとに"
            } else {
                ""
            };
            facts.push(("班の数", format!("{per}{teams}班")));
        }
        if let Some(until) = terms.until {
            facts.push(("終える日", words::date(until)));
        }
        Terms {
            facts,
            note: format!(
                "作業量はヒアリングと現地調査だけの見積りです。日程は土日と祝日（{}年まで分かっています）を除いた営業日で数えます。{}",
                terms.holidays_until,
                if terms.what_if {
                    "この事業で定めた作業量とは異なる値で試しています。"
                } else {
                    ""
                }
            ),
        }
    }
}

/// Tenths of days as they are read.
pub fn tenths(number: u64) -> String {
    let (whole, part) = (number.checked_div(10).unwrap_or(0), number.checked_rem(10).unwrap_or(0));
    let whole = words::count(whole);
    if part == 0 { whole } else { format!("{whole}.{part}") }
}

/// Which columns of dates there are.
#[derive(Clone, Copy)]
struct Dated {
    teams: bool,
    until: bool,
}

impl Dated {
    fn of(terms: &terms::Terms) -> Dated {
        Dated {
            teams: terms.teams.is_some(),
            until: terms.until.is_some(),
        }
    }

    fn heads(self, surveyors: u8) -> Vec<String> {
        let mut heads = vec!["病院数".to_owned(), "人日".to_owned(), format!("1班（{surveyors}名）の日数")];
        if self.teams {
            heads.extend(["班".to_owned(), "営業日".to_owned(), "終わる日".to_owned()]);
        }
        if self.until {
            heads.push("必要な班".to_owned());
        }
        heads
    }

    fn numbers(self, totals: &Totals, surveyors: u8) -> Vec<String> {
        let work = &totals.work;
        let days = work.team_days.get(&surveyors).copied();
        let mut numbers = vec![
            words::count(work.hospitals),
            tenths(work.person_days),
            days.map_or_else(dash, tenths),
        ];
        let of = |number: fn(&Dates) -> Option<u64>| totals.calendar.as_ref().and_then(number).map_or_else(dash, words::count);
        if self.teams {
            numbers.extend([of(|dates| dates.teams), of(|dates| dates.working_days)]);
            let end = totals.calendar.as_ref().and_then(|dates| dates.ends_on);
            numbers.push(end.map_or_else(dash, words::date));
        }
        if self.until {
            numbers.push(of(|dates| dates.teams_needed));
        }
        numbers
    }
}

fn dash() -> String {
    "―".to_owned()
}

/// Effort by band and by prefecture.
pub fn effort(report: &EffortReport) -> Vec<Table> {
    let (dated, surveyors) = (Dated::of(&report.terms), report.terms.surveyors);
    let table = |caption: &str, lines: &[Line]| Table {
        caption: caption.to_owned(),
        heads: dated.heads(surveyors),
        lines: lines
            .iter()
            .map(|line| (line.name.to_owned(), dated.numbers(&line.totals, surveyors)))
            .collect(),
        total: Some(("合計".to_owned(), dated.numbers(&report.sheet.total, surveyors))),
    };
    vec![
        table("作業量（病床規模区分ごと）", &report.sheet.bands),
        table("作業量（都道府県ごと）", &report.sheet.prefectures),
    ]
}

/// The years of a plan.
pub fn years(report: &PlanReport) -> Table {
    let (dated, surveyors) = (Dated::of(&report.terms), report.terms.surveyors);
    let mut heads = vec!["全国の病院数".to_owned()];
    heads.extend(dated.heads(surveyors));
    heads.extend(["年度の後の残り".to_owned(), "残りを超えた数".to_owned()]);
    let line = |year: &crate::app::programs::planning::years::YearReport| {
        let mut numbers = vec![words::count(year.asked)];
        numbers.extend(dated.numbers(&year.sheet.total, surveyors));
        numbers.push(words::count(year.remaining));
        numbers.push(year.beyond_remaining.map_or_else(dash, words::count));
        (format!("{}年度", year.fiscal_year), numbers)
    };
    Table {
        caption: "年度ごとの計画".to_owned(),
        heads,
        lines: report.years.iter().map(line).collect(),
        total: None,
    }
}

/// The hospitals of each prefecture in each year.
pub fn shares(report: &PlanReport) -> Table {
    let of = |line: usize| -> Vec<String> {
        let years = report.years.iter();
        let share = years.map(|year| year.sheet.prefectures.get(line).map_or(0, |line| line.totals.work.hospitals));
        share.map(words::count).collect()
    };
    let names = report.years.first().map_or(&[][..], |year| &year.sheet.prefectures);
    Table {
        caption: "年度ごとの病院数（都道府県ごと）".to_owned(),
        heads: report.years.iter().map(|year| format!("{}年度", year.fiscal_year)).collect(),
        lines: names
            .iter()
            .enumerate()
            .map(|(place, line)| (line.name.to_owned(), of(place)))
            .collect(),
        total: Some((
            "合計".to_owned(),
            report
                .years
                .iter()
                .map(|year| words::count(year.sheet.total.work.hospitals))
                .collect(),
        )),
    }
}
