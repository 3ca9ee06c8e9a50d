//! By what work is counted and dated: the programme's effort or another one to try, surveyors, teams, and days.

use std::collections::BTreeMap;

use analytics::planning::calendar::holidays;
use analytics::planning::workload;
use analytics::program::{self, Effort};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use survey::band::Banding;
use survey::fault::excerpt;

use super::invalid;
use crate::auth::actor::{Actor, Role};
use crate::db::programs::ProgramRow;
use crate::error::AppError;

/// The most days of work for one hospital, in tenths: a thousand days.
const MOST_DAYS: u32 = 10_000;
/// The most teams.
const MOST_TEAMS: u64 = 100_000;

/// Whose teams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// So many in all, which go everywhere.
    Nation,
    /// So many in every prefecture.
    Prefecture,
}

/// What is asked; everything has a usual value.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Person-days of a hospital of each band, the smallest first: `5,10,20`. What-if.
    pub person_days: Option<String>,
    /// Days of a team for a hospital of each band: `1.6,3.3,6.6`. What-if; needs `surveyors`.
    pub days: Option<String>,
    /// Surveyors of a team; not given: the most for which days are known.
    pub surveyors: Option<u8>,
    /// Teams that work side by side.
    pub teams: Option<u64>,
    /// Whose teams; not given: the nation's, for a prefecture its own.
    pub per: Option<Per>,
    /// The first day; not given: 1 April of the fiscal year.
    pub from: Option<NaiveDate>,
    /// By when all shall be done: how many teams that needs.
    pub until: Option<NaiveDate>,
}

/// What is counted by, as answered.
#[derive(Debug, Clone, Serialize)]
pub struct Terms {
    /// By band, the smallest first: `person_days`, and `days` by the number of surveyors, in tenths.
    pub effort: Vec<Effort>,
    /// Whether the effort is another than the programme's.
    pub what_if: bool,
    /// Surveyors of a team.
    pub surveyors: u8,
    /// Teams, if given.
    pub teams: Option<u64>,
    /// Whose teams.
    pub per: Per,
    /// The first day.
    pub from: NaiveDate,
    /// By when all shall be done, if given.
    pub until: Option<NaiveDate>,
    /// The last year of which holidays are known; in later years only Saturdays and Sundays are off.
    pub holidays_until: i32,
}

impl Terms {
    /// # Errors
    /// `planning_invalid`, with what to give instead.
    pub(super) fn of(asked: &Asked, program: &ProgramRow, banding: Banding, actor: &Actor) -> Result<Terms, AppError> {
        let from = match asked.from {
            Some(from) => from,
            None => {
                NaiveDate::from_ymd_opt(program.fiscal_year, 4, 1).ok_or_else(|| AppError::internal("a fiscal year beyond all dates"))?
            }
        };
        for (field, day) in [("from", Some(from)), ("until", asked.until)] {
            if day.is_some_and(|day| !(2000..2200).contains(&day.year())) {
                return Err(invalid("日付は西暦2000年から2199年までで指定してください。").at(field));
            }
        }
        if asked.until.is_some_and(|until| until < from) {
            return Err(invalid("終える日は、始める日以後にしてください。").at("until"));
        }
        if asked.teams.is_some_and(|teams| !(1..=MOST_TEAMS).contains(&teams)) {
            return Err(invalid(format!("班の数は1から{MOST_TEAMS}までで指定してください。")).at("teams"));
        }
        let (effort, surveyors) = effort(asked, program, banding)?;
        let of_prefecture = matches!(actor.role(), Role::Prefecture(_));
        let per = asked.per.unwrap_or(if of_prefecture { Per::Prefecture } else { Per::Nation });
        if of_prefecture && per == Per::Nation {
            return Err(invalid("全国の班の日程は厚生労働省だけが見られます。班の単位は「都道府県ごとに」にしてください。").at("per"));
        }
        Ok(Terms {
            effort,
            what_if: asked.person_days.is_some() || asked.days.is_some(),
            surveyors,
            teams: asked.teams,
            per,
            from,
            until: asked.until,
            holidays_until: holidays().last_year,
        })
    }
}

