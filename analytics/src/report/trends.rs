//! The trends of a file: every pair that compares, and which numbers of it may stand there. Prints nothing.
//!
//! A release shows a row where both years' releases publish all questions that the pair looks at, and the panel where transitions are allowed too: the
//! shares of the panel are sums of them.

use super::ReportError;
use super::release::Release;
use super::scope::{Hidden, Scope};
use crate::snapshot::Snapshot;
use crate::suppress::{Allowed, Decision, Domain};
use crate::table::counted_questions;
use crate::trend::{self, TrendAll, TrendBy, TrendPanel, TrendRequest, TrendRow, TrendTable};
use survey::area::Area;
use survey::crosswalk::Crosswalk;
use survey::question::QuestionKey;

/// A pair by band, with what is hidden of it.
pub(crate) struct ShownTrend {
    pub(crate) table: TrendTable,
    /// Of the whole area, then of each band.
    veils: Vec<Veil>,
}

/// What of a row is hidden.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Veil {
    all: Option<Hidden>,
    panel: Option<Hidden>,
}

/// A row of a pair as a file may show it.
#[derive(Clone, Copy)]
pub(crate) struct ShownRow<'a> {
    row: &'a TrendRow,
    veil: Veil,
}

impl ShownTrend {
    /// The whole area.
    pub(crate) fn total(&self) -> ShownRow<'_> {
        self.row(0, &self.table.total)
    }

    /// The bands from small to large.
    pub(crate) fn bands(&self) -> impl Iterator<Item = ShownRow<'_>> {
        (1..).zip(&self.table.rows).map(|(index, row)| self.row(index, row))
    }

    fn row<'a>(&self, index: usize, row: &'a TrendRow) -> ShownRow<'a> {
        let nothing = Veil {
            all: Some(Hidden::Suppressed),
            panel: Some(Hidden::Suppressed),
        };
        let veil = self.veils.get(index).copied().unwrap_or(nothing);
        ShownRow { row, veil }
    }
}

impl<'a> ShownRow<'a> {
    /// The band as printed; `None`: the whole area.
    pub(crate) fn band(&self) -> Option<&'a str> {
        self.row.band_label.as_deref()
    }

    /// Counted submissions of both years, which are never hidden.
    pub(crate) fn n(&self) -> [u64; 2] {
        [self.row.all.earlier.n, self.row.all.later.n]
    }

    pub(crate) fn all(&self) -> Result<&'a TrendAll, Hidden> {
        self.veil.all.map_or(Ok(&self.row.all), Err)
    }

    pub(crate) fn panel(&self) -> Result<&'a TrendPanel, Hidden> {
        self.veil.panel.map_or(Ok(&self.row.panel), Err)
    }
}

/// Every question that compares with the earlier survey, in the order of the crosswalk.
pub(super) fn shown(scope: Scope<'_>, earlier: &Snapshot, area: &Area) -> Result<Vec<ShownTrend>, ReportError> {
    let crosswalk = Crosswalk::compiled_in();
    let later = scope.snapshot;
    let one = |question: QuestionKey| {
        let request = TrendRequest {
            question,
            area: area.clone(),
            by: TrendBy::Band,
        };
        let table = trend::trend(earlier, later, crosswalk, &request)?;
        let veils = match scope.release() {
            None => vec![Veil::default(); 1 + table.rows.len()],
            Some(release) => veils(release, &request.question, table.rows.len())?,
        };
        Ok(ShownTrend { table, veils })
    };
    let questions = trend::comparable_questions(earlier, later, crosswalk).into_iter();
    questions.map(one).collect()
}

fn veils(release: &Release<'_>, question: &QuestionKey, bands: usize) -> Result<Vec<Veil>, ReportError> {
    let crosswalk = Crosswalk::compiled_in();
    let Some((before, decision)) = release.earlier else {
        return Ok(Vec::new());
    };
    let [from, to] = trend::asked(before, release.snapshot, crosswalk, question)?;
    let (one, two) = (indices(before, &from), indices(release.snapshot, &to));
    let overlap = trend::overlap(before, release.snapshot, crosswalk, question)?;
    let stands = |domain| published(decision, &one, domain) && published(release.decision, &two, domain);
    let panel = |decision: &Decision, questions: &[Option<usize>], domain| {
        let mut questions = questions.iter().flatten();
        questions.all(|question| decision.may_print_panel(domain, *question))
    };
    let panels = |domain| stands(domain) && panel(decision, &one, domain) && panel(release.decision, &two, domain);
    let allowed = Allowed::new(release.decision.rule(), panels, |union| overlap.groups(union));
    let veil = |domain: Domain| {
        let unless = |shown: bool| (!shown).then_some(Hidden::Suppressed);
        Veil {
            all: unless(stands(domain)),
            panel: unless(panels(domain) && allowed.holds(domain)),
        }
    };
    Ok(std::iter::once(Domain::Nation)
        .chain((0..bands).map(Domain::Band))
        .map(veil)
        .collect())
}

/// The places of questions among the coded ones, by which a decision names them.
fn indices(snapshot: &Snapshot, keys: &[String]) -> Vec<Option<usize>> {
    let place = |key: &String| counted_questions(snapshot).position(|question| question.key.as_str() == key);
    keys.iter().map(place).collect()
}

fn published(decision: &Decision, questions: &[Option<usize>], domain: Domain) -> bool {
    let own = questions.first().copied().flatten();
    own.is_some_and(|own| decision.may_print_trend(domain, own))
        && questions
            .iter()
            .all(|question| question.is_some_and(|question| decision.may_print_weighted(domain, question)))
}
