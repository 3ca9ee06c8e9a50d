//! Decodes a text file and tells its kind. A file that decodes only in part is refused whole: silent replacement characters would
//! end up in names and answers.

use encoding_rs::{DecoderResult, SHIFT_JIS, UTF_16BE, UTF_16LE};

use crate::refusal::Refusal;
use crate::workbook::{Encoding, FileKind};

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
/// Lines that decide between comma and tab; titles above the header hold neither.
const LINES_LOOKED_AT: usize = 30;

/// Decodes UTF-8 (with or without a byte order mark), CP932, or UTF-16 with a byte order mark.
///
/// # Errors
/// `encoding_unknown` with the first line that cannot be decoded, `file_kind_unknown` for bytes that are no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Encoding), Refusal> {
    for (mark, encoding) in [([0xFF, 0xFE], UTF_16LE), ([0xFE, 0xFF], UTF_16BE)] {
        if let Some(rest) = bytes.strip_prefix(&mark) {
            return wide(rest, encoding);
        }
    }
    if wide_without_mark(bytes) {
        return Err(Refusal::new(
            "encoding_unknown",
            "文字コードがUTF-16のようですが、それを示す印（BOM）が先頭にないため読み込めません。.xlsx または「CSV UTF-8」で保存し直してから送ってください。",
            "UTF-16 without a byte order mark",
        ));
    }
    if bytes.contains(&0) {
        return Err(Refusal::unknown_kind("NUL bytes"));
    }
    let marked = bytes.strip_prefix(UTF8_MARK);
    let failed = match std::str::from_utf8(marked.unwrap_or(bytes)) {
        Ok(text) => return plain(text.to_owned(), Encoding::Utf8),
        Err(error) => error.valid_up_to(),
    };
    if marked.is_some() {
        return Err(undecodable(bytes, failed, "UTF-8"));
    }
    match SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => plain(text.into_owned(), Encoding::Cp932),
        None => Err(undecodable(bytes, first_undecodable(bytes), "CP932")),
    }
}

fn wide(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Result<(String, Encoding), Refusal> {
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    match decoded.filter(|_| bytes.len().is_multiple_of(2)) {
        Some(text) => plain(text.into_owned(), Encoding::Utf16),
        None => Err(Refusal::new(
            "encoding_unknown",
            "文字コードがUTF-16のファイルですが、途中に読めない文字があります。.xlsx または「CSV UTF-8」で保存し直してから送ってください。",
            "UTF-16: odd number of bytes or an unpaired surrogate",
        )),
    }
}

/// Whether line ends stand there as UTF-16 writes them, and all of it could be UTF-16.
fn wide_without_mark(bytes: &[u8]) -> bool {
    let holds = |unit: [u8; 2]| bytes.chunks_exact(2).any(|pair| pair == unit);
    let decodes = |encoding: &'static encoding_rs::Encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some();
    (holds([b'\n', 0]) && decodes(UTF_16LE)) || (holds([0, b'\n']) && decodes(UTF_16BE))
}

/// Refuses control characters: they are a sign of a binary file, and no keyboard writes them.
fn plain(text: String, encoding: Encoding) -> Result<(String, Encoding), Refusal> {
    let control = |byte: &u8| matches!(byte, 1..=8 | 11 | 14..=26 | 28..=31);
    match text.as_bytes().iter().position(control) {
        Some(position) => Err(Refusal::unknown_kind(format!("control byte at {position}"))),
        None => Ok((text, encoding)),
    }
}

/// Where decoding as CP932 stops.
fn first_undecodable(bytes: &[u8]) -> usize {
    let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
    let mut buffer = vec![0_u8; 64 << 10];
    let mut position = 0;
    loop {
        let rest = bytes.get(position..).unwrap_or_default();
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut buffer, true);
        position += read;
        match result {
            DecoderResult::OutputFull if read > 0 => {}
            DecoderResult::Malformed(length, after) => return position.saturating_sub(usize::from(length) + usize::from(after)),
            DecoderResult::OutputFull | DecoderResult::InputEmpty => return position,
        }
    }
}

