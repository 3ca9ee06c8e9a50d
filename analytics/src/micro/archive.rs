//! Micro-data as one archive: Parquet files in their folders, and the codebook.

use super::{MicroData, MicroError, codebook_csv, partitions};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The files of [`partitions`] and `codebook.csv` in a zip archive whose entries carry the zip format's first day.
///
/// # Errors
/// [`MicroError::Writing`]: a defect.
pub fn archive(data: &MicroData<'_>) -> Result<Vec<u8>, MicroError> {
    let codebook = codebook_csv(data)?;
    let files = partitions(data)?;
    let write = || -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // Parquet is compressed already.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file("codebook.csv", SimpleFileOptions::default())?;
        archive.write_all(&codebook)?;
        for file in &files {
            archive.start_file(file.path.as_str(), stored)?;
            archive.write_all(&file.bytes)?;
        }
        Ok(archive.finish()?.into_inner())
    };
    write().map_err(|error| MicroError::Writing(error.to_string()))
}
