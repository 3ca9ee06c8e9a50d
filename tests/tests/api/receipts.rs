//! Signed receipts: of a submission, a proxy entry, a file and a batch; verified by the endpoint and by the program, also after the key was replaced.

use std::io::Write;
use std::process::Output;

use secrecy::SecretSlice;
use serde_json::{Value, json};
use server::auth::receipt::ReceiptKey;
use server::startup;
use sha2::{Digest, Sha256};
use tests::app::{RECEIPT_SECRET, TestApp, parts};
use tests::client::{Client, new_key};
use tests::files::csv;
use tests::world::{Hospital, NEIGHBOUR, OTHER_WARD, OWN, answers_2024, but, survey_of};

use crate::{body, revisions};

const VERIFY: &str = "/api/v1/receipts/verify";

fn receipt_of(hospital: Hospital, revision: i32) -> String {
    format!("/api/v1/surveys/2024/hospitals/{}/revisions/{revision}/receipt", hospital.gmis)
}

async fn valid(client: &Client, receipt: &Value) -> bool {
    client.post(VERIFY, receipt).await.expect(200)["valid"].as_bool().unwrap()
}

/// The body of a submission without what is not on its receipt.
fn on_the_receipt(mut submitted: Value) -> Value {
    for field in ["state", "unchanged", "warnings"] {
        submitted.as_object_mut().unwrap().remove(field);
    }
    submitted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_gives_a_receipt_that_anybody_can_verify_and_that_can_be_had_again() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let sent = body(answers_2024());
    let submitted = hospital.submit(&revisions("2024", OWN), &sent).await.expect(201);
    assert_eq!(
        submitted["received_sha256"],
        hex::encode(Sha256::digest(serde_json::to_vec(&sent).unwrap()))
    );
    assert_eq!(submitted["edition_hash"], survey_of("2024").first_edition().hash());
    // As it was given, with what is not signed beside it.
    assert!(valid(&app.nobody(), &submitted).await);
    let again = hospital.get(&receipt_of(OWN, 1)).await.expect(200);
    assert_eq!(again, on_the_receipt(submitted.clone()));

    // The same answers once more, otherwise spelt: the receipt is that of what is there.
    let unchanged = hospital
        .submit(&revisions("2024", OWN), &json!({"answers": answers_2024(), "edition": "first"}))
        .await
        .expect(200);
    assert_eq!(on_the_receipt(unchanged), again);
    hospital.get(&receipt_of(OWN, 2)).await.refused(404, "revision_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_to_a_receipt_shows() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let receipt = on_the_receipt(hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201));
    for (field, value) in receipt.as_object().unwrap() {
        let mut forged = receipt.clone();
        forged[field] = match field.as_str() {
            "revision" => json!(2),
            "receipt" => json!(uuid::Uuid::new_v4()),
            "received_at" => json!("2024-02-10T00:00:01Z"),
            _ => json!(format!("{}0", value.as_str().unwrap())),
        };
        assert!(!valid(&app.nobody(), &forged).await, "{field}");
    }
    app.nobody()
        .post(VERIFY, &json!({"receipt": "x"}))
        .await
        .refused(400, "body_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_batches_and_proxy_entries_have_receipts_too() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let file = csv(survey_of("2024").first_edition(), &[(OWN.gmis, answers_2024())]);
    tokyo.upload("/api/v1/surveys/2024/imports", file.clone()).await.expect(201);
    let line = json!({"hospital": NEIGHBOUR.gmis, "answers": answers_2024()}).to_string();
    let batch = tokyo.upload("/api/v1/surveys/2024/batches", line.clone()).await.expect(200);
    let single = body(but(answers_2024(), "mds_sds_checked", "no_answer"));
    tokyo.submit(&revisions("2024", OTHER_WARD), &single).await.expect(201);
    let sent = [
        (OWN, file),
        (NEIGHBOUR, line.into_bytes()),
        (OTHER_WARD, serde_json::to_vec(&single).unwrap()),
    ];
    for (hospital, sent) in sent {
        let receipt = tokyo.get(&receipt_of(hospital, 1)).await.expect(200);
        assert_eq!(receipt["received_sha256"], hex::encode(Sha256::digest(&sent)), "{}", hospital.gmis);
        assert_eq!(receipt["entry_path"], "proxy");
        assert!(valid(&app.nobody(), &receipt).await);
        if hospital.gmis == NEIGHBOUR.gmis {
            assert_eq!(receipt["receipt"], batch["receipt"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_still_verifies_its_receipts() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let receipt = hospital.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(201);
    let mut parts = parts(&app.database.application_url(), app.clock.clone());
    parts.receipt_secret = SecretSlice::from(vec![3; 32]);
    let replaced = startup::state(&parts)
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let finding = server::app::receipts::verify(&replaced, &serde_json::from_value(receipt.clone()).unwrap()).await;
    assert_eq!(
        finding.unwrap_or_else(|error| panic!("{}", error.for_operator())),
        server::app::receipts::Finding::Valid
    );
    let keys = app.nobody().get("/api/v1/receipt-keys").await.expect(200);
    assert_eq!(keys.as_array().map(Vec::len), Some(2));
    let stranger = json!({"key": "0123456789abcdef"});
    let mut unknown = receipt;
    unknown["key"] = stranger["key"].clone();
    assert!(!valid(&app.nobody(), &unknown).await);
}

async fn chosa(arguments: Vec<String>, receipt: Vec<u8>) -> Output {
    let run = move || {
        let mut child = std::process::Command::new(tests::binary::chosa())
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&receipt).unwrap();
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_verifies_without_a_server() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let line = json!({"hospital": OWN.gmis, "answers": answers_2024()}).to_string();
    let path = "/api/v1/surveys/2024/batches";
    tokyo
        .request(reqwest::Method::POST, path)
        .key(new_key())
        .bytes(line.clone())
        .send()
        .await
        .expect(200);
    let receipt = tokyo.get(&receipt_of(OWN, 1)).await.expect(200);
    let key = ReceiptKey::new(&SecretSlice::from(RECEIPT_SECRET.to_vec())).unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let key = key.public().hex();
    let arguments = |more: &[&str]| {
        ["receipt", "verify", "-", "--key", key.as_str()]
            .iter()
            .chain(more)
            .map(|argument| (*argument).to_owned())
            .collect::<Vec<_>>()
    };
    let text = |output: &Output| String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();

    let output = chosa(arguments(&[]), receipt.to_string().into_bytes()).await;
    assert!(output.status.success() && text(&output).contains("代行入力"), "{}", text(&output));
    let mut sent = tempfile::NamedTempFile::new().unwrap();
    sent.write_all(line.as_bytes()).unwrap();
    let with_file = arguments(&["--sent", &sent.path().display().to_string(), "--json"]);
    let output = chosa(with_file.clone(), receipt.to_string().into_bytes()).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["valid"],
        true,
        "{}",
        text(&output)
    );
    sent.write_all(b" ").unwrap();
    let output = chosa(with_file, receipt.to_string().into_bytes()).await;
    assert_eq!(
        (output.status.code(), text(&output).contains("違います")),
        (Some(65), true),
        "{}",
        text(&output)
    );
    let mut forged = receipt.clone();
    forged["hospital"] = json!(OTHER_WARD.gmis);
    let output = chosa(arguments(&[]), forged.to_string().into_bytes()).await;
    assert_eq!(
        (output.status.code(), text(&output).contains("書き換えられています")),
        (Some(65), true),
        "{}",
        text(&output)
    );
    let output = chosa(arguments(&[]), b"{}".to_vec()).await;
    assert_eq!(output.status.code(), Some(65), "{}", text(&output));
}
