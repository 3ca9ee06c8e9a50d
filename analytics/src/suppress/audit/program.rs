//! A linear program whose goal and some of whose limits change: rows are given once, limits can be lifted and put back, and each solution starts from the
//! one before. Knows no tables. HiGHS works with floating point, so a point counts only if it was held against every bound.

use highs::{Col, HighsModelStatus, Model, RowProblem, Sense};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How far a point may miss a bound.
const TOLERANCE: f64 = 1e-6;
/// How far HiGHS lets one miss. It scales rows and columns, so that its usual 1e-7 came to 4e-6 in sums of the whole nation: such a point does not count,
/// and a tree of questions of which one was not answered is withheld whole.
const NEARER: f64 = 1e-9;
/// How long all questions about one program may take. A tree of the nation takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(600);

/// HiGHS's number of the primal simplex: only the goal changes from one solution to the next, so the point before still fits (measured: ten times faster).
const PRIMAL: i32 = 4;

/// An unknown, or a limit: its index.
pub(super) type Unknown = usize;
/// A sum of unknowns, each with a factor.
pub(super) type Terms = Vec<(Unknown, f64)>;

/// What is known, before anything is asked.
#[derive(Default)]
pub(super) struct Program {
    bounds: Vec<(f64, f64)>,
    rows: Vec<Row>,
    /// What is true of the unknowns, and so fits.
    pub(super) truth: Vec<f64>,
}

/// The program with its solver. Limits are lifted until [`Solver::hold`].
pub(super) struct Solver {
    begun: Instant,
    model: Option<Model>,
    /// Of the unknowns; `None` for what can only be what it is.
    columns: Vec<Option<Col>>,
    /// With the bounds as they are now.
    program: Program,
    /// The columns of the goal before.
    goal: Vec<Unknown>,
    failed: bool,
}

/// A sum and the range that it lies in.
struct Row {
    terms: Terms,
    range: (f64, f64),
}

impl Row {
    fn fits(&self, point: &[f64]) -> bool {
        lies(value(&self.terms, point), self.range)
    }
}

fn lies(value: f64, (least, most): (f64, f64)) -> bool {
    value >= least - TOLERANCE && value <= most + TOLERANCE
}

impl Program {
    /// A further unknown between 0 and a number, with its true value.
    pub(super) fn unknown(&mut self, truth: u32, most: u32) -> Unknown {
        self.column(f64::from(truth), (0.0, f64::from(most)))
    }

    fn column(&mut self, truth: f64, bounds: (f64, f64)) -> Unknown {
        self.bounds.push(bounds);
        self.truth.push(truth);
        self.truth.len() - 1
    }

    /// A sum lies in a range.
    pub(super) fn know(&mut self, terms: &[(Unknown, f64)], range: RangeInclusive<f64>) {
        self.rows.push(Row {
            // What cancels out is no part of the sum.
            terms: collected(terms).into_iter().filter(|(_, factor)| *factor != 0.0).collect(),
            range: range.into_inner(),
        });
    }

    /// A sum is what it truly is.
    pub(super) fn know_sum(&mut self, terms: &[(Unknown, f64)]) {
        let sum = value(terms, &self.truth);
        self.know(terms, sum..=sum);
    }

    /// A sum whose range is known only while the limit that comes back is held.
    pub(super) fn limit(&mut self, mut terms: Terms) -> Unknown {
        let limit = self.column(value(&terms, &self.truth), (f64::NEG_INFINITY, f64::INFINITY));
        terms.push((limit, -1.0));
        self.know(&terms, 0.0..=0.0);
        limit
    }

    /// Ready to be asked; `None` if the solver refuses it, or the truth does not fit: then what it knows is not true.
    pub(super) fn solver(self) -> Option<Solver> {
        let is_true = self.rows.iter().all(|row| row.fits(&self.truth)) && within(&self.truth, &self.bounds);
        if !is_true {
            return None;
        }
        let settled = self.settled();
        let (model, columns) = self.model(&settled, PATIENCE)?;
        Some(Solver {
            begun: Instant::now(),
            model: Some(model),
            columns,
            program: self,
            goal: Vec::new(),
            failed: false,
        })
    }

