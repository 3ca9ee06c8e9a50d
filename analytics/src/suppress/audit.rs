//! The audit: which weighted estimates a release may print beside its counts. An estimate gives every finest cell a weight of its own and so may take apart
//! what the counts leave together; linear programming tells where it does, and the estimate is withheld there. Looks at one tree of questions at a time,
//! changes nothing of what [`super::decide()`] hides, and adds nothing to it.
//!
//! That the counts by themselves keep every hidden count apart from its neighbours is the decision's work and not looked at again: what is asked here is
//! only whether a hidden count can move less with the estimates than without.

mod program;
mod reader;

use super::decide::Decision;
use super::domain::{Domain, SIX};
use super::further::Allowed;
use super::tables::{SuppressError, Tables};
use program::{Solver, Terms, value};
use reader::{HiddenCount, Printed, Reader};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What of a question in a domain is withheld though its counts stand.
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

/// The estimates that are withheld: those for which a hidden count could move less than it must and less than without them.
///
/// # Errors
/// [`SuppressError::Weights`]: the tables have no weights.
pub(super) fn withheld(tables: &Tables, decision: &Decision) -> Result<BTreeSet<Withheld>, SuppressError> {
    let mut withheld = apart(tables, decision);
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
        let (nation, bands) = harmonised.groups(tables.questions());
        let allowed = Allowed::new(decision.rule(), open, &nation, &bands);
        let national = std::iter::once(Domain::Nation).chain((0..SIX).map(Domain::Band));
        withheld.extend(national.filter(|domain| !allowed.holds(*domain)).map(|domain| Withheld {
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
        .filter(|(with, without)| with.width() + NEAR < without.width().min(with.hidden.want))
        .map(|(mut with, without)| {
            with.hidden.want = without.width().min(with.hidden.want) - NEAR;
            with
        })
        .collect();
    for stage in [Stage::Trends, Stage::Bands, Stage::BandsOfTree, Stage::Nation, Stage::Everything] {
        if leaks.is_empty() {
            break;
        }
        audit.withhold(stage, &leaks);
        audit.hold();
        audit.look(&mut leaks);
        leaks.retain(|spread| !spread.settled());
    }
    Ok(audit.withheld)
}

/// What goes first: trends, then estimates of the bands, for the nation's is what most readers look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Rows of trends, in the bands that the hidden count lies in.
    Trends,
    /// Of the question, in the bands that the hidden count lies in.
    Bands,
    /// Of all questions of the tree there.
    BandsOfTree,
    /// And of the question for the nation.
    Nation,
    /// Of all questions of the tree everywhere.
    Everything,
}

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

    fn width(&self) -> f64 {
        self.most - self.least
    }

    fn settled(&self) -> bool {
        self.width() + NEAR >= self.hidden.want
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
