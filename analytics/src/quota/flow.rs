//! The minimum-cost flow: seats move from columns that have too many to columns that have too few, one at a time, along the cheapest way.
//!
//! The k-th seat of a cell costs the logarithm of its signpost over its weight, more with each seat, so costs are convex. Rows keep their totals
//! throughout: a step of a way takes a seat from one column and gives it to another within one row. So only columns are nodes, and between two
//! columns only the row with the cheapest step matters. A matrix without a cycle of negative cost is cheapest for the column sums it has, and
//! moving a seat along a cheapest way keeps it so: when the column sums are right, the matrix is optimal.

use std::cmp::Ordering;

use super::exact::{Ratio, compare_products, error_of, log};
use super::grid::Grid;
use super::problem::Problem;
use super::start::column_sums;

pub(super) struct Flow<'a> {
    pub(super) problem: &'a Problem,
    pub(super) seats: Grid<u64>,
    /// The logarithm of the price of a cell's next seat; `None` where it is full.
    next: Grid<Option<i64>>,
    /// The logarithm of the price of a cell's last seat; `None` where it may not be taken.
    last: Grid<Option<i64>>,
    /// The cheapest step from the column that is the grid's row to the one that is its column.
    steps: Grid<Option<Step>>,
}

/// A seat moves between two columns within `row`; `log` is that of its cost.
#[derive(Clone, Copy)]
struct Step {
    row: usize,
    log: i64,
}

/// One step of a way.
#[derive(Clone, Copy)]
struct Hop {
    row: usize,
    from: usize,
    to: usize,
}

/// The cheapest way found to a column.
#[derive(Clone, Default)]
struct Way {
    cost: Ratio,
    hops: Vec<Hop>,
}

/// No way leads from a column with too many seats to one with too few.
pub(super) struct Barrier {
    /// The columns that can be reached from those with too many.
    pub(super) reached: Vec<bool>,
    /// The rows that have more than their lower bounds there, and so nothing free elsewhere.
    pub(super) rows: Vec<bool>,
}

impl<'a> Flow<'a> {
    /// `seats` keeps the bounds and row totals of the problem and has no cycle of negative cost.
    pub(super) fn new(problem: &'a Problem, seats: Grid<u64>) -> Self {
        let (rows, columns) = (problem.rows(), problem.columns());
        let mut flow = Self {
            problem,
            seats,
            next: Grid::filled(rows, columns, None),
            last: Grid::filled(rows, columns, None),
            steps: Grid::filled(columns, columns, None),
        };
        for row in 0..rows {
            for column in 0..columns {
                flow.price(row, column);
            }
        }
        for from in 0..columns {
            for to in 0..columns {
                flow.find_step(from, to);
            }
        }
        flow
    }

    /// Moves seats until every column has its total.
    pub(super) fn run(&mut self) -> Result<(), Barrier> {
        let mut sums = column_sums(&self.seats);
        loop {
            let totals = &self.problem.column_totals;
            let compared: Vec<Ordering> = sums.iter().zip(totals).map(|(sum, total)| sum.cmp(total)).collect();
            if compared.iter().all(|compared| compared.is_eq()) {
                return Ok(());
            }
            let starts: Vec<bool> = compared.iter().map(|compared| compared.is_gt()).collect();
            let ways = self.ways(&starts);
            let Some(way) = cheapest(&ways, &compared) else {
                return Err(self.barrier(ways.iter().map(Option::is_some).collect()));
            };
            if let (Some(first), Some(last)) = (way.hops.first(), way.hops.last()) {
                for (column, sum) in sums.iter_mut().enumerate() {
                    *sum = *sum + u64::from(column == last.to) - u64::from(column == first.from);
                }
            }
            self.walk(&way.hops);
        }
    }

    /// For every column the product of prices along the cheapest way to it from any column: with these as multipliers no step is under 1.
    pub(super) fn potentials(&self) -> Vec<Ratio> {
        self.ways(&vec![true; self.problem.columns()])
            .into_iter()
            .map(|way| way.unwrap_or_default().cost)
            .collect()
    }

    /// The price of a cell's next seat, for what its column's potential makes of it; `None` where it is full.
    pub(super) fn next_price(&self, row: usize, column: usize, potential: &Ratio) -> Option<Ratio> {
        self.next.at(row, column)?;
        let signpost = self.problem.rounding.signpost(self.seats.at(row, column) + 1);
        Some(Ratio::of([signpost], [self.problem.weights.at(row, column)]).times(&potential.inverse()))
    }

    /// The price of a cell's last seat, likewise; `None` where it may not be taken.
    pub(super) fn last_price(&self, row: usize, column: usize, potential: &Ratio) -> Option<Ratio> {
        self.last.at(row, column)?;
        let signpost = self.problem.rounding.signpost(self.seats.at(row, column));
        Some(Ratio::of([signpost], [self.problem.weights.at(row, column)]).times(&potential.inverse()))
    }