/// The effort of each band and the surveyors of a team.
fn effort(asked: &Asked, program: &ProgramRow, banding: Banding) -> Result<(Vec<Effort>, u8), AppError> {
    let kept: BTreeMap<String, Effort> = serde_json::from_value(program.effort.clone()).map_err(AppError::internal)?;
    let kept = if kept.is_empty() { program::usual_effort(banding) } else { kept };
    let of_band = |key: &str| {
        kept.get(key)
            .cloned()
            .ok_or_else(|| AppError::internal("a band of the programme has no effort"))
    };
    let mut effort = banding
        .bands()
        .iter()
        .map(|band| of_band(band.key))
        .collect::<Result<Vec<_>, _>>()?;
    if asked.surveyors == Some(0) {
        return Err(invalid("1班の調査員の数は1以上にしてください。").at("surveyors"));
    }
    if let Some(text) = &asked.person_days {
        for (effort, person_days) in effort.iter_mut().zip(tenths(("person_days", "人日"), text, banding)?) {
            effort.person_days = person_days;
            // Shared among the surveyors, rounded down to a tenth as the notice does (5 person-days of three are 1.6 days).
            let numbers: Vec<u8> = effort.days.keys().copied().chain(asked.surveyors).collect();
            effort.days = numbers
                .into_iter()
                .map(|who| (who, (person_days / u32::from(who).max(1)).max(1)))
                .collect();
        }
    }
    if let Some(text) = &asked.days {
        let surveyors = asked
            .surveyors
            .ok_or_else(|| invalid("1病院の日数を指定するときは、1班の調査員の数も指定してください。").at("surveyors"))?;
        for (effort, days) in effort.iter_mut().zip(tenths(("days", "日数"), text, banding)?) {
            effort.days.insert(surveyors, days);
        }
    }
    let known = workload::surveyors(&effort);
    match asked.surveyors.or(known.last().copied()) {
        Some(surveyors) if known.contains(&surveyors) => Ok((effort, surveyors)),
        _ => {
            let known: Vec<String> = known.iter().map(u8::to_string).collect();
            Err(invalid(format!(
                "この調査員の数での日数は分かりません。1班の調査員の数を {} のいずれかにするか、1病院の人日か日数もあわせて指定してください。",
                known.join("、")
            ))
            .at("surveyors"))
        }
    }
}

/// A number of days for each band, in tenths: digits with at most one behind the point.
fn tenths((field, label): (&'static str, &str), text: &str, banding: Banding) -> Result<Vec<u32>, AppError> {
    let labels = || banding.bands().iter().map(|band| band.label).collect::<Vec<_>>().join("、");
    let wrong = || {
        invalid(format!(
            "1病院の{label}（{}）には、{}の順に{}個の数を「,」で区切って指定してください。数は0.1から{}まで、小数第1位までです。",
            excerpt(text),
            labels(),
            banding.bands().len(),
            MOST_DAYS / 10
        ))
        .at(field)
    };
    let days = text
        .split(',')
        .map(|part| tenths_of(part.trim()))
        .collect::<Option<Vec<u32>>>()
        .ok_or_else(wrong)?;
    if days.len() == banding.bands().len() && days.iter().all(|days| (1..=MOST_DAYS).contains(days)) {
        Ok(days)
    } else {
        Err(wrong())
    }
}

fn tenths_of(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u32>().ok())?;
    if part.len() != 1 {
        return None;
    }
    digits(whole)?.checked_mul(10)?.checked_add(digits(part)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_tenths_and_nothing_else_is() {
        assert_eq!(tenths(("days", "日数"), "1.6, 3.3,10", Banding::Program).unwrap(), [16, 33, 100]);
        for text in [
            "",
            "1,2",
            "1,2,3,4",
            "1,2,0",
            "1,2,-3",
            "1,2,3.",
            "1,2,.5",
            "1,2,3.25",
            "1,2,1e3",
            "1,2,1000.1",
            "1,2,99999999999",
            "1,2,３",
        ] {
            assert!(tenths(("days", "日数"), text, Banding::Program).is_err(), "{text}");
        }
        assert!(tenths(("days", "日数"), "1,2,3,4,5,6", Banding::Survey).is_ok());
    }
}
