//! The data for machines as the API gives it: every value against plain SQL.

use std::collections::HashMap;

use tests::app::TestApp;
use tests::client::Client;
use tests::database::TestDatabase;
use tests::nation;

use crate::figures::{Figures, Place};
use crate::{notice, reading, sql};

/// Columns of the data.
pub(crate) const COLUMNS: [&str; 12] = [
    "survey_id",
    "question_key",
    "question_number",
    "banding",
    "area_code",
    "area_name",
    "band_key",
    "option_key",
    "metric",
    "value",
    "unit",
    "value_state",
];
/// The column of the value; all before it are its key.
pub(crate) const VALUE: usize = 9;
/// Nation and 47 prefectures, each as a whole, by 6 bands and by 3.
const PLACES: usize = 48 * (1 + 6 + 3);
/// Nation, its 6 bands and 3, and 47 prefectures: where estimates stand beside.
const WEIGHTED: usize = 1 + 6 + 3 + 47;

/// A client that may read the nation.
pub(crate) async fn analyst(app: &TestApp) -> Client {
    nation::make_analyst(&app.state, "nation-analyst").await;
    app.sign_in("nation-analyst").await
}

/// A statistics file of the nation.
pub(crate) async fn download(client: &Client, survey: &str, file: &str) -> Vec<u8> {
    client
        .get(&format!("/api/v1/surveys/{survey}/statistics/{file}?area=nation"))
        .await
        .file()
}

/// Every row of the published data is a figure by plain SQL, and no figure is missing.
#[tokio::test(flavor = "multi_thread")]
async fn every_value_of_the_data_is_what_plain_sql_counts() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let (client, superuser) = (analyst(&app).await, app.database.superuser().await);
    for survey in ["2022", "2024"] {
        let (tables, rates) = (
            sql::tables(&superuser, survey, "true").await,
            sql::rates(&superuser, survey, "true").await,
        );
        let questions: HashMap<&str, &notice::Asked> = notice::questions(survey).iter().map(|question| (question.key, question)).collect();
        let rows = reading::csv(&download(&client, survey, "data.csv").await);
        let each = |options: usize| PLACES * (6 + 2 * options) + WEIGHTED * 3 * options;
        let indicators = ::survey::indicator::of(tests::world::survey_of(survey));
        let questions_of = notice::questions(survey).iter().map(|question| each(question.options().len()));
        let expected = PLACES * 3 + questions_of.sum::<usize>() + indicators.len() * each(2);
        assert_eq!(rows.len() - 1, expected);
        // No notice prints indicators: their rows are compared with their tables beside the code that writes them, and those with filters by the API.
        let of_a_notice = |row: &&Vec<String>| indicators.iter().all(|indicator| indicator.key.as_str() != row[1]);
        for row in rows.iter().skip(1).filter(of_a_notice) {
            let banding = ["all", "survey", "program"].into_iter().find(|banding| banding == &row[3]).unwrap();
            let place: Place = (banding, row[4].clone(), row[6].clone());
            let (metric, value) = (row[8].as_str(), row[VALUE].parse::<f64>().ok());
            let whole = |count: i64| Some(f64::from(i32::try_from(count).unwrap()));
            let expected = if row[1] == "response" {
                let (targets, responses, percent) = rates.get(&place).copied().unwrap_or_default();
                match metric {
                    "targets" => whole(targets),
                    "responses" => whole(responses),
                    _ => percent,
                }
            } else {
                let question = questions[row[1].as_str()];
                let nobody = Figures {
                    options: vec![(0, None); question.options().len()],
                    ..Figures::default()
                };
                let figures = tables.get(&(question.key, place)).unwrap_or(&nobody);
                let option = || figures.options[question.options().iter().position(|option| option == &row[7]).unwrap()];
                match metric {
                    "n" => whole(figures.n),
                    "base" => whole(figures.base),
                    "blank" => whole(figures.blank),
                    "no_answer" => whole(figures.no_answer),
                    "not_asked" => whole(figures.not_asked),
                    "count" => whole(option().0),
                    "item_nonresponse" => share(figures.blank + figures.no_answer, figures.base + figures.blank + figures.no_answer),
                    // The estimates themselves are compared with R's in `analytics`; here: where they stand, and that they can be.
                    "weighted_percent" | "ci_low" | "ci_high" => {
                        assert!(metric != "weighted_percent" || value.is_some() == (figures.base > 0), "{row:?}");
                        assert!(value.is_none_or(|value| (0.0..=100.0).contains(&value)), "{row:?}");
                        value
                    }
                    _ => option().1,
                }
            };
            assert_eq!(value, expected, "{row:?}");
        }
    }
}

/// Percent with one decimal, rounded half up; `None` of nothing.
fn share(count: i64, of: i64) -> Option<f64> {
    let tenths = (count * 2_000 + of).checked_div(2 * of)?;
    Some(f64::from(i32::try_from(tenths).unwrap()) / 10.0)
}
