//! Trends against a small case reckoned by hand and against a plain count, hospital by hospital, of what the evaluator says in words.

use super::made::{Made, MadeHospital};
use crate::Known;
use crate::trend::{TrendBy, TrendError, TrendRequest, TrendTable, comparable_questions, trend};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde_json::json;
use survey::answer::{EntryPath, HospitalFacts};
use survey::area::Area;
use survey::attribute::Attributes;
use survey::band::Banding;
use survey::crosswalk::Crosswalk;
use survey::evaluate::{Evaluation, State, evaluate};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

fn request(question: &str, area: &str, by: TrendBy) -> TrendRequest {
    TrendRequest {
        question: question.into(),
        area: area.to_owned().try_into().unwrap(),
        by,
    }
}

fn counted(earlier: &Made, later: &Made, request: &TrendRequest) -> Result<TrendTable, TrendError> {
    trend(&earlier.snapshot(), &later.snapshot(), Crosswalk::compiled_in(), request)
}

/// A survey in which hospital i of prefecture 13 with 50 beds said this; `None`: it did not answer; a blank word: it answered and left it out.
fn said(survey: &str, words: &[(u128, Option<&str>)]) -> Made {
    let survey = survey::find(survey).unwrap();
    let beds = Beds::new(50).unwrap();
    let answered = |word: &str| -> Evaluation {
        let mut answers = json!({});
        match word {
            "" => {}
            word => word.split(' ').for_each(|pair| {
                let (key, value) = pair.split_once('=').unwrap();
                answers[key] = json!(value);
            }),
        }
        evaluate(survey.first_edition(), &HospitalFacts::default(), &answers, EntryPath::Proxy)
    };
    let hospital = |(id, word): &(u128, Option<&str>)| MadeHospital {
        id: Uuid::from_u128(*id),
        prefecture: PrefectureCode::new(13).unwrap(),
        municipality: None,
        beds,
        attributes: Attributes::default(),
        answered: word.map(answered),
    };
    Made {
        survey,
        hospitals: words.iter().map(hospital).collect(),
    }
}

const YES: Option<&str> = Some("ehr_in_use=yes");
const NO: Option<&str> = Some("ehr_in_use=no");

/// Ten hospitals in 2022, of which eight answered, four with an EHR. In 2024 one has closed and one opened; nine of ten answered. Of the panel,
/// 1 to 7, two gained an EHR, one lost it.
fn ehr() -> (Made, Made) {
    let earlier = [YES, YES, YES, NO, NO, NO, NO, YES, None, None];
    let later = [YES, YES, NO, YES, YES, NO, NO, None, YES, YES];
    let earlier: Vec<_> = (1..).zip(earlier).collect();
    let mut later: Vec<_> = (1..).zip(later).collect();
    later[9].0 = 11;
    (said("2022", &earlier), said("2024", &later))
}

#[test]
fn a_trend_is_what_paper_and_pencil_say() {
    let (earlier, later) = ehr();
    let table = counted(&earlier, &later, &request("ehr_in_use", "nation", TrendBy::Area)).unwrap();
    assert!(table.rows.is_empty());
    let all = table.total.all;
    assert_eq!((all.earlier.n, all.earlier.base, all.earlier.count), (8, 8, 4));
    assert_eq!((all.later.n, all.later.base, all.later.count), (9, 9, 6));
    assert_eq!((all.earlier.percent, all.later.percent), (Some(50.0), Some(66.7)));
    // v = (1 - 8/10) / 8 * s2 with s2 = 8 * 0.25 / 7: 0.0071429, so SE 0.08452, n* = 35, Wilson 0.5 +- 0.15724.
    let first = all.earlier.estimate.unwrap();
    assert_eq!((first.percent, first.known), (50.0, Known::Sampled));
    assert_eq!((first.standard_error, first.low, first.high), (Some(8.45), Some(34.3), Some(65.7)));
    let change = all.change.unwrap();
    assert_eq!((change.points, change.known), (16.7, Known::Sampled));
    assert!(change.low.unwrap() < 16.7 && change.high.unwrap() > 16.7);

    let panel = table.total.panel;
    assert_eq!(panel.hospitals, 9, "the tenth of 2022 closed, the eleventh opened");
    assert_eq!((panel.earlier.n, panel.earlier.base, panel.earlier.count), (7, 7, 3));
    assert_eq!((panel.later.n, panel.later.base, panel.later.count), (7, 7, 4));
    let counts = [&panel.gained, &panel.lost, &panel.stayed_yes, &panel.stayed_no].map(|transition| transition.count);
    assert_eq!(counts, [2, 1, 2, 2]);
    assert_eq!((panel.gained.percent, panel.lost.percent), (Some(28.6), Some(14.3)));
    assert_eq!(panel.gained.estimate.unwrap().percent, 28.6, "one group: the weights cancel");
    assert_eq!(panel.gained.of_earlier.unwrap().percent, 50.0, "two of the four that had none");
    assert_eq!(panel.lost.of_earlier.unwrap().percent, 33.3, "one of the three that had one");
    let net = panel.change.unwrap();
    assert_eq!(net.points, 14.3);
    assert!(net.low.unwrap() < 14.3 && net.high.unwrap() > 14.3);
}

