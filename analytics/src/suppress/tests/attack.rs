//! The attack: everything that a reader of a release knows, and more than that, as a linear program; then how far each hidden count can still move.
//!
//! The reader is given every published count (and so every percentage, every chart and every sum), the weighted estimates as intervals of their
//! rounding, the response counts and frame of every finest cell, the questionnaire (who is asked what, which options exclude others) - and, which no
//! release says, how many left each question blank or wrote 無回答 in every finest cell. Questions that hang on each other are attacked together.

use super::people::Chance;
use super::program::{Program, value};
use crate::estimate::Design;
use crate::suppress::domain::Domain;
use crate::suppress::{Rule, Tables};
use std::collections::BTreeSet;

/// What the attack knows of a release.
#[derive(Clone)]
pub(crate) struct Attack<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) rule: Rule,
    /// By question, then by domain: whether the distribution is published.
    pub(crate) open: Vec<Vec<bool>>,
    /// The same for the weighted estimate.
    pub(crate) weighted: Vec<Vec<bool>>,
    /// By cell: hospitals of the frame per respondent, as the release's estimates weigh.
    pub(crate) weights: Vec<f64>,
}

/// The weights of a release, from its response counts.
pub(crate) fn weights(tables: &Tables) -> Vec<f64> {
    let place = |cell: usize| (tables.grid().prefectures()[cell / 6].number(), u8::try_from(cell % 6).unwrap());
    let sizes = |size: &dyn Fn(usize) -> u32| (0..tables.cells()).map(|cell| (place(cell), u64::from(size(cell)))).collect();
    let design = Design::new(&sizes(&|cell| tables.frame_of(cell)), &sizes(&|cell| tables.n_of(cell))).unwrap();
    (0..tables.cells()).map(|cell| design.weight(place(cell)).unwrap_or(0.0)).collect()
}

/// A hidden count: of an option of a question in a domain.
#[derive(Debug, Clone)]
pub(crate) struct Hidden {
    pub(crate) question: usize,
    pub(crate) domain: usize,
    pub(crate) option: usize,
    terms: Vec<(usize, f64)>,
    /// How many values it must be able to have beside its own.
    want: u32,
}

impl Hidden {
    pub(crate) fn new(question: usize, domain: usize, option: usize, terms: Vec<(usize, f64)>, want: u32) -> Hidden {
        Hidden {
            question,
            domain,
            option,
            terms,
            want,
        }
    }
}

impl Hidden {
    /// The same under another number, by which it is known again.
    pub(crate) fn named(self, number: usize) -> Hidden {
        Hidden { option: number, ..self }
    }
}

/// Which of the open tables a reader has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// The nation as a whole.
    Nation,
    /// And its six bands.
    NationAndBands,
    /// All.
    Everything,
}

/// The unknowns of the questions of one tree.
pub(crate) struct System {
    pub(crate) program: Program,
    /// By question, then by cell, then by option.
    pub(crate) unknowns: Vec<Vec<Vec<usize>>>,
}

