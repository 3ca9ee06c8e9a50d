//! A prefecture's criteria by command: shown as a file that is taken back, previewed, set, refused.

use std::process::{Command, Output};

use tests::binary::chosa;
use tests::database::TestDatabase;

/// Exit code, stdout and stderr.
async fn run(database: &TestDatabase, folder: &tempfile::TempDir, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(chosa());
    command
        .arg("criteria")
        .args(words)
        .args(["--program", "2024", "--prefecture", "13"])
        .current_dir(folder.path())
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path().join("data"))
        .env("CHOSA_LOG_FILTER", "error");
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_are_shown_previewed_and_set_as_a_file() {
    let database = TestDatabase::answered().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("kijun.toml"), text).unwrap();
    let versions = "SELECT max(version)::bigint FROM program_criteria WHERE prefecture = 13";

    let (code, shown, talk) = run(&database, &folder, &["show"]).await;
    assert_eq!((code, talk.contains("第1版")), (Some(0), true), "{talk}");
    write(&shown);
    let (code, text, talk) = run(&database, &folder, &["preview", "kijun.toml"]).await;
    assert_eq!(
        (code, text.contains("枠に入る病院は変わりません。")),
        (Some(0), true),
        "{text}{talk}"
    );
    // What was shown says the same as what is in force.
    let (code, _, talk) = run(&database, &folder, &["set", "kijun.toml"]).await;
    assert_eq!((code, database.number(versions).await), (Some(0), 1), "{talk}");

    write("name = \"都の基準\"\n[[items]]\nkey = \"beds\"\nlabel = \"100床以上\"\npoints = 5\nwhen = { beds_at_least = 100 }\n");
    let (code, text, talk) = run(&database, &folder, &["preview", "kijun.toml"]).await;
    let said = ["1病院が入り、1病院が外れます", "入る", "SJK0001", "外れる", "CYD0001"];
    assert!(code == Some(0) && said.iter().all(|words| text.contains(words)), "{text}{talk}");
    assert_eq!(database.number(versions).await, 1);
    let (code, _, talk) = run(&database, &folder, &["set", "kijun.toml"]).await;
    assert_eq!((code, talk.contains("第2版")), (Some(0), true), "{talk}");

    for (text, words) in [
        ("name = \"都の基準\"\nitems = [", "TOML"),
        (
            "name = \"都の基準\"\n[[items]]\nkey = \"beds\"\nlabel = \"病床\"\npoints = 0\nwhen = { beds_at_least = 1 }\n",
            "加点されません",
        ),
    ] {
        write(text);
        let (code, _, talk) = run(&database, &folder, &["set", "kijun.toml"]).await;
        assert!(code == Some(65) && talk.contains(words), "{code:?} {talk}");
    }
    let (code, _, talk) = run(&database, &folder, &["set", "none.toml"]).await;
    assert!(code == Some(65) && talk.contains("none.toml"), "{code:?} {talk}");
    assert_eq!(database.number(versions).await, 2);
}
