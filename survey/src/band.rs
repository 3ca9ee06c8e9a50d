//! Bed-size classes: six for published results, three for the support programme. Always derived from the bed number, never from text.
//! Must not count anything.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hospital::Beds;

/// Why a text is no banding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BandError {
    /// Neither `survey` nor `program`.
    #[error("{0:?} is no banding: expected survey or program")]
    Unknown(String),
}

/// A set of bands that together cover every hospital once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Banding {
    /// The six bands that survey results are published in.
    Survey,
    /// The three bands of effort that the programme's notice estimates by.
    Program,
}

/// One bed-size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Band {
    /// The stable key, such as `20-99` or `500+`.
    pub key: &'static str,
    /// The name on screen, such as 20～99床.
    pub label: &'static str,
    /// The fewest beds, included.
    pub min: u16,
    /// The most beds, included; `None` for no upper end.
    pub max: Option<u16>,
}

const SURVEY: [Band; 6] = [
    Band {
        key: "20-99",
        label: "20～99床",
        min: 20,
        max: Some(99),
    },
    Band {
        key: "100-199",
        label: "100～199床",
        min: 100,
        max: Some(199),
    },
    Band {
        key: "200-299",
        label: "200～299床",
        min: 200,
        max: Some(299),
    },
    Band {
        key: "300-399",
        label: "300～399床",
        min: 300,
        max: Some(399),
    },
    Band {
        key: "400-499",
        label: "400～499床",
        min: 400,
        max: Some(499),
    },
    Band {
        key: "500+",
        label: "500床以上",
        min: 500,
        max: None,
    },
];

const PROGRAM: [Band; 3] = [
    Band {
        key: "20-199",
        label: "20～199床",
        min: 20,
        max: Some(199),
    },
    Band {
        key: "200-399",
        label: "200～399床",
        min: 200,
        max: Some(399),
    },
    Band {
        key: "400+",
        label: "400床以上",
        min: 400,
        max: None,
    },
];

impl Banding {
    /// Reads `survey` or `program`.
    ///
    /// # Errors
    /// [`BandError::Unknown`].
    pub fn parse(text: &str) -> Result<Self, BandError> {
        match text.trim() {
            "survey" => Ok(Self::Survey),
            "program" => Ok(Self::Program),
            _ => Err(BandError::Unknown(text.to_owned())),
        }
    }

    /// `survey` or `program`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Program => "program",
        }
    }

    /// The bands, smallest first.
    pub fn bands(self) -> &'static [Band] {
        match self {
            Self::Survey => &SURVEY,
            Self::Program => &PROGRAM,
        }
    }

    /// The index in [`Banding::bands`] of the band that a number of beds falls in; `None` under 20 beds.
    pub fn band_of(self, beds: Beds) -> Option<usize> {
        self.bands().iter().position(|band| band.holds(beds))
    }

    /// The band of a key.
    pub fn band(self, key: &str) -> Option<&'static Band> {
        self.bands().iter().find(|band| band.key == key)
    }
}

impl Band {
    /// The band of a key in whichever banding has it: no key stands in both.
    pub fn of_key(key: &str) -> Option<&'static Band> {
        [Banding::Survey, Banding::Program]
            .into_iter()
            .find_map(|banding| banding.band(key))
    }

    /// Whether the number of beds falls in this band.
    pub fn holds(&self, beds: Beds) -> bool {
        beds.number() >= self.min && self.max.is_none_or(|max| beds.number() <= max)
    }
}

impl fmt::Display for Banding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BANDINGS: [Banding; 2] = [Banding::Survey, Banding::Program];

    #[test]
    fn every_hospital_has_exactly_one_band_and_no_clinic_has_any() {
        for banding in BANDINGS {
            for beds in (1..=9999).map(|number| Beds::new(number).unwrap()) {
                let holding = banding.bands().iter().filter(|band| band.holds(beds)).count();
                assert_eq!(holding, usize::from(beds.is_hospital()), "{banding} {beds}");
            }
        }
    }

    #[test]
    fn each_band_begins_where_the_one_before_ends() {
        for banding in BANDINGS {
            let bands = banding.bands();
            assert_eq!(bands[0].min, 20);
            assert!(bands.windows(2).all(|pair| pair[0].max.map(|max| max + 1) == Some(pair[1].min)));
            assert_eq!(bands.last().unwrap().max, None);
        }
    }

    #[test]
    fn keys_and_labels_say_their_ends() {
        for band in BANDINGS.iter().flat_map(|banding| banding.bands()) {
            match band.max {
                Some(max) => assert_eq!(
                    (band.key, band.label),
                    (&*format!("{}-{max}", band.min), &*format!("{}～{max}床", band.min))
                ),
                None => assert_eq!(
                    (band.key, band.label),
                    (&*format!("{}+", band.min), &*format!("{}床以上", band.min))
                ),
            }
        }
    }

    #[test]
    fn bandings_and_bands_are_found_by_their_words() {
        for banding in BANDINGS {
            assert_eq!(Banding::parse(banding.as_str()), Ok(banding));
            assert_eq!(serde_json::to_string(&banding).unwrap(), format!("\"{banding}\""));
            assert!(banding.bands().iter().all(|band| banding.band(band.key) == Some(band)));
        }
        assert!(Banding::parse("programme").is_err());
        assert_eq!(Banding::Program.band("500+"), None);
    }

    proptest! {
        #[test]
        fn the_band_of_a_hospital_holds_its_beds(number in 20..=9999_u16) {
            let beds = Beds::new(number).unwrap();
            for banding in BANDINGS {
                prop_assert!(banding.bands()[banding.band_of(beds).unwrap()].holds(beds));
            }
        }
    }
}
