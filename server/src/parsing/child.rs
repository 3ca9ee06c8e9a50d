//! The child that reads one file: limits itself, reads stdin, prints JSON to stdout, ends.
//!
//! Runs first thing in `main`. Starts no thread, no runtime and no log, and trusts nothing of the file: readers of other people's files abort, loop
//! and swell, and then only this process dies. The limits are its own doing because setting them between fork and exec would be unsafe code.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Seek, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use importer::Limits;
use importer::read::Stopped;
use rlimit::Resource;
use serde::{Deserialize, Serialize};
use survey::fault::Fault;

use super::rows::{self, Ended};

/// The argument that makes `chosa` a child.
pub const COMMAND: &str = "parse";
/// Flag of the bytes that reading may take.
pub(super) const MEMORY: &str = "--memory";
/// Flag of how many bytes at the beginning of stdin are faults, as JSON, to be written into the file that follows.
pub(super) const FAULTS: &str = "--faults";
/// Flag of the seconds of processor time that reading may take.
pub(super) const CPU: &str = "--cpu";

/// sysexits.h EX_USAGE is 64; the command line says 2 everywhere.
const USAGE: u8 = 2;
/// sysexits.h EX_OSERR: the limits could not be set, so nothing was read.
const NOT_LIMITED: u8 = 71;
/// sysexits.h EX_IOERR: stdin or stdout failed.
const BROKEN_PIPE: u8 = 74;

/// What the child prints, in one line, before the bytes of a workbook with faults written into it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Written {
    /// The workbook follows.
    Ok(Remarks),
    /// Why there is none.
    Refused(Refused),
}

/// What is to be said of a workbook with faults written into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks {
    /// Whether it is a new workbook with the same rows, because the file's own kind cannot be given back.
    pub rewritten: bool,
    /// Whether macros were taken out.
    pub macros_removed: bool,
}

/// [`importer::Refusal`] as it crosses the pipe: its code is no longer static there.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) detail: String,
}

/// What the child allows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Bytes of address space beyond those of the program itself.
    pub(super) memory: u64,
    /// Seconds of processor time.
    pub(super) cpu: u64,
    /// Bytes of faults before the file; 0: it is only read.
    pub(super) faults: u64,
}

impl Default for Allowance {
    fn default() -> Allowance {
        // The largest file that passes the importer's limits (two million cells, a million strings) takes less than half of this memory.
        Allowance {
            memory: 1 << 30,
            cpu: 10,
            faults: 0,
        }
    }
}

/// Reads stdin as a file and prints what it holds. The exit code is 0 for a refused file too: the refusal is the result.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let done = allowance(arguments).and_then(|allowance| {
        limit(allowance)?;
        if allowance.faults == 0 {
            answer()
        } else {
            write_faults(allowance.faults)
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, complaint)) => {
            // The parent logs it; if it is gone there is nobody to tell.
            let _ = writeln!(io::stderr(), "chosa {COMMAND}: {complaint}");
            ExitCode::from(code)
        }
    }
}

type Failure = (u8, String);

fn allowance(mut arguments: impl Iterator<Item = OsString>) -> Result<Allowance, Failure> {
    let mut allowance = Allowance::default();
    while let Some(flag) = arguments.next() {
        let value = arguments.next().and_then(|value| value.to_str()?.parse().ok());
        match (flag.to_str(), value) {
            (Some(MEMORY), Some(bytes)) => allowance.memory = bytes,
            (Some(CPU), Some(seconds)) => allowance.cpu = seconds,
            (Some(FAULTS), Some(bytes)) => allowance.faults = bytes,
            _ => {
                return Err((
                    USAGE,
                    format!(
                        "reads a file from stdin; arguments: {MEMORY} BYTES {CPU} SECONDS {FAULTS} BYTES, not {}",
                        flag.display()
                    ),
                ));
            }
        }
    }
    Ok(allowance)
}

/// The address space counts the program itself, several hundred megabytes in a debug build, so the allowance comes on top of what is mapped now.
fn limit(allowance: Allowance) -> Result<(), Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| (NOT_LIMITED, format!("cannot limit {what}: {error}"));
    let mapped = mapped_bytes().map_err(|error| failed("the memory", &error))?;
    // A dump of the memory would be a copy of somebody's answers.
    lower(Resource::CORE, 0).map_err(|error| failed("the dump", &error))?;
    lower(Resource::CPU, allowance.cpu).map_err(|error| failed("the processor time", &error))?;
    lower(Resource::AS, mapped.saturating_add(allowance.memory)).map_err(|error| failed("the memory", &error))
}

