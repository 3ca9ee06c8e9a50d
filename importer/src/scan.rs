//! The look at a file before anything parses it.
//!
//! calamine aborts the process on some files of 2 KB (a string table that claims 4 billion entries), and an abort cannot be
//! caught: what could do that has to be refused here, from the bytes, without believing any header. Nothing is interpreted
//! beyond the kind of the file.

mod archive;
mod bytes;
mod markup;
mod opendocument;

use std::io::{self, Read, Seek, SeekFrom};

use crate::limits::Limits;
use crate::read::text;
use crate::refusal::Refusal;
use crate::workbook::FileKind;

/// A zip archive by its first entry, empty, or in parts. A CSV file may well begin with the letters PK.
const ZIP: &[&[u8]] = &[b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// Bytes that tell those apart.
const MAGIC_BYTES: u64 = 8;
/// `EncryptedPackage` in UTF-16, the stream in which Office keeps a workbook with a password.
const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";

/// Decides the kind of a file and whether it is safe to parse. Of an archive a few kilobytes are in memory at a time, of anything else all of it.
///
/// # Errors
/// A [`Refusal`] for an empty, too large, broken, unsupported or hostile file, or one that cannot be read.
pub fn scan(file: &mut (impl Read + Seek), limits: &Limits) -> Result<FileKind, Refusal> {
    let unreadable = |error: io::Error| Refusal::unreadable(error.to_string());
    let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    if length == 0 {
        return Err(Refusal::new(
            "file_empty",
            "ファイルが空です（0バイト）。保存してあるファイルを確かめて送り直してください。",
            "0 bytes",
        ));
    }
    if usize::try_from(length).map_or(true, |length| length > limits.file_bytes) {
        return Err(Refusal::new(
            "file_too_large",
            format!("ファイルが大きすぎます。{}MB以下に分けて送ってください。", limits.file_bytes >> 20),
            format!("{length} bytes, limit {}", limits.file_bytes),
        ));
    }
    file.rewind().map_err(unreadable)?;
    let mut magic = Vec::new();
    file.take(MAGIC_BYTES).read_to_end(&mut magic).map_err(unreadable)?;
    if ZIP.iter().any(|zip| magic.starts_with(zip)) {
        return archive::check(file, limits);
    }
    let bytes = whole(file)?;
    if bytes.starts_with(OLE) {
        return if bytes::find(&bytes, ENCRYPTED).is_some() {
            Err(Refusal::password("OLE container with EncryptedPackage"))
        } else {
            Ok(FileKind::Xls)
        };
    }
    let (decoded, _) = text::decode(&bytes)?;
    text::kind(&decoded)
}

/// All bytes of a file whose length was found to be within the limits.
pub(crate) fn whole(file: &mut (impl Read + Seek)) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .map_err(|error| Refusal::unreadable(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn code(bytes: &[u8]) -> &'static str {
        scan(&mut Cursor::new(bytes), &Limits::default()).unwrap_err().code
    }

    #[test]
    fn kinds_that_are_not_read_are_named() {
        assert_eq!(code(b""), "file_empty");
        assert_eq!(code(&[OLE, ENCRYPTED].concat()), "file_password");
        assert_eq!(code(b"%PDF-1.7\n1 0 obj\n"), "file_kind_unknown");
        assert_eq!(code(b"<html><body><table></table></body></html>"), "file_kind_unknown");
        assert_eq!(code(b"PK\x03\x04garbage"), "file_unreadable");
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_looked_at() {
        let limits = Limits {
            file_bytes: 3,
            ..Limits::default()
        };
        assert_eq!(scan(&mut Cursor::new(b"a,b,c"), &limits).unwrap_err().code, "file_too_large");
    }

    #[test]
    fn text_is_told_apart_by_its_separator() {
        assert_eq!(
            scan(&mut Cursor::new("PK番号,回答\nあ,い\n"), &Limits::default()),
            Ok(FileKind::Csv)
        );
        assert_eq!(scan(&mut Cursor::new("病院,回答\nあ,い\n"), &Limits::default()), Ok(FileKind::Csv));
        assert_eq!(
            scan(&mut Cursor::new("病院\t回答\nあ\tい\n"), &Limits::default()),
            Ok(FileKind::Tsv)
        );
    }
}
