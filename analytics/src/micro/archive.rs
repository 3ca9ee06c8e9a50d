//! Micro-data as one archive: Parquet files in their folders, and the codebook.

use super::{MicroData, MicroError, codebook_csv, partitions};
use std::io::{Cursor, Write};
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The files of [`partitions`] and `codebook.csv` in a zip archive whose entries carry the zip format's first day.
///
/// # Errors
/// [`MicroError::Writing`]: a defect.
pub fn archive(data: &MicroData<'_>) -> Result<Vec<u8>, MicroError> {
    let codebook = codebook_csv(data)?;
    let files = partitions(data)?;
    let beside = [("codebook.csv", codebook.as_slice())];
    let files = files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice()));
    pack(beside.into_iter().chain(files)).map_err(|error| MicroError::Writing(error.to_string()))
}

/// Files by their paths in a zip archive whose entries carry the zip format's first day.
pub(crate) fn pack<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        // Parquet is compressed already.
        let options = match path.ends_with(".parquet") {
            true => SimpleFileOptions::default().compression_method(CompressionMethod::Stored),
            false => SimpleFileOptions::default(),
        };
        archive.start_file(path, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