    /// As HiGHS takes it, and its column of every unknown that is not settled. The time that is left counts for all questions: HiGHS's clock goes on.
    fn model(&self, settled: &[bool], left: Duration) -> Option<(Model, Vec<Option<Col>>)> {
        let mut problem = RowProblem::default();
        let column = |(bounds, settled): (&(f64, f64), &bool)| (!settled).then(|| problem.add_column(0.0, bounds.0..=bounds.1));
        let columns: Vec<Option<Col>> = self.bounds.iter().zip(settled).map(column).collect();
        for row in &self.rows {
            let (known, left): (Terms, Terms) = row.terms.iter().copied().partition(|(unknown, _)| is_set(settled, *unknown));
            if !left.is_empty() {
                let known = value(&known, &self.truth);
                let left = left
                    .iter()
                    .filter_map(|(unknown, factor)| Some(((*columns.get(*unknown)?)?, *factor)));
                problem.add_row(row.range.0 - known..=row.range.1 - known, left);
            }
        }
        let mut model = problem.try_optimise(Sense::Maximise).ok()?;
        model.make_quiet();
        model.try_set_option("threads", 1).ok()?;
        model.try_set_option("parallel", "off").ok()?;
        model.try_set_option("random_seed", 0).ok()?;
        model.try_set_option("time_limit", left.as_secs_f64()).ok()?;
        model.try_set_option("simplex_strategy", PRIMAL).ok()?;
        model.try_set_option("primal_feasibility_tolerance", NEARER).ok()?;
        Some((model, columns))
    }

    /// The unknowns that can only be what they are: the only one that is left of a sum, and all of a sum that is as far as its parts let it. In a small
    /// nation that is most of them, for most cells have nobody in them; the solver need not carry them along.
    fn settled(&self) -> Vec<bool> {
        let mut settled: Vec<bool> = self.bounds.iter().map(|(least, most)| least == most).collect();
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        loop {
            let before = rows.len();
            rows.retain(|row| {
                let left = || row.terms.iter().filter(|(unknown, _)| !is_set(&settled, *unknown));
                let is_all = match left().count() {
                    0 => return false,
                    1 => row.range.0 == row.range.1,
                    _ => self.is_at_an_end(row, &settled),
                };
                let unknowns: Vec<Unknown> = left().map(|(unknown, _)| *unknown).filter(|_| is_all).collect();
                for unknown in unknowns {
                    if let Some(flag) = settled.get_mut(unknown) {
                        *flag = true;
                    }
                }
                !is_all
            });
            if rows.len() == before {
                return settled;
            }
        }
    }

    /// Whether a sum could not be more, with everything as great in it as can be, and is not less; or the other way round.
    fn is_at_an_end(&self, row: &Row, settled: &[bool]) -> bool {
        let at = value(&row.terms, &self.truth);
        let left = || row.terms.iter().filter(|(unknown, _)| !is_set(settled, *unknown));
        let all = |greatest: bool| {
            left().all(|(unknown, factor)| {
                let bounds = self.bounds.get(*unknown).copied().unwrap_or((0.0, 0.0));
                let end = if greatest == (*factor > 0.0) { bounds.1 } else { bounds.0 };
                self.truth.get(*unknown) == Some(&end)
            })
        };
        at <= row.range.0 && all(true) || at >= row.range.1 && all(false)
    }
}

fn is_set(flags: &[bool], index: usize) -> bool {
    flags.get(index).copied().unwrap_or(false)
}

fn within(point: &[f64], bounds: &[(f64, f64)]) -> bool {
    point.len() == bounds.len() && point.iter().zip(bounds).all(|(value, bounds)| lies(*value, *bounds))
}

impl Solver {
    /// A limit is known to lie in a range from now on; an infinite range lifts it.
    pub(super) fn hold(&mut self, limit: Unknown, (least, most): (f64, f64)) {
        if let Some(bounds) = self.program.bounds.get_mut(limit).filter(|bounds| **bounds != (least, most)) {
            // Without a model too: the next one is made of these.
            *bounds = (least, most);
            if let (Some(model), Some(Some(column))) = (&mut self.model, self.columns.get(limit)) {
                model.change_column_bounds(*column, least..=most);
            }
        }
    }

    /// Those of a sum's unknowns that can be something else than they are.
    pub(super) fn movable(&self, terms: &[(Unknown, f64)]) -> BTreeSet<Unknown> {
        let unknowns = terms.iter().map(|(unknown, _)| *unknown);
        unknowns
            .filter(|unknown| self.columns.get(*unknown).is_some_and(Option::is_some))
            .collect()
    }

    /// Whether every question so far was answered.
    pub(super) fn is_sound(&self) -> bool {
        !self.failed
    }

    /// A point that fits and makes a sum greatest; `None` if the solver finds none that stands the check.
    pub(super) fn greatest(&mut self, goal: &[(Unknown, f64)]) -> Option<Vec<f64>> {
        if self.movable(goal).is_empty() {
            return Some(self.program.truth.clone());
        }
        // What went wrong on the way from the points before may go well from none.
        let found = self.solve(goal).or_else(|| {
            self.forget()?;
            self.solve(goal)
        });
        self.failed |= found.is_none();
        found
    }

