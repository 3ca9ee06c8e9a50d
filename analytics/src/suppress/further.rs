//! What may be printed beside the counts of a release: weighted estimates and transitions of the panel. Both are further sums over the finest cells, so
//! they may stand only where the decision says; the reasons are in `docs/suppression.md`. Computes neither.

use super::decide::Decision;
use super::domain::{Domain, SIX};
use super::rule::Rule;

/// Hospitals of one of the six bands by whether their answers to a question count in two years' surveys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PanelBand {
    /// In both: the panel.
    pub both: u32,
    /// In the earlier one only.
    pub earlier_only: u32,
    /// In the later one only.
    pub later_only: u32,
}

/// The panel of a question by the six bands.
pub type Panel = [PanelBand; SIX];

/// Where transitions (no to yes, yes to no) may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transitions {
    /// For the nation.
    pub nation: bool,
    /// For each of its six bands.
    pub bands: [bool; SIX],
}

impl Decision {
    /// Whether the plan has the domain and question, and the distribution is not hidden.
    pub fn is_published(&self, domain: Domain, question: usize) -> bool {
        let index = self.domains().iter().position(|other| *other == domain);
        let reason = index.and_then(|index| self.reasons().get(question)?.get(index));
        reason.is_some_and(Option::is_none)
    }

    /// Whether a weighted estimate and its interval may be printed: of the nation and its six bands, where the counts are. Of a prefecture never: each
    /// finest cell has a weight of its own, so an estimate would take the sum of two finest cells apart.
    pub fn may_print_weighted(&self, domain: Domain, question: usize) -> bool {
        matches!(domain, Domain::Nation | Domain::Band(_)) && self.is_published(domain, question)
    }
}

impl Transitions {
    /// Where transitions between two releases' answers to a question may be printed; each release comes with the question's index in it.
    ///
    /// Only where both distributions are; only where the panel and each year's hospitals outside of it number none or at least [`Rule::min_base`] of the later decision; and
    /// bands are hidden until those hidden, which are the nation less the printed ones, are not one alone and hold none or as many.
    pub fn allowed(earlier: (&Decision, usize), later: (&Decision, usize), panel: &Panel) -> Transitions {
        let rule = later.0.rule();
        let published = |domain: Domain| {
            [earlier, later]
                .iter()
                .all(|(decision, question)| decision.is_published(domain, *question))
        };
        let nation = published(Domain::Nation) && is_enough(rule, sum(panel.iter()));
        let mut bands = [false; SIX];
        for ((index, flag), band) in bands.iter_mut().enumerate().zip(panel) {
            *flag = published(Domain::Band(index)) && is_enough(rule, *band);
        }
        let mut allowed = Transitions { nation, bands };
        while let Some(index) = allowed.gives_away(rule, panel) {
            if let Some(flag) = allowed.bands.get_mut(index) {
                *flag = false;
            }
        }
        allowed
    }

    /// Where the nation less the printed bands would be one band or too few hospitals: the printed band with the smallest panel.
    fn gives_away(&self, rule: &Rule, panel: &Panel) -> Option<usize> {
        let hidden = || {
            panel
                .iter()
                .zip(self.bands)
                .filter(|(band, open)| !*open && **band != PanelBand::default())
        };
        let alone = hidden().count() == 1;
        let few = !is_enough(rule, sum(hidden().map(|(band, _)| band)));
        if !self.nation || !(alone || few) {
            return None;
        }
        let printed = panel.iter().zip(self.bands).enumerate();
        let printed = printed.filter(|(_, (band, open))| *open && **band != PanelBand::default());
        printed.min_by_key(|(_, (band, _))| band.both).map(|(index, _)| index)
    }
}

fn sum<'a>(bands: impl Iterator<Item = &'a PanelBand>) -> PanelBand {
    bands.fold(PanelBand::default(), |sum, band| PanelBand {
        both: sum.both + band.both,
        earlier_only: sum.earlier_only + band.earlier_only,
        later_only: sum.later_only + band.later_only,
    })
}

fn is_enough(rule: &Rule, band: PanelBand) -> bool {
    let enough = |count: u32| count == 0 || count >= rule.min_base;
    [band.both, band.earlier_only, band.later_only].into_iter().all(enough)
}
