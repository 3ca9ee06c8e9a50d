//! Planning by command: tables to read, JSON for machines, and exit codes.

use std::process::{Command, Output};

use serde_json::Value;
use tests::binary::chosa;
use tests::database::TestDatabase;

/// What a command says when it ends with this code.
async fn said(database: &TestDatabase, folder: &tempfile::TempDir, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(chosa());
    command
        .arg("program")
        .args(arguments)
        .args(["--program", "2024"])
        .current_dir(folder.path())
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path().join("data"))
        .env("CHOSA_LOG_FILTER", "error");
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

fn has_row(text: &str, row: &[&str]) -> bool {
    text.lines().any(|line| line.split_whitespace().eq(row.iter().copied()))
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_effort_and_a_plan_are_shown_as_tables() {
    let database = TestDatabase::answered().await;
    let folder = tempfile::tempdir().unwrap();
    let text = said(&database, &folder, &["coverage"], 0).await;
    assert!(
        has_row(&text, &["13", "東京都", "4", "3", "0", "2", "0", "1", "1", "0", "0"]),
        "{text}"
    );
    assert!(has_row(&text, &["計", "7", "5", "0", "2", "2", "1", "2", "0", "0"]), "{text}");
    assert!(text.contains("有無が分からない病院が、別に2あります"), "{text}");

    let text = said(&database, &folder, &["effort", "--teams", "2", "--until", "2024-04-12"], 0).await;
    assert!(has_row(&text, &["13", "東京都", "3", "45.0", "14.8", "-", "-"]), "{text}");
    assert!(has_row(&text, &["計", "5", "60.0", "19.7", "10", "2024-04-12"]), "{text}");
    assert!(text.contains("2024-04-12までに終えるには、2班が必要です"), "{text}");
    let text = said(&database, &folder, &["effort", "--prefecture", "14", "--of", "chosen"], 0).await;
    assert!(has_row(&text, &["計", "2", "15.0", "4.9", "-", "-"]), "{text}");

    let text = said(&database, &folder, &["plan", "--totals", "4,9"], 0).await;
    assert!(
        text.contains("2025年度（総数 9）") && text.contains("総数が残りの病院より8多い"),
        "{text}"
    );
    assert!(text.contains("計画の後に残る電子カルテ導入病院は0です"), "{text}");
    let json = said(&database, &folder, &["plan", "--totals", "4", "--json"], 0).await;
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["uncovered"], 1);

    let text = said(&database, &folder, &["plan", "--totals", "3"], 2).await;
    assert!(text.contains("既に4病院"), "{text}");
    said(&database, &folder, &["effort", "--days", "1,2,3"], 2).await;
    let text = said(&database, &folder, &["effort", "--surveyors", "5"], 2).await;
    assert!(text.contains("2、3"), "{text}");
}
