//! Coded answers: one byte a slot, to count; `answers` is to read. The layout says which slot is whose, and its hash stands beside the bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::evaluate::State;
use crate::question::{Choice, Kind, Question, QuestionKey};

/// The question was not asked (非該当).
pub const NOT_ASKED: u8 = 0;
/// Asked, or free to answer, and left empty.
pub const BLANK: u8 = 1;
/// 無回答.
pub const NO_ANSWER: u8 = 2;
/// Option with code 0; option with code i is 16 + i. In a slot of a several-choice question: 16 not chosen, 17 chosen.
pub const FIRST_OPTION: u8 = 16;
/// In a slot of a several-choice question: chosen.
pub const CHOSEN: u8 = FIRST_OPTION + 1;

/// One byte's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Position in the bytes.
    pub index: usize,
    /// Whose answer.
    pub question: QuestionKey,
    /// The option, for a several-choice question.
    pub choice: Option<String>,
}

/// Which slot is whose, for one survey. Slots are explicit in the survey's data and never reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    slots: Vec<Slot>,
    by_question: BTreeMap<QuestionKey, Vec<usize>>,
    length: usize,
    hash: String,
}

impl Layout {
    /// A layout of slots, sorted by position. The hash is over positions, keys and options as canonical JSON.
    pub(crate) fn new(mut slots: Vec<Slot>) -> Layout {
        slots.sort_by_key(|slot| slot.index);
        let length = slots.last().map_or(0, |slot| slot.index + 1);
        let mut by_question: BTreeMap<QuestionKey, Vec<usize>> = BTreeMap::new();
        for (position, slot) in slots.iter().enumerate() {
            by_question.entry(slot.question.clone()).or_default().push(position);
        }
        let canonical = serde_json::to_vec(&slots).unwrap_or_default();
        let hash = hex::encode(Sha256::digest(&canonical));
        Layout {
            slots,
            by_question,
            length,
            hash,
        }
    }

    /// All slots by position.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is coded.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// SHA-256, hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The slots of a question in the order of its options; none for the respondent.
    pub fn slots_of(&self, question: &str) -> Vec<&Slot> {
        self.by_question
            .get(question)
            .into_iter()
            .flatten()
            .filter_map(|position| self.slots.get(*position))
            .collect()
    }

    /// Writes one question's answer into the bytes. `chosen` are option keys.
    pub(crate) fn write(&self, codes: &mut [u8], question: &Question, state: State, chosen: &[&str]) {
        for slot in self
            .by_question
            .get(&question.key)
            .into_iter()
            .flatten()
            .filter_map(|position| self.slots.get(*position))
        {
            let byte = match state {
                State::NotAsked => NOT_ASKED,
                State::NoAnswer => NO_ANSWER,
                // A revision with an undetermined or invalid answer has an error and is never counted.
                State::Blank | State::Undetermined | State::Invalid => BLANK,
                State::Answered => match (&question.kind, &slot.choice) {
                    (Kind::Several(_), Some(choice)) if chosen.contains(&choice.as_str()) => CHOSEN,
                    (Kind::Several(_), _) | (Kind::Text(_) | Kind::Respondent(_), _) => FIRST_OPTION,
                    (Kind::YesNo(choices) | Kind::One(choices), _) => choices
                        .iter()
                        .find(|choice| chosen.contains(&choice.key.as_str()))
                        .map_or(BLANK, |choice| FIRST_OPTION.saturating_add(choice.code)),
                },
            };
            if let Some(place) = codes.get_mut(slot.index) {
                *place = byte;
            }
        }
    }

    /// What the bytes say of one question: its state and the chosen option keys, in the order of the options. `None`: bytes that no evaluation writes.
    pub fn read<'q>(&self, codes: &[u8], question: &'q Question) -> Option<(State, Vec<&'q str>)> {
        let slots = self.slots_of(question.key.as_str());
        let bytes = slots
            .iter()
            .map(|slot| codes.get(slot.index).copied())
            .collect::<Option<Vec<u8>>>()?;
        let first = *bytes.first()?;
        let state = match first {
            NOT_ASKED => State::NotAsked,
            BLANK => State::Blank,
            NO_ANSWER => State::NoAnswer,
            FIRST_OPTION.. => State::Answered,
            _ => return None,
        };
        if state != State::Answered {
            return bytes.iter().all(|byte| *byte == first).then(|| (state, Vec::new()));
        }
        let chosen: Vec<&str> = match &question.kind {
            Kind::Several(choices) => {
                if !bytes.contains(&CHOSEN) || bytes.iter().any(|byte| !matches!(*byte, FIRST_OPTION | CHOSEN)) {
                    return None;
                }
                let is_chosen = |choice: &&Choice| {
                    slots
                        .iter()
                        .any(|slot| slot.choice.as_deref() == Some(&choice.key) && codes.get(slot.index) == Some(&CHOSEN))
                };
                choices.iter().filter(is_chosen).map(|choice| choice.key.as_str()).collect()
            }
            Kind::YesNo(choices) | Kind::One(choices) | Kind::Text(choices) => {
                let choice = choices.iter().find(|choice| FIRST_OPTION.saturating_add(choice.code) == first)?;
                vec![choice.key.as_str()]
            }
            Kind::Respondent(_) => return None,
        };
        Some((state, chosen))
    }
}
