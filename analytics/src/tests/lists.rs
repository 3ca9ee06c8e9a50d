//! The list's promises: never over a quota, ranks without gaps, accepted only if every cell is exact - whatever the steps.

use super::made::Chance;
use super::selections::{candidates, quotas};
use crate::selection::list::{Discard, List, ListError, ListState, Listed, Origin, Quotas, Standing, Step};
use crate::selection::{Criteria, choose};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeSet;

fn proposed(seed: u64, count: usize, quota: [u32; 3]) -> (List, Quotas) {
    let quotas = quotas(quota);
    let run = choose(&candidates(seed, count), &quotas, &Criteria::national().unwrap()).unwrap();
    let by_band = quotas.into_iter().map(|quota| (quota.band, quota.hospitals)).collect();
    (List::propose(None, &run, Discard::Nothing).unwrap(), by_band)
}

fn by_hand(gmis: &str, band: &str) -> Step {
    Step::Add {
        gmis: gmis.to_owned(),
        band: band.to_owned(),
        score: 1,
        rank: None,
        reason: "地域の要".to_owned(),
    }
}

fn off(gmis: &str) -> Step {
    Step::Drop {
        gmis: gmis.to_owned(),
        reason: "統合予定".to_owned(),
    }
}

fn ids<'l>(list: impl Iterator<Item = &'l Listed>) -> Vec<&'l str> {
    list.map(|listed| listed.gmis.as_str()).collect()
}

