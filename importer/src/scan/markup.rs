//! Counts what is costly in the XML of a workbook, without parsing it.
//!
//! Fed with the bytes of one part while it inflates. It looks only at `<`, at the byte or two after it, and, in the string table, at
//! the number of strings that the part claims to hold: calamine reserves memory for that claim and aborts if it is absurd.

use super::bytes;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Tags of a style sheet; Excel itself stops at 65,490 cell formats.
const STYLE_TAGS: u64 = 300_000;
/// Longest run in a style sheet. Fonts are copied into each format, so a long name would be multiplied.
const STYLE_RUN_BYTES: u64 = 4 << 10;
/// Tags per allowed string of the string table: text, phonetic guides and rich text runs.
const TAGS_PER_STRING: u64 = 8;
/// Tags per allowed cell of a sheet, opening and closing ones.
const TAGS_PER_CELL: u64 = 8;
/// Comments of a part. Office writes none, some other programs one or two.
const COMMENTS: u64 = 100;
const DECLARED_COUNT: &[u8] = b"uniqueCount";

/// What follows a `<` that was just seen; kept over the border of two chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ahead {
    Nothing,
    Opened,
    Declared,
}

/// The declared number of strings while its digits are collected.
#[derive(Debug, Clone, Copy)]
enum Declaration {
    Absent,
    Expected,
    Digits(u64),
}

/// The counters of one part.
#[derive(Debug)]
pub(super) struct Markup {
    part: String,
    run: u64,
    most_run: u64,
    tags: u64,
    most_tags: u64,
    cells: u64,
    most_cells: u64,
    comments: u64,
    ahead: Ahead,
    strings: Option<Strings>,
}

#[derive(Debug)]
struct Strings {
    declaration: Declaration,
    most: u64,
    carried: Vec<u8>,
}

impl Markup {
    /// Counters for a part of this (lower-case) name, or `None` for pictures, macros and custom data, which are only counted in bytes.
    pub(super) fn of_part(name: &str, limits: &Limits) -> Option<Self> {
        let markup = name.ends_with(".xml") || name.ends_with(".rels");
        let custom = name
            .strip_prefix("customxml/")
            .is_some_and(|rest| rest.starts_with("item") && !rest.contains('/'));
        if !markup || custom {
            return None;
        }
        let strings = name.ends_with("sharedstrings.xml");
        let styles = name.ends_with("styles.xml");
        Some(Self {
            part: name.to_owned(),
            run: 0,
            most_run: if styles { STYLE_RUN_BYTES } else { limits.text_run_bytes },
            tags: 0,
            most_tags: match (strings, styles) {
                (true, _) => limits.shared_strings.saturating_mul(TAGS_PER_STRING),
                (_, true) => STYLE_TAGS,
                _ => limits.visited_cells.saturating_mul(TAGS_PER_CELL),
            },
            cells: 0,
            most_cells: limits.visited_cells,
            comments: 0,
            ahead: Ahead::Nothing,
            strings: strings.then(|| Strings {
                declaration: Declaration::Absent,
                most: limits.shared_strings,
                carried: Vec::new(),
            }),
        })
    }

    /// Looks at the next bytes of the part.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        // UTF-16 and ISO-2022-JP could hide markup from a search for ASCII bytes; neither NUL nor ESC is legal in XML in UTF-8.
        if chunk.contains(&0) || chunk.contains(&0x1B) {
            return Err(Refusal::unreadable(format!("{}: control bytes in XML", self.part)));
        }
        let mut rest = chunk;
        loop {
            while self.ahead != Ahead::Nothing {
                let Some((&byte, after)) = rest.split_first() else { break };
                // A `<` that follows a `<` is found by the search below.
                if byte != b'<' {
                    rest = after;
                    self.run += 1;
                }
                self.look(byte)?;
            }
            let (passed, found) = bytes::skip_past(&mut rest, b'<');
            self.run = self.run.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX));
            if self.run > self.most_run {
                return Err(Refusal::too_long("", format!("{}: {} bytes without a tag", self.part, self.run)));
            }
            if !found {
                break;
            }
            self.run = 0;
            self.tags += 1;
            self.ahead = Ahead::Opened;
            if self.tags > self.most_tags {
                return Err(Refusal::too_many_cells(format!("{}: more than {} tags", self.part, self.most_tags)));
            }
        }
        match &mut self.strings {
            Some(strings) => strings.feed(chunk),
            None => Ok(()),
        }
    }

    fn look(&mut self, byte: u8) -> Result<(), Refusal> {
        self.ahead = match (self.ahead, byte) {
            (Ahead::Opened, b'!') => Ahead::Declared,
            (Ahead::Opened, b'c') => {
                self.cells += 1;
                Ahead::Nothing
            }
            (Ahead::Declared, b'-') => {
                self.comments += 1;
                Ahead::Nothing
            }
            // CDATA and document types can carry text past the counting of runs; no program writes them into a workbook.
            (Ahead::Declared, _) => return Err(Refusal::unreadable(format!("{}: CDATA or a document type", self.part))),
            _ => Ahead::Nothing,
        };
        if self.cells > self.most_cells {
            return Err(Refusal::too_many_cells(format!(
                "{}: more than {} cells",
                self.part, self.most_cells
            )));
        }
        if self.comments > COMMENTS {
            return Err(Refusal::unreadable(format!("{}: more than {COMMENTS} comments", self.part)));
        }
        Ok(())
    }
}

