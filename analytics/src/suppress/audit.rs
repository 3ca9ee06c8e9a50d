//! The audit: which weighted estimates and rows of trends a release may print beside its counts. An estimate gives every finest cell a weight of its own and so
//! may take apart what the counts leave together, and a harmonised base tells how two answers meet; linear programming tells where a hidden count suffers, and
//! the number is withheld there. Looks at one tree of questions at a time,
//! changes nothing of what [`super::decide()`] hides, and adds nothing to it.
//!
//! That the counts by themselves keep every hidden count apart from its neighbours is the decision's work and not looked at again: what is asked here is
//! only whether a hidden count can move less with the estimates than without.

mod program;
mod reader;

use super::decide::Decision;
use super::domain::{Domain, SIX};
use super::further::{Allowed, Groups, Union};
use super::tables::{SuppressError, Tables};
use program::{Solver, Terms, value};
use reader::{HiddenCount, Printed, Reader};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Numbers of a question in a domain that are withheld though its counts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// Which numbers.
    pub number: Number,
    /// Index of the question.
    pub question: usize,
    /// The nation or one of its bands.
    pub domain: Domain,
}

/// Numbers beside the counts of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// Weighted estimates and their intervals.
    Estimate,
    /// Its row in trends on a harmonised base, of whatever pair of surveys.
    Trend,
}

/// Two limits lie further apart than they seem by this much: arithmetic.
const NEAR: f64 = 1e-6;

/// The estimates and rows of trends that are withheld: those with which a hidden count could move less than it must and less than without them, and what an
/// earlier release of the survey withheld.
///
/// # Errors
/// [`SuppressError::Weights`]: the tables have no weights.
pub(super) fn withheld(tables: &Tables, decision: &Decision, earlier: &[&Decision]) -> Result<BTreeSet<Withheld>, SuppressError> {
    let mut withheld = apart(tables, decision);
    withheld.extend(earlier.iter().filter_map(|earlier| earlier.withheld()).flatten());
    let roots = tables
        .questions()
        .iter()
        .enumerate()
        .filter(|(_, question)| question.gate.is_none());
    for (root, _) in roots {
        let tree: Vec<usize> = std::iter::once(root).chain(tables.descendants(root)).collect();
        withheld.extend(of_tree(tables, decision, &tree, &withheld)?);
    }
    Ok(withheld)
}

/// Rows of trends on a harmonised base that would set too few hospitals apart from the question's own table.
fn apart(tables: &Tables, decision: &Decision) -> BTreeSet<Withheld> {
    let mut withheld = BTreeSet::new();
    for harmonised in tables.harmonised() {
        let questions = harmonised.questions();
        let open = |domain: Domain| questions.iter().all(|question| decision.is_published(domain, *question));
        let bands = harmonised.groups(tables.questions());
        // A hospital is of one band only, so the groups of a union are sums.
        let of = |union: &Union| Groups::sum(bands.iter().zip(union).filter(|(_, is)| **is).map(|(groups, _)| groups));
        let allowed = Allowed::new(decision.rule(), open, of);
        let national = std::iter::once(Domain::Nation).chain((0..SIX).map(Domain::Band));
        let closed = national.filter(|domain| open(*domain) && !allowed.holds(*domain));
        withheld.extend(closed.map(|domain| Withheld {
            number: Number::Trend,
            question: harmonised.question,
            domain,
        }));
    }
    withheld
}

fn of_tree(
    tables: &Tables,
    decision: &Decision,
    tree: &[usize],
    withheld: &BTreeSet<Withheld>,
) -> Result<BTreeSet<Withheld>, SuppressError> {
    let mut reader = Reader::new(tables, decision, tree)?;
    let hidden = reader.hidden();
    let hidden: Vec<HiddenCount> = hidden.into_iter().filter(|hidden| hidden.want > 0.0).collect();
    if hidden.is_empty() {
        return Ok(BTreeSet::new());
    }
    let printed = reader.printed();
    let truth = reader.program.truth.clone();
    // A program that the solver does not take proves nothing: no estimate beside it.
    let Some(solver) = reader.program.solver() else {
        return Ok(printed.iter().map(Printed::place).collect());
    };
    let mut audit = Audit {
        tables,
        solver,
        printed: &printed,
        withheld: withheld.clone(),
    };
    let mut found: Vec<Spread> = hidden.into_iter().map(|hidden| Spread::new(hidden, &truth)).collect();
    audit.hold();
    audit.pull(&mut found);
    audit.look(&mut found);
    found.retain(|spread| !spread.settled());
    audit.lift();
    let mut without: Vec<Spread> = found.iter().map(|spread| Spread::new(spread.hidden.clone(), &truth)).collect();
    audit.look(&mut without);
    let mut leaks: Vec<Spread> = found
        .into_iter()
        .zip(&without)
        .filter(|(with, without)| with.width() < without.width().min(with.hidden.want))
        .map(|(mut with, without)| {
            with.hidden.want = without.width().min(with.hidden.want);
            with
        })
        .collect();
    for stage in STAGES {
        if leaks.is_empty() {
            break;
        }
        audit.withhold(stage, &leaks);
        audit.hold();
        audit.look(&mut leaks);
        leaks.retain(|spread| !spread.settled());
    }
    // What a solver failed at may be a leak that was not seen.
    if !audit.solver.is_sound() {
        audit.withheld.extend(printed.iter().map(Printed::place));
    }
    Ok(audit.withheld)
}

