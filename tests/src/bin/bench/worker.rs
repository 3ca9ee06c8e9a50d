//! The side of chosa in the measurements of tables in memory: a process of its own, so that its memory is nobody else's, which counts when it is told to.
//!
//! Commands are lines on stdin, answers are JSON lines on stdout: `ours`, `read` (the same with each row made), `polars`, `pass` (seconds), `memory` (megabytes), `counts` (what was counted, to be
//! compared with the peers). It ends with its input.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use analytics::{By, Dimension, Snapshot, Table, TableRequest, tables};
use serde_json::{Map, Value, json};
use survey::area::Area;
use survey::band::Banding;

use crate::{coded, made, memory};

/// Serves commands until there is no more.
pub fn run(rows: usize, folder: &Path) {
    write_columns(rows, folder);
    let before = memory::resident();
    memory::forget_peak();
    let begin = Instant::now();
    let snapshot = coded::snapshot(rows);
    say(
        &json!({"ready": begin.elapsed().as_secs_f64(), "before": before, "resident": memory::resident(), "peak": memory::peak(std::process::id())}),
    );
    memory::forget_peak();
    let mut plain = Vec::new();
    for line in std::io::stdin().lock().lines() {
        match line.unwrap().as_str() {
            "ours" => say(&json!({"seconds": timed(|| drop(counted(&snapshot, By::PREFECTURE_BAND)))})),
            // With each row made, as who prints all of them would have it.
            "read" => say(&json!({"seconds": timed(|| {
                let tables = counted(&snapshot, By::PREFECTURE_BAND);
                std::hint::black_box(tables.iter().map(|table| table.rows.iter().count()).sum::<usize>());
            })})),
            // What tells municipalities apart is counted by polars; here there are none, so that its cells are the same.
            "polars" => say(&json!({"seconds": timed(|| drop(counted(&snapshot, By::cross(&[Dimension::Municipality]).unwrap())))})),
            "memory" => say(&json!({"peak": memory::peak(std::process::id()), "resident": memory::resident()})),
            "pass" => {
                if plain.is_empty() {
                    plain = columns(folder);
                }
                say(&json!({"seconds": timed(|| { std::hint::black_box(pass(&plain)); })}));
            }
            "counts" => say(&counts(&counted(&snapshot, By::PREFECTURE_BAND))),
            other => panic!("{other:?} is no command"),
        }
    }
}

fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").unwrap();
    out.flush().unwrap();
}

fn timed(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

/// All questions by the public way in.
fn counted(snapshot: &Snapshot, by: By) -> Vec<Table> {
    let request = |question| TableRequest {
        question: coded::key(question).as_str().into(),
        area: Area::Nation,
        by,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let requests: Vec<TableRequest> = (0..coded::QUESTIONS).map(request).collect();
    tables(snapshot, &requests).unwrap()
}

/// Every cell that is not zero: `question/prefecture/band/code`.
fn counts(tables: &[Table]) -> Value {
    let mut counts = Map::new();
    for (question, table) in tables.iter().enumerate() {
        for row in &table.rows {
            let place = |dimension| {
                row.names
                    .place
                    .iter()
                    .find(|value| value.dimension == dimension)
                    .unwrap()
                    .key
                    .clone()
            };
            let (prefecture, band) = (place(Dimension::Prefecture), place(Dimension::Band));
            let ranges = survey::bands::Bands::from(Banding::Survey).ranges();
            let band = ranges.iter().position(|range| range.key == band).unwrap();
            let prefecture: u8 = prefecture.parse().unwrap();
            let states = [row.not_asked, row.blank, row.no_answer].into_iter().zip(0_u8..);
            let options = row.options.iter().map(|option| option.count).zip(16_u8..);
            for (count, code) in states.chain(options).filter(|(count, _)| *count > 0) {
                counts.insert(format!("{question}/{prefecture}/{band}/{code}"), json!(count));
            }
        }
    }
    Value::Object(counts)
}

/// The same columns as files of plain numbers, for the peers and the plain pass.
fn write_columns(rows: usize, folder: &Path) {
    let nation = made::frame(made::NATION);
    let file = |name: &str| std::io::BufWriter::new(std::fs::File::create(folder.join(name)).unwrap());
    let (mut prefectures, mut beds) = (file("prefecture.u8"), file("beds.u16"));
    let mut codes: Vec<_> = (0..coded::QUESTIONS)
        .map(|question| file(&format!("{}.u8", coded::key(question))))
        .collect();
    for row in 0..rows {
        let hospital = coded::hospital(&nation, row);
        prefectures.write_all(&[hospital.prefecture.number()]).unwrap();
        beds.write_all(&hospital.beds.number().to_le_bytes()).unwrap();
        for (file, code) in codes.iter_mut().zip(coded::codes(row)) {
            file.write_all(&[code]).unwrap();
        }
    }
    for mut file in codes.into_iter().chain([prefectures, beds]) {
        file.flush().unwrap();
    }
}

fn columns(folder: &Path) -> Vec<Vec<u8>> {
    let read = |question| std::fs::read(folder.join(format!("{}.u8", coded::key(question)))).unwrap();
    (0..coded::QUESTIONS).map(read).collect()
}

/// The limit: every byte of the codes is read once and added up, on all cores.
fn pass(columns: &[Vec<u8>]) -> u8 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sum = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    std::thread::scope(|scope| {
        let part = |core: usize| {
            let parts = columns
                .iter()
                .filter_map(move |column| column.chunks(column.len().div_ceil(cores)).nth(core));
            scope.spawn(move || parts.map(sum).fold(0_u8, u8::wrapping_add))
        };
        let threads: Vec<_> = (0..cores).map(part).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(0, u8::wrapping_add)
    })
}
