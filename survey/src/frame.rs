//! The frame (調査対象名簿): the hospitals that a survey is sent to, found by either identifier.
//! Must not read files, nor decide what a hospital that is not found means.

use crate::hospital::{FrameHospital, GmisId, InstitutionCode};

/// Why a list of hospitals is no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Two lines with one G-MIS ID.
    #[error("G-MIS ID {0} stands twice in the frame")]
    DuplicateGmis(GmisId),
    /// Two lines with one institution code.
    #[error("institution code {0} stands twice in the frame")]
    DuplicateInstitutionCode(InstitutionCode),
    /// A line with fewer than 20 beds.
    #[error("{gmis} has {beds} beds: a clinic, not a hospital")]
    NotAHospital {
        /// The line's G-MIS ID.
        gmis: GmisId,
        /// Its beds, under 20.
        beds: u16,
    },
}

/// The hospitals of one survey, in the order given, each identifier once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    hospitals: Vec<FrameHospital>,
    /// Where they stand, by their G-MIS IDs: one word a hospital, because a frame is held as long as a file is looked at.
    by_gmis: Vec<usize>,
    /// As above, by the institution codes of those that have one.
    by_institution_code: Vec<usize>,
    /// What a spreadsheet would have made of each identifier that it can take for a number, ascending.
    by_number: Vec<(f64, usize)>,
}

impl Frame {
    /// Makes a frame of its lines.
    ///
    /// # Errors
    /// [`FrameError`] for the first line with an identifier seen before or with under 20 beds.
    pub fn new(hospitals: Vec<FrameHospital>) -> Result<Self, FrameError> {
        let by_gmis = order_by(&hospitals, gmis_of);
        let by_institution_code = order_by(&hospitals, code_of);
        let small = hospitals.iter().position(|hospital| !hospital.beds.is_hospital());
        let small = small.and_then(|index| {
            let hospital = hospitals.get(index)?;
            let (gmis, beds) = (hospital.gmis.clone(), hospital.beds.number());
            Some((index, FrameError::NotAHospital { gmis, beds }))
        });
        let gmis = first_twice(&hospitals, &by_gmis, gmis_of).map(|(index, gmis)| (index, FrameError::DuplicateGmis(gmis)));
        let code =
            first_twice(&hospitals, &by_institution_code, code_of).map(|(index, code)| (index, FrameError::DuplicateInstitutionCode(code)));
        if let Some((_, error)) = [small, gmis, code].into_iter().flatten().min_by_key(|(index, _)| *index) {
            return Err(error);
        }
        let numbers = hospitals.iter().enumerate().flat_map(|(index, hospital)| {
            let code = hospital.institution_code.as_ref().map(InstitutionCode::as_str);
            let numbers = [Some(hospital.gmis.as_str()), code].into_iter().flatten().filter_map(as_number);
            numbers.map(move |number| (number, index))
        });
        let mut by_number: Vec<(f64, usize)> = numbers.collect();
        by_number.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self {
            hospitals,
            by_gmis,
            by_institution_code,
            by_number,
        })
    }

    /// All hospitals, in the order given.
    pub fn hospitals(&self) -> &[FrameHospital] {
        &self.hospitals
    }

    /// The hospital with this G-MIS ID.
    pub fn by_gmis(&self, gmis: &GmisId) -> Option<&FrameHospital> {
        self.hospitals.get(self.index_of(gmis)?)
    }

    /// Where the hospital with this G-MIS ID stands among [`Frame::hospitals`].
    pub fn index_of(&self, gmis: &GmisId) -> Option<usize> {
        find(&self.hospitals, &self.by_gmis, gmis_of, gmis)
    }

    /// The hospital with this institution code.
    pub fn by_institution_code(&self, code: &InstitutionCode) -> Option<&FrameHospital> {
        self.hospitals.get(find(&self.hospitals, &self.by_institution_code, code_of, code)?)
    }

    /// Every hospital whose G-MIS ID or institution code a spreadsheet could have turned into this number, in the order of the frame:
    /// leading zeros lost (`00012345`), or `1234E56` read as 1234 times ten to the 56th. More than one means that the cell does not say which.
    pub fn candidates_for_number(&self, number: f64) -> Vec<&FrameHospital> {
        if !number.is_finite() || number < 0.0 {
            return Vec::new();
        }
        // A spreadsheet keeps 15 digits, and not every program rounds a large power of ten to the same last bit.
        let tolerance = number * 1e-14;
        let start = self.by_number.partition_point(|(known, _)| *known < number - tolerance);
        let mut found: Vec<usize> = self
            .by_number
            .iter()
            .skip(start)
            .take_while(|(known, _)| *known <= number + tolerance)
            .map(|(_, index)| *index)
            .collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|index| self.hospitals.get(index)).collect()
    }
}

