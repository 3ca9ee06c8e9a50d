//! Two releases of one survey: what their difference shows.

use super::attack::{Hidden, know_share, unmoved, weights};
use super::attacks::{attack, sets};
use super::people::{Chance, People, Person, answers};
use super::program::Program;
use crate::suppress::{Decision, Earlier, Reason, Rule, Tables, decide};

/// The same hospitals after so many of them, drawn at random, said something else, or began or ceased to count.
fn corrected(before: &People, hospitals: usize, seed: u64) -> People {
    let chance = &mut Chance(seed);
    let mut people = before.clone();
    for _ in 0..hospitals {
        let index = chance.index(people.all.len());
        let keep = chance.happens(85);
        let said = keep.then(|| answers(&people.questions, &[50, 40, 60, 30, 70], chance));
        people.all[index].said = said;
    }
    people
}

/// By question and cell: hospitals whose answer differs.
fn changed(tables: &Tables, before: &People, after: &People) -> Vec<Vec<u32>> {
    let mut changed = vec![vec![0; tables.grid().cells()]; before.questions.len()];
    for (old, new) in before.all.iter().zip(&after.all) {
        let cell = tables.cell_at(old.prefecture, old.band).unwrap();
        let said = |person: &Person, question: usize| person.said.as_ref().map(|said| said[question].clone());
        for (question, list) in changed.iter_mut().enumerate() {
            list[cell] += u32::from(said(old, question) != said(new, question));
        }
    }
    changed
}

struct Two {
    tables: [Tables; 2],
    weights: [Vec<f64>; 2],
    decisions: [Decision; 2],
    changed: Vec<Vec<u32>>,
}

fn two(seed: u64, hospitals: usize) -> Two {
    let before = People::new(seed);
    let after = corrected(&before, hospitals, seed + 1_000);
    let tables = [before.tables(), after.tables()];
    let first = decide(&tables[0], &Rule::default(), &[]).unwrap().audited(&tables[0], &[]).unwrap();
    let changed = changed(&tables[0], &before, &after);
    let earlier = Earlier {
        decision: &first,
        changed: changed.clone(),
    };
    let second = decide(&tables[1], &Rule::default(), &[earlier])
        .unwrap()
        .audited(&tables[1], &[&first])
        .unwrap();
    Two {
        weights: [weights(&tables[0]), weights(&tables[1])],
        tables,
        decisions: [first, second],
        changed,
    }
}

impl Two {
    fn changed_in(&self, question: usize, domain: usize) -> u32 {
        let cells = self.tables[0].grid().cells_of(domain);
        cells.into_iter().map(|cell| self.changed[question][cell]).sum()
    }

    fn is_open(&self, release: usize, question: usize, domain: usize) -> bool {
        self.decisions[release].reasons()[question][domain].is_none()
    }

    /// What changed in domains where few hospitals did, as far as both releases, and a note that says how many hospitals changed, pin it down.
    fn leaks(&self, question: usize) -> Vec<String> {
        let (program, hidden) = self.program(question, false);
        let known = unmoved(&program, hidden, false);
        let (nation, _) = self.program(question, true);
        let even_so = unmoved(&nation, known.iter().map(|(hidden, _)| hidden.clone()).collect(), false);
        let limit = |hidden: &Hidden| {
            let same = |(other, _): &&(Hidden, u32)| (other.domain, other.option) == (hidden.domain, hidden.option);
            even_so.iter().find(same).map_or(2, |(_, spread)| *spread)
        };
        let leaking = known.iter().filter(|(hidden, spread)| *spread < limit(hidden));
        leaking
            .map(|(hidden, spread)| {
                format!(
                    "{question} {:?} {}: {spread}",
                    self.tables[0].domains()[hidden.domain],
                    hidden.option
                )
            })
            .collect()
    }

