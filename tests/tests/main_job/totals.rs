//! What `made.json` promises is what tables and rates say, and every made file of answers goes in without a rejected hospital.

use std::collections::{BTreeMap, BTreeSet};

use analytics::By;
use serde_json::Value;
use survey::area::Area;
use survey::band::Banding;
use tests::database::TestDatabase;
use tests::nation::{self, Files};

use crate::{figures, notice};

fn promised(value: &Value) -> BTreeMap<String, i64> {
    value
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, count)| (key.clone(), count.as_i64().unwrap()))
        .collect()
}

fn counts<'r, T: 'r>(rows: &'r [T], key: impl Fn(&T) -> &Option<String>, count: impl Fn(&T) -> u64) -> BTreeMap<String, i64> {
    let counted = rows
        .iter()
        .map(|row| (key(row).clone().unwrap(), i64::try_from(count(row)).unwrap()));
    counted.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_rates_say_what_was_made() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    let made = Files::of_the_nation().made();
    assert_eq!(made["surveys"].as_array().unwrap().len(), 2);
    for (survey, made) in survey::compiled_in().iter().zip(made["surveys"].as_array().unwrap()) {
        assert_eq!(made["survey"], survey.id().as_str());
        let by_prefecture = figures::rate_table(&state, survey, &Area::Nation, (By::PREFECTURE, Banding::Survey)).await;
        let by_band = figures::rate_table(&state, survey, &Area::Nation, (By::BAND, Banding::Survey)).await;
        assert_eq!(
            (by_band.total.targets, by_band.total.responses),
            (made["targets"].as_u64().unwrap(), made["responses"].as_u64().unwrap())
        );
        assert_eq!(
            counts(&by_prefecture.rows, |row| &row.names.prefecture, |row| row.targets),
            promised(&made["targets_by_prefecture"])
        );
        assert_eq!(
            counts(&by_prefecture.rows, |row| &row.names.prefecture, |row| row.responses),
            promised(&made["responses_by_prefecture"])
        );
        assert_eq!(
            counts(&by_band.rows, |row| &row.names.band, |row| row.targets),
            promised(&made["targets_by_band"])
        );
        assert_eq!(
            counts(&by_band.rows, |row| &row.names.band, |row| row.responses),
            promised(&made["responses_by_band"])
        );

        let ehr = figures::table(&state, survey, "ehr_in_use", &Area::Nation, (By::BAND, Banding::Survey)).await;
        assert_eq!(
            counts(&ehr.rows, |row| &row.names.band, |row| row.options[0].count),
            promised(&made["ehr_by_band"])
        );
        assert_eq!(
            made["questions"].as_object().unwrap().len(),
            notice::questions(survey.id().as_str()).len()
        );
        for question in notice::questions(survey.id().as_str()) {
            let total = figures::table(&state, survey, question.key, &Area::Nation, (By::AREA, Banding::Survey))
                .await
                .total;
            let made = &made["questions"][question.key];
            assert_eq!(total.base, made["answered"].as_u64().unwrap(), "{}", question.key);
            let options = total
                .options
                .iter()
                .map(|option| (option.choice.key.clone(), i64::try_from(option.count).unwrap()));
            assert_eq!(options.collect::<BTreeMap<_, _>>(), promised(&made["options"]), "{}", question.key);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_answers_goes_in_whole() {
    let database = TestDatabase::nation().await;
    let superuser = database.superuser().await;
    let made = Files::of_the_nation().made();
    let promised: BTreeSet<(String, String, i32)> = made["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let text = |key: &str| file[key].as_str().unwrap().to_owned();
            (
                text("survey"),
                text("file"),
                i32::try_from(file["hospitals"].as_i64().unwrap()).unwrap(),
            )
        })
        .collect();
    let imports = superuser
        .query(
            "SELECT survey_id, file_name, accepted, rejected, unchanged, faults FROM import",
            &[],
        )
        .await
        .unwrap();
    for row in &imports {
        let faults: Value = row.get("faults");
        assert_eq!(
            (row.get::<_, i32>("rejected"), row.get::<_, i32>("unchanged"), faults),
            (0, 0, Value::Array(Vec::new())),
            "{:?}",
            row.get::<_, String>("file_name")
        );
    }
    let imported: BTreeSet<(String, String, i32)> = imports.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(imported, promised);
    assert_eq!(imports.len(), promised.len());
    // No verdict but of hospitals that answered, each once.
    let verdicts = database
        .number("SELECT count(*) FROM import_verdict WHERE verdict = 'accepted'")
        .await;
    assert_eq!(verdicts, database.number("SELECT count(*) FROM revision").await);
    let once = "SELECT count(*) FROM submission WHERE state = 'submitted' AND latest_revision = 1";
    assert_eq!(verdicts, database.number(once).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_made_contradictions_are_the_only_warnings_and_each_kind_is_there() {
    let database = TestDatabase::nation().await;
    let sql = "SELECT DISTINCT w ->> 'code' FROM revision, jsonb_array_elements(warnings) AS w ORDER BY 1";
    let warnings = database.superuser().await.query(sql, &[]).await.unwrap();
    let warnings: Vec<String> = warnings.iter().map(|row| row.get(0)).collect();
    let made = [
        "contradiction_ehr_gone",
        "contradiction_generations_without_backup",
        "contradiction_media_exceed_copies",
    ];
    assert_eq!(warnings, made);
}
