//! Dates as they stand in cells: Japanese eras, Western years, and the serial numbers of Excel's two calendars.
//!
//! Nothing is guessed: a year of two digits without an era, a bare year, or a day that its era does not have is an error. No clock is read.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use unicode_normalization::UnicodeNormalization;

use crate::folding::is_dash;
use crate::workbook::CellValue;

/// Why a cell is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not the form of a date, or one that can be read in two ways.
    #[error("not a date")]
    Form,
    /// The form of a date, but there is no such day; 29 February 1900 of Excel's calendar is one.
    #[error("no such day")]
    Day,
    /// A day before its era began or after it ended.
    #[error("the day is not in its era")]
    Era,
    /// The day of the week written beside the date is another.
    #[error("the day of the week differs")]
    Weekday,
}

/// An era (元号) with its first and last day; the year of the first day is its year 1.
struct Era {
    names: [&'static str; 3],
    first: (i32, u32, u32),
    last: (i32, u32, u32),
    /// The Western year of its year 1.
    year: i32,
}

/// Two eras share the day on which one ended and the next began (30 July 1912, 25 December 1926); since 1989 an era begins on the day after.
/// Meiji counts from 1873 here: before that the calendar was another one, and month and day are not those of today.
const ERAS: &[Era] = &[
    era(["明治", "明", "M"], (1873, 1, 1), (1912, 7, 30), 1868),
    era(["大正", "大", "T"], (1912, 7, 30), (1926, 12, 25), 1912),
    era(["昭和", "昭", "S"], (1926, 12, 25), (1989, 1, 7), 1926),
    era(["平成", "平", "H"], (1989, 1, 8), (2019, 4, 30), 1989),
    era(["令和", "令", "R"], (2019, 5, 1), (2117, 12, 31), 2019),
];

const fn era(names: [&'static str; 3], first: (i32, u32, u32), last: (i32, u32, u32), year: i32) -> Era {
    Era { names, first, last, year }
}

/// Western years that are read; beyond them a digit was lost or doubled.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2199;
/// Serial numbers that are read, up to the year 2173; what is greater is a date written as digits, or no date.
const SERIALS: std::ops::Range<f64> = 0.0..100_000.0;
/// Whole numbers that people write for a year. As serial numbers they would be days of 1905.
const BARE_YEARS: std::ops::RangeInclusive<f64> = 1_868.0..=2_199.0;

/// Reads a date: `令和4年1月21日`, `R6.3.8`, `令和元年5月1日`, `2024/3/8`, `2024-03-08`, `20240308`, full width too, with a time or a day of the
/// week behind it; or a serial number, counted from 1900 or, if `date_1904`, from 1904. The time of day is dropped.
///
/// # Errors
/// [`DateError`].
pub fn parse(value: &CellValue, date_1904: bool) -> Result<NaiveDate, DateError> {
    match value {
        CellValue::Number(number) if SERIALS.contains(number) => serial(*number, date_1904),
        CellValue::Number(_) => compact(&value.shown(), None),
        CellValue::Text(text) => written(text),
        CellValue::Bool(_) | CellValue::Error(_) | CellValue::Uncalculated => Err(DateError::Form),
    }
}

/// Excel's calendar of 1900 has a 29 February that never was: serial 60. The days before it count from one day later.
fn serial(number: f64, date_1904: bool) -> Result<NaiveDate, DateError> {
    if number.fract() == 0.0 && BARE_YEARS.contains(&number) {
        return Err(DateError::Form);
    }
    let days: u64 = format!("{:.0}", number.floor()).parse().or(Err(DateError::Form))?;
    let from = match (date_1904, days) {
        (true, _) => (1904, 1, 1),
        (false, 0 | 60) => return Err(DateError::Day),
        (false, 1..60) => (1899, 12, 31),
        (false, _) => (1899, 12, 30),
    };
    day(from)?.checked_add_days(Days::new(days)).ok_or(DateError::Day)
}

fn day((year, month, day): (i32, u32, u32)) -> Result<NaiveDate, DateError> {
    NaiveDate::from_ymd_opt(year, month, day).ok_or(DateError::Day)
}

fn written(text: &str) -> Result<NaiveDate, DateError> {
    let normal: String = text
        .nfkc()
        .map(|character| if is_dash(character) { '-' } else { character })
        .collect();
    let normal = normal.trim();
    let (date, weekday) = without_weekday(without_time(normal));
    let date = date.strip_prefix("西暦").unwrap_or(date).trim();
    let (era, rest) = split_era(date);
    let found = if rest.chars().all(|character| character.is_ascii_digit()) {
        compact(rest, era)
    } else {
        parts(rest, era)
    }?;
    match weekday {
        Some(weekday) if weekday != found.weekday() => Err(DateError::Weekday),
        _ => Ok(found),
    }
}

/// The date of `2024-03-08T00:00:00` and `2024/3/8 0:00`.
fn without_time(text: &str) -> &str {
    let Some((date, time)) = text.rsplit_once(['T', ' ']) else {
        return text;
    };
    let digits = |part: &str| !part.is_empty() && part.chars().all(|character| character.is_ascii_digit() || character == '.');
    if time.contains(':') && time.split(':').all(digits) {
        date.trim_end()
    } else {
        text
    }
}

/// The date of `2024年3月8日(金)` and its day of the week.
fn without_weekday(text: &str) -> (&str, Option<Weekday>) {
    let inner = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    let Some((date, name)) = inner else { return (text, None) };
    let weekday = match name.trim_end_matches("曜日").trim_end_matches('曜') {
        "月" => Weekday::Mon,
        "火" => Weekday::Tue,
        "水" => Weekday::Wed,
        "木" => Weekday::Thu,
        "金" => Weekday::Fri,
        "土" => Weekday::Sat,
        "日" => Weekday::Sun,
        _ => return (text, None),
    };
    (date.trim_end(), Some(weekday))
}

fn split_era(text: &str) -> (Option<&'static Era>, &str) {
    for era in ERAS {
        for name in era.names {
            if let Some(rest) = text.strip_prefix(name).or_else(|| text.strip_prefix(&name.to_lowercase())) {
                return (Some(era), rest.trim_start_matches([' ', '.']));
            }
        }
    }
    (None, text)
}

/// `20240308`, or `060308` behind an era.
fn compact(digits: &str, era: Option<&'static Era>) -> Result<NaiveDate, DateError> {
    let years = if era.is_some() { 2 } else { 4 };
    if digits.len() != years + 4 || !digits.is_ascii() {
        return Err(DateError::Form);
    }
    let (year, rest) = digits.split_at(years);
    let (month, day) = rest.split_at(2);
    build(year, month, day, era)
}

fn parts(text: &str, era: Option<&'static Era>) -> Result<NaiveDate, DateError> {
    let parts: Vec<&str> = text
        .split(['/', '-', '.', '年', '月', '日', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    let &[year, month, day] = parts.as_slice() else {
        return Err(DateError::Form);
    };
    build(year, month, day, era)
}

fn build(year: &str, month: &str, of_month: &str, era: Option<&'static Era>) -> Result<NaiveDate, DateError> {
    let number = |text: &str, longest: usize| -> Result<u32, DateError> {
        let digits = text.len() <= longest && text.chars().all(|character| character.is_ascii_digit());
        text.parse().ok().filter(|_| digits).ok_or(DateError::Form)
    };
    let (month, of_month) = (number(month, 2)?, number(of_month, 2)?);
    let Some(era) = era else {
        let year = number(year, 4)?.try_into().or(Err(DateError::Form))?;
        return if YEARS.contains(&year) {
            day((year, month, of_month))
        } else {
            Err(DateError::Form)
        };
    };
    let counted = if year == "元" { 1 } else { number(year, 2)? };
    let counted: i32 = counted.try_into().or(Err(DateError::Form))?;
    if counted == 0 {
        return Err(DateError::Form);
    }
    let found = day((era.year + counted - 1, month, of_month))?;
    if (day(era.first)?..=day(era.last)?).contains(&found) {
        Ok(found)
    } else {
        Err(DateError::Era)
    }
}

impl DateError {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form => "date_invalid",
            Self::Day => "date_nonexistent",
            Self::Era => "date_outside_era",
            Self::Weekday => "date_weekday_differs",
        }
    }

    /// What is wrong and what to do next, in Japanese.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Form => "日付の形式が正しくありません。2024/3/8 または 令和6年3月8日 のように記入してください。",
            Self::Day => "暦にない日付です。年月日を確かめて直してください。",
            Self::Era => "元号の期間にない日付です。元号と年を確かめるか、2024/3/8 のように西暦で記入してください。",
            Self::Weekday => "日付と曜日が一致しません。どちらが正しいか確かめて、日付だけを記入してください。",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_day_is_read_the_same_in_every_form(days in 0_u64..100_000) {
            let date = NaiveDate::from_ymd_opt(1904, 1, 1).unwrap() + Days::new(days);
            let (year, month, day) = (date.year(), date.month(), date.day());
            for text in [date.format("%Y/%m/%d").to_string(), format!("{year}年{month}月{day}日"), date.format("%Y%m%d").to_string()] {
                prop_assert_eq!(parse(&CellValue::Text(text), false), Ok(date));
            }
            let of_1904 = f64::from(u32::try_from(days).unwrap());
            if !BARE_YEARS.contains(&of_1904) {
                prop_assert_eq!(parse(&CellValue::Number(of_1904 + 0.75), true), Ok(date));
            }
            // 1,462 days lie between the two beginnings.
            if !BARE_YEARS.contains(&(of_1904 + 1_462.0)) && SERIALS.contains(&(of_1904 + 1_462.0)) {
                prop_assert_eq!(parse(&CellValue::Number(of_1904 + 1_462.0), false), Ok(date));
            }
            let named = ERAS.iter().filter(|era| (self::day(era.first).unwrap()..=self::day(era.last).unwrap()).contains(&date));
            for era in named {
                for name in era.names {
                    let text = format!("{name}{}.{month}.{day}", year - era.year + 1);
                    prop_assert_eq!(parse(&CellValue::Text(text), false), Ok(date));
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,12}|[0-9RrH元年月日/.:T ()金-]{0,14}") {
            let _ = parse(&CellValue::Text(text), false);
        }
    }
}
