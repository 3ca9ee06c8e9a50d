//! Quotas by command: tried, set, computed as a table, moved as a prefecture asked, with exit codes.

use std::process::{Command, Output};

use server::app::programs::quotas::moves::{self, Cell, Move};
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::binary::chosa;
use tests::database::TestDatabase;
use tests::world::{actor, done, prefecture};

async fn run(database: &TestDatabase, folder: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(chosa());
    command
        .arg("quota")
        .args(arguments)
        .args(["--program", "2024"])
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

/// What a command says when it ends with this code.
async fn said(database: &TestDatabase, folder: &tempfile::TempDir, arguments: &[&str], code: i32) -> String {
    let (found, text) = run(database, folder, arguments).await;
    assert_eq!(found, Some(code), "{arguments:?}: {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_imported_computed_and_shown() {
    let database = TestDatabase::answered().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |rows: &str| {
        let text = format!("都道府県,20～199床,200～399床,400床以上,計\n{rows}");
        std::fs::write(folder.path().join("quotas.csv"), text).unwrap();
    };
    write("東京,1,0,1,3\n");
    let text = said(&database, &folder, &["import", "quotas.csv", "--reason", "x"], 65).await;
    assert!(text.contains("E2") && text.contains("quota_total_wrong"), "{text}");
    write("東京,1,0,1,2\n");
    let text = said(&database, &folder, &["import", "quotas.csv", "--dry-run"], 0).await;
    assert!(text.contains("東京都 400床以上: 2 → 1") && text.contains("--reason と"), "{text}");
    let text = said(&database, &folder, &["import", "quotas.csv"], 1).await;
    assert!(text.contains("reason_missing"), "{text}");
    let text = said(&database, &folder, &["import", "quotas.csv", "--reason", "減枠"], 0).await;
    assert!(text.contains("支援枠を1枠 更新しました"), "{text}");
    let text = said(&database, &folder, &["history", "--prefecture", "東京"], 0).await;
    assert!(text.contains("減枠"), "{text}");

    let text = said(&database, &folder, &["compute", "--total", "9", "--method", "biproportional"], 65).await;
    assert!(text.contains("上限の合計は5です"), "{text}");
    let text = said(&database, &folder, &["compute", "--total", "5", "--method", "biproportional"], 0).await;
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(rows.contains(&vec!["13", "東京都", "2", "0", "1", "3"]), "{text}");
    assert!(rows.contains(&vec!["計", "3", "1", "1", "5"]), "{text}");
    std::fs::write(folder.path().join("totals.csv"), "都道府県,計\n13,1\n").unwrap();
    let totals = ["compute", "--method", "biproportional", "--prefecture-totals", "totals.csv"];
    let text = said(&database, &folder, &totals, 1).await;
    assert!(text.contains("quota_totals_invalid") && text.contains("北海道"), "{text}");
    let store = [
        "compute",
        "--total",
        "5",
        "--method",
        "biproportional",
        "--store",
        "--reason",
        "再計算",
    ];
    let text = said(&database, &folder, &store, 0).await;
    assert!(text.contains("更新しました"), "{text}");
    let text = said(&database, &folder, &["list"], 0).await;
    assert!(
        text.lines().last().unwrap().split_whitespace().eq(["計", "3", "1", "1", "5"]),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_listed_and_granted_by_command() {
    let app = TestApp::answered().await;
    let folder = tempfile::tempdir().unwrap();
    let cell = |band: &str| Cell {
        prefecture: prefecture(13),
        band: band.to_owned(),
    };
    let moves = [Move {
        from: cell("400+"),
        to: cell("200-399"),
        hospitals: 1,
    }];
    let permit = Permit::of(actor(&app.state, "tokyo").await).unwrap();
    let asked = done(moves::ask(&app.state, &permit, "2024", &moves, "候補が足りない", None).await);
    let id = asked.body["id"].as_str().unwrap();
    let text = said(&app.database, &folder, &["requests"], 0).await;
    assert!(
        text.contains(id) && text.contains("東京都 400床以上 → 東京都 200～399床: 1病院") && text.contains("未回答"),
        "{text}"
    );
    let text = said(&app.database, &folder, &["grant", id, "--reason", "協議のとおり"], 0).await;
    assert!(text.contains("認めた"), "{text}");
    let text = said(&app.database, &folder, &["refuse", id, "--reason", "x"], 1).await;
    assert!(text.contains("quota_request_decided"), "{text}");
    let text = said(&app.database, &folder, &["list"], 0).await;
    assert!(
        text.lines()
            .any(|line| line.split_whitespace().eq(["13", "東京都", "1", "1", "1", "3"])),
        "{text}"
    );
}
