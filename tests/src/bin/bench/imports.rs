//! The national bulk workbook, from its upload over HTTP until it is committed; its memory; and the same with ten times the rows.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::client::Client;

use crate::bare::{self, Rows};
use crate::cluster::{Cluster, Database, MINISTRY};
use crate::made;
use crate::memory::{self, Children};
use crate::peers;
use crate::report::{Report, median};
use crate::serving::Serving;

/// How often the sender asks for its job.
const LOOK: Duration = Duration::from_millis(10);

/// What later measurements compare with.
pub struct Once {
    seconds: f64,
    server: f64,
    child: f64,
}

/// One import and what it took.
pub struct Import {
    seconds: f64,
    /// Megabytes, if they were looked at.
    server: f64,
    child: f64,
}

/// The nation: against the bare parts, and against pandas.
pub async fn nation(cluster: &Cluster, python: &Path, hospitals: usize, repetitions: usize, report: &mut Report) -> Once {
    let template = cluster.make("nation", hospitals).await;
    let file = workbook(cluster, hospitals);
    report.condition("workbook_bytes", file.len());
    let mut rows = None;
    let (mut ours, mut reads, mut copies, mut ratios, mut pandas, mut times) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for repetition in 0..repetitions {
        let database = cluster.copy(&template).await;
        let import = import(cluster, &database, &file, hospitals, false).await;
        if rows.is_none() {
            rows = Some(Rows::of(&database, &template).await);
        }
        cluster.drop(database).await;
        let (read, cells) = bare::read(&file);
        if repetition == 0 {
            report.condition("workbook_cells", cells);
        }
        let copy = rows.as_ref().unwrap().copy(cluster, &template).await;
        let peer = peers::pandas(cluster, &template, python, &workbook_path(cluster, hospitals), hospitals).await;
        ratios.push(import.seconds / (read + copy));
        times.push(peer / import.seconds);
        ours.push(import.seconds);
        reads.push(read);
        copies.push(copy);
        pandas.push(peer);
    }
    let (servers, children) = memories(cluster, &template, &file, hospitals, repetitions).await;
    let seconds = report.add(format!("import of {hospitals} hospitals, upload to committed"), "s", ours, "");
    report.add("bare streaming read of the same file (calamine)", "s", reads, "");
    report.add("bare COPY of the same rows", "s", copies, "");
    report.add("import / (read + COPY)", "times", ratios, "at most 3, aim 2");
    report.add("pandas, the same evaluation in Python, psycopg's COPY", "s", pandas, "");
    report.add("pandas / import", "times", times, "at least 5");
    let server = report.add("largest resident set of the server", "MB", servers, "");
    let child = report.add("largest resident set of the child", "MB", children, "");
    Once { seconds, server, child }
}

/// Ten times the rows.
pub async fn tenfold(cluster: &Cluster, hospitals: usize, once: &Once, repetitions: usize, report: &mut Report) {
    let hospitals = hospitals * 10;
    let template = cluster.make("tenfold", hospitals).await;
    let file = workbook(cluster, hospitals);
    report.condition("tenfold_workbook_bytes", file.len());
    let repetitions = repetitions.div_ceil(2);
    let mut ours = vec![];
    for _ in 0..repetitions {
        let database = cluster.copy(&template).await;
        ours.push(import(cluster, &database, &file, hospitals, false).await.seconds);
        cluster.drop(database).await;
    }
    let (servers, children) = memories(cluster, &template, &file, hospitals, repetitions).await;
    let seconds = report.add(format!("import of {hospitals} hospitals"), "s", ours, "");
    report.add("tenfold: time", "times", vec![seconds / once.seconds], "10");
    let (server, child) = (median(&servers) / once.server, median(&children) / once.child);
    report.add("tenfold: largest resident set of the server", "MB", servers, "");
    report.add("tenfold: largest resident set of the child", "MB", children, "");
    report.add("tenfold: memory of the server", "times", vec![server], "less than 2");
    report.add("tenfold: memory of the child", "times", vec![child], "less than 2");
}

/// Memory is looked at in imports of their own, because looking takes time.
async fn memories(cluster: &Cluster, template: &Database, file: &[u8], hospitals: usize, repetitions: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut servers, mut children) = (vec![], vec![]);
    for _ in 0..repetitions {
        let database = cluster.copy(template).await;
        let import = import(cluster, &database, file, hospitals, true).await;
        servers.push(import.server);
        children.push(import.child);
        cluster.drop(database).await;
    }
    (servers, children)
}

/// Starts a server, sends the file, and waits until everybody's answers are committed.
pub async fn import(cluster: &Cluster, database: &Database, file: &[u8], hospitals: usize, watched: bool) -> Import {
    let serving = Serving::start(database, cluster.folder());
    let client = serving.sign_in(MINISTRY).await;
    let children = watched.then(|| Children::of(serving.process()));
    let body = file.to_vec();
    let begin = Instant::now();
    let answer = client.upload(&format!("/api/v1/surveys/{}/imports", made::SURVEY), body).await;
    let result = match answer.status {
        202 => followed(&client, answer.header("location")).await,
        _ => answer.expect(201),
    };
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(result["accepted"], hospitals, "{} {}", result["rejected"], result["faults"]);
    let server = memory::peak(serving.process()).unwrap();
    let child = children.map_or(0.0, Children::peak);
    serving.stop();
    assert_eq!(database.number("SELECT count(*) FROM revision").await, hospitals as i64);
    Import { seconds, server, child }
}

/// The answer of a job that a request was sent away with, when it is done.
pub async fn followed(client: &Client, place: &str) -> Value {
    loop {
        let mut job = client.get(place).await.expect(200);
        match job["state"].as_str() {
            Some("done") => return job["result"].take(),
            Some("failed") => panic!("the import failed: {}", job["problem"]),
            _ => tokio::time::sleep(LOOK).await,
        }
    }
}

fn workbook_path(cluster: &Cluster, hospitals: usize) -> PathBuf {
    cluster.folder().join(format!("answers_{hospitals}.xlsx"))
}

fn workbook(cluster: &Cluster, hospitals: usize) -> Vec<u8> {
    let file = made::workbook(hospitals);
    std::fs::write(workbook_path(cluster, hospitals), &file).unwrap();
    file
}
