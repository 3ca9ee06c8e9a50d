//! Accounts in bulk and reminders by command: a list with a wrong line, mails to a real SMTP server, a dry run, the list to print, exit codes.

use std::process::{Command, Output};

use calamine::{Reader, Xlsx};
use tests::binary::chosa;
use tests::database::TestDatabase;
use tests::smtp::SmtpServer;

struct Place {
    database: TestDatabase,
    folder: tempfile::TempDir,
    smtp: SmtpServer,
}

impl Place {
    async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(chosa());
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.database.application_url())
            .env("CHOSA_DATA_FOLDER", self.folder.path().join("data"))
            .env("CHOSA_LOG_FILTER", "error")
            .env("CHOSA_PUBLIC_URL", "https://chosa.example.jp/")
            .env("CHOSA_SMTP_HOST", "127.0.0.1")
            .env("CHOSA_SMTP_PORT", self.smtp.port().to_string())
            .env("CHOSA_SMTP_FROM", "survey@example.jp");
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hospitals_are_enrolled_reminded_and_listed_on_paper() {
    let place = Place {
        database: TestDatabase::world().await,
        folder: tempfile::tempdir().unwrap(),
        smtp: SmtpServer::start().await,
    };
    let list = "G-MIS ID,メールアドレス\nTKY0001,desk@example.jp\nCYD0001,gone@example.jp\nZZZ9999,a@example.jp\nKNG0001,desk\n";
    std::fs::write(place.folder.path().join("list.csv"), list).unwrap();
    place.smtp.refuse("gone@example.jp", 550);

    let (code, text) = place.run(&["account", "enrol", "--list", "list.csv"]).await;
    let said = [
        "TKY0001 desk@example.jp アカウントを作りました",
        "ZZZ9999 a@example.jp このG-MIS IDの病院はありません",
        "メールアドレスの形式",
    ];
    assert!(code == Some(65) && said.iter().all(|words| text.contains(words)), "{code:?} {text}");
    let (code, text) = place.run(&["mail", "send"]).await;
    assert!(
        code == Some(0) && text.contains("送信: 1通") && text.contains("宛先不明: 1通"),
        "{text}"
    );
    assert!(
        place.smtp.arrived_for("desk@example.jp")[0]
            .body
            .contains("https://chosa.example.jp/enrol/")
    );
    let (code, text) = place.run(&["account", "enrolments", "--state", "undeliverable"]).await;
    assert!(
        code == Some(0) && text.contains("gone@example.jp") && !text.contains("desk@"),
        "{text}"
    );

    let remind = ["remind", "--survey", "2024", "--area", "13"];
    let (code, text) = place.run(&[&remind[..], &["--dry-run"]].concat()).await;
    let said = [
        "宛先: desk@example.jp",
        "試験TKY0001病院 ご担当者様",
        "宛先不明: gone@example.jp",
        "何も送っていません",
    ];
    assert!(code == Some(0) && said.iter().all(|words| text.contains(words)), "{text}");
    assert_eq!(
        place
            .database
            .number("SELECT count(*) FROM outbox WHERE purpose = 'reminder'")
            .await,
        0
    );
    for expected in ["今回 1通", "今回 0通"] {
        let (code, text) = place.run(&remind).await;
        assert!(code == Some(0) && text.contains(expected), "{text}");
    }
    let (code, text) = place.run(&["mail", "send", "--json"]).await;
    assert!(code == Some(0) && text.contains("\"sent\": 1"), "{text}");
    assert_eq!(place.smtp.arrived_for("desk@example.jp").len(), 2);

    let (code, text) = place.run(&[&remind[..], &["--print", "list.xlsx"]].concat()).await;
    assert_eq!(code, Some(0), "{text}");
    let bytes = std::fs::read(place.folder.path().join("list.xlsx")).unwrap();
    let mut workbook = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<String> = range
        .rows()
        .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    assert!(
        rows[0].starts_with("所在地|医療機関名|G-MIS ID|許可病床数|病床規模区分"),
        "{rows:?}"
    );
    assert!(
        rows.iter()
            .any(|row| row.contains("試験CYD0001病院|CYD0001|30|20～99床|未回答") && row.contains("gone@example.jp（不達）")),
        "{rows:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_nothing_is_sent_and_the_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = tests::binary::command();
    command.args(["mail", "send"]).env("CHOSA_DATA_FOLDER", folder.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("CHOSA_SMTP_HOST"));
}
