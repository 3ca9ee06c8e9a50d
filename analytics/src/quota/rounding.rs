//! How a quotient becomes a whole number, as signposts: between `k - 1` and `k` lies the k-th signpost, and a quotient that reaches it may be
//! rounded up to `k`.

use serde::{Deserialize, Serialize};

/// A rounding rule, named by what it does to a fraction; the names of the divisor methods that use it stand beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest whole number: Webster, Sainte-Laguë. Favours neither large nor small entries; the usual one.
    #[default]
    Standard,
    /// Up: Adams. Every entry with a weight gets at least one, so a total under the number of such entries is infeasible.
    Up,
    /// Down: Jefferson, D'Hondt. Favours large entries.
    Down,
}

impl Rounding {
    /// The numerator of the signpost below which `seats` is not reached, for `seats` of 1 or more; [`Rounding::denominator`] is its denominator.
    pub(super) fn signpost(self, seats: u64) -> u64 {
        match self {
            Self::Standard => seats.saturating_mul(2).saturating_sub(1),
            Self::Up => seats.saturating_sub(1),
            Self::Down => seats,
        }
    }

    /// The same for all signposts of a rule, so it cancels wherever two of them are compared.
    pub(super) fn denominator(self) -> u64 {
        match self {
            Self::Standard => 2,
            Self::Up | Self::Down => 1,
        }
    }

    /// The seats that every entry with a weight has before anything is compared: rounding up never gives 0.
    pub(super) fn least(self) -> u64 {
        match self {
            Self::Up => 1,
            Self::Standard | Self::Down => 0,
        }
    }
}