    /// Begins anew, without the points so far.
    fn forget(&mut self) -> Option<()> {
        let settled: Vec<bool> = self.columns.iter().map(Option::is_none).collect();
        let left = PATIENCE.checked_sub(self.begun.elapsed())?;
        let (model, columns) = self.program.model(&settled, left)?;
        (self.model, self.columns) = (Some(model), columns);
        self.goal.clear();
        Some(())
    }

    fn solve(&mut self, goal: &[(Unknown, f64)]) -> Option<Vec<f64>> {
        let mut model = self.model.take()?;
        let costs = collected(&[self.goal.drain(..).map(|unknown| (unknown, 0.0)).collect(), goal.to_vec()].concat());
        for (unknown, cost) in &costs {
            if let Some(column) = self.columns.get(*unknown)? {
                model.change_column_cost(*column, *cost);
            }
        }
        self.goal = goal.iter().map(|(unknown, _)| *unknown).collect();
        let solved = model.try_solve().ok()?;
        let found = (solved.status() == HighsModelStatus::Optimal).then(|| solved.get_solution());
        self.model = Some(Model::from(solved));
        let found = found?;
        let mut moved = found.columns().iter();
        let at = |(column, truth): (&Option<Col>, &f64)| column.as_ref().map_or(Some(*truth), |_| moved.next().copied());
        let Program { bounds, rows, truth } = &self.program;
        let point: Vec<f64> = self.columns.iter().zip(truth).map_while(at).collect();
        (within(&point, bounds) && rows.iter().all(|row| row.fits(&point))).then_some(point)
    }
}

/// Every unknown once: HiGHS refuses a row that names one twice.
fn collected(terms: &[(Unknown, f64)]) -> BTreeMap<Unknown, f64> {
    let mut sums = BTreeMap::new();
    for (unknown, factor) in terms {
        *sums.entry(*unknown).or_default() += factor;
    }
    sums
}

/// What a sum comes to at a point.
pub(super) fn value(terms: &[(Unknown, f64)], point: &[f64]) -> f64 {
    terms
        .iter()
        .map(|(unknown, factor)| factor * point.get(*unknown).copied().unwrap_or(0.0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `side` times `side` cells, whose sums by line and column are known and each of whose lines has a limit on a weighted sum.
    fn square(side: usize) -> (Program, Vec<Unknown>, Vec<Unknown>) {
        let mut program = Program::default();
        let size = side * side;
        let cells: Vec<Unknown> = (0..size)
            .map(|cell| program.unknown(u32::try_from(cell * 7 % 11).unwrap(), 40))
            .collect();
        for line in 0..side {
            let own = |cell: &Unknown| cell / side == line;
            let below = |cell: &Unknown| cell % side == line;
            for terms in [
                cells.iter().copied().filter(own).collect::<Vec<_>>(),
                cells.iter().copied().filter(below).collect(),
            ] {
                program.know_sum(&terms.iter().map(|cell| (*cell, 1.0)).collect::<Terms>());
            }
        }
        let mut limit = |line: usize| {
            let weighted = cells.iter().filter(|cell| *cell / side == line);
            program.limit(
                weighted
                    .map(|cell| (*cell, 1.0 + f64::from(u32::try_from(*cell).unwrap()) / 7.0))
                    .collect(),
            )
        };
        let limits = (0..side).map(&mut limit).collect();
        (program, cells, limits)
    }

    #[test]
    fn what_was_forgotten_changes_no_answer() {
        let (program, cells, limits) = square(6);
        let truth = program.truth.clone();
        let mut steady = program.solver().unwrap();
        let mut forgetful = square(6).0.solver().unwrap();
        let mut moved = 0;
        for (index, cell) in cells.iter().enumerate() {
            if let Some(limit) = limits.get(index / 6) {
                let range = if index % 2 == 0 {
                    (truth[*limit] - 0.5, truth[*limit] + 0.5)
                } else {
                    (f64::NEG_INFINITY, f64::INFINITY)
                };
                steady.hold(*limit, range);
                forgetful.hold(*limit, range);
            }
            forgetful.forget().unwrap();
            for factor in [1.0, -1.0] {
                let goal = [(*cell, factor)];
                let [one, other] = [&mut steady, &mut forgetful].map(|solver| value(&goal, &solver.greatest(&goal).unwrap()));
                assert!((one - other).abs() < 1e-5, "{index}: {one} {other}");
                moved += usize::from(one > value(&goal, &truth) + 0.5);
            }
        }
        assert!(moved > 20 && steady.is_sound() && forgetful.is_sound(), "{moved}");
    }
}
