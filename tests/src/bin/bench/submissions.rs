//! Single submissions over HTTP: each by its own hospital with its own session and idempotency key, evaluated, recorded, audited and durable when it is
//! answered. Against pgbench with the statements that the server sends for one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::{Cluster, Database};
use crate::http::Connection;
use crate::made;
use crate::pgbench::Script;
use crate::report::Report;
use crate::serving::Serving;
use crate::statements;

/// Connections of the driver, and clients of pgbench.
pub const CONNECTIONS: usize = 64;
/// Submissions before the clock starts: pools fill, plans are made.
const WARMING: usize = 1_000;

/// A submission that is ready to be sent.
pub struct Ready {
    /// Whose.
    pub gmis: String,
    /// Where to.
    pub path: String,
    /// The session of the hospital's account.
    pub bearer: String,
    /// Used once.
    pub key: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// Measures both.
pub async fn measure(cluster: &Cluster, hospitals: usize, repetitions: usize, report: &mut Report) {
    let template = cluster.make("submissions", hospitals).await;
    make_sessions(&template).await;
    cluster.settle(&template).await;
    let ready = Arc::new(ready(hospitals));
    // A number of its prefecture that stands for nothing else, and a municipality, so that both are known again among the values.
    let logged = made::frame(hospitals)
        .iter()
        .position(|one| one.prefecture.number() > 20 && one.municipality.is_some());
    let logged = &ready[logged.unwrap()];
    let sent = statements::of_one_submission(cluster, &template, logged).await;
    let script = Script::of(&sent, logged, &template).await;
    report.condition("statements_of_a_submission", script.statements());
    let warming = WARMING.min(hospitals / 2);
    let (mut ours, mut theirs, mut ratios, mut half, mut most) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..repetitions {
        let run = run(cluster, &template, &ready, warming).await;
        let peer = script.run(cluster, &template, hospitals).await;
        eprintln!("submissions: {:.0}/s against pgbench {peer:.0}/s", run.rate);
        ratios.push(run.rate / peer);
        ours.push(run.rate);
        theirs.push(peer);
        half.push(run.percentile(50));
        most.push(run.percentile(99));
    }
    report.add(format!("single submissions over HTTP, {CONNECTIONS} connections"), "/s", ours, "");
    report.add("the same: half are answered within (p50)", "ms", half, "");
    report.add("the same: 99 of 100 are answered within (p99)", "ms", most, "");
    report.add(format!("pgbench -c {CONNECTIONS} with the same statements"), "/s", theirs, "");
    report.add("submissions / pgbench", "times", ratios, "at least 0.5, aim 0.7");
}

/// An account and a session for every hospital of the frame. By SQL: hashing that many passwords is not what is measured.
async fn make_sessions(database: &Database) {
    let sql = "INSERT INTO account (id, login, password_hash, role, hospital_id) \
               SELECT gen_random_uuid(), 'bench-' || lower(gmis_id), 'none', 'hospital', hospital_id FROM frame; \
               INSERT INTO session (token_hash, account_id, created_at, expires_at, last_seen) \
               SELECT sha256(convert_to('chosa_bench-' || f.gmis_id, 'UTF8')), a.id, now(), now() + interval '12 hours', now() \
               FROM account a JOIN frame f USING (hospital_id)";
    database.superuser().await.batch_execute(sql).await.unwrap();
}

fn ready(hospitals: usize) -> Vec<Ready> {
    let ready = |(gmis, answers): (String, Value)| Ready {
        path: format!("/api/v1/surveys/{}/hospitals/{gmis}/revisions", made::SURVEY),
        bearer: format!("chosa_bench-{gmis}"),
        key: format!("bench-key-{gmis}"),
        body: json!({"answers": answers}).to_string().into_bytes(),
        gmis,
    };
    made::answers(hospitals).into_iter().map(ready).collect()
}

struct Run {
    rate: f64,
    /// Milliseconds, sorted.
    latencies: Vec<f64>,
}

impl Run {
    fn percentile(&self, percent: usize) -> f64 {
        self.latencies[(self.latencies.len() * percent / 100).min(self.latencies.len() - 1)]
    }
}

async fn run(cluster: &Cluster, template: &Database, ready: &Arc<Vec<Ready>>, warming: usize) -> Run {
    let database = cluster.copy(template).await;
    let serving = Serving::start(&database, cluster.folder());
    drive(&serving.address, ready, 0..warming).await;
    let begin = Instant::now();
    let latencies = drive(&serving.address, ready, warming..ready.len()).await;
    let seconds = begin.elapsed().as_secs_f64();
    serving.stop();
    assert_eq!(database.number("SELECT count(*) FROM revision").await, ready.len() as i64);
    cluster.drop(database).await;
    let mut latencies: Vec<f64> = latencies.iter().map(|latency| latency.as_secs_f64() * 1_000.0).collect();
    latencies.sort_by(f64::total_cmp);
    Run {
        rate: latencies.len() as f64 / seconds,
        latencies,
    }
}

/// Sends these, each connection its next as soon as its last is answered.
async fn drive(address: &str, ready: &Arc<Vec<Ready>>, range: std::ops::Range<usize>) -> Vec<Duration> {
    let next = Arc::new(AtomicUsize::new(range.start));
    let sender = || {
        let (next, ready, address) = (Arc::clone(&next), Arc::clone(ready), address.to_owned());
        tokio::spawn(async move {
            let mut connection = Connection::to(&address).await;
            let mut latencies = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= range.end {
                    return latencies;
                }
                let one = &ready[index];
                let begin = Instant::now();
                let (status, body) = connection.post(&one.path, &one.bearer, &one.key, &one.body).await;
                latencies.push(begin.elapsed());
                assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
            }
        })
    };
    let senders: Vec<_> = (0..CONNECTIONS).map(|_| sender()).collect();
    let mut latencies = Vec::new();
    for sender in senders {
        latencies.extend(sender.await.unwrap());
    }
    latencies
}
