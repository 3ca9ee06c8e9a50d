//! The selection's promises: exactly the quota, never above it, the same whatever the order, ties by G-MIS ID, shortages named.

use super::made::{Chance, Made};
use crate::selection::{
    CandidateHospital, Consent, Counted, Criteria, Facts, HospitalRecord, NotEligible, Quota, SelectionError, SurveyAnswers, choose,
    decode, eligible, eligible_by_hand, score,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use std::collections::{BTreeMap, BTreeSet};
use survey::band::Banding;
use survey::codes::{BLANK, FIRST_OPTION};
use survey::evaluate::State;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::Kind;

pub(super) fn prefecture() -> PrefectureCode {
    PrefectureCode::new(13).unwrap()
}

pub(super) fn record(gmis: &str, beds: u16, answers: &[(&str, &str)]) -> HospitalRecord {
    HospitalRecord {
        gmis: gmis.to_owned(),
        institution_code: None,
        name: format!("架空病院{gmis}"),
        prefecture: prefecture(),
        municipality: None,
        beds: Beds::new(beds).unwrap(),
        band: band(beds),
        attributes: BTreeMap::new(),
        left: None,
        chosen_earlier: None,
        surveys: vec![SurveyAnswers {
            survey: "2024".to_owned(),
            answers: Some(counted("2024", answers)),
        }],
        facts: Facts::default(),
        consent: Consent::NotNeeded,
        excluded: None,
    }
}

/// A counted revision with these answers to questions of one choice, and nothing else said.
pub(crate) fn counted(survey: &str, answers: &[(&str, &str)]) -> Counted {
    let survey = survey::find(survey).unwrap();
    let mut codes = vec![BLANK; survey.layout().len()];
    for (question, option) in answers {
        let question = survey.question(question).unwrap();
        let (Kind::YesNo(choices) | Kind::One(choices)) = &question.kind else {
            panic!("{} is no question of one choice", question.key);
        };
        let code = choices.iter().find(|choice| choice.key == *option).unwrap().code;
        codes[survey.layout().slots_of(question.key.as_str())[0].index] = FIRST_OPTION + code;
    }
    Counted { survey, codes }
}

fn band(beds: u16) -> Option<String> {
    let index = Banding::Program.band_of(Beds::new(beds).unwrap())?;
    Some(Banding::Program.bands()[index].key.to_owned())
}

pub(super) fn candidates(seed: u64, count: usize) -> Vec<CandidateHospital> {
    let mut chance = Chance(seed);
    let mut option = |options: &[&'static str]| options[chance.index(options.len())];
    (0..count)
        .map(|index| {
            let answers = [
                ("ehr_in_use", "yes"),
                ("backup_offline", option(&["yes", "no"])),
                ("bcp_defined", option(&["yes", "no"])),
                ("mds_sds_checked", option(&["yes", "no"])),
            ];
            let beds = option(&["20", "199", "200", "399", "400", "900"]).parse().unwrap();
            eligible(&record(&format!("A{index:06}"), beds, &answers)).unwrap()
        })
        .collect()
}

pub(super) fn quotas(hospitals: [u32; 3]) -> Vec<Quota> {
    let bands = Banding::Program.bands().iter();
    bands
        .zip(hospitals)
        .map(|(band, hospitals)| Quota {
            prefecture: prefecture(),
            band: band.key.to_owned(),
            hospitals,
        })
        .collect()
}

pub(super) fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut chance = Chance(seed);
    let mut rest = items.to_vec();
    let mut order = Vec::new();
    while !rest.is_empty() {
        order.push(rest.swap_remove(chance.index(rest.len())));
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_selection_is_exact_ordered_and_independent_of_the_order_of_its_inputs(
        seed in any::<u64>(), count in 0_usize..80, quota in [0_u32..40, 0_u32..40, 0_u32..40],
    ) {
        let (criteria, candidates, quotas) = (Criteria::national().unwrap(), candidates(seed, count), quotas(quota));
        let selection = choose(&candidates, &quotas, &criteria).unwrap();
        let again = choose(&shuffled(&candidates, seed ^ 1), &shuffled(&quotas, seed ^ 2), &criteria).unwrap();
        prop_assert_eq!(&selection, &again);

        let mut chosen_ids = BTreeSet::new();
        for (cell, quota) in selection.cells.iter().zip(&quotas) {
            let own: Vec<_> = candidates.iter().filter(|candidate| candidate.band == cell.band).collect();
            let chosen = u32::try_from(cell.chosen.len()).unwrap();
            prop_assert_eq!(cell.quota, quota.hospitals);
            prop_assert_eq!(usize::try_from(cell.candidates).unwrap(), own.len());
            prop_assert_eq!(chosen, cell.quota.min(cell.candidates));
            prop_assert_eq!(chosen + cell.missing, cell.quota);
            let ids: BTreeSet<&str> = cell.chosen.iter().map(|hospital| hospital.scored.candidate.gmis.as_str()).collect();
            let last = cell.chosen.last().map(|hospital| (hospital.scored.score, hospital.scored.candidate.gmis.clone()));
            for (rank, hospital) in (1..).zip(&cell.chosen) {
                prop_assert_eq!(hospital.rank, rank);
                prop_assert_eq!(hospital.scored.score, hospital.scored.parts.iter().map(|part| u64::from(part.points)).sum::<u64>());
                prop_assert!(chosen_ids.insert(hospital.scored.candidate.gmis.clone()));
            }
            let mut tied = 0;
            for candidate in own {
                let scored = score(candidate, &criteria);
                if let Some((score, gmis)) = &last {
                    // Nobody who was left out stands before the last one chosen.
                    prop_assert!(ids.contains(candidate.gmis.as_str()) || (scored.score, gmis.as_str()) <= (*score, candidate.gmis.as_str()));
                    tied += u32::from(scored.score == *score);
                }
            }
            if cell.tied_at_boundary > 0 {
                prop_assert_eq!(cell.tied_at_boundary, tied);
            }
        }
        prop_assert_eq!(selection.complete, selection.cells.iter().all(|cell| cell.missing == 0));
    }
}

#[test]
fn ties_at_the_boundary_are_decided_by_the_gmis_id_and_counted() {
    let hospitals =
        ["C000001", "A000001", "B000001", "D000001"].map(|gmis| eligible(&record(gmis, 100, &[("ehr_in_use", "yes")])).unwrap());
    let criteria = Criteria::national().unwrap();
    let selection = choose(&hospitals, &quotas([2, 0, 0]), &criteria).unwrap();
    let cell = &selection.cells[0];
    let chosen: Vec<&str> = cell.chosen.iter().map(|hospital| hospital.scored.candidate.gmis.as_str()).collect();
    assert_eq!(chosen, ["A000001", "B000001"]);
    assert_eq!((cell.boundary_score, cell.tied_at_boundary), (Some(0), 4));
    assert!(selection.complete);

    let full = choose(&hospitals, &quotas([4, 0, 0]), &criteria).unwrap();
    assert_eq!(
        (full.cells[0].boundary_score, full.cells[0].tied_at_boundary, full.cells[0].missing),
        (None, 0, 0)
    );
    let short = choose(&hospitals, &quotas([7, 0, 1]), &criteria).unwrap();
    assert_eq!((short.cells[0].missing, short.cells[2].missing, short.complete), (3, 1, false));
}

#[test]
fn hashes_change_with_the_inputs_and_only_then() {
    let criteria = Criteria::national().unwrap();
    let candidates = candidates(5, 30);
    let first = choose(&candidates, &quotas([3, 3, 3]), &criteria).unwrap();
    assert_eq!(first, choose(&candidates, &quotas([3, 3, 3]), &criteria).unwrap());
    assert_eq!(first.inputs_hash.len(), 64);
    let other_quota = choose(&candidates, &quotas([3, 3, 4]), &criteria).unwrap();
    assert_ne!(first.inputs_hash, other_quota.inputs_hash);
    assert_ne!(first.result_hash, other_quota.result_hash);
    let mut renamed = candidates.clone();
    let place = renamed.iter_mut().find(|candidate| {
        first
            .cells
            .iter()
            .all(|cell| cell.chosen.iter().all(|hospital| hospital.scored.candidate.gmis != candidate.gmis))
    });
    place.unwrap().name.push('改');
    let other_name = choose(&renamed, &quotas([3, 3, 3]), &criteria).unwrap();
    assert_ne!(first.inputs_hash, other_name.inputs_hash);
    assert_eq!(first.result_hash, other_name.result_hash);
}

#[test]
fn ill_formed_inputs_are_refused() {
    let criteria = Criteria::national().unwrap();
    let candidates = candidates(1, 2);
    assert_eq!(choose(&candidates, &[], &criteria), Err(SelectionError::NoQuota));
    let twice = [candidates[0].clone(), candidates[0].clone()];
    assert!(matches!(
        choose(&twice, &quotas([1, 1, 1]), &criteria),
        Err(SelectionError::DoubleCandidate(_))
    ));
    let double = [quotas([1, 1, 1]), quotas([1, 1, 1])].concat();
    assert!(matches!(
        choose(&candidates, &double, &criteria),
        Err(SelectionError::DoubleQuota(_))
    ));
    let mut foreign = quotas([1, 1, 1]);
    foreign[2].prefecture = PrefectureCode::new(14).unwrap();
    assert!(matches!(
        choose(&candidates, &foreign, &criteria),
        Err(SelectionError::OtherPrefecture { .. })
    ));
}

#[test]
fn candidates_of_a_band_without_quota_are_counted_and_never_chosen() {
    let candidates = candidates(9, 60);
    let selection = choose(&candidates, &quotas([60, 60, 60])[..1], &Criteria::national().unwrap()).unwrap();
    let other = candidates.iter().filter(|candidate| candidate.band != "20-199").count();
    assert_eq!(usize::try_from(selection.candidates_without_cell).unwrap(), other);
    assert_eq!(selection.cells.len(), 1);
}

#[test]
fn the_latest_answered_survey_alone_decides_who_may_be_chosen() {
    let answers = |option: &str| Some(counted("2024", &[("ehr_in_use", option)]));
    let with = |latest, earlier| HospitalRecord {
        surveys: vec![
            SurveyAnswers {
                survey: "2024".to_owned(),
                answers: latest,
            },
            SurveyAnswers {
                survey: "2022".to_owned(),
                answers: earlier,
            },
        ],
        ..record("A000001", 200, &[])
    };
    assert_eq!(eligible(&with(answers("yes"), answers("no"))).unwrap().survey, "2024");
    assert_eq!(eligible(&with(None, answers("yes"))).unwrap().survey, "2022");
    let gone = NotEligible::EhrNotInUse { survey: "2024".to_owned() };
    assert_eq!(eligible(&with(answers("no"), answers("yes"))), Err(gone));
    let unknown = NotEligible::EhrUnknown { survey: "2024".to_owned() };
    assert_eq!(eligible(&with(Some(counted("2024", &[])), answers("yes"))), Err(unknown));
    assert_eq!(eligible(&with(None, None)), Err(NotEligible::NoSubmission));

    let chosen = HospitalRecord {
        chosen_earlier: Some("令和6年度".to_owned()),
        ..with(answers("yes"), None)
    };
    let refusal = eligible(&chosen).unwrap_err();
    assert!(refusal.message().contains("令和6年度"), "{}", refusal.message());
    let small = HospitalRecord {
        beds: Beds::new(19).unwrap(),
        band: None,
        ..with(answers("yes"), None)
    };
    assert_eq!(eligible(&small), Err(NotEligible::NotAHospital { beds: 19 }));
    assert_eq!(eligible(&with(answers("yes"), None)).unwrap().band, "200-399");
    let closed = HospitalRecord {
        left: Some("廃止".to_owned()),
        ..with(answers("yes"), None)
    };
    assert!(eligible(&closed).unwrap_err().message().contains("廃止"));
}

#[test]
fn decoded_bytes_say_what_the_evaluator_said() {
    for id in ["2022", "2024"] {
        let made = Made::new(id, 11, 80);
        for evaluation in made.hospitals.iter().filter_map(|hospital| hospital.answered.as_ref()) {
            let decoded = decode(made.survey, &evaluation.codes);
            for question in made.survey.questions() {
                let counted = question.is_coded() && !matches!(question.kind, Kind::Text(_));
                let answered = evaluation.states[&question.key] == State::Answered;
                assert_eq!(decoded.contains_key(question.key.as_str()), counted && answered, "{}", question.key);
                if let (true, Some(serde_json::Value::String(option))) = (answered, evaluation.answers.get(question.key.as_str()))
                    && counted
                {
                    assert_eq!(decoded[question.key.as_str()], [option.as_str()]);
                }
            }
        }
    }
}

#[test]
fn who_was_excluded_or_has_not_consented_is_no_candidate_and_only_the_latter_may_be_nominated() {
    let with = |consent, excluded: Option<&str>| HospitalRecord {
        consent,
        excluded: excluded.map(str::to_owned),
        ..record("A000001", 200, &[("ehr_in_use", "yes"), ("bcp_defined", "no")])
    };
    assert!(eligible(&with(Consent::Given, None)).is_ok());
    let excluded = with(Consent::Given, Some("統合の予定"));
    let by_hand = NotEligible::ExcludedByHand {
        why: "統合の予定".to_owned(),
    };
    assert_eq!(eligible(&excluded), Err(by_hand.clone()));
    assert_eq!(eligible_by_hand(&excluded), Err(by_hand.clone()));
    assert!(by_hand.message().contains("統合の予定"));
    for (consent, refused) in [(Consent::Refused, true), (Consent::Unanswered, false)] {
        let record = with(consent, None);
        assert_eq!(eligible(&record), Err(NotEligible::NoConsent { refused }));
        // Nominated, but its answers are nobody's business.
        let nominated = eligible_by_hand(&record).unwrap();
        assert_eq!((nominated.survey.as_str(), nominated.answers.len()), ("", 0));
        assert_eq!(score(&nominated, &Criteria::national().unwrap()).groups.need, 0);
    }
    let without = HospitalRecord {
        surveys: Vec::new(),
        ..record("A000001", 200, &[])
    };
    assert_eq!(eligible(&without), Err(NotEligible::NoSubmission));
    assert!(eligible_by_hand(&without).is_ok());
    let earlier = HospitalRecord {
        chosen_earlier: Some("令和6年度".to_owned()),
        ..without
    };
    assert!(matches!(eligible_by_hand(&earlier), Err(NotEligible::ChosenEarlier { .. })));
}
