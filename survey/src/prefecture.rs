//! The 47 prefectures: JIS X 0401 codes, formal names, regions, and the ways in which files spell them.
//! Must not know municipalities (see [`crate::area`]) nor who may see what.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Formal names in JIS X 0401 order; the first is 01.
const NAMES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// Why a text or number is no prefecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefectureError {
    /// The number lies outside 1 to 47.
    #[error("prefecture number {0} is not between 1 and 47")]
    Number(u32),
    /// The text is neither a number nor a name of a prefecture.
    #[error("{0:?} is no prefecture")]
    Unknown(String),
    /// Number and name are both there and mean different prefectures.
    #[error("prefecture number {number} and name {name:?} disagree")]
    Disagree {
        /// The number as written.
        number: u8,
        /// The name as written, after NFKC.
        name: String,
    },
}

/// A prefecture by its JIS X 0401 number, 1 to 47. Serialised as the two-digit string; every spelling of [`PrefectureCode::parse`] is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrefectureCode(u8);

impl PrefectureCode {
    /// 北海道, for places in this crate that need some prefecture in a case that cannot occur.
    pub(crate) const FIRST: Self = Self(1);

    /// The prefecture of a JIS number.
    ///
    /// # Errors
    /// [`PrefectureError::Number`] outside 1 to 47.
    pub fn new(number: u8) -> Result<Self, PrefectureError> {
        if (1..=47).contains(&number) {
            Ok(Self(number))
        } else {
            Err(PrefectureError::Number(u32::from(number)))
        }
    }

    /// Reads every spelling that sources use: `01 北海道`, `1 北海道`, `北海道`, `青森`, `青森県`, `13`, `JP-13` (ISO 3166-2), full width too.
    ///
    /// # Errors
    /// [`PrefectureError`] if nothing or a different thing is meant, or if number and name disagree.
    pub fn parse(text: &str) -> Result<Self, PrefectureError> {
        let unknown = || PrefectureError::Unknown(text.to_owned());
        let normal: String = text.nfkc().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        let plain = normal.strip_prefix("JP-").unwrap_or(&normal);
        let after_digits = plain.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = plain.strip_suffix(after_digits).unwrap_or_default();
        let name = after_digits.trim_start_matches(['-', '_', '.', ':']);
        let by_name = Self::by_name(name);
        if digits.is_empty() {
            return by_name.ok_or_else(unknown);
        }
        if digits.len() > 2 || (name.is_empty() && !after_digits.is_empty()) {
            return Err(unknown());
        }
        let by_number = Self::new(digits.parse().ok().ok_or_else(unknown)?)?;
        match by_name {
            Some(named) if named != by_number => Err(PrefectureError::Disagree {
                number: by_number.0,
                name: name.to_owned(),
            }),
            None if !name.is_empty() => Err(unknown()),
            _ => Ok(by_number),
        }
    }

    /// By formal name, or by the short one without 都, 府 or 県 (北海道 has no short one).
    fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|code| code.name() == name || code.name().strip_suffix(['都', '府', '県']) == Some(name))
    }

    /// The JIS number, 1 to 47.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The two-digit code, `"01"` to `"47"`.
    pub fn code(self) -> String {
        format!("{:02}", self.0)
    }

    /// The formal name, such as 北海道, 青森県, 東京都.
    pub fn name(self) -> &'static str {
        usize::from(self.0)
            .checked_sub(1)
            .and_then(|index| NAMES.get(index))
            .copied()
            .unwrap_or_default()
    }

    /// The name of the [`Region`](crate::region::Region) that the prefecture is usually printed under.
    pub fn region(self) -> &'static str {
        crate::region::Region::of(self).name()
    }

    /// All 47, in JIS order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=47).map(Self)
    }
}

impl fmt::Display for PrefectureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl TryFrom<String> for PrefectureCode {
    type Error = PrefectureError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PrefectureCode> for String {
    fn from(code: PrefectureCode) -> Self {
        code.code()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_spellings_of_the_sources_are_read() {
        for (text, number) in [
            ("01 北海道", 1),
            ("1 北海道", 1),
            ("０１　北海道", 1),
            ("01北海道", 1),
            ("北海道", 1),
            ("青森", 2),
            ("青森県", 2),
            (" 青 森 県 ", 2),
            ("東京", 13),
            ("東京都", 13),
            ("13", 13),
            ("１３", 13),
            ("13_東京都", 13),
            ("jp-13", 13),
            ("JP-13", 13),
            ("京都", 26),
            ("京都府", 26),
            ("大阪", 27),
            ("47.沖縄県", 47),
        ] {
            assert_eq!(PrefectureCode::parse(text).map(PrefectureCode::number), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_prefecture_is_refused() {
        for text in [
            "",
            " ",
            "北海",
            "京",
            "都",
            "東京府",
            "001",
            "013",
            "13-",
            "JP-",
            "全国",
            "13104",
            "13 東京 都心",
            "-13",
        ] {
            assert!(matches!(PrefectureCode::parse(text), Err(PrefectureError::Unknown(_))), "{text}");
        }
        for text in ["0", "00", "48", "99 北海道"] {
            assert!(matches!(PrefectureCode::parse(text), Err(PrefectureError::Number(_))), "{text}");
        }
    }

    #[test]
    fn number_and_name_must_agree() {
        let error = PrefectureCode::parse("２ 北海道").unwrap_err();
        assert_eq!(
            error,
            PrefectureError::Disagree {
                number: 2,
                name: "北海道".to_owned()
            }
        );
    }

    #[test]
    fn there_are_47_in_order_with_eight_regions() {
        let all: Vec<_> = PrefectureCode::all().collect();
        assert_eq!(all.len(), 47);
        assert!(all.is_sorted());
        assert_eq!((all[0].name(), all[12].name(), all[46].name()), ("北海道", "東京都", "沖縄県"));
        let mut regions: Vec<_> = all.iter().map(|code| code.region()).collect();
        regions.dedup();
        assert_eq!(regions, ["北海道", "東北", "関東", "中部", "近畿", "中国", "四国", "九州・沖縄"]);
    }

    #[test]
    fn json_carries_two_digits() {
        let code = PrefectureCode::new(1).unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"01\"");
        assert_eq!(serde_json::from_str::<PrefectureCode>("\"01\"").unwrap(), code);
        assert!(serde_json::from_str::<PrefectureCode>("\"48\"").is_err());
    }

    proptest! {
        #[test]
        fn every_way_of_writing_a_prefecture_reads_back(number in 1..=47_u8) {
            let code = PrefectureCode::new(number).unwrap();
            let short = if number == 1 { code.name() } else { code.name().trim_end_matches(['都', '府', '県']) };
            // 京都 ends in a character that is a suffix elsewhere.
            let short = if number == 26 { "京都" } else { short };
            for text in [code.code(), number.to_string(), format!("{number} {}", code.name()), format!("{code} {short}"), short.to_owned()] {
                prop_assert_eq!(PrefectureCode::parse(&text), Ok(code));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = PrefectureCode::parse(&text);
        }
    }
}
