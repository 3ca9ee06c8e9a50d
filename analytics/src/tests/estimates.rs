//! Estimates from tables: what `table` and `response_rates` count goes into `estimate` as it is, and comes out as a sum over hospitals says.

use super::made::{Made, MadeHospital};
use crate::estimate::{Cell, Design, QuestionCounts};
use crate::{By, Estimate, Filter, RateRequest, RateRow, Snapshot, TableRequest, TableRow, response_rates, table};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::band::Banding;
use survey::bands::Bands;
use survey::evaluate::State;
use survey::question::{Question, QuestionKey};

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
        let row = |row: &RateRow| (cell(row.names.prefecture.as_deref(), row.names.band.as_deref()), count(row));
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
        estimates: false,
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
        .map(|row| (cell(row.names.prefecture.as_deref(), row.names.band.as_deref()), counts(row)))
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

/// What a row says, option by option and of item non-response.
fn said(row: &TableRow) -> Vec<Option<Estimate>> {
    let item = row.item_nonresponse.as_ref().and_then(|item| item.estimate.clone());
    row.options
        .iter()
        .map(|option| option.estimate.as_deref().cloned())
        .chain([item])
        .collect()
}

#[test]
fn rows_of_any_shape_carry_the_estimates_of_their_strata() {
    let made = Made::new("2024", 12, 260);
    let snapshot = made.snapshot();
    let design = design(&snapshot);
    let question = made.survey.question("bcp_defined").unwrap();
    let among = [Filter::answer(made.survey.question("ehr_in_use").unwrap().key.clone(), "yes")];
    let request = |by: &str, banding: &str, filters: &[Filter]| TableRequest {
        question: question.key.clone(),
        area: Area::Nation,
        by: By::parse(by).unwrap(),
        banding: Bands::parse(banding).unwrap(),
        filters: filters.to_vec(),
        estimates: true,
    };
    for filters in [&among[..], &[]] {
        let cells = counts(&snapshot, question, &Area::Nation, filters);
        let expected = |keep: &dyn Fn(Cell) -> bool| {
            let found = design.question(&cells, keep).unwrap();
            let item = found.item_nonresponse.as_ref().map(Estimate::new);
            found
                .options
                .iter()
                .map(|share| share.as_ref().map(Estimate::new))
                .chain([item])
                .collect::<Vec<_>>()
        };
        let own = table(&snapshot, &request("region,band", "20,100,200,300,400,500", filters)).unwrap();
        assert_eq!(said(&own.total), expected(&|_| true));
        let mut answered = 0;
        for row in own.rows.iter().filter(|row| row.names.place[0].key == "kanto") {
            let band = own
                .rows
                .iter()
                .filter(|other| other.names.place[0] == row.names.place[0])
                .position(|other| other == row)
                .unwrap();
            let inside = |cell: Cell| (8..=14).contains(&cell.0) && usize::from(cell.1) == band;
            assert_eq!(said(row), if row.n == 0 { vec![None; 3] } else { expected(&inside) }, "{row:?}");
            answered += u32::from(row.base > 0);
        }
        assert!(answered > 3);
        let prefectures = table(&snapshot, &request("prefecture", "program", filters)).unwrap();
        for row in &prefectures.rows {
            let own = |cell: Cell| row.names.prefecture == Some(format!("{:02}", cell.0));
            assert_eq!(said(row), if row.n == 0 { vec![None; 3] } else { expected(&own) });
        }
    }
    let plain = TableRequest {
        estimates: false,
        ..request("area", "survey", &[])
    };
    assert_eq!(said(&table(&snapshot, &plain).unwrap().total), vec![None; 3]);
}

#[test]
fn a_custom_class_inside_of_a_band_is_weighted_by_its_hospitals() {
    let made = Made::new("2024", 13, 300);
    let snapshot = made.snapshot();
    let design = design(&snapshot);
    let request = TableRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: By::BAND,
        banding: Bands::parse("20,50,500,1000").unwrap(),
        filters: Vec::new(),
        estimates: true,
    };
    let rows = table(&snapshot, &request).unwrap().rows;
    let ranges = request.banding.ranges();
    for (row, range) in rows.iter().zip(&ranges) {
        let (mut base, mut yes) = (0.0, 0.0);
        for hospital in &made.hospitals {
            let beds = hospital.beds.number();
            let Some(answers) = &hospital.answered else { continue };
            if beds < range.min
                || range.max.is_some_and(|max| beds > max)
                || answers.states[&QuestionKey::from("ehr_in_use")] != State::Answered
            {
                continue;
            }
            let weight = design.weight(place(hospital)).unwrap();
            base += weight;
            yes += if answers.answers["ehr_in_use"] == "yes" { weight } else { 0.0 };
        }
        let found = row.options[0].estimate.as_ref().unwrap();
        assert!((found.percent - 100.0 * yes / base).abs() < 0.051, "{row:?}");
        assert!(found.low.unwrap() < found.percent && found.percent < found.high.unwrap());
    }
    assert_eq!(rows.len(), 4);
}
