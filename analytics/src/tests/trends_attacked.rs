//! The attack on the trends of a release: both years' published counts and estimates, the rows of every pair, the panel and its transitions, as one linear
//! program; then how far each hidden count of either year, and each hidden transition, can still move. Written from what the sheet prints, with states
//! read from the codes anew.
//!
//! The reader knows more than the releases say: of every finest cell who was silent, and of every two cells how many hospitals answered both years.

mod years;

use crate::estimate::Design;
use crate::report::{Release, trends_of};
use crate::suppress::tests::attack::{Hidden, Published, know_share, unmoved, weights};
use crate::suppress::tests::attacks::sets;
use crate::suppress::tests::program::Program;
use crate::trend::{TrendPanel, TrendShare};
use std::collections::{BTreeMap, BTreeSet};
use survey::crosswalk::{Counting, Crosswalk, Pair};
use uuid::Uuid;
use years::{Year, two};

type Terms = Vec<(usize, f64)>;

/// A row's domain as the sheet orders them: the nation, then its bands.
const ROWS: usize = 7;
/// Yes, no, outside of the base: the states of a hospital that answered.
const YES: usize = 0;
const NO: usize = 1;
const OUT: usize = 2;

/// Those that count as yes and as no in a cell, as sums of unknowns.
type Side = Vec<[Terms; 2]>;

/// Where two answers of hospitals that answered both years meet, by cell of the earlier and of the later year.
struct Joint {
    both: BTreeMap<(usize, usize), [[usize; 3]; 3]>,
}

fn side(program: &mut Program, year: &Year, unknowns: &[Vec<Vec<usize>>], (key, counting): (&str, &Counting)) -> Side {
    let question = year.place(key);
    let yes = year.options(key, &counting.yes);
    let mut side = Side::new();
    for (cell, of_cell) in unknowns[question].iter().enumerate() {
        let own = |of_yes: bool| -> Terms {
            let options = of_cell.iter().enumerate();
            options
                .filter(|(option, _)| yes.contains(option) == of_yes)
                .map(|(_, unknown)| (*unknown, 1.0))
                .collect()
        };
        let wholes = [own(true), own(false)];
        let mut sides = wholes.clone();
        // Whose answer does not count, and whose other answer counts as no: how they meet with the question itself is in no other table.
        let apart = apart(year, cell, key, counting);
        let outside = apart.outside.map(|count| program.unknown(count));
        program.know_sum(outside.iter().map(|unknown| (*unknown, 1.0)).collect());
        let mut parts = outside.map(|unknown| vec![(unknown, -1.0)]);
        if let Some(no_if) = &counting.no_if {
            let other = year.place(&no_if.question);
            let options = year.options(&no_if.question, &no_if.is).into_iter();
            let refused: Terms = options.map(|option| (unknowns[other][cell][option], 1.0)).collect();
            let elsewhere = program.unknown(apart.refused_outside);
            program.know_sum(vec![(elsewhere, 1.0)]);
            let gate = year.tables.questions()[question].gate.as_ref();
            if gate.is_some_and(|gate| gate.question == other) {
                sides[NO].extend(refused);
                sides[NO].push((elsewhere, -1.0));
            } else {
                let met = apart.refused.map(|count| program.unknown(count));
                let sum = met.iter().chain([&elsewhere]).map(|part| (*part, -1.0));
                program.know(refused.into_iter().chain(sum).collect(), 0.0, 0.0);
                let counts = year.tables.cell(question, cell).unwrap();
                program.know(vec![(met[OUT], 1.0)], 0.0, f64::from(counts.blank + counts.no_answer));
                parts[YES].push((met[YES], -1.0));
                parts[NO].push((met[NO], -1.0));
                sides[NO].extend(met.map(|part| (part, 1.0)));
            }
        }
        for ((side, whole), parts) in sides.iter_mut().zip(wholes).zip(parts) {
            program.know(whole.into_iter().chain(parts.clone()).collect(), 0.0, f64::INFINITY);
            side.extend(parts);
        }
        side.push(sides);
    }
    side
}

/// Hospitals of a cell that count otherwise than by their answer to the question itself.
#[derive(Default)]
struct Apart {
    /// Counted as no for another answer: yes, no, nothing to the question itself.
    refused: [u32; 3],
    /// Not counted: yes, no.
    outside: [u32; 2],
    refused_outside: u32,
}

