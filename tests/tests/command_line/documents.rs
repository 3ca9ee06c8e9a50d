//! The documents name only commands and flags that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tests::binary;

/// What `--help` of a command says.
fn help(words: &[&str]) -> String {
    let output = binary::command().args(words).arg("--help").output().unwrap();
    assert!(output.status.success(), "chosa {}: {output:?}", words.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Names of the commands below one, of its help.
fn commands(help: &str) -> BTreeSet<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Command lines that a document shows: in code spans, and in blocks of code as typed.
fn shown(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            let typed = line.split_once("debug/chosa ").map(|(_, words)| words);
            let typed = typed
                .or_else(|| line.strip_prefix("chosa "))
                .or_else(|| line.split_once("| chosa ").map(|(_, words)| words));
            // After a space, a number sign begins a comment.
            found.extend(typed.map(|words| words.split(" #").next().unwrap_or_default().to_owned()));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(|span| span.strip_prefix("chosa ")).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_command_and_flag_that_a_document_shows_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = ["docs", "docs/guides", "docs/adr"].map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let files = folders.into_iter().flatten().map(|file| file.unwrap().path());
    let documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"]
        .map(|name| root.join(name))
        .into_iter()
        .chain(files);
    let mut known: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let (mut checked, mut missing) = (0, Vec::new());
    for document in documents.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        // The limited child is no command: nobody types it, and no help names it.
        let lines = shown(&std::fs::read_to_string(&document).unwrap());
        for line in lines.iter().filter(|line| *line != "parse") {
            checked += 1;
            let mut command: Vec<String> = Vec::new();
            let mut words = line.split_whitespace().peekable();
            loop {
                let said = known
                    .entry(command.clone())
                    .or_insert_with(|| help(&command.iter().map(String::as_str).collect::<Vec<_>>()));
                match words.next_if(|word| commands(said).contains(*word)) {
                    Some(word) => command.push(word.to_owned()),
                    None => break,
                }
            }
            let said = &known[&command];
            let flags = words
                .filter_map(|word| word.strip_prefix("--"))
                .map(|flag| flag.split('=').next().unwrap_or_default());
            let unknown: Vec<&str> = flags.filter(|flag| !said.contains(&format!("--{flag}"))).collect();
            if command.is_empty() || !unknown.is_empty() {
                missing.push(format!("{}: chosa {line}", document.display()));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(checked > 40, "{checked} commands were found in the documents");
}
