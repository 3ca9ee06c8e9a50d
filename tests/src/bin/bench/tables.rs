//! All questions by prefecture and band in memory: chosa against DuckDB and pandas on the same columns, and against one plain pass over the same bytes.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::coded;
use crate::commanded::Commanded;
use crate::report::{Report, median};

/// Submissions of the measurements: ten, a hundred and a thousand times the nation.
pub const ROWS: [usize; 3] = [82_000, 820_000, 8_200_000];

/// Submissions at which the kernel and polars are compared where both take little: from the nation's on.
const FEW: [usize; 6] = [1_000, 8_200, 20_000, 50_000, 82_000, 100_000];

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/count_tables.py");

/// Measures all sizes.
pub fn measure(folder: &Path, python: &Path, scale: f64, repetitions: usize, report: &mut Report) {
    let mut medians = Vec::new();
    for rows in ROWS {
        let rows = (rows as f64 * scale).round() as usize;
        medians.push((rows, of(folder, python, rows, repetitions, report)));
    }
    for pair in medians.windows(2) {
        let ((fewer, short), (more, long)) = (pair[0], pair[1]);
        let growth = (long / short) / (more as f64 / fewer as f64);
        report.add(
            format!("tables: time from {fewer} to {more} rows, by row"),
            "times",
            vec![growth],
            "linear: 1",
        );
    }
}

/// Both ways of counting on few rows: the kernel, which makes rows by prefecture and band, and polars, which makes those of prefectures only (see `worker`).
pub fn both_ways(folder: &Path, repetitions: usize, report: &mut Report) {
    for rows in FEW {
        let folder = folder.join(format!("columns_{rows}"));
        std::fs::create_dir(&folder).unwrap();
        let mut worker = Command::new(std::env::current_exe().unwrap());
        let (mut ours, _) = Commanded::start(worker.args(["--worker", &rows.to_string()]).arg(&folder));
        let (mut kernel, mut polars) = (vec![], vec![]);
        for repetition in 0..=repetitions {
            let pair = [ours.seconds("ours"), ours.seconds("polars")].map(|seconds| seconds * 1_000.0 / coded::QUESTIONS as f64);
            if repetition > 0 {
                kernel.push(pair[0]);
                polars.push(pair[1]);
            }
        }
        ours.end();
        std::fs::remove_dir_all(&folder).unwrap();
        let ratios = polars.iter().zip(&kernel).map(|(polars, kernel)| polars / kernel).collect();
        report.add(format!("{rows} rows: a table by the kernel"), "ms", kernel, "");
        report.add(format!("{rows} rows: a table by polars"), "ms", polars, "");
        report.add(format!("{rows} rows: polars / kernel"), "times", ratios, "at least 1");
    }
}

/// One size; the median of our seconds.
fn of(folder: &Path, python: &Path, rows: usize, repetitions: usize, report: &mut Report) -> f64 {
    let folder = folder.join(format!("columns_{rows}"));
    std::fs::create_dir(&folder).unwrap();
    let mut worker = Command::new(std::env::current_exe().unwrap());
    let (mut ours, ready) = Commanded::start(worker.args(["--worker", &rows.to_string()]).arg(&folder));
    let (mut peers, versions) = Commanded::start(Command::new(python).arg(PEERS).arg(&folder));
    report.condition("duckdb", versions["duckdb"].clone());
    report.condition("pandas", versions["pandas"].clone());
    report.condition(&format!("duckdb_query_of_{rows}_rows"), versions["duckdb_form"].clone());
    let expected = ours.tell("counts");
    ours.seconds("ours");
    // Before anything else is counted, and before the plain pass has its own copy of the columns.
    memory(rows, &ready, &ours.tell("memory"), report);
    for peer in ["duckdb_counts", "pandas_counts"] {
        assert_same(&expected, &peers.tell(peer), peer);
    }
    let commands = ["ours", "read", "polars", "pass", "duckdb", "pandas", "pandas_groupby"];
    let mut seconds = vec![Vec::new(); commands.len()];
    for repetition in 0..=repetitions {
        for (values, command) in seconds.iter_mut().zip(commands) {
            let side = if is_peers(command) { &mut peers } else { &mut ours };
            let taken = side.seconds(command);
            // The first time fills caches and pools on all sides.
            if repetition > 0 {
                values.push(taken);
            }
        }
    }
    ours.end();
    peers.end();
    std::fs::remove_dir_all(&folder).unwrap();
    let [counted, read, polars, pass, duckdb, pandas, groupby] = <[Vec<f64>; 7]>::try_from(seconds).unwrap();
    let ratio = |above: &[f64], below: &[f64]| above.iter().zip(below).map(|(above, below)| above / below).collect();
    let name = |what: &str| format!("{} questions x prefecture x band, {rows} rows: {what}", coded::QUESTIONS);
    let ratios: [(&str, Vec<f64>, &'static str); 7] = [
        ("DuckDB / ours", ratio(&duckdb, &counted), "at least 5 from 820,000 rows on"),
        ("pandas / ours", ratio(&pandas, &counted), "at least 50 from 820,000 rows on"),
        ("pandas, groupby / ours", ratio(&groupby, &counted), ""),
        ("DuckDB / ours, each row read", ratio(&duckdb, &read), ""),
        ("pandas / ours, each row read", ratio(&pandas, &read), ""),
        ("polars path / ours", ratio(&polars, &counted), ""),
        (
            "ours / plain pass",
            ratio(&counted, &pass),
            "at most 12 from 820,000 rows on, aim 4",
        ),
    ];
    let middle = median(&counted);
    for (what, values) in [
        ("ours", counted),
        ("ours, each row read", read),
        ("polars path", polars),
        ("plain pass", pass),
        ("DuckDB", duckdb),
        ("pandas", pandas),
        ("pandas, groupby", groupby),
    ] {
        let milliseconds = values.iter().map(|seconds| seconds * 1_000.0).collect();
        report.add(name(what), "ms", milliseconds, "");
    }
    for (what, values, target) in ratios {
        report.add(name(what), "times", values, target);
    }
    middle
}

fn is_peers(command: &str) -> bool {
    matches!(command, "duckdb" | "pandas" | "pandas_groupby")
}

/// Memory above what the process had before there was a snapshot, against the bytes of its columns: codes, places and beds, which row of the frame it is;
/// places, beds and ids of the frame.
fn memory(rows: usize, ready: &Value, counted: &Value, report: &mut Report) {
    let of_place = 1 + 4 + 4 + 2;
    let columns = (rows * (2 * of_place + 4 + 16 + coded::QUESTIONS)) as f64 / f64::from(1 << 20);
    let number = |value: &Value| value.as_f64().unwrap();
    let before = number(&ready["before"]);
    report.add(format!("{rows} rows: bytes of the columns"), "MB", vec![columns], "");
    report.add(format!("{rows} rows: snapshot made"), "s", vec![number(&ready["ready"])], "");
    let parts = [
        ("peak while the snapshot is made / columns", number(&ready["peak"]), "less than 2"),
        ("peak while tables are counted / columns", number(&counted["peak"]), "less than 2"),
    ];
    for (what, peak, target) in parts {
        report.add(format!("{rows} rows: {what}"), "times", vec![(peak - before) / columns], target);
    }
}

/// Everybody counted the same.
fn assert_same(ours: &Value, theirs: &Value, peer: &str) {
    let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
    assert_eq!(ours.len(), theirs.len(), "{peer}");
    for (cell, count) in ours {
        assert_eq!(Some(count), theirs.get(cell), "{peer}: {cell}");
    }
}