fn gmis_of(hospital: &FrameHospital) -> Option<&GmisId> {
    Some(&hospital.gmis)
}

fn code_of(hospital: &FrameHospital) -> Option<&InstitutionCode> {
    hospital.institution_code.as_ref()
}

/// The places of the hospitals that have an identifier, in its order; those with the same in the order given.
fn order_by<K: Ord>(hospitals: &[FrameHospital], identifier: fn(&FrameHospital) -> Option<&K>) -> Vec<usize> {
    let mut identified: Vec<(&K, usize)> = hospitals
        .iter()
        .enumerate()
        .filter_map(|(index, hospital)| Some((identifier(hospital)?, index)))
        .collect();
    identified.sort_unstable();
    identified.into_iter().map(|(_, index)| index).collect()
}

/// The first hospital in the order given whose identifier stands before it.
fn first_twice<K: Ord + Clone>(
    hospitals: &[FrameHospital],
    order: &[usize],
    identifier: fn(&FrameHospital) -> Option<&K>,
) -> Option<(usize, K)> {
    let at = |index: usize| hospitals.get(index).and_then(identifier);
    let twice = order.array_windows().filter(|[before, after]| at(*before) == at(*after));
    let index = twice.map(|[_, after]| *after).min()?;
    Some((index, at(index)?.clone()))
}

fn find<K: Ord>(hospitals: &[FrameHospital], order: &[usize], identifier: fn(&FrameHospital) -> Option<&K>, wanted: &K) -> Option<usize> {
    let at = |index: &usize| hospitals.get(*index).and_then(identifier);
    let place = order.binary_search_by(|index| at(index).cmp(&Some(wanted))).ok()?;
    order.get(place).copied()
}

