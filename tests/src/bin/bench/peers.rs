//! The peer in Python: pandas with calamine, the evaluation of the questionnaire in Python, psycopg's COPY. Installed from the public registry into an
//! environment that goes with the run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::cluster::{Cluster, Database};
use crate::made;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/requirements.txt");
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/import_with_pandas.py");

/// A Python with the packages: the one that is named, or a new environment.
pub fn python(named: Option<&Path>, folder: &Path) -> PathBuf {
    if let Some(named) = named {
        return named.to_owned();
    }
    let environment = folder.join("python");
    let done = |command: &mut Command| {
        let status = command.status().unwrap();
        assert!(status.success(), "{command:?}: {status}");
    };
    done(Command::new("python3").args(["-m", "venv"]).arg(&environment));
    let python = environment.join("bin/python");
    done(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]));
    python
}

/// Seconds that the peer takes from opening the file to the end of its commit, without the start of Python and its imports.
pub async fn pandas(cluster: &Cluster, template: &Database, python: &Path, workbook: &Path, hospitals: usize) -> f64 {
    let edition = survey::survey::find(made::SURVEY).unwrap().first_edition();
    let path = cluster.folder().join("edition.json");
    let exported = json!({
        "id": edition.id(), "survey": edition.survey(), "hash": edition.hash(), "layout_hash": edition.layout().hash(),
        "slots": edition.layout().slots(), "length": edition.layout().len(),
        "questions": edition.questions(), "contradictions": edition.contradictions(),
    });
    std::fs::write(&path, exported.to_string()).unwrap();
    let database = cluster.copy(template).await;
    let output = Command::new(python)
        .arg(PROGRAM)
        .args([&path, workbook])
        .arg(&database.superuser_url)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_str(&said).unwrap();
    eprintln!("pandas: {said}");
    assert_eq!(said["accepted"], hospitals);
    for table in ["submission", "revision", "respondent", "import_verdict"] {
        assert_eq!(
            database.number(&format!("SELECT count(*) FROM {table}")).await,
            hospitals as i64,
            "{table}"
        );
    }
    cluster.drop(database).await;
    said["seconds"].as_f64().unwrap()
}
