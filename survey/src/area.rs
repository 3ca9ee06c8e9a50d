//! Areas that rights, policies and tables speak of: the nation, a prefecture, a municipality (a health-centre city or special ward).
//! Must not know accounts nor what an area may do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::prefecture::{PrefectureCode, PrefectureError};

/// Why a text is no area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// Neither five digits nor six.
    #[error("{0:?} is no municipality code of 5 digits, or 6 with check digit")]
    NotDigits(String),
    /// The sixth digit is not the check digit of the first five.
    #[error("municipality code {0:?} has a wrong check digit")]
    CheckDigit(String),
    /// The last three of the five digits are 000, which means the prefecture itself.
    #[error("{0:?} is the code of a prefecture, not of a municipality")]
    IsPrefecture(String),
    /// The first two digits are no prefecture.
    #[error(transparent)]
    Prefecture(#[from] PrefectureError),
    /// Neither `nation` nor two digits nor a municipality code.
    #[error("{0:?} is no area: expected nation, a prefecture of 2 digits or a municipality of 5")]
    Unknown(String),
}

/// A municipality by its five digits of JIS X 0402 with the prefecture's two in front, such as `13104`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
// ASCII digits and no text on the heap: every hospital of a snapshot has one.
pub struct MunicipalityCode([u8; 5]);

impl MunicipalityCode {
    /// Reads five digits, or the six of 全国地方公共団体コード, whose check digit is verified and dropped. Full width is read too.
    ///
    /// # Errors
    /// [`AreaError`] if the text is no such code.
    pub fn parse(text: &str) -> Result<Self, AreaError> {
        let normal: String = text.nfkc().collect();
        let digits: Vec<u32> = normal.trim().chars().map_while(|c| c.to_digit(10)).collect();
        if digits.len() != normal.trim().chars().count() || !(5..=6).contains(&digits.len()) {
            return Err(AreaError::NotDigits(text.to_owned()));
        }
        let code: String = normal.trim().chars().take(5).collect();
        let prefecture: String = code.chars().take(2).collect();
        PrefectureCode::parse(&prefecture)?;
        if digits.get(5).is_some_and(|check| *check != check_digit(&digits)) {
            return Err(AreaError::CheckDigit(text.to_owned()));
        }
        if code.ends_with("000") {
            return Err(AreaError::IsPrefecture(text.to_owned()));
        }
        let Ok(digits) = <[u8; 5]>::try_from(code.as_bytes()) else {
            return Err(AreaError::NotDigits(text.to_owned()));
        };
        Ok(Self(digits))
    }

    /// The prefecture that the first two digits name.
    pub fn prefecture(&self) -> PrefectureCode {
        let [tens, ones, ..] = self.0.map(|digit| digit.saturating_sub(b'0'));
        // parse() let no other number in, and there is no way past it; the first prefecture stands for the case that cannot be.
        PrefectureCode::new(tens * 10 + ones).unwrap_or(PrefectureCode::FIRST)
    }

    /// The designated city that a ward (行政区) belongs to, itself for the city; `None` for every other municipality.
    ///
    /// Numbers 100 to 199 within a prefecture are designated cities and their wards, except in Tokyo, whose special wards are municipalities
    /// of their own. A city's number is the highest one listed that is not above the ward's.
    pub fn designated_city(&self) -> Option<Self> {
        DESIGNATED_CITIES
            .iter()
            .rev()
            .find(|city| self.0 >= **city && self.0.first_chunk::<3>() == city.first_chunk())
            .map(|city| Self(*city))
    }

    /// Whether the other is this municipality, or a ward of this designated city. A frame may name hospitals by ward while the city
    /// with the health centre is what asks.
    pub fn contains(&self, other: &Self) -> bool {
        self == other || other.designated_city().is_some_and(|city| city == *self)
    }

    /// Its name, a ward's behind its city's (`港区`, `札幌市中央区`); `None` for a code that the list does not have, such as one of long ago.
    pub fn name(&self) -> Option<&'static str> {
        NAMES.get(self.as_str()).copied()
    }

    /// The five digits.
    pub fn as_str(&self) -> &str {
        // Digits are text.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The five digits as one number, such as 1101 for `01101`.
    pub fn number(&self) -> u32 {
        self.0
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit.saturating_sub(b'0')))
    }
}

/// The 20 designated cities (政令指定都市), ascending.
const DESIGNATED_CITIES: [[u8; 5]; 20] = [
    *b"01100", *b"04100", *b"11100", *b"12100", *b"14100", *b"14130", *b"14150", *b"15100", *b"22100", *b"22130", *b"23100", *b"26100",
    *b"27100", *b"27140", *b"28100", *b"33100", *b"34100", *b"40100", *b"40130", *b"43100",
];

