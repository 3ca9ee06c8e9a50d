//! What came out: medians with their spread, ratios against targets, one table for people and one JSON for machines.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

/// Results in the order measured.
pub struct Report {
    conditions: Map<String, Value>,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    values: Vec<f64>,
    unit: &'static str,
    target: String,
}

/// The middle of the values, or between the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

impl Report {
    /// Notes the conditions.
    pub fn begin(hospitals: usize, repetitions: usize) -> Report {
        let mut conditions = Map::new();
        let said = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output();
            output.map_or_else(
                |error| error.to_string(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            )
        };
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .unwrap_or_default();
        conditions.insert("processor".into(), json!(model.trim_start_matches(['\t', ' ', ':'])));
        conditions.insert("cores".into(), json!(std::thread::available_parallelism().map_or(0, usize::from)));
        conditions.insert("kernel".into(), json!(said("uname", &["-sr"])));
        conditions.insert("memory".into(), json!(memory_of_the_machine()));
        conditions.insert("load_at_start".into(), json!(load()));
        conditions.insert("commit".into(), json!(said("git", &["rev-parse", "--short", "HEAD"])));
        conditions.insert("optimised".into(), json!(!cfg!(debug_assertions)));
        conditions.insert("hospitals".into(), json!(hospitals));
        conditions.insert("repetitions".into(), json!(repetitions));
        Report {
            conditions,
            lines: Vec::new(),
        }
    }

    /// Notes one more condition.
    pub fn condition(&mut self, name: &str, value: impl Into<Value>) {
        self.conditions.insert(name.to_owned(), value.into());
    }

    /// Notes a measurement, one value a repetition; gives the median.
    pub fn add(&mut self, name: impl Into<String>, unit: &'static str, values: Vec<f64>, target: impl Into<String>) -> f64 {
        let line = Line {
            name: name.into(),
            values,
            unit,
            target: target.into(),
        };
        eprintln!("{}: {}", line.name, line.shown());
        let middle = median(&line.values);
        self.lines.push(line);
        middle
    }

    /// Prints the table, and writes the JSON where it is wanted.
    pub fn finish(mut self, json: Option<&Path>) {
        self.condition("load_at_end", load());
        for (name, value) in &self.conditions {
            println!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        println!("\n| what | median | lowest to highest | target |\n|---|---|---|---|");
        for line in &self.lines {
            println!(
                "| {} | {} {} | {} | {} |",
                line.name,
                rounded(median(&line.values)),
                line.unit,
                line.shown(),
                line.target
            );
        }
        if let Some(path) = json {
            let lines: Vec<Value> = self.lines.iter().map(Line::json).collect();
            let whole = json!({"conditions": self.conditions, "results": lines});
            std::fs::write(path, format!("{whole:#}\n")).unwrap();
        }
    }
}

impl Line {
    fn shown(&self) -> String {
        let lowest = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{} to {}", rounded(lowest), rounded(highest))
    }

    fn json(&self) -> Value {
        json!({"name": self.name, "unit": self.unit, "median": median(&self.values), "values": self.values, "target": self.target})
    }
}

fn rounded(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or_else(|error| error.to_string(), |text| text.chars().take(14).collect())
}

fn memory_of_the_machine() -> String {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines().next().unwrap_or_default().replace("MemTotal:", "").trim().to_owned()
}
