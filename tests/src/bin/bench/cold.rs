//! Cold load: from nothing in memory to the first table, against a bare binary COPY of the codes to nowhere.

use std::fmt::Write as _;
use std::pin::pin;
use std::time::Instant;

use analytics::{By, TableRequest};
use bytes::Bytes;
use chrono::Utc;
use futures_util::{SinkExt, TryStreamExt};
use server::app::state::State;
use server::app::statistics;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::migrations;
use survey::area::Area;
use survey::band::Banding;
use survey::survey::Survey;
use tests::nation::state_at;
use tests::world::{done, survey_of};

use crate::cluster::{Cluster, Database};
use crate::report::Report;
use crate::{coded, made};

/// Submissions of the measurements: the nation, ten times and a hundred times.
const ROWS: [usize; 3] = [8_200, 82_000, 820_000];

/// Lines that go to COPY together.
const TOGETHER: usize = 1_000;

/// Measures all sizes.
pub async fn measure(cluster: &Cluster, scale: f64, repetitions: usize, report: &mut Report) {
    for rows in ROWS {
        let rows = (rows as f64 * scale).round() as usize;
        let database = found(cluster, rows).await;
        let (mut loads, mut copies, mut ratios) = (vec![], vec![], vec![]);
        for repetition in 0..=repetitions {
            let copy = copy(&database, rows).await;
            let load = load(&database, rows).await;
            // The first time warms Postgres' buffers for both.
            if repetition > 0 {
                loads.push(load);
                copies.push(copy);
                ratios.push(copy / load);
            }
        }
        cluster.drop(database).await;
        report.add(format!("cold load of {rows} submissions until the first table"), "s", loads, "");
        report.add(format!("bare binary COPY of the codes of {rows} submissions"), "s", copies, "");
        report.add(
            format!("{rows} submissions: rate of the cold load / rate of the COPY"),
            "times",
            ratios,
            "at least 0.6",
        );
    }
}

/// A database of the made survey of 30 questions in which everybody answered. Rows go in past triggers, as the superuser: storing is not what is measured.
async fn found(cluster: &Cluster, rows: usize) -> Database {
    let database = cluster.empty(&format!("cold_{rows}")).await;
    let migrated = migrations::run(&cluster.owner_url(&database)).await;
    migrated.unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let edition = coded::SURVEY.first_edition();
    let client = database.superuser().await;
    let staging = "SET session_replication_role = replica; CREATE UNLOGGED TABLE staging (hospital uuid DEFAULT gen_random_uuid(), \
                   submission uuid DEFAULT gen_random_uuid(), gmis text, prefecture smallint, municipality text, beds integer, codes bytea, answers jsonb)";
    client.batch_execute(staging).await.unwrap();
    let nation = made::frame(made::NATION);
    {
        let sql = "COPY staging (gmis, prefecture, municipality, beds, codes, answers) FROM STDIN";
        let mut sink = pin!(client.copy_in(sql).await.unwrap());
        for start in (0..rows).step_by(TOGETHER) {
            let mut lines = String::new();
            for row in start..rows.min(start + TOGETHER) {
                let hospital = coded::hospital(&nation, row);
                let codes = coded::codes(row);
                let municipality = hospital.municipality.as_ref().map_or("", |code| code.as_str());
                let (prefecture, beds) = (hospital.prefecture.number(), hospital.beds.number());
                let (bytes, answers) = (hex::encode(&codes), answers(&codes));
                writeln!(lines, "{row:08}\t{prefecture}\t{municipality}\t{beds}\t\\\\x{bytes}\t{answers}").unwrap();
            }
            sink.feed(Bytes::from(lines)).await.unwrap();
        }
        sink.finish().await.unwrap();
    }
    let (survey, id) = (coded::SURVEY.id(), edition.id());
    let (hash, layout) = (edition.hash(), edition.layout().hash());
    let sql = format!(
        "INSERT INTO survey (id, title) VALUES ('{survey}', '測定'); \
         INSERT INTO edition (id, survey_id, hash, layout_hash) VALUES ('{id}', '{survey}', '{hash}', '{layout}'); \
         INSERT INTO hospital (id, name, prefecture, municipality) SELECT hospital, '架空病院', prefecture, municipality FROM staging; \
         INSERT INTO frame (survey_id, hospital_id, gmis_id, name, prefecture, municipality, beds) \
         SELECT '{survey}', hospital, gmis, '架空病院', prefecture, municipality, beds FROM staging; \
         INSERT INTO submission (id, survey_id, hospital_id, prefecture, municipality, state, latest_revision, updated_at, version) \
         SELECT submission, '{survey}', hospital, prefecture, municipality, 'submitted', 1, now(), 1 FROM staging; \
         INSERT INTO revision (submission_id, number, survey_id, hospital_id, prefecture, municipality, edition_id, edition_hash, layout_hash, answers, \
         codes, entry_path, actor, receipt, received_at, version) \
         SELECT submission, 1, '{survey}', hospital, prefecture, municipality, '{id}', '{hash}', '{layout}', answers, codes, 'api', 'system', \
         gen_random_uuid(), now(), 1 FROM staging; DROP TABLE staging"
    );
    client.batch_execute(&sql).await.unwrap();
    drop(client);
    cluster.settle(&database).await;
    database
}

/// What the codes say, as it would stand beside them.
fn answers(codes: &[u8]) -> String {
    let said = codes.iter().enumerate().filter(|(_, code)| **code >= 16);
    let said = said.map(|(question, code)| {
        let option = match (coded::options(question), code - 16) {
            (2, 0) => "yes".to_owned(),
            (2, _) => "no".to_owned(),
            (_, option) => format!("option_{option}"),
        };
        format!("\"{}\": \"{option}\"", coded::key(question))
    });
    format!("{{{}}}", said.collect::<Vec<_>>().join(", "))
}

/// Seconds from a program that knows nothing to its first table. Its pool has a connection: another survey was looked at.
async fn load(database: &Database, rows: usize) -> f64 {
    let state = state_at(&database.application_url, Utc::now()).await;
    let survey: &'static Survey = &coded::SURVEY;
    first_table(&state, survey_of(made::SURVEY), "ehr_in_use").await;
    let begin = Instant::now();
    let counted = first_table(&state, survey, &coded::key(0)).await;
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(counted, rows as u64);
    seconds
}

async fn first_table(state: &State, survey: &'static Survey, question: &str) -> u64 {
    let request = TableRequest {
        question: question.into(),
        area: Area::Nation,
        by: By::PREFECTURE_BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let permit = Permit::of(Actor::system()).unwrap();
    done(statistics::table(state, &permit, survey, request).await).total.n
}

/// Seconds in which Postgres hands out the column and nobody keeps it.
async fn copy(database: &Database, rows: usize) -> f64 {
    let client = database.superuser().await;
    let begin = Instant::now();
    let out = client.copy_out("COPY revision (codes) TO STDOUT (FORMAT binary)").await.unwrap();
    let bytes = out.try_fold(0, async |sum, part| Ok(sum + part.len())).await.unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    assert!(bytes >= rows * coded::QUESTIONS);
    seconds
}
