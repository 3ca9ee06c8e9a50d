//! Crosses, bandings of one's own and filters: any request equals a plain count of hospitals, and what a dimension tells apart adds up to the table
//! without it.

use super::made::{Made, nobody};
use super::tables::{assert_parts_add_up, assert_row_is_a_plain_count, in_row, passes};
use crate::{
    By, Dimension, Filter, PlaceValue, RateRequest, Snapshot, Table, TableError, TableRequest, TableRow, response_rates, table, tables,
};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};
use survey::area::Area;
use survey::band::Banding;
use survey::bands::Bands;

fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    subsequence(Dimension::all().collect::<Vec<_>>(), 0..=3).prop_shuffle()
}

fn area() -> impl Strategy<Value = Area> {
    select(vec!["nation", "14", "26", "13104", "14100"]).prop_map(|text| Area::parse(text).unwrap())
}

fn bands() -> impl Strategy<Value = Bands> {
    select(vec!["survey", "program", "20", "20,100,101,1200", "20,50,200,9999"]).prop_map(|text| Bands::parse(text).unwrap())
}

/// Filters of the survey of 2024 for any banding.
fn filters(places_only: bool) -> impl Strategy<Value = Vec<Filter>> {
    let places = select(vec![
        "region=kanto|kinki",
        "prefecture=13|14|47",
        "municipality=14100|27102",
        "band=FIRST",
        "band=FIRST|LAST",
        "founder=national|individual|unknown",
        "disaster_base=yes",
        "medical_area=1301|1402",
    ]);
    let answers = select(vec![
        "ehr_in_use=yes",
        "backup_copies=two|one",
        "consultation_desk=vendor|other",
        "bcp_defined=no",
    ]);
    let one = if places_only {
        places.boxed()
    } else {
        prop_oneof![places, answers].boxed()
    };
    proptest::collection::vec(one, 0..3).prop_map(|texts| texts.into_iter().map(|text| Filter::parse(text).unwrap()).collect())
}

/// The banding's own first and last class in the place of the words.
fn filters_of(filters: Vec<Filter>, bands: &Bands) -> Vec<Filter> {
    let ranges = bands.ranges();
    let key = |word: String| {
        if word == "FIRST" {
            ranges.first().unwrap().key.clone()
        } else {
            ranges.last().unwrap().key.clone()
        }
    };
    filters
        .into_iter()
        .map(|filter| match filter {
            Filter::Band(words) => Filter::Band(words.into_iter().map(key).collect()),
            other => other,
        })
        .collect()
}

/// Every number of a row.
fn numbers(row: &TableRow) -> Vec<u64> {
    let options = row.options.iter().map(|option| option.count);
    [row.n, row.base, row.blank, row.no_answer, row.not_asked]
        .into_iter()
        .chain(options)
        .collect()
}

