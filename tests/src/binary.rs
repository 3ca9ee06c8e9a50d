//! Finds the built program `chosa` and starts it as a user would: with nothing of the environment that a test runs in.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Names the program where it is not beside the tests, for instance a release build.
const VARIABLE: &str = "CHOSA_BIN";

/// The program.
///
/// # Panics
/// If it is not there: tests of the command line cannot go on without it.
#[must_use]
pub fn chosa() -> PathBuf {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return PathBuf::from(named);
    }
    // target/debug/deps/command_line-0123 -> target/debug/chosa; target/measured/bench -> target/measured/chosa
    let this = std::env::current_exe().unwrap_or_default();
    let beside = this.ancestors().skip(1).take(2).map(|folder| folder.join("chosa"));
    match beside.into_iter().find(|program| program.is_file()) {
        Some(program) => program,
        _ => panic!("the program chosa is not beside the tests; run `cargo build --workspace` first, or name it in {VARIABLE}"),
    }
}

/// A command of the program. Without any setting of the tests' environment, and without stdin.
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new(chosa());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHOSA_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}
