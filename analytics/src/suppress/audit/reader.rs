//! What a reader of a release knows about the questions of one tree, as a linear program over the counts of the finest cells: the published counts, who is
//! asked what, and the estimates. More than a release says, the reader knows of every finest cell how many left a question blank or wrote 無回答.
//! Decides nothing.

use super::Number;
use super::program::{Program, Terms, Unknown, value};
use crate::estimate::Design;
use crate::suppress::decide::Decision;
use crate::suppress::domain::{Domain, SIX};
use crate::suppress::harmonised::Harmonised;
use crate::suppress::tables::{SuppressError, Tables};
use std::collections::BTreeMap;

/// Half of the last digit of a percentage with one decimal, as a share, and a little for arithmetic.
const ROUNDING: f64 = 0.000_5 + 1e-9;

/// A hidden count: of an option of a question in a domain.
#[derive(Debug, Clone)]
pub(super) struct HiddenCount {
    pub(super) question: usize,
    /// Index of the domain.
    pub(super) domain: usize,
    pub(super) terms: Terms,
    /// How many values it must be able to have beside its own.
    pub(super) want: f64,
}

/// Numbers that stand in a release or not: of a question in a domain.
#[derive(Debug, Clone)]
pub(super) struct Printed {
    pub(super) number: Number,
    /// Which question's.
    pub(super) question: usize,
    /// They stand only where the estimates of these do.
    pub(super) needs: Vec<usize>,
    /// The nation or one of its bands.
    pub(super) domain: Domain,
    /// Limits of the program, each with the range that the printed number tells.
    pub(super) limits: Vec<(Unknown, (f64, f64))>,
}

/// The program of one tree.
pub(super) struct Reader<'a> {
    tables: &'a Tables,
    decision: &'a Decision,
    design: Design,
    /// By question of the tree, then by cell, then by option.
    unknowns: BTreeMap<usize, Vec<Vec<Unknown>>>,
    /// Of each harmonised question and cell, yes and base: the same in the rows of all domains, for a band's row is the nation's less the others.
    sides: BTreeMap<(usize, usize), [Base; 2]>,
    pub(super) program: Program,
}

