//! The counted answers and the frame of one survey at one moment, checked once so that every table can trust them.
//!
//! A snapshot is built whole and never changed; what counts (latest revision, submitted or accepted, in scope) is decided by whoever builds it.

use crate::by::By;
use crate::columns::{Columns, Responses};
use crate::shape::{Shape, Shapes};
use crate::targets::{Target, Targets};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;
use survey::area::Area;
use survey::attribute::Attributes;
use survey::bands::Bands;
use survey::codes::{BLANK, FIRST_OPTION, NO_ANSWER, NOT_ASKED, Slot};
use survey::question::{Kind, Question};
use survey::survey::Survey;
use uuid::Uuid;

/// Why a snapshot was refused. Each would make a table whose parts do not add up, so none of them is passed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes do not fit the survey's layout.
    #[error("response {response}: {found} code bytes, the layout of survey {survey} has {expected}")]
    CodesLength {
        /// Which survey.
        survey: String,
        /// Index into the responses.
        response: usize,
        /// Bytes that came.
        found: usize,
        /// Bytes of the layout.
        expected: usize,
    },
    /// A byte that stands for nothing in its slot.
    #[error("response {response}: code {code} means nothing in slot {slot} (question {question})")]
    UnknownCode {
        /// Index into the responses.
        response: usize,
        /// The slot.
        slot: usize,
        /// The question of the slot.
        question: String,
        /// The byte.
        code: u8,
    },
    /// The slots of one several-choice question disagree about its state.
    #[error("response {response}: the slots of question {question} are in different states")]
    StatesDiffer {
        /// Index into the responses.
        response: usize,
        /// The question.
        question: String,
    },
    /// A place with fewer beds than a hospital has belongs to no band.
    #[error("frame row {row}: {beds} beds are under 20, so the row belongs to no band; leave it out as out of scope")]
    NoHospital {
        /// Index into the frame.
        row: usize,
        /// The beds that came.
        beds: u16,
    },
    /// One hospital stands twice in a list, so that it would count twice.
    #[error("{list} row {row}: the hospital stands in an earlier row too")]
    HospitalTwice {
        /// `frame` or `responses`.
        list: &'static str,
        /// Index into that list.
        row: usize,
    },
    /// A response of another frame, as far as that shows: by a row that this one does not have.
    #[error("response {response}: it belongs to row {row} of the frame, which has {rows}")]
    NotInFrame {
        /// Index into the responses.
        response: usize,
        /// The row that was named.
        row: usize,
        /// Rows of the frame.
        rows: usize,
    },
    /// The columns could not be made.
    #[error("the columns could not be made: {0}")]
    Columns(String),
}

/// The counted answers and the frame of one survey at one moment.
#[derive(Clone)]
pub struct Snapshot {
    survey: Survey,
    as_of: DateTime<Utc>,
    columns: Columns,
    /// Of these columns.
    shapes: Shapes,
    hospitals: Hospitals,
}

/// Who stands in the rows of the columns.
#[derive(Clone)]
struct Hospitals {
    frame: Vec<Uuid>,
    /// The row of the frame of each response.
    responses: Vec<Target>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("survey", &self.survey.id().as_str())
            .field("as_of", &self.as_of)
            .field("targets", &self.targets())
            .field("responses", &self.responses())
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Checks every byte against the survey's layout and turns the rows into columns, one row after the other: what gives them need not hold them all.
    /// A response is a hospital of the frame and its codes, one byte a slot. Responses of one prefecture and bed number stand together.
    ///
    /// # Errors
    /// A [`SnapshotError`] for the first row that could not be counted in exactly one way.
    pub fn new<C: AsRef<[u8]>>(
        survey: &Survey,
        as_of: DateTime<Utc>,
        targets: Targets,
        responses: impl IntoIterator<Item = (Target, C)>,
    ) -> Result<Snapshot, SnapshotError> {
        let meanings = Meanings::of(survey);
        let mut answered = vec![false; targets.len()];
        let responses = responses.into_iter();
        let mut filled = Responses::new(survey.layout().len(), responses.size_hint().0);
        for (row, (target, codes)) in responses.enumerate() {
            let codes = codes.as_ref();
            let Some(answered) = answered.get_mut(target.index()) else {
                return Err(SnapshotError::NotInFrame {
                    response: row,
                    row: target.index(),
                    rows: targets.len(),
                });
            };
            if std::mem::replace(answered, true) {
                return Err(SnapshotError::HospitalTwice { list: "responses", row });
            }
            meanings.check(survey, row, codes)?;
            filled.push(target, codes);
        }
        let (frame, places, municipalities) = targets.filled();
        let (columns, responses) = filled
            .columns(places, municipalities)
            .map_err(|error| SnapshotError::Columns(error.to_string()))?;
        Ok(Snapshot {
            survey: survey.clone(),
            as_of,
            columns,
            shapes: Shapes::new(),
            hospitals: Hospitals { frame, responses },
        })
    }

