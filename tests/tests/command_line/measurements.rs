//! `make bench` at its smallest. What it measures is nobody's to judge here; that it still measures is.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn measurements_without_peers_still_come_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--scale", "0.002", "--repetitions", "1", "--only", "submissions,cold", "--json"])
        .arg(&results)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_slice(&std::fs::read(&results).unwrap()).unwrap();
    let measured: Vec<(&str, f64)> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["name"].as_str().unwrap(), line["median"].as_f64().unwrap()))
        .collect();
    for name in [
        "single submissions over HTTP, 64 connections",
        "submissions / pgbench",
        "1640 submissions: rate of the cold load / rate of the COPY",
    ] {
        assert!(
            measured.iter().any(|(found, median)| *found == name && *median > 0.0),
            "{name}: {measured:?}"
        );
    }
}
