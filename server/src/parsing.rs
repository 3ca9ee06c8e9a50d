//! Reads uploads in a child process with limited memory and time, since a reader of other people's files may abort and take its process along.
//!
//! What the child dies of is the file's doing and becomes a fault; what keeps it from starting is ours and becomes an error. The server itself never
//! parses an upload, and keeps neither the upload nor the child's output beside the workbook that is made of it.

pub mod child;
mod rows;
mod spool;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use importer::pieces::Collector;
use importer::{Piece, Workbook};
use survey::fault::Fault;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::AppError;
use child::{Allowance, Refused, Remarks, Written};
use rows::Ended;
pub use spool::Spool;
use spool::Spooling;

/// Bytes of JSON that are taken from a child. The importer's limits end a workbook well below.
const MOST_OUTPUT: u64 = 512 << 20;
/// Bytes of what a child complains about that are kept for the log.
const MOST_COMPLAINT: u64 = 4 << 10;
/// Rust's exit code after a panic.
const PANICKED: i32 = 101;

/// How children are run. The default is what a server wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The program to run as a child.
    pub program: PathBuf,
    /// How long a file may take from start to end.
    pub wall_clock: Duration,
    /// Bytes that reading a file may take in the child.
    pub memory: u64,
    /// How many children run at the same time; others wait.
    pub at_once: usize,
    /// How long a file waits for its turn.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            program: this_program(),
            wall_clock: Duration::from_secs(20),
            memory: Allowance::default().memory,
            at_once: 2,
            patience: Duration::from_secs(60),
        }
    }
}

/// The running program itself. By this name it is found even after an upgrade has replaced its file, and then parent and child still agree.
#[must_use]
pub fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Reads files in children, a few at a time. Made once for the whole process: clones share its turns.
#[derive(Debug, Clone)]
pub struct Parser {
    options: Options,
    turns: Arc<Semaphore>,
}

impl Parser {
    /// A parser; starts nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Parser {
        let turns = Arc::new(Semaphore::new(options.at_once.max(1)));
        Parser { options, turns }
    }

    /// Reads a file in a child. The inner error is the fault of a file that is refused, or that the child died of.
    ///
    /// # Errors
    /// Unavailable: the child cannot be started, is not the program it should be, or no turn came in time.
    pub async fn parse(&self, file: impl AsRef<[u8]> + Send) -> Result<Result<Workbook, Fault>, AppError> {
        let print = |output: &mut Output| {
            let mut collector = Collector::default();
            let ended = rows::read(output, |piece, _| {
                collector.take(piece);
                Ok(())
            });
            match (ended, collector.finish()) {
                (Some(Ended::Whole), Some(workbook)) => Printed::Whole(workbook),
                (Some(Ended::Refused(refused)), _) => Printed::Refused(refused),
                _ => Printed::Nothing,
            }
        };
        self.run(&[], (Vec::new(), file), print).await
    }

    /// Reads a file in a child as [`Parser::parse`] does, but keeps its rows out of memory; each piece is shown to `look` as it comes, which keeps in
    /// `seen` what it wants to know.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub async fn spool<S: Send + 'static>(
        &self,
        file: impl AsRef<[u8]> + Send,
        mut seen: S,
        look: fn(&mut S, &Piece),
    ) -> Result<Result<(Spool, S), Fault>, AppError> {
        let mut spooling = Spooling::new().map_err(AppError::internal)?;
        let print = move |output: &mut Output| {
            let ended = rows::read(output, |piece, line| {
                look(&mut seen, &piece);
                spooling.take(&piece, line)
            });
            match (ended, spooling.finish()) {
                (Some(Ended::Whole), Ok(spool)) => Printed::Whole((spool, seen)),
                (Some(Ended::Refused(refused)), _) => Printed::Refused(refused),
                _ => Printed::Nothing,
            }
        };
        self.run(&[], (Vec::new(), file), print).await
    }

    /// Writes faults into the file that they were found in, in a child; see [`importer::annotate::annotate`]. The inner error is as of
    /// [`Parser::parse`].
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub async fn annotate(&self, file: impl AsRef<[u8]> + Send, faults: &[Fault]) -> Result<Result<(Vec<u8>, Remarks), Fault>, AppError> {
        let faults = serde_json::to_vec(faults).map_err(AppError::internal)?;
        let print = |output: &mut Output| {
            let (mut line, mut bytes) = (Vec::new(), Vec::new());
            let whole = output.read_until(b'\n', &mut line).and_then(|_| output.read_to_end(&mut bytes));
            match (whole, serde_json::from_slice(&line)) {
                (Ok(_), Ok(Written::Ok(remarks))) => Printed::Whole((bytes, remarks)),
                (Ok(_), Ok(Written::Refused(refused))) => Printed::Refused(refused),
                _ => Printed::Nothing,
            }
        };
        let length = faults.len().to_string();
        self.run(&[child::FAULTS, &length], (faults, file), print).await
    }

    /// Runs a child over an input, and makes something of what it prints, on a thread that may block.
    async fn run<T: Send + 'static>(
        &self,
        arguments: &[&str],
        input: (Vec<u8>, impl AsRef<[u8]> + Send),
        print: impl FnOnce(&mut Output) -> Printed<T> + Send + 'static,
    ) -> Result<Result<T, Fault>, AppError> {
        let turn = timeout(self.options.patience, self.turns.acquire()).await;
        let _turn = turn
            .map_err(|_late| AppError::unavailable("too many uploads are waiting to be read"))?
            .map_err(AppError::internal)?;
        let input = kept(input).await.map_err(AppError::internal)?;
        let mut child = self.command(arguments, input).spawn().map_err(|error| self.unavailable(&error))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(AppError::internal("a child without pipes"));
        };
        let ended = timeout(self.options.wall_clock, async {
            tokio::join!(read(stdout, print), complaint(stderr), child.wait())
        })
        .await;
        match ended {
            Ok((received, complaint, status)) => self.judge(received?, &complaint, status.map_err(AppError::internal)?),
            Err(_late) => {
                child.kill().await.map_err(AppError::internal)?;
                tracing::warn!(limit = ?self.options.wall_clock, "the child that read an upload took too long");
                Ok(Err(given_up()))
            }
        }
    }

    fn command(&self, arguments: &[&str], input: File) -> Command {
        let mut command = Command::new(&self.options.program);
        command.arg0("chosa").arg(child::COMMAND);
        command
            .args([child::MEMORY, &self.options.memory.to_string()])
            .args([child::CPU, &Allowance::default().cpu.to_string()])
            .args(arguments);
        // It needs nothing of ours, least of all the database's password in the environment.
        command.env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn judge<T>(&self, received: Printed<T>, complaint: &str, status: ExitStatus) -> Result<Result<T, Fault>, AppError> {
        match received {
            Printed::Whole(made) if status.success() => {
                if !complaint.is_empty() {
                    tracing::info!(complaint, "the child said of an upload");
                }
                Ok(Ok(made))
            }
            Printed::Refused(refused) if status.success() => {
                tracing::debug!(code = refused.code, detail = refused.detail, "an upload was refused");
                Ok(Err(Fault::error(refused.code, refused.message)))
            }
            received if matches!(received, Printed::TooMuch) || status.signal().is_some() || status.code() == Some(PANICKED) => {
                tracing::warn!(%status, complaint, "the child that read an upload died of it");
                Ok(Err(given_up()))
            }
            _ => Err(self.unavailable(&format!("ended with {status} without a result: {complaint}"))),
        }
    }

    fn unavailable(&self, reason: &dyn std::fmt::Display) -> AppError {
        AppError::unavailable(format!("the parser {}: {reason}", self.options.program.display()))
    }
}

