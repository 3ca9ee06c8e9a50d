//! Working days: Monday to Friday, less the national holidays of a table that says until when it knows. Which day is today is the caller's knowledge.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;

/// Working days beyond which nothing is dated: forty years of them. Such a plan is a mistake in its numbers.
pub const MOST_WORKING_DAYS: u64 = 10_000;

/// National holidays of the years that are known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holidays {
    /// Where they come from, in Japanese.
    pub source: String,
    /// The first year, included.
    pub first_year: i32,
    /// The last year, included. After it every day from Monday to Friday counts as a working day.
    pub last_year: i32,
    /// With their names.
    days: BTreeMap<NaiveDate, String>,
}

static COMPILED_IN: LazyLock<Holidays> = LazyLock::new(|| {
    // A test proves that it can be read; a broken one would know no holiday, and say so by its years.
    toml::from_str(include_str!("holidays.toml")).unwrap_or_default()
});

/// The table that comes with the program.
pub fn holidays() -> &'static Holidays {
    &COMPILED_IN
}

impl Holidays {
    /// The name of a holiday.
    pub fn name(&self, day: NaiveDate) -> Option<&str> {
        self.days.get(&day).map(String::as_str)
    }

    /// Whether all holidays between two days are known.
    pub fn know(&self, from: NaiveDate, until: NaiveDate) -> bool {
        self.first_year <= from.year() && until.year() <= self.last_year
    }

    /// Whether people work on a day.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.days.contains_key(&day)
    }

    /// The day on which work ends that begins on the first working day from `from` on and takes so many working days, the first and the last included.
    /// `None` for no work, and for more than [`MOST_WORKING_DAYS`].
    pub fn end_of(&self, from: NaiveDate, working_days: u64) -> Option<NaiveDate> {
        if working_days > MOST_WORKING_DAYS {
            return None;
        }
        let nth = usize::try_from(working_days.checked_sub(1)?).ok()?;
        from.iter_days().filter(|day| self.is_working(*day)).nth(nth)
    }

    /// How many working days there are between two days, both included; at most [`MOST_WORKING_DAYS`].
    pub fn working_days(&self, from: NaiveDate, until: NaiveDate) -> u64 {
        let Some(after) = until.checked_add_days(Days::new(1)) else {
            return MOST_WORKING_DAYS;
        };
        let most = usize::try_from(MOST_WORKING_DAYS).unwrap_or(usize::MAX);
        let days = from.iter_days().take_while(|day| *day < after);
        let counted = days.filter(|day| self.is_working(*day)).take(most).count();
        u64::try_from(counted).unwrap_or(MOST_WORKING_DAYS)
    }
}
