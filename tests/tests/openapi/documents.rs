//! The documents name only operations that there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{Operation, operations};

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// README, the changelog, the architecture and everything below `docs`.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let mut found = vec![root.join("README.md"), root.join("ARCHITECTURE.md"), root.join("CHANGELOG.md")];
    for folder in ["docs", "docs/guides", "docs/adr"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap();
        found.extend(
            files
                .map(|file| file.unwrap().path())
                .filter(|path| path.extension().is_some_and(|end| end == "md")),
        );
    }
    found
}

/// The path at the beginning of a text: up to what cannot stand in one. In braces anything may stand.
fn path_of(text: &str) -> &str {
    let mut is_name = false;
    let end = text.char_indices().find(|(_, c)| {
        is_name = *c == '{' || is_name && *c != '}';
        !(is_name || c.is_ascii_alphanumeric() || "/_-.}…".contains(*c))
    });
    text.split_at(end.map_or(text.len(), |(end, _)| end)).0.trim_end_matches('.')
}

/// Methods and paths that a document names: `GET /api/v1/..`, `GET …/end`, `$API/..` of examples.
fn named(text: &str) -> BTreeSet<(Option<&str>, String)> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("/api/v1/") {
        let (before, path) = text.split_at(at);
        let method = METHODS.into_iter().find(|method| before.ends_with(&format!("{method} ")));
        if method.is_some() {
            found.insert((method, path_of(path).to_owned()));
        }
    }
    for method in METHODS {
        for (at, start) in text.match_indices(&format!("{method} …/")) {
            let path = text.split_at(at + start.len() - 1).1;
            found.insert((Some(method), format!("…{}", path_of(path))));
        }
    }
    for (at, start) in text.match_indices("$API/") {
        let path = text.split_at(at + start.len()).1;
        found.insert((None, format!("/api/v1/{}", path_of(path))));
    }
    found
}

fn is_meant(operation: &Operation, method: Option<&str>, path: &str) -> bool {
    let (there, named): (Vec<&str>, Vec<&str>) = (operation.path.split('/').collect(), path.split('/').collect());
    // Only its end is named.
    let (there, named) = match named.split_first() {
        Some((&"…", end)) => (there.split_at(there.len().saturating_sub(end.len())).1, end),
        _ => (there.as_slice(), named.as_slice()),
    };
    let fits = |(there, named): (&&str, &&str)| there == named || there.starts_with('{') && !named.is_empty();
    method.is_none_or(|method| operation.method.eq_ignore_ascii_case(method))
        && there.len() == named.len()
        && there.iter().zip(named).all(fits)
}

#[test]
fn every_operation_that_a_document_names_is_there() {
    let operations = operations();
    let (mut checked, mut missing) = (0, Vec::new());
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for (method, path) in named(&text) {
            checked += 1;
            let is_there = path.ends_with("/openapi.json") || operations.iter().any(|operation| is_meant(operation, method, &path));
            if !is_there {
                missing.push(format!("{}: {} {path}", document.display(), method.unwrap_or("any")));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(checked > 60, "{checked} operations were found in the documents");
}
