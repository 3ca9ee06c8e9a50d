//! Two years joined by hospital: counts of each year, of what both have in common, and of the panel. Reads no codes and rounds nothing.

use super::TrendError;
use super::said::{NO, OUTSIDE, Place, YES, Year};
use super::share::{TrendAll, TrendPanel};
use crate::estimate::{Both, Cell, Design, Part, Transitions, change};
use std::collections::{BTreeMap, HashMap};

/// Which hospitals of the area.
#[derive(Debug, Clone, Copy)]
pub(super) struct Domain {
    /// Index of a survey band; `None`: all.
    pub(super) band: Option<usize>,
}

impl Domain {
    fn holds(self, place: &Place) -> bool {
        place.inside && self.band.is_none_or(|band| band == usize::from(place.cell.1))
    }

    /// What a respondent is in this domain: outside of the base where it is outside of the domain.
    fn state(self, place: &Place) -> Option<usize> {
        let state = place.state?;
        Some(if self.holds(place) { state } else { OUTSIDE })
    }
}

/// The two years with the designs of each and of the panel. Designs are the nation's, whatever is asked for: weights do not depend on the request.
pub(super) struct Joined {
    earlier: (Year, Design),
    later: (Year, Design),
    /// Hospitals of both frames: place in the earlier, place in the later.
    common: Vec<(Place, Place)>,
    panel: Design,
}

impl Joined {
    pub(super) fn new(earlier: Year, later: Year) -> Result<Joined, TrendError> {
        let common: Vec<(Place, Place)> = earlier
            .iter()
            .filter_map(|(hospital, place)| Some((*place, *later.get(hospital)?)))
            .collect();
        let both = common
            .iter()
            .map(|(one, two)| (two.cell, one.state.is_some() && two.state.is_some()));
        let panel = design(both)?;
        Ok(Joined {
            earlier: of_year(earlier)?,
            later: of_year(later)?,
            common,
            panel,
        })
    }

    /// One row: all hospitals, and the panel.
    pub(super) fn count(&self, domain: Domain) -> Result<(TrendAll, TrendPanel), TrendError> {
        let (earlier, later) = (parts(&self.earlier.0, domain), parts(&self.later.0, domain));
        let one = crate::estimate::Year {
            design: &self.earlier.1,
            parts: &earlier,
        };
        let two = crate::estimate::Year {
            design: &self.later.1,
            parts: &later,
        };
        let failed = |error: crate::estimate::EstimateError| TrendError::Counting(error.to_string());
        let found = change(one, two, &self.both(domain)).map_err(failed)?;
        // A year without anybody in the base has no share and the pair no change; the other year's share is still there.
        let shares = [one, two].map(|year| year.design.proportion(year.parts));
        let [first, second] = shares;
        let n = |year: &Year| counted(year.values().filter(|place| domain.holds(place) && place.state.is_some()));
        let all = TrendAll::new(
            (n(&self.earlier.0), first.map_err(failed)?.as_ref()),
            (n(&self.later.0), second.map_err(failed)?.as_ref()),
            found.as_ref().map(|change| &change.difference),
        );
        let answered = |(one, two): &&(Place, Place)| domain.holds(two) && one.state.is_some() && two.state.is_some();
        let transitions = self.panel.transitions(&self.transitions(domain)).map_err(failed)?;
        let panel = TrendPanel::new(
            counted(self.common.iter().filter(|(_, two)| domain.holds(two))),
            counted(self.common.iter().filter(answered)),
            transitions.as_ref(),
        );
        Ok((all, panel))
    }

    fn both(&self, domain: Domain) -> BTreeMap<(Cell, Cell), Both> {
        let mut both: BTreeMap<(Cell, Cell), Both> = BTreeMap::new();
        for (one, two) in &self.common {
            let sum = both.entry((one.cell, two.cell)).or_default();
            sum.hospitals += 1;
            if let (Some(first), Some(second)) = (domain.state(one), domain.state(two))
                && let Some(count) = sum.states.get_mut(first).and_then(|row| row.get_mut(second))
            {
                *count += 1;
            }
        }
        both
    }

    /// The panel lies where the later frame has it; a hospital must be in the base of both years.
    fn transitions(&self, domain: Domain) -> BTreeMap<Cell, Transitions> {
        let mut cells: BTreeMap<Cell, Transitions> = BTreeMap::new();
        for (one, two) in self.common.iter().filter(|(_, two)| domain.holds(two)) {
            let cell = cells.entry(two.cell).or_default();
            match (one.state, two.state) {
                (Some(NO), Some(NO)) => cell.stayed_no += 1,
                (Some(NO), Some(YES)) => cell.gained += 1,
                (Some(YES), Some(NO)) => cell.lost += 1,
                (Some(YES), Some(YES)) => cell.stayed_yes += 1,
                _ => {}
            }
        }
        cells
    }
}

fn of_year(year: Year) -> Result<(Year, Design), TrendError> {
    let design = design(year.values().map(|place| (place.cell, place.state.is_some())))?;
    Ok((year, design))
}

/// The design of hospitals by cell, and whether they answered.
fn design(hospitals: impl Iterator<Item = (Cell, bool)>) -> Result<Design, TrendError> {
    let mut sizes: HashMap<Cell, (u64, u64)> = HashMap::new();
    for (cell, answered) in hospitals {
        let size = sizes.entry(cell).or_default();
        size.0 += 1;
        size.1 += u64::from(answered);
    }
    let hospitals = sizes.iter().map(|(cell, size)| (*cell, size.0)).collect();
    let respondents = sizes.iter().map(|(cell, size)| (*cell, size.1)).collect();
    Design::new(&hospitals, &respondents).map_err(|error| TrendError::Counting(error.to_string()))
}

fn parts(year: &Year, domain: Domain) -> BTreeMap<Cell, Part> {
    let mut parts: BTreeMap<Cell, Part> = BTreeMap::new();
    for place in year.values().filter(|place| domain.holds(place)) {
        let part = parts.entry(place.cell).or_default();
        match place.state {
            Some(NO) => part.base += 1,
            Some(YES) => {
                part.base += 1;
                part.count += 1;
            }
            _ => {}
        }
    }
    parts
}

fn counted<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |sum, _| sum + 1)
}