fn apart(year: &Year, cell: usize, key: &str, counting: &Counting) -> Apart {
    let mut apart = Apart::default();
    for hospital in year
        .made
        .hospitals
        .iter()
        .filter(|one| one.answered.is_some() && year.cell(one) == cell)
    {
        let gave = |said: &Option<survey::crosswalk::Said>| {
            said.as_ref().map(|said| {
                year.said(hospital, &said.question)
                    .is_some_and(|answer| said.is.iter().any(|is| is == answer))
            })
        };
        let own = match year.said(hospital, key) {
            Some(answer) if counting.yes.iter().any(|yes| yes == answer) => YES,
            Some(_) => NO,
            None => OUT,
        };
        let refuses = gave(&counting.no_if) == Some(true);
        if gave(&counting.among) == Some(false) {
            apart.refused_outside += u32::from(refuses);
            if own != OUT {
                apart.outside[own] += 1;
            }
        } else if refuses {
            apart.refused[own] += 1;
        }
    }
    apart
}

fn joint(program: &mut Program, years: &[Year; 2], pair: &Pair, sides: &[Side; 2]) -> Joint {
    let keys = [
        (pair.from_question.as_str(), pair.from.as_ref().unwrap()),
        (&pair.to_question, pair.to.as_ref().unwrap()),
    ];
    let mut both: BTreeMap<(usize, usize), [[u32; 3]; 3]> = BTreeMap::new();
    let mut once: [BTreeMap<usize, [u32; 3]>; 2] = Default::default();
    let answered = |year: &Year, id: &Uuid| -> Option<usize> {
        let mut all = year.made.hospitals.iter();
        all.position(|hospital| hospital.id == *id && hospital.answered.is_some())
    };
    for (index, year) in years.iter().enumerate() {
        for hospital in year.made.hospitals.iter().filter(|hospital| hospital.answered.is_some()) {
            let own = year.state(hospital, keys[index].0, keys[index].1);
            match answered(&years[1 - index], &hospital.id) {
                None => once[index].entry(year.cell(hospital)).or_default()[own] += 1,
                Some(place) if index == 0 => {
                    let later = &years[1].made.hospitals[place];
                    let cells = (year.cell(hospital), years[1].cell(later));
                    both.entry(cells).or_default()[own][years[1].state(later, keys[1].0, keys[1].1)] += 1;
                }
                Some(_) => {}
            }
        }
    }
    let mut sums = [0, 1].map(|year| vec![[Terms::new(), Terms::new()]; years[year].tables.cells()]);
    let mut unknowns = BTreeMap::new();
    for (cells, counts) in both {
        let own = counts.map(|row| row.map(|count| program.unknown(count)));
        program.know_sum(own.iter().flatten().map(|unknown| (*unknown, 1.0)).collect());
        for (first, row) in own.iter().enumerate() {
            for (second, unknown) in row.iter().enumerate() {
                if first != OUT {
                    sums[0][cells.0][first].push((*unknown, 1.0));
                }
                if second != OUT {
                    sums[1][cells.1][second].push((*unknown, 1.0));
                }
            }
        }
        unknowns.insert(cells, own);
    }
    for (index, once) in once.into_iter().enumerate() {
        for (cell, counts) in once {
            let own = counts.map(|count| program.unknown(count));
            program.know_sum(own.iter().map(|unknown| (*unknown, 1.0)).collect());
            [YES, NO]
                .into_iter()
                .for_each(|state| sums[index][cell][state].push((own[state], 1.0)));
        }
    }
    for (sums, side) in sums.into_iter().zip(sides) {
        for (sums, side) in sums.into_iter().zip(side) {
            for (sum, terms) in sums.into_iter().zip(side) {
                let minus = terms.iter().map(|(unknown, factor)| (*unknown, -factor));
                program.know(sum.into_iter().chain(minus).collect(), 0.0, 0.0);
            }
        }
    }
    Joint { both: unknowns }
}

impl Joint {
    /// Of the panel in a row of the sheet: those that went from some states to some others, by cell of the later year.
    fn moved(&self, row: usize, states: &[(usize, usize)]) -> BTreeMap<usize, Terms> {
        let mut found: BTreeMap<usize, Terms> = BTreeMap::new();
        for ((_, later), own) in self.both.iter().filter(|((_, later), _)| row == 0 || later % 6 == row - 1) {
            let terms = states.iter().map(|(first, second)| (own[*first][*second], 1.0));
            found.entry(*later).or_default().extend(terms);
        }
        found
    }
}

const GAINED: [(usize, usize); 1] = [(NO, YES)];
const LOST: [(usize, usize); 1] = [(YES, NO)];
const BASE: [(usize, usize); 4] = [(NO, NO), (NO, YES), (YES, NO), (YES, YES)];
const WAS_NO: [(usize, usize); 2] = [(NO, NO), (NO, YES)];
const WAS_YES: [(usize, usize); 2] = [(YES, NO), (YES, YES)];
const IS_YES: [(usize, usize); 2] = [(NO, YES), (YES, YES)];

