//! Working days of real years, counted from printed calendars, and rules between the two directions.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use proptest::prelude::*;

use crate::planning::calendar::{Holidays, MOST_WORKING_DAYS, holidays};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_table_knows_its_years_whole() {
    let table = holidays();
    assert_eq!((table.first_year, table.last_year), (2022, 2027));
    assert!(!table.source.is_empty());
    for year in table.first_year..=table.last_year {
        let of_year = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let days = of_year(1, 1).iter_days().take_while(|day| day.year() == year);
        let named: Vec<NaiveDate> = days.filter(|day| table.name(*day).is_some()).collect();
        // Sixteen holidays by law, and days off in the place of those on Sundays or between two.
        assert!((16..=21).contains(&named.len()), "{year}: {named:?}");
        for (month, day, name) in [
            (1, 1, "元日"),
            (2, 11, "建国記念の日"),
            (2, 23, "天皇誕生日"),
            (5, 3, "憲法記念日"),
            (11, 23, "勤労感謝の日"),
        ] {
            assert_eq!(table.name(of_year(month, day)), Some(name), "{year}");
        }
        for sunday in named.iter().filter(|day| day.weekday() == Weekday::Sun) {
            let mut later = sunday.iter_days().skip(1);
            let off = later.find(|day| table.name(*day).is_none_or(|name| name == "休日")).unwrap();
            assert_eq!(table.name(off), Some("休日"), "{sunday}");
        }
    }
}

#[test]
fn golden_week_and_a_day_between_two_holidays_are_off() {
    let table = holidays();
    // 2024: from Tuesday 30 April; 3 May is a holiday, 6 May is off in the place of 5 May.
    assert_eq!(table.end_of(day("2024-04-30"), 3), Some(day("2024-05-02")));
    assert_eq!(table.end_of(day("2024-04-30"), 4), Some(day("2024-05-07")));
    // It begins on a Saturday: the first working day is Monday.
    assert_eq!(table.end_of(day("2024-06-01"), 1), Some(day("2024-06-03")));
    // 2026: 21 to 23 September.
    assert_eq!(table.working_days(day("2026-09-18"), day("2026-09-24")), 2);
    assert_eq!(table.end_of(day("2024-04-01"), 0), None);
    assert_eq!(table.end_of(day("2024-04-01"), MOST_WORKING_DAYS + 1), None);
    assert_eq!(table.working_days(day("2024-04-02"), day("2024-04-01")), 0);
    // The fiscal year 2024 has 261 days from Monday to Friday, and 14 of them are off.
    assert_eq!(table.working_days(day("2024-04-01"), day("2025-03-31")), 247);
}

#[test]
fn who_knows_no_holidays_says_so() {
    let table = holidays();
    assert!(table.know(day("2022-01-01"), day("2027-12-31")));
    assert!(!table.know(day("2021-12-31"), day("2022-02-01")));
    assert!(!table.know(day("2027-04-01"), day("2028-01-04")));
    assert!(!Holidays::default().know(day("2024-01-01"), day("2024-01-02")));
    assert!(toml::from_str::<Holidays>("source = \"\"\nfirst_year = 1\nlast_year = 1\n[days]\n2024-02-30 = \"x\"").is_err());
}

proptest! {
    #[test]
    fn an_end_and_its_count_are_the_same_said_twice(offset in 0..3_000_u64, working_days in 1..600_u64) {
        let table = holidays();
        let from = day("2020-01-01").checked_add_days(Days::new(offset)).unwrap();
        let end = table.end_of(from, working_days).unwrap();
        prop_assert!(table.is_working(end));
        prop_assert_eq!(table.working_days(from, end), working_days);
        prop_assert_eq!(table.working_days(from, end.pred_opt().unwrap()), working_days - 1);
    }
}