/// Some step, sensible or not.
fn step(list: &List, chance: &mut Chance) -> Step {
    let listed = &list.hospitals[chance.index(list.hospitals.len())];
    let (gmis, band) = (listed.gmis.clone(), listed.band.clone());
    let rank = u32::try_from(chance.index(8)).unwrap();
    match chance.index(9) {
        0 | 1 => Step::Add {
            gmis,
            band,
            score: 3,
            rank: rank.checked_sub(3).filter(|rank| *rank > 0),
            reason: "理由".to_owned(),
        },
        2 => off(&gmis),
        3 => Step::Rank { gmis, rank },
        4 | 5 => Step::HandIn,
        6 => Step::Return,
        7 => Step::Accept,
        _ => Step::Replace {
            gmis,
            by: None,
            fit: list
                .hospitals
                .iter()
                .map(|listed| listed.gmis.clone())
                .filter(|_| chance.index(3) > 0)
                .collect(),
            reason: "辞退".to_owned(),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_done_no_cell_is_over_its_quota_and_what_is_accepted_is_exact(
        seed in any::<u64>(), count in 1_usize..50, quota in [0_u32..12, 0_u32..12, 0_u32..6],
    ) {
        let (mut list, quotas) = proposed(seed, count, quota);
        let mut chance = Chance(seed ^ 7);
        for _ in 0..60 {
            if list.hospitals.is_empty() {
                break;
            }
            let step = step(&list, &mut chance);
            let before = list.clone();
            match list.after(&step, &quotas) {
                Ok(after) => list = after,
                Err(error) => prop_assert!(!error.message().is_empty()),
            }
            let everybody: BTreeSet<&str> = list.hospitals.iter().map(|listed| listed.gmis.as_str()).collect();
            prop_assert_eq!(everybody.len(), list.hospitals.len());
            prop_assert_eq!(list.hospitals.len(), before.hospitals.len());
            for (band, quota) in &quotas {
                for standing in [Standing::Chosen, Standing::Reserve] {
                    let ranks: Vec<u32> = list.hospitals.iter()
                        .filter(|listed| &listed.band == band && listed.standing == standing).map(|listed| listed.rank.unwrap()).collect();
                    prop_assert_eq!(&ranks, &(1..=u32::try_from(ranks.len()).unwrap()).collect::<Vec<_>>());
                }
                prop_assert!(list.chosen(band).count() <= usize::try_from(*quota).unwrap());
            }
            if matches!(list.state, ListState::HandedIn | ListState::Accepted) {
                prop_assert_eq!(list.inexact(&quotas), []);
            }
            let by_hand = |listed: &&Listed| listed.origin == Origin::Hand;
            prop_assert!(list.hospitals.iter().filter(by_hand).all(|listed| !listed.reason.is_empty()));
        }
    }
}

#[test]
fn a_list_goes_from_a_run_to_a_replacement() {
    let (list, quotas) = proposed(5, 40, [3, 2, 1]);
    let (first, second) = (
        list.chosen("20-199").next().unwrap().gmis.clone(),
        list.chosen("20-199").nth(1).unwrap().gmis.clone(),
    );
    let reserve = ids(list
        .hospitals
        .iter()
        .filter(|listed| listed.band == "20-199" && listed.standing == Standing::Reserve))[0]
        .to_owned();
    let full = list.after(&by_hand(&reserve, "20-199"), &quotas);
    assert_eq!(
        full,
        Err(ListError::Full {
            band: "20-199".to_owned(),
            quota: 3
        })
    );

    let short = list.after(&off(&first), &quotas).unwrap();
    let refused = short.after(&Step::HandIn, &quotas).unwrap_err();
    assert_eq!(
        refused.message(),
        "支援枠と一致しない区分があります。20～199床は枠3病院に対して選定2病院で、1病院不足しています。"
    );
    let filled = short.after(&by_hand(&reserve, "20-199"), &quotas).unwrap();
    assert_eq!(ids(filled.chosen("20-199")).last(), Some(&reserve.as_str()));
    let ranked = filled
        .after(
            &Step::Rank {
                gmis: reserve.clone(),
                rank: 1,
            },
            &quotas,
        )
        .unwrap();
    assert_eq!(ids(ranked.chosen("20-199"))[..2], [reserve.as_str(), second.as_str()]);

    let handed_in = ranked.after(&Step::HandIn, &quotas).unwrap();
    assert_eq!(handed_in.after(&off(&second), &quotas), Err(ListError::State(ListState::HandedIn)));
    // A quota that changed meanwhile.
    let smaller = Quotas::from([("20-199".to_owned(), 2), ("200-399".to_owned(), 2), ("400+".to_owned(), 1)]);
    assert!(matches!(handed_in.after(&Step::Accept, &smaller), Err(ListError::Inexact(_))));
    let accepted = handed_in.after(&Step::Accept, &quotas).unwrap();
    let leaves = |by: Option<&str>, fit: &[&str]| Step::Replace {
        gmis: reserve.clone(),
        by: by.map(str::to_owned),
        fit: fit.iter().map(|gmis| (*gmis).to_owned()).collect(),
        reason: "閉院".to_owned(),
    };
    assert_eq!(
        accepted.after(&leaves(None, &[]), &quotas),
        Err(ListError::NoReserve("20-199".to_owned()))
    );
    let reserves = ids(accepted
        .hospitals
        .iter()
        .filter(|listed| listed.band == "20-199" && listed.standing == Standing::Reserve));
    // The first that may still be chosen, not the first.
    let replaced = accepted.after(&leaves(None, &reserves[1..]), &quotas).unwrap();
    assert_eq!(ids(replaced.chosen("20-199"))[..2], [reserves[1], second.as_str()]);
    assert_eq!(replaced.state, ListState::Accepted);
    assert_eq!(
        accepted.after(&leaves(Some(&first), &[&first]), &quotas),
        Err(ListError::NoSuchReserve(first.clone()))
    );
}

#[test]
fn a_run_throws_nothing_away_that_was_done_by_hand_unless_it_is_told_to() {
    let (list, quotas) = proposed(9, 30, [2, 2, 2]);
    let run = choose(
        &candidates(9, 30),
        &super::selections::quotas([2, 2, 2]),
        &Criteria::national().unwrap(),
    )
    .unwrap();
    assert_eq!(List::propose(Some(&list), &run, Discard::Nothing).unwrap(), list);
    let first = list.chosen("400+").next().unwrap().gmis.clone();
    let adjusted = list.after(&off(&first), &quotas).unwrap();
    assert_eq!(List::propose(Some(&adjusted), &run, Discard::Nothing), Err(ListError::Adjusted));
    assert_eq!(List::propose(Some(&adjusted), &run, Discard::Adjustments).unwrap(), list);
    let handed_in = list.after(&Step::HandIn, &quotas).unwrap();
    assert_eq!(
        List::propose(Some(&handed_in), &run, Discard::Adjustments),
        Err(ListError::State(ListState::HandedIn))
    );
}
