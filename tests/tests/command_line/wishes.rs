//! Wishes across cells by command: previewed, set, chosen by, with their price, and refused when they cannot hold together.

use std::io::Cursor;
use std::process::Command;

use calamine::{Reader, Xlsx};
use serde_json::Value;
use tests::binary::chosa;
use tests::database::TestDatabase;

const ITEMS: &str = r#"name = "都の基準"

[[items]]
key = "no_offline_backup"
label = "オフラインのバックアップがない"
points = 30
when = { question = "backup_offline", is = ["no"] }

[[items]]
key = "beds_100"
label = "100床以上"
points = 10
when = { beds_at_least = 100 }

"#;

/// Exit code, stdout and stderr.
async fn run(database: &TestDatabase, folder: &tempfile::TempDir, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(chosa());
    command
        .args(words)
        .args(["--program", "2024", "--prefecture", "13"])
        .current_dir(folder.path())
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path().join("data"))
        .env("CHOSA_LOG_FILTER", "error");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_are_previewed_set_and_chosen_by_as_a_file() {
    let database = TestDatabase::answered().await;
    let client = database.superuser().await;
    let areas = "UPDATE program_hospital SET attributes = jsonb_build_object('medical_area', CASE gmis_id WHEN 'CYD0001' THEN '1301' ELSE '1304' END) \
                 WHERE prefecture = 13";
    assert_eq!(client.execute(areas, &[]).await.unwrap(), 4);
    let folder = tempfile::tempdir().unwrap();
    let write = |wishes: &str| std::fs::write(folder.path().join("kijun.toml"), format!("{ITEMS}{wishes}")).unwrap();

    let west = "[[wishes]]\nkey = \"west\"\nlabel = \"区西部から2病院\"\nattribute = \"medical_area\"\nis = [\"1304\"]\nat_least = 2\n\n";
    write(west);
    let (code, text, talk) = run(&database, &folder, &["criteria", "preview", "kijun.toml"]).await;
    assert_eq!(code, Some(0), "{text}{talk}");
    insta::assert_snapshot!("preview_of_wishes", text);
    let (code, _, talk) = run(&database, &folder, &["criteria", "set", "kijun.toml"]).await;
    assert_eq!((code, talk.contains("第2版")), (Some(0), true), "{talk}");
    let (code, shown, _) = run(&database, &folder, &["criteria", "show"]).await;
    assert!(
        code == Some(0) && shown.contains("[[wishes]]") && shown.contains("at_least = 2"),
        "{shown}"
    );

    let (code, text, talk) = run(&database, &folder, &["select", "--output", "list.xlsx"]).await;
    let said = [
        "区西部から2病院",
        "2以上",
        "20点",
        "希望により入る",
        "SJK0001",
        "希望により外れる",
        "CYD0001",
    ];
    assert!(code == Some(0) && said.iter().all(|words| text.contains(words)), "{text}{talk}");
    let list = std::fs::read(folder.path().join("list.xlsx")).unwrap();
    let mut list = Xlsx::new(Cursor::new(list)).unwrap();
    let sheet = list.worksheet_range("希望").unwrap();
    let second: Vec<String> = sheet.rows().nth(1).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(second, ["区西部から2病院", "－", "2", "－", "2", "1", "2"]);
    let (code, text, _) = run(&database, &folder, &["select", "--json"]).await;
    let result: Value = serde_json::from_str(&text).unwrap();
    let outcome = &result["wishes"];
    assert_eq!(
        (code, &outcome["score"], &outcome["score_without"]),
        (Some(0), &20.into(), &40.into())
    );

    write(&format!(
        "{west}[[wishes]]\nkey = \"east\"\nlabel = \"区中央部から\"\nattribute = \"medical_area\"\nis = [\"1301\"]\nat_least = 1\n"
    ));
    for command in [
        ["criteria", "preview", "kijun.toml"].as_slice(),
        &["criteria", "set", "kijun.toml"],
        &["select"],
    ] {
        let (code, _, talk) = run(&database, &folder, command).await;
        let refused = talk.contains("区西部から2病院") && talk.contains("区中央部から") && talk.contains("同時には満たせません");
        // They may be saved; looking and choosing say that they cannot hold.
        assert_eq!(
            (code == Some(0), refused),
            (command.contains(&"set"), !command.contains(&"set")),
            "{command:?} {talk}"
        );
    }
    write("[[wishes]]\nkey = \"west\"\nlabel = \"西\"\nattribute = \"medical_area\"\n");
    let (code, _, talk) = run(&database, &folder, &["criteria", "set", "kijun.toml"]).await;
    assert!(code == Some(65) && talk.contains("at_least"), "{code:?} {talk}");
}
