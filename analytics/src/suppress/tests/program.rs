//! A linear program as the attack needs it: what is known, as rows, and any number of points that fit all of it. A point counts only if it was checked
//! here against every row, so that a mistake of the solver can make the attack look stronger, never the release look safer.

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};

/// What is known of the unknowns; all of them are at least 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    /// What is true, and so fits.
    pub(super) truth: Vec<f64>,
    rows: Vec<Row>,
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
    pub(super) fn unknown(&mut self, truth: u32) -> usize {
        self.truth.push(f64::from(truth));
        self.truth.len() - 1
    }

    /// A sum is known to lie between two numbers. It is a mistake of the attack if the truth does not fit.
    pub(super) fn know(&mut self, terms: Vec<(usize, f64)>, least: f64, most: f64) {
        let row = Row { terms, least, most };
        assert!(row.fits(&self.truth), "the truth does not fit: {row:?}");
        self.rows.push(row);
    }

    /// A sum of unknowns is known exactly: what it truly is.
    pub(super) fn know_sum(&mut self, terms: Vec<(usize, f64)>) {
        let sum = value(&terms, &self.truth);
        self.know(terms, sum, sum);
    }

    /// The point that fits and makes an expression greatest; `None` if the solver found none that stands the check.
    pub(super) fn greatest(&self, goal: &[(usize, f64)], whole: bool) -> Option<Vec<f64>> {
        let mut weights = vec![0.0; self.truth.len()];
        goal.iter().for_each(|(unknown, weight)| weights[*unknown] += weight);
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let most = self.truth.iter().sum::<f64>() + 1.0;
        let unknowns: Vec<Variable> = weights
            .iter()
            .map(|weight| match whole {
                #[expect(
                    clippy::as_conversions,
                    clippy::cast_possible_truncation,
                    reason = "a bound of small whole numbers"
                )]
                true => problem.add_integer_var(*weight, (0, most as i32)),
                false => problem.add_var(*weight, (0.0, most)),
            })
            .collect();
        for row in &self.rows {
            let mut expression = LinearExpr::empty();
            row.terms
                .iter()
                .for_each(|(unknown, factor)| expression.add(unknowns[*unknown], *factor));
            if row.least == row.most {
                problem.add_constraint(expression, ComparisonOp::Eq, row.least);
            } else {
                problem.add_constraint(expression.clone(), ComparisonOp::Ge, row.least);
                if row.most.is_finite() {
                    problem.add_constraint(expression, ComparisonOp::Le, row.most);
                }
            }
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        let point: Vec<f64> = unknowns.iter().map(|unknown| solution.var_value(*unknown)).collect();
        let fits = point.iter().all(|value| *value >= -TOLERANCE) && self.rows.iter().all(|row| row.fits(&point));
        fits.then_some(point)
    }
}

impl Row {
    fn fits(&self, point: &[f64]) -> bool {
        let value = value(&self.terms, point);
        value >= self.least - TOLERANCE && value <= self.most + TOLERANCE
    }
}

/// What an expression comes to.
pub(super) fn value(terms: &[(usize, f64)], point: &[f64]) -> f64 {
    terms.iter().map(|(unknown, factor)| factor * point[*unknown]).sum()
}