/// The rows of `fine` that the row of a coarser table is made of, added up.
fn parts(fine: &Table, row: &TableRow) -> Vec<u64> {
    let mut sums = vec![0; numbers(row).len()];
    for part in fine
        .rows
        .iter()
        .filter(|part| row.names.place.iter().all(|value| part.names.place.contains(value)))
    {
        sums.iter_mut().zip(numbers(part)).for_each(|(sum, number)| *sum += number);
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_cross_is_a_plain_count_and_adds_up_to_the_cross_with_one_dimension_less(
        seed in any::<u64>(), size in 0_usize..120, area in area(), dimensions in dimensions(), bands in bands(), filters in filters(false),
        question in select(vec!["bcp_drilled", "consultation_desk", "backup_frequency"]),
    ) {
        let made = Made::new("2024", seed, size);
        let snapshot = made.snapshot();
        let question = made.survey.question(question).unwrap();
        let request = TableRequest {
            question: question.key.clone(),
            area,
            by: By::cross(&dimensions).unwrap(),
            filters: filters_of(filters, &bands),
            banding: bands,
estimates: false,
};
        let fine = table(&snapshot, &request).unwrap();
        for row in fine.rows.iter().chain([&fine.total]) {
            prop_assert_eq!(row.names.place.iter().map(|value| value.dimension).collect::<Vec<_>>(), if row == &fine.total { Vec::new() } else { dimensions.clone() });
            assert_row_is_a_plain_count(&made, question, &fine, row);
        }
        assert_parts_add_up(&fine);
        for dropped in &dimensions {
            let fewer: Vec<Dimension> = dimensions.iter().copied().filter(|dimension| dimension != dropped).collect();
            let coarse = table(&snapshot, &TableRequest { by: By::cross(&fewer).unwrap(), ..request.clone() }).unwrap();
            prop_assert_eq!(&coarse.total, &fine.total);
            for row in &coarse.rows {
                prop_assert_eq!(parts(&fine, row), numbers(row));
            }
        }
        // The request and its answer go through JSON unharmed.
        let text = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(&serde_json::from_str::<TableRequest>(&text).unwrap(), &request);
    }

    #[test]
    fn rates_of_any_cross_are_a_plain_count_and_add_up(
        seed in any::<u64>(), size in 0_usize..150, area in area(), dimensions in dimensions(), bands in bands(), filters in filters(true),
    ) {
        let made = Made::new("2024", seed, size);
        let filters = filters_of(filters, &bands);
        let request = RateRequest { area, by: By::cross(&dimensions).unwrap(), banding: bands, filters };
        let rates = response_rates(&made.snapshot(), &request).unwrap();
        for row in rates.rows.iter().chain([&rates.total]) {
            let hospitals: Vec<_> = made
                .hospitals
                .iter()
                .filter(|hospital| request.area.covers(hospital.prefecture, hospital.municipality.as_ref()))
                .filter(|hospital| request.filters.iter().all(|filter| passes(&made, hospital, filter, &request.banding)))
                .filter(|hospital| in_row(hospital, &row.names.place, &request.banding))
                .collect();
            prop_assert_eq!(usize::try_from(row.targets).unwrap(), hospitals.len());
            let answered = hospitals.iter().filter(|hospital| hospital.answered.is_some()).count();
            prop_assert_eq!(usize::try_from(row.responses).unwrap(), answered);
        }
        prop_assert_eq!(rates.rows.iter().map(|row| row.targets).sum::<u64>(), rates.total.targets);
        prop_assert_eq!(rates.rows.iter().map(|row| row.responses).sum::<u64>(), rates.total.responses);
    }

    #[test]
    fn nobody_outside_the_area_is_in_any_row_whatever_is_asked(
        seed in any::<u64>(), size in 0_usize..120, dimensions in dimensions(), filters in filters(false), banding in Just(Banding::Survey),
    ) {
        let made = Made::new("2024", seed, size);
        let area = Area::parse("14").unwrap();
        let own = Made { survey: made.survey, hospitals: made.hospitals.iter().filter(|hospital| hospital.prefecture.number() == 14).cloned().collect() };
        let bands = Bands::from(banding);
        let request = TableRequest {
            question: "ehr_in_use".into(), area, by: By::cross(&dimensions).unwrap(), filters: filters_of(filters, &bands), banding: bands,
estimates: false,
};
        // The same as if the rest of the nation did not exist: no number and no row name tells of it.
        prop_assert_eq!(table(&made.snapshot(), &request).unwrap(), table(&own.snapshot(), &request).unwrap());
    }
}

fn ask(snapshot: &Snapshot, by: &str, banding: &str, filters: &[&str]) -> Result<Table, TableError> {
    let request = TableRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: By::parse(by).unwrap(),
        banding: Bands::parse(banding).unwrap(),
        filters: filters.iter().map(|text| Filter::parse(text).unwrap()).collect(),
        estimates: false,
    };
    table(snapshot, &request)
}

fn labels(place: &[PlaceValue]) -> Vec<&str> {
    place.iter().map(|value| value.label.as_str()).collect()
}

