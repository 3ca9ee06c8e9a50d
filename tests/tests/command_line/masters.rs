//! The hospital master and frames by command: a preview in words, applied, changed, drawn once, dropped from, with exit codes.

use std::process::{Command, Output};

use tests::binary::chosa;
use tests::database::TestDatabase;

const HEADINGS: &str = "G-MIS ID,医療機関コード,医療機関名,都道府県,市区町村コード,許可病床数,開設日,廃止日,承継先\n";

async fn run(database: &TestDatabase, folder: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(chosa());
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path().join("data"))
        .env("CHOSA_LOG_FILTER", "error");
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_is_previewed_applied_and_drawn_from() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |rows: &str| std::fs::write(folder.path().join("master.csv"), format!("{HEADINGS}{rows}")).unwrap();
    let import = ["hospital", "import", "master.csv"];
    let preview = ["hospital", "import", "master.csv", "--dry-run"];

    write("AAA0001,,あおば病院,東京都,13104,19,2001-04-01,,\n");
    let (code, text) = run(&database, &folder, &import).await;
    assert_eq!(
        (code, text.contains("F2") && text.contains("beds_under_20")),
        (Some(65), true),
        "{text}"
    );

    write("AAA0001,,あおば病院,東京都,13104,120,2001-04-01,,\nAAA0002,,いずみ病院,東京都,13104,50,2001-04-01,,\n");
    let (code, text) = run(&database, &folder, &preview).await;
    assert_eq!(
        (code, text.contains("新規: 2件") && text.contains("何も保存していません")),
        (Some(0), true),
        "{text}"
    );
    let (code, text) = run(&database, &folder, &import).await;
    assert_eq!((code, text.contains("取り込みました")), (Some(0), true), "{text}");
    let (code, text) = run(&database, &folder, &import).await;
    assert_eq!((code, text.contains("変更はありません")), (Some(0), true), "{text}");

    write("AAA0001,,あおば病院,東京都,13104,130,2001-04-01,,\n");
    let (code, text) = run(&database, &folder, &preview).await;
    let said = [
        "病床数: 120 → 130",
        "ファイルにない病院（変更しません）: AAA0002 いずみ病院",
        "--hash ",
    ];
    assert!(code == Some(0) && said.iter().all(|words| text.contains(words)), "{text}");

    let draw = ["frame", "draw", "--survey", "2024"];
    let (code, text) = run(&database, &folder, &draw).await;
    assert_eq!((code, text.contains("2病院")), (Some(0), true), "{text}");
    for hospital in ["AAA0001", "AAA0002"] {
        let (code, text) = run(
            &database,
            &folder,
            &["frame", "drop", hospital, "--survey", "2024", "--reason", "廃止"],
        )
        .await;
        assert_eq!(code, Some(0), "{text}");
    }
    // Even when every hospital left it, it was drawn.
    let (code, text) = run(&database, &folder, &draw).await;
    assert_eq!((code, text.contains("frame_drawn")), (Some(1), true), "{text}");
}
