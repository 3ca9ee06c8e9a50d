//! When a survey takes answers: its windows, extensions, and how a hospital stands at a given moment.
//! Must not read a clock: the moment is an argument.

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    area::Area,
    hospital::{FrameHospital, GmisId},
};

/// Japan Standard Time, nine hours ahead of UTC, without summer time. Notices print their dates in it.
pub const JST: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    // Evaluated by the compiler, so that a wrong number of seconds cannot be built.
    None => panic!("nine hours are a valid offset"),
};

/// Japan Standard Time; see [`JST`].
pub fn jst() -> FixedOffset {
    JST
}

/// One span in which a survey takes answers. Serialised as two RFC 3339 strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first moment.
    pub opens: DateTime<FixedOffset>,
    /// The last second, included to its end: 23:59:59 takes an answer at 23:59:59.999.
    pub closes: DateTime<FixedOffset>,
}

impl Window {
    /// Whether an answer that arrives now is in time.
    pub fn takes(&self, now: DateTime<Utc>) -> bool {
        self.opens <= now && reaches(self.closes.to_utc(), now)
    }
}

/// Whether the moment lies before the end of the last second.
fn reaches(last_second: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now.timestamp() <= last_second.timestamp()
}

/// Whom an extension is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionScope {
    /// One hospital.
    Hospital(GmisId),
    /// Every hospital of an area.
    Area(Area),
}

/// A later deadline (期限延長) for some hospitals.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Extension {
    /// Whom it is for.
    pub scope: ExtensionScope,
    /// The last second, included to its end.
    pub until: DateTime<Utc>,
}

impl Extension {
    /// Whether the extension is for this hospital.
    pub fn applies_to(&self, hospital: &FrameHospital) -> bool {
        match &self.scope {
            ExtensionScope::Hospital(gmis) => *gmis == hospital.gmis,
            ExtensionScope::Area(area) => area.covers(hospital.prefecture, hospital.municipality.as_ref()),
        }
    }
}

/// How a hospital stands to a survey's windows at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Answers are taken.
    Open {
        /// The last second of the time that runs now, a window that follows without a gap included.
        until: DateTime<Utc>,
    },
    /// No window is open, one is to come.
    NotYet {
        /// When the next one opens.
        opens: DateTime<Utc>,
    },
    /// All windows are over, and the extension if there was one.
    Closed {
        /// The last second in which answers were taken.
        closed: DateTime<Utc>,
    },
    /// The survey has no window at all.
    Never,
}

