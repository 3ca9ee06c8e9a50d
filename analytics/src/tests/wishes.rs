//! Wishes across cells against brute force over small prefectures: the best sum, the written rule among equals, what cannot hold and its smallest set.

use super::made::Chance;
use super::selections::{candidates, quotas, shuffled};
use crate::selection::{CandidateHospital, Conflict, Criteria, ListWish, Quota, SelectionError, choose, rank};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use serde_json::{Value, json};

pub(super) const AREAS: [&str; 3] = ["1301", "1302", "1303"];
pub(super) const FOUNDERS: [&str; 3] = ["national", "municipal", "medical_corporation"];

/// Three items, so that many have the same score.
pub(super) fn criteria(points: [u32; 3], wishes: Vec<ListWish>) -> Criteria {
    let questions = ["backup_offline", "bcp_defined", "mds_sds_checked"];
    let items: Vec<Value> = questions
        .iter()
        .zip(points)
        .map(|(question, points)| json!({"key": question, "label": question, "points": points, "when": {"question": question, "is": ["no"]}}))
        .collect();
    let mut criteria = Criteria::from_json(json!({"name": "試験", "items": items})).unwrap();
    criteria.wishes = wishes;
    criteria.check().unwrap();
    criteria
}

pub(super) fn wish(key: &str, rest: Value) -> ListWish {
    let mut value = json!({"key": key, "label": key});
    value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

/// Candidates of whom most have an area and a founder.
fn placed(seed: u64, count: usize) -> Vec<CandidateHospital> {
    let mut chance = Chance(seed ^ 77);
    let mut all = candidates(seed, count);
    for candidate in &mut all {
        for (attribute, values) in [("medical_area", AREAS), ("founder", FOUNDERS)] {
            if let Some(value) = values.get(chance.index(4)) {
                candidate.attributes.insert(attribute.to_owned(), (*value).to_owned());
            }
        }
    }
    all
}

fn made_wishes(seed: u64, count: usize) -> Vec<ListWish> {
    let mut chance = Chance(seed ^ 99);
    let mut wishes = Vec::new();
    for index in 0..count {
        let (attribute, values) = [("medical_area", AREAS), ("founder", FOUNDERS)][chance.index(2)];
        let mut rest = json!({"attribute": attribute});
        if chance.index(2) == 0 {
            rest["is"] = json!(values[..=chance.index(2)]);
        }
        let number = chance.below(3);
        match chance.index(5) {
            0 | 1 => rest["at_least"] = json!(number + 1),
            2 => rest["at_most"] = json!(number),
            // Bounds that may leave nothing between them.
            3 => {
                rest["at_least"] = json!(number + 1);
                rest["at_most_percent"] = json!(40);
            }
            _ => rest["at_most_percent"] = json!(30 + number * 20),
        }
        wishes.push(wish(&format!("wish_{index}"), rest));
    }
    wishes
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

/// What the words of a wish say of a choice; `could` be chosen.
fn holds(wish: &ListWish, chosen: &[&CandidateHospital], could: &[&CandidateHospital]) -> bool {
    let value = |candidate: &CandidateHospital| candidate.attributes.get(&wish.attribute).cloned();
    let fits = |count: usize| {
        wish.at_least.is_none_or(|least| count >= size(least))
            && wish.at_most.is_none_or(|most| count <= size(most))
            && wish
                .at_most_percent
                .is_none_or(|percent| count * 100 <= chosen.len() * size(percent))
    };
    if !wish.is.is_empty() {
        return fits(
            chosen
                .iter()
                .filter(|one| value(one).is_some_and(|value| wish.is.contains(&value)))
                .count(),
        );
    }
    let values: Vec<String> = could.iter().filter_map(|one| value(one)).collect();
    values
        .iter()
        .all(|each| fits(chosen.iter().filter(|one| value(one).as_ref() == Some(each)).count()))
}

/// A small prefecture with its candidates in the order of choice.
struct Country {
    ordered: Vec<CandidateHospital>,
    scores: Vec<u64>,
    quotas: Vec<Quota>,
}

impl Country {
    fn new(all: &[CandidateHospital], quotas: &[Quota], criteria: &Criteria) -> Country {
        let ranked = rank(all, criteria);
        let has_quota = |band: &str| quotas.iter().any(|quota| quota.band == band && quota.hospitals > 0);
        let seated = ranked.into_iter().filter(|scored| has_quota(&scored.candidate.band));
        let (ordered, scores) = seated.map(|scored| (scored.candidate, scored.score)).unzip();
        Country {
            ordered,
            scores,
            quotas: quotas.to_vec(),
        }
    }

    /// Every choice that fills each cell exactly as far as its candidates go; the first hospital is the highest bit.
    fn fillings(&self) -> Vec<Vec<usize>> {
        let places = 0..self.ordered.len();
        let all = (0_u32..1 << self.ordered.len()).rev();
        let choices = all.map(|bits| {
            places
                .clone()
                .filter(|place| bits >> (self.ordered.len() - 1 - place) & 1 == 1)
                .collect::<Vec<usize>>()
        });
        let exact = |choice: &Vec<usize>| {
            self.quotas.iter().all(|quota| {
                let of = |places: &mut dyn Iterator<Item = usize>| places.filter(|place| self.ordered[*place].band == quota.band).count();
                of(&mut choice.iter().copied()) == of(&mut places.clone()).min(size(quota.hospitals))
            })
        };
        choices.filter(exact).collect()
    }

    fn all_hold(&self, choice: &[usize], wishes: &[&ListWish]) -> bool {
        let chosen: Vec<&CandidateHospital> = choice.iter().map(|place| &self.ordered[*place]).collect();
        let could: Vec<&CandidateHospital> = self.ordered.iter().collect();
        wishes.iter().all(|wish| holds(wish, &chosen, &could))
    }

    fn points(&self, choice: &[usize]) -> u64 {
        choice.iter().map(|place| self.scores[*place]).sum()
    }

    /// The best choice by the written rule: most points, then the first in the order of choice.
    fn best(&self, wishes: &[&ListWish]) -> Option<Vec<usize>> {
        let mut best: Option<Vec<usize>> = None;
        for choice in self.fillings().into_iter().filter(|choice| self.all_hold(choice, wishes)) {
            // They come with the preferred ones first, so that only more points are better.
            if best.as_ref().is_none_or(|best| self.points(&choice) > self.points(best)) {
                best = Some(choice);
            }
        }
        best
    }

    fn assert_smallest(&self, conflict: &Conflict, wishes: &[ListWish]) {
        let named: Vec<&ListWish> = wishes
            .iter()
            .filter(|wish| conflict.wishes.iter().any(|one| one.key == wish.key))
            .collect();
        assert_eq!(named.len(), conflict.wishes.len());
        assert!(!named.is_empty() && self.best(&named).is_none());
        for (opposed, out) in conflict.wishes.iter().zip(&named) {
            assert_eq!(opposed.key, out.key);
            let rest: Vec<&ListWish> = named.iter().copied().filter(|wish| wish.key != out.key).collect();
            assert!(self.best(&rest).is_some(), "{opposed:?}");
            let others: Vec<&ListWish> = wishes.iter().filter(|wish| wish.key != out.key).collect();
            assert_eq!(opposed.others_hold, self.best(&others).is_some(), "{opposed:?}");
            for limit in &opposed.limits {
                let has = |place: &usize| {
                    let value = self.ordered[*place].attributes.get(&out.attribute);
                    value.is_some_and(|value| limit.value.as_ref().map_or_else(|| out.is.contains(value), |own| own == value))
                };
                let counts = || {
                    self.fillings()
                        .into_iter()
                        .map(|choice| u64::try_from(choice.iter().filter(|place| has(place)).count()).unwrap())
                };
                let reached = if out.at_least.map(u64::from) == Some(limit.asked) && counts().max() < Some(limit.asked) {
                    counts().max()
                } else {
                    counts().min().filter(|fewest| *fewest > limit.asked)
                };
                assert_eq!(reached, Some(limit.possible), "{opposed:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_choice_under_wishes_is_the_best_one_and_a_conflict_is_a_smallest_one(
        seed in any::<u64>(), count in 0_usize..13, quota in [0_u32..4, 0_u32..4, 0_u32..3], points in [1_u32..4, 1_u32..4, 1_u32..3], wished in 1_usize..5,
    ) {
        let (all, quotas) = (placed(seed, count), quotas(quota));
        let criteria = criteria(points, made_wishes(seed, wished));
        let wishes: Vec<&ListWish> = criteria.wishes.iter().collect();
        let country = Country::new(&all, &quotas, &criteria);
        let result = choose(&all, &quotas, &criteria);
        prop_assert_eq!(&result, &choose(&shuffled(&all, seed ^ 1), &shuffled(&quotas, seed ^ 2), &criteria));
        let best = country.best(&wishes);
        let selection = match result {
            Ok(selection) => selection,
            Err(SelectionError::WishesInfeasible(conflict)) => {
                prop_assert_eq!(best, None);
                country.assert_smallest(&conflict, &criteria.wishes);
                return Ok(());
            }
            Err(error) => panic!("{error}"),
        };
        let best = best.unwrap();
        let mut expected: Vec<&str> = best.iter().map(|place| country.ordered[*place].gmis.as_str()).collect();
        let mut chosen: Vec<&str> = selection.cells.iter().flat_map(|cell| &cell.chosen).map(|one| one.scored.candidate.gmis.as_str()).collect();
        expected.sort_unstable();
        chosen.sort_unstable();
        prop_assert_eq!(&chosen, &expected);

        // What is said of the price is so.
        let plain_choice = country.best(&[]).unwrap();
        let outcome = selection.wishes.as_ref().unwrap();
        prop_assert_eq!((outcome.score, outcome.score_without), (country.points(&best), country.points(&plain_choice)));
        prop_assert_eq!(outcome.enters.len(), outcome.leaves.len());
        prop_assert_eq!(outcome.enters.len(), best.iter().filter(|place| !plain_choice.contains(place)).count());
        let plain = choose(&all, &quotas, &Criteria { wishes: Vec::new(), ..criteria.clone() }).unwrap();
        prop_assert_eq!(&plain.wishes, &None);
        for (cell, plain) in selection.cells.iter().zip(&plain.cells) {
            prop_assert_eq!((cell.chosen.len(), cell.missing, cell.candidates), (plain.chosen.len(), plain.missing, plain.candidates));
            prop_assert_eq!(cell.chosen.len() + cell.reserves.len(), usize::try_from(cell.candidates).unwrap());
            for list in [&cell.chosen, &cell.reserves] {
                let order: Vec<_> = list.iter().map(|one| (std::cmp::Reverse(one.scored.score), &one.scored.candidate.gmis)).collect();
                prop_assert!(order.is_sorted());
                prop_assert!((1..).zip(list).all(|(rank, one)| one.rank == rank));
            }
        }
        if outcome.enters.is_empty() {
            prop_assert_eq!(&selection.cells, &plain.cells);
            prop_assert_eq!(&selection.result_hash, &plain.result_hash);
        }
        prop_assert_ne!(&selection.inputs_hash, &plain.inputs_hash);
    }
}
