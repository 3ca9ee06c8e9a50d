//! The reading workbooks: the same bytes twice, the numbers of the tables in their cells, print set-up, and text that stays text.

use super::made::{Made, as_of};
use crate::report::{ProgramText, ReportText, houkoku, selection_list};
use crate::selection::{CandidateHospital, Criteria, Facts, Quota, choose};
use crate::trend::{TrendBy, TrendChange, TrendRequest, TrendShare, trend};
use crate::{By, TableRequest, table};
use calamine::{Data, Range, Reader, Xlsx, open_workbook_from_rs};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use survey::area::Area;
use survey::band::Banding;
use survey::crosswalk::Crosswalk;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;

/// The XML parts of a workbook.
pub(super) fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            (part.name().unwrap().into_owned(), text)
        })
        .collect()
}

pub(super) fn open(bytes: &[u8]) -> Xlsx<Cursor<&[u8]>> {
    open_workbook_from_rs(Cursor::new(bytes)).unwrap()
}

pub(super) fn sheet_parts(parts: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    parts.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet"))
}

pub(super) fn words(area: Area) -> ReportText {
    ReportText {
        title: "集計表＆報告".to_owned(),
        publisher: "=HYPERLINK(\"http://example.invalid\",\"押す\")".to_owned(),
        area,
        notes: vec!["=1+1".to_owned()],
    }
}

fn float(count: u64) -> Data {
    Data::Float(f64::from(u32::try_from(count).unwrap()))
}

fn find_row(range: &Range<Data>, label: &str) -> usize {
    range
        .rows()
        .position(|row| row[0] == Data::String(label.to_owned()))
        .unwrap_or_else(|| panic!("no row {label}"))
}

#[test]
fn the_reading_workbook_is_the_same_bytes_twice_and_dated_by_its_answers() {
    let made = Made::new("2024", 21, 150);
    let first = houkoku(&made.snapshot(), None, &words(Area::Nation)).unwrap();
    assert_eq!(first, houkoku(&made.snapshot(), None, &words(Area::Nation)).unwrap());
    let core = &parts(&first)["docProps/core.xml"];
    assert_eq!(core.matches("2024-03-08T14:59:00Z").count(), 2, "{core}");
}

