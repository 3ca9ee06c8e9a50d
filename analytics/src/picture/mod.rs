//! Pictures of statistics as SVG: bars with intervals, a tile map of the 47 prefectures, lines over the years.
//!
//! Data in, text out; the same data give the same bytes. Every value is printed beside its mark, so that nothing is said by colour alone: shades differ
//! in lightness and stay apart in grey print and for eyes that tell few colours apart; what is hidden is hatched and says so. Fonts are asked for by
//! name and not embedded.

mod bars;
mod canvas;
mod lines;
mod of;
mod shade;
#[cfg(test)]
mod tests;
mod tiles;

use survey::prefecture::PrefectureCode;

pub use bars::bars;
pub use lines::lines;
pub use of::{PictureError, of_table, of_trend};
pub use tiles::tile_map;

/// What stands above and below a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// What is shown; the picture's title for readers of screens too.
    pub title: String,
    /// Of whom and when: the base and the date.
    pub subtitle: String,
    /// Where the figures come from, and what symbols mean.
    pub source: String,
}

/// A share in percent, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// 0 to 100, with the limits of its interval if it has one.
    Shown {
        /// Percent.
        percent: f64,
        /// Lower and upper limit, percent.
        interval: Option<(f64, f64)>,
    },
    /// There is one, but it is not published.
    Hidden,
    /// Nobody was asked, or nobody answered.
    Absent,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it is of, such as a band.
    pub label: String,
    /// Hospitals that the share is of.
    pub base: Option<u64>,
    /// Its length.
    pub share: Share,
}

/// The tile of a prefecture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tile {
    /// Which prefecture.
    pub prefecture: PrefectureCode,
    /// Its shade.
    pub share: Share,
}

/// One line over the years.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is of, such as 全病院.
    pub label: String,
    /// A share for each year, in their order.
    pub points: Vec<Share>,
}

impl Share {
    /// Percent with one decimal and 〔秘匿〕 or － where there is none to show.
    fn printed(self) -> String {
        match self {
            Share::Shown { percent, .. } => format!("{percent:.1}%"),
            Share::Hidden => "秘匿".to_owned(),
            Share::Absent => "－".to_owned(),
        }
    }
}
