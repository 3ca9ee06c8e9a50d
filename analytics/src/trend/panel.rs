//! Whose answers count in which of two years, for the rule that says where transitions may be printed, and which questions a pair looks at.
//! Estimates nothing and prints nothing.

use super::said::{self, NO, Year};
use super::{TrendError, comparable};
use crate::snapshot::Snapshot;
use crate::suppress::{Groups, Union};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::crosswalk::{Counting, Crosswalk};
use survey::question::QuestionKey;
use uuid::Uuid;

/// The band of a hospital in a year whose base it is in, and whether it said no (0) or yes (1); `None`: it is in no base of that year.
type Said = Option<(usize, usize)>;

/// Hospitals that are in the base of a pair, by what they were and said in the earlier year and in the later one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overlap(BTreeMap<(Said, Said), u32>);

/// The hospitals of a pair of the crosswalk.
pub(crate) fn overlap(earlier: &Snapshot, later: &Snapshot, crosswalk: &Crosswalk, key: &QuestionKey) -> Result<Overlap, TrendError> {
    let (pair, from, to) = comparable(earlier, later, crosswalk, key)?;
    let one = said::year(earlier, &pair.from_question, from, &Area::Nation)?;
    let two = said::year(later, &pair.to_question, to, &Area::Nation)?;
    let mut overlap = Overlap::default();
    let only_later = two.keys().filter(|hospital| !one.contains_key(hospital));
    for hospital in one.keys().chain(only_later) {
        *overlap.0.entry((place(&one, hospital), place(&two, hospital))).or_default() += 1;
    }
    Ok(overlap)
}

fn place(year: &Year, hospital: &Uuid) -> Said {
    let found = year.get(hospital)?;
    Some((usize::from(found.cell.1), found.state?.checked_sub(NO)?))
}

impl Overlap {
    /// Whom the rows of some bands together set apart: the panel by its transitions, and by what they said those of one year only. The panel's band is that of
    /// the later frame. A hospital that moved into or out of these bands stands in the panel of one row and among all hospitals of another: the
    /// difference of the two shows it like one outside of the panel.
    pub(crate) fn groups(&self, union: &Union) -> Groups {
        let inside = |said: Said| {
            said.filter(|(band, _)| union.get(*band).copied().unwrap_or(false))
                .map(|(_, said)| said)
        };
        let mut groups = Groups(vec![vec![0; 4], vec![0; 2], vec![0; 2]]);
        for ((earlier, later), hospitals) in &self.0 {
            match (inside(*earlier), inside(*later)) {
                (was, Some(is)) => match earlier {
                    None => groups.add(LATER_ONLY, is, *hospitals),
                    Some((_, said)) => {
                        groups.add(BOTH, 2 * said + is, *hospitals);
                        // It came from bands beside these.
                        if was.is_none() {
                            groups.add(EARLIER_ONLY, *said, *hospitals);
                        }
                    }
                },
                (Some(was), None) => groups.add(EARLIER_ONLY, was, *hospitals),
                (None, None) => {}
            }
        }
        groups
    }
}

const BOTH: usize = 0;
const EARLIER_ONLY: usize = 1;
const LATER_ONLY: usize = 2;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suppress::{Allowed, Rule};

    #[test]
    fn hospitals_that_moved_hide_nobody_from_two_bands_together() {
        let stayed = |band: usize, hospitals: u32| {
            let both = |was: usize, is: usize| ((Some((band, was)), Some((band, is))), hospitals);
            [both(0, 0), both(0, 1), both(1, 1)]
        };
        // Ten moved from the first band to the second, and one of the first did not answer again: each band by itself sets eleven and ten apart.
        let moved = |said: usize, hospitals: u32| ((Some((0, said)), Some((1, said))), hospitals);
        let left = ((Some((0, 1)), None), 1);
        let all = [stayed(0, 30), stayed(1, 20), stayed(2, 40)].concat();
        let overlap = Overlap(all.into_iter().chain([moved(0, 6), moved(1, 4), left]).collect());
        let of = |union: &Union| overlap.groups(union);
        let (first, second) = ([true, false, false, false, false, false], [false, true, false, false, false, false]);
        assert_eq!(of(&first).0[1..], [vec![6, 5], vec![0, 0]]);
        assert_eq!(of(&second).0[1..], [vec![6, 4], vec![0, 0]]);
        assert_eq!(of(&[true; 6]).0[1..], [vec![0, 1], vec![0, 0]], "the nation shows the one");
        let allowed = Allowed::new(&Rule::default(), |_| true, of);
        assert!(
            !(allowed.nation || allowed.bands[0] && allowed.bands[1]),
            "and so do both bands: {allowed:?}"
        );
        assert!(allowed.bands[2]);
    }
}