#[test]
fn the_reading_workbook_shows_the_numbers_of_the_tables() {
    let made = Made::new("2024", 22, 150);
    let snapshot = made.snapshot();
    let bytes = houkoku(&snapshot, None, &words(Area::Nation)).unwrap();
    let mut workbook = open(&bytes);
    let names = workbook.sheet_names().to_owned();
    let questions = made.survey.questions().iter().filter(|question| question.is_coded()).count();
    assert_eq!(names.len(), questions + 5);
    assert_eq!(names[..4], ["表紙", "目次", "回収状況", "回収状況（都道府県×規模）"]);
    assert!(names.iter().all(|name| name.encode_utf16().count() <= 31));

    let cover: Vec<String> = workbook
        .worksheet_range("表紙")
        .unwrap()
        .used_cells()
        .map(|(_, _, cell)| cell.to_string())
        .collect();
    assert!(cover.iter().any(|text| text == "2024年3月8日 23時59分（日本時間）"), "{cover:?}");

    let ehr = names.iter().find(|name| name.starts_with("Q11 ")).unwrap();
    let range = workbook.worksheet_range(ehr).unwrap();
    let by_band = TableRequest {
        question: "ehr_in_use".into(),
        area: Area::Nation,
        by: By::BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let by_prefecture = TableRequest {
        by: By::PREFECTURE,
        ..by_band.clone()
    };
    for request in [by_band, by_prefecture] {
        let table = table(&snapshot, &request).unwrap();
        for row in &table.rows {
            let label = row.names.band_label.as_deref().or(row.names.prefecture_name.as_deref()).unwrap();
            let cells = &range[find_row(&range, label)];
            assert_eq!(cells[1], float(row.n));
            assert_eq!(cells[2], float(row.base));
            assert_eq!(cells[3], float(row.options[0].count));
            assert_eq!(cells[4], row.options[0].percent.map_or(Data::String("－".to_owned()), Data::Float));
            let states = [&cells[7], &cells[8], &cells[9]].map(|cell| cell.to_string());
            assert_eq!(states, [row.blank, row.no_answer, row.not_asked].map(|count| count.to_string()));
        }
    }
    assert!(find_row(&range, "全国") < find_row(&range, "20～99床"));
}

#[test]
fn the_reading_workbook_prints_on_a4_with_headings_repeated_and_pages_numbered() {
    let made = Made::new("2022", 23, 60);
    let bytes = houkoku(&made.snapshot(), None, &words(Area::Nation)).unwrap();
    let parts = parts(&bytes);
    for (name, xml) in sheet_parts(&parts) {
        assert!(
            xml.contains("paperSize=\"9\"") && xml.contains("orientation=\"landscape\""),
            "{name}"
        );
        assert!(xml.contains("&amp;P / &amp;N"), "{name}");
        assert!(!xml.contains("<f>"), "{name} holds a formula");
    }
    let questions = made.survey.questions().iter().filter(|question| question.is_coded()).count();
    let workbook = &parts["xl/workbook.xml"];
    assert_eq!(
        workbook.matches("_xlnm.Print_Titles").count(),
        questions + 4,
        "questions, both of rates, contents, method"
    );
    assert_eq!(
        sheet_parts(&parts).filter(|(_, xml)| xml.contains("state=\"frozen\"")).count(),
        questions + 4
    );
    let charts = parts.keys().filter(|name| name.starts_with("xl/charts/chart")).count();
    assert!(
        charts > questions,
        "a chart a question (free text has none), two of rates: {charts}"
    );
}

#[test]
fn a_prefectures_workbook_counts_its_own_hospitals_and_names_itself() {
    let made = Made::new("2024", 24, 100);
    let area = Area::Prefecture(PrefectureCode::new(14).unwrap());
    let bytes = houkoku(&made.snapshot(), None, &words(area.clone())).unwrap();
    let mut workbook = open(&bytes);
    let range = workbook.worksheet_range("回収状況").unwrap();
    let own = made
        .hospitals
        .iter()
        .filter(|hospital| area.covers(hospital.prefecture, None))
        .count();
    assert_eq!(range[find_row(&range, "神奈川県")][1], float(u64::try_from(own).unwrap()));
    assert!(range.rows().all(|row| row[0] != Data::String("東京都".to_owned())));
}

fn candidate(gmis: &str, name: &str, beds: u16, band: &str) -> CandidateHospital {
    CandidateHospital {
        gmis: gmis.to_owned(),
        institution_code: Some("0110113719".to_owned()),
        name: name.to_owned(),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(beds).unwrap(),
        band: band.to_owned(),
        attributes: BTreeMap::new(),
        answers: BTreeMap::from([("bcp_defined".to_owned(), vec!["no".to_owned()])]),
        survey: "2024".to_owned(),
        facts: Facts::default(),
    }
}

#[test]
fn the_list_names_hospitals_scores_and_shortages_and_survives_any_name() {
    let long = "長".repeat(40_000);
    let candidates = [
        candidate("A000001", "=cmd|' /C calc'!A0", 250, "200-399"),
        candidate("A000002", &long, 120, "20-199"),
        candidate("A000003", "@SUM(1)\n改行", 60, "20-199"),
    ];
    let quota = |band: &str, hospitals| Quota {
        prefecture: PrefectureCode::new(1).unwrap(),
        band: band.to_owned(),
        hospitals,
    };
    let quotas = [quota("400+", 1), quota("20-199", 1), quota("200-399", 3)];
    let selection = choose(&candidates, &quotas, &Criteria::national().unwrap()).unwrap();
    let words = ProgramText {
        title: "医療機関におけるサイバーセキュリティ確保事業".to_owned(),
        publisher: "北海道".to_owned(),
        as_of: as_of(),
        notes: Vec::new(),
    };
    let bytes = selection_list(&selection, &words).unwrap();
    assert_eq!(bytes, selection_list(&selection, &words).unwrap());
    assert!(sheet_parts(&parts(&bytes)).all(|(_, xml)| !xml.contains("<f>")));

    let mut workbook = open(&bytes);
    let list = workbook.worksheet_range("支援対象病院一覧").unwrap();
    let rows: Vec<Vec<String>> = list
        .rows()
        .skip(1)
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(rows.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(), ["A000002", "A000001"]);
    assert_eq!(rows[0][5].encode_utf16().count(), 32_767);
    assert_eq!(rows[1][5], "=cmd|' /C calc'!A0");
    assert_eq!(rows[1][4], "0110113719");
    assert_eq!(rows[1][7], "30");
    let criteria = Criteria::national().unwrap().items.len();
    let parts_sum: u32 = rows[1][8..8 + criteria].iter().map(|points| points.parse::<u32>().unwrap()).sum();
    assert_eq!(parts_sum, 30);

    let summary = workbook.worksheet_range("選定結果").unwrap();
    let short = &summary[find_row(&summary, "200～399床")];
    assert_eq!(short[4], Data::Float(2.0));
    assert!(short[7].to_string().contains("2病院不足"));
    let tied = &summary[find_row(&summary, "20～199床")];
    assert_eq!((tied[5].to_string(), tied[6].to_string()), ("20".to_owned(), "2".to_owned()));
    let origin = workbook.worksheet_range("作成情報").unwrap();
    assert!(origin.used_cells().any(|(_, _, cell)| cell.to_string() == selection.result_hash));
}

#[test]
fn the_reading_workbook_shows_the_trends_of_what_compares_with_their_charts() {
    let (earlier, mut later) = (Made::new("2022", 31, 400), Made::new("2024", 32, 400));
    for (one, two) in earlier.hospitals.iter().zip(later.hospitals.iter_mut()).take(350) {
        two.id = one.id;
        (two.prefecture, two.municipality, two.beds) = (one.prefecture, one.municipality.clone(), one.beds);
    }
    let (earlier, later) = (earlier.snapshot(), later.snapshot());
    let area = Area::Prefecture(PrefectureCode::new(14).unwrap());
    let bytes = houkoku(&later, Some(&earlier), &words(area.clone())).unwrap();
    let range = open(&bytes).worksheet_range("推移").unwrap();
    let titles: Vec<usize> = ["電子カルテの使用", "バックアップの作成"]
        .map(|title| range.rows().position(|row| row[0] == Data::String(title.to_owned())).unwrap())
        .to_vec();
    assert!(titles[0] < titles[1]);
    for question in ["ehr_in_use", "backup_generations"] {
        let request = TrendRequest {
            question: question.into(),
            area: area.clone(),
            by: TrendBy::Band,
        };
        let total = trend(&earlier, &later, Crosswalk::compiled_in(), &request).unwrap().total;
        let printed = |share: &TrendShare| {
            let estimate = share.estimate.as_ref().unwrap();
            let counts = [share.n, share.base, share.count].map(float);
            let shares = [share.percent, Some(estimate.percent), estimate.low, estimate.high];
            let shares = shares.map(|number| number.map_or(Data::String("－".to_owned()), Data::Float));
            [counts.as_slice(), shares.as_slice()].concat()
        };
        let printed = |years: [&TrendShare; 2], change: &TrendChange| {
            let change = [Some(change.points), change.low, change.high].map(|number| Data::Float(number.unwrap()));
            [years.map(printed).concat(), change.to_vec()].concat()
        };
        let (all, panel) = (&total.all, &total.panel);
        let expected = [
            printed([&all.earlier, &all.later], all.change.as_ref().unwrap()),
            printed([&panel.earlier, &panel.later], panel.change.as_ref().unwrap()),
        ];
        for line in expected {
            assert!(range.rows().any(|row| row[1..] == line), "{question}: {line:?}");
        }
        let moves = [&panel.gained, &panel.lost].map(|moved| float(moved.count));
        let found = |row: &[Data]| {
            row[0] == Data::String("神奈川県".to_owned())
                && row[1] == float(panel.earlier.base)
                && [&row[2], &row[7]] == [&moves[0], &moves[1]]
        };
        assert!(range.rows().any(found), "{question}: {moves:?}");
    }
    let with = parts(&bytes);
    let without = parts(&houkoku(&later, None, &words(area)).unwrap());
    let charts = |parts: &BTreeMap<String, String>| parts.keys().filter(|name| name.starts_with("xl/charts/chart")).count();
    assert_eq!(charts(&with), charts(&without) + 8, "two for each of the four pairs");
    let drawn = with.values().filter(|xml| xml.contains("電子カルテの使用：「はい」の割合（推計）"));
    assert!(
        drawn.clone().any(|xml| xml.contains("2022年") && xml.contains("2024年")),
        "both years are series"
    );
}
