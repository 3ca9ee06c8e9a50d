//! The pre-scan of a zip archive: every entry is inflated once, into nothing, and counted.
//!
//! It uses the same zip reader as calamine, so that both see the same entries. Sizes in headers are never believed.

use std::io::{BufReader, Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::markup::Markup;
use super::{bytes, opendocument};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::workbook::FileKind;

/// The signature in front of each entry of the central directory.
const CENTRAL_ENTRY: &[u8] = b"PK\x01\x02";
/// Bytes that are inflated before they are looked at.
const BUFFER_BYTES: usize = 64 << 10;

/// Accepts an archive that is an Office Open XML workbook or an OpenDocument spreadsheet and stays within the limits.
pub(super) fn check(file: &mut (impl Read + Seek), limits: &Limits) -> Result<FileKind, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::unreadable(error.to_string());
    file.rewind().map_err(unreadable)?;
    // Before the directory is parsed: an entry costs memory many times its 46 bytes, and each needs its own signature.
    if bytes::count(file, CENTRAL_ENTRY, limits.entries).map_err(unreadable)? > limits.entries {
        return Err(too_many_entries(limits));
    }
    let mut archive =
        ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(|error| Refusal::unreadable(error.to_string()))?;
    if archive.len() > limits.entries {
        return Err(too_many_entries(limits));
    }
    // By its names first: the parts of a document with a password are noise.
    let kind = kind(&mut archive)?;
    let mut inflated = 0;
    for index in 0..archive.len() {
        inflate(&mut archive, index, limits, &mut inflated)?;
    }
    if kind == FileKind::Ods {
        opendocument::check_content(&mut archive, limits)?;
    }
    Ok(kind)
}

fn too_many_entries(limits: &Limits) -> Refusal {
    Refusal::new(
        "too_many_entries",
        "ファイルの中の部品が多すぎます。Excelで開き、.xlsx形式で保存し直してから送ってください。",
        format!("more than {} zip entries", limits.entries),
    )
}

/// The name of an entry in the form in which calamine compares names.
fn canonical(name: &str) -> String {
    name.replace('\\', "/").to_ascii_lowercase()
}

/// Inflates one entry and adds its bytes to `inflated`.
fn inflate(archive: &mut ZipArchive<impl Read + Seek>, index: usize, limits: &Limits, inflated: &mut u64) -> Result<(), Refusal> {
    let mut entry = archive.by_index(index).map_err(|error| match error {
        ZipError::UnsupportedArchive(reason) => Refusal::unreadable(format!("entry {index}: {reason}")),
        other => Refusal::unreadable(format!("entry {index}: {other}")),
    })?;
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(Refusal::unreadable(format!("entry {index}: method {:?}", entry.compression())));
    }
    let name = canonical(entry.name().map_err(|error| Refusal::unreadable(error.to_string()))?.as_ref());
    let mut markup = Markup::of_part(&name, limits);
    let mut buffer = vec![0_u8; BUFFER_BYTES];
    let mut size = 0_u64;
    loop {
        let read = entry
            .read(&mut buffer)
            .map_err(|error| Refusal::unreadable(format!("{name}: {error}")))?;
        if read == 0 {
            break;
        }
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        size = size.saturating_add(bytes);
        *inflated = inflated.saturating_add(bytes);
        if size > limits.entry_bytes || *inflated > limits.inflated_bytes {
            return Err(Refusal::too_large_inside(format!("{name}: {size} bytes, {inflated} in total")));
        }
        if let Some(markup) = &mut markup {
            markup.feed(buffer.get(..read).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// Tells a workbook from the other things that are zip archives.
fn kind(archive: &mut ZipArchive<impl Read + Seek>) -> Result<FileKind, Refusal> {
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive
            .by_index_raw(index)
            .map_err(|error| Refusal::unreadable(error.to_string()))?;
        names.push(canonical(
            entry.name().map_err(|error| Refusal::unreadable(error.to_string()))?.as_ref(),
        ));
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let ends = |wanted: &str| names.iter().any(|name| name.ends_with(wanted));
    if ends("workbook.bin") {
        return Err(Refusal::not_supported("Excelバイナリブック（.xlsb）", "xlsb"));
    }
    if has("mimetype") && has("content.xml") {
        opendocument::check_kind(archive)?;
        return Ok(FileKind::Ods);
    }
    if !(has("_rels/.rels") && ends("workbook.xml")) {
        return Err(Refusal::unknown_kind("zip archive without a workbook"));
    }
    Ok(if ends("vbaproject.bin") { FileKind::Xlsm } else { FileKind::Xlsx })
}
