//! Made hospitals with answers, small and nasty: rare options, questions that nearly everybody answers alike, gates under gates, no answers.

use crate::suppress::{Cell, Counts, Gate, Question, Tables};
use std::collections::BTreeMap;
use survey::prefecture::PrefectureCode;

/// A small generator of plain numbers (SplitMix64): tests need variety, not quality.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length.try_into().unwrap())).unwrap()
    }

    pub(super) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What one hospital said to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    NotAsked,
    Blank,
    NoAnswer,
    Chosen(Vec<usize>),
}

/// One hospital of the frame.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) prefecture: PrefectureCode,
    pub(super) band: usize,
    /// `None`: it did not answer.
    pub(super) said: Option<Vec<Said>>,
}

/// Hospitals and what they were asked.
#[derive(Debug, Clone)]
pub(super) struct People {
    pub(super) questions: Vec<Question>,
    pub(super) all: Vec<Person>,
}

fn question(key: &str, options: usize, gate: Option<(usize, usize)>) -> Question {
    Question {
        key: key.to_owned(),
        exclusive: vec![false; options],
        several: false,
        gate: gate.map(|(question, option)| Gate {
            question,
            options: vec![option],
        }),
    }
}

/// A tree of depth three, one question with rare options, one of several choices, one that nearly everybody answers alike.
pub(super) fn questions() -> Vec<Question> {
    let mut desks = question("desks", 4, None);
    desks.several = true;
    desks.exclusive[3] = true;
    vec![
        question("record", 2, None),
        question("backup", 2, Some((0, 0))),
        question("copies", 3, Some((1, 0))),
        question("offline", 2, Some((1, 0))),
        question("manager", 2, None),
        question("frequency", 4, None),
        desks,
    ]
}

impl People {
    /// Any seed gives the same hospitals again: 2 to 7 prefectures, cells of 0 to about 40 hospitals, most of them small.
    pub(super) fn new(seed: u64) -> People {
        let chance = &mut Chance(seed);
        let prefectures = 2 + chance.index(6);
        let questions = questions();
        let shares: Vec<u64> = (0..16).map(|_| [3, 10, 35, 50, 65, 90, 97][chance.index(7)]).collect();
        let mut all = Vec::new();
        for prefecture in PrefectureCode::all().take(prefectures) {
            let size = [6, 15, 30, 60][chance.index(4)];
            for band in 0..6 {
                let hospitals = chance.index(size * (6 - band) / 4 + 2);
                all.extend((0..hospitals).map(|_| (prefecture, band)));
            }
        }
        let person = |(prefecture, band)| {
            let said = chance.happens(75).then(|| answers(&questions, &shares, chance));
            Person { prefecture, band, said }
        };
        let all = all.into_iter().map(person).collect();
        People { questions, all }
    }

    /// Counted.
    pub(super) fn tables(&self) -> Tables {
        let mut cells: BTreeMap<(PrefectureCode, usize), Cell> = BTreeMap::new();
        for person in &self.all {
            let cell = cells.entry((person.prefecture, person.band)).or_insert_with(|| Cell {
                prefecture: person.prefecture,
                band: person.band,
                frame: 0,
                n: 0,
                questions: self.questions.iter().map(Counts::none).collect(),
            });
            cell.frame += 1;
            let Some(said) = &person.said else { continue };
            cell.n += 1;
            for (said, counts) in said.iter().zip(&mut cell.questions) {
                match said {
                    Said::NotAsked => counts.not_asked += 1,
                    Said::Blank => counts.blank += 1,
                    Said::NoAnswer => counts.no_answer += 1,
                    Said::Chosen(chosen) => {
                        counts.base += 1;
                        chosen.iter().for_each(|option| counts.options[*option] += 1);
                    }
                }
            }
        }
        Tables::new(self.questions.clone(), cells.into_values().collect()).unwrap()
    }
}

/// The answers of one hospital.
pub(super) fn answers(questions: &[Question], shares: &[u64], chance: &mut Chance) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        let asked = question.gate.as_ref().is_none_or(|gate| match &said[gate.question] {
            Said::Chosen(chosen) => gate.options.contains(&chosen[0]),
            Said::NoAnswer => true,
            _ => false,
        });
        let nothing = question.gate.as_ref().is_some_and(|gate| said[gate.question] == Said::NoAnswer);
        said.push(if !asked {
            Said::NotAsked
        } else if nothing {
            Said::Blank
        } else if chance.happens(2) {
            Said::NoAnswer
        } else {
            Said::Chosen(choose(question, shares, index, chance))
        });
    }
    said
}

fn choose(question: &Question, shares: &[u64], index: usize, chance: &mut Chance) -> Vec<usize> {
    let options = question.exclusive.len();
    let share = |option: usize| shares[(2 * index + option) % shares.len()];
    if question.several {
        let chosen: Vec<usize> = (0..options - 1).filter(|option| chance.happens(share(*option))).collect();
        return if chosen.is_empty() { vec![options - 1] } else { chosen };
    }
    let first = (0..options - 1).find(|option| chance.happens(share(*option)));
    vec![first.unwrap_or(options - 1)]
}
