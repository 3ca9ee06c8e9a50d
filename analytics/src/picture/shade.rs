//! Shades of shares: five classes whose lightness falls evenly, in blue, which all common kinds of colour vision see as light to dark.

/// A class of shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shade {
    /// Least percent, included.
    pub(super) least: f64,
    /// Filling.
    pub(super) fill: &'static str,
    /// Ink that can be read on it.
    pub(super) ink: &'static str,
}

/// From few to many. Contrast of ink and filling is at least 4.5 to 1; a test computes it.
pub(super) const SHADES: [Shade; 5] = [
    Shade {
        least: 0.0,
        fill: "#eef4fb",
        ink: "#1a1a1a",
    },
    Shade {
        least: 20.0,
        fill: "#c3d8ee",
        ink: "#1a1a1a",
    },
    Shade {
        least: 40.0,
        fill: "#8db4dc",
        ink: "#1a1a1a",
    },
    Shade {
        least: 60.0,
        fill: "#3f74ad",
        ink: "#ffffff",
    },
    Shade {
        least: 80.0,
        fill: "#12355f",
        ink: "#ffffff",
    },
];

/// The class of a share.
pub(super) fn of(percent: f64) -> Shade {
    let [first, ..] = SHADES;
    SHADES.into_iter().rev().find(|shade| percent >= shade.least).unwrap_or(first)
}
