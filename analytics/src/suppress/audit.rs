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
    /// Rows of trends that look at it, of those that answered both years: their shares and transitions.
    Panel,
}

/// So many bits of its number say in which directions a count is pulled, one after the other.
const DIRECTIONS: u32 = 11;

/// Two pulls at everything are worth it if at least so many counts are seen to move far enough.
const WORTH_A_ROUND: usize = 2;

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
    for root in tables.roots() {
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
    let mut hidden: Vec<HiddenCount> = hidden.into_iter().filter(|hidden| hidden.want > 0.0).collect();
    if hidden.is_empty() {
        return Ok(BTreeSet::new());
    }
    let printed = reader.printed();
    let truth = reader.program.truth.clone();
    // A program that the solver does not take proves nothing: no estimate beside it.
    let Some(solver) = reader.program.solver() else {
        return Ok(printed.iter().map(Printed::place).collect());
    };
    // Two that are the same but for what is known are one, such as a prefecture and the only band that has hospitals there: the smaller domain is looked at.
    hidden.reverse();
    let mut seen = BTreeSet::new();
    hidden.retain(|hidden| seen.insert((solver.movable(&hidden.terms), hidden.want.to_bits())));
    hidden.reverse();
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
    audit.pull(&mut without);
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
    let given_away: Vec<HiddenCount> = leaks.iter().map(|spread| spread.hidden.clone()).collect();
    for stage in STAGES {
        if leaks.is_empty() {
            break;
        }
        audit.withhold(stage, &leaks);
        audit.hold();
        audit.pull(&mut leaks);
        audit.look(&mut leaks);
        leaks.retain(|spread| !spread.settled());
    }
    // What a solver failed at may be a leak that was not seen.
    if !audit.solver.is_sound() {
        audit.withheld.extend(printed.iter().map(Printed::place));
        return Ok(audit.withheld);
    }
    let panels = panels(&audit.withheld, withheld);
    audit.take_back(&given_away, &truth, withheld);
    audit.withheld.extend(panels);
    Ok(audit.withheld)
}

/// Where anything was withheld, the panel stays so whatever is taken back: what it tells hangs on two releases, and of that the program knows nothing.
fn panels<'a>(withheld: &'a BTreeSet<Withheld>, ever: &'a BTreeSet<Withheld>) -> BTreeSet<Withheld> {
    let of = |one: &Withheld| Withheld {
        number: Number::Panel,
        ..*one
    };
    withheld.difference(ever).map(of).collect()
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

    /// Pulls at everything that has not moved far enough at once, each in some direction and in the opposite one, as long as that is cheaper than to pull at each.
    fn pull(&mut self, all: &mut [Spread]) {
        let left = |all: &[Spread]| all.iter().filter(|spread| !spread.settled()).count();
        let mut before = usize::MAX;
        for round in (0..DIRECTIONS).cycle() {
            let now = left(all);
            if now + WORTH_A_ROUND > before {
                return;
            }
            before = now;
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
            self.look_at(index, all);
        }
    }

    fn look_at(&mut self, index: usize, all: &mut [Spread]) {
        for factor in [1.0, -1.0] {
            let Some(spread) = all.get(index).filter(|spread| !spread.settled()) else {
                return;
            };
            let terms = spread.hidden.terms.iter();
            let goal: Terms = terms.map(|(unknown, own)| (*unknown, own * factor)).collect();
            self.see(&goal, all);
        }
    }

    fn see(&mut self, goal: &Terms, all: &mut [Spread]) {
        if let Some(point) = self.solver.greatest(goal) {
            all.iter_mut().for_each(|spread| spread.see(&point));
        }
    }

    /// Prints again what need not be withheld, the most useful first: a step withholds more at once than it must, and a later one may have made an earlier one
    /// needless. Only what everything printed together gives away can be given away by a part of it, so nothing else is looked at. A solver that fails here
    /// leaves withheld what it was asked about.
    fn take_back(&mut self, given_away: &[HiddenCount], truth: &[f64], ever: &BTreeSet<Withheld>) {
        let gone = self.printed.iter().filter(|printed| !self.stands(printed)).map(Printed::place);
        let mut gone: Vec<Withheld> = gone.filter(|place| !ever.contains(place)).collect();
        gone.sort_by_key(|place| (place.number, place.domain, place.question));
        // A row that falls with an estimate comes back by itself, not together with it.
        self.withheld.extend(&gone);
        let mut suspects: Vec<&HiddenCount> = given_away.iter().collect();
        // All of a part at once, then its halves: what may be printed together may be printed one by one, so the result is that of asking number by number.
        let mut parts: Vec<&[Withheld]> = vec![&gone];
        while let Some(part) = parts.pop() {
            part.iter().for_each(|place| {
                self.withheld.remove(place);
            });
            self.hold();
            let mut again: Vec<Spread> = suspects.iter().map(|hidden| Spread::new((*hidden).clone(), truth)).collect();
            if let Some(stuck) = self.first_stuck(&mut again) {
                self.withheld.extend(part);
                // What one number gives away the next one mostly does too: asked first, it saves asking about the others.
                let suspect = suspects.remove(stuck);
                suspects.insert(0, suspect);
                if part.len() > 1 {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
    }

    /// The first that does not move as far as it must, if any.
    fn first_stuck(&mut self, all: &mut [Spread]) -> Option<usize> {
        for index in 0..all.len() {
            self.look_at(index, all);
            if !all.get(index).is_some_and(Spread::settled) {
                return Some(index);
            }
            if index == 0 {
                self.pull(all);
            }
        }
        None
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
