//! Weighted estimates and transitions beside a release.

use super::people::People;
use crate::suppress::{Allowed, Decision, Domain, Groups, Reason, Rule, decide};
use proptest::prelude::*;

fn decision(seed: u64) -> Decision {
    let tables = People::new(seed).tables();
    decide(&tables, &Rule::default(), &[]).unwrap().audited(&tables, &[]).unwrap()
}

#[test]
fn weighted_estimates_stand_only_beside_published_counts_of_the_nation_and_its_bands() {
    let (mut printed, mut withheld) = (0, 0);
    for seed in 0..50 {
        let decision = decision(seed);
        for (question, domain) in (0..7).flat_map(|question| decision.domains().iter().map(move |domain| (question, *domain))) {
            let may = decision.may_print_weighted(domain, question);
            let national = matches!(domain, Domain::Nation | Domain::Band(_));
            let open = national && decision.reason(domain, question).is_none();
            assert!(open || !may, "{domain:?}, {question}");
            printed += usize::from(may);
            withheld += usize::from(open && !may);
        }
        // What the plan does not have has no reason to be hidden, and is not published either.
        assert!(!decision.may_print_weighted(Domain::Nation, 7) && !decision.may_print_weighted(Domain::Band(6), 0));
    }
    println!("{printed} printed, {withheld} withheld");
    assert!(printed > 0 && withheld > 0, "{printed}, {withheld}");
}

/// A decision over the nation and its bands only.
fn hiding(bands: &[bool]) -> Decision {
    let domains: Vec<Domain> = std::iter::once(Domain::Nation).chain((0..6).map(Domain::Band)).collect();
    let reasons = std::iter::once(None).chain(bands.iter().map(|hidden| hidden.then_some(Reason::Base)));
    Decision::of(domains, vec![reasons.collect()])
}

/// A panel by its transitions, and those of one year only by what they said.
fn band() -> impl Strategy<Value = Groups> {
    let count = || prop_oneof![Just(0_u32), Just(0_u32), 1_u32..10, 10_u32..200, 10_u32..200];
    let groups = [4_usize, 2, 2].map(|size| proptest::collection::vec(count(), size));
    groups.prop_map(|groups| Groups(groups.to_vec()))
}

fn sum(bands: &[Groups; 6], union: &[bool; 6]) -> Groups {
    Groups::sum(bands.iter().zip(union).filter(|(_, is)| **is).map(|(groups, _)| groups))
}

/// Whether a group is nobody, or ten that did not all say the same, or twenty.
fn stands(group: &[u32]) -> bool {
    let (all, said) = (group.iter().sum::<u32>(), group.iter().filter(|count| **count > 0).count());
    all == 0 || all >= 20 || (all >= 10 && said > 1)
}

proptest! {
    #[test]
    fn no_sum_or_difference_of_printed_rows_sets_few_hospitals_apart(
        bands in proptest::collection::vec(band(), 6),
        first in proptest::collection::vec(proptest::bool::weighted(0.1), 6),
        second in proptest::collection::vec(proptest::bool::weighted(0.1), 6),
    ) {
        let bands: [Groups; 6] = bands.try_into().unwrap();
        let (first, second) = (hiding(&first), hiding(&second));
        let open = |domain| first.is_published(domain, 0) && second.is_published(domain, 0);
        let allowed = Allowed::new(&Rule::default(), open, |union| sum(&bands, union));
        let empty = |index: &usize| bands[*index].0.iter().flatten().all(|count| *count == 0);
        for (index, shown) in allowed.bands.iter().enumerate() {
            prop_assert!(!shown || open(Domain::Band(index)), "band {} is hidden in a year", index);
        }
        // Every printed number is a sum of some of: each printed band, and, with the nation, the rest.
        let mut known: Vec<Vec<usize>> = (0..6).filter(|index| allowed.bands[*index]).map(|index| vec![index]).collect();
        let rest: Vec<usize> = (0..6).filter(|index| !allowed.bands[*index]).collect();
        if allowed.nation {
            let hidden = rest.iter().filter(|index| !empty(index)).count();
            let all_empty = known.iter().flatten().all(empty);
            prop_assert!(hidden != 1 || all_empty, "one band is the nation less the others");
            known.push(rest);
        }
        for union in known {
            let groups = Groups::sum(union.iter().map(|index| &bands[*index]));
            prop_assert!(groups.0.iter().all(|group| stands(group)), "{:?}: {:?}", union, groups);
        }
    }
}

#[test]
fn rows_need_both_years_and_one_hidden_band_takes_the_smallest_other_along() {
    let full = |both: u32| Groups(vec![vec![both - 9, 4, 3, 2], vec![12, 8], vec![0, 0]]);
    let panel = [60, 50, 40, 30, 90, 80].map(full);
    let (open, hidden) = (hiding(&[false; 6]), hiding(&[false, true, false, false, false, false]));
    let of = |decision: &Decision, panel: &[Groups; 6]| {
        Allowed::new(
            &Rule::default(),
            |domain| decision.is_published(domain, 0),
            |union| sum(panel, union),
        )
    };
    assert_eq!(of(&open, &panel).bands, [true; 6]);
    assert_eq!(of(&hidden, &panel).bands, [true, false, true, false, true, true]);
    assert!(of(&hidden, &panel).nation);
    let mut few = panel.clone();
    few[5].0[2] = vec![4, 5];
    // Nine hospitals of the later year only: neither the band nor the nation, which would show the same nine.
    assert_eq!(of(&open, &few).bands, [true, true, true, true, true, false]);
    assert!(!of(&open, &few).nation);
    // Fifteen that all said the same are as few.
    few[5].0[2] = vec![15, 0];
    assert!(!of(&open, &few).bands[5] && !of(&open, &few).nation);
    few[5].0[2] = vec![14, 1];
    assert_eq!(of(&open, &few), of(&open, &panel));
}
