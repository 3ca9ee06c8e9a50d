//! The workbook for reading: it opens, says what it is about, and prints the figures of plain SQL on every sheet.

use calamine::Data;
use survey::prefecture::PrefectureCode;
use tests::app::TestApp;
use tests::database::TestDatabase;

use crate::figures::{Figures, Place};
use crate::files::{analyst, download};
use crate::{notice, reading, sql};

/// When what is counted changed last, whatever the time of the server: `nation::last_change()` in Japan.
const AS_OF: &str = "2024年6月3日 13時00分（日本時間）";

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_for_reading_opens_and_prints_the_figures_of_plain_sql() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let (client, superuser) = (analyst(&app).await, app.database.superuser().await);
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        let (tables, rates) = (sql::tables(&superuser, id, "true").await, sql::rates(&superuser, id, "true").await);
        let sheets = reading::sheets(&download(&client, id, "houkoku.xlsx").await);
        let questions = notice::questions(id);
        let fixed: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (&fixed[..4], fixed[fixed.len() - 1]),
            (["表紙", "目次", "回収状況", "回収状況（都道府県×規模）"].as_slice(), "方法と注意")
        );
        let trends = usize::from(id == "2024");
        assert_eq!(
            sheets.len(),
            questions.len() + 5 + trends,
            "a sheet a question, and what compares with an earlier survey"
        );

        let whole = rates[&("all", "00".to_owned(), "all".to_owned())];
        let cover: Vec<String> = sheets[0].1.rows().flatten().map(ToString::to_string).collect();
        assert!(
            cover.contains(&format!("{}病院", whole.1)) && cover.contains(&AS_OF.to_owned()),
            "{cover:?}"
        );
        for (place, row) in printed(&sheets[2].1, 3) {
            let (targets, responses, percent) = rates.get(&place).copied().unwrap_or_default();
            assert_eq!(
                row[1..4],
                [whole_number(targets), whole_number(responses), printed_percent(percent)],
                "回収状況 {place:?}"
            );
        }
        for (question, (name, range)) in questions.iter().zip(sheets.iter().skip(4)) {
            let rows = printed(range, 5);
            assert_eq!(rows.len(), 1 + 6 + 47, "{name}");
            for (place, row) in rows {
                let nobody = Figures {
                    options: vec![(0, None); question.options().len()],
                    ..Figures::default()
                };
                let figures = tables.get(&(question.key, place.clone())).unwrap_or(&nobody);
                let options = figures
                    .options
                    .iter()
                    .flat_map(|(count, percent)| [whole_number(*count), printed_percent(*percent)]);
                let expected: Vec<String> = [figures.n, figures.base]
                    .map(whole_number)
                    .into_iter()
                    .chain(options)
                    .chain([figures.blank, figures.no_answer, figures.not_asked].map(whole_number))
                    .collect();
                assert_eq!(row[1..], expected, "{name} {place:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_13_and_14_of_2022_are_shown_by_the_presence_of_a_vpn_device_too() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let (client, superuser) = (analyst(&app).await, app.database.superuser().await);
    let book = download(&client, "2022", "houkoku.xlsx").await;
    let survey = survey::find("2022").unwrap();
    let gate = survey.question("vpn_present").unwrap();
    for key in ["emergency_procedure_drilled", "security_officer_placed"] {
        let name = survey.question(key).unwrap().heading();
        let (_, range) = reading::sheets(&book).into_iter().find(|(sheet, _)| *sheet == name).unwrap();
        let read = |row: u32| -> Vec<String> { (0..=9).map(|column| reading::shown(range.get_value((row, column)))).collect() };
        let heading = (0..40).find(|row| read(*row)[0] == format!("{}別", gate.label)).unwrap();
        for (row, choice) in (heading + 1..).zip(gate.choices()) {
            let among = format!("r.answers ->> 'vpn_present' = '{}'", choice.key);
            let tables = sql::tables(&superuser, "2022", &among).await;
            let figures = &tables[&(key, ("all", "00".to_owned(), "all".to_owned()))];
            let options = figures
                .options
                .iter()
                .flat_map(|(count, percent)| [whole_number(*count), printed_percent(*percent)]);
            let expected: Vec<String> = [choice.label.clone(), whole_number(figures.n), whole_number(figures.base)]
                .into_iter()
                .chain(options)
                .chain([figures.blank, figures.no_answer, figures.not_asked].map(whole_number))
                .collect();
            assert_eq!(read(row), expected, "{name}");
            assert!(figures.n > 0, "nobody answered {} in the made data", choice.key);
        }
    }
}

fn whole_number(count: i64) -> String {
    count.to_string()
}

fn printed_percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "－".to_owned(), |percent| percent.to_string())
}

/// The rows of a sheet for reading that hold figures: the whole in row `total` (from 0), the bands below, the prefectures under their heading.
fn printed(range: &calamine::Range<Data>, total: u32) -> Vec<(Place, Vec<String>)> {
    let bands = ["20-99", "100-199", "200-299", "300-399", "400-499", "500+"];
    let width = (0..range.width()).rev().find(|column| {
        range
            .get_value((total, u32::try_from(*column).unwrap()))
            .is_some_and(|cell| *cell != Data::Empty)
    });
    let read = |row: u32| -> Vec<String> {
        (0..=u32::try_from(width.unwrap()).unwrap())
            .map(|column| reading::shown(range.get_value((row, column))))
            .collect()
    };
    let mut rows = vec![(("all", "00".to_owned(), "all".to_owned()), read(total))];
    assert_eq!((read(total)[0].as_str(), read(total + 1)[0].as_str()), ("全国", "病床規模別"));
    for (row, band) in (total + 2..).zip(bands) {
        rows.push((("survey", "00".to_owned(), band.to_owned()), read(row)));
    }
    let last = range.end().unwrap().0;
    let heading = (total..=last).find(|row| read(*row)[0] == "都道府県別").unwrap();
    for (row, prefecture) in (heading + 1..).zip(PrefectureCode::all()) {
        let cells = read(row);
        assert_eq!(cells[0], prefecture.name());
        rows.push((("all", prefecture.code(), "all".to_owned()), cells));
    }
    rows
}