/// Sets both limits, and never above what the machine allows already.
fn lower(resource: Resource, wanted: u64) -> io::Result<()> {
    let (_, hard) = rlimit::getrlimit(resource)?;
    let limit = wanted.min(hard);
    rlimit::setrlimit(resource, limit, limit)
}

/// What `RLIMIT_AS` counts: the line `VmSize:  1234 kB` of proc(5).
fn mapped_bytes() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    size.map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other("no VmSize in /proc/self/status"))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    (BROKEN_PIPE, error.to_string())
}

/// The rest of stdin.
fn rest(limits: &Limits) -> Result<Vec<u8>, Failure> {
    let mut file = Vec::new();
    // One byte more than may be read, so that the importer sees that there is too much.
    let most = u64::try_from(limits.file_bytes).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut file)
        .map_err(|error| failed(&error))?;
    Ok(file)
}

/// Writes the faults at the beginning of stdin into the file that follows them.
fn write_faults(length: u64) -> Result<(), Failure> {
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .take(length)
        .read_to_end(&mut text)
        .map_err(|error| failed(&error))?;
    let faults: Vec<Fault> = serde_json::from_slice(&text).map_err(|error| (USAGE, format!("the faults are no JSON: {error}")))?;
    drop(text);
    let limits = Limits::default();
    let (written, bytes) = match importer::annotate::annotate(&rest(&limits)?, &faults, &limits) {
        Ok(annotated) => {
            if let Some(detail) = annotated.detail {
                // The parent logs it.
                let _ = writeln!(io::stderr(), "the workbook was written anew: {detail}");
            }
            let remarks = Remarks {
                rewritten: annotated.rewritten,
                macros_removed: annotated.macros_removed,
            };
            (Written::Ok(remarks), annotated.bytes)
        }
        Err(refusal) => (Written::Refused(refused(refusal)), Vec::new()),
    };
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &written).map_err(|error| failed(&error))?;
    out.write_all(b"\n").map_err(|error| failed(&error))?;
    out.write_all(&bytes).map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))
}

fn refused(refusal: importer::Refusal) -> Refused {
    Refused {
        code: refusal.code.to_owned(),
        message: refusal.message,
        detail: refusal.detail,
    }
}

fn answer() -> Result<(), Failure> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|error| failed(&error))?;
    let stdin = File::from(stdin);
    // The parent gives a file; a pipe is for those who try it by hand.
    if stdin.metadata().map_err(|error| failed(&error))?.is_file() {
        print(stdin)
    } else {
        print(Cursor::new(rest(&Limits::default())?))
    }
}

fn print(file: impl Read + Seek) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let ended = match importer::read::stream(file, &Limits::default(), &mut |piece| rows::write(&mut out, &piece)) {
        Ok(()) => Ended::Whole,
        Err(Stopped::Refused(refusal)) => Ended::Refused(refused(refusal)),
        Err(Stopped::Taker(error)) => return Err(failed(&error)),
    };
    rows::end(&mut out, &ended).map_err(|error| failed(&error))?;
    out.flush().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(arguments: &[&str]) -> Result<Allowance, Failure> {
        allowance(arguments.iter().map(OsString::from))
    }

    #[test]
    fn the_allowance_comes_from_the_arguments() {
        assert_eq!(allowed(&[]).unwrap(), Allowance::default());
        assert_eq!(
            allowed(&["--cpu", "3", "--memory", "4096"]).unwrap(),
            Allowance {
                memory: 4096,
                cpu: 3,
                faults: 0
            }
        );
    }

    #[test]
    fn anything_else_is_refused_rather_than_run_without_limits() {
        for arguments in [
            &["--memory"][..],
            &["--memory", "lots"],
            &["--memory", "-1"],
            &["answers.xlsx"],
            &["--cpu", "1", "--allocate", "9"],
        ] {
            assert_eq!(allowed(arguments).unwrap_err().0, USAGE, "{arguments:?}");
        }
    }

    #[test]
    fn the_size_of_this_process_is_known() {
        assert!(mapped_bytes().unwrap() > 1 << 20);
    }
}
