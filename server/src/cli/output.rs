//! Data to stdout. A reader that has seen enough and closed the pipe (`| head`) is no error and changes no exit code.

use std::io::{self, BufWriter, ErrorKind, Write};

use serde::Serialize;

use super::exit::CliError;

/// Writes to stdout.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            // What is left in the buffer has no reader either; dropping the writer would try once more.
            drop(out.into_parts());
            Ok(())
        }
        result => result.map_err(|error| CliError::failed(format!("標準出力に書き込めません: {error}"))),
    }
}

/// Says something to whoever watches, beside the data.
pub(super) fn talk(line: &str) {
    // If stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a value as JSON for machines.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    print(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}
