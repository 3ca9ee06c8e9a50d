//! The counted answers and the frame of one survey at one moment, checked once so that every table can trust them.
//!
//! A snapshot is built whole and never changed; what counts (latest revision, submitted or accepted, in scope) is decided by whoever builds it.

use crate::columns::{Columns, Filling};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use survey::area::MunicipalityCode;
use survey::attribute::Attributes;
use survey::codes::{BLANK, FIRST_OPTION, NO_ANSWER, NOT_ASKED, Slot};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::{Kind, Question};
use survey::survey::Survey;
use uuid::Uuid;

/// One hospital that the survey is sent to. Rows that are out of scope (closed, under 20 beds) must be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameEntry {
    /// The internal id, the same in every survey. It joins years and appears in no output.
    pub hospital: Uuid,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The municipality of the frame, where it is known.
    pub municipality: Option<MunicipalityCode>,
    /// The licensed beds (許可病床数) of the frame.
    pub beds: Beds,
}

/// The counted revision of one hospital, with the place and beds of its frame row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The internal id, as in the frame.
    pub hospital: Uuid,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The municipality of the frame, where it is known.
    pub municipality: Option<MunicipalityCode>,
    /// The licensed beds of the frame.
    pub beds: Beds,
    /// One byte a slot, as the survey's layout says.
    pub codes: Vec<u8>,
}

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
    #[error("{list} row {row}: {beds} beds are under 20, so the row belongs to no band; leave it out as out of scope")]
    NoHospital {
        /// `frame` or `responses`.
        list: &'static str,
        /// Index into that list.
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
    hospitals: Hospitals,
}

/// Who stands in the rows of the columns.
#[derive(Clone)]
struct Hospitals {
    frame: Vec<Uuid>,
    responses: Vec<Uuid>,
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
    /// Responses of one prefecture and bed number stand together.
    ///
    /// # Errors
    /// A [`SnapshotError`] for the first row that could not be counted in exactly one way.
    pub fn new(
        survey: &Survey,
        as_of: DateTime<Utc>,
        frame: impl IntoIterator<Item = FrameEntry>,
        responses: impl IntoIterator<Item = Response>,
    ) -> Result<Snapshot, SnapshotError> {
        let mut filling = Filling::new(survey);
        let mut hospitals = Hospitals {
            frame: Vec::new(),
            responses: Vec::new(),
        };
        for (row, entry) in frame.into_iter().enumerate() {
            check_beds("frame", row, entry.beds)?;
            filling.frame(&entry);
            hospitals.frame.push(entry.hospital);
        }
        check_once("frame", &hospitals.frame)?;
        let meanings = Meanings::of(survey);
        for (row, response) in responses.into_iter().enumerate() {
            check_beds("responses", row, response.beds)?;
            meanings.check(survey, row, &response.codes)?;
            filling.response(&response);
            hospitals.responses.push(response.hospital);
        }
        check_once("responses", &hospitals.responses)?;
        let columns = filling.columns(&mut hospitals.responses);
        Ok(Snapshot {
            survey: survey.clone(),
            as_of,
            columns: columns.map_err(|error| SnapshotError::Columns(error.to_string()))?,
            hospitals,
        })
    }

    /// The same snapshot with what the frame says of its hospitals beside place and beds. Of a hospital that is not named nothing is known.
    ///
    /// # Errors
    /// [`SnapshotError::Columns`]: a defect.
    pub fn with_attributes(self, known: &HashMap<Uuid, Attributes>) -> Result<Snapshot, SnapshotError> {
        let of = |hospitals: &[Uuid]| hospitals.iter().map(|hospital| known.get(hospital)).collect::<Vec<_>>();
        let (frame, responses) = (of(&self.hospitals.frame), of(&self.hospitals.responses));
        let columns = self.columns.with_attributes(&frame, &responses);
        Ok(Snapshot {
            columns: columns.map_err(|error| SnapshotError::Columns(error.to_string()))?,
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

    /// The hospital of each row of the frame's columns.
    pub(crate) fn frame_hospitals(&self) -> &[Uuid] {
        &self.hospitals.frame
    }

    /// The hospital of each row of the responses' columns.
    pub(crate) fn response_hospitals(&self) -> &[Uuid] {
        &self.hospitals.responses
    }
}

fn check_beds(list: &'static str, row: usize, beds: Beds) -> Result<(), SnapshotError> {
    if beds.is_hospital() {
        return Ok(());
    }
    Err(SnapshotError::NoHospital {
        list,
        row,
        beds: beds.number(),
    })
}

/// Sorted, a hospital that stands twice stands beside itself: half the memory of a set of those seen.
fn check_once(list: &'static str, hospitals: &[Uuid]) -> Result<(), SnapshotError> {
    let mut sorted = hospitals.to_vec();
    sorted.sort_unstable();
    let twice = sorted.windows(2).any(|pair| pair.first() == pair.last());
    if !twice {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(hospitals.len());
    let row = hospitals.iter().position(|hospital| !seen.insert(*hospital)).unwrap_or_default();
    Err(SnapshotError::HospitalTwice { list, row })
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
