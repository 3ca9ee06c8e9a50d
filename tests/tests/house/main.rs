//! The rules of the house that a program can check: arrows between crates, layers inside the server, licences, first lines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What cargo says of the workspace.
fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--offline", "--no-deps"])).unwrap()
}

/// Direct dependencies that end up in the program, by name.
fn direct(metadata: &Value, name: &str) -> BTreeSet<String> {
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == name && package["source"].is_null());
    let dependencies = package.unwrap()["dependencies"].as_array().unwrap();
    dependencies
        .iter()
        .filter(|d| d["kind"].is_null())
        .map(|d| d["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Everything that a crate of ours pulls into the program on this machine, with its licence. cargo's metadata would name other platforms' too.
fn all(name: &str) -> BTreeMap<String, String> {
    let arguments = [
        "tree",
        "--offline",
        "-e",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
        "-p",
        name,
    ];
    let text = cargo(&arguments);
    let line = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        Some((package.split(' ').next()?.to_owned(), licence.trim_end_matches(" (*)").to_owned()))
    };
    text.lines().filter_map(line).collect()
}

fn ours(names: &BTreeSet<String>) -> BTreeSet<&str> {
    let ours = ["survey", "importer", "analytics", "server", "fixtures", "tests"];
    names.iter().map(String::as_str).filter(|name| ours.contains(name)).collect()
}

#[test]
fn arrows_between_crates_point_one_way() {
    let metadata = metadata();
    let expected = [
        ("survey", vec![]),
        ("importer", vec!["survey"]),
        ("analytics", vec!["survey"]),
        ("fixtures", vec!["survey"]),
        ("server", vec!["analytics", "importer", "survey"]),
    ];
    for (name, arrows) in expected {
        assert_eq!(ours(&direct(&metadata, name)), arrows.into_iter().collect(), "{name}");
    }
}

#[test]
fn the_pure_crates_know_no_database_no_http_and_no_runtime() {
    let metadata = metadata();
    for name in ["survey", "importer", "analytics", "fixtures"] {
        let pulled = all(name);
        for foreign in ["diesel", "tokio-postgres", "actix-web", "reqwest", "hyper"] {
            assert!(!pulled.contains_key(foreign), "{name} pulls {foreign}");
        }
    }
    let server = direct(&metadata, "server");
    assert!(!server.contains("calamine") && !server.contains("polars") && !server.contains("rust_xlsxwriter"));
}

#[test]
fn layers_inside_the_server_point_one_way() {
    let forbidden = [
        ("db", vec!["crate::api", "crate::pages", "crate::app", "crate::cli", "actix_web"]),
        ("auth", vec!["crate::api", "crate::pages", "crate::app", "crate::cli", "actix_web"]),
        ("app", vec!["crate::api", "crate::pages", "crate::cli", "actix_web"]),
        ("api", vec!["crate::cli", "diesel", "crate::db::schema", "as_actor"]),
        ("pages", vec!["crate::cli", "diesel", "crate::db::schema", "as_actor"]),
        ("private_postgres", vec!["crate::db", "crate::app", "crate::api", "crate::config"]),
    ];
    for (layer, words) in forbidden {
        let files = rust_files(&root().join("server/src").join(layer));
        assert!(!files.is_empty(), "there is no layer {layer}");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            for word in &words {
                assert!(!code.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_in_its_first_line() {
    for folder in ["survey", "importer", "analytics", "server", "fixtures", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//! "), "{}", file.display());
        }
    }
}

#[test]
fn every_licence_is_a_permissive_one_that_the_deny_file_allows() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let allowed: BTreeSet<&str> = deny
        .split("[licenses]")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    assert!(
        allowed.contains("MIT") && !allowed.iter().any(|licence| licence.starts_with("GPL")),
        "{allowed:?}"
    );
    for (package, licence) in ["server", "fixtures"].iter().flat_map(|name| all(name)) {
        // An expression of ANDs and ORs: all parts of one alternative at least must be allowed.
        let licence = licence.replace('/', " OR ").replace(['(', ')'], "");
        let fits = licence
            .split(" OR ")
            .any(|alternative| alternative.split(" AND ").all(|part| allowed.contains(part.trim())));
        assert!(fits, "{package} has the licence {licence:?}");
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
