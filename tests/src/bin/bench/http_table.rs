//! A table over HTTP from a warm snapshot of the nation: how long half and 99 of 100 requests take.

use std::time::Instant;

use crate::cluster::{Cluster, MINISTRY};
use crate::http::Connection;
use crate::report::Report;
use crate::serving::Serving;
use crate::{imports, made};

/// Requests of one repetition, over all connections.
const REQUESTS: usize = 1_000;
/// Connections: alone, and as many as the server has workers times four.
const CONNECTIONS: [usize; 2] = [1, 8];

/// Measures it.
pub async fn measure(cluster: &Cluster, hospitals: usize, repetitions: usize, report: &mut Report) {
    let template = cluster.make("http_table", hospitals).await;
    let database = cluster.copy(&template).await;
    imports::import(cluster, &database, &made::workbook(hospitals), hospitals, false).await;
    let serving = Serving::start(&database, cluster.folder());
    let bearer = serving.sign_in(MINISTRY).await.bearer().to_owned();
    let path = format!(
        "/api/v1/surveys/{}/tables?question=backup_copies&area=nation&by=prefecture_band",
        made::SURVEY
    );
    let mut size = 0;
    for connections in CONNECTIONS {
        let (mut half, mut most) = (vec![], vec![]);
        for repetition in 0..=repetitions {
            let (mut taken, bytes) = together(&serving.address, &path, &bearer, connections).await;
            size = bytes;
            taken.sort_by(f64::total_cmp);
            if repetition > 0 {
                half.push(taken[taken.len() / 2]);
                most.push(taken[taken.len() * 99 / 100]);
            }
        }
        report.add(
            format!("table over HTTP, {hospitals} hospitals, {connections} connections: p50"),
            "ms",
            half,
            "",
        );
        report.add(
            format!("table over HTTP, {hospitals} hospitals, {connections} connections: p99"),
            "ms",
            most,
            "",
        );
    }
    report.condition("bytes_of_a_table_over_http", size);
    serving.stop();
    cluster.drop(database).await;
}

/// Milliseconds of every request, and the bytes of an answer.
async fn together(address: &str, path: &str, bearer: &str, connections: usize) -> (Vec<f64>, usize) {
    let one = |_| {
        let (address, path, bearer) = (address.to_owned(), path.to_owned(), bearer.to_owned());
        tokio::spawn(async move {
            let mut connection = Connection::to(&address).await;
            let (mut taken, mut bytes) = (Vec::new(), 0);
            for _ in 0..REQUESTS / connections {
                let begin = Instant::now();
                let (status, body) = connection.get(&path, &bearer).await;
                taken.push(begin.elapsed().as_secs_f64() * 1_000.0);
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
                bytes = body.len();
            }
            (taken, bytes)
        })
    };
    let (mut all, mut size) = (Vec::new(), 0);
    for task in (0..connections).map(one).collect::<Vec<_>>() {
        let (taken, bytes) = task.await.unwrap();
        all.extend(taken);
        size = bytes;
    }
    (all, size)
}
