//! Unions of cells that sums and differences of published totals isolate, whatever the numbers are.
//!
//! A union is isolated exactly if no circulation over hidden domains changes its sum, that is if it is the set of cells which cross a cut of the
//! network, all of them in the same direction, while no hidden domain crosses it. There are at most six groups of bands on the right, so all cuts
//! are looked at: for a choice of groups, the prefectures and classes with a cell in a chosen group must be on its side.

use super::domain::Grid;
use std::collections::BTreeSet;

/// The cells of a union and how many hospitals they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Union {
    pub(crate) cells: Vec<usize>,
    pub(crate) weight: u32,
}

/// The isolated union that holds the fewest hospitals, but at least one. `weight` is by cell; cells of weight 0 count as known.
pub(crate) fn smallest(grid: &Grid, hidden: &[bool], weight: &[u32]) -> Option<Union> {
    let groups = group(grid, hidden);
    let of = |node: usize| groups.get(node).copied().unwrap_or(node);
    let right: BTreeSet<usize> = Grid::band_nodes().map(of).collect();
    let right: Vec<usize> = right.into_iter().collect();
    let cells: Vec<(usize, u32, usize, usize)> = weight
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, weight)| *weight > 0)
        .map(|(cell, weight)| {
            let (tail, head) = grid.cell_ends(cell);
            (cell, weight, of(tail), of(head))
        })
        .collect();
    let mut best: Option<Union> = None;
    let mut keep = |union: Option<Union>| {
        if let Some(union) = union.filter(|union| union.weight > 0 && best.as_ref().is_none_or(|best| union.weight < best.weight)) {
            best = Some(union);
        }
    };
    for mask in 0..(1_usize << right.len()) {
        let chosen: BTreeSet<usize> = right
            .iter()
            .enumerate()
            .filter(|(bit, _)| mask >> bit & 1 == 1)
            .map(|(_, group)| *group)
            .collect();
        keep(cut(&cells, &right, &chosen));
    }
    let lefts: BTreeSet<usize> = cells
        .iter()
        .map(|(_, _, tail, _)| *tail)
        .filter(|tail| !right.contains(tail))
        .collect();
    for left in lefts {
        keep(Some(union_of(cells.iter().filter(|(_, _, tail, _)| *tail == left))));
    }
    best
}

/// The union of the smallest cut that has the chosen groups of bands on its side; `None` if a group of both sides stands in the way.
fn cut(cells: &[(usize, u32, usize, usize)], right: &[usize], chosen: &BTreeSet<usize>) -> Option<Union> {
    let drawn: BTreeSet<usize> = cells
        .iter()
        .filter(|(_, _, _, head)| chosen.contains(head))
        .map(|(_, _, tail, _)| *tail)
        .collect();
    if drawn.iter().any(|tail| right.contains(tail) && !chosen.contains(tail)) {
        return None;
    }
    let inside = |tail: &usize| drawn.contains(tail) || chosen.contains(tail);
    Some(union_of(
        cells.iter().filter(|(_, _, tail, head)| inside(tail) && !chosen.contains(head)),
    ))
}

fn union_of<'a>(cells: impl Iterator<Item = &'a (usize, u32, usize, usize)>) -> Union {
    let mut union = Union {
        cells: Vec::new(),
        weight: 0,
    };
    for (cell, weight, _, _) in cells {
        union.cells.push(*cell);
        union.weight += weight;
    }
    union
}

/// For each node a name of the group that hidden domains join it to.
fn group(grid: &Grid, hidden: &[bool]) -> Vec<usize> {
    let mut names: Vec<usize> = (0..grid.nodes()).collect();
    for (edge, _) in hidden.iter().enumerate().filter(|(_, hidden)| **hidden) {
        let (tail, head) = grid.ends(edge);
        let (old, new) = (names.get(tail).copied().unwrap_or(tail), names.get(head).copied().unwrap_or(head));
        for name in names.iter_mut().filter(|name| **name == old) {
            *name = new;
        }
    }
    names
}
