//! Whose answers count in which of two years, for the rule that says where transitions may be printed, and which questions a pair looks at.
//! Estimates nothing and prints nothing.

use super::said::{self, OUTSIDE, Year};
use super::{TrendError, comparable};
use crate::snapshot::Snapshot;
use crate::suppress::{Panel, PanelBand};
use survey::area::Area;
use survey::crosswalk::{Counting, Crosswalk};
use survey::question::QuestionKey;
use uuid::Uuid;

/// Hospitals by whether they are in the base of a pair in both years or in one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) nation: PanelBand,
    /// The panel's band is that of the later frame. A hospital that moved stands in the panel of one band and among all hospitals of another one:
    /// to both it is a hospital outside of the panel, for the difference of the two shows it.
    pub(crate) bands: Panel,
}

/// The hospitals of a pair of the crosswalk.
pub(crate) fn overlap(earlier: &Snapshot, later: &Snapshot, crosswalk: &Crosswalk, key: &QuestionKey) -> Result<Overlap, TrendError> {
    let (pair, from, to) = comparable(earlier, later, crosswalk, key)?;
    let one = said::year(earlier, &pair.from_question, from, &Area::Nation)?;
    let two = said::year(later, &pair.to_question, to, &Area::Nation)?;
    let mut overlap = Overlap::default();
    let only_later = two.keys().filter(|hospital| !one.contains_key(hospital));
    for hospital in one.keys().chain(only_later) {
        overlap.add(band(&one, hospital), band(&two, hospital));
    }
    Ok(overlap)
}

/// The band of a hospital that is in the base of a year.
fn band(year: &Year, hospital: &Uuid) -> Option<usize> {
    let place = year.get(hospital)?;
    (place.state? != OUTSIDE).then_some(usize::from(place.cell.1))
}

impl Overlap {
    fn add(&mut self, earlier: Option<usize>, later: Option<usize>) {
        match (earlier, later) {
            (Some(first), Some(second)) => {
                self.nation.both += 1;
                self.band(second, |band| band.both += 1);
                if first != second {
                    self.band(first, |band| band.earlier_only += 1);
                    self.band(second, |band| band.earlier_only += 1);
                }
            }
            (Some(first), None) => {
                self.nation.earlier_only += 1;
                self.band(first, |band| band.earlier_only += 1);
            }
            (None, Some(second)) => {
                self.nation.later_only += 1;
                self.band(second, |band| band.later_only += 1);
            }
            (None, None) => {}
        }
    }

    fn band(&mut self, index: usize, count: impl Fn(&mut PanelBand)) {
        if let Some(band) = self.bands.get_mut(index) {
            count(band);
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
