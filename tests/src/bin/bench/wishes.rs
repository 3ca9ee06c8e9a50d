//! Choosing under wishes, against choosing without: the two largest prefectures of the made nation, three cells each, with at least so many hospitals of every
//! medical area and spread over founders. The same candidates, criteria and quotas, in memory; what the solver finds is not asked here (the tests do).

use std::time::Instant;

use analytics::selection::{self, CandidateHospital, Consent, Counted, Criteria, Facts, HospitalRecord, ListWish, SurveyAnswers};
use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use crate::made::{self, SURVEY};
use crate::report::Report;

/// Tokyo and Hokkaido.
const PREFECTURES: [u8; 2] = [13, 1];

/// Measures both, and wishes that cannot hold.
pub fn measure(repetitions: usize, report: &mut Report) {
    let criteria = Criteria::national().unwrap();
    for number in PREFECTURES {
        let prefecture = PrefectureCode::new(number).unwrap();
        let (candidates, quotas) = (candidates(prefecture), made::quotas(prefecture));
        let wished = Criteria {
            wishes: wishes(1),
            ..criteria.clone()
        };
        let clashing = Criteria {
            wishes: wishes(50),
            ..criteria.clone()
        };
        let seconds = |criteria: &Criteria| {
            let begun = Instant::now();
            let chosen = selection::choose(&candidates, &quotas, criteria);
            (begun.elapsed().as_secs_f64() * 1_000.0, chosen)
        };
        let (mut plain, mut held, mut clash) = (vec![], vec![], vec![]);
        for repetition in 0..=repetitions {
            let (without, _) = seconds(&criteria);
            let (with, chosen) = seconds(&wished);
            let (refused, conflict) = seconds(&clashing);
            let outcome = chosen.unwrap().wishes.unwrap();
            conflict.unwrap_err();
            if repetition == 0 {
                let said = json!({"candidates": candidates.len(), "places": quotas.iter().map(|quota| quota.hospitals).sum::<u32>(),
                    "swapped": outcome.enters.len(), "points_lost": outcome.score_without - outcome.score});
                report.condition(&format!("wishes_of_{}", prefecture.name()), said);
                continue;
            }
            plain.push(without);
            held.push(with);
            clash.push(refused);
        }
        let name = prefecture.name();
        let ratios = held.iter().zip(&plain).map(|(held, plain)| held / plain).collect();
        report.add(format!("{name}: choosing without wishes"), "ms", plain, "");
        report.add(format!("{name}: choosing under wishes"), "ms", held, "");
        report.add(format!("{name}: under wishes / without"), "times", ratios, "");
        report.add(format!("{name}: naming wishes that clash"), "ms", clash, "");
    }
}

/// So many of every medical area, no kind of founder with more than half, and some of the public ones.
fn wishes(each: u32) -> Vec<ListWish> {
    let all: Value = json!([
        {"key": "each_area", "label": "どの二次医療圏からも選ぶ", "attribute": "medical_area", "at_least": each},
        {"key": "founders", "label": "同じ開設者区分は半数以下", "attribute": "founder", "at_most_percent": 50},
        {"key": "public", "label": "自治体の病院", "attribute": "founder", "is": ["prefectural", "municipal"], "at_least": 8},
        {"key": "each_founder", "label": "開設者区分ごとに1病院以上", "attribute": "founder", "at_least": 1},
    ]);
    serde_json::from_value(all).unwrap()
}

/// The candidates of a prefecture, from the made answers to the survey of 2024.
fn candidates(prefecture: PrefectureCode) -> Vec<CandidateHospital> {
    let survey = survey::survey::find(SURVEY).unwrap();
    let made = made::nation().survey(SURVEY).unwrap();
    let frame = made.frame.iter().filter(|hospital| hospital.prefecture == prefecture);
    let records = frame.map(|hospital| {
        let facts = HospitalFacts {
            beds: Some(hospital.beds),
            ..HospitalFacts::default()
        };
        let answers = made.answers.get(&hospital.gmis).map(|answers| {
            let answers = Value::Object(answers.clone());
            let evaluation = survey::evaluate::evaluate(survey.first_edition(), &facts, &answers, EntryPath::Api);
            Counted {
                survey,
                codes: evaluation.codes,
            }
        });
        let band = Banding::Program
            .band_of(hospital.beds)
            .map(|band| Banding::Program.bands()[band].key.to_owned());
        let attributes = made.attributes[&hospital.gmis].iter();
        HospitalRecord {
            gmis: hospital.gmis.to_string(),
            institution_code: None,
            name: hospital.name.clone(),
            prefecture,
            municipality: None,
            beds: hospital.beds,
            band,
            attributes: attributes.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            left: None,
            chosen_earlier: None,
            surveys: vec![SurveyAnswers {
                survey: SURVEY.to_owned(),
                answers,
            }],
            facts: Facts::default(),
            consent: Consent::NotNeeded,
            excluded: None,
        }
    });
    records.filter_map(|record| selection::eligible(&record).ok()).collect()
}
