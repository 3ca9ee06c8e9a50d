//! Wishes across cells against brute force over small prefectures: the best sum, the written rule among equals, what cannot hold and its smallest set; and
//! wishes as data.

use super::made::Chance;
use super::selections::{candidates, quotas, shuffled};
use crate::selection::{
    CandidateHospital, Conflict, Criteria, CriteriaError, ListWish, Quota, SelectionError, choose, choose_within, compare, rank,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use serde_json::{Value, json};
use std::time::Duration;

const AREAS: [&str; 3] = ["1301", "1302", "1303"];
const FOUNDERS: [&str; 3] = ["national", "municipal", "medical_corporation"];

/// Three items, so that many have the same score.
fn criteria(points: [u32; 3], wishes: Vec<ListWish>) -> Criteria {
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

fn wish(key: &str, rest: Value) -> ListWish {
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

/// Six hospitals of one cell: a and b of 1301 have most points, c and d of 1302 fewer, e and f of 1303 none.
fn six() -> Vec<CandidateHospital> {
    let mut all = candidates(1, 6);
    for (index, candidate) in all.iter_mut().enumerate() {
        candidate.band = "20-199".to_owned();
        candidate.attributes.insert("medical_area".to_owned(), AREAS[index / 2].to_owned());
        candidate.attributes.insert("founder".to_owned(), FOUNDERS[index % 2].to_owned());
        for (question, up_to) in [("backup_offline", 2), ("bcp_defined", 4), ("mds_sds_checked", 0)] {
            let answer = if index < up_to { "no" } else { "yes" };
            candidate.answers.insert(question.to_owned(), vec![answer.to_owned()]);
        }
    }
    all
}

#[test]
fn the_price_of_a_wish_is_named() {
    let each = vec![wish("each_area", json!({"attribute": "medical_area", "at_least": 1}))];
    let selection = choose(&six(), &quotas([3, 0, 0]), &criteria([5, 3, 1], each)).unwrap();
    insta::assert_json_snapshot!(selection.wishes);
    let chosen: Vec<&str> = selection.cells[0]
        .chosen
        .iter()
        .map(|one| one.scored.candidate.gmis.as_str())
        .collect();
    assert_eq!(chosen, ["A000000", "A000002", "A000004"]);
    let reserves: Vec<(u32, &str)> = selection.cells[0]
        .reserves
        .iter()
        .map(|one| (one.rank, one.scored.candidate.gmis.as_str()))
        .collect();
    assert_eq!(reserves, [(1, "A000001"), (2, "A000003"), (3, "A000005")]);
}

#[test]
fn wishes_that_clash_are_named_and_those_that_do_not_are_not() {
    let wishes = vec![
        wish("municipal", json!({"attribute": "founder", "is": ["municipal"], "at_least": 1})),
        wish("each_area", json!({"attribute": "medical_area", "at_least": 1})),
        wish("few_national", json!({"attribute": "founder", "is": ["national"], "at_most": 1})),
        wish("none_of_1302", json!({"attribute": "medical_area", "is": ["1302"], "at_most": 0})),
    ];
    let refused = choose(&six(), &quotas([3, 0, 0]), &criteria([5, 3, 1], wishes)).unwrap_err();
    assert_eq!(refused.to_string(), "the wishes cannot all hold: each_area, none_of_1302");
    let SelectionError::WishesInfeasible(conflict) = refused else {
        panic!("{refused}");
    };
    assert!(conflict.wishes.iter().all(|wish| wish.others_hold && wish.limits.is_empty()));

    let alone = vec![wish("many", json!({"attribute": "medical_area", "is": ["1303"], "at_least": 3}))];
    let Err(SelectionError::WishesInfeasible(conflict)) = choose(&six(), &quotas([3, 0, 0]), &criteria([5, 3, 1], alone)) else {
        panic!("two hospitals cannot be three");
    };
    let limit = &conflict.wishes[0].limits[0];
    assert_eq!((&limit.value, limit.asked, limit.possible), (&None, 3, 2));
}

#[test]
fn a_solver_without_time_gives_no_answer_and_without_wishes_there_is_none() {
    let each = vec![wish("each_area", json!({"attribute": "medical_area", "at_least": 1}))];
    let quotas = quotas([3, 0, 0]);
    let stopped = choose_within(&six(), &quotas, &criteria([5, 3, 1], each), Duration::ZERO);
    assert_eq!(stopped, Err(SelectionError::WishesTooHard));
    let plain = choose_within(&six(), &quotas, &criteria([5, 3, 1], Vec::new()), Duration::ZERO).unwrap();
    assert_eq!((plain.wishes, plain.cells[0].chosen.len()), (None, 3));
}

#[test]
fn a_preview_counts_who_is_chosen_under_the_wishes_and_not_who_stands_first() {
    let plain = criteria([5, 3, 1], Vec::new());
    let each = criteria(
        [5, 3, 1],
        vec![wish("each_area", json!({"attribute": "medical_area", "at_least": 1}))],
    );
    let never = criteria([5, 3, 1], vec![wish("many", json!({"attribute": "medical_area", "at_least": 2}))]);
    let quotas = quotas([3, 0, 0]);
    let seen = compare(&six(), &quotas, &plain, &each).unwrap();
    let cell = &seen.cells[0];
    assert_eq!((cell.enters[0].gmis.as_str(), cell.leaves[0].gmis.as_str()), ("A000004", "A000001"));
    assert_eq!((cell.enters.len(), cell.leaves.len(), cell.moves.len()), (1, 1, 0));
    assert!(seen.changes_choice && seen.wishes.is_some() && !seen.wishes_before_infeasible);
    let back = compare(&six(), &quotas, &each, &plain).unwrap();
    assert_eq!((back.cells[0].enters[0].gmis.as_str(), back.wishes), ("A000001", None));
    assert!(matches!(
        compare(&six(), &quotas, &plain, &never),
        Err(SelectionError::WishesInfeasible(_))
    ));
    // Wishes in force that cannot hold any more do not keep anybody from looking at others.
    let mended = compare(&six(), &quotas, &never, &each).unwrap();
    assert!(mended.wishes_before_infeasible && mended.cells[0].enters[0].gmis == "A000004");
    // Without a quota there is no choice, and nothing that a wish could be held against.
    let open = compare(&six(), &[], &plain, &never).unwrap();
    assert!(!open.changes_choice && open.wishes.is_none());
}

#[test]
fn wishes_are_read_and_checked_like_items() {
    let read = |wishes: Value| {
        let items = json!([{"key": "beds", "label": "病床", "points": 1, "when": {"beds_at_least": 1}}]);
        Criteria::from_json(json!({"name": "試験", "items": items, "wishes": wishes}))
    };
    let one = |rest: Value| read(json!([wish_value(&rest)]));
    fn wish_value(rest: &Value) -> Value {
        let mut value = json!({"key": "a", "label": "希望", "attribute": "founder"});
        value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        value
    }
    let good = one(json!({"is": ["national"], "at_least": 1, "at_most": 2})).unwrap();
    assert_eq!(
        serde_json::to_value(&good).unwrap()["wishes"],
        json!([wish_value(&json!({"is": ["national"], "at_least": 1, "at_most": 2}))])
    );
    // Criteria without wishes are the bytes that they were.
    assert!(serde_json::to_value(Criteria::national().unwrap()).unwrap().get("wishes").is_none());
    for bound in [
        json!({}),
        json!({"at_least": 0}),
        json!({"at_least": 3, "at_most": 2}),
        json!({"at_most_percent": 100}),
        json!({"at_most": 1, "at_most_percent": 10}),
    ] {
        assert_eq!(one(bound.clone()), Err(CriteriaError::WishWithoutBound("a".to_owned())), "{bound}");
    }
    for (rest, attribute, value) in [
        (json!({"attribute": "weather", "at_least": 1}), "weather", ""),
        (json!({"is": ["national", "国"], "at_least": 1}), "founder", "国"),
        (
            json!({"attribute": "medical_area", "is": ["13"], "at_least": 1}),
            "medical_area",
            "13",
        ),
    ] {
        let unknown = CriteriaError::UnknownWished {
            key: "a".to_owned(),
            attribute: attribute.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(one(rest), Err(unknown));
    }
    assert!(matches!(
        one(json!({"at_least": -1})),
        Err(CriteriaError::UnreadableWish { number: 1, .. })
    ));
    assert!(matches!(
        one(json!({"at_last": 1})),
        Err(CriteriaError::UnreadableWish { number: 1, .. })
    ));
    assert_eq!(one(json!({"key": "A", "at_least": 1})), Err(CriteriaError::BadName("A".to_owned())));
    let twice = wish_value(&json!({"at_least": 1}));
    assert_eq!(read(json!([twice, twice])), Err(CriteriaError::DoubleKey("a".to_owned())));
    assert_eq!(read(json!(vec![twice; 21])), Err(CriteriaError::TooManyWishes));
}
