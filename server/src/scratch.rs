//! What is too large to keep in memory for a moment: a file without a name, in the system's folder for temporary files, gone when it is closed.
//!
//! It may hold answers, and nobody else can open it. Must not be used for anything that is to outlive a request or a job.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

/// Bytes that are written at a time.
const AT_ONCE: usize = 1 << 16;

/// Where a part of it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// From which byte.
    pub start: u64,
    /// To which byte, without it.
    pub end: u64,
}

/// While it is written.
#[derive(Debug)]
pub struct Writer {
    file: BufWriter<File>,
    end: u64,
}

/// Once it is written.
#[derive(Debug)]
pub struct Scratch {
    file: File,
}

impl Writer {
    /// An empty one.
    ///
    /// # Errors
    /// The folder for temporary files is full or not there.
    pub fn new() -> io::Result<Writer> {
        Ok(Writer {
            file: BufWriter::with_capacity(AT_ONCE, tempfile::tempfile()?),
            end: 0,
        })
    }

    /// Adds a part.
    ///
    /// # Errors
    /// The disk is full.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<Span> {
        self.file.write_all(bytes)?;
        let start = self.end;
        self.end = self.end.saturating_add(u64::try_from(bytes.len()).map_err(io::Error::other)?);
        Ok(Span { start, end: self.end })
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(self) -> io::Result<Scratch> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Scratch { file })
    }
}

impl Scratch {
    /// Reads a part.
    ///
    /// # Errors
    /// The disk fails, or there is no such part.
    pub fn read(&self, span: Span) -> io::Result<Vec<u8>> {
        let length = usize::try_from(span.end.saturating_sub(span.start)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, span.start)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_read_as_it_was_written_in_any_order() {
        let mut writer = Writer::new().unwrap();
        let parts: Vec<Vec<u8>> = (0_u8..200).map(|number| vec![number; usize::from(number) * 7]).collect();
        let spans: Vec<Span> = parts.iter().map(|part| writer.append(part).unwrap()).collect();
        let scratch = writer.finish().unwrap();
        for (part, span) in parts.iter().zip(spans).rev() {
            assert_eq!(scratch.read(span).unwrap(), *part);
        }
        let beyond = Span {
            start: 1 << 40,
            end: (1 << 40) + 1,
        };
        assert!(scratch.read(beyond).is_err());
    }
}