/// How a hospital stands now. An extension lengthens: it never shortens a window, and opens nothing before the first window does.
pub fn standing(windows: &[Window], extended_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Standing {
    let Some(first_opens) = windows.iter().map(|window| window.opens.to_utc()).min() else {
        return Standing::Never;
    };
    let by_window = windows
        .iter()
        .filter(|window| window.takes(now))
        .map(|window| window.closes.to_utc())
        .max();
    let by_extension = extended_until.filter(|until| first_opens <= now && reaches(*until, now));
    if let Some(until) = by_window.max(by_extension) {
        return Standing::Open {
            until: lengthened(windows, until),
        };
    }
    if let Some(opens) = windows
        .iter()
        .map(|window| window.opens.to_utc())
        .filter(|opens| *opens > now)
        .min()
    {
        return Standing::NotYet { opens };
    }
    let last_closes = windows.iter().map(|window| window.closes.to_utc()).max();
    match last_closes.max(extended_until) {
        Some(closed) => Standing::Closed { closed },
        None => Standing::Never,
    }
}

/// Carries the end on through windows that open before it is over: an extension may reach into the next window.
fn lengthened(windows: &[Window], until: DateTime<Utc>) -> DateTime<Utc> {
    let mut until = until;
    while let Some(later) = windows
        .iter()
        .filter(|window| window.opens.timestamp() <= until.timestamp().saturating_add(1))
        .map(|window| window.closes.to_utc())
        .filter(|closes| *closes > until)
        .max()
    {
        until = later;
    }
    until
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{area::MunicipalityCode, hospital::Beds, prefecture::PrefectureCode};

    fn jst_time(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(&format!("{text}+09:00")).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        jst_time(text).to_utc()
    }

    /// The two windows of the 2022 survey.
    fn waves() -> [Window; 2] {
        [
            Window {
                opens: jst_time("2022-01-27T00:00:00"),
                closes: jst_time("2022-02-14T23:59:59"),
            },
            Window {
                opens: jst_time("2022-03-08T00:00:00"),
                closes: jst_time("2022-03-24T23:59:59"),
            },
        ]
    }

    #[test]
    fn the_last_second_is_included_to_its_end() {
        let [first, _] = waves();
        assert!(!first.takes(at("2022-01-26T23:59:59.999")));
        assert!(first.takes(at("2022-01-27T00:00:00")));
        assert!(first.takes(at("2022-02-14T23:59:59.999")));
        assert!(!first.takes(at("2022-02-15T00:00:00")));
    }

    #[test]
    fn without_an_extension_the_windows_decide() {
        let stands = |now| standing(&waves(), None, at(now));
        assert_eq!(
            stands("2022-01-01T00:00:00"),
            Standing::NotYet {
                opens: at("2022-01-27T00:00:00")
            }
        );
        assert_eq!(
            stands("2022-02-14T23:59:59.5"),
            Standing::Open {
                until: at("2022-02-14T23:59:59")
            }
        );
        assert_eq!(
            stands("2022-02-15T00:00:00"),
            Standing::NotYet {
                opens: at("2022-03-08T00:00:00")
            }
        );
        assert_eq!(
            stands("2022-03-25T00:00:00"),
            Standing::Closed {
                closed: at("2022-03-24T23:59:59")
            }
        );
        assert_eq!(
            standing(&[], Some(at("2022-03-25T00:00:00")), at("2022-03-24T00:00:00")),
            Standing::Never
        );
    }

    #[test]
    fn an_extension_lengthens_and_never_shortens() {
        let stands = |until, now| standing(&waves(), Some(at(until)), at(now));
        assert_eq!(
            stands("2022-02-20T23:59:59", "2022-02-10T00:00:00"),
            Standing::Open {
                until: at("2022-02-20T23:59:59")
            }
        );
        assert_eq!(
            stands("2022-02-20T23:59:59", "2022-02-20T23:59:59.9"),
            Standing::Open {
                until: at("2022-02-20T23:59:59")
            }
        );
        assert_eq!(
            stands("2022-02-20T23:59:59", "2022-02-21T00:00:00"),
            Standing::NotYet {
                opens: at("2022-03-08T00:00:00")
            }
        );
        assert_eq!(
            stands("2022-01-30T23:59:59", "2022-02-10T00:00:00"),
            Standing::Open {
                until: at("2022-02-14T23:59:59")
            }
        );
        assert_eq!(
            stands("2022-04-30T23:59:59", "2022-04-01T00:00:00"),
            Standing::Open {
                until: at("2022-04-30T23:59:59")
            }
        );
        assert_eq!(
            stands("2022-04-30T23:59:59", "2022-05-01T00:00:00"),
            Standing::Closed {
                closed: at("2022-04-30T23:59:59")
            }
        );
    }

    #[test]
    fn an_extension_opens_nothing_before_the_first_window() {
        let before = standing(&waves(), Some(at("2022-04-30T23:59:59")), at("2022-01-26T23:59:59"));
        assert_eq!(
            before,
            Standing::NotYet {
                opens: at("2022-01-27T00:00:00")
            }
        );
    }

    #[test]
    fn an_extension_into_the_next_window_ends_when_that_does() {
        let now = at("2022-02-20T00:00:00");
        for until in ["2022-03-10T23:59:59", "2022-03-07T23:59:59"] {
            assert_eq!(
                standing(&waves(), Some(at(until)), now),
                Standing::Open {
                    until: at("2022-03-24T23:59:59")
                },
                "{until}"
            );
        }
    }

    #[test]
    fn an_extension_is_for_one_hospital_or_an_area() {
        let hospital = FrameHospital {
            gmis: GmisId::parse("AB12345").unwrap(),
            institution_code: None,
            name: "某病院".to_owned(),
            prefecture: PrefectureCode::new(13).unwrap(),
            municipality: Some(MunicipalityCode::parse("13104").unwrap()),
            beds: Beds::new(20).unwrap(),
        };
        let until = at("2022-04-30T23:59:59");
        let applies = |scope| Extension { scope, until }.applies_to(&hospital);
        assert!(applies(ExtensionScope::Hospital(hospital.gmis.clone())));
        assert!(!applies(ExtensionScope::Hospital(GmisId::parse("AB12346").unwrap())));
        for (area, fits) in [("nation", true), ("13", true), ("13104", true), ("14", false), ("13103", false)] {
            assert_eq!(applies(ExtensionScope::Area(Area::parse(area).unwrap())), fits, "{area}");
        }
    }

    #[test]
    fn a_window_reads_back_from_json_with_its_offset() {
        let [first, _] = waves();
        let json = serde_json::to_string(&first).unwrap();
        assert!(json.contains("2022-02-14T23:59:59+09:00"), "{json}");
        assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), first);
        assert_eq!(jst().local_minus_utc(), 32_400);
    }

    proptest! {
        #[test]
        fn open_means_that_a_window_or_the_extension_takes_it(now in 1_642_000_000_i64..1_650_000_000, extended in 1_642_000_000_i64..1_650_000_000) {
            let (now, extended) = (DateTime::from_timestamp(now, 0).unwrap(), DateTime::from_timestamp(extended, 0).unwrap());
            let by_window = waves().iter().any(|window| window.takes(now));
            let by_extension = now >= waves()[0].opens && now <= extended;
            match standing(&waves(), Some(extended), now) {
                Standing::Open { until } => prop_assert!((by_window || by_extension) && until >= now),
                Standing::NotYet { opens } => prop_assert!(!by_window && !by_extension && opens > now),
                Standing::Closed { closed } => prop_assert!(!by_window && !by_extension && closed < now),
                Standing::Never => prop_assert!(false),
            }
        }
    }
}
