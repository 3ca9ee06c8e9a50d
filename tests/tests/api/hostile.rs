//! Files that break readers of spreadsheets: each refused, nothing stored, and the server goes on, small.

use std::time::Instant;

use importer::hostile;
use tests::app::TestApp;
use tests::world::{NEIGHBOUR, answers_2024, survey_of};

use crate::codes;

/// Megabytes of memory that this process, which is the server too, holds now.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_file_is_refused_and_the_server_goes_on() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    // Building them takes memory of its own: all of them first.
    let files = hostile::described();
    let small = resident();
    let mut slowest = ("", 0);
    for file in files {
        let begun = Instant::now();
        for path in ["/api/v1/surveys/2024/imports", "/api/v1/surveys/2024/imports?dry_run=true"] {
            let answer = tokyo.upload(path, file.bytes.clone()).await;
            assert_eq!(answer.outcome(), "422 file_refused", "{}: {answer}", file.name);
            assert_eq!(codes(&answer.json()["faults"]), [file.code], "{}: {answer}", file.name);
        }
        slowest = slowest.max((file.name, begun.elapsed().as_millis()));
        tokyo.get("/api/v1/me").await.expect(200);
    }
    println!("slowest: {slowest:?}; {small} MB before, {} MB after", resident());
    assert!(resident() < small + 200, "{small} MB before, {} MB after", resident());
    assert_eq!(app.database.counts().await, before);
    let rows = [(NEIGHBOUR.gmis, answers_2024())];
    let good = tests::files::csv(survey_of("2024").first_edition(), &rows);
    assert_eq!(tokyo.upload("/api/v1/surveys/2024/imports", good).await.expect(201)["accepted"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_hostile_files_at_once_do_not_keep_others_from_working() {
    let app = TestApp::spawn().await;
    let (tokyo, hospital) = (app.sign_in("tokyo").await, app.sign_in("hospital").await);
    let bomb = hostile::described().into_iter().find(|file| file.name == "bomb.xlsx").unwrap();
    let uploads = (0..4).map(|_| tokyo.upload("/api/v1/surveys/2024/imports", bomb.bytes.clone()));
    let others = (0..20).map(|_| hospital.get("/api/v1/surveys"));
    let (refused, read) = tokio::join!(futures_util::future::join_all(uploads), futures_util::future::join_all(others));
    for answer in refused {
        answer.refused(422, "file_refused");
    }
    for answer in read {
        answer.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_above_the_limit_is_refused_before_it_is_read() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let refused = tokyo.upload("/api/v1/surveys/2024/imports", vec![b'x'; (32 << 20) + 1]).await;
    refused.refused(413, "body_too_large");
    assert_eq!(app.database.counts().await, before);
}