impl Attack<'_> {
    /// The hidden counts that the attack finds out, or nearly; in words. `whole`: with whole numbers of hospitals, for small tables.
    pub(crate) fn leaks(&self, whole: bool) -> Vec<String> {
        let roots = (0..self.tables.questions().len()).filter(|question| self.tables.questions()[*question].gate.is_none());
        roots.flat_map(|root| self.leaks_of(root, whole)).collect()
    }

    pub(crate) fn leaks_of(&self, root: usize, whole: bool) -> Vec<String> {
        let tree: Vec<usize> = std::iter::once(root).chain(self.tables.descendants(root)).collect();
        let system = self.system(&tree, Published::Everything, false);
        let known = unmoved(&system.program, self.hidden(&tree, &system.unknowns), whole);
        if known.is_empty() {
            return Vec::new();
        }
        // What the nation's own tables show by themselves, to somebody who knows every base or how questions hang together, is not held against
        // the prefectures; what the nation as a whole shows, not against its bands.
        let without = |published: Published, bases: bool| {
            let program = self.system(&tree, published, bases).program;
            let is_of_band = |hidden: &Hidden| matches!(self.tables.domains()[hidden.domain], Domain::Nation | Domain::Band(_));
            let asked = known.iter().map(|(hidden, _)| hidden.clone());
            let asked: Vec<Hidden> = asked
                .filter(|hidden| is_of_band(hidden) == (published == Published::Nation))
                .collect();
            if asked.is_empty() {
                Vec::new()
            } else {
                unmoved(&program, asked, whole)
            }
        };
        let each = [Published::Nation, Published::NationAndBands].into_iter();
        let even_so: Vec<(Hidden, u32)> = each
            .flat_map(|published| [without(published, false), without(published, true)].concat())
            .collect();
        let limit = |hidden: &Hidden| {
            let same = |(other, _): &&(Hidden, u32)| {
                (other.question, other.domain, other.option) == (hidden.question, hidden.domain, hidden.option)
            };
            even_so.iter().filter(same).map(|(_, spread)| *spread).min().unwrap_or(hidden.want)
        };
        let leaking = known.iter().filter(|(hidden, spread)| *spread < limit(hidden));
        leaking
            .map(|(hidden, spread)| {
                let domain = self.tables.domains()[hidden.domain];
                let question = &self.tables.questions()[hidden.question].key;
                format!(
                    "{question}, option {}, {domain:?}: moves by {spread}, not by {}",
                    hidden.option,
                    limit(hidden)
                )
            })
            .collect()
    }

    pub(crate) fn system(&self, tree: &[usize], published: Published, bases: bool) -> System {
        self.system_in(Program::default(), tree, published, bases)
    }

    /// The same beside what a program knows already.
    pub(crate) fn system_in(&self, program: Program, tree: &[usize], published: Published, bases: bool) -> System {
        let cells = self.tables.grid().cells();
        let mut system = System {
            program,
            unknowns: vec![Vec::new(); self.tables.questions().len()],
        };
        for question in tree {
            for cell in 0..cells {
                let counts = self.tables.cell(*question, cell).unwrap();
                let unknowns = counts.options.iter().map(|count| system.program.unknown(*count)).collect();
                system.unknowns[*question].push(unknowns);
            }
        }
        for question in tree {
            (0..cells).for_each(|cell| self.know_base(&mut system, *question, cell, bases));
            for (domain, place) in self.tables.domains().iter().enumerate() {
                let is_known = match published {
                    Published::Nation => matches!(place, Domain::Nation),
                    Published::NationAndBands => matches!(place, Domain::Nation | Domain::Band(_)),
                    Published::Everything => true,
                };
                if self.open[*question][domain] && is_known {
                    self.know_counts(&mut system, *question, domain);
                }
                if self.weighted[*question][domain] && published == Published::Everything {
                    self.know_weighted(&mut system, *question, domain);
                }
            }
        }
        system
    }

    /// The options of a question in a cell: they add up to those that were asked, less those that said nothing, which are known here. `bases`:
    /// so are those that were asked.
    fn know_base(&self, system: &mut System, question: usize, cell: usize, bases: bool) {
        let asked = &self.tables.questions()[question];
        let own = &system.unknowns[question][cell];
        let mut base: Vec<(usize, f64)> = Vec::new();
        if let Some(gate) = &asked.gate {
            base = gate
                .options
                .iter()
                .map(|option| (system.unknowns[gate.question][cell][*option], 1.0))
                .collect();
        }
        let counts = self.tables.cell(question, cell).unwrap();
        if bases {
            base.clear();
        }
        let rest = f64::from(counts.base) - value(&base, &system.program.truth);
        let minus = |terms: &[(usize, f64)]| -> Vec<(usize, f64)> { terms.iter().map(|(unknown, factor)| (*unknown, -factor)).collect() };
        if !asked.several {
            let all = own.iter().map(|unknown| (*unknown, 1.0)).chain(minus(&base)).collect();
            return system.program.know(all, rest, rest);
        }
        let of = |exclusive: bool| -> Vec<(usize, f64)> {
            let own = own.iter().zip(&asked.exclusive).filter(|(_, is)| **is == exclusive);
            own.map(|(unknown, _)| (*unknown, 1.0)).collect()
        };
        let (alone, together) = (of(true), of(false));
        let everybody = [together.clone(), alone.clone(), minus(&base)].concat();
        system.program.know(everybody, rest, f64::INFINITY);
        for option in together {
            let one = [vec![option], alone.clone(), minus(&base)].concat();
            system.program.know(one, f64::NEG_INFINITY, rest);
        }
    }

    fn know_counts(&self, system: &mut System, question: usize, domain: usize) {
        for option in 0..self.tables.questions()[question].exclusive.len() {
            let terms = self.terms(&system.unknowns, question, domain, option);
            system.program.know_sum(terms);
        }
    }

    /// The weighted share of each option, in percent with one decimal: an interval for a sum in which every cell has a weight of its own.
    fn know_weighted(&self, system: &mut System, question: usize, domain: usize) {
        let cells = self.tables.grid().cells_of(domain);
        let counts = |cell: &usize| self.tables.cell(question, *cell).unwrap();
        let sum = |number: &dyn Fn(&usize) -> f64| cells.iter().map(|cell| self.weights[*cell] * number(cell)).sum::<f64>();
        // Those that answered: that many of whom it is known, and the answers that ask it.
        let gate = self.tables.questions()[question].gate.as_ref();
        let asking: Vec<(usize, f64)> = gate.map_or_else(Vec::new, |gate| {
            let every = cells
                .iter()
                .flat_map(|cell| gate.options.iter().map(move |option| (*cell, *option)));
            every
                .map(|(cell, option)| (system.unknowns[gate.question][cell][option], self.weights[cell]))
                .collect()
        });
        let base = sum(&|cell| f64::from(counts(cell).base)) - value(&asking, &system.program.truth);
        let options = 0..self.tables.questions()[question].exclusive.len();
        for option in options {
            let chosen: Vec<(usize, f64)> = cells
                .iter()
                .map(|cell| (system.unknowns[question][*cell][option], self.weights[*cell]))
                .collect();
            know_share(&mut system.program, (&chosen, 0.0), (&asking, base));
        }
    }

    fn terms(&self, unknowns: &[Vec<Vec<usize>>], question: usize, domain: usize, option: usize) -> Vec<(usize, f64)> {
        let cells = self.tables.grid().cells_of(domain);
        cells.into_iter().map(|cell| (unknowns[question][cell][option], 1.0)).collect()
    }

    pub(crate) fn hidden(&self, tree: &[usize], unknowns: &[Vec<Vec<usize>>]) -> Vec<Hidden> {
        let mut all = Vec::new();
        for question in tree.iter().copied() {
            for domain in (0..self.tables.domains().len()).filter(|domain| !self.open[question][*domain]) {
                let counts = self.tables.counts(self.tables.domains()[domain], question).unwrap();
                let options = counts.options.len();
                all.extend((0..options).filter(|_| options > 1).map(|option| Hidden {
                    question,
                    domain,
                    option,
                    terms: self.terms(unknowns, question, domain, option),
                    want: (self.rule.possible - 1).min(counts.base),
                }));
            }
        }
        all
    }
}