fn weighted(parts: BTreeMap<usize, Terms>, weight: &[f64]) -> Terms {
    let own = |(cell, terms): (usize, Terms)| terms.into_iter().map(move |(unknown, factor)| (unknown, factor * weight[cell]));
    parts.into_iter().flat_map(own).collect()
}

fn together(parts: BTreeMap<usize, Terms>) -> Terms {
    parts.into_values().flatten().collect()
}

/// What the row of all hospitals prints of one year.
fn know_year(program: &mut Program, year: &Year, side: &Side, row: usize, share: &TrendShare) {
    let of = |states: &[usize]| -> BTreeMap<usize, Terms> {
        let cells = (0..side.len()).filter(|cell| row == 0 || cell % 6 == row - 1);
        cells
            .map(|cell| (cell, states.iter().flat_map(|state| side[cell][*state].clone()).collect()))
            .collect()
    };
    let (yes, base) = (of(&[YES]), of(&[YES, NO]));
    for (terms, printed) in [(&yes, share.count), (&base, share.base)] {
        let printed = f64::from(u32::try_from(printed).unwrap());
        program.know(together(terms.clone()), printed, printed);
    }
    let weights = weights(&year.tables);
    know_share(program, (&weighted(yes, &weights), 0.0), (&weighted(base, &weights), 0.0));
}

/// What the row of the panel prints.
fn know_panel(program: &mut Program, joint: &Joint, weights: &[f64], row: usize, panel: &TrendPanel) {
    for (states, printed) in [
        (&GAINED[..], panel.gained.count),
        (&LOST, panel.lost.count),
        (&[(YES, YES)], panel.stayed_yes.count),
        (&[(NO, NO)], panel.stayed_no.count),
    ] {
        let printed = f64::from(u32::try_from(printed).unwrap());
        program.know(together(joint.moved(row, states)), printed, printed);
    }
    for (part, whole) in [
        (&GAINED[..], &BASE[..]),
        (&LOST, &BASE),
        (&WAS_YES, &BASE),
        (&IS_YES, &BASE),
        (&GAINED, &WAS_NO),
        (&LOST, &WAS_YES),
    ] {
        let [part, whole] = [part, whole].map(|states| weighted(joint.moved(row, states), weights));
        know_share(program, (&part, 0.0), (&whole, 0.0));
    }
}

/// The weights of the panel: hospitals of both frames by the later cell, and those of them that answered both.
fn panel_weights(years: &[Year; 2]) -> Vec<f64> {
    let (mut frame, mut both) = (BTreeMap::new(), BTreeMap::new());
    let earlier: BTreeMap<Uuid, bool> = years[0].made.hospitals.iter().map(|one| (one.id, one.answered.is_some())).collect();
    let place = |cell: usize| {
        let prefecture = years[1].tables.grid().prefectures()[cell / 6].number();
        (prefecture, u8::try_from(cell % 6).unwrap())
    };
    for hospital in &years[1].made.hospitals {
        if let Some(answered) = earlier.get(&hospital.id) {
            let cell = place(years[1].cell(hospital));
            *frame.entry(cell).or_default() += 1_u64;
            *both.entry(cell).or_default() += u64::from(*answered && hospital.answered.is_some());
        }
    }
    let design = Design::new(&frame, &both).unwrap();
    (0..years[1].tables.cells())
        .map(|cell| design.weight(place(cell)).unwrap_or(0.0))
        .collect()
}

/// What an attack looked at and found.
#[derive(Debug, Default)]
struct Attacked {
    /// Hidden counts and transitions.
    hidden: usize,
    /// Rows of all hospitals that stand.
    rows: usize,
    /// Rows of the panel that stand.
    panels: usize,
    /// What the trends give away.
    leaks: Vec<String>,
}

