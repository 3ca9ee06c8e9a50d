//! The bed-size classes that a table asks for: one of the two fixed bandings, or lower bounds of one's own. Must not count anything.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::band::Banding;
use crate::hospital::Beds;

/// Most classes that a banding of one's own may have.
pub const MOST_BANDS: usize = 12;
/// Fewest beds of a hospital: where every banding begins, so that it covers every hospital.
const FIRST_BOUND: u16 = 20;

/// Why a text is no set of bands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BandsError {
    /// Neither a fixed banding nor a list of numbers.
    #[error("{0:?} is no banding: expected survey, program or lower bounds such as 20,50,100,300")]
    Unknown(String),
    /// A bound that no hospital can have.
    #[error("{0} beds cannot be a lower bound: expected 20 to 9999")]
    Bound(u32),
    /// The first class would leave hospitals out.
    #[error("the first lower bound is {0}, but must be 20, so that every hospital has a class")]
    First(u16),
    /// A bound that is not above the one before.
    #[error("lower bound {after} stands after {before}: bounds must ascend")]
    Order {
        /// The bound before.
        before: u16,
        /// The bound that is not above it.
        after: u16,
    },
    /// Too many classes.
    #[error("{0} classes, but at most {MOST_BANDS} can be asked for")]
    TooMany(usize),
}

/// A set of bed-size classes that together cover every hospital once. Written `survey`, `program` or by its lower bounds, `20,50,100`, in JSON
/// too. Bounds that are those of a fixed banding are that banding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bands {
    /// Ascending, the first 20.
    lower: Vec<u16>,
}

/// One class of such a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BandRange {
    /// Its ends in ASCII, such as `20-49` or `300+`; the same key as a fixed banding's band with these ends.
    pub key: String,
    /// The name on screen, such as 20～49床.
    pub label: String,
    /// The fewest beds, included.
    pub min: u16,
    /// The most beds, included; `None` for no upper end.
    pub max: Option<u16>,
}

impl Bands {
    /// Reads `survey`, `program` or a list of lower bounds with commas.
    ///
    /// # Errors
    /// [`BandsError`] names the bound that cannot be.
    pub fn parse(text: &str) -> Result<Bands, BandsError> {
        if let Ok(banding) = Banding::parse(text) {
            return Ok(Bands::from(banding));
        }
        let mut lower: Vec<u16> = Vec::new();
        for bound in text.split(',') {
            let number: u32 = bound.trim().parse().ok().ok_or_else(|| BandsError::Unknown(text.to_owned()))?;
            let beds = u16::try_from(number).ok().and_then(|number| Beds::new(number).ok());
            let beds = beds.filter(|beds| beds.is_hospital()).ok_or(BandsError::Bound(number))?.number();
            match lower.last() {
                None if beds != FIRST_BOUND => return Err(BandsError::First(beds)),
                Some(before) if *before >= beds => {
                    return Err(BandsError::Order {
                        before: *before,
                        after: beds,
                    });
                }
                _ => lower.push(beds),
            }
        }
        if lower.len() > MOST_BANDS {
            return Err(BandsError::TooMany(lower.len()));
        }
        Ok(Bands { lower })
    }

    /// The lower bounds, ascending; the first is 20.
    pub fn lower_bounds(&self) -> &[u16] {
        &self.lower
    }

    /// The classes, smallest first.
    pub fn ranges(&self) -> Vec<BandRange> {
        let next = self.lower.iter().skip(1).map(|bound| Some(bound - 1)).chain([None]);
        let range = |(min, max): (&u16, Option<u16>)| match max {
            Some(max) => BandRange {
                key: format!("{min}-{max}"),
                label: format!("{min}～{max}床"),
                min: *min,
                max: Some(max),
            },
            None => BandRange {
                key: format!("{min}+"),
                label: format!("{min}床以上"),
                min: *min,
                max: None,
            },
        };
        self.lower.iter().zip(next).map(range).collect()
    }
}

impl From<Banding> for Bands {
    fn from(banding: Banding) -> Self {
        Bands {
            lower: banding.bands().iter().map(|band| band.min).collect(),
        }
    }
}

impl PartialEq<Banding> for Bands {
    fn eq(&self, other: &Banding) -> bool {
        self.lower.iter().eq(other.bands().iter().map(|band| &band.min))
    }
}

impl fmt::Display for Bands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fixed) = [Banding::Survey, Banding::Program].iter().find(|fixed| self == *fixed) {
            return f.write_str(fixed.as_str());
        }
        let bounds: Vec<String> = self.lower.iter().map(u16::to_string).collect();
        f.write_str(&bounds.join(","))
    }
}

impl TryFrom<String> for Bands {
    type Error = BandsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Bands> for String {
    fn from(bands: Bands) -> Self {
        bands.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fixed_banding_has_the_same_keys_labels_and_ends_as_its_bands() {
        for banding in [Banding::Survey, Banding::Program] {
            let bands = Bands::parse(banding.as_str()).unwrap();
            assert_eq!(bands, banding);
            assert_eq!(bands.to_string(), banding.as_str());
            let ranges = bands.ranges();
            assert_eq!(ranges.len(), banding.bands().len());
            for (range, band) in ranges.iter().zip(banding.bands()) {
                assert_eq!(
                    (&*range.key, &*range.label, range.min, range.max),
                    (band.key, band.label, band.min, band.max)
                );
            }
        }
        assert_eq!(Bands::parse("20,200,400").unwrap().to_string(), "program");
    }

    #[test]
    fn bounds_that_would_leave_hospitals_out_or_count_them_twice_are_refused() {
        assert_eq!(Bands::parse("50,100"), Err(BandsError::First(50)));
        assert_eq!(Bands::parse("20,100,100"), Err(BandsError::Order { before: 100, after: 100 }));
        assert_eq!(Bands::parse("20,300,100"), Err(BandsError::Order { before: 300, after: 100 }));
        assert_eq!(Bands::parse("19,100"), Err(BandsError::Bound(19)));
        assert_eq!(Bands::parse("20,10000"), Err(BandsError::Bound(10_000)));
        assert_eq!(Bands::parse("20,70000"), Err(BandsError::Bound(70_000)));
        for text in ["", "programme", "20,", "20-99", "20,x"] {
            assert_eq!(Bands::parse(text), Err(BandsError::Unknown(text.to_owned())));
        }
        let many: Vec<String> = (0..13).map(|index| (20 + index * 10).to_string()).collect();
        assert_eq!(Bands::parse(&many.join(",")), Err(BandsError::TooMany(13)));
        assert!(Bands::parse(&many[..12].join(",")).is_ok());
    }

    proptest! {
        #[test]
        fn every_hospital_has_exactly_one_class_and_the_text_reads_back(
            more in proptest::collection::btree_set(21..=9_999_u16, 0..11), beds in 20..=9_999_u16,
        ) {
            let text = [20].into_iter().chain(more).map(|bound: u16| bound.to_string()).collect::<Vec<_>>().join(",");
            let bands = Bands::parse(&text).unwrap();
            prop_assert_eq!(Bands::parse(&bands.to_string()).unwrap(), bands.clone());
            let holding = bands.ranges().into_iter().filter(|range| range.min <= beds && range.max.is_none_or(|max| beds <= max));
            prop_assert_eq!(holding.count(), 1);
        }
    }
}
