//! The examples of `docs/examples`, run as they are printed, against a real server.

use std::io::Write;
use std::process::Output;

use serde_json::json;
use tests::app::TestApp;
use tests::world::{CLIENT, CLIENT_SECRET, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but};

async fn run(app: &TestApp, example: &str, lines: &str) -> Output {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/examples")
        .join(example);
    let base = app.base.clone();
    let run = move || {
        let mut command = std::process::Command::new(program);
        command.args(["2024".as_ref(), file.path().as_os_str()]);
        command
            .env("CHOSA_URL", base)
            .env("CHOSA_CLIENT_ID", CLIENT)
            .env("CHOSA_CLIENT_SECRET", CLIENT_SECRET);
        command.output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn lines() -> String {
    let line = |gmis: &str, answers| json!({"hospital": gmis, "answers": answers}).to_string();
    [
        line(OWN.gmis, answers_2024()),
        line(NEIGHBOUR.gmis, but(answers_2024(), "ehr_in_use", "maybe")),
        line(OTHER_WARD.gmis, answers_2024()),
    ]
    .join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_with_curl_sends_a_batch() {
    let app = TestApp::spawn().await;
    for replayed in ["false", "true"] {
        let output = run(&app, "submit_batch.sh", &lines()).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert_eq!(text.matches("\"verdict\":\"accepted\"").count(), 2, "{text}");
        assert!(
            text.lines()
                .next()
                .is_some_and(|line| line.contains(&format!("\"replayed\":{replayed}"))),
            "{text}"
        );
    }
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_with_python_says_what_to_mend() {
    let app = TestApp::spawn().await;
    let output = run(&app, "submit_batch.py", &lines()).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("ehr_in_use") && text.contains("選択肢から選んでください"), "{text}");
    let mended = lines().replace("maybe", "yes");
    let output = run(&app, "submit_batch.py", &mended).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 3);
}
