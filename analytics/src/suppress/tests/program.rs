//! A linear program as the attack needs it: what is known, as rows, and any number of points that fit all of it. A point counts only if it was checked
//! here against every row, so that a mistake of the solver can make the attack look stronger, never the release look safer.

use highs::{Col, HighsModelStatus, Model, RowProblem, Sense};
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is known of the unknowns; all of them are at least 0.
#[derive(Clone, Default)]
pub(crate) struct Program {
    /// What is true, and so fits.
    pub(crate) truth: Vec<f64>,
    rows: Vec<Row>,
    solver: Solver,
}

#[derive(Debug, Clone)]
struct Row {
    terms: Vec<(usize, f64)>,
    least: f64,
    most: f64,
}

const TOLERANCE: f64 = 1e-6;

impl Program {
    /// A further unknown, with its true value.
    pub(crate) fn unknown(&mut self, truth: u32) -> usize {
        self.solver = Solver::default();
        self.truth.push(f64::from(truth));
        self.truth.len() - 1
    }

    /// A sum is known to lie between two numbers. It is a mistake of the attack if the truth does not fit.
    pub(crate) fn know(&mut self, terms: Vec<(usize, f64)>, least: f64, most: f64) {
        // The solver wants every unknown once.
        let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
        terms
            .into_iter()
            .for_each(|(unknown, factor)| *sums.entry(unknown).or_default() += factor);
        let row = Row {
            terms: sums.into_iter().collect(),
            least,
            most,
        };
        assert!(row.fits(&self.truth), "the truth does not fit: {row:?}");
        self.rows.push(row);
        self.solver = Solver::default();
    }

    /// A sum of unknowns is known exactly: what it truly is.
    pub(crate) fn know_sum(&mut self, terms: Vec<(usize, f64)>) {
        let sum = value(&terms, &self.truth);
        self.know(terms, sum, sum);
    }

    /// The point that fits and makes an expression greatest; `None` if the solver found none that stands the check. `whole`: in whole numbers.
    pub(crate) fn greatest(&self, goal: &[(usize, f64)], whole: bool) -> Option<Vec<f64>> {
        let mut weights = vec![0.0; self.truth.len()];
        goal.iter().for_each(|(unknown, weight)| weights[*unknown] += weight);
        let most = self.truth.iter().sum::<f64>() + 1.0;
        let point = if whole {
            self.in_whole_numbers(&weights, most)
        } else {
            self.solver.greatest(self, &weights, most)
        }?;
        let fits = point.iter().all(|value| *value >= -TOLERANCE) && self.rows.iter().all(|row| row.fits(&point));
        fits.then_some(point)
    }

    fn in_whole_numbers(&self, weights: &[f64], most: f64) -> Option<Vec<f64>> {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "a bound of small whole numbers"
        )]
        let most = most as i32;
        let unknowns: Vec<Variable> = weights.iter().map(|weight| problem.add_integer_var(*weight, (0, most))).collect();
        for row in &self.rows {
            let mut expression = LinearExpr::empty();
            row.terms
                .iter()
                .for_each(|(unknown, factor)| expression.add(unknowns[*unknown], *factor));
            if row.least == row.most {
                problem.add_constraint(expression, ComparisonOp::Eq, row.least);
                continue;
            }
            for (bound, comparison) in [(row.least, ComparisonOp::Ge), (row.most, ComparisonOp::Le)] {
                if bound.is_finite() {
                    problem.add_constraint(expression.clone(), comparison, bound);
                }
            }
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        Some(unknowns.iter().map(|unknown| solution.var_value(*unknown)).collect())
    }
}

/// HiGHS with the rows of a program, kept from one goal to the next.
#[derive(Default)]
struct Solver(RefCell<Option<(Model, Vec<Col>)>>);

impl Solver {
    fn greatest(&self, program: &Program, weights: &[f64], most: f64) -> Option<Vec<f64>> {
        let kept = self.0.take().or_else(|| Solver::model(program, most));
        let (mut model, columns) = kept?;
        for (column, weight) in columns.iter().zip(weights) {
            model.change_column_cost(*column, *weight);
        }
        let solved = model.try_solve().ok()?;
        let found = (solved.status() == HighsModelStatus::Optimal).then(|| solved.get_solution().columns().to_vec());
        self.0.replace(Some((Model::from(solved), columns)));
        found
    }

    fn model(program: &Program, most: f64) -> Option<(Model, Vec<Col>)> {
        let mut problem = RowProblem::default();
        let columns: Vec<Col> = program.truth.iter().map(|_| problem.add_column(0.0, 0.0..=most)).collect();
        for row in &program.rows {
            let terms = row.terms.iter().map(|(unknown, factor)| (columns[*unknown], *factor));
            problem.add_row(row.least..=row.most, terms);
        }
        let mut model = problem.try_optimise(Sense::Maximise).ok()?;
        model.make_quiet();
        // The primal simplex: from goal to goal the point before still fits.
        model.try_set_option("simplex_strategy", 4).ok()?;
        model.try_set_option("threads", 1).ok()?;
        Some((model, columns))
    }
}

impl Clone for Solver {
    fn clone(&self) -> Solver {
        Solver::default()
    }
}

impl Row {
    fn fits(&self, point: &[f64]) -> bool {
        let value = value(&self.terms, point);
        value >= self.least - TOLERANCE && value <= self.most + TOLERANCE
    }
}

/// What an expression comes to.
pub(crate) fn value(terms: &[(usize, f64)], point: &[f64]) -> f64 {
    terms.iter().map(|(unknown, factor)| factor * point[*unknown]).sum()
}
