//! HiGHS, and nothing else of it anywhere: one 0/1 program in, the hospitals that it would choose out. It works with floating point, so that nothing of
//! what it says may be used before it was held against the problem in integers ([`Problem::verify`]).

use super::problem::Problem;
use super::rows::count;
use highs::{HighsModelStatus, Model, RowProblem, Sense, SolvedModel, TrySetOptionError};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How far from 0 or 1 a variable may be; HiGHS itself allows a millionth.
const NEAR: f64 = 1e-5;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SolverError {
    /// It was not done in the time given.
    TooHard,
    /// It failed, or said something that is not true: a defect.
    Failed(String),
}

/// The choice with most points in which some places are fixed; `None`: there is none. Unverified.
pub(crate) fn best(problem: &Problem, fixed: &BTreeMap<usize, bool>, time: Duration) -> Result<Option<Vec<bool>>, SolverError> {
    if time.is_zero() {
        return Err(SolverError::TooHard);
    }
    // HiGHS calls a model without variables empty and says nothing of its rows.
    if problem.scores.is_empty() {
        return Ok(problem.verify(&[]).is_ok().then(Vec::new));
    }
    let solved = solve(program(problem, fixed, true)?, time)?;
    match solved.status() {
        HighsModelStatus::Optimal => {}
        HighsModelStatus::Infeasible | HighsModelStatus::UnboundedOrInfeasible => return Ok(None),
        HighsModelStatus::ReachedTimeLimit => return Err(SolverError::TooHard),
        status => return Err(failed("it ended otherwise", &status)),
    }
    let decided = |value: &f64| match value {
        value if value.abs() <= NEAR => Ok(false),
        value if (value - 1.0).abs() <= NEAR => Ok(true),
        value => Err(failed("a hospital is chosen in part", value)),
    };
    solved
        .get_solution()
        .columns()
        .iter()
        .map(decided)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// What one more hospital in each row would bring if hospitals could be chosen in part, in points by row; `None`: it did not say. Unverified.
pub(crate) fn prices(problem: &Problem, time: Duration) -> Result<Option<Vec<f64>>, SolverError> {
    if time.is_zero() {
        return Err(SolverError::TooHard);
    }
    if problem.scores.is_empty() {
        return Ok(None);
    }
    let solved = solve(program(problem, &BTreeMap::new(), false)?, time)?;
    match solved.status() {
        HighsModelStatus::Optimal => Ok(Some(solved.get_solution().dual_rows().to_vec())),
        HighsModelStatus::ReachedTimeLimit => Err(SolverError::TooHard),
        _ => Ok(None),
    }
}

fn failed(what: &str, status: &impl fmt::Debug) -> SolverError {
    SolverError::Failed(format!("HiGHS: {what}: {status:?}"))
}

fn solve(program: RowProblem, time: Duration) -> Result<SolvedModel, SolverError> {
    let mut model = program
        .try_optimise(Sense::Maximise)
        .map_err(|status| failed("the model was refused", &status))?;
    set_up(&mut model, time).map_err(|error| failed("an option was refused", &error))?;
    model.try_solve().map_err(|status| failed("solving failed", &status))
}

fn program(problem: &Problem, fixed: &BTreeMap<usize, bool>, whole: bool) -> Result<RowProblem, SolverError> {
    let number = |count: u64| {
        u32::try_from(count)
            .map(f64::from)
            .map_err(|error| failed("too large a number", &error))
    };
    let mut program = RowProblem::default();
    let mut columns = Vec::with_capacity(problem.scores.len());
    for (place, score) in problem.scores.iter().enumerate() {
        let bounds = match fixed.get(&place) {
            None => 0.0..=1.0,
            Some(false) => 0.0..=0.0,
            Some(true) => 1.0..=1.0,
        };
        columns.push(program.add_column_with_integrality(number(*score)?, bounds, whole));
    }
    for row in &problem.rows {
        let members = row.members.iter().filter_map(|place| columns.get(*place));
        let members: Vec<_> = members.map(|column| (*column, 1.0)).collect();
        // u64::MAX stands for no bound, and nothing counts more than its members.
        let all = count(&row.members);
        let most = row.most.min(all);
        // HiGHS refuses a row that ends before it begins; that nothing is enough is said by one that needs more than there are.
        if row.least > most {
            program.add_row(number(all + 1)?.., &members);
        } else {
            program.add_row(number(row.least)?..=number(most)?, &members);
        }
    }
    Ok(program)
}

/// One thread and no gap: the optimum itself, or nothing.
fn set_up(model: &mut Model, time: Duration) -> Result<(), TrySetOptionError> {
    model.make_quiet();
    model.try_set_option("threads", 1)?;
    model.try_set_option("parallel", "off")?;
    model.try_set_option("random_seed", 0)?;
    model.try_set_option("mip_rel_gap", 0.0)?;
    model.try_set_option("mip_abs_gap", 0.0)?;
    model.try_set_option("time_limit", time.as_secs_f64())
}
