//! Releases of a nation: every number that is published is what plain SQL counts from the answers, what is hidden is exactly what was decided, and no
//! hidden number stands in any file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use server::app::releases;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::survey::Survey;
use tests::app::TestApp;
use tests::client::Client;
use tests::database::TestDatabase;
use tests::world::done;

use crate::figures::{Figures, Place};
use crate::files::analyst;
use crate::{notice, reading, sql};

/// Bands of the nation and of prefectures that distributions are published in.
const PLAN: [(&str, bool); 3] = [("all", true), ("survey", false), ("program", true)];

/// The first release of every survey, the older one first.
async fn published(app: &TestApp) -> Client {
    let permit = Permit::of(Actor::system()).unwrap();
    for survey in survey::compiled_in() {
        done(releases::make(&app.state, &permit, survey, "", None).await);
    }
    analyst(app).await
}

/// A file of the first release.
async fn file(client: &Client, survey: &str, name: &str) -> Vec<u8> {
    client
        .get(&format!("/api/v1/surveys/{survey}/releases/1/files/{name}"))
        .await
        .file()
}

/// The rows of a machine file by the names of its columns.
fn rows(csv: &[u8]) -> Vec<HashMap<String, String>> {
    let mut all = reading::csv(csv).into_iter();
    let header = all.next().unwrap();
    all.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

/// Area, band and question of every hidden distribution, as it was stored.
async fn hidden(app: &TestApp, survey: &str) -> BTreeSet<(String, String, String)> {
    let superuser = app.database.superuser().await;
    let sql = "SELECT h->>'area', coalesce(h->>'band', 'all'), h->>'question' FROM release, jsonb_array_elements(suppression->'hidden') h \
               WHERE survey_id = $1 AND number = 1";
    let rows = superuser.query(sql, &[&survey]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// Band and question of the nation's estimates that were withheld beside published counts, as it was stored.
async fn withheld(app: &TestApp, survey: &str) -> BTreeSet<(String, String)> {
    let superuser = app.database.superuser().await;
    let sql = "SELECT coalesce(w->>'band', 'all'), w->>'question' FROM release, jsonb_array_elements(suppression->'withheld') w \
               WHERE survey_id = $1 AND number = 1 AND w->>'number' = 'estimate'";
    let rows = superuser.query(sql, &[&survey]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn place(row: &HashMap<String, String>) -> Place {
    let banding = ["all", "survey", "program"]
        .into_iter()
        .find(|banding| *banding == row["banding"])
        .unwrap();
    (banding, row["area_code"].clone(), row["band_key"].clone())
}

/// The distributions of the plan: every question in the nation, its six bands, the prefectures and their three bands.
fn plan(survey: &Survey) -> BTreeSet<(String, String, String)> {
    let mut plan = BTreeSet::new();
    let prefectures = (1..=47).map(|number| format!("{number:02}"));
    let areas: Vec<String> = std::iter::once("00".to_owned()).chain(prefectures).collect();
    for question in notice::questions(survey.id().as_str()) {
        for area in &areas {
            let bands: &[&str] = if area == "00" {
                &["all", "20-99", "100-199", "200-299", "300-399", "400-499", "500+"]
            } else {
                &["all", "20-199", "200-399", "400+"]
            };
            plan.extend(bands.iter().map(|band| (area.clone(), (*band).to_owned(), question.key.to_owned())));
        }
    }
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_number_is_what_plain_sql_counts_and_what_is_hidden_stands_nowhere() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let (client, superuser) = (published(&app).await, app.database.superuser().await);
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        let (tables, rates) = (sql::tables(&superuser, id, "true").await, sql::rates(&superuser, id, "true").await);
        let questions: HashMap<&str, &notice::Asked> = notice::questions(id).iter().map(|question| (question.key, question)).collect();
        let (hidden, withheld) = (hidden(&app, id).await, withheld(&app, id).await);
        let mut told: BTreeMap<(String, String, String), usize> = plan(survey).into_iter().map(|one| (one, 0)).collect();
        assert!(!hidden.is_empty() && hidden.iter().all(|one| told.contains_key(one)), "{id}");
        for row in rows(&file(&client, id, &format!("data_{id}.csv")).await) {
            let (place, metric) = (place(&row), row["metric"].as_str());
            let (value, state) = (row["value"].as_str(), row["value_state"].as_str());
            if row["question_key"] == "response" {
                let (targets, responses, percent) = rates.get(&place).copied().unwrap_or_default();
                let expected = match metric {
                    "targets" => targets.to_string(),
                    "responses" => responses.to_string(),
                    _ => shown(percent),
                };
                assert_eq!(value, expected, "{row:?}");
                continue;
            }
            let national = place.1 == "00";
            let in_plan = PLAN.iter().any(|(banding, _)| *banding == place.0)
                && (place.0 != "survey" || national)
                && (place.0 != "program" || !national);
            assert!(in_plan, "not in the plan: {row:?}");
            let distribution = (place.1.clone(), place.2.clone(), row["question_key"].clone());
            let nobody = Figures {
                options: vec![(0, None); questions[row["question_key"].as_str()].options().len()],
                ..Figures::default()
            };
            let question = questions[row["question_key"].as_str()];
            let figures = tables.get(&(question.key, place)).unwrap_or(&nobody);
            let option = || figures.options[question.options().iter().position(|option| *option == row["option_key"]).unwrap()];
            let is_hidden = hidden.contains(&distribution);
            if metric != "n" && is_hidden {
                assert_eq!((value, state), ("", "suppressed"), "{row:?}");
                *told.get_mut(&distribution).unwrap() += 1;
                continue;
            }
            let is_estimate = ["weighted_percent", "ci_low", "ci_high"].contains(&metric);
            let is_withheld = is_estimate && national && withheld.contains(&(distribution.1.clone(), distribution.2.clone()));
            assert_eq!(state == "suppressed", is_withheld && figures.base > 0, "{row:?}");
            let expected = match metric {
                "n" => figures.n.to_string(),
                "base" => figures.base.to_string(),
                "blank" => figures.blank.to_string(),
                "no_answer" => figures.no_answer.to_string(),
                "not_asked" => figures.not_asked.to_string(),
                "count" => option().0.to_string(),
                "percent" => shown(option().1),
                "item_nonresponse" => {
                    let missing = figures.blank + figures.no_answer;
                    shown(tenths(missing, missing + figures.base))
                }
                // Estimates are held against R elsewhere; they stand for the nation and its bands only.
                other => {
                    assert!(national, "{other}: {row:?}");
                    continue;
                }
            };
            assert_eq!(value, expected, "{row:?}");
            *told.get_mut(&distribution).unwrap() += 1;
        }
        for (distribution, times) in told {
            let options = questions[distribution.2.as_str()].options().len();
            // n is told of every distribution, whether hidden or not.
            let whole = 4 + 2 * options + usize::from(!hidden.contains(&distribution));
            assert!(times >= whole, "{id} {distribution:?}: {times} numbers instead of {whole}");
        }
    }
}

/// Percent with one decimal, half up.
fn tenths(part: i64, whole: i64) -> Option<f64> {
    let tenths = (whole > 0).then(|| (2_000 * part + whole) / (2 * whole))?;
    Some(f64::from(i32::try_from(tenths).unwrap()) / 10.0)
}

fn shown(percent: Option<f64>) -> String {
    percent.map_or_else(String::new, |percent| format!("{percent:.1}"))
}

/// The numbers beside the row of all hospitals of the first trend.
async fn trend(client: &Client) -> Vec<String> {
    let sheet = reading::sheet(&file(client, "2024", "houkoku_2024.xlsx").await, "推移");
    let row = sheet.rows().find(|row| row[0] == "すべての病院").unwrap();
    row[1..].iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trend_stands_beside_an_earlier_release_that_was_made_without_an_audit() {
    let audited = TestApp::on(TestDatabase::irregular().await).await;
    let before = trend(&published(&audited).await).await;
    assert!(!before.contains(&"X".to_owned()), "{before:?}");
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let permit = Permit::of(Actor::system()).unwrap();
    let [earlier, later] = ["2022", "2024"].map(|id| survey::survey::find(id).unwrap());
    done(releases::make(&app.state, &permit, earlier, "", None).await);
    let superuser = app.database.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica; UPDATE release SET suppression = suppression - 'withheld'")
        .await
        .unwrap();
    done(releases::make(&app.state, &permit, later, "", None).await);
    let after = trend(&analyst(&app).await).await;
    assert!(after.contains(&"X".to_owned()) && after[0] == before[0], "{after:?}");
    // Counted again, a release from then has all of its estimates, as it had them when it was printed; this one was printed with some withheld.
    let check = Permit::of(Actor::system()).unwrap();
    let again = done(releases::check(&app.state, &check, earlier, 1).await);
    let withheld = Some((String::new(), "suppressed".to_owned()));
    assert!(!again.differences.is_empty() && again.differences.iter().all(|difference| difference.first == withheld));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_release_say_the_same() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let client = published(&app).await;
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        let csv = reading::csv(&file(&client, id, &format!("data_{id}.csv")).await);
        let sheet = reading::sheet(&file(&client, id, &format!("data_{id}.xlsx")).await, "data");
        assert_eq!(sheet.height(), csv.len(), "{id}");
        let value = csv[0].iter().position(|column| column == "value").unwrap();
        for (row, cells) in sheet.rows().zip(&csv) {
            for (column, (cell, text)) in row.iter().zip(cells).enumerate() {
                let cell = cell.to_string();
                let same = cell == *text || column == value && cell.parse::<f64>().ok() == text.parse().ok();
                assert!(same, "{id} {cells:?}: {cell}");
            }
        }
        let archive = reading::unpacked(&file(&client, id, &format!("data_{id}.zip")).await);
        let parquet: BTreeSet<&str> = archive
            .keys()
            .map(String::as_str)
            .filter(|name| name.ends_with(".parquet"))
            .collect();
        assert_eq!(parquet.len(), 48, "the nation and 47 prefectures: {parquet:?}");
        let again = client.get(&format!("/api/v1/surveys/{id}/releases/1/check")).await.expect(200);
        assert_eq!(
            (again["compared"].as_u64(), again["differences"].as_array().map(Vec::len)),
            (u64::try_from(csv.len() - 1).ok(), Some(0))
        );
    }
}