#[test]
fn who_answered_whole_has_no_interval_and_nobody_no_share() {
    let whole = |survey: &str| said(survey, &[(1, YES), (2, NO), (3, YES), (4, YES), (5, NO)]);
    let row = counted(&whole("2022"), &whole("2024"), &request("ehr_in_use", "13", TrendBy::Area))
        .unwrap()
        .total;
    let estimate = row.all.later.estimate.unwrap();
    assert_eq!((estimate.known, estimate.percent, estimate.low), (Known::Complete, 60.0, None));
    let change = row.all.change.unwrap();
    assert_eq!((change.known, change.points, change.high), (Known::Complete, 0.0, None));
    assert_eq!(row.panel.change.unwrap().known, Known::Complete);

    let silent = said("2022", &[(1, None), (2, None)]);
    let row = counted(&silent, &whole("2024"), &request("ehr_in_use", "13", TrendBy::Area))
        .unwrap()
        .total;
    assert_eq!(
        (row.all.earlier.base, row.all.earlier.percent, row.all.earlier.estimate),
        (0, None, None)
    );
    assert_eq!((row.all.later.base, row.all.later.percent), (5, Some(60.0)));
    assert!(row.all.change.is_none() && row.panel.change.is_none());
    assert_eq!((row.panel.hospitals, row.panel.earlier.n, row.panel.gained.percent), (2, 0, None));
}

