//! Which frame cells share one weight because too few hospitals of one of them answered. Decides by numbers of respondents only: it must not
//! look at answers, or the weights would depend on what they weigh.

use super::Cell;
use super::design::Size;
use std::collections::BTreeMap;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// A group with fewer respondents is merged with another: its weight would be too large and its variance too uncertain.
pub(super) const FEWEST: u64 = 5;

/// One more than the highest prefecture number: the step from the last prefecture round to the first.
const ROUND: u8 = 48;

/// A stage of the rule: where a cell looks for company.
#[derive(Clone, Copy)]
enum Level {
    Prefecture,
    Region,
    Nation,
}

impl Level {
    /// The name of the unit that a prefecture belongs to at this level.
    fn unit(self, prefecture: u8) -> (u8, &'static str) {
        match self {
            Level::Prefecture => (prefecture, ""),
            Level::Region => (0, region(prefecture)),
            Level::Nation => (0, ""),
        }
    }
}

/// The region of a prefecture number, as [`PrefectureCode::region`] names it.
pub(super) fn region(prefecture: u8) -> &'static str {
    PrefectureCode::new(prefecture).map(PrefectureCode::region).unwrap_or_default()
}

/// Groups of cells, each cell in exactly one, by the smallest cell of the group. Only cells with hospitals in the frame take part; a cell with
/// hospitals of whom none answered is one with 0 respondents.
///
/// 1. **Prefecture.** The cells of a prefecture are gone through from the smallest band to the largest. The first opens a run; a run takes in
///    the next cell as long as it has fewer than 5 respondents; the cell after a run with 5 or more opens a new run. A last run with fewer
///    than 5 joins the run before it. Every run is a group. A prefecture with fewer than 5 respondents in all has no group: it is *short*.
/// 2. **Region.** If the region of a short prefecture has groups from stage 1, each cell of the prefecture joins one of them by itself: the
///    one that holds the same band of the next prefecture of the region (in JIS order, the first after the last) whose cell of that band is in
///    a group; if no group of the region holds the band, the same is tried with the larger bands one after the other, then with the smaller
///    ones from the nearest down. If the region has no group, because all its prefectures are short, their cells are added up by band and
///    runs of bands are made as in stage 1. A region with fewer than 5 respondents in all is short.
/// 3. **Nation.** What stage 2 does with a region and its short prefectures is done with the nation and its short regions.
/// 4. A nation with fewer than 5 respondents in all is one group.
///
/// So every group has at least 5 respondents unless it is the only one.
pub(super) fn collapse(sizes: &BTreeMap<Cell, Size>) -> Vec<Vec<Cell>> {
    let mut groups: Vec<Vec<Cell>> = Vec::new();
    let mut short: Vec<Cell> = sizes.keys().copied().collect();
    for level in [Level::Prefecture, Level::Region, Level::Nation] {
        let mut units: BTreeMap<(u8, &'static str), Vec<Cell>> = BTreeMap::new();
        for cell in short.drain(..) {
            units.entry(level.unit(cell.0)).or_default().push(cell);
        }
        for (unit, cells) in units {
            let grouped = grouped(&groups, |cell| level.unit(cell.0) == unit);
            if !grouped.is_empty() {
                join(&mut groups, &grouped, &cells);
            } else if let Some(runs) = runs(&cells, sizes) {
                groups.extend(runs);
            } else {
                short.extend(cells);
            }
        }
    }
    if !short.is_empty() {
        groups.push(short);
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort_unstable();
    groups
}

/// The cells of a unit that are in a group already, with the group's index.
fn grouped(groups: &[Vec<Cell>], inside: impl Fn(Cell) -> bool) -> BTreeMap<Cell, usize> {
    let cells = |(index, cells): (usize, &Vec<Cell>)| cells.iter().map(|cell| (*cell, index)).collect::<Vec<_>>();
    groups
        .iter()
        .enumerate()
        .flat_map(cells)
        .filter(|(cell, _)| inside(*cell))
        .collect()
}

/// Each cell joins the group of its nearest relative. All of them look at the groups as they were, so that their order is of no consequence.
fn join(groups: &mut [Vec<Cell>], grouped: &BTreeMap<Cell, usize>, cells: &[Cell]) {
    for cell in cells {
        if let Some(group) = nearest(grouped, *cell).and_then(|index| groups.get_mut(index)) {
            group.push(*cell);
        }
    }
}

/// The group of the same band, else of the larger ones upwards, else of the smaller ones downwards, in the next prefecture that has it.
fn nearest(grouped: &BTreeMap<Cell, usize>, (prefecture, band): Cell) -> Option<usize> {
    let bands = u8::try_from(Banding::Survey.bands().len()).unwrap_or(u8::MAX);
    let steps = |other: u8| (other + ROUND - prefecture) % ROUND;
    (band..bands).chain((0..band).rev()).find_map(|wanted| {
        grouped
            .iter()
            .filter(|((_, band), _)| *band == wanted)
            .min_by_key(|((other, _), _)| steps(*other))
            .map(|(_, index)| *index)
    })
}

/// Runs of bands with at least 5 respondents each; `None` where all cells together have fewer.
fn runs(cells: &[Cell], sizes: &BTreeMap<Cell, Size>) -> Option<Vec<Vec<Cell>>> {
    let mut bands: BTreeMap<u8, Vec<Cell>> = BTreeMap::new();
    for cell in cells {
        bands.entry(cell.1).or_default().push(*cell);
    }
    let mut runs: Vec<Vec<Cell>> = Vec::new();
    let (mut open, mut respondents) = (Vec::new(), 0);
    for cells in bands.into_values() {
        respondents += cells
            .iter()
            .filter_map(|cell| sizes.get(cell))
            .map(|size| size.respondents)
            .sum::<u64>();
        open.extend(cells);
        if respondents >= FEWEST {
            runs.push(std::mem::take(&mut open));
            respondents = 0;
        }
    }
    runs.last_mut()?.append(&mut open);
    Some(runs)
}
