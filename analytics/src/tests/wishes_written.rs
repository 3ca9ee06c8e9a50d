//! Wishes across cells in cases that one can follow: their price, their clashes, a preview, a solver without time; and wishes as data.

use super::selections::{candidates, quotas};
use super::wishes::{AREAS, FOUNDERS, criteria, wish};
use crate::selection::{CandidateHospital, Criteria, CriteriaError, SelectionError, choose, choose_within, compare};
use serde_json::{Value, json};
use std::time::Duration;

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
