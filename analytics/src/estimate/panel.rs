//! What became of the same hospitals between two surveys: transitions and the net change. The panel is those that answered both; its design is
//! made of the hospitals that are in both frames, so that it speaks of hospitals that existed both times.

use super::Cell;
use super::change::{Difference, between};
use super::design::Design;
use super::linear::{Tally, covariance};
use super::proportion::{EstimateError, Part, Proportion};
use super::real;
use serde::Serialize;
use std::collections::BTreeMap;

/// Hospitals that are in the base of both surveys, by what they said the first and the second time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Transitions {
    /// No both times.
    pub stayed_no: u64,
    /// No, then yes.
    pub gained: u64,
    /// Yes, then no.
    pub lost: u64,
    /// Yes both times.
    pub stayed_yes: u64,
}

impl Transitions {
    /// Hospitals in the base of both surveys.
    pub fn base(&self) -> u64 {
        self.stayed_no + self.gained + self.lost + self.stayed_yes
    }

    fn add(&mut self, other: &Transitions) {
        self.stayed_no += other.stayed_no;
        self.gained += other.gained;
        self.lost += other.lost;
        self.stayed_yes += other.stayed_yes;
    }
}

/// Transitions of the panel, counted and estimated for all hospitals of both frames that would be in both bases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelChange {
    /// Hospitals counted.
    pub counts: Transitions,
    /// Share of yes the first time.
    pub earlier: Proportion,
    /// Share of yes the second time.
    pub later: Proportion,
    /// Share of no -> yes in the base.
    pub gained: Proportion,
    /// Share of yes -> no in the base.
    pub lost: Proportion,
    /// Share of no -> yes in those that said no the first time; `None` where nobody did.
    pub gained_of_no: Option<Proportion>,
    /// Share of yes -> no in those that said yes the first time; `None` where nobody did.
    pub lost_of_yes: Option<Proportion>,
    /// Gained minus lost, which is later minus earlier; its variance by linearisation of the paired difference.
    pub net: Difference,
}

impl Design {
    /// Transitions in a domain; `None` where no hospital is in both bases.
    ///
    /// The design is one of the panel: hospitals that are in both frames, by their cell of the later frame, and those of them that answered
    /// both surveys.
    ///
    /// # Errors
    /// [`EstimateError`]: more transitions than the panel has hospitals.
    pub fn transitions(&self, cells: &BTreeMap<Cell, Transitions>) -> Result<Option<PanelChange>, EstimateError> {
        let share = |base: fn(&Transitions) -> u64, count: fn(&Transitions) -> u64| {
            let part = |counts: &Transitions| Part {
                base: base(counts),
                count: count(counts),
            };
            self.proportion(&cells.iter().map(|(cell, counts)| (*cell, part(counts))).collect())
        };
        let of_all = |count| share(Transitions::base, count);
        let (Some(earlier), Some(later), Some(gained), Some(lost)) = (
            of_all(|counts| counts.lost + counts.stayed_yes)?,
            of_all(|counts| counts.gained + counts.stayed_yes)?,
            of_all(|counts| counts.gained)?,
            of_all(|counts| counts.lost)?,
        ) else {
            return Ok(None);
        };
        let mut counts = Transitions::default();
        cells.values().for_each(|cell| counts.add(cell));
        Ok(Some(PanelChange {
            counts,
            earlier,
            later,
            net: between(&gained, &lost, self.gains_with_losses(cells, &gained, &lost)),
            gained,
            lost,
            gained_of_no: share(|counts| counts.stayed_no + counts.gained, |counts| counts.gained)?,
            lost_of_yes: share(|counts| counts.lost + counts.stayed_yes, |counts| counts.lost)?,
        }))
    }

    /// Covariance of the shares gained and lost; 0 where it is unknown, as their variances are then.
    fn gains_with_losses(&self, cells: &BTreeMap<Cell, Transitions>, gained: &Proportion, lost: &Proportion) -> f64 {
        let mut sums: BTreeMap<usize, Transitions> = BTreeMap::new();
        for (cell, counts) in cells {
            if let Some(index) = self.index(*cell) {
                sums.entry(index).or_default().add(counts);
            }
        }
        let tally = |respondents: u64, gain: u64, loss: u64| Tally {
            respondents,
            first: (real(gain) - gained.share) / gained.weighted_base,
            second: (real(loss) - lost.share) / lost.weighted_base,
        };
        let tallies = |counts: &Transitions| {
            vec![
                tally(counts.stayed_no + counts.stayed_yes, 0, 0),
                tally(counts.gained, 1, 0),
                tally(counts.lost, 0, 1),
            ]
        };
        covariance(
            sums.iter()
                .filter_map(|(index, counts)| Some((self.groups().get(*index)?, tallies(counts)))),
        )
        .unwrap_or(0.0)
    }
}
