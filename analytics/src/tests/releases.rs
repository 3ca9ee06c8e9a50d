//! The files of a release: what the decision hides has no number in any of them, what it leaves open has all, and estimates stand where they may.

use super::machine_rules::{assert_plain_table, check_data_workbook, read_csv};
use super::made::Made;
use super::workbooks::{open, parts, words};
use crate::report::{
    Release, ReportError, code_table_of, codebook_of, data_csv_of, data_parquet_of, data_xlsx_of, definitions_of, houkoku_of,
};
use crate::suppress::{Decision, Domain, Number, Reason, Rule, Withheld, decide, questions_of, tally};
use crate::table::counted_questions;
use crate::trend::{TrendBy, TrendRequest, trend};
use crate::{By, Snapshot, TableRequest, TableRow, table};
use calamine::{Data, Range, Reader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::sync::LazyLock;
use survey::area::Area;
use survey::band::Banding;
use survey::crosswalk::Crosswalk;
use survey::prefecture::PrefectureCode;

const VALUE: usize = 9;

/// A survey with what a release of it hides.
struct Decided {
    snapshot: Snapshot,
    decision: Decision,
}

impl Decided {
    fn new(made: &Made) -> Decided {
        let frame = made.hospitals.iter().map(|hospital| (hospital.prefecture, hospital.beds));
        let responses = made.hospitals.iter().filter_map(|hospital| {
            let answered = hospital.answered.as_ref()?;
            Some((hospital.prefecture, hospital.beds, answered.codes.as_slice()))
        });
        let tables = tally(made.survey, frame, responses).unwrap();
        let decision = decide(&tables, &Rule::default(), &[]).unwrap().audited(&tables, &[]).unwrap();
        Decided {
            snapshot: made.snapshot(),
            decision,
        }
    }

    fn release(&self) -> Release<'_> {
        Release {
            snapshot: &self.snapshot,
            number: 2,
            note: Some("2病院の回答の訂正"),
            decision: &self.decision,
            earlier: None,
        }
    }

    fn table(&self, question: usize, by: By, banding: Banding) -> Vec<TableRow> {
        let request = TableRequest {
            question: counted_questions(&self.snapshot).nth(question).unwrap().key.clone(),
            area: Area::Nation,
            by,
            banding: banding.into(),
            filters: Vec::new(),
            estimates: true,
        };
        table(&self.snapshot, &request).unwrap().rows.into()
    }

    /// Every row of the publication plan.
    fn plan(&self, question: usize) -> Vec<(Domain, TableRow)> {
        let code = |row: &TableRow| PrefectureCode::parse(row.names.prefecture.as_deref().unwrap()).unwrap();
        let place = |banding: Banding, row: &TableRow| {
            banding
                .bands()
                .iter()
                .position(|band| Some(band.key) == row.names.band.as_deref())
                .unwrap()
        };
        let rows = |by, banding, domain: &dyn Fn(&TableRow) -> Domain| {
            let rows = self.table(question, by, banding).into_iter();
            rows.map(|row| (domain(&row), row)).collect::<Vec<_>>()
        };
        [
            rows(By::AREA, Banding::Survey, &|_| Domain::Nation),
            rows(By::BAND, Banding::Survey, &|row| Domain::Band(place(Banding::Survey, row))),
            rows(By::PREFECTURE, Banding::Survey, &|row| Domain::Prefecture(code(row))),
            rows(By::PREFECTURE_BAND, Banding::Program, &|row| {
                Domain::PrefectureBand(code(row), place(Banding::Program, row))
            }),
        ]
        .concat()
    }
}

/// Small enough that of the nation's bands some are hidden and some are not.
static DECIDED: LazyLock<Decided> = LazyLock::new(|| Decided::new(&Made::new("2022", 41, 160)));

/// The data of the release as rows by what they are about.
static DATA: LazyLock<BTreeMap<Vec<String>, (String, String)>> = LazyLock::new(|| {
    let rows = read_csv(&data_csv_of(&DECIDED.release()).unwrap());
    let key = |row: &Vec<String>| [1, 3, 4, 6, 7, 8].map(|column| row[column].clone()).to_vec();
    rows[1..]
        .iter()
        .map(|row| (key(row), (row[VALUE].clone(), row[VALUE + 2].clone())))
        .collect()
});