/// The fault of a file that its reader did not survive.
fn given_up() -> Fault {
    let message = "ファイルがとても大きいか壊れているため、読み取りを中止しました。Excelで開けるかを確かめ、不要な行やシートを削除して保存し直すか、ファイルを分けて送ってください。";
    Fault::error("file_unreadable", message)
}

/// What a child reads, as a file without a name: a workbook is read here and there, and would otherwise be in the memory of the child too.
async fn kept((before, file): (Vec<u8>, impl AsRef<[u8]>)) -> io::Result<File> {
    let mut input = tokio::fs::File::from_std(tempfile::tempfile()?);
    input.write_all(&before).await?;
    input.write_all(file.as_ref()).await?;
    input.rewind().await?;
    Ok(input.into_std().await)
}

/// What a child prints, as far as it is taken.
type Output = BufReader<std::io::Take<File>>;

/// What came of what a child printed.
enum Printed<T> {
    Whole(T),
    Refused(Refused),
    TooMuch,
    /// Not what a child prints, or cut off.
    Nothing,
}

/// Makes something of the output while it is being printed, on a thread that may block; ends with the child.
async fn read<T: Send + 'static>(
    stdout: ChildStdout,
    print: impl FnOnce(&mut Output) -> Printed<T> + Send + 'static,
) -> Result<Printed<T>, AppError> {
    let pipe = File::from(stdout.into_owned_fd().map_err(AppError::internal)?);
    let received = tokio::task::spawn_blocking(move || {
        let mut output = BufReader::with_capacity(1 << 16, pipe.take(MOST_OUTPUT));
        match print(&mut output) {
            Printed::Nothing if output.get_ref().limit() == 0 => Printed::TooMuch,
            printed => printed,
        }
    });
    received.await.map_err(AppError::internal)
}

async fn complaint(stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is as good.
    let _ = stderr.take(MOST_COMPLAINT).read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parser(program: &str) -> Parser {
        Parser::new(Options {
            program: program.into(),
            wall_clock: Duration::from_secs(5),
            ..Options::default()
        })
    }

    #[tokio::test]
    async fn a_program_that_is_missing_or_no_parser_is_our_trouble() {
        for program in ["/nonexistent/chosa", "/bin/false", "/bin/true", "/bin/cat"] {
            let result = parser(program).parse(b"a,b\n").await;
            assert!(matches!(result, Err(AppError::Unavailable(_))), "{program}: {result:?}");
        }
    }

    #[tokio::test]
    async fn a_file_waits_for_its_turn_but_not_for_ever() {
        let parser = Parser::new(Options {
            patience: Duration::from_millis(10),
            ..Options::default()
        });
        let _busy = parser.turns.acquire_many(2).await.unwrap();
        assert!(matches!(parser.parse(b"").await, Err(AppError::Unavailable(_))));
    }
}