    /// The same snapshot with what the frame says of its hospitals beside place and beds. Of a hospital that is not named nothing is known.
    ///
    /// # Errors
    /// [`SnapshotError::Columns`]: a defect.
    pub fn with_attributes(self, known: &HashMap<Uuid, Attributes>) -> Result<Snapshot, SnapshotError> {
        if known.is_empty() {
            return Ok(self);
        }
        let frame: Vec<_> = self.hospitals.frame.iter().map(|hospital| known.get(hospital)).collect();
        let columns = self.columns.with_attributes(&frame, &self.hospitals.responses);
        Ok(Snapshot {
            columns: columns.map_err(|error| SnapshotError::Columns(error.to_string()))?,
            shapes: Shapes::new(),
            ..self
        })
    }

    /// The survey whose answers these are.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// When the answers were read.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.as_of
    }

    /// Hospitals of the frame.
    pub fn targets(&self) -> usize {
        self.hospitals.frame.len()
    }

    /// Counted submissions.
    pub fn responses(&self) -> usize {
        self.hospitals.responses.len()
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows of an area.
    pub(crate) fn shape(&self, area: &Area, by: By, bands: &Bands) -> Arc<Shape> {
        self.shapes.get(area, by, bands, &self.columns)
    }

    /// The hospital of each row of the frame's columns.
    pub(crate) fn frame_hospitals(&self) -> &[Uuid] {
        &self.hospitals.frame
    }

    /// The row of the frame's columns of each row of the responses' columns.
    pub(crate) fn response_rows(&self) -> impl Iterator<Item = usize> {
        self.hospitals.responses.iter().map(|target| target.index())
    }
}

/// What a slot may hold: true at every byte that has a meaning there.
fn meanings(question: &Question, slot: &Slot) -> [bool; 256] {
    let mut known = [false; 256];
    let mut allow = |code: u8| {
        if let Some(place) = known.get_mut(usize::from(code)) {
            *place = true;
        }
    };
    for state in [NOT_ASKED, BLANK, NO_ANSWER] {
        allow(state);
    }
    match &question.kind {
        Kind::Several(_) if slot.choice.is_some() => {
            allow(FIRST_OPTION);
            allow(FIRST_OPTION + 1);
        }
        _ => {
            for choice in question.choices() {
                allow(FIRST_OPTION.saturating_add(choice.code));
            }
        }
    }
    known
}

/// A slot, and true at every byte that has a meaning there.
type Known = (usize, [bool; 256]);

/// What every slot of a survey may hold.
struct Meanings<'a>(Vec<(&'a Question, Vec<Known>)>);

impl Meanings<'_> {
    fn of(survey: &Survey) -> Meanings<'_> {
        let questions = survey.questions().iter().map(|question| {
            let slots = survey.layout().slots_of(question.key.as_str());
            (
                question,
                slots.into_iter().map(|slot| (slot.index, meanings(question, slot))).collect(),
            )
        });
        Meanings(questions.collect())
    }

    fn check(&self, survey: &Survey, row: usize, codes: &[u8]) -> Result<(), SnapshotError> {
        let expected = survey.layout().len();
        if codes.len() != expected {
            return Err(SnapshotError::CodesLength {
                survey: survey.id().as_str().to_owned(),
                response: row,
                found: codes.len(),
                expected,
            });
        }
        self.0
            .iter()
            .try_for_each(|(question, slots)| check_question(question, slots, row, codes))
    }
}

fn check_question(question: &Question, slots: &[Known], row: usize, codes: &[u8]) -> Result<(), SnapshotError> {
    let mut first_state = None;
    for (index, known) in slots {
        let code = codes.get(*index).copied().unwrap_or(NOT_ASKED);
        if !known.get(usize::from(code)).copied().unwrap_or(false) {
            return Err(SnapshotError::UnknownCode {
                response: row,
                slot: *index,
                question: question.key.as_str().to_owned(),
                code,
            });
        }
        // Every answered code is one state; the three others are states of their own.
        let state = code.min(FIRST_OPTION);
        if *first_state.get_or_insert(state) != state {
            return Err(SnapshotError::StatesDiffer {
                response: row,
                question: question.key.as_str().to_owned(),
            });
        }
    }
    Ok(())
}
