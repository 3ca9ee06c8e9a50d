//! What the rows of a table are: the area as a whole, or a cross of up to three dimensions. Lists no rows and counts nothing.

use serde::{Deserialize, Serialize};
use std::fmt;
use survey::attribute::{self, Attribute};

/// Most dimensions of one cross.
const MOST: usize = 3;

/// Something that hospitals are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Dimension {
    /// The customary eight regions.
    Region,
    /// Prefectures.
    Prefecture,
    /// Municipalities of the frame.
    Municipality,
    /// Bed-size classes of the request's banding.
    Band,
    /// An attribute of the frame, such as the founder.
    Attribute(&'static Attribute),
}

impl Dimension {
    const PLACES: [Dimension; 4] = [Dimension::Region, Dimension::Prefecture, Dimension::Municipality, Dimension::Band];

    /// Every dimension: places and bands, then the attributes in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Dimension> {
        let attributes = attribute::catalogue().attributes().iter().map(Dimension::Attribute);
        Dimension::PLACES.into_iter().chain(attributes)
    }

    /// Reads a word of requests.
    ///
    /// # Errors
    /// [`ByError::Unknown`].
    pub fn parse(word: &str) -> Result<Dimension, ByError> {
        let found = Dimension::all().find(|dimension| dimension.as_str() == word.trim());
        found.ok_or_else(|| ByError::Unknown(word.to_owned()))
    }

    /// The word of requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Region => "region",
            Dimension::Prefecture => "prefecture",
            Dimension::Municipality => "municipality",
            Dimension::Band => "band",
            Dimension::Attribute(attribute) => &attribute.key,
        }
    }

    /// The word on screen.
    pub fn label(self) -> &'static str {
        match self {
            Dimension::Region => "地方",
            Dimension::Prefecture => "都道府県",
            Dimension::Municipality => "市区町村",
            Dimension::Band => "病床規模",
            Dimension::Attribute(attribute) => &attribute.label,
        }
    }
}

/// Why a text says no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ByError {
    /// A word that is no dimension.
    #[error("{0:?} is no dimension: expected area, or region, prefecture, municipality, band or attributes with commas")]
    Unknown(String),
    /// The same dimension twice.
    #[error("dimension {0} stands twice")]
    Twice(&'static str),
    /// More than three.
    #[error("{0} dimensions, but a cross has at most {MOST}")]
    TooMany(usize),
}

/// What the rows of a table are. Written `area` for one row, or the dimensions in the order of the rows with commas: `region,band`.
/// `prefecture_band` is an older word for `prefecture,band`, and how that cross is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct By([Option<Dimension>; MOST]);

impl By {
    /// One row: the area as a whole.
    pub const AREA: By = By([None, None, None]);
    /// A row for each prefecture of the area.
    pub const PREFECTURE: By = By([Some(Dimension::Prefecture), None, None]);
    /// A row for each band of the banding.
    pub const BAND: By = By([Some(Dimension::Band), None, None]);
    /// A row for each prefecture and band.
    pub const PREFECTURE_BAND: By = By([Some(Dimension::Prefecture), Some(Dimension::Band), None]);

    /// A cross of these dimensions, the first the slowest to change from row to row; of none: the area as a whole.
    ///
    /// # Errors
    /// [`ByError`]: too many, or one twice.
    pub fn cross(dimensions: &[Dimension]) -> Result<By, ByError> {
        if dimensions.len() > MOST {
            return Err(ByError::TooMany(dimensions.len()));
        }
        let mut by = By::AREA;
        for (place, dimension) in by.0.iter_mut().zip(dimensions) {
            if dimensions.iter().filter(|other| *other == dimension).count() > 1 {
                return Err(ByError::Twice(dimension.as_str()));
            }
            *place = Some(*dimension);
        }
        Ok(by)
    }

    /// Reads `area`, `prefecture_band` or dimensions with commas.
    ///
    /// # Errors
    /// [`ByError`] names the word that is wrong.
    pub fn parse(text: &str) -> Result<By, ByError> {
        match text.trim() {
            "area" => return Ok(By::AREA),
            "prefecture_band" => return Ok(By::PREFECTURE_BAND),
            _ => {}
        }
        By::cross(&text.split(',').map(Dimension::parse).collect::<Result<Vec<_>, _>>()?)
    }

    /// The dimensions in their order.
    pub fn dimensions(self) -> impl Iterator<Item = Dimension> {
        self.0.into_iter().flatten()
    }

    /// The attributes among the dimensions, in their order.
    pub(crate) fn attributes(self) -> Vec<&'static Attribute> {
        let of = |dimension| match dimension {
            Dimension::Attribute(attribute) => Some(attribute),
            _ => None,
        };
        self.dimensions().filter_map(of).collect()
    }

    /// Whether rows are told apart by this dimension.
    pub fn has(self, dimension: Dimension) -> bool {
        self.dimensions().any(|own| own == dimension)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == By::AREA {
            f.write_str("area")
        } else if *self == By::PREFECTURE_BAND {
            f.write_str("prefecture_band")
        } else {
            f.write_str(&self.dimensions().map(Dimension::as_str).collect::<Vec<_>>().join(","))
        }
    }
}

impl TryFrom<String> for Dimension {
    type Error = ByError;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        Dimension::parse(&word)
    }
}

impl From<Dimension> for String {
    fn from(dimension: Dimension) -> Self {
        dimension.as_str().to_owned()
    }
}

impl TryFrom<String> for By {
    type Error = ByError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<By> for String {
    fn from(by: By) -> Self {
        by.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_requests_read_and_print() {
        for text in [
            "area",
            "region",
            "prefecture",
            "municipality",
            "band",
            "prefecture_band",
            "region,band",
            "band,prefecture",
            "founder",
            "emergency,band,disaster_base",
        ] {
            assert_eq!(By::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(By::parse("prefecture,band"), Ok(By::PREFECTURE_BAND));
        let three = [Dimension::Region, Dimension::Municipality, Dimension::Band];
        assert_eq!(By::parse("region, municipality, band"), By::cross(&three));
    }

    #[test]
    fn a_cross_that_cannot_be_is_refused_by_its_reason() {
        assert_eq!(By::parse("shoe"), Err(ByError::Unknown("shoe".to_owned())));
        assert_eq!(By::parse(""), Err(ByError::Unknown(String::new())));
        assert_eq!(By::parse("founder,founder"), Err(ByError::Twice("founder")));
        assert_eq!(By::parse("area,band"), Err(ByError::Unknown("area".to_owned())));
        assert_eq!(By::parse("band,band"), Err(ByError::Twice("band")));
        assert_eq!(By::parse("region,prefecture,municipality,band"), Err(ByError::TooMany(4)));
    }
}