#[test]
fn rows_stand_in_a_fixed_order_also_where_nobody_is() {
    let empty = nobody(survey::find("2024").unwrap());
    let regions = ask(&empty, "region,band", "20,50,300", &[]).unwrap();
    assert_eq!(regions.rows.len(), 8 * 3);
    assert_eq!(labels(&regions.rows[0].names.place), ["北海道", "20～49床"]);
    assert_eq!(labels(&regions.rows[5].names.place), ["東北", "300床以上"]);
    let nested = ask(&empty, "prefecture,region", "survey", &[]).unwrap();
    assert_eq!(nested.rows.len(), 47);
    assert_eq!(labels(&nested.rows[23].names.place), ["三重県", "近畿"]);
    assert_eq!(ask(&empty, "municipality,band", "survey", &[]).unwrap().rows.len(), 0);

    let made = Made::new("2024", 5, 300);
    let towns = ask(&made.snapshot(), "municipality", "survey", &["prefecture=13"]).unwrap();
    let keys: Vec<&str> = towns.rows.iter().map(|row| row.names.place[0].key.as_str()).collect();
    assert_eq!(keys, ["01202", "13104", "14101", "14102", "14130", "27102", "47201", "unknown"]);
    assert_eq!(labels(&towns.rows[1].names.place), ["東京都新宿区"]);
    assert_eq!(labels(&towns.rows[2].names.place), ["神奈川県横浜市鶴見区"]);
    assert_eq!(labels(&towns.rows[7].names.place), ["市区町村不明"]);
    // A filter takes hospitals away, not rows.
    assert!(
        towns
            .rows
            .iter()
            .all(|row| (row.n > 0) == ["13104", "unknown"].contains(&row.names.place[0].key.as_str()))
    );
}

#[test]
fn values_of_attributes_stand_in_the_order_of_the_catalogue_and_what_is_not_known_last() {
    let keys = |table: &Table| -> Vec<String> {
        let rows = table.rows.iter();
        rows.map(|row| row.names.place.iter().map(|value| value.key.as_str()).collect::<Vec<_>>().join(" "))
            .collect()
    };
    let empty = nobody(survey::find("2024").unwrap());
    let emergency = ["tertiary", "secondary", "primary", "none"];
    assert_eq!(keys(&ask(&empty, "emergency", "survey", &[]).unwrap()), emergency);
    assert_eq!(ask(&empty, "medical_area", "survey", &[]).unwrap().rows.len(), 0);
    assert_eq!(
        ask(&empty, "founder,prefecture,band", "survey", &[]).unwrap().rows.len(),
        9 * 47 * 6
    );

    let made = Made::new("2024", 5, 300);
    let known = ask(&made.snapshot(), "emergency,disaster_base", "survey", &[]).unwrap();
    assert_eq!(known.rows.len(), 5 * 3);
    assert_eq!(labels(&known.rows[0].names.place), ["三次救急", "災害拠点病院である"]);
    assert_eq!(labels(&known.rows[14].names.place), ["救急医療体制不明", "災害拠点病院不明"]);
    let areas = ask(&made.snapshot(), "medical_area", "survey", &["medical_area=1301|unknown"]).unwrap();
    let all = [
        "0101", "0102", "1301", "1302", "1401", "1402", "2701", "2702", "4701", "4702", "unknown",
    ];
    assert_eq!(keys(&areas), all);
    assert_eq!(labels(&areas.rows[2].names.place), ["東京都1301"]);
    assert!(
        areas
            .rows
            .iter()
            .all(|row| (row.n > 0) == ["1301", "unknown"].contains(&&*row.names.place[0].key))
    );
    // A code is crossed with what the frame has of it: its own prefecture, and there the values that occur.
    let nested = ask(&made.snapshot(), "medical_area,prefecture", "survey", &[]).unwrap();
    assert!(
        nested
            .rows
            .iter()
            .all(|row| row.names.place[0].key == "unknown" || row.names.place[0].key.starts_with(&row.names.place[1].key))
    );
    // Of a snapshot that nobody said anything of, all is unknown.
    let hospitals = made.hospitals.iter().map(|hospital| super::made::MadeHospital {
        attributes: Default::default(),
        ..hospital.clone()
    });
    let unsaid = Made {
        survey: made.survey,
        hospitals: hospitals.collect(),
    };
    let unsaid = ask(&unsaid.snapshot(), "emergency", "survey", &[]).unwrap();
    assert_eq!((keys(&unsaid)[4].as_str(), unsaid.rows[4].n), ("unknown", unsaid.total.n));
}

