//! Tables and response rates against a plain count, hospital by hospital, of what the evaluator says in words (never of code bytes).

use super::made::{Made, MadeHospital, as_of, nobody};
use crate::{
    By, Dimension, Filter, FrameEntry, PlaceValue, RateRequest, Snapshot, SnapshotError, Table, TableError, TableRequest, TableRow,
    TableRows, Targets, response_rates, table,
};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use serde_json::Value;
use survey::area::Area;
use survey::band::Banding;
use survey::bands::Bands;
use survey::evaluate::State;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::question::{Kind, Question};
use uuid::Uuid;

const BYS: [By; 4] = [By::AREA, By::PREFECTURE, By::BAND, By::PREFECTURE_BAND];
const AREAS: [&str; 5] = ["nation", "14", "26", "13104", "14100"];

fn request(question: &Question, area: &Area, by: By, banding: Banding) -> TableRequest {
    TableRequest {
        question: question.key.clone(),
        area: area.clone(),
        by,
        banding: banding.into(),
        filters: Vec::new(),
        estimates: false,
    }
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

pub(super) fn chose(answer: Option<&Value>, option: &str) -> bool {
    match answer {
        Some(Value::String(one)) => one == option,
        Some(Value::Array(several)) => several.iter().any(|one| one == option),
        _ => false,
    }
}

/// Whether the hospital belongs to the row, by what the row says of itself.
pub(super) fn in_row(hospital: &MadeHospital, place: &[PlaceValue], bands: &Bands) -> bool {
    place.iter().all(|value| match value.dimension {
        Dimension::Region => value.label == hospital.prefecture.region(),
        Dimension::Prefecture => value.key == hospital.prefecture.code() && value.label == hospital.prefecture.name(),
        Dimension::Municipality => value.key == hospital.municipality.as_ref().map_or("unknown", |code| code.as_str()),
        Dimension::Band => in_band(hospital, &value.key, bands),
        Dimension::Attribute(attribute) => value.key == hospital.attributes.value(attribute).unwrap_or("unknown"),
    })
}

fn in_band(hospital: &MadeHospital, key: &str, bands: &Bands) -> bool {
    let range = bands.ranges().into_iter().find(|range| range.key == key).unwrap();
    let beds = hospital.beds.number();
    range.min <= beds && range.max.is_none_or(|max| beds <= max)
}

/// Whether the filter lets the hospital through, by its facts and its answers in words. An answer that nobody gave passes nothing.
pub(super) fn passes(made: &Made, hospital: &MadeHospital, filter: &Filter, bands: &Bands) -> bool {
    match filter {
        Filter::Answer { question, options } => hospital.answered.as_ref().is_some_and(|answers| {
            let is_text = matches!(made.survey.question(question.as_str()).unwrap().kind, Kind::Text(_));
            let answer = answers.answers.get(question.as_str());
            answers.states[question] == State::Answered && options.iter().any(|option| is_text || chose(answer, option))
        }),
        Filter::Region(regions) => regions.iter().any(|region| region.name() == hospital.prefecture.region()),
        Filter::Prefecture(prefectures) => prefectures.contains(&hospital.prefecture),
        Filter::Municipality(codes) => codes
            .iter()
            .any(|code| Area::Municipality(code.clone()).covers(hospital.prefecture, hospital.municipality.as_ref())),
        Filter::Band(keys) => keys.iter().any(|key| in_band(hospital, key, bands)),
        Filter::Attribute { attribute, values } => {
            let said = hospital.attributes.value(attribute).unwrap_or("unknown");
            values.iter().any(|value| value == said)
        }
    }
}

pub(super) fn assert_row_is_a_plain_count(made: &Made, question: &Question, table: &Table, row: &TableRow) {
    let counted: Vec<_> = made
        .hospitals
        .iter()
        .filter(|hospital| table.area.covers(hospital.prefecture, hospital.municipality.as_ref()))
        .filter(|hospital| in_row(hospital, &row.names.place, &table.banding))
        .filter(|hospital| table.filters.iter().all(|filter| passes(made, hospital, filter, &table.banding)))
        .filter_map(|hospital| hospital.answered.as_ref())
        .collect();
    let number = |length: usize| u64::try_from(length).unwrap();
    let in_state = |states: &[State]| {
        number(
            counted
                .iter()
                .filter(|answers| states.contains(&answers.states[&question.key]))
                .count(),
        )
    };
    assert_eq!(row.n, number(counted.len()));
    assert_eq!(row.base, in_state(&[State::Answered]));
    assert_eq!(row.blank, in_state(&[State::Blank, State::Undetermined, State::Invalid]));
    assert_eq!(row.no_answer, in_state(&[State::NoAnswer]));
    assert_eq!(row.not_asked, in_state(&[State::NotAsked]));
    assert_eq!(row.base + row.blank + row.no_answer + row.not_asked, row.n);
    for option in &row.options {
        let answered = counted.iter().filter(|answers| answers.states[&question.key] == State::Answered);
        let chosen = answered.filter(|answers| {
            let answer = answers.answers.get(question.key.as_str());
            matches!(question.kind, Kind::Text(_)) || chose(answer, &option.choice.key)
        });
        assert_eq!(option.count, number(chosen.count()), "{} {}", question.key, option.choice.key);
        match option.percent {
            Some(percent) => assert!((percent - 100.0 * float(option.count) / float(row.base)).abs() <= 0.05 + 1e-9),
            None => assert_eq!(row.base, 0),
        }
        let answers = row.options.iter().map(|option| option.count).sum::<u64>();
        match option.percent_of_answers {
            Some(percent) => {
                assert!(matches!(question.kind, Kind::Several(_)));
                assert!((percent - 100.0 * float(option.count) / float(answers)).abs() <= 0.05 + 1e-9);
            }
            None => assert!(answers == 0 || !matches!(question.kind, Kind::Several(_))),
        }
    }
    if !matches!(question.kind, Kind::Several(_)) {
        assert_eq!(
            row.options.iter().map(|option| option.count).sum::<u64>(),
            row.base,
            "{}",
            question.key
        );
    }
}

pub(super) fn assert_parts_add_up(table: &Table) {
    if table.by == By::AREA {
        assert_eq!(*table.rows, *std::slice::from_ref(&table.total));
    }
    let sum = |of: &dyn Fn(&TableRow) -> u64| table.rows.iter().map(of).sum::<u64>();
    assert_eq!(sum(&|row| row.n), table.total.n);
    assert_eq!(sum(&|row| row.base), table.total.base);
    assert_eq!(sum(&|row| row.blank), table.total.blank);
    assert_eq!(sum(&|row| row.no_answer), table.total.no_answer);
    assert_eq!(sum(&|row| row.not_asked), table.total.not_asked);
    for (index, option) in table.total.options.iter().enumerate() {
        assert_eq!(sum(&|row| row.options[index].count), option.count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_table_equals_a_plain_count_of_the_evaluated_answers(
        seed in any::<u64>(), size in 0_usize..120, survey in 0_usize..2, area in 0_usize..5, by in 0_usize..4, banding in 0_usize..2,
    ) {
        let made = Made::new(["2022", "2024"][survey], seed, size);
        let snapshot = made.snapshot();
        let area = Area::parse(AREAS[area]).unwrap();
        let banding = [Banding::Survey, Banding::Program][banding];
        for question in made.survey.questions().iter().filter(|question| question.is_coded()) {
            let table = table(&snapshot, &request(question, &area, BYS[by], banding)).unwrap();
            for row in table.rows.iter().chain([&table.total]) {
                assert_row_is_a_plain_count(&made, question, &table, row);
            }
            assert_parts_add_up(&table);
        }
    }

    #[test]
    fn a_table_among_hospitals_that_gave_an_answer_equals_a_plain_count(
        seed in any::<u64>(), size in 0_usize..120, survey in 0_usize..2, gate in 0_usize..100, option in 0_usize..100, by in 0_usize..4,
    ) {
        let made = Made::new(["2022", "2024"][survey], seed, size);
        let snapshot = made.snapshot();
        let coded: Vec<_> = made.survey.questions().iter().filter(|question| question.is_coded()).collect();
        let gate = coded[gate % coded.len()];
        let choice = &gate.choices()[option % gate.choices().len()];
        let filters = vec![Filter::answer(gate.key.clone(), &choice.key)];
        for question in &coded {
            let request = TableRequest { filters: filters.clone(), ..request(question, &Area::Nation, BYS[by], Banding::Survey) };
            let table = table(&snapshot, &request).unwrap();
            for row in table.rows.iter().chain([&table.total]) {
                assert_row_is_a_plain_count(&made, question, &table, row);
            }
            assert_parts_add_up(&table);
        }
    }

    #[test]
    fn response_rates_equal_a_plain_count(seed in any::<u64>(), size in 0_usize..150, area in 0_usize..5, by in 0_usize..4) {
        let made = Made::new("2024", seed, size);
        let request = RateRequest { area: Area::parse(AREAS[area]).unwrap(), by: BYS[by], banding: Banding::Survey.into(), filters: Vec::new() };
        let rates = response_rates(&made.snapshot(), &request).unwrap();
        for row in rates.rows.iter().chain([&rates.total]) {
            let hospitals: Vec<_> = made
                .hospitals
                .iter()
                .filter(|hospital| request.area.covers(hospital.prefecture, hospital.municipality.as_ref()))
                .filter(|hospital| in_row(hospital, &row.names.place, &request.banding))
                .collect();
            prop_assert_eq!(usize::try_from(row.targets).unwrap(), hospitals.len());
            let answered = hospitals.iter().filter(|hospital| hospital.answered.is_some());
            prop_assert_eq!(usize::try_from(row.responses).unwrap(), answered.count());
            prop_assert_eq!(row.percent.is_none(), row.targets == 0);
        }
    }
}

#[test]
fn rows_are_there_for_every_prefecture_and_band_even_without_hospitals() {
    let snapshot = nobody(survey::find("2024").unwrap());
    let question = snapshot.survey().question("ehr_in_use").unwrap().clone();
    let table = table(&snapshot, &request(&question, &Area::Nation, By::PREFECTURE_BAND, Banding::Survey)).unwrap();
    assert_eq!(table.rows.len(), 47 * 6);
    let places: Vec<_> = table
        .rows
        .iter()
        .take(7)
        .map(|row| (row.names.prefecture.as_deref().unwrap(), row.names.band.as_deref().unwrap()))
        .collect();
    assert_eq!(places[0], ("01", "20-99"));
    assert_eq!(places[5], ("01", "500+"));
    assert_eq!(places[6], ("02", "20-99"));
    assert!(
        table
            .rows
            .iter()
            .all(|row| row.n == 0 && row.options.iter().all(|option| option.percent.is_none()))
    );
}

#[test]
fn a_prefectures_table_has_its_own_row_and_nobody_elses() {
    let made = Made::new("2024", 7, 200);
    let area = Area::Prefecture(PrefectureCode::new(27).unwrap());
    let question = made.survey.question("bcp_defined").unwrap();
    let table = table(&made.snapshot(), &request(question, &area, By::PREFECTURE, Banding::Survey)).unwrap();
    assert_eq!(table.rows.len(), 1);
    assert_eq!(table.rows[0].names.prefecture_name.as_deref(), Some("大阪府"));
    assert_eq!(table.rows[0].n, table.total.n);
}

#[test]
fn the_respondent_and_an_unknown_question_have_no_table() {
    let made = Made::new("2022", 1, 3);
    let ask = |key: &str| {
        table(
            &made.snapshot(),
            &TableRequest {
                question: key.into(),
                area: Area::Nation,
                by: By::AREA,
                banding: Banding::Survey.into(),
                filters: Vec::new(),
                estimates: false,
            },
        )
    };
    assert!(matches!(ask("respondent"), Err(TableError::NotCoded { .. })));
    let request = |option: &str| TableRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: By::AREA,
        banding: Banding::Survey.into(),
        filters: vec![Filter::answer("ehr_backup".into(), option)],
        estimates: false,
    };
    assert!(matches!(
        table(&made.snapshot(), &request("perhaps")),
        Err(TableError::UnknownOption { .. })
    ));
    assert!(matches!(ask("no_such_question"), Err(TableError::UnknownQuestion { .. })));
    let devices = ask("vpn_devices").unwrap();
    assert_eq!(
        devices.choices.iter().map(|choice| choice.label.as_str()).collect::<Vec<_>>(),
        ["記載あり"]
    );
}

#[test]
fn the_published_shares_of_2022_come_out() {
    let survey = survey::find("2022").unwrap();
    let slot = survey.layout().slots_of("ehr_in_use")[0].index;
    let place = (PrefectureCode::new(1).unwrap(), Beds::new(100).unwrap());
    let hospital = Uuid::from_u128;
    let frame = (0..8_252).map(|index| FrameEntry {
        hospital: hospital(index),
        prefecture: place.0,
        municipality: None,
        beds: place.1,
    });
    let targets = Targets::new(frame).unwrap();
    let response = |index| {
        let mut codes = vec![0; survey.layout().len()];
        codes[slot] = if index < 4_020 { 16 } else { 17 };
        (targets.find(hospital(index)).unwrap(), codes)
    };
    let responses: Vec<_> = (0..6_216).map(response).collect();
    let snapshot = Snapshot::new(survey, as_of(), targets, responses).unwrap();
    let request = TableRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: By::AREA,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    assert_eq!(table(&snapshot, &request).unwrap().total.options[0].percent, Some(64.7));
    let rates = RateRequest {
        area: Area::Nation,
        by: By::AREA,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
    };
    assert_eq!(response_rates(&snapshot, &rates).unwrap().total.percent, Some(75.3));
}

#[test]
fn rows_are_made_when_somebody_reads_them_once_and_the_same_for_everybody() {
    let made = Made::new("2024", 3, 40);
    let question = made.survey.question("backup_copies").unwrap();
    let table = table(&made.snapshot(), &request(question, &Area::Nation, By::BAND, Banding::Survey)).unwrap();
    let unread = table.clone();
    assert_eq!((unread.rows.len(), unread.rows.is_empty()), (6, false));
    assert_eq!(table.rows.as_ptr(), table.rows.as_ptr());
    assert_eq!(table.rows.iter().map(|row| row.n).sum::<u64>(), table.total.n);
    let rows = Vec::from(unread.rows);
    assert_eq!(*table.rows, *rows);
    assert_eq!(TableRows::from(rows), table.rows);
}

#[test]
fn a_table_reads_as_json_as_the_interface_promises() {
    let made = Made::new("2024", 3, 40);
    let question = made.survey.question("backup_copies").unwrap();
    let area = Area::parse("14").unwrap();
    let mut table = table(&made.snapshot(), &request(question, &area, By::BAND, Banding::Program)).unwrap();
    table.rows = table.rows[..1].to_vec().into();
    insta::assert_json_snapshot!(table);
}

#[test]
fn a_snapshot_refuses_what_could_not_be_counted_in_exactly_one_way() {
    let survey = survey::find("2024").unwrap();
    let entry = |hospital: u128, beds: u16| FrameEntry {
        hospital: Uuid::from_u128(hospital),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(beds).unwrap(),
    };
    let of_three = || Targets::new([entry(1, 20), entry(2, 20), entry(3, 20)]).unwrap();
    let target = |hospital: u128| of_three().find(Uuid::from_u128(hospital)).unwrap();
    let build = |codes: Vec<u8>| Snapshot::new(survey, as_of(), of_three(), [(target(2), codes)]).map(|_| ());
    let length = survey.layout().len();
    assert!(matches!(build(vec![0; length + 1]), Err(SnapshotError::CodesLength { .. })));
    assert!(matches!(build(vec![3; length]), Err(SnapshotError::UnknownCode { code: 3, .. })));
    assert!(matches!(
        build(vec![200; length]),
        Err(SnapshotError::UnknownCode { code: 200, .. })
    ));
    let several = survey
        .questions()
        .iter()
        .find(|question| matches!(question.kind, Kind::Several(_)))
        .unwrap();
    let mut mixed = vec![0; length];
    mixed[survey.layout().slots_of(several.key.as_str())[1].index] = 17;
    assert!(matches!(build(mixed), Err(SnapshotError::StatesDiffer { .. })));
    assert_eq!(build(vec![0; length]), Ok(()));
    let twice = [
        (target(1), vec![0; length]),
        (target(2), vec![0; length]),
        (target(1), vec![0; length]),
    ];
    assert!(matches!(
        Snapshot::new(survey, as_of(), of_three(), twice),
        Err(SnapshotError::HospitalTwice { list: "responses", row: 2 })
    ));
    let of_one = Targets::new([entry(1, 20)]).unwrap();
    assert!(matches!(
        Snapshot::new(survey, as_of(), of_one, [(target(3), vec![0; length])]),
        Err(SnapshotError::NotInFrame {
            response: 0,
            row: 2,
            rows: 1
        })
    ));
    let frame = |entries: [FrameEntry; 2]| Targets::new(entries).map(|targets| targets.len());
    assert_eq!(
        frame([entry(1, 20), entry(2, 19)]),
        Err(SnapshotError::NoHospital { row: 1, beds: 19 })
    );
    assert_eq!(
        frame([entry(1, 20), entry(1, 30)]),
        Err(SnapshotError::HospitalTwice { list: "frame", row: 1 })
    );
    assert_eq!(frame([entry(1, 20), entry(2, 30)]), Ok(2));
    assert!(of_three().find(Uuid::from_u128(4)).is_none());
}
