//! `bench`: measures chosa against its parts and its peers, as ratios within one run, and prints one table. `make bench` starts it from a build with
//! optimisation; docs/performance.md holds what it printed, with the conditions. Judges nothing: a slow machine fails no test.
//!
//! It starts a private Postgres of its own in the safe setting, in a folder that is removed at the end, and the real `chosa serve` on it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a measurement that cannot be made fails by panicking; its results are for people and go to stdout"
)]

mod bare;
mod cluster;
mod coded;
mod cold;
mod commanded;
mod http;
mod http_table;
mod imports;
mod made;
mod memory;
mod pages;
mod peers;
mod pgbench;
mod quotas;
mod reading;
mod report;
mod serving;
mod statements;
mod submissions;
mod tables;
mod wishes;
mod workbooks;
mod worker;

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use futures_util::FutureExt;

use cluster::Cluster;
use report::Report;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The national bulk workbook, against its bare parts and pandas.
    Import,
    /// The same with ten times the rows.
    Tenfold,
    /// Single submissions, against pgbench with the same statements.
    Submissions,
    /// All questions by prefecture and band in memory, against DuckDB, pandas and a plain pass.
    Tables,
    /// The kernel against polars on few rows.
    BothWays,
    /// From Postgres to the first table, against a bare COPY.
    Cold,
    /// Reading workbook and micro-data, against bare writers.
    Workbooks,
    /// A table over HTTP.
    HttpTable,
    /// Pages with fifty readers, and in the browser.
    Pages,
    /// Choosing under wishes, against choosing without.
    Wishes,
    /// Quotas of the nation and of a large made country, against plain Python.
    Quotas,
    /// Choosing in all prefectures, against one table.
    Selection,
}

/// Measures chosa against its bare parts and its peers.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// 1.0 is the nation (8,171 hospitals), 0.02 a small try.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    scale: f64,
    /// Repetitions of each measurement; the table shows medians.
    #[arg(long, value_name = "N", default_value_t = 5)]
    repetitions: usize,
    /// Only these.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = What::value_variants().to_vec())]
    only: Vec<What>,
    /// The results for machines go here.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Python with pandas, python-calamine and psycopg; made in a throw-away environment if it is not named.
    #[arg(long, value_name = "PYTHON")]
    python: Option<PathBuf>,
    /// Count so many rows when told to, with the folder of the columns: a process of `tables`.
    #[arg(long, hide = true, num_args = 2, value_names = ["ROWS", "FOLDER"])]
    worker: Vec<String>,
    /// Write so many lines of micro-data into the folder: a process of `workbooks`.
    #[arg(long, hide = true, num_args = 2, value_names = ["LINES", "FOLDER"])]
    microdata: Vec<String>,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments = Arguments::parse();
    // polars may not be called from an async thread; a thread of its own is none.
    if let [rows, folder] = arguments.worker.as_slice() {
        let (rows, folder) = (rows.parse().unwrap(), PathBuf::from(folder));
        return std::thread::spawn(move || worker::run(rows, &folder)).join().unwrap();
    }
    if let [lines, folder] = arguments.microdata.as_slice() {
        println!("{}", workbooks::microdata_worker(lines.parse().unwrap(), Path::new(folder)));
        return;
    }
    let cluster = Cluster::start().await;
    // Whatever happens, no Postgres is left behind.
    let measured = AssertUnwindSafe(measure(&arguments, &cluster)).catch_unwind().await;
    cluster.stop().await;
    match measured {
        Ok(report) => report.finish(arguments.json.as_deref()),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

async fn measure(arguments: &Arguments, cluster: &Cluster) -> Report {
    let hospitals = ((made::NATION as f64 * arguments.scale).round() as usize).max(64);
    let mut report = Report::begin(hospitals, arguments.repetitions);
    let wanted = |what| arguments.only.contains(&what);
    let with_peers = [What::Import, What::Tenfold, What::Tables, What::Workbooks];
    let python = with_peers
        .into_iter()
        .any(wanted)
        .then(|| peers::python(arguments.python.as_deref(), cluster.folder()));
    let python = python.unwrap_or_default();
    if wanted(What::Import) || wanted(What::Tenfold) {
        let once = imports::nation(cluster, &python, hospitals, arguments.repetitions, &mut report).await;
        if wanted(What::Tenfold) {
            imports::tenfold(cluster, hospitals, &once, arguments.repetitions, &mut report).await;
        }
    }
    if wanted(What::Submissions) {
        submissions::measure(cluster, hospitals * 3, arguments.repetitions, &mut report).await;
    }
    let (scale, repetitions) = (arguments.scale, arguments.repetitions);
    if [What::Tables, What::BothWays, What::Workbooks].into_iter().any(wanted) {
        let (what, folder) = (arguments.only.clone(), cluster.folder().to_owned());
        // Both sides wait for processes, and polars counts: none of it on an async thread.
        let measured = std::thread::spawn(move || {
            if what.contains(&What::Tables) {
                tables::measure(&folder, &python, scale, repetitions, &mut report);
            }
            if what.contains(&What::BothWays) {
                tables::both_ways(&folder, repetitions, &mut report);
            }
            if what.contains(&What::Workbooks) {
                workbooks::measure(&folder, &python, scale, repetitions, &mut report);
            }
            report
        });
        report = measured.join().unwrap();
    }
    if wanted(What::Cold) {
        cold::measure(cluster, scale, repetitions, &mut report).await;
    }
    if wanted(What::HttpTable) {
        http_table::measure(cluster, hospitals, repetitions, &mut report).await;
    }
    if wanted(What::Pages) {
        pages::measure(cluster, arguments.scale, repetitions, &mut report).await;
    }
    if wanted(What::Wishes) {
        wishes::measure(repetitions, &mut report);
    }
    if wanted(What::Quotas) {
        quotas::quotas(cluster.folder(), arguments.python.as_deref(), repetitions, &mut report);
    }
    if wanted(What::Selection) {
        quotas::national(cluster, hospitals, repetitions, &mut report).await;
    }
    report
}
