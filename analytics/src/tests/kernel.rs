//! The kernel counts what polars counts: of made surveys of any size, area and banding, in every order of the rows.

use super::made::{Chance, Made};
use crate::cube::{self, Cell, Counts, Detail};
use crate::filter::Filter;
use crate::kernel::{self, Places, Stretches};
use crate::plan::Plan;
use crate::{Snapshot, TableRequest, table};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;
use std::collections::BTreeMap;
use survey::area::{Area, MunicipalityCode};
use survey::bands::Bands;
use survey::codes::{CHOSEN, FIRST_OPTION, NOT_ASKED};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;

type Cells = BTreeMap<Cell, Vec<u64>>;

fn bands() -> impl Strategy<Value = Bands> {
    select(vec!["survey", "program", "20", "20,100,101,1200", "20,50,200,9999"]).prop_map(|text| Bands::parse(text).unwrap())
}

fn area() -> impl Strategy<Value = Area> {
    select(vec!["nation", "14", "26"]).prop_map(|text| Area::parse(text).unwrap())
}

/// The cells of polars without municipalities.
fn by_polars(snapshot: &Snapshot, area: &Area, bands: &Bands, plan: &Plan) -> Cells {
    let mut coarse = Cells::new();
    let finest = cube::count(&snapshot.columns().responses, area, bands, &[], &[], &plan.measures).unwrap();
    for (cell, counts) in finest.iter() {
        let cell = Cell { municipality: 0, ..cell };
        let sums = coarse.entry(cell).or_insert_with(|| vec![0; counts.len()]);
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    coarse
}

fn cells(counts: &Counts) -> Cells {
    let cells: Cells = counts.iter().map(|(cell, counts)| (cell, counts.to_vec())).collect();
    assert!(
        cells.keys().copied().eq(counts.iter().map(|(cell, _)| cell)),
        "ascending, and each once"
    );
    cells
}

/// The plans of everything that the kernel counts.
fn plans(snapshot: &Snapshot) -> Vec<Plan> {
    let survey = snapshot.survey();
    let questions = survey.questions().iter();
    questions.filter_map(|question| Plan::of_question(survey, question)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_kernel_counts_what_polars_counts(
        seed in any::<u64>(), hospitals in 0..300_usize, survey in select(vec!["2022", "2024"]), area in area(), bands in bands(),
    ) {
        let mut made = Made::new(survey, seed, hospitals);
        // Beds of every size, also at the edges of bands.
        let mut chance = Chance(seed);
        for hospital in &mut made.hospitals {
            hospital.beds = Beds::new(u16::try_from(20 + chance.below(600)).unwrap()).unwrap();
        }
        let snapshot = made.snapshot();
        for plan in plans(&snapshot) {
            let by_polars = by_polars(&snapshot, &area, &bands, &plan);
            // On all cores, and on one.
            for spread_from in [0, usize::MAX] {
                let counted = cells(&cube::count_responses(
                    snapshot.columns(), (Detail::PrefectureBand, spread_from), &area, &bands, &[], &[], &plan.measures,
                ).unwrap());
                // polars tells municipalities apart, so that nothing else can have counted.
                prop_assert!(counted.keys().all(|cell| cell.municipality == 0));
                prop_assert_eq!(&counted, &by_polars, "{}", plan.key);
            }
        }
    }

    #[test]
    fn rows_in_any_order_are_counted(rows in proptest::collection::vec((1_u8..4, 20_u16..24, 0_u8..3), 0..400)) {
        let stretches = Stretches::new(rows.iter().map(|row| (row.0, row.1)), [22, 20, 22]);
        let bytes: Vec<u8> = rows.iter().map(|row| [NOT_ASKED, FIRST_OPTION, CHOSEN][usize::from(row.2)]).collect();
        let measures = [cube::Measure::Rows, cube::Measure::Answered { slot: 0 }, cube::Measure::Code { slot: 0, code: CHOSEN }];
        // Classes that are usual, fewer of them, and others.
        for bounds in [vec![20, 22], vec![20], vec![20, 21, 23]] {
            let band = |beds: u16| u8::try_from(bounds.iter().filter(|bound| **bound <= beds).count()).unwrap();
            let cell = |prefecture, beds: u16| (prefecture != 3).then_some(
                Cell { prefecture, municipality: 0, band: band(beds), stratum: 0, attributes: [0; 3] }
            );
            let mut by_hand = Cells::new();
            for (prefecture, beds, code) in &rows {
                if let Some(cell) = cell(*prefecture, *beds) {
                    let sums = by_hand.entry(cell).or_insert_with(|| vec![0; 3]);
                    for (sum, more) in sums.iter_mut().zip([true, *code > 0, *code > 1]) {
                        *sum += u64::from(more);
                    }
                }
            }
            let places = Places { bounds: bounds.clone(), cell };
            for spread_from in [0, usize::MAX] {
                let counted = kernel::count((&stretches, spread_from), &places, |_| Some(&bytes[..]), &measures).unwrap();
                prop_assert_eq!(&cells(&counted), &by_hand);
            }
        }
    }
}

/// Ranges longer than what is looked at together, and more of them than one thread takes: what `table` gives is what polars counted, who counts
/// whatever is filtered, also by a filter that everybody passes.
#[test]
fn a_table_of_many_rows_comes_from_the_kernel_and_is_whole() {
    let made = Made::new("2024", 11, 2_000);
    let mut hospitals = Vec::new();
    for round in 0..70 {
        hospitals.extend(
            made.hospitals
                .iter()
                .filter(|hospital| hospital.answered.is_some())
                .cloned()
                .map(|mut hospital| {
                    hospital.id = uuid::Uuid::from_u64_pair(round, hospital.id.as_u64_pair().1);
                    hospital
                }),
        );
    }
    let (small, large) = (
        made.snapshot(),
        Made {
            survey: made.survey,
            hospitals,
        }
        .snapshot(),
    );
    assert!(large.responses() >= 100_000 && large.responses() >= kernel::SPREAD_FROM);
    let everybody = Filter::parse("band=20-99|100-199|200-299|300-399|400-499|500+").unwrap();
    for by in ["area", "region", "band,prefecture", "municipality", "prefecture_band"] {
        let request = TableRequest {
            question: "consultation_desk".into(),
            area: Area::Nation,
            by: crate::By::parse(by).unwrap(),
            banding: Bands::parse("survey").unwrap(),
            filters: Vec::new(),
            estimates: false,
        };
        let filtered = TableRequest {
            filters: vec![everybody.clone()],
            ..request.clone()
        };
        let (once, often) = (table(&small, &filtered).unwrap(), table(&large, &request).unwrap());
        assert_eq!(once.total.n, u64::try_from(small.responses()).unwrap());
        assert_eq!(once.rows.len(), often.rows.len());
        for (once, often) in once.rows.iter().zip(&often.rows) {
            assert_eq!(once.names.place, often.names.place);
            assert_eq!(
                (once.n * 70, once.base * 70, once.not_asked * 70),
                (often.n, often.base, often.not_asked),
                "{by}"
            );
            let counts = |row: &crate::TableRow, times: u64| row.options.iter().map(|option| option.count * times).collect::<Vec<_>>();
            assert_eq!(counts(once, 70), counts(often, 1), "{by}");
        }
    }
}

#[test]
fn what_the_kernel_cannot_count_is_left_to_polars() {
    let snapshot = Made::new("2024", 3, 120).snapshot();
    let survey = snapshot.survey();
    let indicator = survey::indicator::of(survey).first().unwrap();
    let plan = Plan::of(survey, &indicator.key).unwrap();
    let none = |_| None;
    let places = Places {
        bounds: Vec::new(),
        cell: |_, _| None,
    };
    let stretches = (&snapshot.columns().stretches, 0);
    assert_eq!(kernel::count(stretches, &places, none, &plan.measures), None);
    let slot_without_bytes = [cube::Measure::Code { slot: 0, code: 1 }];
    assert_eq!(kernel::count(stretches, &places, none, &slot_without_bytes), None);
    let count = |detail, area: &Area| {
        let bands = Bands::parse("survey").unwrap();
        let plan = plans(&snapshot).pop().unwrap();
        cells(&cube::count_responses(snapshot.columns(), (detail, 0), area, &bands, &[], &[], &plan.measures).unwrap())
    };
    let municipality = Area::Municipality(MunicipalityCode::parse("14100").unwrap());
    assert!(count(Detail::Finest, &Area::Nation).keys().any(|cell| cell.municipality > 0));
    let kanagawa = PrefectureCode::new(14).unwrap();
    let city = count(Detail::PrefectureBand, &municipality);
    assert!(
        !city.is_empty()
            && city
                .keys()
                .all(|cell| cell.prefecture == kanagawa.number() && cell.municipality > 0)
    );
}
