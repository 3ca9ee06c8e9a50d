//! How many points a choice could have at most, proven in integers: each row gets a price, and by weak duality any prices give a bound. Good ones come from the
//! solver's relaxation; bad ones only make the bound useless, never wrong. So it proves that a choice is the best one without the solver's word, and
//! that a hospital is in none of the best ones.

use super::problem::Problem;
use super::rows::count;

/// Prices are whole multiples of the inverse of this, in points.
const PARTS: i128 = 1 << 20;

/// An upper bound of the points of any choice, and what each hospital takes off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// In parts of a point.
    most: i128,
    /// By place: points less the prices of its rows, in parts.
    gains: Vec<i128>,
}

impl Bound {
    /// By the prices of the rows, in points; what is no number counts as none.
    pub(crate) fn of(problem: &Problem, prices: &[f64]) -> Bound {
        let mut gains: Vec<i128> = problem.scores.iter().map(|score| i128::from(*score) * PARTS).collect();
        let mut most = 0_i128;
        for (row, price) in problem.rows.iter().zip(prices) {
            let price = parts(*price);
            // Its members are never more than they are, whatever the row allows.
            let counted = if price > 0 { row.most.min(count(&row.members)) } else { row.least };
            most += price * i128::from(counted);
            for place in &row.members {
                if let Some(gain) = gains.get_mut(*place) {
                    *gain -= price;
                }
            }
        }
        most += gains.iter().filter(|gain| **gain > 0).sum::<i128>();
        Bound { most, gains }
    }

    /// Whether no choice has more points.
    pub(crate) fn proves(&self, points: u64) -> bool {
        self.most < (i128::from(points) + 1) * PARTS
    }

    /// Whether no choice with this hospital has so many points.
    pub(crate) fn rules_out(&self, place: usize, points: u64) -> bool {
        let gain = self.gains.get(place).copied().unwrap_or(0);
        gain < 0 && self.most + gain < i128::from(points) * PARTS
    }
}

#[expect(clippy::as_conversions, reason = "saturates, and any whole number gives a true bound")]
fn parts(price: f64) -> i128 {
    // 2^20; beyond 2^40 no price makes sense, and sums of them could overflow.
    let scaled = (price * 1_048_576.0).round().clamp(-1e15, 1e15);
    if scaled.is_finite() { scaled as i128 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Row;
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    proptest! {
        #[test]
        fn a_bound_by_any_prices_holds_for_every_choice(
            scores in proptest::collection::vec(0_u64..20, 6),
            rows in proptest::collection::vec((proptest::collection::vec(0_usize..6, 0..5), 0_u64..3, 0_u64..3), 1..4),
            prices in proptest::collection::vec(-30.0..30.0_f64, 4),
        ) {
            let row = |(members, least, more): (Vec<usize>, u64, u64)| {
                let members: std::collections::BTreeSet<usize> = members.into_iter().collect();
                Row { wish: None, value: None, members: members.into_iter().collect(), least, most: least + more }
            };
            let problem = Problem { scores, rows: rows.into_iter().map(row).collect() };
            let bound = Bound::of(&problem, &prices);
            for bits in 0_u32..64 {
                let chosen: Vec<bool> = (0..6).map(|place| bits >> place & 1 == 1).collect();
                if let Ok(points) = problem.verify(&chosen) {
                    prop_assert!(points == 0 || !bound.proves(points - 1));
                    prop_assert!((0..6).all(|place| !chosen[place] || !bound.rules_out(place, points)));
                }
            }
        }
    }

    #[test]
    fn good_prices_prove_the_best_choice_and_what_is_no_number_proves_nothing() {
        // Two of three: the price of a place is what the third one would bring.
        let problem = Problem {
            scores: vec![7, 5, 1],
            rows: vec![Row {
                wish: None,
                value: None,
                members: vec![0, 1, 2],
                least: 2,
                most: 2,
            }],
        };
        let bound = Bound::of(&problem, &[5.0]);
        assert!(bound.proves(12) && !bound.proves(11));
        assert_eq!([0, 1, 2].map(|place| bound.rules_out(place, 12)), [false, false, true]);
        for useless in [f64::NAN, f64::INFINITY, -1e300] {
            assert!(!Bound::of(&problem, &[useless]).proves(12));
        }
    }
}
