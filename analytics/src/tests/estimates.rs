//! Estimates from tables: what `table` and `response_rates` count goes into `estimate` as it is, and comes out as a sum over hospitals says.

use super::made::{Made, MadeHospital};
use crate::estimate::{Cell, Design, QuestionCounts};
use crate::{By, Filter, RateRequest, RateRow, Snapshot, TableRequest, TableRow, response_rates, table};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::band::Banding;
use survey::evaluate::State;
use survey::question::Question;

/// The cell that a row names.
fn cell(prefecture: Option<&str>, band: Option<&str>) -> Cell {
    let index = Banding::Survey.bands().iter().position(|other| Some(other.key) == band).unwrap();
    (prefecture.unwrap().parse().unwrap(), u8::try_from(index).unwrap())
}

fn design(snapshot: &Snapshot) -> Design {
    let request = RateRequest {
        area: Area::Nation,
        by: By::PREFECTURE_BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
    };
    let rates = response_rates(snapshot, &request).unwrap();
    let count = |count: fn(&RateRow) -> u64| {
        let row = |row: &RateRow| (cell(row.prefecture.as_deref(), row.band.as_deref()), count(row));
        rates.rows.iter().map(row).collect()
    };
    Design::new(&count(|row| row.targets), &count(|row| row.responses)).unwrap()
}

fn counts(snapshot: &Snapshot, question: &Question, area: &Area, filters: &[Filter]) -> BTreeMap<Cell, QuestionCounts> {
    let request = TableRequest {
        question: question.key.clone(),
        area: area.clone(),
        by: By::PREFECTURE_BAND,
        banding: Banding::Survey.into(),
        filters: filters.to_vec(),
    };
    let rows = table(snapshot, &request).unwrap().rows;
    let counts = |row: &TableRow| QuestionCounts {
        n: row.n,
        base: row.base,
        blank: row.blank,
        no_answer: row.no_answer,
        not_asked: row.not_asked,
        options: row.options.iter().map(|option| option.count).collect(),
    };
    rows.iter()
        .map(|row| (cell(row.prefecture.as_deref(), row.band.as_deref()), counts(row)))
        .collect()
}

fn place(hospital: &MadeHospital) -> Cell {
    let band = Banding::Survey.band_of(hospital.beds).unwrap();
    (hospital.prefecture.number(), u8::try_from(band).unwrap())
}

#[test]
fn weighted_shares_of_tables_are_sums_over_hospitals() {
    let made = Made::new("2024", 11, 220);
    let snapshot = made.snapshot();
    let design = design(&snapshot);
    assert!(design.merged().count() > 0);
    let hospitals = u64::try_from(made.hospitals.len()).unwrap();
    assert_eq!(design.response_rate(|_| true).hospitals, hospitals);
    let ehr = made.survey.question("ehr_in_use").unwrap();
    let among = Filter::answer(ehr.key.clone(), "yes");
    let mut compared = 0;
    for area in ["nation", "14", "14100"] {
        let area: Area = area.to_owned().try_into().unwrap();
        for (key, among) in [("ehr_in_use", vec![]), ("ehr_backup", vec![]), ("bcp_defined", vec![among.clone()])] {
            let question = made.survey.question(key).unwrap();
            let estimate = design.question(&counts(&snapshot, question, &area, &among), |_| true).unwrap();
            let (mut base, mut yes) = (0.0, 0.0);
            for hospital in &made.hospitals {
                let Some(answers) = &hospital.answered else { continue };
                let says = |key: &str| answers.answers.get(key).and_then(|answer| answer.as_str());
                let inside = area.covers(hospital.prefecture, hospital.municipality.as_ref())
                    && (among.is_empty() || says("ehr_in_use") == Some("yes"));
                if inside && answers.states[&question.key] == State::Answered {
                    let weight = design.weight(place(hospital)).unwrap();
                    base += weight;
                    yes += if says(key) == Some("yes") { weight } else { 0.0 };
                }
            }
            let found = estimate.options[0].clone().unwrap();
            assert!((found.weighted_base - base).abs() < 1e-9 * base, "{key} {area:?}");
            assert!((found.share - yes / base).abs() < 1e-9, "{key} {area:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
}
