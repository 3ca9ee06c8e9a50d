//! Coverage: one hospital of each kind, and that everything adds up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use survey::band::Banding;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;

use crate::planning::coverage::{Counts, Coverage, Ehr, Hospital, Support, Table, sum};
use crate::selection::list::ListState;
use crate::selection::{Consent, Facts, HospitalRecord, SurveyAnswers};
use crate::tests::selections::counted;

fn record(said: &[Option<&str>]) -> HospitalRecord {
    let answers = |option: &&str| match *option {
        "" => counted("2024", &[]),
        option => counted("2024", &[("ehr_in_use", option)]),
    };
    HospitalRecord {
        gmis: "AAA0001".to_owned(),
        institution_code: None,
        name: "試験病院".to_owned(),
        prefecture: PrefectureCode::new(13).unwrap(),
        municipality: None,
        beds: Beds::new(250).unwrap(),
        band: Some("200-399".to_owned()),
        attributes: BTreeMap::new(),
        left: None,
        chosen_earlier: None,
        surveys: said
            .iter()
            .map(|said| SurveyAnswers {
                survey: "2024".to_owned(),
                answers: said.as_ref().map(answers),
            })
            .collect(),
        facts: Facts::default(),
        consent: Consent::Refused,
        excluded: Some("統合".to_owned()),
    }
}

fn of(record: HospitalRecord, chosen: Option<ListState>) -> Hospital {
    Hospital::of(record, Banding::Program, chosen)
}

#[test]
fn the_latest_answer_decides_and_silence_is_not_no() {
    let ehr = |said: &[Option<&str>]| of(record(said), None).ehr;
    assert_eq!(ehr(&[Some("yes"), Some("no")]), Some(Ehr::InUse));
    assert_eq!(ehr(&[Some("no"), Some("yes")]), Some(Ehr::NotInUse));
    assert_eq!(ehr(&[None, Some("yes")]), Some(Ehr::InUse));
    assert_eq!(ehr(&[Some(""), Some("yes")]), Some(Ehr::Unclear));
    assert_eq!(ehr(&[None, None]), Some(Ehr::Unanswered));
}

#[test]
fn support_exclusion_and_consent_do_not_hide_the_health_record() {
    let earlier = HospitalRecord {
        chosen_earlier: Some("令和5年度".to_owned()),
        ..record(&[Some("yes")])
    };
    let hospital = of(earlier, Some(ListState::Proposed));
    assert_eq!(
        (hospital.ehr, hospital.support, hospital.band),
        (Some(Ehr::InUse), Support::Earlier, Some(1))
    );
    let gone = HospitalRecord {
        left: Some("廃止".to_owned()),
        ..record(&[Some("yes")])
    };
    assert_eq!(of(gone, None).ehr, None);
    let chosen = of(record(&[None]), Some(ListState::Accepted));
    assert_eq!(
        (chosen.ehr, chosen.support),
        (Some(Ehr::Unanswered), Support::Chosen(ListState::Accepted))
    );
    let clinic = HospitalRecord {
        band: None,
        ..record(&[Some("yes")])
    };
    assert_eq!(Table::of(&[of(clinic, None), chosen], Banding::Program).under_20_beds, 1);
}

fn hospital() -> impl Strategy<Value = Hospital> {
    let ehr = proptest::sample::select(vec![
        Some(Ehr::InUse),
        Some(Ehr::NotInUse),
        Some(Ehr::Unclear),
        Some(Ehr::Unanswered),
        None,
    ]);
    let states = [ListState::Proposed, ListState::HandedIn, ListState::Returned, ListState::Accepted].map(Support::Chosen);
    let support = proptest::sample::select([states.as_slice(), &[Support::Earlier, Support::Open]].concat());
    let band = proptest::option::weighted(0.9, 0..6_usize);
    (1..=47_u8, band, ehr, support).prop_map(|(prefecture, band, ehr, support)| Hospital {
        prefecture: PrefectureCode::new(prefecture).unwrap(),
        band,
        ehr,
        support,
    })
}

proptest! {
    #[test]
    fn cells_prefectures_and_the_nation_add_up(hospitals in proptest::collection::vec(hospital(), 0..300)) {
        let table = Table::of(&hospitals, Banding::Survey);
        let number = |of: &dyn Fn(&Hospital) -> bool| u64::try_from(hospitals.iter().filter(|one| one.band.is_some() && of(one)).count()).unwrap();
        for (prefecture, cells) in table.rows() {
            prop_assert_eq!(cells.len(), 6);
            for (band, cell) in cells.iter().enumerate() {
                let here = |one: &Hospital| one.prefecture == prefecture && one.band == Some(band);
                prop_assert_eq!(cell.hospitals, number(&here));
                prop_assert_eq!(cell.ehr.remaining, number(&|one| here(one) && one.ehr == Some(Ehr::InUse) && one.support == Support::Open));
            }
        }
        let total = sum(table.rows().flat_map(|(_, cells)| cells));
        let kinds = |coverage: &Coverage| [coverage.ehr, coverage.no_ehr, coverage.unclear, coverage.unanswered, coverage.left];
        prop_assert_eq!(total.hospitals + table.under_20_beds, u64::try_from(hospitals.len()).unwrap());
        prop_assert_eq!(kinds(&total).iter().map(|kind| kind.hospitals).sum::<u64>(), total.hospitals);
        for kind in kinds(&total) {
            prop_assert_eq!(kind.supported + kind.chosen() + kind.remaining, kind.hospitals);
        }
        prop_assert_eq!(total.chosen(), number(&|one| one.ehr.is_some() && matches!(one.support, Support::Chosen(_))));
        prop_assert_eq!(total.unknown(), number(&|one| matches!(one.ehr, Some(Ehr::Unclear | Ehr::Unanswered)) && one.support == Support::Open));
        let prefectures: Vec<Coverage> = table.rows().map(|(_, cells)| sum(cells)).collect();
        prop_assert_eq!(sum(&prefectures), total);
    }
}

#[test]
fn nothing_is_nothing() {
    let table = Table::of(&[], Banding::Program);
    assert_eq!(sum(table.rows().flat_map(|(_, cells)| cells)), Coverage::default());
    assert_eq!(Counts::default().chosen(), 0);
}
