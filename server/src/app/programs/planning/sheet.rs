//! Hospitals of cells as work and dates: by prefecture, by band, and in all.

use analytics::planning::calendar::{MOST_WORKING_DAYS, holidays};
use analytics::planning::teams::{MOST_HOSPITALS, Visits, done_after, teams_needed, whole_days};
use analytics::planning::workload::{Work, work};
use chrono::{Months, NaiveDate};
use serde::Serialize;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::invalid;
use super::terms::{Per, Terms};
use crate::error::AppError;

/// Rows of cells: hospitals of each band.
pub(super) type Rows = Vec<(PrefectureCode, Vec<u64>)>;

/// Work of prefectures, bands and all, with dates where teams or an end were given.
#[derive(Debug, Serialize)]
pub struct Sheet {
    /// Of each prefecture shown.
    pub prefectures: Vec<Line>,
    /// Of each band, over the prefectures shown.
    pub bands: Vec<Line>,
    /// Of all prefectures shown.
    pub total: Totals,
}

/// A prefecture or a band.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Two digits, or key of the band.
    pub key: String,
    /// In Japanese.
    pub name: &'static str,
    /// What and when.
    #[serde(flatten)]
    pub totals: Totals,
}

/// Work, and when it is done.
#[derive(Debug, Serialize)]
pub struct Totals {
    /// Hospitals, person-days and days of a team, in tenths.
    #[serde(flatten)]
    pub work: Work,
    /// Where teams work, and if teams or an end were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Dates>,
}

/// When teams are done, and how many it takes to be done in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dates {
    /// The first day asked for.
    pub from: NaiveDate,
    /// Teams, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams: Option<u64>,
    /// Working days until the last team is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_days: Option<u64>,
    /// The day on which it is; absent without work, and where it is forty years off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<NaiveDate>,
    /// By when it shall be done, if that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The fewest teams that are done by then; absent where a single hospital takes longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teams_needed: Option<u64>,
    /// Whether the holidays of all these days are known.
    pub holidays_known: bool,
}

/// What the cells take; `years` after the first year of the terms.
///
/// # Errors
/// `planning_invalid` for more hospitals than are planned one by one.
pub(super) fn sheet(rows: &Rows, banding: Banding, terms: &Terms, years: u32) -> Result<Sheet, AppError> {
    let of_bands: Vec<u64> = (0..banding.bands().len())
        .map(|place| rows.iter().filter_map(|(_, row)| row.get(place)).sum())
        .collect();
    if (terms.teams.is_some() || terms.until.is_some()) && of_bands.iter().sum::<u64>() > MOST_HOSPITALS {
        return Err(invalid(format!(
            "病院数が{MOST_HOSPITALS}を超えるため、日程を計算できません。支援枠の数を確認してください。"
        )));
    }
    let mut dated = Vec::new();
    let mut prefectures = Vec::new();
    for (prefecture, row) in rows {
        let calendar = if terms.per == Per::Prefecture {
            dates(row, terms, years)?
        } else {
            None
        };
        dated.extend(calendar.clone());
        prefectures.push(Line {
            key: prefecture.code(),
            name: prefecture.name(),
            totals: Totals {
                work: work(row, &terms.effort),
                calendar,
            },
        });
    }
    let bands = banding.bands().iter().zip(&of_bands).enumerate().map(|(place, (band, hospitals))| {
        let alone: Vec<u64> = (0..of_bands.len()).map(|at| if at == place { *hospitals } else { 0 }).collect();
        Line {
            key: band.key.to_owned(),
            name: band.label,
            totals: Totals {
                work: work(&alone, &terms.effort),
                calendar: None,
            },
        }
    });
    let calendar = match terms.per {
        Per::Nation => dates(&of_bands, terms, years)?,
        Per::Prefecture => together(&dated),
    };
    Ok(Sheet {
        prefectures,
        bands: bands.collect(),
        total: Totals {
            work: work(&of_bands, &terms.effort),
            calendar,
        },
    })
}

/// When the teams of one place are done; `None` if nobody asked.
fn dates(row: &[u64], terms: &Terms, years: u32) -> Result<Option<Dates>, AppError> {
    if terms.teams.is_none() && terms.until.is_none() {
        return Ok(None);
    }
    let later = |day: NaiveDate| {
        let day = day.checked_add_months(Months::new(years.saturating_mul(12)));
        day.ok_or_else(|| AppError::internal("a plan beyond all dates"))
    };
    let from = later(terms.from)?;
    let until = terms.until.map(later).transpose()?;
    let visits: Vec<Visits> = row
        .iter()
        .zip(&terms.effort)
        .map(|(hospitals, effort)| Visits {
            hospitals: *hospitals,
            days: effort.days.get(&terms.surveyors).copied().map_or(0, u64::from),
        })
        .collect();
    let table = holidays();
    let working_days = terms.teams.and_then(|teams| done_after(&visits, teams)).map(whole_days);
    let ends_on = working_days.and_then(|days| table.end_of(from, days));
    let teams_needed = until.and_then(|until| {
        let days = table.working_days(from, until).min(MOST_WORKING_DAYS);
        teams_needed(&visits, days * 10)
    });
    let last = [ends_on, until].into_iter().flatten().max().unwrap_or(from);
    Ok(Some(Dates {
        from,
        teams: terms.teams,
        working_days,
        ends_on,
        until,
        teams_needed,
        holidays_known: table.know(from, last),
    }))
}

/// The dates of prefectures as one: teams are added up, and the last day counts.
fn together(all: &[Dates]) -> Option<Dates> {
    let first = all.first()?;
    let added = |of: fn(&Dates) -> Option<u64>| {
        all.iter()
            .map(of)
            .try_fold(0_u64, |sum, one| one.map(|one| sum.saturating_add(one)))
    };
    let endless = all
        .iter()
        .any(|one| one.working_days.is_some_and(|days| days > 0) && one.ends_on.is_none());
    Some(Dates {
        from: first.from,
        teams: added(|one| one.teams),
        working_days: all.iter().filter_map(|one| one.working_days).max(),
        ends_on: if endless {
            None
        } else {
            all.iter().filter_map(|one| one.ends_on).max()
        },
        until: first.until,
        teams_needed: added(|one| one.teams_needed),
        holidays_known: all.iter().all(|one| one.holidays_known),
    })
}
