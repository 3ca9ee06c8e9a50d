//! What a hospital is known by: G-MIS ID, institution code (医療機関コード), licensed beds, and its line in the frame.
//! Must not know questionnaires, nor which identifiers are in force when (they are dated elsewhere).

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{
    area::MunicipalityCode,
    prefecture::{PrefectureCode, PrefectureError},
};

/// Why a text or number identifies no hospital.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HospitalError {
    /// Not 7 or 8 letters and digits.
    #[error("{0:?} is no G-MIS ID: expected 7 or 8 letters and digits")]
    GmisId(String),
    /// Not 10 digits (or 9 with the leading zero lost).
    #[error("{0:?} is no institution code: expected 10 digits")]
    InstitutionCode(String),
    /// The first two digits of an institution code are no prefecture.
    #[error("institution code {code:?} begins with no prefecture")]
    InstitutionPrefecture {
        /// The code as given.
        code: String,
        /// What is wrong with the two digits.
        source: PrefectureError,
    },
    /// The third digit is neither 1 (medical) nor 3 (dental): pharmacies are not surveyed.
    #[error("institution code {0:?} has a table digit other than 1 (medical) or 3 (dental)")]
    TableDigit(String),
    /// The last digit is not the check digit of the first nine.
    #[error("institution code {0:?} has a wrong check digit")]
    CheckDigit(String),
    /// Not between 1 and 9999.
    #[error("{0} beds: expected 1 to 9999")]
    Beds(u16),
}

/// The user ID of G-MIS: 7 or 8 letters and digits, upper case; exactly one per institution.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GmisId(String);

impl GmisId {
    /// Reads an ID; full width and lower case are read too.
    ///
    /// # Errors
    /// [`HospitalError::GmisId`].
    pub fn parse(text: &str) -> Result<Self, HospitalError> {
        let normal: String = text.nfkc().collect();
        let id = normal.trim().to_ascii_uppercase();
        let fits = (7..=8).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric());
        if fits {
            Ok(Self(id))
        } else {
            Err(HospitalError::GmisId(text.to_owned()))
        }
    }

    /// The ID, upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The code of a medical institution within the health insurance (医療機関コード): prefecture 2, table 1, number 6, check digit 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstitutionCode(String);

impl InstitutionCode {
    /// Reads a code. Hyphens and spaces are dropped; nine digits get the zero back that a spreadsheet took from prefectures 01 to 09
    /// (the check digit, counted from the right, does not depend on it).
    ///
    /// # Errors
    /// [`HospitalError`] naming the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, HospitalError> {
        let digits: String = text.nfkc().filter(|c| !is_separator(*c)).collect();
        if !(9..=10).contains(&digits.len()) || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(HospitalError::InstitutionCode(text.to_owned()));
        }
        let code = format!("{digits:0>10}");
        let prefecture: String = code.chars().take(2).collect();
        PrefectureCode::parse(&prefecture).map_err(|source| HospitalError::InstitutionPrefecture {
            code: text.to_owned(),
            source,
        })?;
        if !matches!(code.chars().nth(2), Some('1' | '3')) {
            return Err(HospitalError::TableDigit(text.to_owned()));
        }
        let first_nine: String = code.chars().take(9).collect();
        let last = code.chars().nth(9).and_then(|c| c.to_digit(10));
        if check_digit(&first_nine).map(u32::from) != last {
            return Err(HospitalError::CheckDigit(text.to_owned()));
        }
        Ok(Self(code))
    }

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Spaces and the many hyphens that people type; NFKC leaves U+2212 and the long-vowel mark as they are.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー')
}

/// The check digit (Luhn) over the first nine digits of an institution code; `None` unless there are exactly nine ASCII digits.
pub fn check_digit(first_nine: &str) -> Option<u8> {
    let digits: Vec<u8> = first_nine
        .chars()
        .map(|c| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    if digits.len() != 9 {
        return None;
    }
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u8 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { doubled(*digit) } else { *digit })
        .sum();
    Some((10 - sum % 10) % 10)
}

/// Licensed beds (許可病床数), 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Beds(u16);

impl Beds {
    /// A number of beds.
    ///
    /// # Errors
    /// [`HospitalError::Beds`] outside 1 to 9999.
    pub fn new(number: u16) -> Result<Self, HospitalError> {
        if (1..=9999).contains(&number) {
            Ok(Self(number))
        } else {
            Err(HospitalError::Beds(number))
        }
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether that many beds make a hospital; fewer than 20 make a clinic (Medical Care Act, article 1-5).
    pub fn is_hospital(self) -> bool {
        self.0 >= 20
    }
}

/// One line of the frame: a hospital that a survey is sent to, with the facts that tables divide by, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FrameHospital {
    /// Its G-MIS ID; every surveyed hospital has one.
    pub gmis: GmisId,
    /// Its institution code; hospitals outside the insurance system have none.
    pub institution_code: Option<InstitutionCode>,
    /// Its name as the frame writes it; never normalised.
    pub name: String,
    /// The prefecture it stands in.
    pub prefecture: PrefectureCode,
    /// The municipality it stands in, where known.
    pub municipality: Option<MunicipalityCode>,
    /// Licensed beds when the frame was frozen.
    pub beds: Beds,
}

