//! Changes of the cells that no published total shows, as circulations of the network: how far a hidden count can move, and what would have to be
//! hidden too that it could. Knows nothing of questions.

use super::domain::{Arc, Grid};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How many hospitals each cell could have more, and fewer, of what moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) up: Vec<u32>,
    pub(crate) down: Vec<u32>,
}

impl Room {
    /// Less room where another exchange took some already: as much less, or none at all.
    pub(crate) fn after(&self, taken: &[u32], all: bool) -> Room {
        let rest = |list: &[u32]| {
            let rest = list.iter().zip(taken).map(|(room, taken)| match all && *taken > 0 {
                true => 0,
                false => room.saturating_sub(*taken),
            });
            rest.collect()
        };
        Room {
            up: rest(&self.up),
            down: rest(&self.down),
        }
    }

    /// By cell, how much of this room is gone from what it was.
    pub(crate) fn taken(&self, was: &Room) -> Vec<u32> {
        self.up.iter().zip(&was.up).map(|(now, was)| now.abs_diff(*was)).collect()
    }

    fn of(&self, cell: usize, forward: bool) -> u32 {
        let list = if forward { &self.up } else { &self.down };
        list.get(cell).copied().unwrap_or(0)
    }

    fn take(&mut self, cell: usize, forward: bool) {
        let (less, more) = if forward {
            (&mut self.up, &mut self.down)
        } else {
            (&mut self.down, &mut self.up)
        };
        if let Some(room) = less.get_mut(cell) {
            *room = room.saturating_sub(1);
        }
        if let Some(room) = more.get_mut(cell) {
            *room += 1;
        }
    }
}

/// A way through the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// The price of the published domains on it.
    pub(crate) price: u64,
    /// Those domains.
    pub(crate) domains: Vec<usize>,
}

/// Pushes up to `want` units around through a domain's edge, one by one, and says how many went. `forward`: the domain's count rises.
pub(crate) fn push(grid: &Grid, hidden: &[bool], room: &mut Room, domain: usize, forward: bool, want: u32) -> u32 {
    (0..want)
        .take_while(|_| push_one(grid, hidden, room, domain, forward))
        .count()
        .try_into()
        .unwrap_or(0)
}

fn push_one(grid: &Grid, hidden: &[bool], room: &mut Room, domain: usize, forward: bool) -> bool {
    let (tail, head) = grid.ends(domain);
    let (from, to) = if forward { (head, tail) } else { (tail, head) };
    let mut came: Vec<Option<(usize, Arc)>> = vec![None; grid.nodes()];
    let mut seen = vec![false; grid.nodes()];
    mark(&mut seen, from);
    let mut queue = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        if node == to {
            take_back(grid, room, &came, from, to);
            return true;
        }
        for arc in grid.arcs(node) {
            let open = match grid.cell_of(arc.edge) {
                Some(cell) => room.of(cell, arc.forward) > 0,
                None => arc.edge != domain && hidden.get(arc.edge).copied().unwrap_or(false),
            };
            if open && mark(&mut seen, arc.to) {
                if let Some(place) = came.get_mut(arc.to) {
                    *place = Some((node, *arc));
                }
                queue.push_back(arc.to);
            }
        }
    }
    false
}

/// Sets a flag; whether it was not set before.
fn mark(flags: &mut [bool], index: usize) -> bool {
    flags.get_mut(index).is_some_and(|flag| !std::mem::replace(flag, true))
}

fn take_back(grid: &Grid, room: &mut Room, came: &[Option<(usize, Arc)>], from: usize, to: usize) {
    let mut node = to;
    while let Some((before, arc)) = came.get(node).copied().flatten().filter(|_| node != from) {
        if let Some(cell) = grid.cell_of(arc.edge) {
            room.take(cell, arc.forward);
        }
        node = before;
    }
}

/// The cheapest way from some nodes to some others, where a domain costs its price (0: hidden already) and a cell may be passed as `pass` says.
pub(crate) fn cheapest(grid: &Grid, price: &[u64], from: &[usize], to: &[usize], pass: impl Fn(&Arc) -> bool) -> Option<Way> {
    let mut best: Vec<u64> = vec![u64::MAX; grid.nodes()];
    let mut came: Vec<Option<(usize, usize)>> = vec![None; grid.nodes()];
    let mut heap = BinaryHeap::new();
    for node in from {
        if let Some(place) = best.get_mut(*node) {
            *place = 0;
        }
        heap.push(Reverse((0, *node)));
    }
    while let Some(Reverse((cost, node))) = heap.pop() {
        if to.contains(&node) {
            return Some(Way {
                price: cost,
                domains: domains_back(grid, price, &came, node),
            });
        }
        if best.get(node).is_none_or(|known| cost > *known) {
            continue;
        }
        for arc in grid.arcs(node).iter().filter(|arc| pass(arc)) {
            let step = if grid.cell_of(arc.edge).is_some() {
                0
            } else {
                price.get(arc.edge).copied().unwrap_or(0)
            };
            let next = cost.saturating_add(step);
            if let Some(known) = best.get_mut(arc.to).filter(|known| next < **known) {
                *known = next;
                if let Some(place) = came.get_mut(arc.to) {
                    *place = Some((node, arc.edge));
                }
                heap.push(Reverse((next, arc.to)));
            }
        }
    }
    None
}

fn domains_back(grid: &Grid, price: &[u64], came: &[Option<(usize, usize)>], to: usize) -> Vec<usize> {
    let mut domains = Vec::new();
    let mut node = to;
    while let Some((before, edge)) = came.get(node).copied().flatten() {
        if grid.cell_of(edge).is_none() && price.get(edge).is_some_and(|price| *price > 0) {
            domains.push(edge);
        }
        node = before;
    }
    domains
}

/// The cheapest way by which a domain's count could move one further, after what `room` has spent.
pub(crate) fn cheapest_round(grid: &Grid, price: &[u64], room: &Room, domain: usize, forward: bool) -> Option<Way> {
    let (tail, head) = grid.ends(domain);
    let (from, to) = if forward { (head, tail) } else { (tail, head) };
    cheapest(grid, price, &[from], &[to], |arc| match grid.cell_of(arc.edge) {
        Some(cell) => room.of(cell, arc.forward) > 0,
        None => arc.edge != domain,
    })
}