/// A share that is printed as percent with one decimal: a sum with what is known beside it, of another such sum.
pub(crate) fn know_share(program: &mut Program, (part, more): (&[(usize, f64)], f64), (whole, rest): (&[(usize, f64)], f64)) {
    let of = value(whole, &program.truth) + rest;
    if of <= 0.0 {
        return;
    }
    let shown = ((value(part, &program.truth) + more) / of * 1_000.0).round() / 1_000.0;
    let less = |share: f64| -> Vec<(usize, f64)> {
        let whole = whole.iter().map(|(unknown, factor)| (*unknown, -share * factor));
        part.iter().copied().chain(whole).collect()
    };
    let (least, most) = (shown - 0.000_5, shown + 0.000_5);
    program.know(less(least), least * rest - more, f64::INFINITY);
    program.know(less(most), f64::NEG_INFINITY, most * rest - more);
}

/// The counts that do not move as far as they must, with how far they do.
pub(crate) fn unmoved(program: &Program, hidden: Vec<Hidden>, whole: bool) -> Vec<(Hidden, u32)> {
    let mut points = vec![program.truth.clone()];
    let mut left = hidden;
    let mut chance = Chance(left.len().try_into().unwrap());
    let settled = |points: &[Vec<f64>], hidden: &Hidden| spread(points, hidden, whole) >= hidden.want;
    left.retain(|hidden| !settled(&points, hidden));
    // Many at once first: everything that is left is pulled in some direction, then in the opposite one.
    for _ in 0..6 {
        let signs: Vec<f64> = left.iter().map(|_| if chance.happens(50) { 1.0 } else { -1.0 }).collect();
        for direction in [1.0, -1.0] {
            let pulled = left.iter().zip(&signs);
            let goal: Vec<(usize, f64)> = pulled
                .flat_map(|(hidden, sign)| {
                    hidden
                        .terms
                        .iter()
                        .map(move |(unknown, factor)| (*unknown, factor * sign * direction))
                })
                .collect();
            points.extend(program.greatest(&goal, whole));
        }
        left.retain(|hidden| !settled(&points, hidden));
        if left.is_empty() {
            return Vec::new();
        }
    }
    let mut found = Vec::new();
    for hidden in left {
        for direction in [1.0, -1.0] {
            if !settled(&points, &hidden) {
                let goal: Vec<(usize, f64)> = hidden
                    .terms
                    .iter()
                    .map(|(unknown, factor)| (*unknown, factor * direction))
                    .collect();
                points.extend(program.greatest(&goal, whole));
            }
        }
        if !settled(&points, &hidden) {
            found.push((hidden.clone(), spread(&points, &hidden, whole)));
        }
    }
    found
}

/// Between the points: how many further whole numbers a count can be. Points of a linear program may be mixed; whole ones are counted.
fn spread(points: &[Vec<f64>], hidden: &Hidden, whole: bool) -> u32 {
    let values = points.iter().map(|point| value(&hidden.terms, point));
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small numbers of hospitals"
    )]
    if whole {
        let different: BTreeSet<i64> = values.map(|value| value.round() as i64).collect();
        (different.len() - 1).try_into().unwrap()
    } else {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        ((most + 1e-6).floor() - (least - 1e-6).ceil()).max(0.0) as u32
    }
}
