//! Writing workbooks: the reading workbook (`reading`), and micro-data of a million rows against Python's XlsxWriter in its mode of constant memory.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use analytics::micro::{self, MicroData, Unit};
use calamine::{Reader, Xlsx};
use serde_json::{Value, json};

use crate::report::Report;
use crate::{coded, made, memory, reading};

/// Lines of the large workbook.
const LINES: usize = 1_000_000;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/write_microdata.py");

/// Measures both.
pub fn measure(folder: &Path, python: &Path, scale: f64, repetitions: usize, report: &mut Report) {
    reading::measure(repetitions, report);
    let lines = (LINES as f64 * scale).round() as usize;
    microdata(folder, python, lines, repetitions, report);
}

fn microdata(folder: &Path, python: &Path, lines: usize, repetitions: usize, report: &mut Report) {
    let (csv, ours) = (folder.join("microdata.csv"), folder.join("microdata.xlsx"));
    let run = |program: &mut Command| -> Value {
        let output = program.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (mut own, mut theirs, mut ratios, mut peaks, mut ends) = (vec![], vec![], vec![], vec![], vec![]);
    // Minutes each: the spread is small beside the ratio.
    for _ in 0..repetitions.div_ceil(2) {
        let mut worker = Command::new(std::env::current_exe().unwrap());
        let said = run(worker.args(["--microdata", &lines.to_string()]).arg(folder));
        let peer = run(Command::new(python).arg(PEER).arg(&csv).arg(folder.join("peer.xlsx")));
        report.condition("xlsxwriter", peer["xlsxwriter"].clone());
        let number = |value: &Value| value.as_f64().unwrap();
        ratios.push(number(&peer["seconds"]) / number(&said["seconds"]));
        own.push(number(&said["seconds"]));
        theirs.push(number(&peer["seconds"]));
        peaks.push(number(&said["peak"]) - number(&said["before"]));
        ends.push(number(&said["bytes"]));
    }
    // The streaming count of the same cells: nothing is lost.
    let rows = rows_of(&std::fs::read(&ours).unwrap());
    assert_eq!(rows, lines + 1, "a heading and every line");
    report.add(format!("micro-data workbook of {lines} lines"), "s", own, "");
    report.add("the same by Python's XlsxWriter, constant_memory", "s", theirs, "");
    report.add("XlsxWriter / ours", "times", ratios, "at least 5");
    report.add(
        "memory that the workbook took above the answers themselves",
        "MB",
        peaks,
        "constant",
    );
    report.add("of that, the finished file", "MB", ends, "");
}

fn rows_of(file: &[u8]) -> usize {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let name = workbook.sheet_names()[0].clone();
    let mut reader = workbook.worksheet_cells_reader(&name).unwrap();
    let mut last = 0;
    while let Some(cell) = reader.next_cell().unwrap() {
        last = cell.get_position().0 as usize;
    }
    last + 1
}

/// The process of its own that writes micro-data, and says how long that took and how much memory.
pub fn microdata_worker(lines: usize, folder: &Path) -> Value {
    let nation = made::frame(made::NATION);
    let unit = |row: usize| Unit {
        identity: None,
        prefecture: coded::hospital(&nation, row).prefecture,
        beds: coded::hospital(&nation, row).beds,
        codes: coded::codes(row),
    };
    let data = MicroData::new(&coded::SURVEY, coded::as_of(), (0..lines).map(unit).collect()).unwrap();
    std::fs::write(folder.join("microdata.csv"), micro::csv(&data).unwrap()).unwrap();
    let before = memory::resident();
    memory::forget_peak();
    let begin = Instant::now();
    let file = micro::workbook(&data).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    let peak = memory::peak(std::process::id());
    std::fs::write(folder.join("microdata.xlsx"), &file).unwrap();
    json!({"seconds": seconds, "before": before, "peak": peak, "bytes": file.len() as f64 / f64::from(1 << 20)})
}