    /// `nation_only`: with the nation's tables of both releases only, whose difference is not held against the others.
    fn program(&self, question: usize, nation_only: bool) -> (Program, Vec<Hidden>) {
        let mut program = Program::default();
        let (old, new) = (&self.tables[0], &self.tables[1]);
        let options = old.questions()[question].exclusive.len();
        let unknown = |program: &mut Program, of: &dyn Fn(usize, usize) -> u32| -> Vec<Vec<usize>> {
            let cells = 0..old.grid().cells();
            cells
                .map(|cell| (0..options).map(|option| program.unknown(of(cell, option))).collect())
                .collect()
        };
        let count = |tables: &Tables, cell: usize, option: usize| tables.cell(question, cell).unwrap().option(option);
        let was = unknown(&mut program, &|cell, option| count(old, cell, option));
        let more = unknown(&mut program, &|cell, option| {
            count(new, cell, option).saturating_sub(count(old, cell, option))
        });
        let less = unknown(&mut program, &|cell, option| {
            count(old, cell, option).saturating_sub(count(new, cell, option))
        });
        let all = |of: &[Vec<usize>], cells: &[usize], option: usize, factor: f64| -> Vec<(usize, f64)> {
            cells.iter().map(|cell| (of[*cell][option], factor)).collect()
        };
        for (cell, option) in (0..was.len()).flat_map(|cell| (0..options).map(move |option| (cell, option))) {
            program.know(vec![(was[cell][option], 1.0), (less[cell][option], -1.0)], 0.0, f64::INFINITY);
        }
        let note: u32 = self.changed[question].iter().sum();
        let cells: Vec<usize> = (0..was.len()).collect();
        let moved: Vec<(usize, f64)> = (0..options)
            .flat_map(|option| [all(&more, &cells, option, 1.0), all(&less, &cells, option, 1.0)].concat())
            .collect();
        program.know(moved, 0.0, 2.0 * f64::from(note));
        let mut hidden = Vec::new();
        for domain in 0..old.domains().len() {
            let cells = old.grid().cells_of(domain);
            for option in 0..options {
                let change = [all(&more, &cells, option, 1.0), all(&less, &cells, option, -1.0)].concat();
                let seen = !nation_only || domain < 7;
                if seen && self.is_open(0, question, domain) {
                    program.know_sum(all(&was, &cells, option, 1.0));
                }
                if seen && self.is_open(1, question, domain) {
                    program.know_sum([all(&was, &cells, option, 1.0), change.clone()].concat());
                }
                if !nation_only && !old.questions()[question].several {
                    let weighs = |release: usize| self.decisions[release].may_print_weighted(old.domains()[domain], question);
                    let weighted = |release: usize, option: usize| -> Vec<(usize, f64)> {
                        let own = |cell: &usize| {
                            let weight = self.weights[release][*cell];
                            let new = [(more[*cell][option], weight), (less[*cell][option], -weight)];
                            std::iter::once((was[*cell][option], weight)).chain(new.into_iter().take(2 * release))
                        };
                        cells.iter().flat_map(own).collect()
                    };
                    for release in (0..2).filter(|release| weighs(*release)) {
                        let base: Vec<(usize, f64)> = (0..options).flat_map(|option| weighted(release, option)).collect();
                        know_share(&mut program, (&weighted(release, option), 0.0), (&base, 0.0));
                    }
                }
                if (1..Rule::default().min_base).contains(&self.changed_in(question, domain)) {
                    hidden.push(Hidden::new(question, domain, option, change, 2));
                }
            }
        }
        (program, hidden)
    }
}

#[test]
fn the_attack_finds_nothing_between_two_successive_releases() {
    for seed in sets(10, 25) {
        let two = two(seed, [1, 3, 12, 40, 90][usize::try_from(seed % 5).unwrap()]);
        assert_eq!(
            attack(&two.tables[1], &two.decisions[1]).leaks(false),
            Vec::<String>::new(),
            "seed {seed}, the second alone"
        );
        for question in 0..two.changed.len() {
            assert_eq!(two.leaks(question), Vec::<String>::new(), "seed {seed}");
        }
    }
}

#[test]
fn one_corrected_hospital_changes_no_published_number_of_its_question() {
    for seed in 0..10 {
        let two = two(seed, 1);
        for (question, domain) in
            (0..two.changed.len()).flat_map(|question| (0..two.tables[0].domains().len()).map(move |domain| (question, domain)))
        {
            let (changed, open) = (two.changed_in(question, domain), two.is_open(1, question, domain));
            assert!(
                !(changed == 1 && open && two.is_open(0, question, domain)),
                "seed {seed}, question {question}, domain {domain}"
            );
        }
    }
}

#[test]
fn what_an_earlier_release_hid_stays_hidden_and_nothing_changes_where_nothing_changed() {
    for seed in 0..10 {
        let two = two(seed, 0);
        let reasons = |release: usize| two.decisions[release].reasons().iter().flatten();
        let same = reasons(0).zip(reasons(1)).all(|(old, new)| old.is_some() == new.is_some());
        assert!(same, "seed {seed}");
        assert!(reasons(1).all(|reason| *reason != Some(Reason::Revision)));
    }
}
