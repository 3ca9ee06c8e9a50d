//! Files that break readers of spreadsheets: each refused, nothing stored, and the server goes on, small.

use std::time::Instant;

use importer::hostile;
use tests::app::TestApp;
use tests::world::{NEIGHBOUR, answers_2024, survey_of};

use crate::codes;

/// Megabytes of this process, which is the server too: a line of /proc/self/status.
fn megabytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    found.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// The most memory that this process holds is counted from now on (proc(5), clear_refs).
fn forget_the_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_file_is_refused_and_the_server_goes_on() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    println!("{} MB at first", megabytes("VmRSS"));
    // Building them takes memory of its own: all of them first.
    let files = hostile::described();
    println!("{} MB of files", files.iter().map(|file| file.bytes.len()).sum::<usize>() >> 20);
    forget_the_peak();
    let small = megabytes("VmRSS");
    let mut slowest = (0, "");
    for file in files {
        for path in ["/api/v1/surveys/2024/imports", "/api/v1/surveys/2024/imports?dry_run=true"] {
            let begun = Instant::now();
            let answer = tokyo.upload(path, file.bytes.clone()).await;
            assert_eq!(answer.outcome(), "422 file_refused", "{}: {answer}", file.name);
            assert_eq!(codes(&answer.json()["faults"]), [file.code], "{}: {answer}", file.name);
            slowest = slowest.max((begun.elapsed().as_millis(), file.name));
        }
        tokyo.get("/api/v1/me").await.expect(200);
    }
    let peak = megabytes("VmHWM");
    println!("slowest: {slowest:?} ms; {small} MB before, {peak} MB at most");
    // The uploads themselves and the clones of them are a few megabytes each; unpacked they would be gigabytes.
    assert!(peak < small + 200, "{small} MB before, {peak} MB at most");
    // That somebody tried is kept, and the file for a day.
    let mut after = app.database.counts().await;
    for table in ["job", "blob"] {
        after.insert(table.to_owned(), before[table]);
    }
    assert_eq!(after, before);
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