/// Names by code: the list of the Ministry of Internal Affairs and Communications (全国地方公共団体コード) as of 2024, and the seven wards that Hamamatsu had
/// until then, which the frame of 2022 may name.
static NAMES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("../surveys/municipalities.csv").lines().skip(1);
    lines.filter_map(|line| line.split_once(',')).collect()
});

/// The check digit of the ministry's code: weights 6 to 2 over the first five, 11 minus the rest by 11, its last digit.
fn check_digit(digits: &[u32]) -> u32 {
    let sum: u32 = digits
        .iter()
        .take(5)
        .zip([6, 5, 4, 3, 2])
        .map(|(digit, weight)| digit * weight)
        .sum();
    (11 - sum % 11) % 10
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MunicipalityCode").field(&self.as_str()).finish()
    }
}

impl TryFrom<String> for MunicipalityCode {
    type Error = AreaError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<MunicipalityCode> for String {
    fn from(code: MunicipalityCode) -> Self {
        code.as_str().to_owned()
    }
}

/// An area. Written `nation`, `13` or `13104`, in JSON too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Area {
    /// The whole country.
    Nation,
    /// One prefecture with everything in it.
    Prefecture(PrefectureCode),
    /// One municipality; a designated city includes its wards.
    Municipality(MunicipalityCode),
}

impl Area {
    /// Reads `nation`, two digits of a prefecture or a municipality code.
    ///
    /// # Errors
    /// [`AreaError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, AreaError> {
        let normal: String = text.nfkc().collect();
        let trimmed = normal.trim();
        if trimmed.eq_ignore_ascii_case("nation") {
            return Ok(Self::Nation);
        }
        if trimmed.is_empty() || !trimmed.chars().all(|c| c.is_ascii_digit()) {
            return Err(AreaError::Unknown(text.to_owned()));
        }
        match trimmed.len() {
            2 => Ok(Self::Prefecture(PrefectureCode::parse(trimmed)?)),
            5 | 6 => Ok(Self::Municipality(MunicipalityCode::parse(trimmed)?)),
            _ => Err(AreaError::Unknown(text.to_owned())),
        }
    }

    /// Whether a hospital there belongs to the area. A hospital whose municipality is not known belongs to no municipality.
    pub fn covers(&self, prefecture: PrefectureCode, municipality: Option<&MunicipalityCode>) -> bool {
        match self {
            Self::Nation => true,
            Self::Prefecture(own) => *own == prefecture,
            Self::Municipality(own) => own.prefecture() == prefecture && municipality.is_some_and(|code| own.contains(code)),
        }
    }

    /// Whether the other area lies wholly in this one; every area contains itself.
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nation, _) => true,
            (_, Self::Nation) | (Self::Municipality(_), Self::Prefecture(_)) => false,
            (Self::Prefecture(own), Self::Prefecture(other)) => own == other,
            (Self::Prefecture(own), Self::Municipality(other)) => *own == other.prefecture(),
            (Self::Municipality(own), Self::Municipality(other)) => own.contains(other),
        }
    }

    /// The name for a page: 全国, the prefecture's formal name, or the municipality's code (its name is not kept).
    pub fn name(&self) -> String {
        match self {
            Self::Nation => "全国".to_owned(),
            Self::Prefecture(code) => code.name().to_owned(),
            Self::Municipality(code) => format!("{}{}", code.prefecture().name(), code.name().unwrap_or(code.as_str())),
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nation => f.write_str("nation"),
            Self::Prefecture(code) => code.fmt(f),
            Self::Municipality(code) => code.fmt(f),
        }
    }
}