#[test]
fn no_backup_counts_as_no_and_two_generations_as_yes() {
    let of_2022 = [
        Some("ehr_in_use=yes ehr_backup=yes backup_generations_kept=yes"),
        // 2022 asks for generations without a backup too: what was said to it does not count.
        Some("ehr_in_use=yes ehr_backup=no backup_generations_kept=yes"),
        Some("ehr_in_use=yes ehr_backup=no"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations_kept=no"),
        // Left out: outside of the base, as hospitals without an EHR are.
        Some("ehr_in_use=yes ehr_backup=yes"),
        Some("ehr_in_use=no"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations_kept=yes"),
    ];
    let of_2024 = [
        Some("ehr_in_use=yes ehr_backup=yes backup_generations=two"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations=three_or_more"),
        Some("ehr_in_use=yes ehr_backup=no"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations=one"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations=one"),
        Some("ehr_in_use=yes ehr_backup=yes backup_generations=two"),
        Some("ehr_in_use=no"),
    ];
    let year = |survey: &str, words: &[Option<&str>]| said(survey, &(1..).zip(words.iter().copied()).collect::<Vec<_>>());
    let (earlier, later) = (year("2022", &of_2022), year("2024", &of_2024));
    let table = counted(&earlier, &later, &request("backup_generations", "nation", TrendBy::Area)).unwrap();
    assert_eq!(table.later.yes.len(), 2);
    assert_eq!(
        (table.earlier.question.as_str(), table.later.question.as_str()),
        ("backup_generations_kept", "backup_generations")
    );
    let row = table.total;
    assert_eq!((row.all.earlier.n, row.all.earlier.base, row.all.earlier.count), (7, 5, 2));
    assert_eq!((row.all.later.n, row.all.later.base, row.all.later.count), (7, 6, 3));
    let panel = row.panel;
    let counts = [&panel.gained, &panel.lost, &panel.stayed_yes, &panel.stayed_no].map(|transition| transition.count);
    assert_eq!((panel.earlier.n, panel.earlier.base, counts), (7, 4, [1, 0, 1, 2]));
}

#[test]
fn what_the_crosswalk_does_not_let_stand_together_is_refused() {
    let (earlier, later) = ehr();
    let refused = |question: &str| counted(&earlier, &later, &request(question, "nation", TrendBy::Area)).unwrap_err();
    let note = |error: TrendError| match error {
        TrendError::NotComparable { from_question, note, .. } => (from_question, note),
        other => panic!("{other}"),
    };
    for (question, from) in [
        ("backup_offline", "backup_disaster_separated"),
        ("safety_manager_placed", "security_officer_placed"),
        ("bcp_defined", "emergency_procedure_drilled"),
        ("bcp_drilled", "emergency_procedure_drilled"),
    ] {
        let (named, note) = note(refused(question));
        assert_eq!(named, from);
        assert!(note.starts_with("比べられません。"), "{note}");
    }
    assert!(matches!(refused("network_map_known"), TrendError::NotListed { .. }));
    assert!(matches!(refused("nothing"), TrendError::UnknownQuestion { .. }));
    // Backwards, the years are no pair.
    let backwards = counted(&later, &earlier, &request("ehr_in_use", "nation", TrendBy::Area));
    assert!(matches!(backwards, Err(TrendError::NotListed { .. })));
    let comparable = comparable_questions(&earlier.snapshot(), &later.snapshot(), Crosswalk::compiled_in());
    assert_eq!(comparable.len(), 4);
}

#[test]
fn no_output_names_a_hospital() {
    let (earlier, later) = ehr();
    let table = counted(&earlier, &later, &request("ehr_in_use", "nation", TrendBy::Band)).unwrap();
    let printed = format!("{} {:?}", serde_json::to_string(&table).unwrap(), earlier.snapshot());
    for hospital in earlier.hospitals.iter().chain(&later.hospitals) {
        assert!(!printed.contains(&hospital.id.to_string()));
    }
}

/// In the base and yes, in it and no, outside: in words, by the rules of the notice and not by the crosswalk's data.
fn plain(survey: &str, question: &str, answers: &Evaluation) -> Option<bool> {
    let word = |key: &str| match answers.states.get(key) {
        Some(State::Answered) => answers.answers.get(key).and_then(|answer| answer.as_str()),
        _ => None,
    };
    let ehr = word("ehr_in_use") == Some("yes");
    let with_backup = |key: &str, yes: &[&str]| match (ehr, word("ehr_backup"), word(key)) {
        (false, ..) => None,
        (true, Some("no"), _) => Some(false),
        (true, _, said) => said.map(|said| yes.contains(&said)),
    };
    match (survey, question) {
        (_, "ehr_in_use") => word("ehr_in_use").map(|said| said == "yes"),
        (_, "ehr_backup") => word("ehr_backup").filter(|_| ehr).map(|said| said == "yes"),
        (_, "backup_leak_protection") => with_backup("backup_leak_protection", &["yes"]),
        ("2022", _) => with_backup("backup_generations_kept", &["yes"]),
        (_, _) => with_backup("backup_generations", &["two", "three_or_more"]),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn counts_are_those_of_a_plain_recount_and_transitions_add_up(seed in any::<u32>(), common in 0_usize..60, area in 0_usize..4, asked in 0_usize..4) {
        let (earlier, mut later) = (Made::new("2022", u64::from(seed), 60), Made::new("2024", u64::from(seed) + 1, 70));
        for (one, two) in earlier.hospitals.iter().zip(later.hospitals.iter_mut()).take(common) {
            two.id = one.id;
        }
        let question = ["ehr_in_use", "ehr_backup", "backup_generations", "backup_leak_protection"][asked];
        let request = request(question, ["nation", "14", "14100", "27102"][area], TrendBy::Band);
        let area: &Area = &request.area;
        let table = counted(&earlier, &later, &request).unwrap();
        prop_assert_eq!(table.rows.len(), 6);
        for row in table.rows.iter().chain([&table.total]) {
            let inside = |hospital: &&MadeHospital| {
                let band = Banding::Survey.bands()[Banding::Survey.band_of(hospital.beds).unwrap()].key;
                area.covers(hospital.prefecture, hospital.municipality.as_ref()) && row.band.as_deref().is_none_or(|key| key == band)
            };
            for (made, share) in [(&earlier, &row.all.earlier), (&later, &row.all.later)] {
                let answers: Vec<_> = made.hospitals.iter().filter(inside).filter_map(|hospital| hospital.answered.as_ref()).collect();
                let said: Vec<bool> = answers.iter().filter_map(|answers| plain(made.survey.id().as_str(), question, answers)).collect();
                let yes = said.iter().filter(|yes| **yes).count();
                prop_assert_eq!((share.n, share.base, share.count), (number(answers.len()), number(said.len()), number(yes)));
            }
            let both: Vec<_> = later.hospitals.iter().filter(inside).filter_map(|two| {
                let one = earlier.hospitals.iter().find(|one| one.id == two.id)?;
                Some((one.answered.as_ref(), two.answered.as_ref()))
            }).collect();
            let answered: Vec<_> = both.iter().filter_map(|(one, two)| Some(((*one)?, (*two)?))).collect();
            let said: Vec<(bool, bool)> = answered.iter()
                .filter_map(|(one, two)| Some((plain("2022", question, one)?, plain("2024", question, two)?)))
                .collect();
            let count = |kind: (bool, bool)| number(said.iter().filter(|said| **said == kind).count());
            let panel = &row.panel;
            prop_assert_eq!(panel.hospitals, number(both.len()));
            prop_assert_eq!((panel.earlier.n, panel.later.n), (number(answered.len()), number(answered.len())));
            prop_assert_eq!((panel.earlier.base, panel.later.base), (number(said.len()), number(said.len())));
            let transitions = [&panel.gained, &panel.lost, &panel.stayed_yes, &panel.stayed_no].map(|transition| transition.count);
            prop_assert_eq!(transitions, [count((false, true)), count((true, false)), count((true, true)), count((false, false))]);
            prop_assert_eq!(transitions.iter().sum::<u64>(), panel.earlier.base);
            prop_assert_eq!(panel.earlier.count, panel.lost.count + panel.stayed_yes.count);
            prop_assert_eq!(panel.later.count, panel.gained.count + panel.stayed_yes.count);
        }
    }
}