/// The number that a spreadsheet takes an identifier for: digits, or digits, one E, digits. Beyond the range of a double it stays text.
fn as_number(identifier: &str) -> Option<f64> {
    let is_digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let reads_as_number = match identifier.split_once('E') {
        Some((digits, exponent)) => is_digits(digits) && is_digits(exponent),
        None => is_digits(identifier),
    };
    if reads_as_number {
        identifier.parse().ok().filter(|number: &f64| number.is_finite())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        hospital::{Beds, check_digit},
        prefecture::PrefectureCode,
    };

    fn hospital(gmis: &str, code: Option<&str>, beds: u16) -> FrameHospital {
        FrameHospital {
            gmis: GmisId::parse(gmis).unwrap(),
            institution_code: code.map(|code| InstitutionCode::parse(code).unwrap()),
            name: format!("{gmis}病院"),
            prefecture: PrefectureCode::new(1).unwrap(),
            municipality: None,
            beds: Beds::new(beds).unwrap(),
        }
    }

    fn ids(found: Vec<&FrameHospital>) -> Vec<&str> {
        found.into_iter().map(|hospital| hospital.gmis.as_str()).collect()
    }

    #[test]
    fn a_hospital_is_found_by_either_identifier() {
        let frame = Frame::new(vec![hospital("AB12345", Some("0110113719"), 120), hospital("AB12346", None, 20)]).unwrap();
        assert_eq!(frame.hospitals().len(), 2);
        assert_eq!(frame.by_gmis(&GmisId::parse("ab12346").unwrap()), frame.hospitals().get(1));
        assert_eq!(
            frame.by_institution_code(&InstitutionCode::parse("110113719").unwrap()),
            frame.hospitals().first()
        );
        assert_eq!(frame.by_gmis(&GmisId::parse("AB12347").unwrap()), None);
    }

    #[test]
    fn duplicates_and_clinics_are_refused_by_name() {
        let twice = Frame::new(vec![hospital("AB12345", None, 20), hospital("AB12345", None, 30)]);
        assert_eq!(twice, Err(FrameError::DuplicateGmis(GmisId::parse("AB12345").unwrap())));
        let same_code = Frame::new(vec![
            hospital("AB12345", Some("0110113719"), 20),
            hospital("AB12346", Some("0110113719"), 30),
        ]);
        assert_eq!(
            same_code,
            Err(FrameError::DuplicateInstitutionCode(InstitutionCode::parse("0110113719").unwrap()))
        );
        let clinic = Frame::new(vec![hospital("AB12345", None, 19)]);
        assert_eq!(
            clinic,
            Err(FrameError::NotAHospital {
                gmis: GmisId::parse("AB12345").unwrap(),
                beds: 19
            })
        );
    }

    #[test]
    fn a_number_names_every_hospital_it_could_have_been() {
        let lines = ["0012345", "00012345", "1234E56", "12340E55", "AB12345", "00010E2", "0001000"];
        let mut hospitals: Vec<_> = lines.iter().map(|gmis| hospital(gmis, None, 20)).collect();
        hospitals.push(hospital("ZZ00001", Some("0110113719"), 20));
        let frame = Frame::new(hospitals).unwrap();
        assert_eq!(ids(frame.candidates_for_number(12345.0)), ["0012345", "00012345"]);
        assert_eq!(ids(frame.candidates_for_number(1.234e59)), ["1234E56", "12340E55"]);
        assert_eq!(ids(frame.candidates_for_number(1.234e59_f64.next_up())), ["1234E56", "12340E55"]);
        assert_eq!(ids(frame.candidates_for_number(1000.0)), ["00010E2", "0001000"]);
        assert_eq!(ids(frame.candidates_for_number(110_113_719.0)), ["ZZ00001"]);
        for number in [12346.0, 12345.5, -12345.0, 0.0, f64::NAN, f64::INFINITY] {
            assert!(frame.candidates_for_number(number).is_empty(), "{number}");
        }
    }

    #[test]
    fn an_id_beyond_the_range_of_numbers_is_no_candidate() {
        let frame = Frame::new(vec![hospital("1E99999", None, 20), hospital("0000000", None, 20)]).unwrap();
        assert!(frame.candidates_for_number(f64::MAX).is_empty());
        assert_eq!(ids(frame.candidates_for_number(0.0)), ["0000000"]);
    }

    proptest! {
        #[test]
        fn a_spreadsheets_number_leads_back_to_the_hospital(digits in "[0-9]{7,8}", mantissa in "[0-9]{4,5}", exponent in "[0-9]{2}") {
            let with_exponent = format!("{mantissa}E{exponent}");
            let frame = Frame::new(vec![hospital(&digits, None, 20), hospital(&with_exponent, None, 20)]).unwrap();
            prop_assert!(ids(frame.candidates_for_number(digits.parse().unwrap())).contains(&digits.as_str()));
            prop_assert!(ids(frame.candidates_for_number(with_exponent.parse().unwrap())).contains(&with_exponent.as_str()));
        }

        #[test]
        fn neighbouring_institution_codes_stay_apart(prefecture in 1..=47_u8, number in 0..999_999_u32) {
            let code = |number: u32| {
                let nine = format!("{prefecture:02}1{number:06}");
                format!("{nine}{}", check_digit(&nine).unwrap())
            };
            let (one, next) = (code(number), code(number + 1));
            let frame = Frame::new(vec![hospital("ZZ00001", Some(&one), 20), hospital("ZZ00002", Some(&next), 20)]).unwrap();
            prop_assert_eq!(ids(frame.candidates_for_number(one.parse().unwrap())), ["ZZ00001"]);
            prop_assert_eq!(ids(frame.candidates_for_number(next.parse().unwrap())), ["ZZ00002"]);
        }
    }
}