impl TryFrom<String> for Area {
    type Error = AreaError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Area> for String {
    fn from(area: Area) -> Self {
        area.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn municipality(text: &str) -> MunicipalityCode {
        MunicipalityCode::parse(text).unwrap()
    }

    #[test]
    fn five_digits_or_six_with_a_right_check_digit_are_a_municipality() {
        assert_eq!(municipality("13104").as_str(), "13104");
        assert_eq!(municipality("131041"), municipality("13104"));
        assert_eq!(municipality("０１１００２").as_str(), "01100");
        assert_eq!(municipality(" 13104 ").prefecture().number(), 13);
        assert!(matches!(MunicipalityCode::parse("131042"), Err(AreaError::CheckDigit(_))));
        assert!(matches!(MunicipalityCode::parse("48201"), Err(AreaError::Prefecture(_))));
        assert!(matches!(MunicipalityCode::parse("13000"), Err(AreaError::IsPrefecture(_))));
        assert!(matches!(MunicipalityCode::parse("130001"), Err(AreaError::IsPrefecture(_))));
        for text in ["", "1310", "1310410", "1310a", "13 104", "新宿区"] {
            assert!(matches!(MunicipalityCode::parse(text), Err(AreaError::NotDigits(_))), "{text}");
        }
    }

    #[test]
    fn areas_are_read_and_written_alike() {
        for text in ["nation", "13", "13104"] {
            let area = Area::parse(text).unwrap();
            assert_eq!(area.to_string(), text);
            assert_eq!(serde_json::to_string(&area).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Area>(&format!("\"{text}\"")).unwrap(), area);
        }
        for text in ["", "1", "131", "東京都", "48", "13000", "nations"] {
            assert!(Area::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_those_of_the_page() {
        let names: Vec<_> = ["nation", "13", "13104"]
            .iter()
            .map(|text| Area::parse(text).unwrap().name())
            .collect();
        assert_eq!(names, ["全国", "東京都", "東京都新宿区"]);
    }

    #[test]
    fn every_listed_name_belongs_to_a_code() {
        for (code, name) in NAMES.iter() {
            assert_eq!(MunicipalityCode::parse(code).unwrap().name(), Some(*name));
            assert!(name.ends_with(['市', '区', '町', '村']), "{code} {name}");
        }
        for city in DESIGNATED_CITIES {
            let code = municipality(str::from_utf8(&city).unwrap());
            assert!(code.name().is_some_and(|name| name.ends_with('市')), "{code}");
        }
        assert_eq!(
            NAMES.len(),
            1_741 + 6 + 175 + 3,
            "municipalities, villages of the Northern Territories, wards of 2023, Hamamatsu's wards of 2024"
        );
        assert_eq!(municipality("22131").name(), Some("浜松市中区"));
        assert_eq!(municipality("22138").name(), Some("浜松市中央区"));
        assert_eq!(municipality("13999").name(), None);
    }

    #[test]
    fn a_designated_city_holds_its_wards_and_nothing_else_does() {
        let area = |text| Area::parse(text).unwrap();
        assert!(area("14100").contains(&area("14104")));
        assert!(!area("14100").contains(&area("14131")), "a ward of Kawasaki");
        assert!(area("14130").contains(&area("14131")));
        assert!(!area("14104").contains(&area("14100")));
        assert!(!area("14100").contains(&area("14201")));
        assert_eq!(
            municipality("13104").designated_city(),
            None,
            "special wards are municipalities of their own"
        );
        assert_eq!(municipality("14201").designated_city(), None);
        assert_eq!(
            municipality("22138").designated_city(),
            Some(municipality("22130")),
            "Hamamatsu's wards of 2024"
        );
        assert_eq!(municipality("14150").designated_city(), Some(municipality("14150")));
    }

    #[test]
    fn a_hospital_of_unknown_municipality_is_in_no_municipality() {
        let tokyo = PrefectureCode::new(13).unwrap();
        let shinjuku = municipality("13104");
        assert!(Area::Nation.covers(tokyo, None));
        assert!(Area::Prefecture(tokyo).covers(tokyo, None));
        assert!(!Area::Municipality(shinjuku.clone()).covers(tokyo, None));
        assert!(Area::Municipality(shinjuku.clone()).covers(tokyo, Some(&shinjuku)));
        assert!(!Area::Prefecture(PrefectureCode::new(14).unwrap()).covers(tokyo, Some(&shinjuku)));
    }

    fn any_area() -> impl Strategy<Value = Area> {
        let prefecture = (1..=47_u8).prop_map(|number| PrefectureCode::new(number).unwrap());
        prop_oneof![
            Just(Area::Nation),
            prefecture.clone().prop_map(Area::Prefecture),
            (prefecture, 100..700_u32).prop_map(|(code, rest)| Area::Municipality(municipality(&format!("{code}{rest}")))),
        ]
    }

    proptest! {
        #[test]
        fn containing_is_an_order(a in any_area(), b in any_area(), c in any_area()) {
            prop_assert!(a.contains(&a) && Area::Nation.contains(&a));
            prop_assert!(!(a.contains(&b) && b.contains(&a)) || a == b);
            prop_assert!(!(a.contains(&b) && b.contains(&c)) || a.contains(&c));
        }

        #[test]
        fn who_contains_an_area_covers_what_it_covers(a in any_area(), number in 1..=47_u8, rest in 100..700_u32) {
            let prefecture = PrefectureCode::new(number).unwrap();
            let code = municipality(&format!("{prefecture}{rest}"));
            prop_assert_eq!(a.covers(prefecture, Some(&code)), a.contains(&Area::Municipality(code)));
            prop_assert_eq!(Area::parse(&a.to_string()), Ok(a));
        }

        #[test]
        fn exactly_one_sixth_digit_fits(number in 1..=47_u8, rest in 1..1000_u32) {
            let code = format!("{number:02}{rest:03}");
            let fitting = (0..10).filter(|digit| MunicipalityCode::parse(&format!("{code}{digit}")).is_ok()).count();
            prop_assert_eq!(fitting, 1);
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = (Area::parse(&text), MunicipalityCode::parse(&text));
        }
    }
}