    fn price(&mut self, row: usize, column: usize) {
        let (problem, seats) = (self.problem, self.seats.at(row, column));
        let price = |seats: u64| log(problem.rounding.signpost(seats)) - log(problem.weights.at(row, column));
        self.next
            .set(row, column, (seats < problem.upper.at(row, column)).then(|| price(seats + 1)));
        self.last
            .set(row, column, (seats > problem.lower.at(row, column)).then(|| price(seats)));
    }

    fn find_step(&mut self, from: usize, to: usize) {
        self.steps.set(from, to, None);
        if from != to {
            for row in 0..self.problem.rows() {
                self.offer_step(row, from, to);
            }
        }
    }

    /// Keeps the step within `row` if it is cheaper than the one known.
    fn offer_step(&mut self, row: usize, from: usize, to: usize) {
        let (Some(next), Some(last)) = (self.next.at(row, to), self.last.at(row, from)) else {
            return;
        };
        let offered = Step { row, log: next - last };
        let better = self.steps.at(from, to).is_none_or(|known| {
            let difference = offered.log - known.log;
            if difference.abs() > error_of(8) {
                return difference < 0;
            }
            let ((a, b), (c, d)) = (self.cost(row, from, to), self.cost(known.row, from, to));
            compare_products(a.iter().chain(&d), c.iter().chain(&b)).is_lt()
        });
        if better {
            self.steps.set(from, to, Some(offered));
        }
    }

    /// What a step costs, as factors over factors.
    fn cost(&self, row: usize, from: usize, to: usize) -> ([u64; 2], [u64; 2]) {
        let problem = self.problem;
        let next = problem.rounding.signpost(self.seats.at(row, to) + 1);
        let last = problem.rounding.signpost(self.seats.at(row, from));
        ([next, problem.weights.at(row, from)], [last, problem.weights.at(row, to)])
    }

    /// The cheapest way to each column from any of `starts`, by relaxing steps until nothing gets cheaper (Bellman-Ford, only from columns whose way
    /// became cheaper); `None` where no way leads. There is no negative cycle, so as many rounds as there are columns suffice.
    fn ways(&self, starts: &[bool]) -> Vec<Option<Way>> {
        let mut ways: Vec<Option<Way>> = starts.iter().map(|start| start.then(Way::default)).collect();
        let mut pending = starts.to_vec();
        for _ in 0..ways.len() {
            for from in 0..ways.len() {
                if !pending.get_mut(from).is_some_and(std::mem::take) {
                    continue;
                }
                let Some(way) = ways.get(from).cloned().flatten() else { continue };
                for to in 0..ways.len() {
                    let (Some(step), Some(known)) = (self.steps.at(from, to), ways.get_mut(to)) else {
                        continue;
                    };
                    if let Some(cheaper) = self.extended(&way, step, Hop { row: step.row, from, to }, known.as_ref()) {
                        *known = Some(cheaper);
                        if let Some(pending) = pending.get_mut(to) {
                            *pending = true;
                        }
                    }
                }
            }
            if !pending.contains(&true) {
                break;
            }
        }
        ways
    }

    /// The way and one more step, if that is cheaper than what is known.
    fn extended(&self, way: &Way, step: Step, hop: Hop, known: Option<&Way>) -> Option<Way> {
        if known.is_some_and(|known| way.cost.surely_more(step.log, 4, &known.cost)) {
            return None;
        }
        let (over, under) = self.cost(hop.row, hop.from, hop.to);
        let cost = Ratio::of(over, under);
        if known.is_some_and(|known| way.cost.compare_times(&cost, &known.cost).is_ge()) {
            return None;
        }
        let hops = way.hops.iter().copied().chain([hop]).collect();
        Some(Way {
            cost: way.cost.times(&cost),
            hops,
        })
    }

    fn walk(&mut self, hops: &[Hop]) {
        for Hop { row, from, to } in hops.iter().copied() {
            self.seats.set(row, from, self.seats.at(row, from).saturating_sub(1));
            self.seats.set(row, to, self.seats.at(row, to) + 1);
            self.price(row, from);
            self.price(row, to);
        }
        for Hop { row, from, to } in hops.iter().copied() {
            for column in 0..self.problem.columns() {
                for (from, to) in [(from, column), (column, from), (to, column), (column, to)] {
                    match self.steps.at(from, to) {
                        Some(known) if known.row == row => self.find_step(from, to),
                        _ if from != to => self.offer_step(row, from, to),
                        _ => {}
                    }
                }
            }
        }
    }

    fn barrier(&self, reached: Vec<bool>) -> Barrier {
        let rows = (0..self.problem.rows())
            .map(|row| {
                reached
                    .iter()
                    .enumerate()
                    .any(|(column, reached)| *reached && self.last.at(row, column).is_some())
            })
            .collect();
        Barrier { reached, rows }
    }
}

/// The cheapest way to a column that has too few seats.
fn cheapest(ways: &[Option<Way>], compared: &[Ordering]) -> Option<Way> {
    let wanting = ways
        .iter()
        .zip(compared)
        .filter(|(_, compared)| compared.is_lt())
        .filter_map(|(way, _)| way.as_ref());
    wanting.min_by(|a, b| a.cost.compare(&b.cost)).cloned()
}