fn attacked(years: &[Year; 2]) -> Attacked {
    let release = Release {
        snapshot: &years[1].snapshot,
        number: 1,
        note: None,
        decision: &years[1].decision,
        earlier: Some((&years[0].snapshot, &years[0].decision)),
    };
    let shown = trends_of(&release).unwrap();
    let attacks = [years[0].attack(), years[1].attack()];
    let mut program = Program::default();
    let (mut unknowns, mut hidden, mut transitions) = (Vec::new(), Vec::new(), Vec::new());
    for (year, attack) in years.iter().zip(&attacks) {
        let root = year.place("ehr_in_use");
        let tree: Vec<usize> = std::iter::once(root).chain(year.tables.descendants(root)).collect();
        let system = attack.system_in(program, &tree, Published::Everything, false);
        for one in attack.hidden(&tree, &system.unknowns) {
            let (question, domain) = (&year.tables.questions()[one.question].key, year.tables.domains()[one.domain]);
            let name = format!("{} {question} option {} {domain:?}", year.made.survey.id(), one.option);
            hidden.push((name, one));
        }
        program = system.program;
        unknowns.push(system.unknowns);
    }
    let crosswalk = Crosswalk::compiled_in();
    let pairs: Vec<&Pair> = crosswalk.between("2022", "2024").filter(|pair| pair.comparable).collect();
    assert_eq!(pairs.len(), shown.len());
    let mut all = Vec::new();
    for pair in &pairs {
        let sides = [
            side(
                &mut program,
                &years[0],
                &unknowns[0],
                (&pair.from_question, pair.from.as_ref().unwrap()),
            ),
            side(
                &mut program,
                &years[1],
                &unknowns[1],
                (&pair.to_question, pair.to.as_ref().unwrap()),
            ),
        ];
        let joint = joint(&mut program, years, pair, &sides);
        all.push((sides, joint));
    }
    let without = program.clone();
    let (weights, mut rows, mut panels) = (panel_weights(years), 0, 0);
    let mut nation = None;
    for row in 0..ROWS {
        if row == 1 {
            nation = Some(program.clone());
        }
        for ((pair, shown), (sides, joint)) in pairs.iter().zip(&shown).zip(&all) {
            let line = std::iter::once(shown.total()).chain(shown.bands()).nth(row).unwrap();
            if let Ok(printed) = line.all() {
                know_year(&mut program, &years[0], &sides[0], row, &printed.earlier);
                know_year(&mut program, &years[1], &sides[1], row, &printed.later);
                rows += 1;
            }
            if let Ok(printed) = line.panel() {
                know_panel(&mut program, joint, &weights, row, printed);
                panels += 1;
                continue;
            }
            for (option, states) in BASE.iter().enumerate() {
                let terms = together(joint.moved(row, &[*states]));
                let base = together(joint.moved(row, &BASE));
                let base: f64 = base.iter().map(|(unknown, factor)| factor * program.truth[*unknown]).sum();
                let name = format!("{} row {row} {states:?} of {base}", pair.to_question);
                transitions.push((name, Hidden::new(0, row, option, terms, if base < 2.0 { 0 } else { 2 })));
            }
        }
    }
    let number = hidden.len() + transitions.len();
    // What the nation's rows show by themselves is not held against its bands, as with counts.
    let mut leaks = leaks(&program, hidden, &without);
    leaks.extend(self::leaks(&program, transitions, &nation.unwrap()));
    Attacked {
        hidden: number,
        rows,
        panels,
        leaks,
    }
}

/// The hidden counts that move less in a program than in another that knows less.
fn leaks(program: &Program, hidden: Vec<(String, Hidden)>, without: &Program) -> Vec<String> {
    let names: Vec<String> = hidden.iter().map(|(name, _)| name.clone()).collect();
    let numbered = hidden.into_iter().enumerate().map(|(index, (_, hidden))| hidden.named(index));
    let known = unmoved(program, numbered.collect(), false);
    let even_so = unmoved(without, known.iter().map(|(hidden, _)| hidden.clone()).collect(), false);
    let found = known.iter().filter_map(|(hidden, spread)| {
        let same = even_so.iter().find(|(other, _)| other.option == hidden.option);
        let limit = same.map_or(2, |(_, spread)| *spread);
        (*spread < limit).then(|| format!("{}: moves by {spread}, with less known by {limit}", names[hidden.option]))
    });
    found.collect()
}

fn years(seed: u64) -> [Year; 2] {
    two(seed, [300, 700, 1_000, 1_500][usize::try_from(seed % 4).unwrap()])
}

#[test]
fn the_attack_finds_nothing_in_the_trends_and_transitions_of_two_releases() {
    let (mut all, mut leaks) = (Attacked::default(), Vec::new());
    // In the fifth something was found when the panel came back with what the audit took back.
    let few = sets(0, 1).is_empty();
    for seed in (0..16).filter(|seed| !few || [0, 1, 2, 4].contains(seed)) {
        let one = attacked(&years(seed));
        all.hidden += one.hidden;
        all.rows += one.rows;
        all.panels += one.panels;
        leaks.extend(one.leaks.into_iter().map(|leak| format!("seed {seed}: {leak}")));
    }
    println!("{all:?}");
    assert_eq!(leaks, Vec::<String>::new());
    assert!(all.hidden > 1_000 && all.rows > 10 && all.panels > 10, "{all:?}");
}

#[test]
fn the_attack_finds_what_trends_would_give_away_that_nobody_audited() {
    let found = sets(2, 8).filter(|seed| {
        let years = years(*seed).map(|year| Year {
            decision: year.decision.clone().withholding(BTreeSet::new()),
            ..year
        });
        !attacked(&years).leaks.is_empty()
    });
    assert!(found.count() > 0);
}