fn undecodable(bytes: &[u8], position: usize, tried: &str) -> Refusal {
    let before = bytes.get(..position).unwrap_or_default();
    let line = before.split(|&byte| byte == b'\n').count();
    Refusal::new(
        "encoding_unknown",
        format!(
            "文字コードを判別できません（{line}行目に、UTF-8としてもShift_JIS（CP932）としても読めない文字があります）。\
             .xlsx または「CSV UTF-8（コンマ区切り）」で保存し直してから送ってください。"
        ),
        format!("{tried}: undecodable at byte {position}, line {line}"),
    )
}

/// Comma or tab, or a refusal of text that is no table.
pub(crate) fn kind(text: &str) -> Result<FileKind, Refusal> {
    let start = text.trim_start();
    if start.is_empty() {
        return Err(Refusal::new(
            "file_empty",
            "ファイルに文字が1つもありません。保存してあるファイルを確かめて送り直してください。",
            "blank text",
        ));
    }
    let opening: String = start.chars().take(64).collect::<String>().to_ascii_lowercase();
    if ["<!doctype", "<html", "<?xml", "<table", "<meta", "<head", "<body", "<script"]
        .iter()
        .any(|tag| opening.starts_with(tag))
    {
        return Err(Refusal::new(
            "file_kind_unknown",
            "拡張子はExcelでも中身はWebページ（HTML）またはXMLのファイルです。Excelで開き、「名前を付けて保存」で .xlsx として保存してから送ってください。",
            "markup, not a table",
        ));
    }
    if ["%pdf", "{\\rtf", "%!ps"].iter().any(|tag| opening.starts_with(tag)) {
        return Err(Refusal::unknown_kind("document, not a table"));
    }
    let counted = |separator: char| {
        start
            .lines()
            .take(LINES_LOOKED_AT)
            .map(|line| line.matches(separator).count())
            .sum::<usize>()
    };
    Ok(if counted('\t') > counted(',') {
        FileKind::Tsv
    } else {
        FileKind::Csv
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_japanese_excel_writes_is_decoded() {
        let (bytes, _, unmappable) = SHIFT_JIS.encode("①㈱髙﨑～－はい");
        assert!(!unmappable);
        assert_eq!(decode(&bytes).unwrap(), ("①㈱髙﨑～－はい".to_owned(), Encoding::Cp932));
        let marked = [UTF8_MARK, "𠮷✓".as_bytes()].concat();
        assert_eq!(decode(&marked).unwrap(), ("𠮷✓".to_owned(), Encoding::Utf8));
        assert_eq!(decode("𠮷✓".as_bytes()).unwrap().1, Encoding::Utf8);
    }

    #[test]
    fn a_file_that_decodes_in_part_is_refused_with_its_line() {
        let (good, _, _) = SHIFT_JIS.encode("病院,回答\r\n東,はい\r\n");
        let mut bytes = good.into_owned();
        bytes.extend_from_slice(&[0xFF, 0x81, b'\r', b'\n']);
        let refusal = decode(&bytes).unwrap_err();
        assert_eq!(refusal.code, "encoding_unknown");
        assert!(refusal.message.contains("3行目"), "{}", refusal.message);
    }

    #[test]
    fn utf_16_is_decoded_by_its_mark_and_named_without_one() {
        let little: Vec<u8> = "病院\t①\r\n𠮷".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "病院\t①\r\n𠮷".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (mark, bytes) in [([0xFF, 0xFE], &little), ([0xFE, 0xFF], &big)] {
            let marked = [mark.as_slice(), bytes].concat();
            assert_eq!(decode(&marked).unwrap(), ("病院\t①\r\n𠮷".to_owned(), Encoding::Utf16));
            let refusal = decode(marked.get(..marked.len() - 1).unwrap()).unwrap_err();
            assert_eq!(refusal.code, "encoding_unknown");
            assert!(refusal.message.contains("UTF-16"));
            let refusal = decode(bytes).unwrap_err();
            assert_eq!(refusal.code, "encoding_unknown");
            assert!(refusal.message.contains("BOM"));
        }
    }
}
