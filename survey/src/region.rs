//! Regions (地方): the customary eight that prefectures are printed under. Must not know areas: no right and no policy speaks of a region.

use serde::{Deserialize, Serialize};

use crate::prefecture::PrefectureCode;

/// Why a text is no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no region: expected hokkaido, tohoku, kanto, chubu, kinki, chugoku, shikoku or kyushu_okinawa, or the Japanese name")]
pub struct RegionError(String);

/// One of the customary eight regions (八地方区分), with 三重県 in 近畿 and 新潟県 in 中部. No law and no JIS standard defines regions; JIS X 0401
/// only numbers prefectures so that each of the eight is a run of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Region {
    /// 北海道.
    Hokkaido,
    /// 東北.
    Tohoku,
    /// 関東.
    Kanto,
    /// 中部.
    Chubu,
    /// 近畿.
    Kinki,
    /// 中国.
    Chugoku,
    /// 四国.
    Shikoku,
    /// 九州・沖縄.
    KyushuOkinawa,
}

impl Region {
    /// All eight, from north to south as the prefectures are numbered.
    pub const ALL: [Region; 8] = [
        Region::Hokkaido,
        Region::Tohoku,
        Region::Kanto,
        Region::Chubu,
        Region::Kinki,
        Region::Chugoku,
        Region::Shikoku,
        Region::KyushuOkinawa,
    ];

    /// The region of a prefecture.
    pub fn of(prefecture: PrefectureCode) -> Region {
        match prefecture.number() {
            1 => Region::Hokkaido,
            2..=7 => Region::Tohoku,
            8..=14 => Region::Kanto,
            15..=23 => Region::Chubu,
            24..=30 => Region::Kinki,
            31..=35 => Region::Chugoku,
            36..=39 => Region::Shikoku,
            _ => Region::KyushuOkinawa,
        }
    }

    /// Reads the key (`kanto`) or the name (関東).
    ///
    /// # Errors
    /// [`RegionError`] for anything else.
    pub fn parse(text: &str) -> Result<Region, RegionError> {
        let named = |region: &Region| region.key() == text.trim() || region.name() == text.trim();
        Region::ALL.into_iter().find(named).ok_or_else(|| RegionError(text.to_owned()))
    }

    /// The stable key.
    pub fn key(self) -> &'static str {
        match self {
            Region::Hokkaido => "hokkaido",
            Region::Tohoku => "tohoku",
            Region::Kanto => "kanto",
            Region::Chubu => "chubu",
            Region::Kinki => "kinki",
            Region::Chugoku => "chugoku",
            Region::Shikoku => "shikoku",
            Region::KyushuOkinawa => "kyushu_okinawa",
        }
    }

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Region::Hokkaido => "北海道",
            Region::Tohoku => "東北",
            Region::Kanto => "関東",
            Region::Chubu => "中部",
            Region::Kinki => "近畿",
            Region::Chugoku => "中国",
            Region::Shikoku => "四国",
            Region::KyushuOkinawa => "九州・沖縄",
        }
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.key().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_a_run_of_prefectures_and_reads_back_by_key_and_name() {
        let mut runs: Vec<Region> = PrefectureCode::all().map(Region::of).collect();
        runs.dedup();
        assert_eq!(runs, Region::ALL);
        for region in Region::ALL {
            assert_eq!(Region::parse(region.key()), Ok(region));
            assert_eq!(Region::parse(region.name()), Ok(region));
            assert_eq!(serde_json::to_string(&region).unwrap(), format!("{:?}", region.key()));
        }
        assert_eq!(Region::parse("関西"), Err(RegionError("関西".to_owned())));
    }
}
