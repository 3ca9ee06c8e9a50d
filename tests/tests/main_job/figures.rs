//! The figures of a table as both sides of a comparison know them: by place, without words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use analytics::{By, RateRequest, RateRow, RateTable, Table, TableRequest, TableRow};
use server::app::state::State;
use server::app::statistics;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::area::Area;
use survey::band::Banding;
use survey::question::QuestionKey;
use survey::survey::Survey;
use tests::world::done;

use crate::notice;

/// Where figures stand: banding (`all` where none), two-digit prefecture (`00` for all), band (`all` for all).
pub(crate) type Place = (&'static str, String, String);

/// Figures of one row of one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Figures {
    pub(crate) n: i64,
    pub(crate) base: i64,
    pub(crate) blank: i64,
    pub(crate) no_answer: i64,
    pub(crate) not_asked: i64,
    /// Count and percent by option, in the order of the questionnaire.
    pub(crate) options: Vec<(i64, Option<f64>)>,
}

/// Targets, responses, percent.
pub(crate) type Rate = (i64, i64, Option<f64>);

/// All places that have hospitals, by question.
pub(crate) type Tables = BTreeMap<(&'static str, Place), Figures>;
/// All places that have targets or responses.
pub(crate) type Rates = BTreeMap<Place, Rate>;

/// Every shape of table; each place stands in exactly one of them, but the total.
pub(crate) const SHAPES: [(By, Banding, &str); 6] = [
    (By::AREA, Banding::Survey, "all"),
    (By::PREFECTURE, Banding::Survey, "all"),
    (By::BAND, Banding::Survey, "survey"),
    (By::BAND, Banding::Program, "program"),
    (By::PREFECTURE_BAND, Banding::Survey, "survey"),
    (By::PREFECTURE_BAND, Banding::Program, "program"),
];

fn place(banding: &'static str, prefecture: Option<&String>, band: Option<&String>) -> Place {
    (
        banding,
        prefecture.map_or_else(|| "00".to_owned(), Clone::clone),
        band.map_or_else(|| "all".to_owned(), Clone::clone),
    )
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap()
}

impl From<&TableRow> for Figures {
    fn from(row: &TableRow) -> Figures {
        Figures {
            n: number(row.n),
            base: number(row.base),
            blank: number(row.blank),
            no_answer: number(row.no_answer),
            not_asked: number(row.not_asked),
            options: row.options.iter().map(|option| (number(option.count), option.percent)).collect(),
        }
    }
}

fn rate(row: &RateRow) -> Rate {
    (number(row.targets), number(row.responses), row.percent)
}

/// How many rows a shape has over the nation, whether anybody stands there or not.
fn rows_of_the_nation(by: By, banding: Banding) -> usize {
    let bands = if banding == Banding::Survey { 6 } else { 3 };
    match by {
        By::AREA => 1,
        By::PREFECTURE => 47,
        By::BAND => bands,
        By::PREFECTURE_BAND => 47 * bands,
        other => panic!("how many rows has {other}?"),
    }
}

/// One table by the use case.
pub(crate) async fn table(state: &State, survey: &'static Survey, question: &str, area: &Area, (by, banding): (By, Banding)) -> Table {
    let permit = Permit::of(Actor::system()).unwrap();
    let request = TableRequest {
        question: QuestionKey::from(question),
        area: area.clone(),
        by,
        banding: banding.into(),
        filters: Vec::new(),
        estimates: false,
    };
    Arc::unwrap_or_clone(done(statistics::table(state, &permit, survey, request).await))
}

/// One table of rates by the use case.
pub(crate) async fn rate_table(state: &State, survey: &'static Survey, area: &Area, (by, banding): (By, Banding)) -> RateTable {
    let permit = Permit::of(Actor::system()).unwrap();
    let request = RateRequest {
        area: area.clone(),
        by,
        banding: banding.into(),
        filters: Vec::new(),
    };
    Arc::unwrap_or_clone(done(statistics::response_rates(state, &permit, survey, request).await))
}

/// Every table of every question of a survey, by the use case. Also that rows without hospitals are there and zero, and that totals are the whole.
pub(crate) async fn tables(state: &State, survey: &'static Survey, area: &Area, shapes: &[(By, Banding, &'static str)]) -> Tables {
    let mut all = Tables::new();
    for question in notice::questions(survey.id().as_str()) {
        let mut totals = Vec::new();
        for (by, banding, name) in shapes {
            let table = table(state, survey, question.key, area, (*by, *banding)).await;
            if *area == Area::Nation {
                assert_eq!(table.rows.len(), rows_of_the_nation(*by, *banding));
            }
            let keys: Vec<&str> = table.choices.iter().map(|choice| choice.key.as_str()).collect();
            assert_eq!(keys, question.options());
            for row in &table.rows {
                let keys: Vec<&str> = row.options.iter().map(|option| option.choice.key.as_str()).collect();
                assert_eq!(keys, question.options());
                let figures = Figures::from(row);
                if figures.n == 0 {
                    assert_eq!(
                        figures,
                        Figures {
                            options: vec![(0, None); keys.len()],
                            ..Figures::default()
                        }
                    );
                    continue;
                }
                let before = all.insert(
                    (question.key, place(name, row.names.prefecture.as_ref(), row.names.band.as_ref())),
                    figures,
                );
                assert_eq!(before, None, "a place twice");
            }
            totals.push(Figures::from(&table.total));
        }
        assert!(
            totals.iter().all(|total| *total == totals[0]),
            "totals of {} differ: {totals:?}",
            question.key
        );
        if let Some(whole) = all.get(&(question.key, place("all", None, None))) {
            assert_eq!(*whole, totals[0]);
        }
    }
    all
}

/// Every table of response rates.
pub(crate) async fn rates(state: &State, survey: &'static Survey, area: &Area, shapes: &[(By, Banding, &'static str)]) -> Rates {
    let mut all = Rates::new();
    for (by, banding, name) in shapes {
        let table = rate_table(state, survey, area, (*by, *banding)).await;
        for row in &table.rows {
            if rate(row) == (0, 0, None) {
                continue;
            }
            assert_eq!(
                all.insert(place(name, row.names.prefecture.as_ref(), row.names.band.as_ref()), rate(row)),
                None,
                "a place twice"
            );
        }
    }
    all
}

/// What differs, in words; empty if nothing does. Places that only one side has differ too.
pub(crate) fn differences<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    counted: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: BTreeSet<&K> = counted.keys().chain(expected.keys()).collect();
    let differ = |key: &&&K| counted.get(**key) != expected.get(**key);
    keys.iter()
        .filter(differ)
        .map(|key| format!("{key:?}: counted {:?}, expected {:?}", counted.get(*key), expected.get(*key)))
        .collect()
}
