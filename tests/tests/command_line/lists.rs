//! Programmes, candidates, lists and results by command: opened, looked at, adjusted, handed in, written as files, brought back.

use std::process::{Command, Output};

use serde_json::Value;
use tests::binary::chosa;
use tests::database::TestDatabase;

struct Desk {
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Desk {
        Desk {
            database: TestDatabase::answered().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Exit code, and what was written to stdout and stderr.
    async fn run(&self, words: &str) -> (Option<i32>, String) {
        let mut command = Command::new(chosa());
        command
            .args(words.split(' '))
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.database.application_url())
            .env("CHOSA_DATA_FOLDER", self.folder.path().join("data"))
            .env("CHOSA_LOG_FILTER", "error");
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    async fn done(&self, words: &str) -> String {
        let (code, text) = self.run(words).await;
        assert_eq!(code, Some(0), "{words}: {text}");
        text
    }

    async fn json(&self, words: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{words} --json")).await).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }
}

fn holds(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{words:?} in {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_by_command_and_its_files_are_written() {
    let desk = Desk::new().await;
    holds(
        &desk.done("list progress --program 2024").await,
        &["東京都", "作成中", "神奈川県", "受理"],
    );
    let tokyo = "--program 2024 --prefecture 13";
    let list = desk.json(&format!("list show {tokyo}")).await;
    let chosen: Vec<&str> = list["cells"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|cell| cell["chosen"].as_array().unwrap())
        .map(|one| one["gmis"].as_str().unwrap())
        .collect();
    holds(&desk.done(&format!("list show {tokyo}")).await, &["第1版", chosen[0], "補欠"]);
    // A command goes by the machine's clock, and the world's deadline is long past.
    let (code, text) = desk.run(&format!("list hand-in {tokyo}")).await;
    assert_eq!((code, text.contains("deadline_past")), (Some(1), true), "{text}");
    for prefecture in [13, 14] {
        desk.done(&format!(
            "program extend --program 2024 --prefecture {prefecture} --deadline 2090-01-01 --reason 試験"
        ))
        .await;
    }
    // One cell is short, and says so; nothing is handed in.
    let (code, text) = desk.run(&format!("list hand-in {tokyo}")).await;
    assert_eq!(code, Some(1), "{text}");
    holds(&text, &["list_not_exact", "400床以上"]);
    let dropped = desk.done(&format!("list drop {} --reason 統合 {tokyo}", chosen[0])).await;
    holds(&dropped, &["第2版", "取外し", "統合"]);
    let added = desk
        .done(&format!("list add {} --rank 1 --reason 統合の延期 {tokyo}", chosen[0]))
        .await;
    holds(&added, &["第3版", "統合の延期"]);
    holds(
        &desk.done(&format!("list history {tokyo}")).await,
        &["選定", "取外し", "追加", "system"],
    );

    let kanagawa = "--program 2024 --prefecture 14";
    holds(&desk.done(&format!("list return --reason 確認 {kanagawa}")).await, &["差戻し"]);
    holds(&desk.done(&format!("list hand-in {kanagawa}")).await, &["提出済み"]);
    holds(&desk.done(&format!("list accept {kanagawa}")).await, &["受理"]);
    for (words, name) in [
        (format!("list form {kanagawa}"), "form.xlsx"),
        ("list national --program 2024".to_owned(), "national.xlsx"),
        ("list hand-over --program 2024".to_owned(), "hand_over.xlsx"),
    ] {
        desk.done(&format!("{words} --output {name}")).await;
        let bytes = std::fs::read(desk.folder.path().join(name)).unwrap();
        assert!(bytes.starts_with(b"PK"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_in_by_command_and_a_wrong_one_is_named_with_its_cell() {
    let desk = Desk::new().await;
    let all = desk.json("result show --program 2024 --prefecture 14").await;
    let gmis = all[0]["gmis"].as_str().unwrap();
    desk.write("wrong.csv", &format!("G-MIS ID,実施状況\n{gmis},済\n"));
    let (code, text) = desk.run("result import wrong.csv --program 2024").await;
    assert_eq!(code, Some(65), "{text}");
    holds(&text, &["B2", "実施済"]);
    desk.write("kekka.csv", &format!("G-MIS ID,実施状況,調査完了日\n{gmis},実施済,2024-10-01\n"));
    holds(
        &desk.done("result import kekka.csv --dry-run --program 2024").await,
        &["取り込んでいません"],
    );
    holds(&desk.done("result import kekka.csv --program 2024").await, &["取り込みました"]);
    holds(
        &desk.done("result show --program 2024").await,
        &["神奈川県", gmis, "実施済", "2024-10-01"],
    );
    holds(&desk.done("result requests --program 2024").await, &["提供", "不提供"]);
    // Kanagawa was refused, and asks again on paper.
    let again = desk.done("result ask --program 2024 --prefecture 14 --reason 県の計画のため").await;
    holds(&again, &["回答待ち", "県の計画のため"]);
    let asked =
        "SELECT count(*) FROM audit WHERE action = 'ask_for_results' AND actor = 'prefecture' AND account_id IS NULL AND prefecture = 14";
    assert_eq!(desk.database.number(asked).await, 2);
    let open = desk.json("result requests --program 2024").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    holds(
        &desk
            .done(&format!("result grant {open} --reason 計画に用いること --program 2024"))
            .await,
        &["提供"],
    );
    let requests = desk.json("result requests --program 2024").await;
    let decided = requests[0]["id"].as_str().unwrap();
    let (code, text) = desk.run(&format!("result grant {decided} --reason 再考 --program 2024")).await;
    assert_eq!(code, Some(1), "{text}");
    holds(&text, &["result_request_decided"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_is_opened_from_a_file_and_its_candidates_are_looked_at() {
    let desk = Desk::new().await;
    desk.write("wrong.toml", "id = \"r6\"\nfiscal_year = 2024\n");
    let (code, text) = desk.run("program open wrong.toml").await;
    assert_eq!(code, Some(65), "{text}");
    desk.write(
        "r6.toml",
        "id = \"r6\"\nfiscal_year = 2025\ntitle = \"令和6年度の事業\"\nsurveys = [\"2024\"]\nuse_rule = \"実施要綱による\"\n\
         deadline = \"2025-03-14T23:59:59+09:00\"\nbanding = \"survey\"\n",
    );
    holds(&desk.done("program open r6.toml").await, &["r6", "令和6年度の事業", "survey"]);
    let (code, text) = desk.run("program open r6.toml").await;
    assert_eq!(code, Some(1), "{text}");
    holds(&text, &["program_exists"]);
    holds(&desk.done("program list").await, &["r6", "2024", "2025-03-14 23:59"]);
    let extended = desk
        .done("program extend --program r6 --prefecture 13 --deadline 2025-07-18 --reason 応募が少ないため")
        .await;
    holds(&extended, &["東京都", "2025-07-18 23:59"]);

    let tokyo = "--program 2024 --prefecture 13";
    let looked = desk.done(&format!("candidate list {tokyo}")).await;
    holds(&looked, &["候補", "SJK0001", "内訳"]);
    holds(&desk.done(&format!("candidate marks {tokyo}")).await, &["推薦", "地域の要"]);
    let excluded = desk.done(&format!("candidate exclude SJK0001 --reason 統合の予定 {tokyo}")).await;
    holds(&excluded, &["除外", "SJK0001", "統合の予定"]);
    assert!(!desk.done(&format!("candidate list {tokyo}")).await.contains("SJK0001"));
    let back = desk
        .done(&format!("candidate withdraw-exclusion SJK0001 --reason 統合の延期 {tokyo}"))
        .await;
    assert!(!back.contains("SJK0001"), "{back}");

    desk.done("candidate inspect SJK0001 --prefecture 13 --level 2 --on 2023-11-01 --note 文書指摘あり")
        .await;
    holds(
        &desk.done("candidate inspections --prefecture 13").await,
        &["SJK0001", "文書指摘あり"],
    );
    let found = desk.json("candidate inspections --prefecture 13").await;
    let id = found.as_array().unwrap().iter().find(|one| one["hospital"] == "SJK0001").unwrap()["id"]
        .as_str()
        .unwrap();
    desk.done(&format!("candidate withdraw-inspection {id} --prefecture 13 --reason 誤記"))
        .await;
    assert!(!desk.done("candidate inspections --prefecture 13").await.contains("SJK0001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_prefecture_asks_on_paper_is_entered_for_it() {
    let desk = Desk::new().await;
    let (code, text) = desk
        .run("quota ask --program 2024 --prefecture 13 --from 14:20-199 --to 14:400+ --hospitals 1 --reason 試験")
        .await;
    assert_eq!(code, Some(1), "{text}");
    holds(&text, &["quota_move_invalid"]);
    let (code, _) = desk
        .run("quota ask --program 2024 --prefecture 13 --from 20-199 --to 13:400+ --hospitals 1 --reason 試験")
        .await;
    assert_eq!(code, Some(2));
    let asked = desk
        .done("quota ask --program 2024 --prefecture 13 --from 13:400+ --to 13:200-399 --hospitals 1 --reason 候補が足りない")
        .await;
    holds(&asked, &["候補が足りない", "東京都"]);
    let entered = "SELECT count(*) FROM quota_request WHERE prefecture = 13 AND account_id IS NULL AND reason = '候補が足りない'";
    assert_eq!(desk.database.number(entered).await, 1);
}
