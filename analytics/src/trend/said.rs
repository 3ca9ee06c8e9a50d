//! What each hospital said in one year of a pair: yes, no, or nothing that counts. Joins no years.

use super::TrendError;
use crate::columns;
use crate::estimate::Cell;
use crate::snapshot::Snapshot;
use std::collections::HashMap;
use survey::area::Area;
use survey::codes::FIRST_OPTION;
use survey::crosswalk::{Counting, Said};
use uuid::Uuid;

/// Outside of the base, in it and not counted, counted: the states that `estimate` reckons with, as indices.
pub(super) const OUTSIDE: usize = 0;
/// In the base, and no.
pub(super) const NO: usize = 1;
/// In the base, and yes.
pub(super) const YES: usize = 2;

/// A hospital of one year's frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) cell: Cell,
    /// Whether it lies in the area that is asked for.
    pub(super) inside: bool,
    /// `None` where it did not answer the survey; else one of the three states.
    pub(super) state: Option<usize>,
}

/// Every hospital of the frame of one year.
pub(super) type Year = HashMap<Uuid, Place>;

/// Reads one year.
pub(super) fn year(snapshot: &Snapshot, question: &str, counting: &Counting, area: &Area) -> Result<Year, TrendError> {
    let failed = |error: polars::prelude::PolarsError| TrendError::Counting(error.to_string());
    let places = columns::places(&snapshot.columns().frame, area).map_err(failed)?;
    let mut said = vec![None; places.len()];
    for (row, state) in snapshot.response_rows().zip(states(snapshot, question, counting)?) {
        if let Some(said) = said.get_mut(row) {
            *said = Some(state);
        }
    }
    let place = |((hospital, (cell, inside)), state): ((&Uuid, (Cell, bool)), Option<usize>)| (*hospital, Place { cell, inside, state });
    Ok(snapshot.frame_hospitals().iter().zip(places).zip(said).map(place).collect())
}

/// The state of every response, in the order of the rows.
fn states(snapshot: &Snapshot, question: &str, counting: &Counting) -> Result<Vec<usize>, TrendError> {
    let own = Column::new(snapshot, question, &counting.yes)?;
    let said = |said: &Said| Column::new(snapshot, &said.question, &said.is);
    let among = counting.among.as_ref().map(said).transpose()?;
    let no_if = counting.no_if.as_ref().map(said).transpose()?;
    let state = |(row, code): (usize, &u8)| {
        if among.as_ref().is_some_and(|among| !among.holds(row)) {
            OUTSIDE
        } else if no_if.as_ref().is_some_and(|no_if| no_if.holds(row)) {
            NO
        } else if *code < FIRST_OPTION {
            OUTSIDE
        } else if own.holds(row) {
            YES
        } else {
            NO
        }
    };
    Ok(own.codes.iter().enumerate().map(state).collect())
}

/// The codes of one question, and which of them are meant.
struct Column {
    codes: Vec<u8>,
    meant: Vec<u8>,
}

impl Column {
    fn new(snapshot: &Snapshot, key: &str, options: &[String]) -> Result<Column, TrendError> {
        let survey = snapshot.survey();
        let slots = survey.layout().slots_of(key);
        let (Some(question), [slot]) = (survey.question(key), slots.as_slice()) else {
            return Err(misfit(snapshot, key));
        };
        let meant = |option: &String| question.choice(option).map(|choice| FIRST_OPTION.saturating_add(choice.code));
        Ok(Column {
            codes: columns::codes(&snapshot.columns().responses, slot.index).map_err(|error| TrendError::Counting(error.to_string()))?,
            meant: options
                .iter()
                .map(meant)
                .collect::<Option<_>>()
                .ok_or_else(|| misfit(snapshot, key))?,
        })
    }

    fn holds(&self, row: usize) -> bool {
        self.codes.get(row).is_some_and(|code| self.meant.contains(code))
    }
}

/// The crosswalk names what the survey does not have, or what takes several answers.
pub(super) fn misfit(snapshot: &Snapshot, key: &str) -> TrendError {
    TrendError::Counting(format!(
        "the crosswalk counts {key} of survey {}, which has no such question of one answer, or not all of the options",
        snapshot.survey().id()
    ))
}