fn key(question: &str, domain: Domain, option: &str, metric: &str) -> Vec<String> {
    let (banding, area) = match domain {
        Domain::Nation => ("all", "00".to_owned()),
        Domain::Band(_) => ("survey", "00".to_owned()),
        Domain::Prefecture(code) => ("all", code.code()),
        Domain::PrefectureBand(code, _) => ("program", code.code()),
    };
    [question, banding, &area, domain.band().unwrap_or("all"), option, metric]
        .map(str::to_owned)
        .to_vec()
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

fn national(domain: Domain) -> bool {
    matches!(domain, Domain::Nation | Domain::Band(_))
}

#[test]
fn questions_stand_in_a_decision_in_the_order_in_which_they_are_counted() {
    for id in ["2022", "2024"] {
        let snapshot = Made::new(id, 1, 30).snapshot();
        let counted: Vec<&str> = counted_questions(&snapshot).map(|question| question.key.as_str()).collect();
        let decided = questions_of(snapshot.survey()).unwrap();
        assert_eq!(counted, decided.iter().map(|question| question.key.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn of_every_domain_the_data_hold_all_numbers_or_none() {
    let decided = &*DECIDED;
    let data = &*DATA;
    let (mut hidden, mut shown, mut estimates, mut expected) = ([0, 0], 0, [0, 0], 0);
    for (index, question) in counted_questions(&decided.snapshot).enumerate() {
        for (domain, row) in decided.plan(index) {
            let get = |option: &str, metric: &str| &data[&key(question.key.as_str(), domain, option, metric)];
            let value = |option: &str, metric: &str| get(option, metric).0.parse::<f64>().unwrap();
            assert_eq!(get("all", "n").0, row.n.to_string());
            let mut metrics: Vec<(&str, &str)> = ["base", "blank", "no_answer", "not_asked", "item_nonresponse"]
                .map(|metric| ("all", metric))
                .to_vec();
            let shares: &[&str] = if national(domain) {
                &["count", "percent", "weighted_percent", "ci_low", "ci_high"]
            } else {
                &["count", "percent"]
            };
            metrics.extend(
                row.options
                    .iter()
                    .flat_map(|option| shares.iter().map(|metric| (option.choice.key.as_str(), *metric))),
            );
            expected += 1 + metrics.len();
            if decided.decision.reason(domain, index).is_some() {
                hidden[usize::from(national(domain))] += 1;
                for (option, metric) in metrics {
                    assert_eq!(
                        *get(option, metric),
                        (String::new(), "suppressed".to_owned()),
                        "{domain:?} {question:?} {metric}"
                    );
                }
                continue;
            }
            shown += u32::from(row.n > 0);
            let weighs = !national(domain) || decided.decision.may_print_weighted(domain, index);
            let of_estimates = |metric: &str| ["weighted_percent", "ci_low", "ci_high"].contains(&metric);
            for (option, metric) in &metrics {
                let suppressed = get(option, metric).1 == "suppressed";
                let withheld = of_estimates(metric) && !weighs && row.base > 0;
                assert_eq!(suppressed, withheld, "{domain:?} {question:?} {metric}");
            }
            estimates[usize::from(weighs)] += usize::from(national(domain) && row.base > 0);
            let states = ["base", "blank", "no_answer", "not_asked"].map(|metric| value("all", metric));
            assert_eq!(states, [row.base, row.blank, row.no_answer, row.not_asked].map(number));
            assert_eq!(states.iter().sum::<f64>(), value("all", "n"));
            for option in &row.options {
                assert_eq!(get(&option.choice.key, "count").0, option.count.to_string());
                if national(domain) {
                    let estimate = option.estimate.as_ref().filter(|_| weighs);
                    let weighted = estimate.map_or(String::new(), |estimate| format!("{:.1}", estimate.percent));
                    assert_eq!(get(&option.choice.key, "weighted_percent").0, weighted);
                }
            }
        }
    }
    assert!(hidden.iter().all(|count| *count > 3) && shown > 50, "{hidden:?} {shown}");
    assert!(estimates.iter().all(|count| *count > 3), "withheld and printed: {estimates:?}");
    let distributions = data.keys().filter(|key| key[0] != "response").count();
    assert_eq!(distributions, expected, "nothing outside of the plan");
    let cells = data
        .keys()
        .filter(|key| key[0] == "response" && key[1] == "survey" && key[2] != "00" && key[5] == "responses");
    assert_eq!(cells.count(), 47 * 6, "prefecture x six bands as response counts");
}

#[test]
fn the_machine_files_of_a_release_keep_the_rules_and_say_what_they_are() {
    let release = DECIDED.release();
    check_data_workbook(&data_xlsx_of(&release).unwrap());
    let data = data_csv_of(&release).unwrap();
    assert_eq!(data, data_csv_of(&release).unwrap(), "two runs, the same bytes");
    let [data, codes, definitions, codebook] = [
        data,
        code_table_of(&release).unwrap(),
        definitions_of(&release).unwrap(),
        codebook_of(&release).unwrap(),
    ]
    .map(|bytes| read_csv(&bytes));
    for (name, rows) in [
        ("data", &data),
        ("code_table", &codes),
        ("definitions", &definitions),
        ("codebook", &codebook),
    ] {
        assert_plain_table(name, rows);
    }
    let known: BTreeSet<[&str; 2]> = codes.iter().map(|row| [row[0].as_str(), row[2].as_str()]).collect();
    for row in &data[1..] {
        for (column, name) in [(1, "question_key"), (7, "option_key"), (8, "metric"), (11, "value_state")] {
            assert!(known.contains(&[name, row[column].as_str()]), "{row:?}");
        }
    }
    let said = |item: &str| definitions.iter().find(|row| row[0] == item).map(|row| row[2].as_str());
    assert_eq!((said("release"), said("release_note")), (Some("2"), Some("2病院の回答の訂正")));
    assert!(said("suppression").unwrap().contains("母数が10未満"));
    let options: usize = counted_questions(release.snapshot).map(|question| question.choices().len()).sum();
    assert_eq!(codebook.len(), 1 + options);
}

#[test]
fn the_parquet_files_hold_the_rows_of_the_csv_file_by_area() {
    let archive = data_parquet_of(&DECIDED.release()).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut found = BTreeMap::new();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names[..3], ["code_table.csv", "definitions.csv", "codebook.csv"]);
    for name in &names[3..] {
        let mut bytes = Vec::new();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
            let text = |column: usize| match fields[column] {
                Field::Str(text) => text.clone(),
                other => panic!("{other}"),
            };
            assert_eq!(*name, format!("survey=2022/prefecture={}/part-0.parquet", text(4)));
            let value = match fields[VALUE] {
                Field::Double(value) => Some(*value),
                Field::Null => None,
                other => panic!("{other}"),
            };
            found.insert([1, 3, 4, 6, 7, 8].map(text).to_vec(), (value, text(11)));
        }
    }
    assert_eq!(names.len(), 3 + 48, "the nation and the prefectures");
    let expected = DATA
        .iter()
        .map(|(key, (value, state))| (key.clone(), (value.parse().ok(), state.clone())));
    assert!(found == expected.collect::<BTreeMap<_, _>>());
}

/// The rows below a heading of a sheet, up to the next heading: those with a number of hospitals in the second column.
fn section<'a>(range: &'a Range<Data>, heading: &str) -> Vec<&'a [Data]> {
    let start = range
        .rows()
        .position(|row| row[0].to_string().starts_with(heading))
        .unwrap_or_else(|| panic!("{heading}"));
    let below = range.rows().skip(start + 1).skip_while(|row| !matches!(row[1], Data::Float(_)));
    below.take_while(|row| matches!(row[1], Data::Float(_))).collect()
}

fn numbers(row: &[Data]) -> Vec<f64> {
    row.iter()
        .filter_map(|cell| if let Data::Float(number) = cell { Some(*number) } else { None })
        .collect()
}

#[test]
fn of_every_domain_the_workbook_shows_all_numbers_or_marks() {
    let decided = &*DECIDED;
    let bytes = houkoku_of(&decided.release(), &words(Area::Nation)).unwrap();
    let mut workbook = open(&bytes);
    let sheets: Vec<String> = workbook.sheet_names().into_iter().skip(4).collect();
    let (mut hidden, mut shown) = (0, 0);
    for (index, question) in counted_questions(&decided.snapshot).enumerate() {
        let range = workbook.worksheet_range(&sheets[index]).unwrap();
        let cells = || range.rows().flatten().map(ToString::to_string);
        assert_eq!(
            cells().any(|cell| cell.contains("「X」")),
            cells().any(|cell| cell == "X"),
            "a sheet with marks says what they are, and no other"
        );
        let plan = decided.plan(index);
        let whole = range.rows().find(|row| row[0] == "全国").unwrap();
        let rows = [
            vec![whole],
            section(&range, "病床規模別"),
            section(&range, "都道府県別"),
            section(&range, "都道府県別・病床規模別"),
        ]
        .concat();
        assert_eq!(rows.len(), plan.len(), "{question:?}");
        for ((domain, row), cells) in plan.iter().zip(rows) {
            let found = numbers(&cells[1..]);
            if decided.decision.reason(*domain, index).is_some() {
                hidden += 1;
                assert_eq!(found, [number(row.n)], "{domain:?}: only n");
                assert_eq!(cells[2].to_string(), "X");
                // A chart draws the text of its cells as 0; the share's cell lies under the mark of the count and is empty.
                assert!(
                    (0..row.options.len()).all(|option| cells[4 + 2 * option] == Data::Empty),
                    "{domain:?}"
                );
            } else {
                shown += 1;
                let shares = row.options.iter().flat_map(|option| [Some(number(option.count)), option.percent]);
                let states = [row.blank, row.no_answer, row.not_asked].map(|count| Some(number(count)));
                let counts = [row.n, row.base].map(|count| Some(number(count)));
                let expected: Vec<f64> = counts.into_iter().chain(shares).chain(states).flatten().collect();
                assert_eq!(found, expected, "{domain:?}");
            }
        }
        let estimates = section(&range, "推計");
        for ((domain, row), cells) in plan.iter().filter(|(domain, _)| national(*domain)).zip(&estimates) {
            let found = numbers(&cells[3..]);
            let expected: Vec<f64> = row
                .options
                .iter()
                .filter_map(|option| Some(option.estimate.as_ref()?.percent))
                .collect();
            match decided.decision.reason(*domain, index) {
                Some(_) => assert_eq!(found, Vec::<f64>::new()),
                None if decided.decision.may_print_weighted(*domain, index) => assert_eq!(found[..expected.len()], expected),
                None => {
                    let marked = (0..row.options.len()).all(|option| cells[3 + 2 * option] == "X");
                    assert!(marked || row.base == 0, "{domain:?} {cells:?}");
                }
            }
        }
        assert_eq!(estimates.len(), 7);
    }
    assert!(hidden > 10 && shown > 100);
    assert!(!sheets.iter().any(|name| {
        workbook
            .worksheet_range(name)
            .unwrap()
            .rows()
            .any(|row| row[0].to_string().contains("VPN機器の有無別"))
    }));
}

#[test]
fn cover_and_method_of_a_release_say_its_number_and_what_the_marks_mean() {
    let bytes = houkoku_of(&DECIDED.release(), &words(Area::Nation)).unwrap();
    let mut workbook = open(&bytes);
    let mut texts = |sheet: &str| -> Vec<String> {
        workbook
            .worksheet_range(sheet)
            .unwrap()
            .used_cells()
            .map(|(_, _, cell)| cell.to_string())
            .collect()
    };
    let (cover, method) = (texts("表紙"), texts("方法と注意"));
    assert!(cover.contains(&"第2版".to_owned()) && cover.contains(&"2病院の回答の訂正".to_owned()));
    assert!(!cover.iter().chain(&method).any(|text| text.contains("秘匿処理を行っていない")));
    assert!(method.contains(&"記号「X」".to_owned()) && method.contains(&"重みを合わせたセル".to_owned()));
    let part = words(Area::Prefecture(PrefectureCode::new(14).unwrap()));
    assert_eq!(houkoku_of(&DECIDED.release(), &part), Err(ReportError::Area));
}

#[test]
fn trends_stand_where_both_releases_publish_and_the_panel_where_transitions_may() {
    let (earlier, mut later) = (Made::new("2022", 51, 380), Made::new("2024", 52, 380));
    for (one, two) in earlier.hospitals.iter().zip(later.hospitals.iter_mut()).take(100) {
        two.id = one.id;
        (two.prefecture, two.municipality, two.beds) = (one.prefecture, one.municipality.clone(), one.beds);
    }
    let (mut earlier, mut later) = (Decided::new(&earlier), Decided::new(&later));
    // Two bands hidden and the estimates of a third withheld, whatever the decision: of so few hospitals it hides none or all.
    let question = counted_questions(&later.snapshot).position(|question| question.key.as_str() == "ehr_in_use");
    let mut reasons = later.decision.reasons().to_vec();
    for (domain, reason) in later.decision.domains().iter().zip(&mut reasons[question.unwrap()]) {
        *reason = reason.or(matches!(domain, Domain::Band(1 | 4)).then_some(Reason::Secondary));
    }
    let withheld = Withheld {
        number: Number::Estimate,
        question: question.unwrap(),
        domain: Domain::Band(5),
    };
    later.decision = Decision::of(later.decision.domains().to_vec(), reasons).withholding([withheld].into());
    earlier.decision = earlier.decision.withholding(BTreeSet::new());
    let release = Release {
        earlier: Some((&earlier.snapshot, &earlier.decision)),
        ..later.release()
    };
    let bytes = houkoku_of(&release, &words(Area::Nation)).unwrap();
    let range = open(&bytes).worksheet_range("推移").unwrap();
    let place = |decided: &Decided, key: &str| {
        counted_questions(&decided.snapshot)
            .position(|question| question.key.as_str() == key)
            .unwrap()
    };
    let request = TrendRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: TrendBy::Band,
    };
    let table = trend(&earlier.snapshot, &later.snapshot, Crosswalk::compiled_in(), &request).unwrap();
    let rows: Vec<&[Data]> = section(&range, "病床規模別・すべての病院");
    let mut seen = [0, 0];
    for (band, (row, cells)) in table.rows.iter().zip(&rows).enumerate() {
        let open = [&earlier, &later].iter().all(|decided| {
            decided
                .decision
                .may_print_weighted(Domain::Band(band), place(decided, "ehr_in_use"))
        });
        seen[usize::from(open)] += 1;
        let n = [row.all.earlier.n, row.all.later.n].map(number);
        let found = numbers(cells);
        assert_eq!([found[0], found[if open { 7 } else { 1 }]], n, "{band}");
        assert_eq!(found.len(), if open { 17 } else { 2 }, "{band} {cells:?}");
        assert_eq!(matches!(cells[5], Data::Empty), !open, "a chart draws nothing of what is hidden");
    }
    let heading = "電子カルテの使用：両年に回答した病院の変化";
    let start = range.rows().position(|row| row[0].to_string().starts_with(heading)).unwrap();
    let domains = std::iter::once(Domain::Nation).chain((0..6).map(Domain::Band));
    let mut shown = 0;
    for (domain, cells) in domains.zip(range.rows().skip(start + 3)) {
        let open = [&earlier, &later]
            .iter()
            .all(|decided| decided.decision.may_print_weighted(domain, place(decided, "ehr_in_use")));
        let marked = cells[1..16].iter().all(|cell| *cell == "X");
        assert!(marked || open && numbers(cells).len() >= 9, "{domain:?} {cells:?}");
        shown += u32::from(!marked);
    }
    assert!(seen == [3, 3] && 0 < shown && shown < 7, "{seen:?} {shown}");
    let charts = parts(&bytes).keys().filter(|name| name.starts_with("xl/charts/chart")).count();
    assert!(charts > 8);
}