/// Whose hospitals a share divides by, in a cell: a sum of unknowns and a number that is known.
#[derive(Clone)]
struct Base {
    terms: Terms,
    known: f64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tables: &'a Tables, decision: &'a Decision, tree: &[usize]) -> Result<Reader<'a>, SuppressError> {
        let mut reader = Reader {
            tables,
            decision,
            design: design(tables)?,
            unknowns: BTreeMap::new(),
            sides: BTreeMap::new(),
            program: Program::default(),
        };
        for question in tree {
            let cells = (0..tables.cells()).map(|cell| reader.unknowns_of(*question, cell)).collect();
            reader.unknowns.insert(*question, cells);
        }
        for question in tree {
            (0..tables.cells()).for_each(|cell| reader.know_base(*question, cell));
            for domain in 0..tables.domains().len() {
                if reader.is_open(*question, domain) && !reader.is_sum_of_open(*question, domain) {
                    let options = reader.options(*question);
                    options.for_each(|option| {
                        let terms = reader.count(*question, domain, &[option]);
                        reader.program.know_sum(&terms);
                    });
                }
            }
        }
        Ok(reader)
    }

    /// The hidden counts of the tree.
    pub(super) fn hidden(&self) -> Vec<HiddenCount> {
        let mut all = Vec::new();
        for question in self.unknowns.keys().copied() {
            for (index, domain) in self
                .tables
                .domains()
                .iter()
                .enumerate()
                .filter(|(index, _)| !self.is_open(question, *index))
            {
                let base = self.tables.counts(*domain, question).map_or(0, |counts| counts.base);
                let want = f64::from(self.decision.rule().possible.saturating_sub(1).min(base));
                let options = self.options(question);
                // A question of one option says nothing but its base, which is its gate's; of two whose sum is known one moves as far as the other.
                let looked_at = match options.len() {
                    1 => 0..0,
                    2 if self.is_sum_known(question, index) => 0..1,
                    _ => options,
                };
                all.extend(looked_at.map(|option| HiddenCount {
                    question,
                    domain: index,
                    terms: self.count(question, index, &[option]),
                    want,
                }));
            }
        }
        all
    }

    /// Adds the estimates that may stand beside published counts.
    pub(super) fn printed(&mut self) -> Vec<Printed> {
        let mut all = Vec::new();
        let questions: Vec<usize> = self.unknowns.keys().copied().collect();
        let national = self.tables.domains().iter().copied().enumerate().take(1 + SIX);
        for (index, domain) in national {
            let open: Vec<usize> = questions
                .iter()
                .copied()
                .filter(|question| self.is_open(*question, index))
                .collect();
            for question in open {
                all.push(Printed {
                    number: Number::Estimate,
                    question,
                    needs: Vec::new(),
                    domain,
                    limits: self.estimates(question, index),
                });
            }
            for (pair, harmonised) in self.tables.harmonised().iter().enumerate().filter(|(_, pair)| !pair.is_own()) {
                let needs = harmonised.questions();
                if questions.contains(&harmonised.question) && needs.iter().all(|question| self.is_open(*question, index)) {
                    all.push(Printed {
                        number: Number::Trend,
                        question: harmonised.question,
                        needs,
                        domain,
                        limits: self.harmonised(pair, index),
                    });
                }
            }
        }
        all
    }

    fn unknowns_of(&mut self, question: usize, cell: usize) -> Vec<Unknown> {
        let n = self.tables.n_of(cell);
        let counts = self.tables.cell(question, cell);
        let options = counts.map_or(&[][..], |counts| counts.options.as_slice());
        options.iter().map(|count| self.program.unknown(*count, n)).collect()
    }

    fn options(&self, question: usize) -> std::ops::Range<usize> {
        0..self.tables.question(question).map_or(0, |question| question.exclusive.len())
    }

    fn is_open(&self, question: usize, domain: usize) -> bool {
        let reasons = self.decision.reasons().get(question);
        reasons.and_then(|list| list.get(domain)).is_some_and(Option::is_none)
    }

    /// Whether the options of a question add up to a number that is known in a domain.
    fn is_sum_known(&self, question: usize, domain: usize) -> bool {
        let asked = self.tables.question(question).filter(|asked| !asked.several);
        asked.is_some_and(|asked| asked.gate.as_ref().is_none_or(|gate| self.is_open(gate.question, domain)))
    }

    /// Whether the parts of a domain are open all: then it tells nothing more.
    fn is_sum_of_open(&self, question: usize, domain: usize) -> bool {
        let domains = self.tables.domains();
        let is_part = |part: &Domain| match (domains.get(domain), part) {
            (Some(Domain::Nation), Domain::Band(_)) => true,
            (Some(Domain::Prefecture(whole)), Domain::PrefectureBand(code, _)) => whole == code,
            _ => false,
        };
        let mut parts = domains.iter().enumerate().filter(|(_, part)| is_part(part)).peekable();
        parts.peek().is_some() && parts.all(|(index, _)| self.is_open(question, index))
    }

    fn own(&self, question: usize, cell: usize, options: &[usize]) -> Terms {
        let unknowns = self.unknowns.get(&question).and_then(|cells| cells.get(cell));
        let unknowns = unknowns.map_or(&[][..], Vec::as_slice);
        options.iter().filter_map(|option| Some((*unknowns.get(*option)?, 1.0))).collect()
    }

    /// Those that chose one of the options, in a domain.
    fn count(&self, question: usize, domain: usize, options: &[usize]) -> Terms {
        let cells = self.tables.grid().cells_of(domain).into_iter();
        cells.flat_map(|cell| self.own(question, cell, options)).collect()
    }

    /// Those that answered: who was asked, less those that said nothing, which is known.
    fn base(&self, question: usize, cell: usize) -> Base {
        let gate = self.tables.question(question).and_then(|asked| asked.gate.as_ref());
        let terms = gate.map_or_else(Vec::new, |gate| self.own(gate.question, cell, &gate.options));
        let base = self.tables.cell(question, cell).map_or(0, |counts| counts.base);
        Base {
            known: f64::from(base) - value(&terms, &self.program.truth),
            terms,
        }
    }

    /// The options of a question add up to its base; where several can be chosen, each is at most that.
    fn know_base(&mut self, question: usize, cell: usize) {
        let Some(asked) = self.tables.question(question) else { return };
        let base = self.base(question, cell);
        let less: Terms = base.terms.iter().map(|(unknown, factor)| (*unknown, -factor)).collect();
        let of = |exclusive: bool| -> Vec<usize> {
            let flags = asked.exclusive.iter().enumerate();
            flags.filter(|(_, is)| **is == exclusive).map(|(option, _)| option).collect()
        };
        let all: Vec<usize> = self.options(question).collect();
        let everybody = [self.own(question, cell, &all), less.clone()].concat();
        if !asked.several {
            return self.program.know(&everybody, base.known..=base.known);
        }
        self.program.know(&everybody, base.known..=f64::INFINITY);
        let alone = self.own(question, cell, &of(true));
        for option in of(false) {
            let one = [self.own(question, cell, &[option]), alone.clone(), less.clone()].concat();
            self.program.know(&one, f64::NEG_INFINITY..=base.known);
        }
    }

    fn weight(&self, cell: usize) -> f64 {
        let places = self.tables.grid().prefectures().get(cell / SIX);
        let band = u8::try_from(cell % SIX).ok();
        let weight = places
            .zip(band)
            .and_then(|(place, band)| self.design.weight((place.number(), band)));
        weight.unwrap_or(0.0)
    }

    fn weighted(&self, domain: usize, of: impl Fn(usize) -> Base) -> Base {
        let mut sum = Base {
            terms: Vec::new(),
            known: 0.0,
        };
        for cell in self.tables.grid().cells_of(domain) {
            let (weight, part) = (self.weight(cell), of(cell));
            sum.terms
                .extend(part.terms.iter().map(|(unknown, factor)| (*unknown, factor * weight)));
            sum.known += part.known * weight;
        }
        sum
    }

    /// The share of every option.
    fn estimates(&mut self, question: usize, domain: usize) -> Vec<(Unknown, (f64, f64))> {
        let base = self.weighted(domain, |cell| self.base(question, cell));
        let mut limits = Vec::new();
        for option in self.options(question) {
            let count = self.weighted(domain, |cell| Base {
                terms: self.own(question, cell, &[option]),
                known: 0.0,
            });
            limits.extend(self.share(&count, &base));
        }
        limits
    }

    /// What a rounded share tells: count less share times base is at least 0 for the least share, at most 0 for the greatest.
    fn share(&mut self, count: &Base, base: &Base) -> Vec<(Unknown, (f64, f64))> {
        let at = |sum: &Base| value(&sum.terms, &self.program.truth) + sum.known;
        let whole = at(base);
        if whole <= 0.0 {
            return Vec::new();
        }
        let shown = (at(count) / whole * 1_000.0).round() / 1_000.0;
        let mut limit = |share: f64| {
            let less = base.terms.iter().map(|(unknown, factor)| (*unknown, -share * factor));
            let terms: Terms = count.terms.iter().copied().chain(less).collect();
            (self.program.limit(terms), share * base.known - count.known)
        };
        let (least, most) = (limit(shown - ROUNDING), limit(shown + ROUNDING));
        vec![(least.0, (least.1, f64::INFINITY)), (most.0, (f64::NEG_INFINITY, most.1))]
    }

    /// What the row of a trend tells of one of its years: base, yes and the estimate on the harmonised base.
    fn harmonised(&mut self, pair: usize, domain: usize) -> Vec<(Unknown, (f64, f64))> {
        let cells = self.tables.grid().cells_of(domain);
        cells.iter().for_each(|cell| self.meet(pair, *cell));
        let part = |sides: &BTreeMap<(usize, usize), [Base; 2]>, cell: usize, which: usize| {
            let found = sides.get(&(pair, cell)).and_then(|part| part.get(which));
            found.map_or((Vec::new(), 0.0), |base| (base.terms.clone(), base.known))
        };
        let mut limits = Vec::new();
        for which in [0, 1] {
            // What is known of it beside the unknowns does not change what the sum tells.
            let terms: Terms = cells.iter().flat_map(|cell| part(&self.sides, *cell, which).0).collect();
            let sum = value(&terms, &self.program.truth);
            limits.push((self.program.limit(terms), (sum, sum)));
        }
        let [yes, base] = [0, 1].map(|which| {
            self.weighted(domain, |cell| {
                let (terms, known) = part(&self.sides, cell, which);
                Base { terms, known }
            })
        });
        limits.extend(self.share(&yes, &base));
        limits
    }

    /// Knows of a cell how the answers meet, once.
    fn meet(&mut self, pair: usize, cell: usize) {
        if let Some(harmonised) = self
            .tables
            .harmonised()
            .get(pair)
            .filter(|_| !self.sides.contains_key(&(pair, cell)))
        {
            let sides = self.yes_and_base(harmonised, cell);
            self.sides.insert((pair, cell), sides);
        }
    }

    /// Those that count as yes, and the base, in a cell. Who answers no to `no_if` is in the base as no, whatever it said to the question itself: how
    /// the two answers meet is a further unknown where the question is asked of them too. How many stand outside is known, not what they said.
    fn yes_and_base(&mut self, pair: &Harmonised, cell: usize) -> [Base; 2] {
        let apart = pair.apart(cell);
        let all: Vec<usize> = self.options(pair.question).collect();
        let others: Vec<usize> = all.iter().copied().filter(|option| !pair.yes.contains(option)).collect();
        let (own_yes, own_no) = (self.own(pair.question, cell, &pair.yes), self.own(pair.question, cell, &others));
        let [outside_yes, outside_no] = self.parts(apart.outside);
        let (mut yes, mut base) = (own_yes.clone(), [own_yes.clone(), own_no.clone()].concat());
        let mut apart_of = [vec![outside_yes], vec![outside_no]];
        let mut known = -f64::from(apart.outside.iter().sum::<u32>());
        yes.push((outside_yes, -1.0));
        if let Some(no_if) = &pair.no_if {
            let refused = self.own(no_if.question, cell, &no_if.options);
            if pair.is_asked_of_refused(self.tables.questions()) {
                let [of_yes, of_no, of_none] = apart.refused;
                let (n, counts) = (self.tables.n_of(cell), self.tables.cell(pair.question, cell));
                let silence = counts.map_or(0, |counts| counts.blank + counts.no_answer);
                let [as_yes, as_no] = [of_yes, of_no].map(|count| self.program.unknown(count, n));
                let silent = self.program.unknown(of_none, silence);
                let others = f64::from(apart.refused_outside);
                self.program.know(&less(&refused, &[as_yes, as_no, silent]), -others..=-others);
                let [of_yes, of_no] = &mut apart_of;
                of_yes.push(as_yes);
                of_no.push(as_no);
                yes.push((as_yes, -1.0));
                base.push((silent, 1.0));
            } else {
                base.extend(refused);
                known -= f64::from(apart.refused_outside);
            }
        }
        for (whole, parts) in [own_yes, own_no].iter().zip(&apart_of) {
            self.program.know(&less(whole, parts), f64::NEG_INFINITY..=0.0);
        }
        [Base { terms: yes, known: 0.0 }, Base { terms: base, known }]
    }

    /// Unknown parts of a number that is known.
    fn parts<const N: usize>(&mut self, counts: [u32; N]) -> [Unknown; N] {
        let all = counts.iter().sum();
        let parts = counts.map(|count| self.program.unknown(count, all));
        let sum: Terms = parts.iter().map(|part| (*part, 1.0)).collect();
        self.program.know_sum(&sum);
        parts
    }
}

/// Parts less their whole.
fn less(whole: &Terms, parts: &[Unknown]) -> Terms {
    let minus = whole.iter().map(|(unknown, factor)| (*unknown, -factor));
    minus.chain(parts.iter().map(|part| (*part, 1.0))).collect()
}

/// The weights of a release follow from its response counts, which it prints.
fn design(tables: &Tables) -> Result<Design, SuppressError> {
    let cells = || (0..tables.cells()).filter_map(|cell| Some((cell, tables.grid().prefectures().get(cell / SIX)?)));
    let sizes = |of: fn(&Tables, usize) -> u32| {
        let size = |(cell, place): (usize, &survey::prefecture::PrefectureCode)| {
            let band = u8::try_from(cell % SIX).ok()?;
            Some(((place.number(), band), u64::from(of(tables, cell))))
        };
        cells().filter_map(size).collect()
    };
    Design::new(&sizes(Tables::frame_of), &sizes(Tables::n_of)).map_err(|error| SuppressError::Weights(error.to_string()))
}