#[test]
fn a_filter_that_names_what_there_is_not_is_refused() {
    let snapshot = Made::new("2024", 1, 5).snapshot();
    let refused = |filter: &str| ask(&snapshot, "area", "program", &[filter]).unwrap_err();
    assert!(matches!(refused("band=20-99"), TableError::UnknownBand { banding, band } if banding == "program" && band == "20-99"));
    assert!(matches!(refused("shoe=yes"), TableError::UnknownQuestion { question, .. } if question == "shoe"));
    assert!(matches!(refused("ehr_in_use=yes|perhaps"), TableError::UnknownOption { option, .. } if option == "perhaps"));
    let rates = RateRequest {
        area: Area::Nation,
        by: By::AREA,
        banding: Banding::Survey.into(),
        filters: vec![Filter::parse("ehr_in_use=yes").unwrap()],
    };
    assert!(matches!(response_rates(&snapshot, &rates), Err(TableError::FilterByAnswer { .. })));
}

#[test]
fn what_is_kept_of_one_request_is_no_part_of_another() {
    let made = Made::new("2024", 8, 120);
    let kept = made.snapshot();
    let requests = |snapshot: &Snapshot| {
        let mut tables = Vec::new();
        for area in ["nation", "14", "14100"] {
            for by in ["area", "band", "prefecture,band", "band,prefecture", "founder", "municipality,band"] {
                for banding in ["survey", "program", "20,50"] {
                    let request = TableRequest {
                        question: "backup_copies".into(),
                        area: Area::parse(area).unwrap(),
                        by: By::parse(by).unwrap(),
                        banding: Bands::parse(banding).unwrap(),
                        filters: Vec::new(),
                        estimates: false,
                    };
                    tables.push(table(snapshot, &request).unwrap());
                }
            }
        }
        tables
    };
    let first = requests(&kept);
    assert_eq!(requests(&kept), first);
    // A clone keeps what its original keeps; one with other attributes has rows of its own.
    let bare = kept
        .clone()
        .with_attributes(&[(uuid::Uuid::nil(), Default::default())].into())
        .unwrap();
    let (known, unknown) = (
        ask(&kept, "medical_area", "survey", &[]).unwrap(),
        ask(&bare, "medical_area", "survey", &[]).unwrap(),
    );
    assert!(known.rows.len() > 1);
    assert_eq!(unknown.rows.len(), 1);
    for (expected, request) in first.iter().zip(requests(&made.snapshot())) {
        assert_eq!(*expected, request);
    }
}

#[test]
fn many_questions_at_once_are_each_as_if_asked_alone() {
    let snapshot = Made::new("2024", 9, 200).snapshot();
    let request = |question: &str| TableRequest {
        question: question.into(),
        area: Area::Nation,
        by: By::PREFECTURE_BAND,
        banding: Bands::parse("survey").unwrap(),
        filters: Vec::new(),
        estimates: false,
    };
    let questions = snapshot.survey().questions().iter().filter(|question| question.is_coded());
    let requests: Vec<TableRequest> = questions.map(|question| request(question.key.as_str())).collect();
    let alone: Vec<Table> = requests.iter().map(|request| table(&snapshot, request).unwrap()).collect();
    assert!(alone.len() > 10);
    assert_eq!(tables(&snapshot, &requests), Ok(alone));
    assert_eq!(tables(&snapshot, &[]), Ok(Vec::new()));
    let refused = tables(&snapshot, &[request("ehr_in_use"), request("shoe")]);
    assert!(matches!(refused, Err(TableError::UnknownQuestion { .. })), "{refused:?}");
}