impl fmt::Display for GmisId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InstitutionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Beds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for GmisId {
    type Error = HospitalError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<GmisId> for String {
    fn from(id: GmisId) -> Self {
        id.0
    }
}

impl TryFrom<String> for InstitutionCode {
    type Error = HospitalError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<InstitutionCode> for String {
    fn from(code: InstitutionCode) -> Self {
        code.0
    }
}

impl TryFrom<u16> for Beds {
    type Error = HospitalError;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

impl From<Beds> for u16 {
    fn from(beds: Beds) -> Self {
        beds.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gmis_id_is_seven_or_eight_letters_and_digits() {
        assert_eq!(GmisId::parse(" ａｂ１２３４５ ").unwrap().as_str(), "AB12345");
        assert_eq!(GmisId::parse("00012345").unwrap().as_str(), "00012345");
        for text in ["", "123456", "123456789", "1234 567", "12345-67", "病院12345"] {
            assert!(matches!(GmisId::parse(text), Err(HospitalError::GmisId(_))), "{text}");
        }
    }

    #[test]
    fn a_known_institution_code_is_read_in_every_form() {
        for text in [
            "0110113719",
            "110113719",
            "01-1011371-9",
            "０１１０１１３７１９",
            " 01 1 011371 9",
            "01−10113719",
            "01‐1011371ー9",
        ] {
            assert_eq!(InstitutionCode::parse(text).unwrap().as_str(), "0110113719", "{text}");
        }
    }

    #[test]
    fn each_wrong_part_of_an_institution_code_is_named() {
        assert!(matches!(InstitutionCode::parse("0110113718"), Err(HospitalError::CheckDigit(_))));
        assert!(matches!(InstitutionCode::parse("0140113719"), Err(HospitalError::TableDigit(_))));
        assert!(matches!(
            InstitutionCode::parse("4810113719"),
            Err(HospitalError::InstitutionPrefecture { .. })
        ));
        for text in ["", "10113719", "01101137190", "01A0113719", "1.10113719E8"] {
            assert!(
                matches!(InstitutionCode::parse(text), Err(HospitalError::InstitutionCode(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn the_check_digit_wants_nine_digits() {
        assert_eq!(check_digit("011011371"), Some(9));
        assert_eq!(check_digit("000000000"), Some(0));
        for text in ["", "01101137", "0110113719", "01101137x", "０１１０１１３７１"] {
            assert_eq!(check_digit(text), None, "{text}");
        }
    }

    #[test]
    fn twenty_beds_make_a_hospital() {
        assert!(!Beds::new(19).unwrap().is_hospital());
        assert!(Beds::new(20).unwrap().is_hospital());
        assert!(Beds::new(0).is_err() && Beds::new(10_000).is_err());
        assert_eq!(serde_json::to_string(&Beds::new(120).unwrap()).unwrap(), "120");
        assert!(serde_json::from_str::<Beds>("0").is_err());
    }

    #[test]
    fn a_frame_line_reads_back_from_json() {
        let line = FrameHospital {
            gmis: GmisId::parse("AB12345").unwrap(),
            institution_code: Some(InstitutionCode::parse("0110113719").unwrap()),
            name: "医療法人㈱髙橋病院".to_owned(),
            prefecture: PrefectureCode::new(1).unwrap(),
            municipality: None,
            beds: Beds::new(120).unwrap(),
        };
        let json = serde_json::to_string(&line).unwrap();
        assert!(json.contains("\"医療法人㈱髙橋病院\""), "names are never normalised");
        assert_eq!(serde_json::from_str::<FrameHospital>(&json).unwrap(), line);
    }

    proptest! {
        #[test]
        fn a_made_code_survives_the_loss_of_its_zero_and_no_wrong_digit(
            prefecture in 1..=47_u8,
            table in prop_oneof![Just(1_u8), Just(3)],
            number in 0..1_000_000_u32,
            place in 0..10_usize,
            shift in 1..10_u8,
        ) {
            let nine = format!("{prefecture:02}{table}{number:06}");
            let code = format!("{nine}{}", check_digit(&nine).unwrap());
            let parsed = InstitutionCode::parse(&code).unwrap();
            prop_assert_eq!(parsed.as_str(), code.as_str());
            prop_assert_eq!(&InstitutionCode::parse(&code.parse::<u64>().unwrap().to_string()).unwrap(), &parsed);
            let mut wrong = code.into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
            prop_assert!(InstitutionCode::parse(&String::from_utf8(wrong).unwrap()).is_err());
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = (GmisId::parse(&text), InstitutionCode::parse(&text), check_digit(&text));
        }
    }
}
