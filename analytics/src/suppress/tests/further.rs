//! Weighted estimates and transitions beside a release.

use super::people::People;
use crate::suppress::{Decision, Domain, Panel, PanelBand, Reason, Rule, Transitions, decide};
use proptest::prelude::*;

fn decision(seed: u64) -> Decision {
    decide(&People::new(seed).tables(), &Rule::default(), &[]).unwrap()
}

#[test]
fn weighted_estimates_stand_only_beside_published_counts_of_the_nation_and_its_bands() {
    let (mut printed, mut withheld) = (0, 0);
    for seed in 0..10 {
        let decision = decision(seed);
        for (question, domain) in (0..7).flat_map(|question| decision.domains().iter().map(move |domain| (question, *domain))) {
            let may = decision.may_print_weighted(domain, question);
            let national = matches!(domain, Domain::Nation | Domain::Band(_));
            assert_eq!(
                may,
                national && decision.reason(domain, question).is_none(),
                "{domain:?}, {question}"
            );
            printed += usize::from(may);
            withheld += usize::from(national && !may);
        }
        // What the plan does not have has no reason to be hidden, and is not published either.
        assert!(!decision.may_print_weighted(Domain::Nation, 7) && !decision.may_print_weighted(Domain::Band(6), 0));
    }
    assert!(printed > 0 && withheld > 0, "{printed}, {withheld}");
}

/// A decision over the nation and its bands only.
fn hiding(bands: &[bool]) -> Decision {
    let domains: Vec<Domain> = std::iter::once(Domain::Nation).chain((0..6).map(Domain::Band)).collect();
    let reasons = std::iter::once(None).chain(bands.iter().map(|hidden| hidden.then_some(Reason::Base)));
    Decision::of(domains, vec![reasons.collect()])
}

fn band() -> impl Strategy<Value = PanelBand> {
    let count = || prop_oneof![Just(0_u32), 1_u32..10, 10_u32..200, 10_u32..200, 10_u32..200];
    (count(), count(), count()).prop_map(|(both, earlier_only, later_only)| PanelBand {
        both,
        earlier_only,
        later_only,
    })
}

/// The three counts of a sum of bands.
fn counts<'a>(bands: impl Iterator<Item = &'a PanelBand>) -> [u32; 3] {
    bands.fold([0; 3], |[both, earlier, later], band| {
        [both + band.both, earlier + band.earlier_only, later + band.later_only]
    })
}

proptest! {
    #[test]
    fn no_sum_or_difference_of_printed_transitions_is_about_few_hospitals(
        bands in proptest::collection::vec(band(), 6),
        first in proptest::collection::vec(proptest::bool::weighted(0.1), 6),
        second in proptest::collection::vec(proptest::bool::weighted(0.1), 6),
    ) {
        let panel: Panel = bands.try_into().unwrap();
        let allowed = Transitions::allowed((&hiding(&first), 0), (&hiding(&second), 0), &panel);
        for (index, open) in allowed.bands.iter().enumerate() {
            prop_assert!(!open || !(first[index] || second[index]), "band {} is hidden in a year", index);
        }
        // Every printed number is a sum of some of: each printed band, and, with the nation, the rest.
        let mut known: Vec<Vec<usize>> = (0..6).filter(|index| allowed.bands[*index]).map(|index| vec![index]).collect();
        let rest: Vec<usize> = (0..6).filter(|index| !allowed.bands[*index]).collect();
        if allowed.nation {
            known.push(rest.clone());
            let hidden = rest.iter().filter(|index| panel[**index] != PanelBand::default()).count();
            let all_empty = known.iter().take(known.len() - 1).flatten().all(|index| panel[*index] == PanelBand::default());
            prop_assert!(hidden != 1 || all_empty, "one band is the nation less the others");
        }
        for union in known {
            let counts = counts(union.iter().map(|index| &panel[*index]));
            prop_assert!(counts.iter().all(|count| *count == 0 || *count >= 10), "{:?}: {:?}", union, counts);
        }
    }
}

#[test]
fn transitions_need_both_years_and_one_hidden_band_takes_the_smallest_other_along() {
    let full = |both| PanelBand {
        both,
        earlier_only: 20,
        later_only: 0,
    };
    let panel: Panel = [60, 50, 40, 30, 90, 80].map(full);
    let (open, hidden) = (hiding(&[false; 6]), hiding(&[false, true, false, false, false, false]));
    let of = |earlier: &Decision, later: &Decision, panel: &Panel| Transitions::allowed((earlier, 0), (later, 0), panel);
    assert_eq!(of(&open, &open, &panel).bands, [true; 6]);
    assert_eq!(of(&open, &hidden, &panel), of(&hidden, &open, &panel));
    assert_eq!(of(&open, &hidden, &panel).bands, [true, false, true, false, true, true]);
    assert!(of(&open, &hidden, &panel).nation);
    let mut few = panel;
    few[5].later_only = 9;
    // Nine hospitals of the later year only: neither the band nor the nation, which would show the same nine.
    assert_eq!(of(&open, &open, &few).bands, [true, true, true, true, true, false]);
    assert!(!of(&open, &open, &few).nation);
    let unknown = Transitions::allowed((&open, 0), (&open, 1), &panel);
    assert_eq!((unknown.nation, unknown.bands), (false, [false; 6]));
}
