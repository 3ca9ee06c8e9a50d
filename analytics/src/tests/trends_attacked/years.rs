//! Two made surveys of mostly the same hospitals, each decided and audited like a release, with what every hospital of them said. For the attack on trends.

use super::super::made::{Chance, Made, MadeHospital};
use super::{NO, OUT, YES};
use crate::Snapshot;
use crate::suppress::tests::attack::{Attack, weights};
use crate::suppress::{Cell, Counts, Decision, Domain, Rule, Tables, decide, tally};
use survey::crosswalk::Counting;
use survey::evaluate::State;

/// One year's survey, decided and audited.
pub(super) struct Year {
    pub(super) made: Made,
    pub(super) snapshot: Snapshot,
    pub(super) decision: Decision,
    /// Of the prefectures that have hospitals.
    pub(super) tables: Tables,
}

impl Year {
    fn new(made: Made) -> Year {
        let frame = made.hospitals.iter().map(|hospital| (hospital.prefecture, hospital.beds));
        let codes = |hospital: &'_ MadeHospital| hospital.answered.as_ref().map(|answered| answered.codes.clone());
        let answered: Vec<_> = made
            .hospitals
            .iter()
            .filter_map(|hospital| Some((hospital.prefecture, hospital.beds, codes(hospital)?)))
            .collect();
        let responses = answered
            .iter()
            .map(|(prefecture, beds, codes)| (*prefecture, *beds, codes.as_slice()));
        let all = tally(made.survey, frame, responses).unwrap();
        let decision = decide(&all, &Rule::default(), &[]).unwrap().audited(&all, &[]).unwrap();
        Year {
            snapshot: made.snapshot(),
            decision,
            tables: small(&all),
            made,
        }
    }

    pub(super) fn attack(&self) -> Attack<'_> {
        let flags = |of: &dyn Fn(Domain, usize) -> bool| {
            let questions = 0..self.tables.questions().len();
            questions
                .map(|question| self.tables.domains().iter().map(|domain| of(*domain, question)).collect())
                .collect()
        };
        Attack {
            tables: &self.tables,
            rule: Rule::default(),
            open: flags(&|domain, question| self.decision.is_published(domain, question)),
            weighted: flags(&|domain, question| self.decision.may_print_weighted(domain, question)),
            weights: weights(&self.tables),
        }
    }

    pub(super) fn cell(&self, hospital: &MadeHospital) -> usize {
        let band = survey::band::Banding::Survey.band_of(hospital.beds).unwrap();
        self.tables.cell_at(hospital.prefecture, band).unwrap()
    }

    pub(super) fn place(&self, key: &str) -> usize {
        let questions = self.tables.questions();
        questions.iter().position(|question| question.key == key).unwrap()
    }

    pub(super) fn options(&self, key: &str, names: &[String]) -> Vec<usize> {
        let choices = self.made.survey.question(key).unwrap().choices();
        let place = |name: &String| choices.iter().position(|choice| choice.key == *name).unwrap();
        names.iter().map(place).collect()
    }

    /// The option that a hospital chose; `None` where it did not answer the question.
    pub(super) fn said<'a>(&'a self, hospital: &'a MadeHospital, key: &str) -> Option<&'a str> {
        let question = self.made.survey.question(key).unwrap();
        let (state, chosen) = self
            .made
            .survey
            .layout()
            .read(&hospital.answered.as_ref()?.codes, question)
            .unwrap();
        (state == State::Answered).then(|| chosen[0])
    }

    /// What a hospital that answered the survey counts as.
    pub(super) fn state(&self, hospital: &MadeHospital, key: &str, counting: &Counting) -> usize {
        let gave = |said: &survey::crosswalk::Said| {
            let answer = self.said(hospital, &said.question);
            answer.is_some_and(|answer| said.is.iter().any(|is| is == answer))
        };
        if counting.among.as_ref().is_some_and(|among| !gave(among)) {
            OUT
        } else if counting.no_if.as_ref().is_some_and(gave) {
            NO
        } else {
            match self.said(hospital, key) {
                None => OUT,
                Some(answer) if counting.yes.iter().any(|yes| yes == answer) => YES,
                Some(_) => NO,
            }
        }
    }
}

/// The tables without prefectures that have no hospital.
fn small(all: &Tables) -> Tables {
    let place = |cell: usize| (all.grid().prefectures()[cell / 6], cell % 6);
    let there: Vec<_> = (0..all.cells()).filter(|cell| all.frame_of(*cell) > 0).collect();
    let counts = |cell: usize| -> Vec<Counts> {
        let questions = 0..all.questions().len();
        questions.map(|question| all.cell(question, cell).unwrap().clone()).collect()
    };
    let cells = there.into_iter().map(|cell| Cell {
        prefecture: place(cell).0,
        band: place(cell).1,
        frame: all.frame_of(cell),
        n: all.n_of(cell),
        questions: counts(cell),
    });
    Tables::new(all.questions().to_vec(), cells.collect()).unwrap()
}

/// Two surveys of mostly the same hospitals, of which some came, went or changed their beds.
pub(super) fn two(seed: u64, hospitals: usize) -> [Year; 2] {
    let (earlier, mut later) = (Made::new("2022", seed, hospitals), Made::new("2024", seed + 1_000, hospitals));
    let mut chance = Chance(seed);
    let same = hospitals - hospitals / 8;
    for (one, two) in earlier.hospitals.iter().zip(&mut later.hospitals).take(same) {
        two.id = one.id;
        (two.prefecture, two.municipality) = (one.prefecture, one.municipality.clone());
        if chance.below(20) > 0 {
            two.beds = one.beds;
        }
    }
    [Year::new(earlier), Year::new(later)]
}
