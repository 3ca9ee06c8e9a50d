//! A linear program whose goal and some of whose limits change: rows are given once, limits can be lifted and put back, and each solution starts from the
//! one before. Knows no tables. HiGHS works with floating point, so a point counts only if it was held against every bound.

use highs::{Col, HighsModelStatus, Model, RowProblem, Sense};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// How far a point may miss a bound; HiGHS itself allows a tenth of it.
const TOLERANCE: f64 = 1e-6;
/// How many seconds all questions about one program may take: HiGHS does not begin anew with each. A tree of the nation takes ten.
const SECONDS: f64 = 600.0;

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
    model: Option<Model>,
    /// Of the unknowns; `None` for what can only be what it is.
    columns: Vec<Option<Col>>,
    truth: Vec<f64>,
    /// As they are now.
    bounds: Vec<(f64, f64)>,
    rows: Vec<Row>,
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
            terms: collected(terms).into_iter().collect(),
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
        let mut problem = RowProblem::default();
        let settled = self.settled();
        let column = |(bounds, settled): (&(f64, f64), &bool)| (!settled).then(|| problem.add_column(0.0, bounds.0..=bounds.1));
        let columns: Vec<Option<Col>> = self.bounds.iter().zip(&settled).map(column).collect();
        for row in &self.rows {
            let (known, left): (Terms, Terms) = row.terms.iter().copied().partition(|(unknown, _)| is_set(&settled, *unknown));
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
        model.try_set_option("time_limit", SECONDS).ok()?;
        model.try_set_option("simplex_strategy", PRIMAL).ok()?;
        Some(Solver {
            model: Some(model),
            columns,
            truth: self.truth,
            bounds: self.bounds,
            rows: self.rows,
            goal: Vec::new(),
            failed: false,
        })
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
        if let (Some(model), Some(column), Some(bounds)) = (&mut self.model, self.columns.get(limit), self.bounds.get_mut(limit))
            && *bounds != (least, most)
        {
            if let Some(column) = column {
                model.change_column_bounds(*column, least..=most);
            }
            *bounds = (least, most);
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
            return Some(self.truth.clone());
        }
        let found = self.solve(goal);
        self.failed |= found.is_none();
        found
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
        let point: Vec<f64> = self.columns.iter().zip(&self.truth).map_while(at).collect();
        (within(&point, &self.bounds) && self.rows.iter().all(|row| row.fits(&point))).then_some(point)
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