/// What goes first: trends, then estimates of the bands, for the nation's is what most readers look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Rows of trends, in the bands that the hidden count lies in.
    Trends,
    /// Estimates of the question there.
    Bands,
    /// Of all questions of the tree there.
    BandsOfTree,
    /// Rows of trends of the tree everywhere: a band's is the nation's less the others.
    AllTrends,
    /// And of the question for the nation.
    Nation,
    /// Of all questions of the tree everywhere.
    Everything,
}

const STAGES: [Stage; 6] = [
    Stage::Trends,
    Stage::Bands,
    Stage::BandsOfTree,
    Stage::AllTrends,
    Stage::Nation,
    Stage::Everything,
];

/// How far a hidden count was seen to move.
struct Spread {
    hidden: HiddenCount,
    least: f64,
    most: f64,
}

impl Spread {
    fn new(hidden: HiddenCount, truth: &[f64]) -> Spread {
        let at = value(&hidden.terms, truth);
        Spread {
            hidden,
            least: at,
            most: at,
        }
    }

    fn see(&mut self, point: &[f64]) {
        let at = value(&self.hidden.terms, point);
        self.least = self.least.min(at);
        self.most = self.most.max(at);
    }

    /// How many whole numbers beside one it can be.
    fn width(&self) -> f64 {
        ((self.most + NEAR).floor() - (self.least - NEAR).ceil()).max(0.0)
    }

    fn settled(&self) -> bool {
        self.width() >= self.hidden.want
    }
}

struct Audit<'a> {
    tables: &'a Tables,
    solver: Solver,
    printed: &'a [Printed],
    withheld: BTreeSet<Withheld>,
}

impl Audit<'_> {
    /// Everything that stands is known, and nothing that is withheld.
    fn hold(&mut self) {
        for printed in self.printed {
            let stands = self.stands(printed);
            for (limit, range) in &printed.limits {
                self.solver.hold(*limit, if stands { *range } else { LIFTED });
            }
        }
    }

    /// Nothing that is printed is known.
    fn lift(&mut self) {
        for (limit, _) in self.printed.iter().flat_map(|printed| &printed.limits) {
            self.solver.hold(*limit, LIFTED);
        }
    }

    /// Pulls at everything that has not moved far enough at once, each in some direction and in the opposite one.
    fn pull(&mut self, all: &mut [Spread]) {
        for round in 0..6 {
            for forward in [true, false] {
                let left = all.iter().enumerate().filter(|(_, spread)| !spread.settled());
                let goal: Terms = left
                    .flat_map(|(index, spread)| {
                        let with = ((index >> round) & 1 == 0) == forward;
                        let sign = if with { 1.0 } else { -1.0 };
                        spread.hidden.terms.iter().map(move |(unknown, factor)| (*unknown, factor * sign))
                    })
                    .collect();
                if goal.is_empty() {
                    return;
                }
                self.see(&goal, all);
            }
        }
    }

    /// Pulls at each that has not moved far enough by itself.
    fn look(&mut self, all: &mut [Spread]) {
        for index in 0..all.len() {
            for factor in [1.0, -1.0] {
                let Some(spread) = all.get(index).filter(|spread| !spread.settled()) else {
                    continue;
                };
                let terms = spread.hidden.terms.iter();
                let goal: Terms = terms.map(|(unknown, own)| (*unknown, own * factor)).collect();
                self.see(&goal, all);
            }
        }
    }

    fn see(&mut self, goal: &Terms, all: &mut [Spread]) {
        if let Some(point) = self.solver.greatest(goal) {
            all.iter_mut().for_each(|spread| spread.see(&point));
        }
    }

    fn stands(&self, printed: &Printed) -> bool {
        let estimates = printed.needs.iter().map(|question| Withheld {
            number: Number::Estimate,
            question: *question,
            domain: printed.domain,
        });
        !estimates.chain([printed.place()]).any(|place| self.withheld.contains(&place))
    }

    fn withhold(&mut self, stage: Stage, leaks: &[Spread]) {
        for leak in leaks {
            let cells = self.tables.grid().cells_of(leak.hidden.domain);
            let touches = |domain: Domain| match domain {
                Domain::Band(band) => cells.iter().any(|cell| cell % SIX == band),
                _ => false,
            };
            let goes = |place: &Withheld| {
                let own = place.question == leak.hidden.question;
                match stage {
                    Stage::Trends => place.number == Number::Trend && touches(place.domain),
                    Stage::Bands => own && touches(place.domain),
                    Stage::BandsOfTree => touches(place.domain),
                    Stage::AllTrends => place.number == Number::Trend,
                    Stage::Nation => own && place.domain == Domain::Nation,
                    Stage::Everything => true,
                }
            };
            self.withheld.extend(self.printed.iter().map(Printed::place).filter(goes));
        }
    }
}

impl Printed {
    fn place(&self) -> Withheld {
        Withheld {
            number: self.number,
            question: self.question,
            domain: self.domain,
        }
    }
}

const LIFTED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