impl Strings {
    fn feed(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        self.carried.extend_from_slice(chunk);
        let carried = std::mem::take(&mut self.carried);
        let mut rest = carried.as_slice();
        loop {
            rest = self.declared(rest)?;
            let Some(position) = bytes::find(rest, DECLARED_COUNT) else { break };
            rest = rest.get(position + DECLARED_COUNT.len()..).unwrap_or_default();
            self.declaration = Declaration::Expected;
        }
        // What could be the beginning of the word is looked at again together with the next chunk.
        let kept = rest.len().min(DECLARED_COUNT.len() - 1);
        self.carried = rest.get(rest.len() - kept..).unwrap_or_default().to_vec();
        Ok(())
    }

    /// Reads on in a declaration, if one has begun, and returns what follows it.
    fn declared<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], Refusal> {
        while let Some((&byte, after)) = rest.split_first() {
            self.declaration = match (self.declaration, byte) {
                (Declaration::Absent, _) => break,
                (Declaration::Expected, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\'' | b'+') => Declaration::Expected,
                (Declaration::Expected, b'0'..=b'9') => Declaration::Digits(u64::from(byte - b'0')),
                (Declaration::Digits(value), b'0'..=b'9') => {
                    Declaration::Digits(value.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
                }
                _ => {
                    self.declaration = Declaration::Absent;
                    break;
                }
            };
            if let Declaration::Digits(value) = self.declaration
                && value > self.most
            {
                return Err(Refusal::unreadable(format!("string table claims {value} strings or more")));
            }
            rest = after;
        }
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(name: &str, text: &[u8], chunk: usize) -> Result<(), &'static str> {
        let limits = Limits {
            text_run_bytes: 50,
            shared_strings: 1_000,
            visited_cells: 3,
            ..Limits::default()
        };
        let mut markup = Markup::of_part(name, &limits).unwrap();
        text.chunks(chunk)
            .try_for_each(|bytes| markup.feed(bytes))
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn what_is_counted_does_not_depend_on_where_chunks_end() {
        let claim = b"<?xml version='1.0'?><sst xmlns='x' uniqueCount  =  \"4000000000\"><si/></sst>".as_slice();
        let honest = b"<sst count=\"9\" uniqueCount=\"1000\"><si><t>uniqueCoun</t></si></sst>".as_slice();
        let cells = b"<sheetData><row><c/><c/><c/><c/></row></sheetData>".as_slice();
        let cdata = b"<t><![CDATA[<<<<]]></t>".as_slice();
        let comment = b"<!-- by hand --><sheetData/>".as_slice();
        let run = [b"<t>".as_slice(), &[b'A'; 60], b"</t>"].concat();
        for chunk in 1..=80 {
            assert_eq!(fed("xl/sharedstrings.xml", claim, chunk), Err("file_unreadable"), "{chunk}");
            assert_eq!(fed("xl/sharedstrings.xml", honest, chunk), Ok(()), "{chunk}");
            assert_eq!(fed("xl/worksheets/sheet1.xml", cells, chunk), Err("too_many_cells"), "{chunk}");
            assert_eq!(fed("xl/worksheets/sheet1.xml", cdata, chunk), Err("file_unreadable"), "{chunk}");
            assert_eq!(fed("xl/worksheets/sheet1.xml", comment, chunk), Ok(()), "{chunk}");
            assert_eq!(fed("xl/worksheets/sheet1.xml", &run, chunk), Err("text_too_long"), "{chunk}");
        }
    }

    #[test]
    fn markup_that_hides_behind_another_encoding_is_refused() {
        let wide: Vec<u8> = "<sst uniqueCount=\"4000000000\"/>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(fed("xl/sharedstrings.xml", &wide, 64), Err("file_unreadable"));
    }
}
