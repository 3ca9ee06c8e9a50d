//! The choice between matrices that are equally good.
//!
//! Under one set of divisors all best matrices are roundings of the same quotients, so they differ only in cells whose quotient lies exactly on a
//! signpost. Each of those is at the signpost's lower or upper seat, and a ring of them (raise one, lower one in its column, raise one in that row,
//! ..) leads from one best matrix to another. The first cell that can be raised is, then the next one while those before stay, and so on: the result
//! does not depend on which best matrix came in.

use super::exact::Ratio;
use super::flow::Flow;
use super::grid::Grid;
use super::multipliers::price_range;

/// A cell whose quotient lies on a signpost.
#[derive(Clone, Copy)]
struct TieCell {
    row: usize,
    column: usize,
    raised: bool,
    /// Decided: no ring may use it any more.
    fixed: bool,
}

/// The cells on signposts as a network: a cell not raised leads from its row to its column, a raised one from its column to its row.
struct Ties {
    cells: Vec<TieCell>,
    /// The cells of each row, then those of each column, by their place in `cells`.
    at: Vec<Vec<usize>>,
    rows: usize,
}

/// The seats by the rule, and the cells that it decided, both for an optimal flow. `turned` says that the flow's rows are the request's columns; the
/// cells come out as the request names them.
pub(super) fn settle(flow: &Flow<'_>, turned: bool) -> (Grid<u64>, Vec<(usize, usize)>) {
    let mut cells = on_signposts(flow);
    let named = |cell: &TieCell| if turned { (cell.column, cell.row) } else { (cell.row, cell.column) };
    cells.sort_by_key(named);
    let mut ties = Ties::new(cells, flow.problem.rows(), flow.problem.columns());
    let components = ties.components();
    for cell in &mut ties.cells {
        let ends = (components.get(cell.row), components.get(ties.rows + cell.column));
        cell.fixed = ends.0 != ends.1;
    }
    let decided: Vec<(usize, usize)> = ties.cells.iter().filter(|cell| !cell.fixed).map(named).collect();
    let before: Vec<bool> = ties.cells.iter().map(|cell| cell.raised).collect();
    ties.raise_in_order();
    let mut seats = flow.seats.clone();
    for (cell, before) in ties.cells.iter().zip(before) {
        let now = seats.at(cell.row, cell.column);
        match (before, cell.raised) {
            (false, true) => seats.set(cell.row, cell.column, now + 1),
            (true, false) => seats.set(cell.row, cell.column, now.saturating_sub(1)),
            _ => {}
        }
    }
    (seats, decided)
}

fn on_signposts(flow: &Flow<'_>) -> Vec<TieCell> {
    let potentials = flow.potentials();
    let mut cells = Vec::new();
    for row in 0..flow.problem.rows() {
        let (Some(dearest), Some(cheapest)) = price_range(flow, &potentials, row) else {
            continue;
        };
        if dearest.compare(&cheapest).is_ne() {
            continue;
        }
        for (column, potential) in potentials.iter().enumerate() {
            let on = |price: Option<Ratio>| price.is_some_and(|price| price.compare(&dearest).is_eq());
            let raised = on(flow.last_price(row, column, potential));
            if raised || on(flow.next_price(row, column, potential)) {
                cells.push(TieCell {
                    row,
                    column,
                    raised,
                    fixed: false,
                });
            }
        }
    }
    cells
}

impl Ties {
    fn new(cells: Vec<TieCell>, rows: usize, columns: usize) -> Self {
        let mut at = vec![Vec::new(); rows + columns];
        for (place, cell) in cells.iter().enumerate() {
            for node in [cell.row, rows + cell.column] {
                if let Some(at) = at.get_mut(node) {
                    at.push(place);
                }
            }
        }
        Self { cells, at, rows }
    }

    /// The nodes that one step leads to from `node`, with the cell of the step; against the direction of all steps where `back`.
    fn steps(&self, node: usize, back: bool) -> impl Iterator<Item = (usize, usize)> {
        let from_row = node < self.rows;
        self.at.get(node).into_iter().flatten().filter_map(move |place| {
            let cell = self.cells.get(*place)?;
            let leads = !cell.fixed && (cell.raised != from_row) != back;
            leads.then_some((if from_row { self.rows + cell.column } else { cell.row }, *place))
        })
    }

    /// A number for each node, the same for two nodes if each can be reached from the other (Kosaraju).
    fn components(&self) -> Vec<Option<usize>> {
        let mut left = Vec::with_capacity(self.at.len());
        let mut seen = vec![false; self.at.len()];
        for start in 0..self.at.len() {
            // A node comes a second time when all that it leads to has been left.
            let mut stack = vec![(start, false)];
            while let Some((node, leaving)) = stack.pop() {
                if leaving {
                    left.push(node);
                } else if let Some(seen) = seen.get_mut(node).filter(|seen| !**seen) {
                    *seen = true;
                    stack.push((node, true));
                    stack.extend(self.steps(node, false).map(|(to, _)| (to, false)));
                }
            }
        }
        let mut components: Vec<Option<usize>> = vec![None; self.at.len()];
        for start in left.into_iter().rev() {
            let mut stack = vec![start];
            while let Some(node) = stack.pop() {
                if let Some(component) = components.get_mut(node).filter(|component| component.is_none()) {
                    *component = Some(start);
                    stack.extend(self.steps(node, true).map(|(to, _)| to));
                }
            }
        }
        components
    }

    fn raise_in_order(&mut self) {
        for place in 0..self.cells.len() {
            let Some(cell) = self.cells.get(place).copied().filter(|cell| !cell.fixed) else {
                continue;
            };
            self.fix(place);
            if !cell.raised
                && let Some(ring) = self.way(self.rows + cell.column, cell.row)
            {
                for place in ring.into_iter().chain([place]) {
                    if let Some(cell) = self.cells.get_mut(place) {
                        cell.raised = !cell.raised;
                    }
                }
            }
        }
    }

    fn fix(&mut self, place: usize) {
        if let Some(cell) = self.cells.get_mut(place) {
            cell.fixed = true;
        }
    }

    /// The cells of a way between two nodes, if one leads; depth first, because from most nodes the end is only a few steps away.
    fn way(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut came: Vec<Option<(usize, usize)>> = vec![None; self.at.len()];
        let mut stack = vec![from];
        while let Some(node) = stack.pop() {
            for (next, place) in self.steps(node, false).filter(|(next, _)| *next != from) {
                let Some(came_to_next) = came.get_mut(next).filter(|came| came.is_none()) else {
                    continue;
                };
                *came_to_next = Some((node, place));
                if next == to {
                    return Some(backwards(&came, to));
                }
                stack.push(next);
            }
        }
        None
    }
}

/// The cells of the way that led to a node, the last first.
fn backwards(came: &[Option<(usize, usize)>], to: usize) -> Vec<usize> {
    let mut way = Vec::new();
    let mut node = to;
    while let Some((before, place)) = came.get(node).copied().flatten() {
        way.push(place);
        node = before;
    }
    way
}
