//! Shades of shares: five classes whose lightness falls evenly, in blue, which all common kinds of colour vision see as light to dark. The classes are as
//! narrow as the shares of a map allow, so that a map of shares that are all alike still tells them apart; its legend names them.

/// How a class is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shade {
    /// Filling.
    pub(super) fill: &'static str,
    /// Ink that can be read on it.
    pub(super) ink: &'static str,
}

/// From few to many. Contrast of ink and filling is at least 4.5 to 1; a test computes it.
pub(super) const SHADES: [Shade; 5] = [
    Shade {
        fill: "#eef4fb",
        ink: "#1a1a1a",
    },
    Shade {
        fill: "#c3d8ee",
        ink: "#1a1a1a",
    },
    Shade {
        fill: "#8db4dc",
        ink: "#1a1a1a",
    },
    Shade {
        fill: "#3f74ad",
        ink: "#ffffff",
    },
    Shade {
        fill: "#12355f",
        ink: "#ffffff",
    },
];

/// Widths of a class in percent, the narrowest first. Each makes 100 out of whole classes.
const STEPS: [f64; 4] = [2.0, 5.0, 10.0, 20.0];

/// Five classes of the same width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Classes {
    /// Least percent of the first.
    least: f64,
    /// Width of each.
    step: f64,
}

impl Classes {
    /// The narrowest that hold all of these shares.
    pub(super) fn of(shares: impl Iterator<Item = f64> + Clone) -> Classes {
        let whole = Classes { least: 0.0, step: 20.0 };
        if shares.clone().next().is_none() {
            return whole;
        }
        let (least, most) = (shares.clone().fold(100.0, f64::min), shares.fold(0.0, f64::max));
        let classes = STEPS.map(|step| {
            let from = (least / step).floor() * step;
            Classes {
                least: from.min(100.0 - 5.0 * step).max(0.0),
                step,
            }
        });
        classes
            .into_iter()
            .find(|classes| most < classes.end() || classes.end() >= 100.0)
            .unwrap_or(whole)
    }

    fn end(self) -> f64 {
        self.least + 5.0 * self.step
    }

    /// The shade of a share.
    pub(super) fn shade(self, percent: f64) -> Shade {
        let [first, ..] = SHADES;
        let reached = self.all().filter(|(_, least, _)| percent >= *least).last();
        reached.map_or(first, |(shade, ..)| shade)
    }

    /// The classes from few to many: shade, least percent, and the percent that is in none below the next.
    pub(super) fn all(self) -> impl Iterator<Item = (Shade, f64, f64)> {
        SHADES.into_iter().zip(0_u8..).map(move |(shade, place)| {
            let least = self.least + f64::from(place) * self.step;
            (shade, least, least + self.step)
        })
    }
}
