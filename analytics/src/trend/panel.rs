//! Whose answers count in which of two years, for the rule that says where transitions may be printed, and which questions a pair looks at.
//! Estimates nothing and prints nothing.

use super::said::{self, NO, Year};
use super::{TrendError, comparable};
use crate::snapshot::Snapshot;
use crate::suppress::Groups;
use survey::area::Area;
use survey::crosswalk::{Counting, Crosswalk};
use survey::question::QuestionKey;
use uuid::Uuid;

/// Hospitals that are in the base of a pair, as groups that its rows set apart: the panel by its transitions, and by what they said those in the base of
/// one of the years only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) nation: Groups,
    /// The panel's band is that of the later frame. A hospital that moved stands in the panel of one band and among all hospitals of another one:
    /// to both it is a hospital outside of the panel, for the difference of the two shows it.
    pub(crate) bands: [Groups; SIX],
}

const SIX: usize = 6;
const BOTH: usize = 0;
const EARLIER_ONLY: usize = 1;
const LATER_ONLY: usize = 2;

/// The hospitals of a pair of the crosswalk.
pub(crate) fn overlap(earlier: &Snapshot, later: &Snapshot, crosswalk: &Crosswalk, key: &QuestionKey) -> Result<Overlap, TrendError> {
    let (pair, from, to) = comparable(earlier, later, crosswalk, key)?;
    let one = said::year(earlier, &pair.from_question, from, &Area::Nation)?;
    let two = said::year(later, &pair.to_question, to, &Area::Nation)?;
    let nobody = Groups(vec![vec![0; 4], vec![0; 2], vec![0; 2]]);
    let mut overlap = Overlap {
        bands: std::array::from_fn(|_| nobody.clone()),
        nation: nobody,
    };
    let only_later = two.keys().filter(|hospital| !one.contains_key(hospital));
    for hospital in one.keys().chain(only_later) {
        overlap.add(place(&one, hospital), place(&two, hospital));
    }
    Ok(overlap)
}

/// The band of a hospital that is in the base of a year, and whether it said no (0) or yes (1).
fn place(year: &Year, hospital: &Uuid) -> Option<(usize, usize)> {
    let found = year.get(hospital)?;
    Some((usize::from(found.cell.1), found.state?.checked_sub(NO)?))
}

impl Overlap {
    fn add(&mut self, earlier: Option<(usize, usize)>, later: Option<(usize, usize)>) {
        match (earlier, later) {
            (Some((from, was)), Some((to, is))) => {
                self.nation.add(BOTH, 2 * was + is);
                self.band(to, BOTH, 2 * was + is);
                if from != to {
                    self.band(from, EARLIER_ONLY, was);
                    self.band(to, EARLIER_ONLY, was);
                }
            }
            (Some((from, was)), None) => {
                self.nation.add(EARLIER_ONLY, was);
                self.band(from, EARLIER_ONLY, was);
            }
            (None, Some((to, is))) => {
                self.nation.add(LATER_ONLY, is);
                self.band(to, LATER_ONLY, is);
            }
            (None, None) => {}
        }
    }

    fn band(&mut self, band: usize, group: usize, said: usize) {
        if let Some(groups) = self.bands.get_mut(band) {
            groups.add(group, said);
        }
    }
}

/// The keys of the questions whose answers a pair looks at, of the earlier and of the later year; the one that is compared first.
pub(crate) fn asked(
    earlier: &Snapshot,
    later: &Snapshot,
    crosswalk: &Crosswalk,
    key: &QuestionKey,
) -> Result<[Vec<String>; 2], TrendError> {
    let (pair, from, to) = comparable(earlier, later, crosswalk, key)?;
    let keys = |own: &String, counting: &Counting| {
        let others = [&counting.among, &counting.no_if]
            .into_iter()
            .flatten()
            .map(|said| said.question.clone());
        std::iter::once(own.clone()).chain(others).collect()
    };
    Ok([keys(&pair.from_question, from), keys(&pair.to_question, to)])
}
