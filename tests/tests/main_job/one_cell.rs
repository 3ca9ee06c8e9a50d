//! One changed cell of a workbook changes the printed figure by exactly one, and nothing else that does not hang on it.

use std::process::Output;

use calamine::Data;
use serde_json::Value;
use server::auth::actor::Actor;
use survey::area::Area;
use tests::binary;
use tests::database::TestDatabase;
use tests::nation::{self, Files};
use tests::world::{done, survey_of};

use crate::figures::{self, SHAPES, Tables};
use crate::reading;

/// A workbook of answers, written again cell by cell, with the EHR of its first hospital that says はい turned into いいえ.
pub(crate) fn without_one_ehr(bytes: &[u8]) -> Vec<u8> {
    let range = reading::sheet(bytes, "回答");
    let column = range
        .rows()
        .next()
        .unwrap()
        .iter()
        .position(|cell| cell.to_string().starts_with("Q11 "))
        .unwrap();
    let changed = range.rows().position(|row| row[column] == "はい").unwrap();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet().set_name("回答").unwrap();
    for (row, cells) in range.rows().enumerate() {
        for (place, cell) in cells.iter().enumerate() {
            let (row_number, column_number) = (u32::try_from(row).unwrap(), u16::try_from(place).unwrap());
            match cell {
                _ if (row, place) == (changed, column) => sheet.write_string(row_number, column_number, "いいえ").unwrap(),
                Data::String(text) => sheet.write_string(row_number, column_number, text).unwrap(),
                Data::Float(number) => sheet.write_number(row_number, column_number, *number).unwrap(),
                Data::Empty => sheet,
                other => panic!("the made workbooks hold no {other:?}"),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_cell_is_one_correction_and_changes_the_table_by_one() {
    let database = TestDatabase::nation().await;
    let survey = survey_of("2024");
    let state = nation::state(&database.application_url()).await;
    let before = figures::tables(&state, survey, &Area::Nation, &SHAPES).await;
    let printed = printed_table(&database);

    let files = Files::of_the_nation();
    let mut upload = nation::upload("answers_2024.xlsx", without_one_ehr(&files.read("answers_2024.xlsx")));
    upload.reason = Some("訂正".to_owned());
    let report = done(nation::import(&state, &Actor::system(), survey, upload).await);
    assert_one_accepted(&report);

    // Another state: this one may still hold what it read a moment ago.
    let state = nation::state(&database.application_url()).await;
    let after = figures::tables(&state, survey, &Area::Nation, &SHAPES).await;
    assert_one_hospital_less(&before, &after);
    assert_one_less(&printed, &printed_table(&database));
}

/// One hospital is corrected, all others are as they were.
fn assert_one_accepted(report: &Value) {
    let hospitals = report["hospitals"].as_array().unwrap().len();
    assert_eq!(
        (&report["accepted"], &report["rejected"], &report["unchanged"]),
        (&1.into(), &0.into(), &(hospitals - 1).into())
    );
    let one = report["hospitals"]
        .as_array()
        .unwrap()
        .iter()
        .find(|hospital| hospital["verdict"] == "accepted")
        .unwrap();
    let warned: Vec<&str> = one["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["code"].as_str().unwrap())
        .collect();
    // Its answers about the backup are still in the file; an EHR of 2022 may be missed too.
    assert!(
        warned
            .iter()
            .all(|code| ["answer_not_asked", "contradiction_ehr_gone"].contains(code)),
        "{warned:?}"
    );
}

/// One hospital moves from はい to いいえ wherever it stands, and what hangs on はい is not asked of it any more.
fn assert_one_hospital_less(before: &Tables, after: &Tables) {
    let (mut changed, mut of_the_question) = (0, 0);
    for (key, before) in before {
        let after = &after[key];
        assert_eq!(
            (after.n, after.blank, after.no_answer),
            (before.n, before.blank, before.no_answer),
            "{key:?}"
        );
        if after == before {
            continue;
        }
        changed += 1;
        match key.0 {
            "ehr_in_use" => {
                of_the_question += 1;
                assert_eq!(
                    [after.options[0].0, after.options[1].0],
                    [before.options[0].0 - 1, before.options[1].0 + 1],
                    "{key:?}"
                );
                assert_eq!((after.base, after.not_asked), (before.base, before.not_asked), "{key:?}");
            }
            // What hangs on it is not asked any more.
            "ehr_backup"
            | "backup_frequency"
            | "backup_copies"
            | "backup_generations"
            | "backup_media_kinds"
            | "backup_offline"
            | "backup_leak_protection" => assert_eq!((after.base, after.not_asked), (before.base - 1, before.not_asked + 1), "{key:?}"),
            other => panic!("{other} hangs on no EHR"),
        }
    }
    // Everywhere where the hospital stands: the nation, its prefecture, its bands of both.
    assert_eq!(of_the_question, SHAPES.len());
    assert!(changed >= 2 * SHAPES.len(), "{changed}");
}

fn printed_table(database: &TestDatabase) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary::command();
    command
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path());
    command.args(["tabulate", "--survey", "2024", "--question", "ehr_in_use", "--by", "band"]);
    stdout(&command.output().unwrap())
}

/// What a successful command printed.
pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The printed tables differ in one band and in the sum, there by one hospital from はい to いいえ.
pub(crate) fn assert_one_less(before: &str, after: &str) {
    let changed: Vec<(Vec<&str>, Vec<&str>)> = before
        .lines()
        .zip(after.lines())
        .filter(|(before, after)| before != after)
        .map(|(before, after)| (before.split_whitespace().collect(), after.split_whitespace().collect()))
        .collect();
    assert_eq!(
        (before.lines().count(), changed.len()),
        (after.lines().count(), 2),
        "{before}\n{after}"
    );
    assert_eq!(changed[1].0[0], "計");
    for (before, after) in &changed {
        // Label, n, base, はい, %, いいえ, %, blank, no answer, not asked.
        let number = |cells: &[&str], place: usize| -> i32 { cells[place].parse().unwrap() };
        assert_eq!((before.len(), &before[..3], &before[7..]), (10, &after[..3], &after[7..]));
        assert_eq!((number(after, 3), number(after, 5)), (number(before, 3) - 1, number(before, 5) + 1));
        let percent = format!(
            "{:.1}%",
            (f64::from(number(after, 3)) * 1_000.0 / f64::from(number(after, 2))).round() / 10.0
        );
        assert_eq!(after[4], percent);
    }
}
