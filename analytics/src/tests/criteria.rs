//! Criteria as data, what each condition looks at, sums that add up, and what a change of criteria would change.

use super::selections::{candidates, quotas, record, shuffled};
use crate::selection::{
    CandidateHospital, Comparison, Criteria, CriteriaError, Finding, Group, HospitalRecord, Quota, Wish, choose, compare, eligible,
    mark_only_ones, rank, score,
};
use chrono::NaiveDate;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use serde_json::json;
use std::collections::BTreeSet;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// One item with a condition, as TOML.
fn item(rest: &str) -> Result<Criteria, CriteriaError> {
    Criteria::from_toml(&format!("name = \"試験\"\n[[items]]\nkey = \"a\"\nlabel = \"項目\"\n{rest}"))
}

/// Some of the national items, with other points.
fn changed(points: &[u32]) -> Option<Criteria> {
    let mut criteria = Criteria::national().unwrap();
    for (item, points) in criteria.items.iter_mut().zip(points) {
        item.points = *points;
    }
    criteria.items.retain(|item| item.points > 0);
    (!criteria.items.is_empty()).then_some(criteria)
}

fn points() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(0_u32..50, 16)
}

/// Candidates of whom everything is known that a criterion may look at.
fn known(seed: u64, count: usize) -> Vec<CandidateHospital> {
    let mut all = candidates(seed, count);
    for (index, candidate) in all.iter_mut().enumerate() {
        let turn = index + usize::try_from(seed % 7).unwrap();
        let emergency = ["tertiary", "secondary", "primary", "none"][turn % 4];
        candidate.attributes.insert("emergency".to_owned(), emergency.to_owned());
        let base = ["yes", "no", "no"][turn % 3];
        candidate.attributes.insert("disaster_base".to_owned(), base.to_owned());
        if turn.is_multiple_of(5) {
            candidate.facts.only_of.insert("medical_area".to_owned());
        }
        if turn.is_multiple_of(2) {
            let level = u8::try_from(turn % 3).unwrap() + 1;
            candidate
                .facts
                .findings
                .push(Finding::seen_from(day("2024-04-01"), level, day("2022-06-01")));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_add_up_to_their_groups_and_the_groups_to_the_score(seed in any::<u64>(), points in points()) {
        let Some(criteria) = changed(&points) else { return Ok(()) };
        for scored in rank(&known(seed, 30), &criteria) {
            let sum = |group: Option<Group>| scored.parts.iter()
                .filter(|part| group.is_none_or(|group| group == part.group)).map(|part| u64::from(part.points)).sum::<u64>();
            prop_assert_eq!((sum(Some(Group::Need)), sum(Some(Group::Region))), (scored.groups.need, scored.groups.region));
            prop_assert_eq!(scored.groups.need + scored.groups.region, scored.score);
            prop_assert_eq!(sum(None), scored.score);
            // Every part is an item as it stands in the criteria.
            prop_assert!(scored.parts.iter().all(|part| criteria.items.iter()
                .any(|item| item.key == part.criterion && item.points == part.points && item.group() == part.group)));
        }
    }

    #[test]
    fn what_a_preview_says_is_what_choosing_again_gives(
        seed in any::<u64>(), count in 0_usize..60, quota in [0_u32..30, 0_u32..30, 0_u32..30], old in points(), new in points(),
    ) {
        let (Some(old), Some(new)) = (changed(&old), changed(&new)) else { return Ok(()) };
        let (candidates, quotas) = (known(seed, count), quotas(quota));
        let preview = compare(&shuffled(&candidates, seed), &quotas, &old, &new).unwrap();
        prop_assert_eq!(&preview, &compare(&candidates, &shuffled(&quotas, seed), &old, &new).unwrap());
        let (before, after) = (choose(&candidates, &quotas, &old).unwrap(), choose(&candidates, &quotas, &new).unwrap());
        for ((cell, before), after) in preview.cells.iter().zip(&before.cells).zip(&after.cells) {
            let ids = |cell: &crate::selection::CellResult| cell.chosen.iter().map(|one| one.scored.candidate.gmis.clone()).collect::<BTreeSet<_>>();
            let (was, is) = (ids(before), ids(after));
            prop_assert_eq!(&cell.band, &before.band);
            prop_assert_eq!(cell.enters.iter().map(|one| one.gmis.clone()).collect::<BTreeSet<_>>(), is.difference(&was).cloned().collect());
            prop_assert_eq!(cell.leaves.iter().map(|one| one.gmis.clone()).collect::<BTreeSet<_>>(), was.difference(&is).cloned().collect());
            // A place that somebody loses is a place that somebody gets.
            prop_assert_eq!(cell.enters.len(), cell.leaves.len());
            for chosen in &after.chosen {
                if let Some(moved) = cell.moves.iter().find(|one| one.gmis == chosen.scored.candidate.gmis) {
                    prop_assert_eq!((moved.rank_after, moved.score_after), (chosen.rank, chosen.scored.score));
                }
            }
        }
        prop_assert_eq!(preview.changes_choice, before.result_hash != after.result_hash && preview.cells.iter().any(|cell| !cell.leaves.is_empty()));
        prop_assert_eq!(before.inputs_hash == after.inputs_hash, old == new);
    }
}

#[test]
fn the_same_criteria_change_nothing_and_without_a_quota_nobody_comes_in() {
    let (candidates, national) = (known(3, 40), Criteria::national().unwrap());
    let same = compare(&candidates, &quotas([5, 5, 5]), &national, &national).unwrap();
    assert!(!same.changes_choice && same.cells.iter().all(|cell| cell.moves.is_empty()));
    let mut turned = national.clone();
    turned.items.retain(|item| item.group() == Group::Region);
    let none: [Quota; 0] = [];
    let Comparison { cells, changes_choice, .. } = compare(&candidates, &none, &national, &turned).unwrap();
    assert!(!changes_choice && cells.len() == 3 && cells.iter().all(|cell| cell.quota.is_none() && !cell.moves.is_empty()));
    assert!(compare(&candidates, &quotas([5, 5, 5]), &national, &turned).unwrap().changes_choice);
}

#[test]
fn a_criterion_looks_at_attributes_areas_findings_and_wishes() {
    let holds = |when: &str, candidate: &CandidateHospital| {
        !score(candidate, &item(&format!("points = 1\nwhen = {when}")).unwrap())
            .parts
            .is_empty()
    };
    let mut hospital = eligible(&record("A000001", 100, &[("ehr_in_use", "yes")])).unwrap();
    let base = "{ attribute = \"disaster_base\", is = [\"yes\"] }";
    assert!(!holds(base, &hospital), "what is not known gives no points");
    hospital.attributes.insert("disaster_base".to_owned(), "yes".to_owned());
    assert!(holds(base, &hospital));
    for (level, on, when, expected) in [
        (2, "2021-04-01", "{ finding_at_least = 2, within_years = 3 }", true),
        (2, "2021-03-31", "{ finding_at_least = 2, within_years = 3 }", false),
        (2, "2021-03-31", "{ finding_at_least = 2 }", true),
        (1, "2024-03-31", "{ finding_at_least = 2, within_years = 3 }", false),
        (3, "2024-05-01", "{ finding_at_least = 2, within_years = 1 }", true),
    ] {
        hospital.facts.findings = vec![Finding::seen_from(day("2024-04-01"), level, day(on))];
        assert_eq!(holds(when, &hospital), expected, "{level} {on} {when}");
    }
    let wish = "{ wish = [\"wanted\", \"unanswered\"] }";
    assert!(holds(wish, &hospital));
    hospital.facts.wish = Wish::NotWanted;
    assert!(!holds(wish, &hospital));
    let only = "{ only_hospital_of = \"medical_area\" }";
    assert!(!holds(only, &hospital));
    hospital.facts.only_of.insert("medical_area".to_owned());
    assert!(holds(only, &hospital));
}

#[test]
fn the_only_hospital_of_an_area_is_counted_over_the_frozen_hospitals() {
    let of = |gmis: &str, beds: u16, area: Option<&str>| {
        let mut record = record(gmis, beds, &[]);
        record
            .attributes
            .extend(area.map(|area| ("medical_area".to_owned(), area.to_owned())));
        record
    };
    let mut records = vec![
        of("A000001", 100, Some("1301")),
        of("A000002", 100, Some("1302")),
        HospitalRecord {
            left: Some("廃止".to_owned()),
            ..of("A000003", 100, Some("1302"))
        },
        // A clinic: it is no hospital of the area.
        of("A000004", 19, Some("1301")),
        of("A000005", 100, None),
    ];
    mark_only_ones(&mut records);
    let only: Vec<&str> = records
        .iter()
        .filter(|record| record.facts.only_of.contains("medical_area"))
        .map(|record| record.gmis.as_str())
        .collect();
    assert_eq!(only, ["A000001"]);
}

#[test]
fn findings_consent_and_criteria_move_the_hash_of_the_inputs() {
    let (all, national) = (known(5, 20), Criteria::national().unwrap());
    let hash = |candidates: &[CandidateHospital]| choose(candidates, &quotas([3, 3, 3]), &national).unwrap().inputs_hash;
    let first = hash(&all);
    assert_ne!(first, hash(&all[1..]), "who was excluded is no input");
    let mut found = all.clone();
    found[0]
        .facts
        .findings
        .push(Finding::seen_from(day("2024-04-01"), 1, day("2024-01-01")));
    assert_ne!(first, hash(&found));
    let mut reversed = found.clone();
    reversed[0].facts.findings.reverse();
    assert_eq!(hash(&found), hash(&reversed));
    let mut wished = all.clone();
    wished[0].facts.wish = Wish::Wanted;
    assert_ne!(first, hash(&wished));
}

#[test]
fn the_national_criteria_name_only_what_surveys_and_frames_have() {
    let criteria = Criteria::national().unwrap();
    let surveys: Vec<_> = survey::compiled_in().iter().collect();
    assert_eq!(criteria.check_against(&surveys), Ok(()));
    let value = serde_json::to_value(&criteria).unwrap();
    assert_eq!(Criteria::from_json(value.clone()).unwrap(), criteria);
    assert_eq!(serde_json::from_value::<Criteria>(value).unwrap(), criteria);
    insta::assert_json_snapshot!(rank(&known(2, 3), &criteria));
}

#[test]
fn criteria_stored_before_there_were_groups_are_read() {
    let old = json!({"name": "旧", "items": [{"key": "beds_200", "label": "200床以上", "points": 10, "when": {"beds_at_least": 200}}]});
    assert_eq!(Criteria::from_json(old).unwrap().items[0].group(), Group::Region);
}

#[test]
fn criteria_that_cannot_work_are_refused() {
    for rest in [
        "points = 0\nwhen = { beds_at_least = 20 }",
        "points = 1\nwhen = { question = \"bcp_defined\", is = [] }",
        "points = 1\nwhen = { attribute = \"emergency\", is = [] }",
        "points = 1\nwhen = { wish = [] }",
        "points = 1\nwhen = { finding_at_least = 0 }",
        "points = 1\nwhen = { finding_at_least = 4 }",
        "points = 1\nwhen = { finding_at_least = 1, within_years = 0 }",
    ] {
        assert!(matches!(item(rest), Err(CriteriaError::NeverHolds(_))), "{rest}");
    }
    for rest in [
        "points = 1\nwhen = { beds_at_most = 20 }",
        "points = -1\nwhen = { beds_at_least = 20 }",
        "points = 1.5\nwhen = { beds_at_least = 20 }",
        "points = 1\nwhen = { wish = [\"perhaps\"] }",
        "points = 1\ngroup = \"other\"\nwhen = { beds_at_least = 20 }",
        "points = 1",
    ] {
        assert!(
            matches!(item(rest), Err(CriteriaError::UnreadableItem { number: 1, ref key, .. }) if key == "a"),
            "{rest}"
        );
    }
    assert!(matches!(
        item("points = 10001\nwhen = { beds_at_least = 20 }"),
        Err(CriteriaError::TooMuch(_))
    ));
    let surveys: Vec<_> = survey::compiled_in().iter().collect();
    let unknown = item("points = 1\nwhen = { question = \"bcp_defined\", is = [\"perhaps\"] }").unwrap();
    assert!(matches!(unknown.check_against(&surveys), Err(CriteriaError::UnknownAnswer { .. })));
    for when in [
        "{ attribute = \"weather\", is = [\"rain\"] }",
        "{ attribute = \"emergency\", is = [\"quaternary\"] }",
        "{ only_hospital_of = \"founder\" }",
    ] {
        let unknown = item(&format!("points = 1\nwhen = {when}")).unwrap();
        assert!(
            matches!(unknown.check_against(&surveys), Err(CriteriaError::UnknownAttribute { .. })),
            "{when}"
        );
    }
    assert!(matches!(
        Criteria::from_toml("name = \"空\"\nitems = []"),
        Err(CriteriaError::Empty(_))
    ));
    assert!(matches!(Criteria::from_toml("name = \"空\""), Err(CriteriaError::Unreadable(_))));
    let double = json!({"key": "a", "label": "項目", "points": 1, "when": {"beds_at_least": 20}});
    let twice = json!({"name": "二重", "items": [double, double]});
    assert!(matches!(Criteria::from_json(twice), Err(CriteriaError::DoubleKey(_))));
}
